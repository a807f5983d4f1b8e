//! The folder of snapshots: the two newest, and what is just being received.

use super::file::{self, SnapshotFile};
use crate::{
    consensus::{
        format::{LogIdRecord, PositionRecord, invalid},
        machine::Frozen,
    },
    files::{
        fs::{self, File},
        sync_folder, write_aside_with,
    },
    logging,
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use vocabulary::message::DISK107W;

const SUFFIX: &str = "snapshot";
const INCOMING: &str = "part";

/// How many are kept, so that one may turn out to be damaged.
const KEPT: usize = 2;

/// The snapshots of this node.
#[derive(Debug)]
pub(in crate::consensus) struct Snapshots {
    folder: PathBuf,
    /// Oldest first, by position.
    held: Mutex<Vec<SnapshotFile>>,
    /// Held while the folder is changed; tells whether that is over.
    closed: Mutex<bool>,
}

/// Numbers what is received, so that what a stopped node leaves behind is not taken for what its successor receives.
static RECEIVED: AtomicU64 = AtomicU64::new(0);

impl Snapshots {
    /// What lies in the folder, without what was left half done. A newest snapshot that is damaged is set aside
    /// with a message, and the one before it counts.
    pub(in crate::consensus) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(SUFFIX) => paths.push(path),
                Some(INCOMING | "new") => remove(&path)?,
                _ => {}
            }
        }
        // Their names begin with the index, in as many digits as there can be.
        paths.sort();
        let mut held = Vec::new();
        for path in paths.iter().rev() {
            let verify = held.is_empty();
            match SnapshotFile::open(path)
                .and_then(|found| if verify { found.verify().map(|()| found) } else { Ok(found) })
            {
                Ok(found) => held.push(found),
                Err(error) => {
                    let aside = path.with_extension("damaged");
                    logging::issue(&DISK107W.with(&[&path.display(), &error, &aside.display()]));
                    fs::rename(path, aside)?;
                }
            }
        }
        held.reverse();
        Ok(Self { folder: folder.into(), held: Mutex::new(held), closed: Mutex::new(false) })
    }

    /// The newest one.
    pub(in crate::consensus) fn newest(&self) -> Option<SnapshotFile> {
        self.held().last().cloned()
    }

    /// Where the one before the newest stands.
    pub(in crate::consensus) fn older(&self) -> Option<LogIdRecord> {
        self.held().iter().rev().nth(1)?.position.last
    }

    /// Writes a snapshot; durable when it returns.
    pub(in crate::consensus) fn build(&self, frozen: Frozen) -> io::Result<SnapshotFile> {
        let _open = self.open_to_change()?;
        let position = PositionRecord::from_bytes(&frozen.position)?;
        let path = self.path(&position);
        write_aside_with(&path, |output| file::write(output, frozen))?;
        let built = SnapshotFile::open(&path)?;
        self.hold(built.clone())?;
        Ok(built)
    }

    /// A file to receive a snapshot into.
    pub(in crate::consensus) fn receive(&self) -> io::Result<Incoming> {
        let number = RECEIVED.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("incoming-{number}.{INCOMING}"));
        let file = File::create(&path)?;
        Ok(Incoming { file, received: 0, cleanup: RemoveOnDrop { path } })
    }

    /// Makes a received snapshot one of those that are held; durable when it returns.
    pub(in crate::consensus) fn adopt(&self, received: &SnapshotFile) -> io::Result<SnapshotFile> {
        let _open = self.open_to_change()?;
        let path = self.path(&received.position);
        if received.path == path {
            return Ok(received.clone());
        }
        fs::rename(&received.path, &path)?;
        sync_folder(&self.folder)?;
        let adopted = SnapshotFile::open(&path)?;
        self.hold(adopted.clone())?;
        Ok(adopted)
    }

    /// Waits until nobody changes the folder any more, and sees to it that nobody will.
    pub(in crate::consensus) fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn open_to_change(&self) -> io::Result<MutexGuard<'_, bool>> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        match *closed {
            true => Err(io::Error::other("the node has stopped")),
            false => Ok(closed),
        }
    }

    fn hold(&self, snapshot: SnapshotFile) -> io::Result<()> {
        let mut held = self.held();
        held.retain(|other| other.path != snapshot.path);
        held.push(snapshot);
        held.sort_by(|a, b| a.path.cmp(&b.path));
        while held.len() > KEPT {
            remove(&held.remove(0).path)?;
        }
        Ok(())
    }

    fn path(&self, position: &PositionRecord) -> PathBuf {
        let LogIdRecord { term, index } = position.last.unwrap_or(LogIdRecord { term: 0, index: 0 });
        self.folder.join(format!("{index:020}-{term:020}.{SUFFIX}"))
    }

    fn held(&self) -> MutexGuard<'_, Vec<SnapshotFile>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A snapshot on its way in. Its file goes when this is dropped before it is complete.
