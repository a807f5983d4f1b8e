//! An engine on a log, on disks in memory whose power can fail at any write.

use super::haldb;
use dasd::memory::{MemoryBlockSet, MemoryKeyedSet, MemoryLogSet, MemorySequentialSet, Torn};
use dasd::{Batch, BlockSet, DataSetError, KeyedSet, LogSet, Record, Records, SequentialSet};
use dbrc::{Access, Recon, ShareLevel};
use definitions::acb::{Dmb, PsbBlock};
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Engine, Opened, RestartOwed, SequentialSets, Settings, block_bytes};
use logger::{Log, LogSets, Olds};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use vocabulary::{DbdName, DdName, Epoch, MemberName, Moment};

const LOG_BLOCK_BYTES: usize = 1024;

/// A disk behind a switch: it has power for so many more writes and syncs, together with all others.
#[derive(Clone)]
struct Powered<S> {
    set: S,
    power: Arc<AtomicI64>,
}

/// A disk that breaks after so many more writes and syncs.
struct Frail {
    set: Powered<MemoryBlockSet>,
    health: Arc<AtomicI64>,
}

impl Frail {
    fn wear(&self) -> Result<(), DataSetError> {
        match self.health.fetch_sub(1, Ordering::Relaxed) {
            1.. => Ok(()),
            _ => Err(DataSetError::Io { set: "disk".into(), reason: "it is broken".into() }),
        }
    }
}

impl BlockSet for Frail {
    fn block_bytes(&self) -> usize {
        self.set.block_bytes()
    }

    fn block_count(&self) -> u32 {
        self.set.block_count()
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        self.set.read(block, into)
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        self.wear()?;
        self.set.write(writer, block, from)
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.wear()?;
        self.set.sync()
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        self.set.admit(epoch)
    }

    fn admitted(&self) -> Epoch {
        self.set.admitted()
    }
}

impl<S> Powered<S> {
    fn use_power(&self) -> Result<(), DataSetError> {
        match self.power.fetch_sub(1, Ordering::Relaxed) {
            1.. => Ok(()),
            _ => Err(DataSetError::Io { set: "disk".into(), reason: "there is no power".into() }),
        }
    }
}

impl BlockSet for Powered<MemoryBlockSet> {
    fn block_bytes(&self) -> usize {
        self.set.block_bytes()
    }

    fn block_count(&self) -> u32 {
        self.set.block_count()
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        self.set.read(block, into)
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        // The power fails while a block is written, too: then a part of it may be there.
        if let Err(error) = self.use_power() {
            if self.power.load(Ordering::Relaxed) == -1 {
                self.set.write(writer, block, from)?;
            }
            return Err(error);
        }
        self.set.write(writer, block, from)
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.sync()
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        self.set.admit(epoch)
    }

    fn admitted(&self) -> Epoch {
        self.set.admitted()
    }
}

impl LogSet for Powered<MemoryLogSet> {
    fn append(&mut self, record: &[u8]) -> Result<u64, DataSetError> {
        self.use_power()?;
        self.set.append(record)
    }

    fn force(&mut self) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.force()
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError> {
        self.set.read(position)
    }

    fn first_position(&self) -> u64 {
        self.set.first_position()
    }

    fn next_position(&self) -> u64 {
        self.set.next_position()
    }

    fn discard_before(&mut self, position: u64) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.discard_before(position)
    }

    fn truncate_after(&mut self, position: u64) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.truncate_after(position)
    }
}

impl SequentialSet for Powered<MemorySequentialSet> {
    fn byte_count(&self) -> u64 {
        self.set.byte_count()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<usize, DataSetError> {
        self.set.read(at, into)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.append(bytes)
    }

    fn truncate(&mut self, byte_count: u64) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.truncate(byte_count)
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.sync()
    }
}

impl KeyedSet for Powered<MemoryKeyedSet> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError> {
        self.set.get(key)
    }

    fn scan(&self, prefix: &[u8]) -> Records<'_> {
        self.set.scan(prefix)
    }

    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.apply(batch)
    }

    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError> {
        self.set.replace_all(records)
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.use_power()?;
        self.set.sync()
    }
}

