//! What the machine can do at all: a synced write, a round trip over loopback.

use crate::sample::Samples;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

const WRITES: u64 = 300;
const ROUND_TRIPS: usize = 2_000;
const BLOCK: usize = 512;
/// How long members are idle between two writes.
const PAUSE: Duration = Duration::from_millis(2);

/// Writes into a file whose blocks exist, and syncs its data, as the log does; one write after the other.
pub(crate) fn synced_write(folder: &Path) -> std::io::Result<Samples> {
    synced_writes(&folder.join("floor"), Duration::ZERO)
}

/// The same for three members on one disk, each of which has been idle for a moment before it writes.
pub(crate) fn synced_write_of_three(folder: &Path) -> std::io::Result<Samples> {
    let writers = ["1", "2", "3"].map(|name| {
        let path = folder.join(name);
        thread::spawn(move || synced_writes(&path, PAUSE))
    });
    let mut all = Samples::default();
    for writer in writers {
        all.append(writer.join().map_err(|_| std::io::Error::other("a writer failed"))??);
    }
    Ok(all)
}

fn synced_writes(path: &Path, pause: Duration) -> std::io::Result<Samples> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(path)?;
    file.write_all_at(&vec![0; BLOCK * WRITES as usize], 0)?;
    file.sync_all()?;
    let mut samples = Samples::default();
    for at in 0..WRITES {
        thread::sleep(pause);
        samples.time(|| file.write_all_at(&[1; BLOCK], at * BLOCK as u64).and_then(|()| file.sync_data()))?;
    }
    std::fs::remove_file(path)?;
    Ok(samples)
}

/// Sends a small message to another thread over TCP and waits for it to come back.
pub(crate) fn round_trip() -> std::io::Result<Samples> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let echo = thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut message = [0; 64];
        while stream.read_exact(&mut message).is_ok() {
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut samples, mut message) = (Samples::default(), [7; 64]);
    for _ in 0..ROUND_TRIPS {
        samples.time(|| stream.write_all(&message).and_then(|()| stream.read_exact(&mut message)))?;
    }
    drop(stream);
    let _ = echo.join();
    Ok(samples)
}
