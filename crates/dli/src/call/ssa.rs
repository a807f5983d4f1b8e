//! Segment search arguments: read once per call, without allocating.

use super::LEVELS_MAX;
use super::qualification::{
    Compared, Of, Operator, Statement, Verdict, holds, holds_one, is_passed, key_wanted, lowest_key, sets,
};
use super::shape::Shape;
use super::view::View;
use crate::database::{Key, SegmentType};
use crate::status::StatusCode;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

/// The classes in which segments are reserved.
pub(crate) const CLASSES: RangeInclusive<u8> = b'A'..=b'J';

/// The search arguments of a call.
#[derive(Default)]
pub(crate) struct Arguments {
    ssas: Vec<Ssa>,
    statements: Vec<Statement>,
    bytes: usize,
    shape: Shape,
    /// Each level has an argument that wants one key, of a type in which no two twins have the same.
    is_straight: bool,
}

/// A search argument.
#[derive(Debug, Clone)]
pub(crate) struct Ssa {
    /// The sensitive segment that it names.
    pub(crate) segment: usize,
    /// Its command codes.
    pub(crate) codes: Codes,
    /// Which argument of the call it is.
    argument: usize,
    statements: Range<usize>,
    /// The concatenated key of command code C.
    concatenated_key: Option<Range<usize>>,
}

/// Command codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    /// A: the position is forgotten before the call.
    pub(crate) clear: bool,
    /// D: the segment belongs to the path that is returned or inserted.
    pub(crate) path: bool,
    /// F: the first occurrence.
    pub(crate) first: bool,
    /// L: the last occurrence.
    pub(crate) last: bool,
    /// N: this segment of a path is not replaced.
    pub(crate) not_replaced: bool,
    /// P: parentage is set here.
    pub(crate) parent: bool,
    /// U: the position on this level stays.
    pub(crate) keep: bool,
    /// V: the position on this level and those above stays.
    pub(crate) keep_above: bool,
    /// Q: the segment is reserved, in this class.
    pub(crate) class: Option<u8>,
    /// O: the qualification may name bytes of the segment by position and length.
    pub(crate) offsets: bool,
}

impl Ssa {
    /// It names a segment, and says nothing about it.
    pub(crate) fn is_unqualified(&self) -> bool {
        self.statements.is_empty() && self.concatenated_key.is_none()
    }
}

impl Arguments {
    /// The arguments, from the highest level to the lowest.
    pub(crate) fn ssas(&self) -> &[Ssa] {
        &self.ssas
    }

    /// How many bytes the arguments have, without what may stand behind them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is one key for each level, which leads to one segment at most.
    pub(crate) fn is_straight(&self) -> bool {
        self.is_straight
    }

    fn leads_straight(&self, view: &View, types: &[SegmentType]) -> bool {
        let wants_key = |(above, ssa): (usize, &Ssa)| {
            let segment = &view.segments[ssa.segment];
            let kind = &types[usize::from(segment.code) - 1];
            segment.level == above + 1
                && !segment.inverted
                && !kind.shares_chain
                && kind.key.is_some_and(|key| key.unique)
                && ssa.codes == Codes::default()
                && self.key_of(ssa).is_some()
        };
        !self.ssas.is_empty() && !view.is_concatenated && self.ssas.iter().enumerate().all(wants_key)
    }

    /// Where the one key is that an argument asks for, and for nothing else.
    fn key_of(&self, ssa: &Ssa) -> Option<Range<usize>> {
        match &self.statements[ssa.statements.clone()] {
            [only]
                if only.operator == Operator::Equal && only.field.is_key && only.field.of == Of::Segment =>
            {
                Some(only.value.clone())
            }
            _ => None,
        }
    }

