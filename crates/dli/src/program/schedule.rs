//! Scheduling a program: the databases that it needs, and what is refused.

use super::{ProgramPcb, related};
use crate::database::{Claim, Users};
use crate::engine::Engine;
use crate::error::ScheduleError;
use crate::gsam::GsamPcb;
use crate::partitions::Among;
use crate::pcb::{DbMask, DbPcb};
use definitions::acb::{DbBlock, PcbBlock, PcbBlockKind, PsbBlock};
use std::collections::BTreeMap;
use std::sync::Arc;
use vocabulary::DbdName;

/// The PCBs of a PSB, and why some of them have no database.
pub(super) fn pcbs(engine: &Engine, psb: &PsbBlock) -> (Vec<ProgramPcb>, Vec<ScheduleError>) {
    let arguments = psb.search_arguments_bytes.filter(|&bytes| bytes > 0).map(|bytes| bytes as usize);
    let pcb = |(at, block): (usize, &PcbBlock)| {
        let name = block.name;
        match &block.kind {
            PcbBlockKind::Db(db) => schedule_pcb(engine, db, at + 2, arguments)
                .map(|pcb| ProgramPcb::Db { name, pcb: Box::new(pcb) }),
            PcbBlockKind::Tp(_) => Ok(ProgramPcb::Other { name }),
            PcbBlockKind::Gsam(gsam) => {
                let db = engine.gsam_database(&gsam.dbd).ok_or(ScheduleError::NotOpen(gsam.dbd))?;
                Ok(ProgramPcb::Gsam { name, pcb: Box::new(GsamPcb::new(gsam, db)) })
            }
        }
    };
    let mut missing = Vec::new();
    let pcbs = psb.pcbs.iter().enumerate().map(|(at, block)| {
        pcb((at, block)).unwrap_or_else(|error| {
            missing.push(error);
            match mask_of(&block.kind) {
                Some(mask) => ProgramPcb::Missing { name: block.name, mask: Box::new(mask) },
                None => ProgramPcb::Other { name: block.name },
            }
        })
    });
    (pcbs.collect(), missing)
}

/// What a program sees of a database that it does not have.
fn mask_of(kind: &PcbBlockKind) -> Option<DbMask> {
    match kind {
        PcbBlockKind::Gsam(gsam) => Some(DbMask::gsam(&gsam.dbd, gsam.options)),
        PcbBlockKind::Db(db) => Some(DbMask::new(db)),
        PcbBlockKind::Tp(_) => None,
    }
}

/// Claims every database of a program; alone, if one of its PCBs needs that.
pub(super) fn claim(pcbs: &[ProgramPcb]) -> Result<Vec<Claim>, ScheduleError> {
    let mut wanted: BTreeMap<DbdName, (&Arc<Users>, bool)> = BTreeMap::new();
    let mut want = |name, users, alone| wanted.entry(name).or_insert((users, false)).1 |= alone;
    for pcb in pcbs {
        match pcb {
            ProgramPcb::Db { pcb, .. } => {
                pcb.related.iter().for_each(|other| want(other.name(), &other.users, false));
                pcb.databases().for_each(|db| want(db.name(), &db.users, pcb.view.needs_alone));
            }
            ProgramPcb::Gsam { pcb, .. } => want(pcb.db.name, &pcb.db.users, pcb.loads),
            ProgramPcb::Other { .. } | ProgramPcb::Missing { .. } => {}
        }
    }
    wanted
        .into_iter()
        .map(|(name, (users, alone))| Claim::new(users, alone).ok_or(ScheduleError::InUse(name)))
        .collect()
}

fn schedule_pcb(
    engine: &Engine,
    block: &DbBlock,
    number: usize,
    arguments_bytes_max: Option<usize>,
) -> Result<DbPcb, ScheduleError> {
    if let Some(haldb) = engine.haldb(&block.dbd) {
        return schedule_haldb(engine.among(haldb), block, number, arguments_bytes_max);
    }
    if let Some((view, db)) = related::concatenated(engine, block, number)? {
        let pcb = DbPcb::with_view(block, view, (db, None), arguments_bytes_max);
        return with_related(engine, number, pcb);
    }
    let (db, of_index) = engine.database_or_index(&block.dbd).ok_or(ScheduleError::NotOpen(block.dbd))?;
    if !db.updatable && updates(block) {
        return Err(ScheduleError::ReadOnly(block.dbd));
    }
    if block.options.loads() && block.sequence.is_some() {
        return Err(ScheduleError::Pcb("PROCOPT=L with PROCSEQ=", number));
    }
    if block.options.loads() && of_index.is_some() {
        return Err(ScheduleError::Pcb("PROCOPT=L of a secondary index", number));
    }
    let pcb = DbPcb::new(block, db, of_index, arguments_bytes_max);
    let has_sequence = pcb.view.sequence.is_some() == block.sequence.is_some();
    match has_sequence && pcb.view.agrees_with(&pcb.db, of_index) {
        true if of_index.is_none() => with_related(engine, number, pcb),
        true => Ok(pcb),
        false => Err(ScheduleError::Mismatch(block.dbd)),
    }
}

/// Adds the databases that calls on a PCB go into over logical relationships.
fn with_related(engine: &Engine, number: usize, mut pcb: DbPcb) -> Result<DbPcb, ScheduleError> {
    let view = &pcb.view;
    let goes_elsewhere = view.is_concatenated || (view.updates && pcb.db.is_related());
    if !goes_elsewhere {
        return Ok(pcb);
    }
    let ties = view.segments.iter().filter_map(|segment| segment.seen.as_ref()).flat_map(|seen| {
        [Some(seen.own.db.name()), seen.other.as_ref().map(|other| other.db.name())].into_iter().flatten()
    });
    let related = related::all(engine, ties.chain([pcb.db.name()]))?;
    if let Some(other) = related.iter().find(|other| view.updates && !other.updatable) {
        return Err(ScheduleError::ReadOnly(other.name()));
    }
    let is_child = |segment: &crate::call::ViewSegment| {
        segment.seen.is_none() && pcb.db.kind(segment.code).logical_parent().is_some()
    };
    match view.loads && view.segments.iter().any(is_child) {
        true => Err(ScheduleError::Pcb("PROCOPT=L of a logical child", number)),
        false => {
            pcb.related = related;
            Ok(pcb)
        }
    }
}

fn updates(block: &DbBlock) -> bool {
    block.options.updates() || block.segments.iter().any(|segment| segment.options.updates())
}

/// A PCB of a HALDB begins in the first partition that is there. What is not there it finds out when it comes there.
fn schedule_haldb(
    among: Among,
    block: &DbBlock,
    number: usize,
    arguments_bytes_max: Option<usize>,
) -> Result<DbPcb, ScheduleError> {
    if block.sequence.is_some() {
        return Err(ScheduleError::Pcb("PROCSEQ= of a HALDB", number));
    }
    let (at, db) = among.first().ok_or(ScheduleError::NotOpen(block.dbd))?;
    if updates(block) && among.databases().any(|db| !db.updatable) {
        return Err(ScheduleError::ReadOnly(block.dbd));
    }
    let pcb = DbPcb::new(block, db.clone(), None, arguments_bytes_max);
    match pcb.view.agrees_with(&pcb.db, None) {
        true => Ok(pcb.among(Arc::new(among), at)),
        false => Err(ScheduleError::Mismatch(block.dbd)),
    }
}