/// Definitions, and the disks of databases and log. They outlive the engines that use them.
pub(crate) struct Plant {
    pub(crate) report: Report,
    pub(crate) power: Arc<AtomicI64>,
    /// How many more writes and syncs the disks of the databases take.
    pub(crate) health: Arc<AtomicI64>,
    pub(crate) buffers: usize,
    pub(crate) checkpoint_records: u64,
    disks: BTreeMap<DdName, MemoryBlockSet>,
    /// The data sets of GSAM.
    pub(crate) files: BTreeMap<DdName, MemorySequentialSet>,
    oldses: Vec<[MemoryBlockSet; 2]>,
    slds: MemoryLogSet,
    rds: MemoryKeyedSet,
    starts: u64,
    /// Where HALDBs are registered.
    pub(crate) recon: Recon,
}

/// An engine that was started, and what that took.
pub(crate) struct Started {
    pub(crate) engine: Arc<Engine>,
    pub(crate) log: Arc<Log>,
    pub(crate) owed: RestartOwed,
    pub(crate) opened: Vec<Opened>,
}

impl Plant {
    pub(crate) fn new(source: &[String]) -> Self {
        let source = source.join("\n");
        let report = generate(&[Input { name: "source", bytes: source.as_bytes() }]);
        assert!(report.return_code() <= 4, "{}", report.to_text());
        let pair = || [MemoryBlockSet::new(LOG_BLOCK_BYTES), MemoryBlockSet::new(LOG_BLOCK_BYTES)];
        Self {
            report,
            power: Arc::new(AtomicI64::new(i64::MAX)),
            health: Arc::new(AtomicI64::new(i64::MAX)),
            buffers: 16,
            checkpoint_records: 1_000_000,
            disks: BTreeMap::new(),
            files: BTreeMap::new(),
            oldses: (0..3).map(|_| pair()).collect(),
            slds: MemoryLogSet::new(),
            rds: MemoryKeyedSet::new(),
            starts: 0,
            recon: Recon::new(),
        }
    }

    pub(crate) fn psb(&self, name: &str) -> &PsbBlock {
        &self.report.psb_blocks[&name.parse().unwrap()]
    }

    /// Starts an engine on the log, and opens every database.
    pub(crate) fn start(&mut self) -> Result<Started, String> {
        self.starts += 1;
        let powered = |set: &MemoryBlockSet| -> Box<dyn BlockSet> {
            Box::new(Powered { set: set.clone(), power: self.power.clone() })
        };
        let oldses = self.oldses.iter().enumerate().map(|(at, pair)| {
            let names = [format!("DFSOLP{at:02}"), format!("DFSOLS{at:02}")];
            Olds::new(names.into_iter().zip(pair.iter().map(powered)))
        });
        let sets = LogSets {
            oldses: oldses.collect(),
            blocks_per_olds: 40,
            slds: Box::new(Powered { set: self.slds.clone(), power: self.power.clone() }),
            rds: Box::new(Powered { set: self.rds.clone(), power: self.power.clone() }),
        };
        let ims = MemberName::new("IMS1").unwrap();
        let log = Log::open(sets, ims, Epoch(0), Moment(self.starts)).map_err(|error| error.to_string())?;
        let log = Arc::new(log);
        let settings = Settings {
            buffers: self.buffers,
            checkpoint_records: self.checkpoint_records,
            ..Settings::default()
        };
        let (engine, owed) = Engine::restart(settings, log.clone()).map_err(|error| error.to_string())?;
        let mut opened = Vec::new();
        for name in self.databases() {
            if haldb::is_haldb(&self.report.dmbs[&name]) {
                opened.extend(self.open_haldb(&engine, name)?);
            } else {
                opened.push(self.open(&engine, name)?);
            }
        }
        self.open_gsam(&engine)?;
        for logical in self.report.logical_structures.values() {
            engine.define_logical(Arc::new(logical.clone()));
        }
        Ok(Started { engine: Arc::new(engine), log, owed, opened })
    }