    /// The key that is wanted on each level, with the sensitive segment, where they lead straight.
    #[inline]
    pub(crate) fn keys<'c>(&'c self, inputs: &'c [&'c [u8]]) -> impl Iterator<Item = (usize, &'c [u8])> {
        self.ssas
            .iter()
            .zip(&self.statements)
            .zip(inputs)
            .map(|((ssa, statement), input)| (ssa.segment, &input[statement.value.clone()]))
    }

    /// Reads the arguments of a call, unless they have been read but for the values in them.
    pub(crate) fn parse(
        &mut self,
        view: &View,
        types: &[SegmentType],
        inputs: &[&[u8]],
    ) -> Result<(), StatusCode> {
        if self.shape.fits(inputs) {
            return Ok(());
        }
        self.shape.forget();
        self.read(view, types, inputs)?;
        self.is_straight = self.leads_straight(view, types);
        let values = self.ssas.iter().flat_map(|ssa| {
            let key = ssa.concatenated_key.clone().into_iter();
            let statements = &self.statements[ssa.statements.clone()];
            let values = statements.iter().map(|statement| statement.value.clone());
            key.chain(values).map(|value| (ssa.argument, value))
        });
        self.shape.note(inputs, values);
        Ok(())
    }

    fn read(&mut self, view: &View, types: &[SegmentType], inputs: &[&[u8]]) -> Result<(), StatusCode> {
        self.ssas.clear();
        self.statements.clear();
        self.bytes = 0;
        if inputs.len() > LEVELS_MAX {
            return Err(StatusCode::AC);
        }
        for (argument, input) in inputs.iter().enumerate() {
            let ssa = self.parse_one(view, types, argument, input)?;
            let follows = |before: &Ssa| {
                before.segment != ssa.segment && view.segments[ssa.segment].path.contains(&before.segment)
            };
            if !self.ssas.last().is_none_or(follows) {
                return Err(StatusCode::AC);
            }
            self.ssas.push(ssa);
        }
        Ok(())
    }

    fn parse_one(
        &mut self,
        view: &View,
        types: &[SegmentType],
        argument: usize,
        input: &[u8],
    ) -> Result<Ssa, StatusCode> {
        let mut name = [b' '; 8];
        let length = input.len().min(8);
        name[..length].copy_from_slice(&input[..length]);
        let segment = view.find(&name).ok_or(StatusCode::AC)?;
        let mut reader = Reader { input, at: 8 };
        let (codes, concatenated) = if reader.skip(b'*') { reader.codes()? } else { Default::default() };
        let mut ssa = Ssa { segment, codes, argument, statements: 0..0, concatenated_key: None };
        match (reader.peek(), concatenated) {
            (b' ', false) => {}
            (b'(', true) => {
                reader.at += 1;
                let key = reader.value(view.segments[segment].key_end)?;
                if !reader.skip(b')') {
                    return Err(StatusCode::AJ);
                }
                ssa.concatenated_key = Some(key);
            }
            (b'(', false) => {
                ssa.statements = self.qualification(view, types, (segment, codes.offsets), &mut reader)?;
            }
            _ => return Err(StatusCode::AJ),
        }
        // An argument without qualification ends with a blank.
        self.bytes += reader.at + usize::from(ssa.is_unqualified());
        Ok(ssa)
    }

    fn qualification(
        &mut self,
        view: &View,
        types: &[SegmentType],
        (segment, offsets): (usize, bool),
        reader: &mut Reader<'_>,
    ) -> Result<Range<usize>, StatusCode> {
        let from = self.statements.len();
        let segment = &view.segments[segment];
        let kind = segment.seen_kind().unwrap_or_else(|| &types[usize::from(segment.code) - 1]);
        reader.at += 1;
        let in_sequence = segment.path.len() == 1 && view.sequence.is_some();
        let (mut begins_set, mut group) = (true, 0);
        loop {
            let name = reader.take(8)?;
            // No name begins with a zero byte, and every position does.
            let mut field = match offsets && name[0] == 0 {
                true => Compared::of_offsets(name, kind).ok_or(StatusCode::AJ)?,
                false => segment.field(kind, name).ok_or(StatusCode::AK)?,
            };
            match field.of {
                // Behind an independent AND any other source will do.
                Of::Sequence(at) if group > 0 => field = Compared::search_key(Of::Index(at), field.bytes),
                // The roots do not come in the order of their own keys.
                Of::Segment if in_sequence => field.is_key = false,
                _ => {}
            }
            let operator = Operator::of(reader.take(2)?).ok_or(StatusCode::AJ)?;
            let value = reader.value(field.bytes)?;
            self.statements.push(Statement { field, operator, value, begins_set, group });
            begins_set = match reader.next() {
                b')' => return Ok(from..self.statements.len()),
                b'*' | b'&' => false,
                b'#' => {
                    group += 1;
                    false
                }
                b'+' | b'|' => {
                    group = 0;
                    true
                }
                _ => return Err(StatusCode::AJ),
            };
        }
    }

    /// What the arguments want of each level down to the last one's.
    pub(crate) fn wants<'c>(&'c self, view: &View, inputs: &[&'c [u8]], into: &mut Vec<Want<'c>>) {
        let Some(last) = self.ssas.last() else { return };
        into.extend(view.segments[last.segment].path.iter().map(|&segment| Want {
            segment,
            statements: &[],
            argument: &[],
            key: None,
            codes: Codes::default(),
            is_given: false,
            is_implied: false,
        }));
        for ssa in &self.ssas {
            let level = view.segments[ssa.segment].level - 1;
            let want = &mut into[level];
            want.is_given = true;
            want.codes = ssa.codes;
            want.argument = inputs[ssa.argument];
            want.statements = &self.statements[ssa.statements.clone()];
            if let Some(key) = &ssa.concatenated_key {
                let key = &inputs[ssa.argument][key.clone()];
                for want in &mut into[..=level] {
                    let segment = &view.segments[want.segment];
                    want.key = Some(&key[segment.key_offset..segment.key_end]);
                    want.is_given = true;
                }
            }
        }
    }
}

