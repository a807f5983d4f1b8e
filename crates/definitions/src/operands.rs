//! The operand field into operands: `KEYWORD=value`, lists in parentheses, quoted texts, items left empty.

use crate::cards::{Place, Statement};
use crate::finding::Findings;
use vocabulary::message::*;

/// How deep lists may be nested. Real ones reach three.
const NESTING_MAX: usize = 8;

/// A value and where it stands in the operand field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    pub(crate) value: Value<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What is written after an equals sign, or between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Empty,
    /// Text up to a comma or a closing parenthesis, as written. It may hold quotes and balanced parentheses.
    Word(&'a str),
    /// Text between quotes, with doubled quotes still doubled.
    Quoted(&'a str),
    /// Items in parentheses.
    List(Vec<Item<'a>>),
}

/// One operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand<'a> {
    /// What stands before the equals sign, if there is one.
    pub(crate) keyword: Option<&'a str>,
    /// Where the operand begins in the operand field.
    pub(crate) start: usize,
    pub(crate) item: Item<'a>,
}

/// A statement and its operands.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) operands: Vec<Operand<'a>>,
}

/// Reads the operands of a statement; empty ones are left out.
pub(crate) fn parse<'a>(statement: &'a Statement, findings: &mut Findings) -> Parsed<'a> {
    let mut parser = Parser { statement, text: statement.operands(), at: 0, unbalanced: false, findings };
    let mut operands = Vec::new();
    while parser.at < parser.text.len() {
        let operand = parser.operand();
        if operand.keyword.is_some() || operand.item.value != Value::Empty {
            operands.push(operand);
        }
        parser.end_of_operand();
    }
    Parsed { statement, operands }
}

struct Parser<'a, 'f> {
    statement: &'a Statement,
    text: &'a str,
    at: usize,
    /// A parenthesis was found that nothing closes; from there on words don't look for pairs, which would cost the
    /// square of the length.
    unbalanced: bool,
    findings: &'f mut Findings,
}

impl<'a> Parser<'a, '_> {
    fn operand(&mut self) -> Operand<'a> {
        let start = self.at;
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let keyword = (length > 0 && rest[length..].starts_with('=')).then(|| &rest[..length]);
        if keyword.is_some() {
            self.at += length + 1;
        }
        Operand { keyword, start, item: self.item(0) }
    }

    /// Passes the comma after an operand, and whatever else stands in its way.
    fn end_of_operand(&mut self) {
        if self.at >= self.text.len() {
            return;
        }
        if self.peek() != Some(b',') {
            let end = self.text[self.at..].find(',').map_or(self.text.len(), |comma| self.at + comma);
            let junk = &self.text[self.at..end];
            self.findings.report(&OPND039, self.place(self.at, end), &[&shown(junk)]);
            self.at = end;
        }
        self.at += 1;
    }

    fn item(&mut self, depth: usize) -> Item<'a> {
        let start = self.at;
        let value = match self.peek() {
            None | Some(b',') => Value::Empty,
            Some(b')') if depth > 0 => Value::Empty,
            Some(b'(') if depth < NESTING_MAX => self.list(depth),
            Some(b'\'') => self.quoted(depth),
            Some(_) => self.word(depth),
        };
        Item { value, start, end: self.at }
    }

    fn list(&mut self, depth: usize) -> Value<'a> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            items.push(self.item(depth + 1));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b')') => {
                    self.at += 1;
                    return Value::List(items);
                }
                Some(_) => self.junk_in_list(),
                None => {
                    self.report_unclosed(open, open + 1);
                    return Value::List(items);
                }
            }
        }
    }

    fn junk_in_list(&mut self) {
        let start = self.at;
        self.word(1);
        self.at = self.at.max(start + 1);
        let junk = self.text.get(start..self.at).unwrap_or_default();
        self.findings.report(&OPND039, self.place(start, self.at), &[&shown(junk)]);
    }

    /// A quoted text, unless more follows its closing quote: then it is a word such as `'A'B`.
    fn quoted(&mut self, depth: usize) -> Value<'a> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while at < bytes.len() {
            match bytes[at..] {
                [b'\'', b'\'', ..] => at += 2,
                [b'\'', ..] => break,
                _ => at += 1,
            }
        }
        let after = bytes.get(at + 1);
        if matches!(after, None | Some(b',')) || (depth > 0 && after == Some(&b')')) {
            self.at = (at + 1).min(bytes.len());
            return Value::Quoted(self.text.get(start + 1..at).unwrap_or_default());
        }
        self.word(depth)
    }

    /// Text up to a comma, or within a list up to the parenthesis that closes it.
    fn word(&mut self, depth: usize) -> Value<'a> {
        let start = self.at;
        let (mut open, mut quoted) = (0usize, false);
        for (offset, byte) in self.text.as_bytes()[start..].iter().enumerate() {
            match byte {
                b'\'' => quoted = !quoted,
                _ if quoted => {}
                b'(' if !self.unbalanced => open += 1,
                b')' if open > 0 => open -= 1,
                b')' if depth > 0 => return self.end_word(start, start + offset),
                b',' if open == 0 => return self.end_word(start, start + offset),
                _ => {}
            }
        }
        if open > 0 {
            return self.unclosed_word(start, depth);
        }
        self.end_word(start, self.text.len())
    }

    /// A word whose parenthesis is never closed ends at the next comma, so that what follows is read.
    fn unclosed_word(&mut self, start: usize, depth: usize) -> Value<'a> {
        let rest = &self.text[start..];
        let end = rest
            .find(|character| character == ',' || (depth > 0 && character == ')'))
            .map_or(self.text.len(), |at| start + at);
        self.report_unclosed(start, end);
        self.end_word(start, end)
    }

    /// Of several that are open, the innermost is reported.
    fn report_unclosed(&mut self, start: usize, end: usize) {
        if !self.unbalanced {
            self.findings.report(&OPND038, self.place(start, end), &[]);
        }
        self.unbalanced = true;
    }

    fn end_word(&mut self, start: usize, end: usize) -> Value<'a> {
        self.at = end;
        match self.text.get(start..end) {
            None | Some("") => Value::Empty,
            Some(word) => Value::Word(word),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn place(&self, start: usize, end: usize) -> Place {
        self.statement.place_of(start, end)
    }
}

/// The beginning of a text, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_string(),
    }
}

/// The text that was quoted: doubled quotes and ampersands stand for one.
pub(crate) fn unquoted(text: &str) -> String {
    text.replace("''", "'").replace("&&", "&")
}
