//! What the disk can do: bytes written one behind the other and synced, and read again.

use crate::say;
use std::fs::{File, read_dir};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

const PIECE: usize = 1 << 20;

/// Writes and reads so many bytes, and says how fast that was.
pub(crate) fn measure(folder: &Path, bytes: u64) {
    let path = folder.join("bandwidth");
    let mut piece = vec![7; PIECE];
    let pieces = bytes.div_ceil(PIECE as u64);
    let begun = Instant::now();
    let mut file = File::create(&path).expect("a file");
    for _ in 0..pieces {
        file.write_all(&piece).expect("room");
    }
    file.sync_all().expect("a sync");
    tell("disk, written and synced", pieces, begun);
    forget_file(&path);
    let mut file = File::open(&path).expect("the file");
    let begun = Instant::now();
    while file.read(&mut piece).expect("the file") > 0 {}
    tell("disk, read", pieces, begun);
    std::fs::remove_file(path).expect("the file is there");
}

fn tell(what: &str, pieces: u64, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let rate = (pieces * PIECE as u64) as f64 / 1e6 / seconds;
    say(&format!("{what:<28} {rate:>8.1} MB/s {seconds:>8.2} s"));
}

/// Has the system forget what it keeps of all files below a folder.
pub(crate) fn forget(folder: &Path) {
    for entry in read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { forget(&path) } else { forget_file(&path) }
    }
}

fn forget_file(path: &Path) {
    let file = File::open(path).expect("a file");
    file.sync_all().expect("a sync");
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("advice");
}
