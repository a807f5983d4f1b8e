//! What S and L cards say.

use super::cards::Card;

/// The least size of an I/O area.
pub(super) const DATA_BYTES: usize = 4096;

/// When something is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum When {
    /// Never.
    #[default]
    Never,
    /// With every call.
    Always,
    /// When a comparison was unequal.
    Unequal,
}

impl When {
    fn of(column: u8) -> Self {
        match column {
            b'1' => Self::Always,
            b'2' => Self::Unequal,
            _ => Self::Never,
        }
    }

    /// Whether it is printed.
    pub(super) fn applies(self, unequal: bool) -> bool {
        self == Self::Always || (self == Self::Unequal && unequal)
    }
}

/// An S card: what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) comments: When,
    pub(super) aibs: When,
    pub(super) calls: When,
    pub(super) comparisons: When,
    pub(super) pcbs: When,
    pub(super) segments: When,
    /// Calls name their PCB in an AIB.
    pub(super) through_aib: bool,
}

/// Everything is printed until an S card says otherwise.
impl Default for Status {
    fn default() -> Self {
        let always = When::Always;
        Self {
            comments: always,
            aibs: always,
            calls: always,
            comparisons: always,
            pcbs: always,
            segments: always,
            through_aib: false,
        }
    }
}

impl Status {
    pub(super) fn of(card: &Card) -> Self {
        let when = |column| When::of(card.column(column));
        Self {
            comments: when(3),
            aibs: when(4),
            calls: when(5),
            comparisons: when(7),
            pcbs: when(9),
            segments: when(11),
            through_aib: card.text(30, 32) == "AIB",
        }
    }
}

/// L cards: a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// How often it is made.
    pub(super) repeat: usize,
    /// The function, without blanks.
    pub(super) function: String,
    /// The search arguments.
    pub(super) ssas: Vec<Vec<u8>>,
    /// How many bytes of each argument are from its first card.
    pub(super) first_card_bytes: Vec<usize>,
    /// What is put into the I/O area.
    pub(super) data: Option<Vec<u8>>,
    /// How many bytes of that are from each DATA card.
    pub(super) parts: Vec<usize>,
}

impl Call {
    /// Reads the call that begins at a card, with its data, and goes on behind it.
    pub(super) fn read(cards: &[Card], at: &mut usize) -> Self {
        let first = &cards[*at];
        let mut call =
            Self { repeat: first.number(5, 8).unwrap_or(1), function: first.text(10, 13), ..Self::default() };
        call.add_argument(first);
        while cards[*at].is_continued() {
            let Some(next) = cards.get(*at + 1) else { break };
            if next.kind() != b'L' || next.text(10, 13) == "DATA" {
                break;
            }
            match call.ssas.last_mut() {
                Some(ssa) if next.continues_text() => ssa.extend_from_slice(next.columns(16, 71)),
                _ => call.add_argument(next),
            }
            *at += 1;
        }
        *at += 1;
        while let Some(card) =
            cards.get(*at).filter(|card| card.kind() == b'L' && card.text(10, 13) == "DATA")
        {
            let data = call.data.get_or_insert_with(Vec::new);
            let before = data.len();
            add_data(data, card, cards, at);
            call.parts.push(data.len() - before);
        }
        call
    }

    fn add_argument(&mut self, card: &Card) {
        let columns = card.columns(16, 71);
        if columns.iter().all(|&byte| byte == b' ') {
            return;
        }
        // Name, field and operator may stand in columns of their own, with blanks between.
        let spaced = card.column(24) == b' ' && card.column(25) == b'(';
        let argument = match spaced {
            false => columns.to_vec(),
            true => {
                let blanks = [24, 34, 37];
                let kept = (16..=71).filter(|column| !blanks.contains(column));
                kept.map(|column| card.column(column)).collect()
            }
        };
        self.first_card_bytes.push(argument.len());
        self.ssas.push(argument);
    }
}

/// Adds a DATA card and those that go on with it. Of variable length: the length stands before the data.
fn add_data(data: &mut Vec<u8>, first: &Card, cards: &[Card], at: &mut usize) {
    let mut text = first.columns(16, 71).to_vec();
    while cards[*at].is_continued() {
        let Some(next) = cards.get(*at + 1).filter(|next| next.continues_text()) else { break };
        text.extend_from_slice(next.columns(16, 71));
        *at += 1;
    }
    *at += 1;
    let length = first.number(5, 8);
    match (first.column(4), length) {
        (b'V' | b'M', length) => {
            let bytes = length.unwrap_or(text.trim_ascii_end().len() + 2).max(2);
            text.resize(bytes - 2, b' ');
            data.extend_from_slice(&(bytes as u16).to_be_bytes());
        }
        (_, Some(length)) => text.resize(length, b' '),
        _ => {}
    }
    data.extend_from_slice(&text);
}
