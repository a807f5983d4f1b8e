//! An operator at a terminal: `spoc` on a pseudo-terminal, so that it asks for commands one after the other.

use crate::{Cluster, operator};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::{ffi::OsStr, thread};

/// A terminal with a `spoc` on it, which is killed when the story lets it go.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Calls `spoc` of a cluster on a terminal of its own.
    pub fn spoc(cluster: &Cluster, arguments: &[&str]) -> io::Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let name = ptsname(&controller, Vec::new())?;
        let path = OsStr::from_bytes(name.as_bytes());
        let open = || rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty());
        let mut spoc = operator::spoc(cluster.binaries(), cluster.layout(), arguments);
        spoc.stdin(Stdio::from(open()?)).stdout(Stdio::from(open()?)).stderr(Stdio::from(open()?));
        spoc.env("TERM", "xterm").env("XDG_STATE_HOME", cluster.layout().folder.join("state"));
        let child = spoc.spawn()?;
        let keyboard = File::from(controller);
        let mut shown = keyboard.try_clone()?;
        let screen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writes = Arc::clone(&screen);
        thread::spawn(move || {
            let mut piece = [0; 4_096];
            // A terminal whose program has ended can't be read any more.
            while let Ok(length @ 1..) = shown.read(&mut piece) {
                writes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length]);
            }
        });
        Ok(Self { child, keyboard, screen })
    }

    /// Types.
    pub fn type_in(&mut self, keys: &str) -> io::Result<()> {
        self.keyboard.write_all(keys.as_bytes())
    }

    /// Everything that was shown so far, without what moves the cursor.
    pub fn shown(&self) -> String {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        without_escapes(&String::from_utf8_lossy(&screen))
    }

    /// Waits for the end of the program, and gives its exit status.
    pub fn ended(mut self) -> io::Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A process that has ended already can't be killed, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Leaves out escape sequences: ESC, `[`, parameters, a letter.
fn without_escapes(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let after = piece.strip_prefix('[').map(|sequence| {
            sequence.trim_start_matches(|character: char| !character.is_ascii_alphabetic()).get(1..)
        });
        plain.push_str(after.flatten().unwrap_or(piece));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_no_text() {
        assert_eq!(without_escapes("\u{1b}[?2004hSPOC> \u{1b}[1;6Hx"), "SPOC> x");
    }
}
