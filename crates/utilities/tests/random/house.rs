//! Engines with a log, on data sets in memory that outlive them.

use dasd::BlockSet;
use dasd::memory::{MemoryBlockSet, MemoryKeyedSet, MemoryLogSet, MemorySequentialSet};
use dbrc::{Access, Authorization, Recon, ShareLevel};
use definitions::acb::{Dmb, PsbBlock};
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Engine, Program, Restored, Settings, block_bytes};
use logger::{CheckpointKind, Log, LogSets, Olds};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utilities::{Accumulation, CopyHead, LogMark, UtilityError};
use vocabulary::{DbdName, DdName, Epoch, MemberName, Moment};

const LOG_BLOCK_BYTES: usize = 1024;
/// More than any segment takes.
pub(crate) const AREA: usize = 200;

/// Segment and data, in hierarchic order.
pub(crate) type Content = Vec<(String, Vec<u8>)>;

pub(crate) struct House {
    pub(crate) report: Report,
    pub(crate) disks: BTreeMap<DdName, MemoryBlockSet>,
    oldses: Vec<[MemoryBlockSet; 2]>,
    slds: MemoryLogSet,
    rds: MemoryKeyedSet,
    /// The time. It goes on by one with each thing that is done.
    pub(crate) now: Moment,
}

/// An engine that was started.
pub(crate) struct Started {
    pub(crate) engine: Arc<Engine>,
    pub(crate) log: Arc<Log>,
}

pub(crate) fn name() -> DbdName {
    "TESTDB".parse().unwrap()
}

pub(crate) fn compile(source: &[String]) -> Report {
    let source = source.join("\n");
    let report = generate(&[Input { name: "source", bytes: source.as_bytes() }]);
    assert!(report.return_code() <= 4, "{}", report.to_text());
    report
}

impl House {
    pub(crate) fn new(source: &[String]) -> Self {
        let pair = || [MemoryBlockSet::new(LOG_BLOCK_BYTES), MemoryBlockSet::new(LOG_BLOCK_BYTES)];
        Self {
            report: compile(source),
            disks: BTreeMap::new(),
            oldses: (0..3).map(|_| pair()).collect(),
            slds: MemoryLogSet::new(),
            rds: MemoryKeyedSet::new(),
            now: Moment(1),
        }
    }

    pub(crate) fn dmb(&self) -> &Dmb {
        &self.report.dmbs[&name()]
    }

    pub(crate) fn indexes(&self) -> Vec<&Dmb> {
        self.dmb().indexes().map(|index| &self.report.dmbs[&index]).collect()
    }

    pub(crate) fn psb(&self) -> &PsbBlock {
        &self.report.psb_blocks[&"FILLPSB".parse().unwrap()]
    }

    /// The data sets with the DBDs that name them and their block sizes.
    pub(crate) fn data_sets(&self) -> Vec<(DbdName, DdName, usize)> {
        let dmbs = std::iter::once(self.dmb()).chain(self.indexes());
        let of = |dmb: &Dmb| {
            let one = |set: &definitions::model::dbd::DataSet| (dmb.name, set.dd1.unwrap(), block_bytes(set));
            dmb.data_sets.iter().map(one).collect::<Vec<_>>()
        };
        dmbs.flat_map(of).collect()
    }

    fn sets(&mut self) -> DataSets {
        let mut sets = DataSets::new();
        for (_, dd, bytes) in self.data_sets() {
            let disk = self.disks.entry(dd).or_insert_with(|| MemoryBlockSet::new(bytes));
            sets.insert(dd, Box::new(disk.clone()));
        }
        sets
    }

    pub(crate) fn start(&mut self) -> Started {
        self.now.0 += 1;
        let boxed = |set: &MemoryBlockSet| -> Box<dyn BlockSet> { Box::new(set.clone()) };
        let oldses = self.oldses.iter().enumerate().map(|(at, pair)| {
            let names = [format!("DFSOLP{at:02}"), format!("DFSOLS{at:02}")];
            Olds::new(names.into_iter().zip(pair.iter().map(boxed)))
        });
        let sets = LogSets {
            oldses: oldses.collect(),
            blocks_per_olds: 40,
            slds: Box::new(self.slds.clone()),
            rds: Box::new(self.rds.clone()),
        };
        let log = Arc::new(Log::open(sets, MemberName::new("IMS1").unwrap(), Epoch(0), self.now).unwrap());
        let settings = Settings { buffers: 16, ..Settings::default() };
        let (engine, _) = Engine::restart(settings, log.clone()).unwrap();
        Started { engine: Arc::new(engine), log }
    }