#[derive(Debug)]
pub(in crate::consensus) struct Incoming {
    file: File,
    received: u64,
    cleanup: RemoveOnDrop,
}

impl Incoming {
    /// Adds the next piece, which must begin at `offset`.
    pub(in crate::consensus) fn add(&mut self, offset: u64, piece: &[u8]) -> io::Result<()> {
        if offset != self.received {
            return Err(invalid(format!("piece at {offset}, and {} bytes are there", self.received)));
        }
        self.file.write_all(piece)?;
        self.received += piece.len() as u64;
        Ok(())
    }

    /// All pieces are there: makes them durable and checks them.
    pub(in crate::consensus) fn finish(self) -> io::Result<SnapshotFile> {
        self.file.sync_all()?;
        let snapshot = SnapshotFile::open(&self.cleanup.path)?;
        snapshot.verify()?;
        Ok(SnapshotFile { _unadopted: Some(Arc::new(self.cleanup)), ..snapshot })
    }
}

#[derive(Debug)]
pub(in crate::consensus) struct RemoveOnDrop {
    path: PathBuf,
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        // An adopted file has another name by now.
        let _ = remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::machine::MachineRecord;
    use tempfile::tempdir;

    fn frozen(index: u64, records: Vec<MachineRecord>) -> Frozen {
        let last = Some(LogIdRecord { term: 1, index });
        let position = PositionRecord { last, ..PositionRecord::default() }.to_bytes();
        Frozen { position, records: Box::new(records.into_iter().map(Ok)) }
    }

    fn records(count: usize) -> Vec<MachineRecord> {
        (0..count).map(|number| (number.to_be_bytes().to_vec(), vec![number as u8; number % 3_000])).collect()
    }

    fn content(snapshot: &SnapshotFile) -> Vec<MachineRecord> {
        snapshot.records().unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_snapshot_reads_back_and_the_two_newest_are_kept() {
        let folder = tempdir().unwrap();
        let snapshots = Snapshots::open(folder.path()).unwrap();
        assert!(snapshots.newest().is_none() && snapshots.older().is_none());
        for index in [5, 100, 20_000] {
            let built = snapshots.build(frozen(index, records(400))).unwrap();
            assert_eq!(content(&built), records(400));
        }
        drop(snapshots);
        let snapshots = Snapshots::open(folder.path()).unwrap();
        assert_eq!(snapshots.newest().unwrap().position.last.unwrap().index, 20_000);
        assert_eq!(snapshots.older().unwrap().index, 100);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_snapshot_without_records_is_one() {
        let folder = tempdir().unwrap();
        let snapshots = Snapshots::open(folder.path()).unwrap();
        assert_eq!(content(&snapshots.build(frozen(1, Vec::new())).unwrap()), []);
    }

    #[test]
    fn damage_anywhere_makes_the_older_one_count() {
        let folder = tempdir().unwrap();
        let snapshots = Snapshots::open(folder.path()).unwrap();
        snapshots.build(frozen(1, records(5))).unwrap();
        let newest = snapshots.build(frozen(2, records(9))).unwrap();
        let good = fs::read(&newest.path).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x11;
            fs::write(&newest.path, &bytes).unwrap();
            let found = Snapshots::open(folder.path()).unwrap();
            assert_eq!(found.newest().unwrap().position.last.unwrap().index, 1, "byte {at}");
            assert!(found.older().is_none());
        }
        for cut in 0..good.len() {
            fs::write(&newest.path, &good[..cut]).unwrap();
            let found = Snapshots::open(folder.path()).unwrap();
            assert_eq!(found.newest().unwrap().position.last.unwrap().index, 1, "cut at {cut}");
        }
    }

    #[test]
    fn a_received_snapshot_is_checked_and_adopted_or_gone() {
        let (from, to) = (tempdir().unwrap(), tempdir().unwrap());
        let sent = Snapshots::open(from.path()).unwrap().build(frozen(7, records(50))).unwrap();
        let bytes = fs::read(&sent.path).unwrap();
        let snapshots = Snapshots::open(to.path()).unwrap();
        let receive = |bytes: &[u8]| {
            let mut incoming = snapshots.receive().unwrap();
            let (first, second) = bytes.split_at(100);
            incoming.add(0, first).unwrap();
            assert!(incoming.add(99, second).is_err());
            incoming.add(100, second).unwrap();
            incoming.finish()
        };
        assert!(receive(&bytes[..bytes.len() - 1]).is_err());
        drop(receive(&bytes).unwrap());
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
        let received = receive(&bytes).unwrap();
        snapshots.adopt(&received).unwrap();
        drop(received);
        assert_eq!(content(&snapshots.newest().unwrap()), records(50));
    }
}