/// What is wanted of the segment on one level.
#[derive(Clone, Copy)]
pub(crate) struct Want<'c> {
    /// The sensitive segment.
    pub(crate) segment: usize,
    /// Its command codes.
    pub(crate) codes: Codes,
    /// There is an argument for this level, or a concatenated key that goes through it.
    pub(crate) is_given: bool,
    /// There is none, and the position says which segment it is.
    pub(crate) is_implied: bool,
    statements: &'c [Statement],
    argument: &'c [u8],
    /// Its part of a concatenated key.
    key: Option<&'c [u8]>,
}

impl<'c> Want<'c> {
    /// Whether anything is said about the segment.
    pub(crate) fn is_qualified(&self) -> bool {
        !self.statements.is_empty() || self.key.is_some()
    }

    /// Its part of a concatenated key, if that is what is wanted.
    pub(crate) fn key(&self) -> Option<&'c [u8]> {
        self.key
    }

    /// Whether it is about bytes behind so many.
    pub(crate) fn reaches_beyond(&self, bytes: usize) -> bool {
        self.statements.iter().any(|statement| statement.field.offset + statement.field.bytes > bytes)
    }

    /// Whether a segment will do.
    pub(crate) fn accepts(&self, key: Option<&Key>, data: &[u8], search: Option<&[u8]>) -> bool {
        match (self.key, search, key) {
            (Some(wanted), Some(search), _) => search == wanted,
            (Some(wanted), None, Some(key)) => key.of(data) == wanted,
            (Some(_), None, None) => true,
            (None, ..) => self.statements.is_empty() || holds(self.statements, self.argument, data, search),
        }
    }

    /// Whether no twin from this one on will do.
    pub(crate) fn is_passed(&self, key: Option<&Key>, data: &[u8], search: Option<&[u8]>) -> bool {
        match (self.key, search, key) {
            (Some(wanted), Some(search), _) => search > wanted,
            (Some(wanted), None, Some(key)) => key.of(data) > wanted,
            _ => is_passed(self.statements, self.argument, data, search),
        }
    }

    /// What a twin is to the search. `is_ordered`: those behind it have higher keys.
    #[inline]
    pub(crate) fn verdict(
        &self,
        key: Option<&Key>,
        data: &[u8],
        search: Option<&[u8]>,
        is_ordered: bool,
    ) -> Verdict {
        if let (None, [statement]) = (self.key, self.statements) {
            return statement.verdict(self.argument, data, search, is_ordered);
        }
        match () {
            () if is_ordered && self.is_passed(key, data, search) => Verdict::Passed,
            () if self.accepts(key, data, search) => Verdict::Accepted,
            () => Verdict::Other,
        }
    }

    /// Whether something is said about a secondary index that does not lead the way.
    pub(crate) fn asks_indexes(&self) -> bool {
        self.statements.iter().any(|statement| matches!(statement.field.of, Of::Index(_)))
    }

    /// The lowest search key that can satisfy it, in an alternate processing sequence.
    pub(crate) fn lowest_search_key(&self) -> Option<&'c [u8]> {
        self.key.or_else(|| lowest_key(self.statements).map(|range| &self.argument[range]))
    }

    /// The alternatives.
    pub(crate) fn sets(&self) -> impl Iterator<Item = StatementSet<'c>> + use<'c> {
        let argument = self.argument;
        sets(self.statements).map(move |statements| StatementSet { statements, argument })
    }

    /// The one key that will do.
    pub(crate) fn key_wanted(&self) -> Option<&'c [u8]> {
        self.key.or_else(|| key_wanted(self.statements).map(|range| &self.argument[range]))
    }
}