    pub(crate) fn authorization() -> Authorization {
        let mut recon = Recon::new();
        recon.register(name(), ShareLevel::One);
        recon.authorize(MemberName::new("IMS1").unwrap(), name(), Access::Exclusive).unwrap()
    }

    pub(crate) fn open(&mut self, engine: &Engine) -> Result<(), String> {
        let sets = self.sets();
        let dmb = Arc::new(self.dmb().clone());
        let opened = engine.open(&Self::authorization(), dmb, self.indexes(), sets);
        opened.map(drop).map_err(|error| error.to_string())
    }

    /// Image copies of all data sets of a database that is closed.
    pub(crate) fn copy(&mut self, log: &Log) -> Copies {
        self.now.0 += 1;
        log.tell(self.now);
        let (run, mark) = (self.now, LogMark::last(log).unwrap());
        let mut files = BTreeMap::new();
        for (dbd, dd, bytes) in self.data_sets() {
            let head = CopyHead { database: name(), dbd, dd, block_bytes: bytes as u32, run, mark };
            let mut file = MemorySequentialSet::new(b"");
            utilities::copy_data_set(&self.disks[&dd], &head, &mut file, &mut |_| {}).unwrap();
            files.insert(dd, file);
        }
        Copies { mark, files }
    }

    pub(crate) fn accumulate(&mut self, log: &Log, previous: Option<Accumulation>) -> Accumulation {
        self.now.0 += 1;
        let sizes = self.data_sets().into_iter().map(|(_, dd, bytes)| (dd, bytes as u32)).collect();
        let databases = [(name(), sizes)].into();
        let from = LogMark::oldest(log).unwrap();
        let made = utilities::accumulate(log, from, previous, databases, self.now, &mut |_| {}).unwrap();
        let mut file = MemorySequentialSet::new(b"");
        made.write(&mut file).unwrap();
        let read = Accumulation::read(&file).unwrap();
        assert_eq!(read, made, "what is written is read back");
        read
    }

    /// Recovers data sets to the end of the log or to a moment, and leaves the database open.
    pub(crate) fn recover(
        &mut self,
        started: &Started,
        copies: &Copies,
        accumulation: Option<&Accumulation>,
        dds: &BTreeSet<DdName>,
        to: Option<Moment>,
    ) -> Result<Restored, UtilityError> {
        let mut mark = copies.mark;
        if let Some(accumulation) = accumulation {
            let head = utilities::read_copy_head(copies.files.values().next().unwrap())?;
            mark = accumulation.after(&head, to)?.unwrap_or(mark);
        }
        let restored = utilities::survey(&started.log, &mark, "image copy", name(), to)?;
        for dd in dds {
            let bytes = self.disks[dd].block_bytes();
            let disk = MemoryBlockSet::new(bytes);
            utilities::restore(&copies.files[dd], accumulation, &disk, &mut |_| {})?;
            self.disks.insert(*dd, disk);
        }
        if dds.len() == self.disks.len() {
            started.engine.begin_replacing(name()).unwrap();
        }
        let sets = self.sets();
        let dmb = Arc::new(self.dmb().clone());
        let recovered = started.engine.recover(&Self::authorization(), dmb, self.indexes(), sets, &restored);
        recovered.unwrap();
        Ok(restored)
    }
}

/// Image copies of all data sets.
#[derive(Clone)]
pub(crate) struct Copies {
    pub(crate) mark: LogMark,
    pub(crate) files: BTreeMap<DdName, MemorySequentialSet>,
}

/// All of a database, as a program reads it.
pub(crate) fn content(program: &mut Program) -> Content {
    let mut content = Content::new();
    let mut area = [0; AREA];
    program.call(2, b"GU", &mut area, &[]);
    loop {
        let mask = program.mask(2).unwrap();
        if !matches!(&mask.status(), b"  " | b"GA" | b"GK") {
            return content;
        }
        let bytes: usize = program.area_used(2).iter().sum();
        let segment = String::from_utf8_lossy(mask.segment()).trim_end().to_string();
        content.push((segment, area[..bytes].to_vec()));
        program.call(2, b"GN", &mut area, &[]);
    }
}

impl Started {
    pub(crate) fn program(&self, house: &House) -> Program {
        self.engine.schedule(house.psb()).unwrap()
    }

    pub(crate) fn end(self, house: &mut House) {
        house.now.0 += 1;
        self.log.tell(house.now);
        self.engine.close(&name()).unwrap();
        self.engine.checkpoint(CheckpointKind::Freeze).unwrap();
    }
}
