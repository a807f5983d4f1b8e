//! HD reload (DFSURGL0): a database made of unloaded segments, with the DBD as it is now.

use crate::UtilityError;
use crate::pieces::{PieceReader, take, take_fullword};
use crate::program::{Count, area_bytes, call, psb_of};
use crate::unload::{FORMAT, PREFIX_BYTES, UnloadHead, UnloadedType, name, options};
use dasd::SequentialSet;
use definitions::acb::{Dmb, SegmentBlock};
use dli::{Engine, Program, StatusCode};
use std::sync::Arc;
use vocabulary::SegmentName;

/// Bytes of a search argument without a qualification.
const SSA_BYTES: usize = 9;

/// Loads a database that is open and empty with what was unloaded, and commits it. `told` hears of how many segments there
/// were so far.
///
/// The DBD may have other data set groups, block sizes, pointers, randomizers, and more segment types than the one that the
/// database was unloaded with. Segments may be longer, and are filled with zeros then; shorter ones as far as the data fits.
///
/// # Errors
/// An unload that is damaged or of another database, segments that do not fit. What was loaded then is to be thrown away.
pub fn reload(
    engine: &Arc<Engine>,
    dmb: &Dmb,
    from: &dyn SequentialSet,
    told: &mut dyn FnMut(u64),
) -> Result<Vec<Count>, UtilityError> {
    let (mut reader, head) = PieceReader::open::<UnloadHead>(from, &FORMAT)?;
    if head.dbd != dmb.name {
        let (found, wanted) = (head.dbd.to_string(), dmb.name.to_string());
        return Err(UtilityError::Other { what: FORMAT.what, found, wanted });
    }
    if !dmb.relatives().is_empty() {
        return Err(UtilityError::Related(dmb.name));
    }
    let targets = targets(&head, dmb)?;
    let program = engine.schedule(&psb_of(dmb, name("DFSURGL0")?, options("L")?))?;
    let mut loader = Loader {
        engine,
        dmb,
        program,
        area: vec![0; area_bytes(dmb)],
        keys: vec![String::new(); 16],
        number: 0,
        counts: head.types.iter().map(|one| Count::none_of(one.name)).collect(),
    };
    while let Some(mut rest) = reader.next()? {
        while !rest.is_empty() {
            let Some((code, data)) = segment(&mut rest) else { return Err(damaged()) };
            let Some(at) = usize::from(code).checked_sub(1) else { return Err(damaged()) };
            let (Some(unloaded), Some(target)) = (head.types.get(at), targets.get(at)) else {
                return Err(damaged());
            };
            loader.number += 1;
            loader.load(at, unloaded, target.as_ref(), data)?;
            told(loader.number);
        }
    }
    let expected: Vec<Count> = reader.tail()?;
    if expected != loader.counts {
        return Err(reader.refuse("it has not as many segments as it says"));
    }
    loader.program.commit()?;
    Ok(loader.counts)
}

fn damaged() -> UtilityError {
    UtilityError::Input { what: FORMAT.what, reason: "a segment in it can't be one".into() }
}

/// The code and the data of the next segment.
fn segment<'b>(rest: &mut &'b [u8]) -> Option<(u8, &'b [u8])> {
    let code = *rest.first()?;
    take(rest, PREFIX_BYTES - 4)?;
    let bytes = take_fullword(rest)?;
    Some((code, take(rest, bytes as usize)?))
}

/// Where segments of an unloaded type go.
struct Target<'d> {
    block: &'d SegmentBlock,
    /// The search arguments of its path, itself at the end.
    path: Vec<[u8; SSA_BYTES]>,
}

/// The types of the DBD that the unloaded ones are; none for a type that is gone.
///
/// The types that both have are in the same order under the same parents: what is in hierarchic order for one is for the
/// other.
fn targets<'d>(head: &UnloadHead, dmb: &'d Dmb) -> Result<Vec<Option<Target<'d>>>, UtilityError> {
    let mut highest = 0;
    let mut targets = Vec::new();
    for unloaded in &head.types {
        let Some(block) = dmb.segment(&unloaded.name) else {
            targets.push(None);
            continue;
        };
        let wrong = |what: String| Err(UtilityError::Hierarchy { segment: unloaded.name, what });
        let parent = parent_of(dmb, block).map(|parent| parent.name);
        if parent != unloaded.parent {
            let shown = |name: Option<SegmentName>| name.map_or("no other".into(), |name| name.to_string());
            let (is, was) = (shown(parent), shown(unloaded.parent));
            return wrong(format!("was under {was} when it was unloaded, and is under {is} in the DBD"));
        }
        if block.code < highest {
            return wrong("stood behind another segment type that stands behind it in the DBD".into());
        }
        highest = block.code;
        targets.push(Some(Target { block, path: path(dmb, block) }));
    }
    Ok(targets)
}

