//! Reading along the tokens of one statement.
//!
//! What takes a token gives none where another one stands, once that is reported: one finding for one slip, after
//! which whoever reads a list goes on behind its next comma.

use super::lexer::{Kind, Token, Tokens};
use super::sheet::{operand_text, operand_word};
use crate::cards::Place;
use crate::finding::{Finding, Findings};
use crate::nearest::nearest;
use crate::operands::shown;
use vocabulary::message::*;

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) place: Place,
}

impl Named {
    /// As an operand writes it.
    pub(super) fn operand(&self) -> String {
        operand_word(&self.name)
    }
}

/// The tokens of a statement, and how far they were read.
pub(super) struct Cursor<'t> {
    tokens: &'t Tokens,
    at: usize,
    /// Behind the last token of the statement.
    end: usize,
    pub(super) findings: &'t mut Findings,
}

impl<'t> Cursor<'t> {
    /// At the first of the tokens from `start` to `end`.
    pub(super) fn new(tokens: &'t Tokens, start: usize, end: usize, findings: &'t mut Findings) -> Self {
        Self { tokens, at: start, end, findings }
    }

    /// Where it is, as a mark to compare with.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.end
    }

    /// The place of the next token, or of the last one.
    pub(super) fn place(&self) -> Place {
        let token = self.peek().or_else(|| self.tokens.list.get(self.end.checked_sub(1)?));
        token.map_or(Place { line: 1, column: 1, width: 1 }, |token| token.place)
    }

    fn peek(&self) -> Option<&'t Token> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<&'t Token> {
        let at = self.at + ahead;
        self.tokens.list.get(at).filter(|_| at < self.end)
    }

    fn take(&mut self) -> Option<&'t Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The next token if it is a word, as it is written.
    pub(super) fn word(&self) -> &'t str {
        self.word_at(0)
    }

    /// The word so many tokens further on; empty where there is none.
    pub(super) fn word_at(&self, ahead: usize) -> &'t str {
        let token = self.peek_at(ahead).filter(|token| token.kind == Kind::Word);
        token.map_or("", |token| self.tokens.raw(token))
    }

    /// Whether the next tokens are these words.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.word_at(ahead).eq_ignore_ascii_case(word))
    }

    /// Whether a word or a name in double quotes is so many tokens further on.
    pub(super) fn is_name_at(&self, ahead: usize) -> bool {
        self.peek_at(ahead).is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Delimited))
    }

    /// Whether USING is so many tokens further on.
    pub(super) fn is_using_at(&self, ahead: usize) -> bool {
        self.word_at(ahead).eq_ignore_ascii_case("USING")
    }

    /// Whether this sign stands so many tokens further on.
    pub(super) fn is_sign_at(&self, ahead: usize, sign: char) -> bool {
        self.peek_at(ahead).is_some_and(|token| token.kind == Kind::Sign(sign))
    }

    /// Whether DIRECT DEPENDENT or SEQUENTIAL DEPENDENT is next.
    pub(super) fn is_dependent(&self) -> bool {
        self.is(&["DIRECT", "DEPENDENT"]) || self.is(&["SEQUENTIAL", "DEPENDENT"])
    }

    /// Whether an item of a table ends here: at a comma, a parenthesis, another change, or the end of the statement.
    pub(super) fn at_end_of_item(&self) -> bool {
        let change = ["ADD", "ALTER", "DROP"].iter().any(|word| self.is(&[word]));
        self.at_end() || change || self.is_sign_at(0, ',') || self.is_sign_at(0, ')')
    }

    /// Takes these words, if they are next, and gives the place of the first.
    pub(super) fn take_words(&mut self, words: &[&str]) -> Option<Place> {
        let place = self.place();
        self.is(words).then(|| {
            self.at += words.len();
            place
        })
    }

    /// Takes a sign, if it is next.
    pub(super) fn take_sign(&mut self, sign: char) -> bool {
        let taken = self.is_sign_at(0, sign);
        self.at += usize::from(taken);
        taken
    }

    /// Takes words that have to be next.
    pub(super) fn expect_words(&mut self, words: &[&str]) -> Option<Place> {
        let taken = self.take_words(words);
        if taken.is_none() {
            self.unexpected(&words.join(" "));
        }
        taken
    }

    /// Takes a sign that has to be next.
    pub(super) fn expect_sign(&mut self, sign: char) -> Option<()> {
        let taken = self.take_sign(sign);
        if !taken {
            self.unexpected(&sign.to_string());
        }
        taken.then_some(())
    }

    /// Takes a name, which may be any word, and is folded to capitals unless it is in double quotes.
    pub(super) fn name(&mut self, what: &str) -> Option<Named> {
        let name = match self.peek().map(|token| (token.kind, token)) {
            Some((Kind::Word, token)) => self.tokens.raw(token).to_ascii_uppercase(),
            Some((Kind::Delimited, token)) => self.tokens.unquoted(token),
            _ => {
                self.unexpected(what);
                return None;
            }
        };
        let place = self.place();
        self.at += 1;
        Some(Named { name, place })
    }

    /// Takes names with periods between them, `least` or more and `most` at most.
    pub(super) fn qualified(&mut self, what: &str, least: usize, most: usize) -> Option<Vec<Named>> {
        let mut names = vec![self.name(what)?];
        while names.len() < most && self.take_sign('.') {
            names.push(self.name(what)?);
        }
        if names.len() < least {
            self.expect_sign('.')?;
        }
        Some(names)
    }

    /// Takes names in parentheses.
    pub(super) fn names(&mut self, what: &str) -> Option<Vec<Named>> {
        self.expect_sign('(')?;
        let mut names = vec![self.name(what)?];
        while self.take_sign(',') {
            names.push(self.name(what)?);
        }
        self.expect_sign(')')?;
        Some(names)
    }

    /// Takes a number, as it is written.
    pub(super) fn number(&mut self) -> Option<(String, Place)> {
        match self.peek() {
            Some(token) if token.kind == Kind::Number => {
                self.at += 1;
                Some((self.tokens.raw(token).to_string(), token.place))
            }
            _ => {
                self.unexpected("A NUMBER");
                None
            }
        }
    }

    /// Whether a number is next.
    pub(super) fn is_number(&self) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Number)
    }

    /// Takes a text in single quotes.
    pub(super) fn text(&mut self) -> Option<(String, Place)> {
        match self.peek() {
            Some(token) if token.kind == Kind::Text => {
                self.at += 1;
                Some((self.tokens.unquoted(token), token.place))
            }
            _ => {
                self.unexpected("A TEXT IN SINGLE QUOTES");
                None
            }
        }
    }

    /// Takes a word, a number, a text, or a text with a letter before it, as an operand is to write it.
    pub(super) fn value(&mut self) -> Option<(String, Place)> {
        let token = self.peek();
        let text = match token.map(|token| (token.kind, token)) {
            Some((Kind::Word | Kind::Number | Kind::Typed, token)) => self.tokens.raw(token).to_string(),
            Some((Kind::Text, token)) => operand_text(&self.tokens.unquoted(token)),
            Some((Kind::Delimited, token)) => operand_word(&self.tokens.unquoted(token)),
            _ => {
                self.unexpected("A VALUE");
                return None;
            }
        };
        let place = self.place();
        self.at += 1;
        Some((text, place))
    }

    /// Takes a text with a letter before it, `X'00'`: the letter and the text.
    pub(super) fn typed(&mut self) -> Option<(char, String, Place)> {
        let token = self.peek().filter(|token| token.kind == Kind::Typed)?;
        self.at += 1;
        let raw = self.tokens.raw(token);
        let letter = raw.chars().next()?.to_ascii_uppercase();
        let text = raw.get(2..).unwrap_or_default();
        let text = text.strip_suffix('\'').unwrap_or(text).replace("''", "'");
        Some((letter, text, token.place))
    }

    /// Reports that the next token is not what was to come.
    pub(super) fn unexpected(&mut self, expected: &str) -> &mut Finding {
        let place = self.place();
        match self.peek() {
            Some(token) => {
                let found = shown(self.tokens.raw(token));
                self.findings.report(&DDL100, place, &[&found, &expected])
            }
            None => self.findings.report(&DDL101, place, &[&expected]),
        }
    }

    /// Reports that the next token begins no clause of `what`, and suggests one of these.
    pub(super) fn unknown(&mut self, what: &str, known: &[String]) {
        let word = self.word();
        let found = self.peek().map_or(String::new(), |token| shown(self.tokens.raw(token)));
        let place = self.place();
        let finding = self.findings.report(&DDL106, place, &[&found, &what]);
        if let Some(nearest) = nearest(word, known.iter().map(String::as_str)).filter(|_| !word.is_empty()) {
            finding.hint(format!("{nearest} is the nearest clause"));
        }
    }

    /// Passes over everything up to a comma or a parenthesis that closes what is open here.
    pub(super) fn skip_item(&mut self) {
        let mut open = 0usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign('(') => open += 1,
                Kind::Sign(')') if open == 0 => return,
                Kind::Sign(')') => open -= 1,
                Kind::Sign(',') if open == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes over a list whose parenthesis was opened before, and over the parenthesis that closes it.
    pub(super) fn skip_list(&mut self) {
        while !self.at_end() {
            self.skip_item();
            if self.take_sign(')') {
                return;
            }
            self.take();
        }
    }

    /// Passes over one token.
    pub(super) fn skip(&mut self) {
        self.take();
    }

    /// Passes over the rest of the statement.
    pub(super) fn skip_all(&mut self) {
        self.at = self.end;
    }
}
