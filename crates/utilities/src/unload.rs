//! HD unload (DFSURGU0): the segments of a database, in hierarchic order.
//!
//! The pieces of an unload have segments one behind the other:
//!
//! ```text
//! 0  segment code, as in the head       1
//! 1  level                              1
//! 2  delete byte of its prefix, zero    1
//! 3  reserved                           1
//! 4  bytes of its data                  4
//! 8  data; of variable length with its length before it
//! ```

use crate::UtilityError;
use crate::pieces::{PieceReader, PieceWriter};
use crate::program::{Count, area_bytes, call, psb_of};
use dasd::SequentialSet;
use definitions::acb::Dmb;
use definitions::model::procopt::ProcOpt;
use dli::{Engine, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use vocabulary::encoding::Format;
use vocabulary::{DbdName, Moment, PsbName, SegmentName};

pub(crate) const FORMAT: Format = Format { what: "unload", magic: *b"IMSPUNLD", version: 1 };
/// Bytes before the data of a segment.
pub(crate) const PREFIX_BYTES: usize = 8;

/// What an unload begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnloadHead {
    /// The database.
    pub dbd: DbdName,
    /// Its access method.
    pub access: String,
    /// When it was unloaded.
    pub run: Moment,
    /// Its segment types; the place of each plus one is its code.
    pub types: Vec<UnloadedType>,
}

/// A segment type as it was unloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnloadedType {
    /// Its name.
    pub name: SegmentName,
    /// Its parent's.
    pub parent: Option<SegmentName>,
    /// Its data has its length before it.
    pub variable_length: bool,
}

/// Writes the segments of a database that is open. `told` hears of how many there were so far.
///
/// # Errors
/// A database that can't be read to its end, and a data set that takes no more. What was written is no unload then.
pub fn unload(
    engine: &Arc<Engine>,
    dmb: &Dmb,
    run: Moment,
    into: &mut dyn SequentialSet,
    told: &mut dyn FnMut(u64),
) -> Result<Vec<Count>, UtilityError> {
    if !dmb.relatives().is_empty() {
        return Err(UtilityError::Related(dmb.name));
    }
    let psb = psb_of(dmb, name("DFSURGU0")?, options("G")?);
    let mut program = engine.schedule(&psb)?;
    let mut writer = PieceWriter::begin(into, &FORMAT, &head(dmb, run))?;
    let codes: BTreeMap<[u8; 8], u8> =
        dmb.segments.iter().map(|segment| (segment.name.padded(), segment.code)).collect();
    let mut counts: Vec<Count> = dmb.segments.iter().map(|one| Count::none_of(one.name)).collect();
    let mut area = vec![0; area_bytes(dmb)];
    let mut number = 0u64;
    loop {
        let status = call(engine, &mut program, dmb, "GN", &mut area, &[])?;
        if status == StatusCode::GB {
            break;
        }
        let found = program.mask(crate::program::PCB).filter(|_| status.is_good());
        let code = found.and_then(|mask| codes.get(mask.segment()).copied());
        let Some(code) = code else {
            return Err(UtilityError::Status { call: "GN", status: status.as_str().into() });
        };
        let bytes: usize = program.area_used(crate::program::PCB).iter().sum();
        let level = dmb.segments[usize::from(code) - 1].level;
        let prefix = [code, level, 0, 0];
        writer.put(&[&prefix, &(bytes as u32).to_be_bytes(), &area[..bytes]])?;
        counts[usize::from(code) - 1].add(bytes);
        number += 1;
        told(number);
    }
    writer.end(&counts)?;
    Ok(counts)
}

/// What an unload says of itself.
///
/// # Errors
/// Something that is no unload.
pub fn read_unload_head(from: &dyn SequentialSet) -> Result<UnloadHead, UtilityError> {
    PieceReader::open(from, &FORMAT).map(|(_, head)| head)
}

fn head(dmb: &Dmb, run: Moment) -> UnloadHead {
    let types = dmb.segments.iter().map(|segment| UnloadedType {
        name: segment.name,
        parent: segment.parent.and_then(|code| dmb.segment_of_code(code)).map(|parent| parent.name),
        variable_length: segment.variable_length,
    });
    UnloadHead { dbd: dmb.name, access: dmb.access.name().into(), run, types: types.collect() }
}

pub(crate) fn name(text: &str) -> Result<PsbName, UtilityError> {
    PsbName::new(text).map_err(|error| UtilityError::Input { what: "name", reason: error.to_string() })
}

pub(crate) fn options(letters: &str) -> Result<ProcOpt, UtilityError> {
    letters.parse().map_err(|error: definitions::model::procopt::ProcOptError| UtilityError::Input {
        what: "processing option",
        reason: error.to_string(),
    })
}
