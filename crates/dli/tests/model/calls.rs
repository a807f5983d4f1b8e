//! Random calls.

use crate::naive::Naive;
use crate::schema::{FIXED, Schema};
use std::cmp::Ordering;

/// A call on the database PCB, or on the I/O PCB.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    /// 0: unique, 1: next, 2: next within parent.
    Get {
        scope: u8,
        hold: bool,
        ssas: Vec<Ssa>,
    },
    Insert {
        ssas: Vec<Ssa>,
        data: Vec<Vec<u8>>,
    },
    Replace {
        /// The types of the path that are not replaced (N).
        kept: Vec<usize>,
        data: Vec<Vec<u8>>,
    },
    Delete {
        level: Option<usize>,
    },
    /// DEQ, of this class.
    Dequeue(u8),
    Rollback,
    Checkpoint,
}

#[derive(Debug, Clone)]
pub(crate) struct Ssa {
    pub(crate) kind: usize,
    pub(crate) codes: Codes,
    /// Begins an alternative, is about the key, operator, value.
    pub(crate) statements: Vec<(bool, bool, Operator, u8)>,
    pub(crate) concatenated: Option<Vec<u8>>,
    /// In place of those statements: some about a secondary index.
    pub(crate) about: Option<AboutIndex>,
}

/// Statements about the search key of a secondary index.
#[derive(Debug, Clone)]
pub(crate) struct AboutIndex {
    pub(crate) number: usize,
    /// What stands before it (`+`, `*`, or `#`), operator, value.
    pub(crate) statements: Vec<(u8, Operator, Vec<u8>)>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Codes {
    pub(crate) path: bool,
    pub(crate) first: bool,
    pub(crate) last: bool,
    pub(crate) parent: bool,
    pub(crate) keep: bool,
    pub(crate) keep_above: bool,
    pub(crate) clear: bool,
    /// Q, in this class.
    pub(crate) class: Option<u8>,
    /// The fields are named by position and length.
    pub(crate) offsets: bool,
}

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
    const ALL: [Self; 8] = [
        Self::Equal,
        Self::Equal,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// Whether a field holds that compares with the value like this.
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// Whether no higher key can, once one compared like this.
    pub(crate) fn is_passed(self, order: Ordering) -> bool {
        match self {
            Self::Equal | Self::LessOrEqual => order.is_gt(),
            Self::Less => order.is_ge(),
            _ => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Equal => "= ",
            Self::NotEqual => "NE",
            Self::Less => " <",
            Self::LessOrEqual => "<=",
            Self::Greater => "GT",
            Self::GreaterOrEqual => "=>",
        }
    }
}

/// Choices drawn one after the other; when there are no more, the first of each.
pub(crate) struct Choices<'c> {
    bytes: std::slice::Iter<'c, u8>,
}

impl<'c> Choices<'c> {
    pub(crate) fn new(bytes: &'c [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % limit
    }

    fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == 1
    }

    fn letter(&mut self) -> u8 {
        b'A' + self.below(5) as u8
    }
}

impl Ssa {
    fn is_by_offset(&self, value: u8) -> bool {
        self.codes.offsets && value.is_multiple_of(2)
    }

    /// Whether it names a field that is not the key.
    pub(crate) fn names_a_field(&self) -> bool {
        self.statements.iter().any(|&(_, on_key, _, value)| !on_key && !self.is_by_offset(value))
    }