fn parent_of<'d>(dmb: &'d Dmb, block: &SegmentBlock) -> Option<&'d SegmentBlock> {
    block.parent.and_then(|code| dmb.segment_of_code(code))
}

fn path(dmb: &Dmb, block: &SegmentBlock) -> Vec<[u8; SSA_BYTES]> {
    let mut path = parent_of(dmb, block).map_or_else(Vec::new, |parent| path(dmb, parent));
    let mut argument = [b' '; SSA_BYTES];
    argument[..8].copy_from_slice(&block.name.padded());
    path.push(argument);
    path
}

struct Loader<'l> {
    engine: &'l Arc<Engine>,
    dmb: &'l Dmb,
    program: Program,
    area: Vec<u8>,
    /// The keys of the path, as they are shown.
    keys: Vec<String>,
    number: u64,
    counts: Vec<Count>,
}

impl Loader<'_> {
    fn load(
        &mut self,
        at: usize,
        unloaded: &UnloadedType,
        target: Option<&Target<'_>>,
        data: &[u8],
    ) -> Result<(), UtilityError> {
        let refused = |key: &str, reason: String| {
            let (segment, key, number) = (unloaded.name, key.to_string(), self.number);
            Err(UtilityError::Segment { segment, key, number, reason })
        };
        let Some(target) = target else {
            return refused("(unknown)", "the DBD has no such segment type".into());
        };
        let level = usize::from(target.block.level).min(self.keys.len());
        let (_, own) = data.split_at(if unloaded.variable_length { data.len().min(2) } else { 0 });
        let bytes = match fit(&mut self.area, target.block, own) {
            Ok(bytes) => bytes,
            Err(reason) => return refused(&key_of(target.block, data), reason),
        };
        self.keys[level - 1] = key_of(target.block, &self.area[..bytes]);
        let path: Vec<&[u8]> = target.path.iter().map(|argument| &argument[..]).collect();
        let status = call(self.engine, &mut self.program, self.dmb, "ISRT", &mut self.area, &path)?;
        if status != StatusCode::OK {
            let keyed = self.keys[..level].iter().rev().find(|key| !key.is_empty());
            return refused(keyed.map_or("(none)", String::as_str), refusal(status));
        }
        self.counts[at].add(data.len());
        Ok(())
    }
}

fn refusal(status: StatusCode) -> String {
    match status.as_str() {
        "LB" => "one with its key is there already (LB)".into(),
        "LC" => "its key is lower than that of the one before (LC)".into(),
        "LD" => "its parent is not there (LD)".into(),
        "LE" => "it is out of the order of segment types (LE)".into(),
        other => format!("status {other}"),
    }
}

/// Puts data, without a length before it, into the area as a type has it, and gives how many bytes that are.
fn fit(area: &mut [u8], block: &SegmentBlock, own: &[u8]) -> Result<usize, String> {
    let (least, most) = (block.bytes_min as usize, block.bytes_max as usize);
    let length = if block.variable_length { 2 } else { 0 };
    let bytes = (length + own.len()).max(least);
    if bytes > most || area.len() < bytes {
        return Err(format!(
            "it has {} bytes, and the DBD has room for {}",
            own.len(),
            most - length.min(most)
        ));
    }
    if block.variable_length {
        area[..2].copy_from_slice(&(bytes as u16).to_be_bytes());
    }
    area[length..length + own.len()].copy_from_slice(own);
    area[length + own.len()..bytes].fill(0);
    Ok(bytes)
}

/// The key of a segment as it is shown; empty for one without.
fn key_of(block: &SegmentBlock, data: &[u8]) -> String {
    let Some(key) = &block.key else { return String::new() };
    let from = key.offset as usize;
    let bytes = data.get(from..from + key.bytes as usize).unwrap_or_default();
    match bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        true => String::from_utf8_lossy(bytes).trim_end().to_string(),
        false => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
    }
}
