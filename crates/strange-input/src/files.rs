//! What lies on a disk: files that a crash, a fault of the disk or a person may have changed.

use dasd::LogSet;
use host::config::Config;
use host::files::{SegmentBounds, SegmentLog};
use std::fs;
use std::path::{Path, PathBuf};

const BOUNDS: SegmentBounds = SegmentBounds { segment_bytes: 4 << 10, cache_bytes: 1 << 10 };

/// A folder for one input, in memory where there is such a place.
fn in_folder(use_it: impl FnOnce(&Path)) {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("strange-").tempdir_in(place);
    let Ok(folder) = folder else { panic!("no folder can be made for an input") };
    use_it(folder.path());
}

fn put(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        panic!("{} can't be written: {error}", path.display());
    }
}

/// The one segment of a log, and where the first byte is odd, two with the same content. A log that opens can be read to its
/// end, added to, and opened again with what was added.
pub(crate) fn log(bytes: &[u8]) {
    let Some((choice, segment)) = bytes.split_first() else { return };
    in_folder(|folder| {
        put(&folder.join("00000000000000000001.log"), segment);
        if choice % 2 == 1 {
            put(&folder.join("00000000000000000002.log"), segment);
        }
        let Ok(mut log) = SegmentLog::open(folder, BOUNDS) else { return };
        let reader = log.reader();
        let (first, next) = (reader.first_position(), reader.next_position());
        assert!(first <= next, "the log begins at {first} and ends at {next}");
        for position in first..next.min(first.saturating_add(64)) {
            let _ = reader.read(position);
        }
        if log.append(b"added").is_ok() && log.force().is_ok() {
            drop(log);
            let again = SegmentLog::open(folder, BOUNDS);
            let kept = again.is_ok_and(|log| log.reader().next_position() == next + 1);
            assert!(kept, "a log that took a record does not have it when it is opened again");
        }
    });
}

/// A snapshot.
pub(crate) fn snapshot(bytes: &[u8]) {
    in_folder(|folder| {
        let path = folder.join("snapshot");
        put(&path, bytes);
        let _ = host::strange::read_snapshot(&path);
    });
}

/// A member's configuration. What is wrong with it is told with the file.
pub(crate) fn configuration(bytes: &[u8]) {
    in_folder(|folder| {
        let path = folder.join("IMS1.toml");
        put(&path, bytes);
        if let Err(error) = Config::load(&path) {
            assert!(error.to_string().contains("IMS1.toml"), "an error that does not name its file: {error}");
        }
    });
}
