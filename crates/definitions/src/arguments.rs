//! The operands of a statement as typed values, each checked as it is taken.

use crate::cards::Place;
use crate::finding::Findings;
use crate::nearest::nearest;
use crate::operands::{Item, Operand, Parsed, Value, shown, unquoted};
use crate::origin::StatementPlaces;
use std::fmt;
use std::str::FromStr;
use vocabulary::message::*;
use vocabulary::{MessageDefinition, NameError};

/// The keywords of a statement: its own name first, then what else it may be written as.
pub(crate) type Keywords = &'static [&'static [&'static str]];

/// A word of an operand and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    pub(crate) place: Place,
}

/// The operands of one statement, sorted by keyword.
pub(crate) struct Arguments<'a, 'f> {
    parsed: &'a Parsed<'a>,
    given: Vec<(&'static str, &'a Operand<'a>)>,
    pub(crate) findings: &'f mut Findings,
}

impl<'a, 'f> Arguments<'a, 'f> {
    /// Finds the keyword of every operand; unknown, repeated and missing ones are reported.
    pub(crate) fn new(parsed: &'a Parsed<'a>, keywords: Keywords, findings: &'f mut Findings) -> Self {
        let mut arguments = Self { parsed, given: Vec::with_capacity(parsed.operands.len()), findings };
        for operand in &parsed.operands {
            arguments.sort_in(operand, keywords);
        }
        arguments
    }

    fn sort_in(&mut self, operand: &'a Operand<'a>, keywords: Keywords) {
        let written = operand.keyword.unwrap_or_default();
        let place = self.parsed.statement.place_of(operand.start, operand.start + written.len());
        let Some(text) = operand.keyword else {
            let text = self.parsed.statement.operands().get(operand.item.start..operand.item.end);
            self.findings.report(&OPND032, self.place_of(&operand.item), &[&shown(text.unwrap_or_default())]);
            return;
        };
        let known = keywords
            .iter()
            .find(|spellings| spellings.iter().any(|spelling| spelling.eq_ignore_ascii_case(text)))
            .and_then(|spellings| spellings.first());
        match known {
            Some(keyword) if self.given.iter().any(|(earlier, _)| earlier == keyword) => {
                self.findings.report(&OPND031, place, &[keyword]);
            }
            Some(keyword) => self.given.push((keyword, operand)),
            None => self.report_unknown(text, place, keywords),
        }
    }

    fn report_unknown(&mut self, text: &str, place: Place, keywords: Keywords) {
        let operation = self.parsed.statement.operation.name();
        let candidates = keywords.iter().flat_map(|spellings| spellings.iter().copied());
        let finding = self.findings.report(&OPND030, place, &[&operation, &shown(text)]);
        if let Some(nearest) = nearest(text, candidates) {
            finding.hint(format!("{nearest}= is the nearest operand"));
        }
    }

    /// The statement was made of a DDL statement.
    pub(crate) fn is_of_ddl(&self) -> bool {
        self.parsed.statement.of_ddl
    }

    /// The label of the statement.
    pub(crate) fn label(&self) -> Option<Token<'a>> {
        let (text, place) = self.parsed.statement.label.as_ref()?;
        Some(Token { text, place: *place })
    }

    /// Where every operand stands.
    pub(crate) fn places(&self) -> StatementPlaces {
        let operands = self.given.iter().map(|(keyword, operand)| (*keyword, self.place_of(&operand.item)));
        StatementPlaces { statement: self.parsed.statement.place, operands: operands.collect() }
    }

    /// The value of an operand; none where it is absent or empty.
    pub(crate) fn item(&self, keyword: &str) -> Option<&'a Item<'a>> {
        let (_, operand) = self.given.iter().find(|(given, _)| *given == keyword)?;
        (operand.item.value != Value::Empty).then_some(&operand.item)
    }