    pub(crate) fn render(&self, schema: &Schema) -> Vec<u8> {
        let mut text = format!("{:<8}", schema.types[self.kind].name).into_bytes();
        let codes = self.codes;
        let letters = [
            (codes.path, b'D'),
            (codes.first, b'F'),
            (codes.last, b'L'),
            (codes.parent, b'P'),
            (codes.keep && !codes.keep_above, b'U'),
            (codes.keep_above, b'V'),
            (codes.clear, b'A'),
            (codes.offsets, b'O'),
            (self.concatenated.is_some(), b'C'),
        ];
        let mut letters: Vec<u8> =
            letters.iter().filter(|(given, _)| *given).map(|&(_, letter)| letter).collect();
        letters.extend(codes.class.iter().flat_map(|&class| [b'Q', class]));
        if !letters.is_empty() {
            text.push(b'*');
            text.extend_from_slice(&letters);
        }
        if let Some(key) = &self.concatenated {
            text.push(b'(');
            text.extend_from_slice(key);
            text.push(b')');
        }
        for (at, &(begins, on_key, operator, value)) in self.statements.iter().enumerate() {
            text.push(if at == 0 {
                b'('
            } else if begins {
                b'+'
            } else {
                b'*'
            });
            if self.is_by_offset(value) {
                let position = schema.types[self.kind].key_at() as u32 + if on_key { 1 } else { 2 };
                text.extend_from_slice(&[position.to_be_bytes(), 1u32.to_be_bytes()].concat());
                text.extend_from_slice(operator.text().as_bytes());
            } else {
                let number = &schema.types[self.kind].name[1..];
                let name = format!("{}{number}", if on_key { 'K' } else { 'F' });
                text.extend_from_slice(format!("{name:<8}{}", operator.text()).as_bytes());
            }
            text.push(value);
        }
        for (at, (join, operator, value)) in self.about.iter().flat_map(|about| &about.statements).enumerate()
        {
            text.push(if at == 0 { b'(' } else { *join });
            let name = format!("X{}", self.about.as_ref().map_or(0, |about| about.number));
            text.extend_from_slice(format!("{name:<8}{}", operator.text()).as_bytes());
            text.extend_from_slice(value);
        }
        if !self.statements.is_empty() || self.about.is_some() {
            text.push(b')');
        }
        text
    }
}

/// A call that makes sense more often than not.
pub(crate) fn draw(schema: &Schema, model: &Naive, choices: &mut Choices<'_>) -> Call {
    if model.is_held() && choices.below(3) > 0 {
        return change(schema, model, choices);
    }
    match choices.below(20) {
        0..9 if model.len() > 0 => get(schema, model, choices),
        9 => change(schema, model, choices),
        10 if choices.one_in(4) => Call::Rollback,
        11 if choices.one_in(3) => Call::Checkpoint,
        11 if choices.one_in(3) => Call::Dequeue(class(choices)),
        12..15 => get(schema, model, choices),
        _ => insert(schema, choices),
    }
}

fn class(choices: &mut Choices<'_>) -> u8 {
    b'A' + choices.below(2) as u8
}

pub(crate) fn get(schema: &Schema, model: &Naive, choices: &mut Choices<'_>) -> Call {
    let scope = choices.below(3) as u8;
    let hold = choices.one_in(2);
    if choices.below(3) == 2 {
        return Call::Get { scope, hold, ssas: Vec::new() };
    }
    let visible = schema.visible();
    let target = visible[choices.below(visible.len())];
    let mut ssas = Vec::new();
    for kind in schema.path(target) {
        if kind == target || choices.one_in(2) {
            let mut ssa = argument(schema, kind, choices);
            // Where a segment was that was reserved and deleted there may be another one now, which counts as reserved.
            ssa.codes.class = ssa.codes.class.filter(|_| !model.has_deleted() && schema.sequence.is_none());
            ssas.push(ssa);
        }
    }
    if choices.one_in(12) && schema.sequence.is_none() {
        ssas = vec![concatenated(schema, target, choices)];
    }
    Call::Get { scope, hold, ssas }
}

fn argument(schema: &Schema, kind: usize, choices: &mut Choices<'_>) -> Ssa {
    let mut codes = Codes { path: choices.one_in(4), ..Codes::default() };
    match choices.below(16) {
        1 => codes.first = true,
        2 => codes.last = true,
        3 => codes.parent = true,
        4 => codes.keep = true,
        5 => (codes.keep, codes.keep_above) = (true, true),
        6 => codes.clear = true,
        7 => codes.offsets = true,
        _ => {}
    }
    codes.class = choices.one_in(5).then(|| class(choices));
    let mut statements = Vec::new();
    let count = [0, 1, 1, 1, 2, 3][choices.below(6)];
    for at in 0..count {
        let on_key = schema.types[kind].key.is_some() && choices.below(3) > 0;
        let operator = Operator::ALL[choices.below(8)];
        statements.push((at == 0 || choices.one_in(3), on_key, operator, choices.letter()));
    }
    let about = about_index(schema, kind, choices);
    if about.is_some() {
        statements.clear();
    }
    Ssa { kind, codes, statements, concatenated: None, about }
}

