//! What E cards expect.

use super::cards::Card;
use crate::aib::Aib;
use crate::pcb::DbMask;
use crate::status::StatusCode;

/// What an E card expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Of the PCB.
    Pcb(ExpectedPcb),
    /// Of the segment.
    Data(Vec<u8>),
    /// Of the AIB: return and reason code, four hexadecimal digits each, or blank.
    Aib(String, String),
}

/// What is expected of a PCB; what is blank is not compared, except the status code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpectedPcb {
    /// Column 2: it holds for the calls that follow, too.
    pub(super) is_held: bool,
    /// Column 3: the deck ends when it is not so.
    pub(super) aborts: bool,
    pub(super) level: String,
    /// OK stands for blank, GA and GK.
    pub(super) status: String,
    pub(super) segment: String,
    pub(super) key: Option<Vec<u8>>,
}

/// The comparisons that follow a call. Comments may stand between; they are given back, to be printed afterwards.
pub(super) fn read<'c>(cards: &'c [Card], at: &mut usize) -> (Vec<Comparison>, &'c [Card]) {
    let mut comparisons = Vec::new();
    let is_comment = |card: &Card| matches!(card.kind(), b'T' | b'U');
    let comments = cards[*at..].iter().take_while(|card| is_comment(card)).count();
    if cards.get(*at + comments).is_none_or(|card| card.kind() != b'E') {
        return (comparisons, &[]);
    }
    let between = &cards[*at..*at + comments];
    *at += comments;
    while let Some(card) = cards.get(*at).filter(|card| card.kind() == b'E') {
        let first = *at;
        while cards[*at].is_continued() && cards.get(*at + 1).is_some_and(Card::continues_text) {
            *at += 1;
        }
        comparisons.push(Comparison::of(card, &cards[first + 1..=*at]));
        *at += 1;
    }
    (comparisons, between)
}

impl Comparison {
    /// What a card expects, with those that go on with it.
    pub(super) fn of(card: &Card, more: &[Card]) -> Self {
        let rest = |from| {
            let mut text = card.columns(from, 71).to_vec();
            more.iter().for_each(|card| text.extend_from_slice(card.columns(16, 71)));
            text
        };
        if card.text(4, 6) == "AIB" {
            return Self::Aib(card.text(8, 11), card.text(13, 16));
        }
        if card.text(10, 13) == "DATA" {
            let mut data = rest(16);
            match card.number(5, 8) {
                Some(length) => data.resize(length, b' '),
                None => data.truncate(data.trim_ascii_end().len()),
            }
            return Self::Data(data);
        }
        let key = card.number(20, 23).map(|length| {
            let mut key = rest(24);
            key.resize(length, b' ');
            key
        });
        Self::Pcb(ExpectedPcb {
            is_held: card.column(2) == b'H',
            aborts: card.column(3) == b'8',
            level: card.text(5, 6),
            status: card.text(8, 9),
            segment: card.text(11, 18),
            key,
        })
    }

    /// It holds for the calls that follow, too.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Pcb(ExpectedPcb { is_held: true, .. }))
    }

    /// The deck ends when it is not so.
    pub(super) fn aborts(&self) -> bool {
        matches!(self, Self::Pcb(ExpectedPcb { aborts: true, .. }))
    }
}

impl ExpectedPcb {
    /// Whether a status code is the expected one.
    pub(super) fn accepts(&self, status: StatusCode) -> bool {
        match self.status.as_str() {
            "OK" => status.is_good(),
            expected => status.as_str().trim_end() == expected,
        }
    }
}

pub(super) fn compare_pcb(expected: &ExpectedPcb, mask: &DbMask) -> bool {
    let same =
        |expected: &str, found: &[u8]| expected.is_empty() || expected.as_bytes() == found.trim_ascii_end();
    let key = mask.key_feedback().get(..mask.key_length()).unwrap_or_default();
    expected.accepts(StatusCode::of_mask(mask.status()))
        && same(&expected.level, mask.level())
        && same(&expected.segment, mask.segment())
        && expected.key.as_ref().is_none_or(|expected| expected == key)
}

/// A call that was made without an AIB has nothing to compare.
pub(super) fn compare_aib((returned, reason): (&str, &str), aib: Option<&Aib>) -> bool {
    let same = |expected: &str, code: u32| expected.is_empty() || expected == format!("{code:04X}");
    aib.is_some_and(|aib| same(returned, aib.return_code()) && same(reason, aib.reason_code()))
}

pub(super) fn compare_data(expected: &[u8], found: &[u8]) -> bool {
    found.get(..expected.len()).is_some_and(|found| found == expected)
}