    /// The databases that are no index of another.
    pub(crate) fn databases(&self) -> Vec<DbdName> {
        let indexes: Vec<DbdName> =
            self.report.dmbs.values().flat_map(|dmb| dmb.indexes().collect::<Vec<_>>()).collect();
        self.report.dmbs.keys().copied().filter(|name| !indexes.contains(name)).collect()
    }

    pub(crate) fn open(&mut self, engine: &Engine, name: DbdName) -> Result<Opened, String> {
        let dmb = Arc::new(self.report.dmbs[&name].clone());
        let indexes: Vec<Dmb> = dmb.indexes().map(|index| self.report.dmbs[&index].clone()).collect();
        let mut sets = DataSets::new();
        for statement in dmb.data_sets.iter().chain(indexes.iter().flat_map(|index| &index.data_sets)) {
            let dd = statement.dd1.unwrap();
            let disk = self.disks.entry(dd).or_insert_with(|| MemoryBlockSet::new(block_bytes(statement)));
            let set = Powered { set: disk.clone(), power: self.power.clone() };
            sets.insert(dd, Box::new(Frail { set, health: self.health.clone() }));
        }
        let mut recon = Recon::new();
        recon.register(name, ShareLevel::One);
        let ims = MemberName::new("IMS1").unwrap();
        let authorization = recon.authorize(ims, name, Access::Update).unwrap();
        engine.open(&authorization, dmb, &indexes, sets).map_err(|error| format!("{name}: {error}"))
    }

    fn open_haldb(&mut self, engine: &Engine, name: DbdName) -> Result<Vec<Opened>, String> {
        let dmb = Arc::new(self.report.dmbs[&name].clone());
        let (disks, power, health) = (&mut self.disks, &self.power, &self.health);
        let mut disk = |statement: &definitions::model::dbd::DataSet| -> Box<dyn BlockSet> {
            let dd = statement.dd1.unwrap();
            let disk = disks.entry(dd).or_insert_with(|| MemoryBlockSet::new(block_bytes(statement)));
            let set = Powered { set: disk.clone(), power: power.clone() };
            Box::new(Frail { set, health: health.clone() })
        };
        let opened = haldb::open((engine, &mut self.recon), &dmb, true, &mut disk);
        let opened = opened.map_err(|error| format!("{name}: {error}"))?;
        opened
            .into_iter()
            .map(|(name, outcome)| outcome.map_err(|error| format!("{name}: {error}")))
            .collect()
    }

    fn open_gsam(&mut self, engine: &Engine) -> Result<(), String> {
        for dbd in self.report.dbds.values().filter(|dbd| dbd.is_gsam()) {
            let mut sets = SequentialSets::new();
            for dd in dbd.dd_names() {
                let set = self.files.entry(*dd).or_default().clone();
                sets.insert(*dd, Box::new(Powered { set, power: self.power.clone() }));
            }
            let mut recon = Recon::new();
            recon.register(dbd.name, ShareLevel::One);
            let ims = MemberName::new("IMS1").unwrap();
            let authorization = recon.authorize(ims, dbd.name, Access::Update).unwrap();
            engine.open_gsam(&authorization, dbd, sets).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The power fails, if it did not yet, and comes back. Of what was written and not synced each disk has as much as
    /// `any` says of it: how many writes, and how many bytes of the next.
    pub(crate) fn crash(&self, mut any: impl FnMut() -> usize) {
        for set in self.disks.values().chain(self.oldses.iter().flatten()) {
            let (kept, torn) = (any() % (set.unsynced_count() + 1), any() % (set.block_bytes() + 1));
            set.crash(kept, if any().is_multiple_of(4) { Torn::No } else { Torn::After(torn) });
        }
        self.files.values().for_each(|file| file.crash(any() % 64));
        self.slds.crash(any() as u64 % 8);
        self.rds.crash(any() % 2);
        self.power.store(i64::MAX, Ordering::Relaxed);
    }

    /// Gives power for so many writes and syncs.
    pub(crate) fn give(&self, power: i64) {
        self.power.store(power, Ordering::Relaxed);
    }
}
