//! What the machine can do at all: a synced write, a round trip over loopback.

use crate::sample::Samples;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;

const WRITES: u64 = 300;
const ROUND_TRIPS: usize = 2_000;
const BLOCK: usize = 512;

/// Writes into a file whose blocks exist, and syncs its data, as the log does.
pub(crate) fn synced_write(folder: &Path) -> std::io::Result<Samples> {
    let path = folder.join("floor");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    file.write_all_at(&vec![0; BLOCK * WRITES as usize], 0)?;
    file.sync_all()?;
    let mut samples = Samples::default();
    for at in 0..WRITES {
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
