//! Qualifications: what a search argument says of a segment's fields.

use crate::database::{Field, SegmentType};
use crate::format::block::fullword;
use std::cmp::Ordering;
use std::ops::Range;

/// How a field is compared. Always byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// The operator in these two characters.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        match text {
            b"= " | b" =" | b"EQ" => Some(Self::Equal),
            b"^=" | b"=^" | b"NE" => Some(Self::NotEqual),
            b"< " | b" <" | b"LT" => Some(Self::Less),
            b"<=" | b"=<" | b"LE" => Some(Self::LessOrEqual),
            b"> " | b" >" | b"GT" => Some(Self::Greater),
            b">=" | b"=>" | b"GE" => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// Whether no higher value of the field can satisfy it, once this order was met.
    fn is_passed(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::LessOrEqual => order.is_gt(),
            Self::Less => order.is_ge(),
            _ => false,
        }
    }
}

/// The bytes of a segment that a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
    /// They are the sequence field.
    pub(crate) is_key: bool,
    /// Whose bytes they are.
    pub(crate) of: Of,
}

/// Whose bytes a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The segment's.
    Segment,
    /// Those of the search key of the entry that led to the segment, in the order of this secondary index.
    Sequence(usize),
    /// Those of the search key of any entry of this secondary index that leads to the segment.
    Index(usize),
}

impl Compared {
    /// A field of the DBD.
    pub(crate) fn field(field: &Field) -> Self {
        Self { offset: field.offset, bytes: field.bytes, is_key: field.is_key, of: Of::Segment }
    }

    /// The search key of a secondary index.
    pub(crate) fn search_key(of: Of, bytes: usize) -> Self {
        Self { offset: 0, bytes, is_key: matches!(of, Of::Sequence(_)), of }
    }

    /// Position (counted from 1) and length, as command code O has them: four bytes each.
    pub(crate) fn of_offsets(bytes: &[u8], kind: &SegmentType) -> Option<Self> {
        let (position, length) = (fullword(bytes, 0) as usize, fullword(bytes, 4) as usize);
        let (offset, end) = (position.checked_sub(1)?, position.checked_add(length)? - 1);
        let is_key = kind.key.is_some_and(|key| (key.offset, key.bytes) == (offset, length));
        (length > 0 && end <= kind.data_max).then_some(Self {
            offset,
            bytes: length,
            is_key,
            of: Of::Segment,
        })
    }
}

/// A field, an operator and a value.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) field: Compared,
    pub(crate) operator: Operator,
    /// The value, in the search argument.
    pub(crate) value: Range<usize>,
    /// It begins a new set: the sets are alternatives, the statements of one hold together.
    pub(crate) begins_set: bool,
    /// Which statements about an index have to hold for one source together: those of a set with the same number.
    pub(crate) group: u8,
}

/// What a segment is to a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It will do.
    Accepted,
    /// It will not.
    Other,
    /// Nor will any twin behind it.
    Passed,
}

impl Statement {
    /// What a segment is to a search for this alone. One that will do is never past those that do.
    #[inline]
    pub(crate) fn verdict(
        &self,
        argument: &[u8],
        data: &[u8],
        search: Option<&[u8]>,
        is_ordered: bool,
    ) -> Verdict {
        match self.order(argument, data, search) {
            Some(order) if self.operator.holds(order) => Verdict::Accepted,
            Some(order) if is_ordered && self.field.is_key && self.operator.is_passed(order) => {
                Verdict::Passed
            }
            _ => Verdict::Other,
        }
    }

    #[inline]
    fn order(&self, argument: &[u8], data: &[u8], search: Option<&[u8]>) -> Option<Ordering> {
        if self.field.of != Of::Segment {
            return search.map(|search| search.cmp(&argument[self.value.clone()]));
        }
        // A field beyond the end of a short segment is not there, and satisfies nothing.
        let field = data.get(self.field.offset..self.field.offset + self.field.bytes)?;
        Some(field.cmp(&argument[self.value.clone()]))
    }
}

/// Whether a segment satisfies the statements; `search` is the search key of the entry that led to it.
pub(crate) fn holds(statements: &[Statement], argument: &[u8], data: &[u8], search: Option<&[u8]>) -> bool {
    any_set(statements, |set| set.iter().all(|statement| holds_one(statement, argument, data, search)))
}

/// Whether a segment satisfies one statement.
pub(crate) fn holds_one(statement: &Statement, argument: &[u8], data: &[u8], search: Option<&[u8]>) -> bool {
    statement.order(argument, data, search).is_some_and(|order| statement.operator.holds(order))
}

/// Whether no twin from this one on can satisfy them, because twins come in the order of their keys.
pub(crate) fn is_passed(
    statements: &[Statement],
    argument: &[u8],
    data: &[u8],
    search: Option<&[u8]>,
) -> bool {
    let passed = |statement: &Statement| {
        statement.field.is_key
            && statement
                .order(argument, data, search)
                .is_some_and(|order| statement.operator.is_passed(order))
    };
    !statements.is_empty() && !any_set(statements, |set| !set.iter().any(passed))
}

/// The value that the sequence field has to have, where only one will do.
pub(crate) fn key_wanted(statements: &[Statement]) -> Option<Range<usize>> {
    if statements.iter().skip(1).any(|statement| statement.begins_set) {
        return None;
    }
    let mut equal = statements.iter().filter(|statement| statement.operator == Operator::Equal);
    equal.find(|statement| statement.field.is_key).map(|statement| statement.value.clone())
}

/// The lowest value of the key that can satisfy the statements.
pub(crate) fn lowest_key(statements: &[Statement]) -> Option<Range<usize>> {
    if statements.iter().skip(1).any(|statement| statement.begins_set) {
        return None;
    }
    use Operator::{Equal, Greater, GreaterOrEqual};
    let bounds = |statement: &&Statement| {
        statement.field.is_key && matches!(statement.operator, Equal | Greater | GreaterOrEqual)
    };
    statements.iter().find(bounds).map(|statement| statement.value.clone())
}

fn any_set(statements: &[Statement], test: impl Fn(&[Statement]) -> bool) -> bool {
    sets(statements).any(test)
}

/// The sets of statements that are alternatives.
pub(crate) fn sets(statements: &[Statement]) -> impl Iterator<Item = &[Statement]> {
    let mut rest = statements;
    std::iter::from_fn(move || {
        let begins = |statement: &Statement| statement.begins_set;
        let end = rest.iter().skip(1).position(begins).map_or(rest.len(), |at| at + 1);
        let (set, behind) = rest.split_at(end);
        rest = behind;
        (!set.is_empty()).then_some(set)
    })
}
