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
    /// It was made of a DDL statement, and stands on no card.
    pub(crate) of_ddl: bool,
}

/// A stretch of the operand field that stood on one card, or in one place of a DDL statement.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Its beginning in the operand field.
    start: usize,
    line: u32,
    column: u32,
    /// The width in the source, where the stretch is not written there as it is here.
    width: Option<u32>,
}

impl Statement {
    /// A statement without operands yet.
    pub(crate) fn new(label: Option<(String, Place)>, operation: Operation, place: Place) -> Self {
        Self { label, operation, place, operands: String::new(), pieces: Vec::new(), of_ddl: false }
    }

    /// Adds what a card holds of the operand field, from this column.
    pub(crate) fn push(&mut self, text: &str, line: u32, column: usize) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.operands.len(), line, column: column as u32, width: None });
            self.operands.push_str(text);
        }
    }

    /// Adds a stretch that stands for what the source has in this place.
    pub(crate) fn push_standing_for(&mut self, text: &str, place: Place) {
        let Place { line, column, width } = place;
        self.pieces.push(Piece { start: self.operands.len(), line, column, width: Some(width) });
        self.operands.push_str(text);
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
        if let Some(width) = piece.width {
            return Place { line: piece.line, column: piece.column, width };
        }
        let piece_end = self.pieces.get(after).map_or(self.operands.len(), |next| next.start);
        let characters = |from: usize, to: usize| {
            self.operands.get(from..to).map_or(0, |text| text.chars().count() as u32)
        };
        let column = piece.column + characters(piece.start, start);
        let width = characters(start, end.min(piece_end)).max(1);
        Place { line: piece.line, column, width }
    }
}
