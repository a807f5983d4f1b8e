//! A log over data sets in memory.

#![allow(dead_code, reason = "each test uses a part")]

use dasd::memory::{MemoryBlockSet, MemoryKeyedSet, MemoryLogSet, Torn};
use dasd::{BlockSet, DataSetError};
use logger::{Body, Log, LogError, LogSets, Olds, RecoveryToken};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use vocabulary::{Epoch, LogSequence, MemberName, Moment, PsbName};

/// The disks of a log; they outlive it.
pub(crate) struct Disks {
    pub(crate) copies: Vec<[(MemoryBlockSet, Arc<AtomicBool>); 2]>,
    pub(crate) slds: MemoryLogSet,
    pub(crate) rds: MemoryKeyedSet,
    pub(crate) blocks_per_olds: u32,
    /// How many more writes and syncs there is power for.
    pub(crate) power: Arc<AtomicI64>,
    /// Each time the log is opened is later.
    opens: AtomicI64,
    block_bytes: usize,
}

/// A disk that can break.
struct Breakable {
    set: MemoryBlockSet,
    broken: Arc<AtomicBool>,
    power: Arc<AtomicI64>,
}

impl Breakable {
    fn use_power(&self) -> Result<(), DataSetError> {
        match self.power.fetch_sub(1, Ordering::Relaxed) {
            1.. => self.check(),
            _ => Err(DataSetError::Io { set: "disk".into(), reason: "there is no power".into() }),
        }
    }

    fn check(&self) -> Result<(), DataSetError> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(DataSetError::Io { set: "disk".into(), reason: "it is broken".into() }),
            false => Ok(()),
        }
    }
}

impl BlockSet for Breakable {
    fn block_bytes(&self) -> usize {
        self.set.block_bytes()
    }

    fn block_count(&self) -> u32 {
        self.set.block_count()
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        self.check()?;
        self.set.read(block, into)
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.write(writer, block, from)
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.sync()
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        self.check()?;
        self.set.admit(epoch)
    }

    fn admitted(&self) -> Epoch {
        self.set.admitted()
    }
}

impl Disks {
    pub(crate) fn new(oldses: usize, blocks_per_olds: u32, block_bytes: usize) -> Self {
        let copy = || (MemoryBlockSet::new(block_bytes), Arc::default());
        Self {
            copies: (0..oldses).map(|_| [copy(), copy()]).collect(),
            slds: MemoryLogSet::new(),
            rds: MemoryKeyedSet::new(),
            blocks_per_olds,
            power: Arc::new(AtomicI64::new(i64::MAX)),
            opens: AtomicI64::new(0),
            block_bytes,
        }
    }

    pub(crate) fn open(&self, epoch: u64) -> Result<Log, LogError> {
        let oldses = self.copies.iter().enumerate().map(|(at, copies)| {
            let names = [format!("DFSOLP{at:02}"), format!("DFSOLS{at:02}")];
            Olds::new(names.into_iter().zip(copies).map(|(name, (set, broken))| {
                let disk = Breakable { set: set.clone(), broken: broken.clone(), power: self.power.clone() };
                (name, Box::new(disk) as Box<dyn BlockSet>)
            }))
        });
        let sets = LogSets {
            oldses: oldses.collect(),
            blocks_per_olds: self.blocks_per_olds,
            slds: Box::new(self.slds.clone()),
            rds: Box::new(self.rds.clone()),
        };
        let ims = MemberName::new("IMS1").map_err(|error| LogError::NoOlds(error.to_string()))?;
        let now = 1_356_113_770_374_274 + self.opens.fetch_add(1, Ordering::Relaxed) as u64;
        Log::open(sets, ims, Epoch(epoch), Moment(now))
    }

    /// The power fails, and comes back.
    pub(crate) fn crash(&self, kept: usize, torn: Torn) {
        self.crash_each([(kept, torn), (kept, torn)]);
    }

    /// The power fails, and comes back; primaries and secondaries were not equally far.
    pub(crate) fn crash_each(&self, left: [(usize, Torn); 2]) {
        for ((set, _), (kept, torn)) in self.copies.iter().flat_map(|pair| pair.iter().zip(left)) {
            set.crash(kept, torn);
        }
        self.power.store(i64::MAX, Ordering::Relaxed);
        self.slds.crash(0);
        self.rds.crash(0);
    }

    /// Puts an empty disk in the place of one.
    pub(crate) fn replace(&mut self, olds: usize, copy: usize) {
        self.copies[olds][copy] = (MemoryBlockSet::new(self.block_bytes), Arc::default());
    }
}

pub(crate) fn psb(name: &str) -> PsbName {
    PsbName::new(name).unwrap_or_else(|error| unreachable!("{error}"))
}

/// A record of so many bytes more than the shortest.
pub(crate) fn append(log: &Log, token: RecoveryToken, bytes: usize) -> Result<LogSequence, LogError> {
    let dbd = "ACCTDB".parse().unwrap_or_else(|error| unreachable!("{error}"));
    log.append(token, &Body::IoError { dbd, reason: "x".repeat(bytes) })
}

/// A record: its sequence, its type and subtype, and how many bytes it has to say.
pub(crate) type Seen = (u64, (u8, u8), usize);

/// What can be read.
pub(crate) fn records(log: &Log, from: u64) -> Result<Vec<Seen>, LogError> {
    let mut reader = log.read(LogSequence(from))?;
    let mut found = Vec::new();
    while let Some(record) = reader.next()? {
        let bytes = match record.body() {
            Some(Body::IoError { reason, .. }) => reason.len(),
            _ => 0,
        };
        found.push((record.sequence.0, record.kind(), bytes));
    }
    Ok(found)
}
