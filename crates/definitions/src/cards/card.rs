//! One line, seen as the assembler sees it: columns 1-71 are text, column 72 asks for more, 73-80 are a sequence
//! number that nobody reads.

use super::place::Place;

/// The last column of statement text.
pub(crate) const LAST_TEXT_COLUMN: usize = 71;
/// The column that is not blank when the next card continues this one.
pub(crate) const CONTINUATION_COLUMN: usize = 72;
/// The column where a continuation resumes.
pub(crate) const RESUME_COLUMN: usize = 16;

/// The last column that is looked at when text was typed past its card, and that findings show.
pub(crate) const LAST_SHOWN_COLUMN: usize = 120;

/// One line of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card<'s> {
    /// Its line number, counted from 1.
    pub(crate) line: u32,
    text: &'s str,
    ascii: bool,
}

impl<'s> Card<'s> {
    /// The line as a card.
    pub(crate) fn new(line: u32, text: &'s str) -> Self {
        Self { line, text, ascii: text.is_ascii() }
    }

    /// The text from column `from` to column 71.
    pub(crate) fn text_from(&self, from: usize) -> &'s str {
        self.columns(from, LAST_TEXT_COLUMN)
    }

    /// Column 72 is not blank.
    pub(crate) fn is_continued(&self) -> bool {
        !self.columns(CONTINUATION_COLUMN, CONTINUATION_COLUMN).chars().all(blank)
    }

    /// Neither column 71 nor column 72 is blank: either a word is cut here, or it was typed past column 71.
    pub(crate) fn overruns(&self) -> bool {
        self.is_continued() && !self.columns(LAST_TEXT_COLUMN, LAST_TEXT_COLUMN).chars().all(blank)
    }

    /// The text from column 72 on.
    pub(crate) fn beyond(&self) -> &'s str {
        self.columns(CONTINUATION_COLUMN, LAST_SHOWN_COLUMN)
    }

    /// Nothing in columns 1-71.
    pub(crate) fn is_blank(&self) -> bool {
        self.text_from(1).chars().all(blank)
    }

    /// An asterisk, or a period and an asterisk, in column 1.
    pub(crate) fn is_comment(&self) -> bool {
        self.text.starts_with('*') || self.text.starts_with(".*")
    }

    /// The first column that is not blank, within 1-71.
    pub(crate) fn first_column(&self) -> Option<usize> {
        self.text_from(1).chars().position(|character| !blank(character)).map(|at| at + 1)
    }

    /// A stretch of this card.
    pub(crate) fn place(&self, column: usize, width: usize) -> Place {
        Place { line: self.line, column: column as u32, width: width.max(1) as u32 }
    }

    /// Columns `from` to `to`, both included; shorter where the line is.
    fn columns(&self, from: usize, to: usize) -> &'s str {
        let (start, end) = match self.ascii {
            true => (from - 1, to.min(self.text.len())),
            false => (self.byte_of(from - 1), self.byte_of(to)),
        };
        self.text.get(start..end).unwrap_or_default()
    }

    fn byte_of(&self, characters: usize) -> usize {
        self.text.char_indices().nth(characters).map_or(self.text.len(), |(at, _)| at)
    }
}

/// What counts as a blank on a card. A tab takes one column, and a control character is no text.
pub(crate) fn blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_not_bytes() {
        let line = format!("{:<71}X00010000", " FIELD REMARKS='Prüfung'");
        let card = Card::new(1, &line);
        assert!(card.is_continued());
        assert_eq!(card.text_from(72), "");
        assert_eq!(card.text_from(8).trim_end(), "REMARKS='Prüfung'");
        assert_eq!(card.first_column(), Some(2));
    }

    #[test]
    fn a_sequence_number_is_not_text() {
        let line = format!("{:<72}00010000", "");
        assert!(Card::new(1, &line).is_blank());
        assert!(!Card::new(1, &line).is_continued());
    }
}
