//! The databases of a PCB: the one that its roots are in, and those that logical relationships lead to from there.

use crate::call::{Shape, View};
use crate::database::Database;
use crate::engine::Engine;
use crate::error::ScheduleError;
use definitions::acb::{DbBlock, Dmb};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use vocabulary::DbdName;

/// What a PCB sees where segments are made of others, and the database that its roots are in. None for a PCB that sees
/// one database as it is.
pub(super) fn concatenated(
    engine: &Engine,
    block: &DbBlock,
    number: usize,
) -> Result<Option<(View, Arc<Database>)>, ScheduleError> {
    let Some(dmb) = described(engine, block) else { return Ok(None) };
    let root = block.segments.first().and_then(|root| dmb.segment_of_code(root.code));
    let root = root.ok_or(ScheduleError::Mismatch(block.dbd))?;
    let dbd = root.sources.first().map_or(dmb.name, |source| source.dbd);
    let db = engine.database(&dbd).ok_or(ScheduleError::NotOpen(dbd))?;
    all(engine, [dbd].into_iter().chain(dmb.relatives()))?;
    if block.sequence.is_some() {
        return Err(ScheduleError::Pcb("PROCSEQ= where segments are made of others", number));
    }
    let shape = Shape { dmb: &dmb, databases: &|name| engine.database(name) };
    let view = View::concatenated(block, &db, &shape).ok_or(ScheduleError::Structure(block.dbd, number))?;
    Ok(Some((view, db)))
}

/// The description of a logical database, or of a physical one where a PCB sees virtual logical children of it.
fn described(engine: &Engine, block: &DbBlock) -> Option<Arc<Dmb>> {
    if let Some(logical) = engine.logical_database(&block.dbd) {
        return Some(logical);
    }
    let dmb = engine.database(&block.dbd)?.dmb.clone();
    let is_virtual =
        |code: u8| dmb.segment_of_code(code).is_some_and(definitions::acb::SegmentBlock::is_virtual);
    block.segments.iter().any(|segment| is_virtual(segment.code)).then_some(dmb)
}

/// These databases, and those that they are tied to: a change of one may be one of them.
pub(super) fn all(
    engine: &Engine,
    from: impl IntoIterator<Item = DbdName>,
) -> Result<Vec<Arc<Database>>, ScheduleError> {
    let mut found: BTreeMap<DbdName, Arc<Database>> = BTreeMap::new();
    let mut next: Vec<DbdName> = from.into_iter().collect();
    while let Some(name) = next.pop() {
        if let Entry::Vacant(place) = found.entry(name) {
            let database = engine.database(&name).ok_or(ScheduleError::NotOpen(name))?;
            next.extend(database.dmb.relatives());
            place.insert(database);
        }
    }
    Ok(found.into_values().collect())
}
