//! The shelf: keyed state in sled, which can be thrown away.
//!
//! sled 0.34 does not promise that what it was given outlives a loss of power, nor that it opens again after one.
//! So a [`SledSet`] holds only what can be had again from a snapshot and the log: when it does not open, or does
//! not read through, it is deleted and begun anew, and [`Opened::Rebuilt`] tells so. Nothing else in the house
//! knows sled.
//!
//! It never flushes by itself and never on the way of a request: flushing holds a lock that is one for all sled
//! sets of the process, and every write of any of them waits for it.

use dasd::{Batch, DataSetError, KeyedSet, Record, Records};
use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Memory that sled may use for pages, in bytes.
const CACHE_BYTES: u64 = 16 << 20;

/// A tree beside the records. It holds a key while the records are being replaced.
const STANDING: &str = "standing";
const REPLACING: &str = "replacing";

/// How long a set is waited for that is open elsewhere: threads of sled keep its file a little longer than its last handle
/// is there.
const LETTING_GO: Duration = Duration::from_secs(1);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// How many records of a replacement go into one batch.
const REPLACE_BATCH: usize = 1_000;

/// A keyed set in a folder of its own.
#[derive(Debug)]
pub struct SledSet {
    path: PathBuf,
    set: String,
    db: sled::Db,
    poison: Option<String>,
}

/// What was found where the set is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing; the set is new and empty.
    Fresh,
    /// The set as it was, though a crash or damage may have cost it its latest batches, or all of them.
    Kept,
    /// Something unusable, which was deleted; the set is empty.
    Rebuilt {
        /// Why it was unusable.
        why: String,
    },
}

impl SledSet {
    /// Opens the set in the folder `path`, anew when what is there can't be used.
    ///
    /// Refuses when the operating system does: no permission, no room, or the set is open elsewhere.
    pub fn open_or_rebuild(path: &Path) -> Result<(Self, Opened), DataSetError> {
        let existed = path.exists();
        match open(path)? {
            Ok(db) if existed => Ok((Self::new(path, db), Opened::Kept)),
            Ok(db) => Ok((Self::new(path, db), Opened::Fresh)),
            Err(why) => {
                fs::remove_dir_all(path).map_err(|error| refused(path, &sled::Error::Io(error)))?;
                let db = open(path)?.map_err(|reason| DataSetError::Io { set: name(path), reason })?;
                Ok((Self::new(path, db), Opened::Rebuilt { why }))
            }
        }
    }

    fn new(path: &Path, db: sled::Db) -> Self {
        Self { path: path.to_path_buf(), set: name(path), db, poison: None }
    }

    fn check(&self) -> Result<(), DataSetError> {
        match &self.poison {
            None => Ok(()),
            Some(reason) => Err(DataSetError::Poisoned { set: self.set.clone(), reason: reason.clone() }),
        }
    }

    /// A write that failed leaves sled in a state that only opening it again clears up.
    fn write<T>(&mut self, write: impl FnOnce(&sled::Db) -> sled::Result<T>) -> Result<T, DataSetError> {
        self.check()?;
        write(&self.db).map_err(|error| {
            self.poison = Some(error.to_string());
            refused(&self.path, &error)
        })
    }
}

impl KeyedSet for SledSet {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError> {
        self.check()?;
        let value = self.db.get(key).map_err(|error| refused(&self.path, &error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8]) -> Records<'_> {
        if let Err(poisoned) = self.check() {
            return Box::new(std::iter::once(Err(poisoned)));
        }
        Box::new(self.db.scan_prefix(prefix).map(|record| match record {
            Ok((key, value)) => Ok((key.to_vec(), value.to_vec())),
            Err(error) => Err(refused(&self.path, &error)),
        }))
    }

    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        self.write(|db| db.apply_batch(changes))
    }

    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError> {
        let standing = self.write(|db| db.open_tree(STANDING))?;
        self.write(|_| standing.insert(REPLACING, &[]))?;
        self.write(|db| db.clear())?;
        loop {
            let mut batch = Batch::new();
            while batch.len() < REPLACE_BATCH
                && let Some(record) = records.next()
            {
                let (key, value) = record?;
                batch.put(key, value);
            }
            if batch.is_empty() {
                break;
            }
            self.apply(batch)?;
        }
        self.write(|_| standing.remove(REPLACING))?;
        Ok(())
    }

    /// Flushes what sled holds in memory, and then really syncs its file, which sled leaves out on Linux.
    fn sync(&mut self) -> Result<(), DataSetError> {
        let file = self.path.join("db");
        self.write(|db| {
            db.flush()?;
            File::open(file)?.sync_all()?;
            Ok(())
        })
    }
}

/// Opens the folder and reads all of it through. The outer error is the refusal of the operating system, the
/// inner one says why the content can't be used.
fn open(path: &Path) -> Result<Result<sled::Db, String>, DataSetError> {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = open_when_free(&config)?;
        for record in db.iter() {
            record?;
        }
        match db.open_tree(STANDING)?.contains_key(REPLACING)? {
            true => Ok(Err("replacing its content was cut short".to_string())),
            false => Ok(Ok(db)),
        }
    }));
    match opened {
        Ok(Ok(usable)) => Ok(usable),
        Ok(Err(error)) if is_damage(&error) => Ok(Err(error.to_string())),
        Ok(Err(error)) => Err(refused(path, &error)),
        Err(_) => Ok(Err("opening it failed badly".to_string())),
    }
}