fn about_index(schema: &Schema, kind: usize, choices: &mut Choices<'_>) -> Option<AboutIndex> {
    let named = &schema.types[kind].indexed;
    if named.is_empty() || choices.below(3) == 0 {
        return None;
    }
    let number = named[choices.below(named.len())];
    let bytes = schema.indexes[number].search_bytes();
    let statement = |choices: &mut Choices<'_>| {
        let join = [b'*', b'&', b'#', b'+'][choices.below(4)];
        let value = (0..bytes).map(|_| choices.letter()).collect();
        (join, Operator::ALL[choices.below(8)], value)
    };
    let count = [1, 1, 1, 2, 3][choices.below(5)];
    Some(AboutIndex { number, statements: (0..count).map(|_| statement(choices)).collect() })
}

fn concatenated(schema: &Schema, kind: usize, choices: &mut Choices<'_>) -> Ssa {
    let key = (0..schema.key_bytes(kind)).map(|_| choices.letter()).collect();
    Ssa { kind, codes: Codes::default(), statements: Vec::new(), concatenated: Some(key), about: None }
}

fn insert(schema: &Schema, choices: &mut Choices<'_>) -> Call {
    let visible = schema.visible();
    let target = visible[choices.below(visible.len())];
    let path = schema.path(target);
    let first = if choices.one_in(3) { choices.below(path.len()) } else { path.len() - 1 };
    let mut ssas = Vec::new();
    for &kind in &path[..first] {
        if choices.below(3) > 0 {
            let mut ssa = argument(schema, kind, choices);
            ssa.codes = Codes::default();
            ssas.push(ssa);
        }
    }
    for (at, &kind) in path[first..].iter().enumerate() {
        let mut codes = Codes { path: at == 0 && first + 1 < path.len(), ..Codes::default() };
        match choices.below(8) {
            1 => codes.first = true,
            2 => codes.last = true,
            _ => {}
        }
        ssas.push(Ssa { kind, codes, statements: Vec::new(), concatenated: None, about: None });
    }
    let data = path[first..].iter().map(|&kind| data(schema, kind, choices)).collect();
    Call::Insert { ssas, data }
}

/// The data of a segment as the program has it; its length, if variable, is wrong at times.
fn data(schema: &Schema, kind: usize, choices: &mut Choices<'_>) -> Vec<u8> {
    if let Some(bytes) = schema.types[kind].area_bytes() {
        return (0..bytes).map(|_| field_byte(choices)).collect();
    }
    let variable = schema.types[kind].variable;
    let length = match (variable, choices.below(12)) {
        (false, _) => FIXED,
        (true, 0) => 4,
        (true, 1) => 93,
        (true, _) => 6 + choices.below(85),
    };
    let mut data: Vec<u8> = (0..length).map(|_| choices.letter()).collect();
    if variable {
        data[..2].copy_from_slice(&(length as u16).to_be_bytes());
    }
    data
}

/// A letter, or what fields without a value have.
fn field_byte(choices: &mut Choices<'_>) -> u8 {
    match choices.below(9) {
        0..5 => choices.letter(),
        5 | 6 => b' ',
        7 => 0,
        _ => 0x0c,
    }
}

fn change(schema: &Schema, model: &Naive, choices: &mut Choices<'_>) -> Call {
    if choices.one_in(2) {
        let kinds = model.held_kinds();
        let level = (choices.one_in(3) && !kinds.is_empty()).then(|| kinds[choices.below(kinds.len())]);
        return Call::Delete { level };
    }
    let kinds = model.held_kinds();
    let kept: Vec<usize> = kinds.iter().copied().filter(|_| choices.one_in(4)).collect();
    let replaced = model.held_data().into_iter().zip(kinds).map(|(old, kind)| {
        if choices.one_in(4) {
            return old;
        }
        let mut new = data(schema, kind, choices);
        if let Some(at) = schema.types[kind].key_in_area().filter(|_| !choices.one_in(10)) {
            new[at] = old[at];
        }
        // Those behind it are where they were.
        if kept.contains(&kind) && new.len() != old.len() { old } else { new }
    });
    Call::Replace { data: replaced.collect(), kept }
}
