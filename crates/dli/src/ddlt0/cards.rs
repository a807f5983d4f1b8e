//! Cards: eighty columns, whatever the length of the line.

/// The columns of a card.
const COLUMNS: usize = 80;

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    columns: [u8; COLUMNS],
    kind: u8,
}

/// The cards of a deck. Bytes behind column 80 are cut off; deck comments are left out.
pub(super) fn cards(deck: &[u8]) -> Vec<Card> {
    let mut kind = b'*';
    let lines = deck.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut cards = Vec::new();
    for line in lines {
        let mut columns = [b' '; COLUMNS];
        let length = line.len().min(COLUMNS);
        columns[..length].copy_from_slice(&line[..length]);
        if columns[0] == b'*' || columns.iter().all(|&byte| byte == b' ') {
            continue;
        }
        if columns[0] != b' ' {
            kind = columns[0];
        }
        cards.push(Card { columns, kind });
    }
    cards
}

impl Card {
    /// What column 1 says, or said last.
    pub(super) fn kind(&self) -> u8 {
        self.kind
    }

    /// A column, counted from 1.
    pub(super) fn column(&self, column: usize) -> u8 {
        self.columns[column - 1]
    }

    /// Columns, counted from 1, both among them.
    pub(super) fn columns(&self, from: usize, to: usize) -> &[u8] {
        &self.columns[from - 1..to]
    }

    /// Columns as text, without the blanks behind.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        String::from_utf8_lossy(self.columns(from, to).trim_ascii_end()).into_owned()
    }

    /// Columns as a number.
    pub(super) fn number(&self, from: usize, to: usize) -> Option<usize> {
        self.text(from, to).trim().parse().ok()
    }

    /// The text of a comment.
    pub(super) fn comment(&self) -> String {
        self.text(2, 72)
    }

    /// Whether another card goes on with this one.
    pub(super) fn is_continued(&self) -> bool {
        self.column(72) != b' '
    }

    /// Whether this card goes on with what the one before began.
    pub(super) fn continues_text(&self) -> bool {
        self.text(10, 13) == "CONT"
    }
}
