//! What the machine can do at all: a synced write of a block.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

const WRITES: u64 = 100;
const BLOCK: usize = 4096;

/// Synced writes a second, one after the other, into a file whose blocks exist.
pub(crate) fn synced_writes(folder: &Path) -> f64 {
    let path = folder.join("floor");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path).expect("a file");
    file.write_all_at(&vec![0; BLOCK * WRITES as usize], 0).expect("room");
    file.sync_all().expect("a sync");
    let start = Instant::now();
    for at in 0..WRITES {
        file.write_all_at(&[1; BLOCK], at * BLOCK as u64)
            .and_then(|()| file.sync_data())
            .expect("a synced write");
    }
    let rate = WRITES as f64 / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).expect("the file is there");
    rate
}
