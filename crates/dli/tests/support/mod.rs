//! An engine with definitions and data sets in memory.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod haldb;
pub(crate) mod plant;

use dasd::BlockSet;
use dasd::memory::{MemoryBlockSet, MemorySequentialSet};
use dbrc::{Access, Recon, ShareLevel};
use definitions::acb::{Dmb, PsbBlock};
use definitions::model::dbd::Dbd;
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Engine, Program, SequentialSets, Settings, block_bytes, ddlt0};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use vocabulary::{DbdName, DdName, MemberName};

/// An engine with definitions and data sets in memory.
pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) report: Option<Report>,
    pub(crate) disks: BTreeMap<DdName, MemoryBlockSet>,
    pub(crate) files: BTreeMap<DdName, MemorySequentialSet>,
    recon: Recon,
    /// Partitions that are blank are not initialized before they are opened.
    pub(crate) leaves_blank: bool,
}

impl Default for House {
    fn default() -> Self {
        Self::with_buffers(64)
    }
}

impl House {
    pub(crate) fn with_buffers(buffers: usize) -> Self {
        Self::with_settings(Settings { buffers, lock_wait_ms_max: Some(1000), ..Settings::default() })
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        let engine = Arc::new(Engine::new(settings));
        let (disks, files) = Default::default();
        Self { engine, report: None, disks, files, recon: Recon::new(), leaves_blank: false }
    }

    pub(crate) fn generate(&mut self, lines: &[String]) -> Result<String, Box<dyn Error>> {
        let source = lines.join("\n");
        let report = generate(&[Input { name: "source", bytes: source.as_bytes() }]);
        let text = if report.return_code() > 4 { report.to_text() } else { String::new() };
        self.report = Some(report);
        Ok(text)
    }

    fn dmb(&self, name: &DbdName) -> Option<Arc<Dmb>> {
        self.report.as_ref()?.dmbs.get(name).cloned().map(Arc::new)
    }

    pub(crate) fn psb(&self, name: &str) -> Option<&PsbBlock> {
        self.report.as_ref()?.psb_blocks.get(&name.parse().ok()?)
    }

    pub(crate) fn open(&mut self, name: &DbdName) -> Result<String, Box<dyn Error>> {
        if let Some(dbd) =
            self.report.as_ref().and_then(|report| report.dbds.get(name)).filter(|dbd| dbd.is_gsam())
        {
            return self.open_gsam(&dbd.clone());
        }
        if let Some(logical) = self.report.as_ref().and_then(|report| report.logical_structures.get(name)) {
            self.engine.define_logical(Arc::new(logical.clone()));
            return Ok(String::new());
        }
        let dmb = self.dmb(name).ok_or("no such DMB")?;
        if haldb::is_haldb(&dmb) {
            return self.open_haldb(&dmb);
        }
        let indexes: Vec<Arc<Dmb>> = dmb.indexes().filter_map(|index| self.dmb(&index)).collect();
        let mut sets = DataSets::new();
        let statements = dmb.data_sets.iter().chain(indexes.iter().flat_map(|index| &index.data_sets));
        for statement in statements {
            let dd = statement.dd1.ok_or("no DD")?;
            let disk = self.disks.entry(dd).or_insert_with(|| MemoryBlockSet::new(block_bytes(statement)));
            sets.insert(dd, Box::new(disk.clone()));
        }
        self.recon.register(*name, ShareLevel::One);
        let authorization = self.recon.authorize(MemberName::new("IMS1")?, *name, Access::Update)?;
        match self.engine.open(&authorization, dmb, indexes.iter().map(Arc::as_ref), sets) {
            Ok(_) => Ok(String::new()),
            Err(error) => Ok(format!("{}\n", error.message(name))),
        }
    }

    /// Registers a HALDB with its partitions: the name and the high key of each.
    pub(crate) fn register(&mut self, name: DbdName, selection: Option<String>, parts: &[(String, Vec<u8>)]) {
        haldb::register(&mut self.recon, name, selection, parts);
    }

    fn open_haldb(&mut self, dmb: &Arc<Dmb>) -> Result<String, Box<dyn Error>> {
        let disks = &mut self.disks;
        let mut disk = |statement: &definitions::model::dbd::DataSet| -> Box<dyn BlockSet> {
            let dd = statement.dd1.unwrap();
            Box::new(disks.entry(dd).or_insert_with(|| MemoryBlockSet::new(block_bytes(statement))).clone())
        };
        let engine = (&*self.engine, &mut self.recon);
        let opened = match haldb::open(engine, dmb, !self.leaves_blank, &mut disk) {
            Ok(opened) => opened,
            Err(error) => return Ok(format!("{}\n", error.message(&dmb.name))),
        };
        let refused = opened.into_iter().filter_map(|(name, outcome)| Some((name, outcome.err()?)));
        Ok(refused.map(|(name, error)| format!("{}\n", error.message(&name))).collect())
    }

    fn open_gsam(&mut self, dbd: &Dbd) -> Result<String, Box<dyn Error>> {
        let mut sets = SequentialSets::new();
        for dd in dbd.dd_names() {
            sets.insert(*dd, Box::new(self.files.entry(*dd).or_default().clone()));
        }
        self.recon.register(dbd.name, ShareLevel::One);
        let authorization = self.recon.authorize(MemberName::new("IMS1")?, dbd.name, Access::Update)?;
        match self.engine.open_gsam(&authorization, dbd, sets) {
            Ok(()) => Ok(String::new()),
            Err(error) => Ok(format!("{}\n", error.message(&dbd.name))),
        }
    }

    pub(crate) fn program(&self, psb: &str) -> Result<Program, Box<dyn Error>> {
        Ok(self.engine.schedule(self.psb(psb).ok_or("no such PSB")?)?)
    }

    pub(crate) fn deck(
        &mut self,
        psb: &str,
        lines: &[String],
        commits: bool,
    ) -> Result<String, Box<dyn Error>> {
        let block = self.psb(psb).ok_or("no such PSB")?.clone();
        let mut program = match self.engine.schedule(&block) {
            Ok(program) => program,
            Err(error) => return Ok(format!("{}\n", error.message(&block.name))),
        };
        let mut output = Vec::new();
        ddlt0::run(&mut program, block.io_area_bytes as usize, lines.join("\n").as_bytes(), &mut output)?;
        if commits {
            program.commit()?;
        }
        for name in self.engine.open_databases() {
            if let Some(message) = self.engine.stop_message(&name) {
                output.extend_from_slice(format!("{message}\n").as_bytes());
            }
        }
        Ok(String::from_utf8(output)?)
    }

    pub(crate) fn close(&mut self, name: &DbdName) -> Result<String, Box<dyn Error>> {
        self.engine.close(name)?;
        self.recon.release(&MemberName::new("IMS1")?, name);
        Ok(String::new())
    }

    pub(crate) fn check(&self, name: &DbdName) -> String {
        let findings = self.engine.check(name);
        match findings.is_empty() {
            true => "sound\n".into(),
            false => findings.iter().map(|finding| format!("{finding}\n")).collect(),
        }
    }

    pub(crate) fn spoil(&mut self, dd: &DdName, block: u32, at: usize) -> String {
        let Some(disk) = self.disks.get(dd) else { return "no such data set\n".into() };
        let mut bytes = vec![0; disk.block_bytes()];
        disk.read(block, &mut bytes).unwrap();
        bytes[at] ^= 0xff;
        disk.write(disk.admitted(), block, &bytes).unwrap();
        String::new()
    }
}