fn open_when_free(config: &sled::Config) -> sled::Result<sled::Db> {
    let since = Instant::now();
    loop {
        match config.open() {
            Err(error) if is_open_elsewhere(&error) && since.elapsed() < LETTING_GO => thread::sleep(LOOK),
            opened => return opened,
        }
    }
}

/// sled makes an error of its own of the one that the operating system gives.
fn is_open_elsewhere(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn is_damage(error: &sled::Error) -> bool {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        sled::Error::Io(error) => matches!(error.kind(), InvalidData | UnexpectedEof),
        _ => true,
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn refused(path: &Path, error: &sled::Error) -> DataSetError {
    let (set, reason) = (name(path), error.to_string());
    match error {
        sled::Error::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            DataSetError::Full { set, reason }
        }
        sled::Error::Corruption { .. } => {
            DataSetError::Corrupt { set, place: "a place that sled does not tell".into(), reason }
        }
        _ => DataSetError::Io { set, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    fn fill(path: &Path, count: u32) {
        let (mut set, _) = SledSet::open_or_rebuild(path).unwrap();
        for number in 0..count {
            let mut batch = Batch::new();
            batch.put(number.to_be_bytes(), [7; 200]);
            set.apply(batch).unwrap();
        }
        set.sync().unwrap();
    }

    #[test]
    fn a_sled_set_keeps_the_contract() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        dasd::contract::keyed_set(|| SledSet::open_or_rebuild(&path).unwrap().0);
    }

    #[test]
    fn a_set_says_what_was_found() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        assert_eq!(SledSet::open_or_rebuild(&path).unwrap().1, Opened::Fresh);
        fill(&path, 10);
        let (set, opened) = SledSet::open_or_rebuild(&path).unwrap();
        assert_eq!((opened, set.scan(b"").count()), (Opened::Kept, 10));
    }

    #[test]
    fn a_damaged_set_is_begun_anew_and_works() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        fill(&path, 2_000);
        fs::write(path.join("conf"), b"not what sled wrote").unwrap();
        let (mut set, opened) = SledSet::open_or_rebuild(&path).unwrap();
        let left = set.scan(b"").count();
        assert!(matches!(opened, Opened::Rebuilt { .. }) && left == 0, "{opened:?} with {left} records");
        set.apply(Batch::new()).unwrap();
        drop(set);
        fill(&path, 3);
        assert_eq!(SledSet::open_or_rebuild(&path).unwrap().1, Opened::Kept);
    }

    #[test]
    fn a_set_damaged_throughout_can_be_used_whatever_sled_makes_of_it() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        fill(&path, 500);
        let good = fs::read(path.join("db")).unwrap();
        for step in [13, 97, 1_009, 20_011] {
            let mut bytes = good.clone();
            for byte in bytes.iter_mut().step_by(step) {
                *byte ^= 0x5a;
            }
            fs::write(path.join("db"), &bytes).unwrap();
            let (mut set, _) = SledSet::open_or_rebuild(&path).unwrap();
            set.replace_all(&mut std::iter::once(Ok((b"key".to_vec(), b"value".to_vec())))).unwrap();
            assert_eq!(set.scan(b"").count(), 1);
        }
    }

    #[test]
    fn a_replacement_that_was_cut_short_is_noticed() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        fill(&path, 10);
        let (mut set, _) = SledSet::open_or_rebuild(&path).unwrap();
        let gone = DataSetError::Io { set: "snapshot".into(), reason: "the link broke".into() };
        let records = [Ok((b"new".to_vec(), b"1".to_vec())), Err(gone.clone())];
        assert_eq!(set.replace_all(&mut records.into_iter()), Err(gone));
        drop(set);
        let (set, opened) = SledSet::open_or_rebuild(&path).unwrap();
        assert_eq!(opened, Opened::Rebuilt { why: "replacing its content was cut short".into() });
        assert_eq!(set.scan(b"").count(), 0);
    }

    #[test]
    fn a_set_that_is_about_to_be_let_go_is_waited_for() {
        let folder = tempdir().unwrap();
        fill(folder.path(), 10);
        let (held, _) = SledSet::open_or_rebuild(folder.path()).unwrap();
        let holder = thread::spawn(move || {
            thread::sleep(LETTING_GO / 10);
            drop(held);
        });
        let (set, opened) = SledSet::open_or_rebuild(folder.path()).unwrap();
        assert_eq!((opened, set.scan(&[]).count()), (Opened::Kept, 10));
        holder.join().unwrap();
    }

    #[test]
    fn a_set_that_is_open_elsewhere_is_refused_not_deleted() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shelf");
        fill(&path, 10);
        let (held, _) = SledSet::open_or_rebuild(&path).unwrap();
        assert!(SledSet::open_or_rebuild(&path).is_err());
        assert_eq!(held.scan(b"").count(), 10);
    }
}
