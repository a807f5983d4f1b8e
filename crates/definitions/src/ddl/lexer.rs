//! Records into tokens: words, names in double quotes, texts in single quotes, numbers and signs.
//!
//! DDL is read from records of eighty columns, one after the other, so that a word or a text that reaches column 80
//! goes on in column 1 of the next record. A shorter line is a record whose blanks at the end were cut off. Comments
//! may stand anywhere between tokens.

use crate::cards::{Place, Source};
use crate::finding::Findings;
use vocabulary::message::*;

/// The columns of a record.
pub(super) const RECORD_COLUMNS: usize = 80;
/// A text goes on over the end of a line this long or longer: what is missing are blanks that were cut off. On a
/// shorter one its closing quote was forgotten.
const CONTINUED_COLUMNS_MIN: usize = 70;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, digits, `_`, `#`, `@` and `$`, and no number.
    Word,
    /// A name in double quotes.
    Delimited,
    /// A text in single quotes.
    Text,
    /// A text with a letter before it: `X'00'`.
    Typed,
    /// Digits, and a fraction where there is one.
    Number,
    /// One character of punctuation, or one that means nothing.
    Sign(char),
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    start: usize,
    end: usize,
    pub(super) place: Place,
}

/// All tokens of a source.
#[derive(Debug)]
pub(super) struct Tokens {
    flat: Flat,
    pub(super) list: Vec<Token>,
}

/// The records joined: where a line fills its record, the next one follows at once, else after a line end.
#[derive(Debug)]
struct Flat {
    text: String,
    /// Where each line begins in `text`, its number and its length in characters.
    lines: Vec<(usize, u32, usize)>,
}

impl Tokens {
    /// The tokens of a source; what can't be one is reported and passed over.
    pub(super) fn read(source: &Source, findings: &mut Findings) -> Self {
        let flat = Flat::of(source);
        let mut lexer = Lexer { flat: &flat, at: 0, line: 0, list: Vec::new(), findings };
        lexer.run();
        let list = lexer.list;
        Self { flat, list }
    }

    /// The token as it is written.
    pub(super) fn raw(&self, token: &Token) -> &str {
        self.flat.text.get(token.start..token.end).unwrap_or_default()
    }

    /// What a text or a name in quotes says: doubled quotes stand for one, a line end for the blanks before it.
    pub(super) fn unquoted(&self, token: &Token) -> String {
        let raw = self.raw(token);
        let quote = raw.chars().next().unwrap_or('\'');
        let inner = raw.strip_prefix(quote).unwrap_or(raw);
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        let text = inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        match text.contains('\n') {
            true => self.with_blanks(token, &text),
            false => text,
        }
    }

    fn with_blanks(&self, token: &Token, text: &str) -> String {
        let first = self.flat.lines.partition_point(|&(start, ..)| start <= token.start).saturating_sub(1);
        let mut lines = self.flat.lines[first..].iter().filter(|&&(.., length)| length < RECORD_COLUMNS);
        let mut filled = String::with_capacity(text.len() + RECORD_COLUMNS);
        for character in text.chars() {
            match character {
                '\n' => {
                    let length = lines.next().map_or(RECORD_COLUMNS, |&(.., length)| length);
                    filled.extend(std::iter::repeat_n(' ', RECORD_COLUMNS - length));
                }
                character => filled.push(character),
            }
        }
        filled
    }
}

impl Flat {
    fn of(source: &Source) -> Self {
        let mut flat = Self { text: String::new(), lines: Vec::new() };
        for number in 1..=source.line_count() {
            let line = source.line(number);
            let length = if line.is_ascii() { line.len() } else { line.chars().count() };
            flat.lines.push((flat.text.len(), number, length));
            flat.text.push_str(line);
            if length != RECORD_COLUMNS {
                flat.text.push('\n');
            }
        }
        flat
    }
}