/// Statements that hold together.
pub(crate) struct StatementSet<'c> {
    statements: &'c [Statement],
    argument: &'c [u8],
}

impl StatementSet<'_> {
    /// Whether a segment satisfies all that is not about indexes which do not lead the way.
    pub(crate) fn holds(&self, data: &[u8], search: Option<&[u8]>) -> bool {
        let others = self.statements.iter().filter(|statement| !matches!(statement.field.of, Of::Index(_)));
        others.into_iter().all(|statement| holds_one(statement, self.argument, data, search))
    }

    /// The indexes that it is about, each with a group of statements that one source has to satisfy.
    pub(crate) fn index_groups(&self) -> BTreeSet<(usize, u8)> {
        let groups = self.statements.iter().filter_map(|statement| match statement.field.of {
            Of::Index(at) => Some((at, statement.group)),
            _ => None,
        });
        groups.collect()
    }

    /// Whether a source with this search key satisfies a group.
    pub(crate) fn group_holds(&self, index: usize, group: u8, search: &[u8]) -> bool {
        let is_of_group =
            |statement: &&Statement| statement.field.of == Of::Index(index) && statement.group == group;
        let mut statements = self.statements.iter().filter(is_of_group);
        statements.all(|statement| holds_one(statement, self.argument, &[], Some(search)))
    }
}

/// Reads an argument from left to right; behind its end are blanks.
struct Reader<'i> {
    input: &'i [u8],
    at: usize,
}

impl<'i> Reader<'i> {
    fn peek(&self) -> u8 {
        self.input.get(self.at).copied().unwrap_or(b' ')
    }

    fn next(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == byte;
        self.at += usize::from(there);
        there
    }

    fn take(&mut self, bytes: usize) -> Result<&'i [u8], StatusCode> {
        let range = self.value(bytes)?;
        Ok(&self.input[range])
    }

    fn value(&mut self, bytes: usize) -> Result<Range<usize>, StatusCode> {
        let range = self.at..self.at + bytes;
        if range.end > self.input.len() {
            return Err(StatusCode::AJ);
        }
        self.at = range.end;
        Ok(range)
    }

    /// The letters behind the asterisk. Those of subset pointers (M R S W Z) are for DEDBs.
    fn codes(&mut self) -> Result<(Codes, bool), StatusCode> {
        let mut codes = Codes::default();
        let mut concatenated = false;
        loop {
            match self.peek() {
                b' ' | b'(' => return Ok((codes, concatenated)),
                b'A' => codes.clear = true,
                b'C' => concatenated = true,
                b'D' => codes.path = true,
                b'F' => codes.first = true,
                b'L' => codes.last = true,
                b'N' => codes.not_replaced = true,
                b'O' => codes.offsets = true,
                b'P' => codes.parent = true,
                b'Q' => {
                    self.at += 1;
                    codes.class = Some(self.peek()).filter(|class| CLASSES.contains(class));
                    codes.class.ok_or(StatusCode::AJ)?;
                }
                b'U' => codes.keep = true,
                b'V' => (codes.keep, codes.keep_above) = (true, true),
                b'-' | b'G' => {}
                _ => return Err(StatusCode::AJ),
            }
            self.at += 1;
        }
    }
}
