//! From DMBs to secondary indexes: what is refused, and what is compiled.

use super::{From, Missing, Part, RBA_BYTES, Rules, SecondaryIndex};
use crate::database::SegmentType;
use crate::database::tree::{Shape, Tree};
use crate::error::OpenError;
use crate::index_exit::IndexExits;
use crate::pool::DataSet;
use definitions::acb::{Dmb, KeyPart, SecondaryIndex as IndexBlock, SegmentBlock};
use definitions::model::field::FieldKind;
use std::sync::Arc;

/// A secondary index whose data set is not open yet.
pub(crate) struct Layout {
    pub(crate) block: Dmb,
    kind: SegmentType,
    rules: Rules,
}

impl Layout {
    /// Bytes of an entry.
    pub(crate) fn entry_bytes(&self) -> usize {
        let (order, data) = self.rules.sizes();
        order + data
    }

    /// The index, in its data set.
    pub(crate) fn on(self, set: Arc<DataSet>, shape: Shape) -> SecondaryIndex {
        let tree = Tree::new(self.rules.name, set, self.rules.sizes(), shape);
        SecondaryIndex { tree, kind: self.kind, block: self.block, rules: self.rules }
    }
}

/// The secondary indexes of a database; `indexes` are the DMBs that were handed over.
pub(crate) fn layouts(dmb: &Dmb, indexes: &[&Dmb], exits: &IndexExits) -> Result<Vec<Layout>, OpenError> {
    let layout = |index: &IndexBlock| {
        let block = indexes.iter().find(|block| block.name == index.dbd);
        let block = block.ok_or_else(|| OpenError::Allocation(format!("of the index {}", index.dbd)))?;
        let rules = rules(dmb, index, block, exits)?;
        let kind = SegmentType::of(block, &block.segments[0]);
        Ok(Layout { block: (*block).clone(), kind, rules })
    };
    dmb.secondary_indexes.iter().map(layout).collect()
}

fn rules(dmb: &Dmb, index: &IndexBlock, block: &Dmb, exits: &IndexExits) -> Result<Rules, OpenError> {
    let wrong = |what| OpenError::Index(index.dbd, what);
    let [segment] = &block.segments[..] else {
        return Err(wrong(
            "shares its data set with others, which is not supported. Give it a DBD of its own",
        ));
    };
    let source = dmb.segment_of_code(index.source).ok_or(wrong("has a source that is not there"))?;
    let target = dmb.segment_of_code(index.target).ok_or(wrong("has a target that is not there"))?;
    let parts = |parts: &[KeyPart]| parts.iter().map(|part| compile(part, source)).collect::<Vec<Part>>();
    let exit = match &index.exit {
        None => None,
        Some(name) => Some(exits.get(name).ok_or_else(|| OpenError::IndexExit(name.clone()))?),
    };
    let mut rules = Rules {
        name: index.dbd,
        field: index.field,
        target: index.target,
        source: index.source,
        unique: segment.key.as_ref().is_none_or(|key| key.unique),
        constant: index.constant.as_deref().and_then(byte),
        search: parts(&index.search),
        subsequence: parts(&index.subsequence),
        duplicates: parts(&index.duplicate_data),
        null: index.null_value.as_deref().and_then(byte),
        exit,
        symbolic: index.symbolic,
        search_bytes: index.search_bytes as usize,
        key_bytes: index.key_bytes as usize,
        data_bytes: 0,
    };
    let maintained = rules.maintained_bytes(target.concatenated_key_bytes as usize);
    if (segment.bytes_max as usize) < maintained {
        return Err(wrong("has segments that are too short for what they hold. Correct BYTES= of its SEGM"));
    }
    rules.data_bytes = segment.bytes_max as usize - rules.key_bytes;
    Ok(rules)
}

fn compile(part: &KeyPart, source: &SegmentBlock) -> Part {
    let offset = part.offset as usize;
    let name = part.name.as_str();
    let (from, bytes) = match () {
        () if name.starts_with("/SX") => (From::Address, RBA_BYTES),
        () if name.starts_with("/CK") => (From::Key { offset }, part.bytes as usize),
        () => (From::Field { offset, missing: missing(part, source) }, part.bytes as usize),
    };
    Part { from, bytes }
}

fn missing(part: &KeyPart, source: &SegmentBlock) -> Missing {
    match source.field(&part.name).map(|field| field.kind) {
        Some(FieldKind::Character) => Missing::Digits,
        Some(FieldKind::Packed) => Missing::PackedZero,
        _ => Missing::Zeros,
    }
}

/// One byte as CONST= and NULLVAL= have it: the character itself, `C'c'`, `X'xx'`, BLANK or ZERO.
fn byte(text: &str) -> Option<u8> {
    let inner = |prefix: char| {
        let text = text.strip_prefix([prefix, prefix.to_ascii_lowercase()])?;
        text.strip_prefix('\'')?.strip_suffix('\'')
    };
    match text.to_ascii_uppercase().as_str() {
        "BLANK" => Some(b' '),
        "ZERO" => Some(0),
        _ => match (inner('X'), inner('C')) {
            (Some(digits), _) => u8::from_str_radix(digits, 16).ok(),
            (None, Some(character)) => character.bytes().next(),
            (None, None) => text.bytes().next(),
        },
    }
}