    /// Whether an operand has a value.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.item(keyword).is_some()
    }

    /// Where the value of an operand stands; the operation where there is none.
    pub(crate) fn place(&self, keyword: &str) -> Place {
        self.item(keyword).map_or(self.parsed.statement.place, |item| self.place_of(item))
    }

    pub(crate) fn place_of(&self, item: &Item<'_>) -> Place {
        self.parsed.statement.place_of(item.start, item.end)
    }

    /// Reports at the value of an operand.
    pub(crate) fn report(
        &mut self,
        definition: &'static MessageDefinition,
        keyword: &str,
        inserts: &[&dyn fmt::Display],
    ) -> &mut crate::finding::Finding {
        let place = self.place(keyword);
        self.findings.report(definition, place, inserts)
    }

    /// Reports an operand that has to be there and isn't; true when it is.
    pub(crate) fn require(&mut self, keyword: &'static str) -> bool {
        if !self.has(keyword) {
            let operation = self.parsed.statement.operation.name();
            self.report(&OPND033, keyword, &[&operation, &keyword]);
        }
        self.has(keyword)
    }

    /// The only word of an operand, with or without parentheses.
    pub(crate) fn word(&mut self, keyword: &'static str) -> Option<Token<'a>> {
        self.words(keyword, 1).into_iter().next().flatten()
    }

    /// The words of an operand, with or without parentheses around them; an item left empty is none.
    pub(crate) fn words(&mut self, keyword: &'static str, count_max: usize) -> Vec<Option<Token<'a>>> {
        match self.item(keyword) {
            Some(item) => self.words_of(keyword, item, count_max),
            None => Vec::new(),
        }
    }

    /// As [`Self::words`], for an item of a list.
    pub(crate) fn words_of<'i>(
        &mut self,
        keyword: &'static str,
        item: &Item<'i>,
        count_max: usize,
    ) -> Vec<Option<Token<'i>>> {
        let items = std::slice::from_ref(item);
        let items = if let Value::List(items) = &item.value { items.as_slice() } else { items };
        if items.len() > count_max {
            let place = self.place_of(item);
            self.findings.report(&OPND037, place, &[&keyword, &count_max, &items.len()]);
        }
        items.iter().take(count_max).map(|item| self.word_of(keyword, item)).collect()
    }

    /// The word that an item is.
    pub(crate) fn word_of<'i>(&mut self, keyword: &'static str, item: &Item<'i>) -> Option<Token<'i>> {
        let place = self.place_of(item);
        match &item.value {
            Value::Empty => None,
            Value::Word(text) | Value::Quoted(text) => Some(Token { text, place }),
            Value::List(items) => match items.as_slice() {
                [only] => self.word_of(keyword, only),
                _ => {
                    self.findings.report(&OPND041, place, &[&keyword]);
                    None
                }
            },
        }
    }

    /// The name that an operand gives.
    pub(crate) fn name<N: FromStr<Err = NameError>>(&mut self, keyword: &'static str) -> Option<N> {
        let token = self.word(keyword)?;
        self.parse_name(keyword, token)
    }

    /// The name that a word is.
    pub(crate) fn parse_name<N: FromStr<Err = NameError>>(
        &mut self,
        keyword: &'static str,
        token: Token<'_>,
    ) -> Option<N> {
        if token.text.contains("${") {
            self.findings
                .report(&CARD026, token.place, &[&shown(token.text)])
                .hint("fill in the template before it is compiled");
            return None;
        }
        match token.text.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let error = shown_error(&error);
                self.findings.report(&OPND036, token.place, &[&keyword, &error]);
                None
            }
        }
    }

    /// The name of a load module, which is made as other names are.
    pub(crate) fn module(&mut self, keyword: &'static str, token: Token<'_>) -> Option<String> {
        self.parse_name::<vocabulary::DdName>(keyword, token).map(|name| name.to_string())
    }

    /// The number that an operand gives, within bounds.
    pub(crate) fn number(&mut self, keyword: &'static str, min: u32, max: u32) -> Option<u32> {
        let token = self.word(keyword)?;
        self.parse_number(keyword, token, min, max)
    }

    /// The number that a word is; leading zeros don't matter.
    pub(crate) fn parse_number(
        &mut self,
        keyword: &'static str,
        token: Token<'_>,
        min: u32,
        max: u32,
    ) -> Option<u32> {
        let number = match token.text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => token.text.parse().ok().filter(|number| (min..=max).contains(number)),
            false => None,
        };
        if number.is_none() {
            self.findings.report(&OPND035, token.place, &[&keyword, &shown(token.text), &min, &max]);
        }
        number
    }

    /// Which of these words an operand gives.
    pub(crate) fn choice<T: Copy>(&mut self, keyword: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let token = self.word(keyword)?;
        self.parse_choice(keyword, token, choices)
    }

    /// Which of these words a word is.
    pub(crate) fn parse_choice<T: Copy>(
        &mut self,
        keyword: &'static str,
        token: Token<'_>,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let found = choices.iter().find(|(text, _)| text.eq_ignore_ascii_case(token.text));
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|&(text, _)| text).collect();
            let text = shown(token.text);
            let finding = self.findings.report(&OPND034, token.place, &[&keyword, &text, &names.join(", ")]);
            if let Some(nearest) = nearest(token.text, names.into_iter()) {
                finding.hint(format!("{nearest} is the nearest value"));
            }
        }
        found.map(|&(_, value)| value)
    }

    /// YES or NO.
    pub(crate) fn yes_no(&mut self, keyword: &'static str) -> Option<bool> {
        self.choice(keyword, &[("YES", true), ("NO", false), ("Y", true), ("N", false)])
    }

    /// Free text, quoted or not, of so many characters at most.
    pub(crate) fn text(&mut self, keyword: &'static str, characters_max: usize) -> Option<String> {
        let item = self.item(keyword)?;
        let text = match &item.value {
            Value::Quoted(text) => unquoted(text),
            _ => self.raw(item).to_string(),
        };
        self.check_length(keyword, &text, characters_max, self.place_of(item));
        Some(text)
    }

    /// EXTERNALNAME=. Left out, it is the name, and so one that repeats the name counts as left out.
    pub(crate) fn external_name(&mut self, name: Option<&str>) -> Option<String> {
        self.text("EXTERNALNAME", 128).filter(|external| Some(external.as_str()) != name)
    }

    fn check_length(&mut self, keyword: &'static str, text: &str, characters_max: usize, place: Place) {
        // Counting bytes first spares counting the characters of nearly every text.
        if text.len() > characters_max && text.chars().count() > characters_max {
            self.findings.report(&OPND042, place, &[&keyword, &characters_max, &text.chars().count()]);
        }
    }

    /// An item as it is written, quotes and parentheses included.
    pub(crate) fn raw(&self, item: &Item<'_>) -> &'a str {
        self.parsed.statement.operands().get(item.start..item.end).unwrap_or_default()
    }
}

/// A name error whose text can't outgrow a message.
fn shown_error(error: &NameError) -> NameError {
    let mut error = error.clone();
    if let NameError::TooLong { text, .. } | NameError::BadCharacter { text, .. } = &mut error {
        *text = shown(text);
    }
    error
}