struct Lexer<'a> {
    flat: &'a Flat,
    at: usize,
    /// The line that `at` is on, as an index into the lines.
    line: usize,
    list: Vec<Token>,
    findings: &'a mut Findings,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes().get(self.at) {
            match byte {
                b'/' if self.follows(b'*') => self.comment(),
                b'-' if self.follows(b'-') => self.skip_to(|byte| byte == b'\n'),
                b'\'' => self.quoted(self.at, Kind::Text),
                b'"' => self.quoted(self.at, Kind::Delimited),
                _ if is_word(byte) => self.word(),
                _ if byte.is_ascii_whitespace() || byte.is_ascii_control() => self.at += 1,
                _ => {
                    let start = self.at;
                    self.at += 1;
                    self.push(Kind::Sign(char::from(byte)), start);
                }
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        self.flat.text.as_bytes()
    }

    fn follows(&self, byte: u8) -> bool {
        self.bytes().get(self.at + 1) == Some(&byte)
    }

    fn skip_to(&mut self, stop: impl Fn(u8) -> bool) {
        let rest = &self.bytes()[self.at..];
        self.at += rest.iter().position(|&byte| stop(byte)).unwrap_or(rest.len());
    }

    fn comment(&mut self) {
        match self.flat.text[self.at + 2..].find("*/") {
            Some(length) => self.at += length + 4,
            None => {
                let place = self.place(self.at, self.at + 2);
                self.findings.report(&DDL104, place, &[]).hint("*/ ends a comment");
                self.at = self.flat.text.len();
            }
        }
    }

    /// A text from `start`, whose quote stands at the cursor.
    fn quoted(&mut self, start: usize, kind: Kind) {
        let quote = self.bytes()[self.at];
        let open = self.at;
        self.at += 1;
        loop {
            self.skip_to(|byte| byte == quote || byte == b'\n');
            match self.bytes().get(self.at) {
                Some(&byte) if byte == quote && self.follows(quote) => self.at += 2,
                Some(&byte) if byte == quote => {
                    self.at += 1;
                    return self.push(kind, start);
                }
                Some(_) if self.line_goes_on() => self.at += 1,
                _ => {
                    let place = self.place(open, open + 1);
                    self.findings
                        .report(&CARD016, place, &[])
                        .hint("a quote within a quoted text is written twice");
                    return self.push(kind, start);
                }
            }
        }
    }

    /// The line that ends here is long enough for a text to go on, and is not the last.
    fn line_goes_on(&self) -> bool {
        let after = self.flat.lines.partition_point(|&(start, ..)| start <= self.at);
        let length =
            after.checked_sub(1).and_then(|at| self.flat.lines.get(at)).map_or(0, |&(.., length)| length);
        (CONTINUED_COLUMNS_MIN..RECORD_COLUMNS).contains(&length) && after < self.flat.lines.len()
    }

    fn word(&mut self) {
        let start = self.at;
        self.skip_to(|byte| !is_word(byte));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits(&self.flat.text[start..self.at]) {
            let fraction =
                self.bytes()[self.at..].iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            if self.bytes().get(self.at) == Some(&b'.') && fraction > 0 {
                self.at += 1 + fraction;
            }
            return self.push(Kind::Number, start);
        }
        if self.at == start + 1 && self.bytes().get(self.at) == Some(&b'\'') {
            return self.quoted(start, Kind::Typed);
        }
        self.push(Kind::Word, start);
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let place = self.place(start, self.at);
        self.list.push(Token { kind, start, end: self.at, place });
    }

    /// Tokens are met in order, so that their lines are too.
    fn place(&mut self, start: usize, end: usize) -> Place {
        while self.flat.lines.get(self.line + 1).is_some_and(|&(next, ..)| next <= start) {
            self.line += 1;
        }
        let (begin, line, length) = self.flat.lines.get(self.line).copied().unwrap_or((0, 1, 0));
        let line_end = self.flat.lines.get(self.line + 1).map_or(self.flat.text.len(), |&(next, ..)| next);
        let end = end.min(line_end);
        let ascii = length == line_end - begin || length + 1 == line_end - begin;
        let characters = |from: usize, to: usize| match ascii {
            true => to - from,
            false => self.flat.text.get(from..to).map_or(0, |text| text.chars().count()),
        };
        let column = characters(begin, start) as u32 + 1;
        Place { line, column, width: (characters(start, end) as u32).max(1) }
    }
}

/// What a word is made of. Letters of other alphabets are let through, so that a name with one is told as a whole.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#' | b'@' | b'$' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn words(text: &str) -> Vec<String> {
        let source = Arc::new(Source::new("test", text.as_bytes()));
        let mut findings = Findings::new(Arc::clone(&source));
        let tokens = Tokens::read(&source, &mut findings);
        tokens.list.iter().map(|token| tokens.raw(token).to_string()).collect()
    }

    #[test]
    fn a_token_that_reaches_column_80_goes_on_in_column_1() {
        let filled = |text: &str| format!("{text:>80}");
        assert_eq!(words(&format!("{}\n0P IS", filled("IN W1D15"))), ["IN", "W1D150P", "IS"]);
        assert_eq!(
            words(&format!("{}\n0P IS", filled("IN W1D15")[1..].to_owned())),
            ["IN", "W1D15", "0P", "IS"]
        );
        assert_eq!(words(&format!("{}\n* A COMMENT */ B", filled("A /"))), ["A", "B"]);
        assert_eq!(words(&format!("{}\nb'", filled("'a"))), ["'ab'"]);
    }

    #[test]
    fn a_text_has_the_blanks_that_its_record_had() {
        let source = Arc::new(Source::new("test", format!("{:>78}\nb''c'", "'a").as_bytes()));
        let mut findings = Findings::new(Arc::clone(&source));
        let tokens = Tokens::read(&source, &mut findings);
        assert_eq!(tokens.unquoted(&tokens.list[0]), "a  b'c");
    }

    #[test]
    fn every_kind_of_token_is_seen() {
        assert_eq!(
            words("A.B(10,2.5)=X'0''0'--REST\n\"/CK\"\"1\";"),
            ["A", ".", "B", "(", "10", ",", "2.5", ")", "=", "X'0''0'", "\"/CK\"\"1\"", ";"]
        );
    }
}
