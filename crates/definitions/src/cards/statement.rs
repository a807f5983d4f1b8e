//! A statement: a label, an operation, and operands that may have been cut across several cards.

use super::operation::Operation;
use super::place::Place;

/// One statement, its cards joined.
#[derive(Debug)]
pub(crate) struct Statement {
    /// What stands in column 1, and where.
    pub(crate) label: Option<(String, Place)>,
    /// What it does.
    pub(crate) operation: Operation,
    /// Where the operation stands.
    pub(crate) place: Place,
    /// The operand field, without remarks.
    operands: String,
    /// Where each stretch of `operands` came from, in order.
    pieces: Vec<Piece>,
}

/// A stretch of the operand field that stood on one card.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Its beginning in the operand field.
    start: usize,
    line: u32,
    column: u32,
}

impl Statement {
    /// A statement without operands yet.
    pub(crate) fn new(label: Option<(String, Place)>, operation: Operation, place: Place) -> Self {
        Self { label, operation, place, operands: String::new(), pieces: Vec::new() }
    }

    /// Adds what a card holds of the operand field, from this column.
    pub(crate) fn push(&mut self, text: &str, line: u32, column: usize) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.operands.len(), line, column: column as u32 });
            self.operands.push_str(text);
        }
    }

    /// Removes blanks at the end, which an unclosed quote leaves.
    pub(crate) fn trim(&mut self) {
        self.operands.truncate(self.operands.trim_end().len());
    }

    /// The operand field.
    pub(crate) fn operands(&self) -> &str {
        &self.operands
    }

    /// The place of a stretch of the operand field; the operation's where there is none. What goes on to the next
    /// card is marked on its first.
    pub(crate) fn place_of(&self, start: usize, end: usize) -> Place {
        let after = self.pieces.partition_point(|piece| piece.start <= start);
        let Some(piece) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return self.place;
        };
        let piece_end = self.pieces.get(after).map_or(self.operands.len(), |next| next.start);
        let characters = |from: usize, to: usize| {
            self.operands.get(from..to).map_or(0, |text| text.chars().count() as u32)
        };
        let column = piece.column + characters(piece.start, start);
        let width = characters(start, end.min(piece_end)).max(1);
        Place { line: piece.line, column, width }
    }
}
