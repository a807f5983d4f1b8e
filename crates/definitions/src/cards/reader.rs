//! Cards into statements: labels, operations, comments, continuations and remarks.
//!
//! The rules are the assembler's. Where a source breaks them in a way whose intent is plain (the mark in column 72 is
//! missing, a continuation begins in the wrong column), the finding says so and the reader goes on as intended, so
//! that one slip gives one finding.

use super::card::{CONTINUATION_COLUMN, Card, LAST_TEXT_COLUMN, RESUME_COLUMN, blank};
use super::members::{COPIES_MAX, Copied};
use super::operation::Operation;
use super::place::Place;
use super::source::Source;
use super::statement::Statement;
use crate::finding::Findings;
use crate::operands::shown;
use std::sync::Arc;
use vocabulary::message::*;

/// The longest label.
const LABEL_LENGTH_MAX: usize = 8;

/// Hands out the statements of a source, one after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    source: Arc<Source>,
    /// The line to be read next, counted from 1.
    next: u32,
    tab_seen: bool,
}

/// How far the operand field of a statement has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Operands may follow on the next card.
    Open,
    /// A quote is open, with its place.
    Quoted(Place),
    /// A blank ended the operands; what follows is a remark.
    Ended,
}

impl Reader {
    /// Reads from the first line.
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, next: 1, tab_seen: false }
    }

    /// The next statement that is one; what can't be a statement is reported and passed over.
    pub(crate) fn next_statement(&mut self, findings: &mut Findings) -> Option<Statement> {
        loop {
            let source = Arc::clone(&self.source);
            let card = self.take(&source)?;
            if card.is_blank() || card.is_comment() {
                continue;
            }
            self.warn_of_tab(&card, findings);
            if let Some(statement) = self.statement(&source, &card, findings) {
                return Some(statement);
            }
        }
    }

    fn peek<'s>(&self, source: &'s Source) -> Option<Card<'s>> {
        (self.next <= source.line_count()).then(|| Card::new(self.next, source.line(self.next)))
    }

    fn take<'s>(&mut self, source: &'s Source) -> Option<Card<'s>> {
        let card = self.peek(source)?;
        self.next += 1;
        Some(card)
    }

    fn statement(&mut self, source: &Source, card: &Card<'_>, findings: &mut Findings) -> Option<Statement> {
        let text = card.text_from(1);
        let (label, rest) = label_of(card, text, findings);
        let (name, column, operands) = word_of(text, rest);
        let place = card.place(column, name.chars().count());
        if name.is_empty() {
            let (text, place) = label.map_or(("", card.place(1, 1)), |(_, place)| (text.trim_end(), place));
            findings.report(&CARD024, place, &[&text]);
            self.skip_continuations(source, *card);
            return None;
        }
        let Some(operation) = Operation::parse(name) else {
            report_unknown(name, place, findings);
            self.skip_continuations(source, *card);
            return None;
        };
        let mut statement = Statement::new(label, operation, place);
        if operation.has_operands() {
            self.read_operands(source, card, operands, &mut statement, findings);
        } else {
            if operation == Operation::Copy {
                report_copy(source, card.text_from(column), card.line, place, findings);
            }
            self.skip_continuations(source, *card);
        }
        Some(statement)
    }

    /// Reads the operand field from `text`, which is the rest of the first card, and from the cards that continue it.
    fn read_operands(
        &mut self,
        source: &Source,
        first: &Card<'_>,
        text: &str,
        statement: &mut Statement,
        findings: &mut Findings,
    ) {
        let mut card = *first;
        let column = first.text_from(1).chars().count() - text.chars().count() + 1;
        let mut field = scan(&card, text, column, Field::Open, statement);
        while let Some((next, column)) = self.continuation(source, &card, field, statement, findings) {
            self.warn_of_tab(&next, findings);
            field = match field {
                Field::Ended => warn_of_swallowed(&next, column, findings),
                _ => scan(&next, next.text_from(column), column, field, statement),
            };
            card = next;
        }
        if field != Field::Ended && card.is_continued() {
            field = overrun(&card, field, statement, findings);
        }
        if let Field::Quoted(place) = field {
            findings.report(&CARD016, place, &[]).hint("a quote within a quoted text is written twice");
            statement.trim();
        }
    }

    /// The card that continues `card`, if one does, and the column where its text begins.
    fn continuation<'s>(
        &mut self,
        source: &'s Source,
        card: &Card<'_>,
        field: Field,
        statement: &Statement,
        findings: &mut Findings,
    ) -> Option<(Card<'s>, usize)> {
        let mark = card.place(CONTINUATION_COLUMN, 1);
        if !card.is_continued() {
            return self.unmarked_continuation(source, card, field, statement, findings);
        }
        let mut passed_over = None;
        loop {
            let Some(next) = self.peek(source) else {
                if field != Field::Ended && !card.overruns() {
                    findings.report(&CARD012, mark, &[]);
                }
                return None;
            };
            let is_text = !next.is_blank() && !next.is_comment();
            if is_text || field == Field::Ended {
                return self.marked_continuation(next, card, field, findings);
            }
            if passed_over.is_none() {
                let what = if next.is_comment() { "COMMENT" } else { "BLANK" };
                findings.report(&CARD013, next.place(1, 1), &[&what]);
                passed_over = Some(());
            }
            self.next += 1;
        }
    }

    /// Judges the card after one whose column 72 is not blank.
    fn marked_continuation<'s>(
        &mut self,
        next: Card<'s>,
        card: &Card<'_>,
        field: Field,
        findings: &mut Findings,
    ) -> Option<(Card<'s>, usize)> {
        let begins = next.first_column().unwrap_or(RESUME_COLUMN);
        let quoted = matches!(field, Field::Quoted(_));
        if begins == RESUME_COLUMN || (quoted && begins > RESUME_COLUMN) {
            self.next += 1;
            return Some((next, RESUME_COLUMN));
        }
        if field == Field::Ended && (begins > RESUME_COLUMN || next.is_comment() || next.is_blank()) {
            self.next += u32::from(!next.is_comment());
            return (!next.is_comment()).then_some((next, RESUME_COLUMN));
        }
        if begins < RESUME_COLUMN && begins_statement(&next) {
            let definition = if field == Field::Ended { &CARD014 } else { &CARD018 };
            if field == Field::Ended || !card.overruns() {
                let mark = card.place(CONTINUATION_COLUMN, 1);
                findings.report(definition, mark, &[]).hint("blank column 72, or continue in column 16");
            }
            return None;
        }
        if field != Field::Ended {
            findings.report(&CARD015, next.place(begins, 1), &[&begins]);
        }
        self.next += 1;
        Some((next, begins))
    }

    /// A card whose column 72 is blank is continued all the same when its operands end in a comma and the next card
    /// looks like nothing but their continuation.
    fn unmarked_continuation<'s>(
        &mut self,
        source: &'s Source,
        card: &Card<'_>,
        field: Field,
        statement: &Statement,
        findings: &mut Findings,
    ) -> Option<(Card<'s>, usize)> {
        if field != Field::Open || !statement.operands().ends_with(',') {
            return None;
        }
        let next = self.peek(source).filter(looks_like_operands)?;
        findings
            .report(&CARD011, card.place(CONTINUATION_COLUMN, 1), &[])
            .hint("put any character but a blank into column 72");
        self.next += 1;
        let begins = next.first_column().unwrap_or(RESUME_COLUMN);
        Some((next, begins))
    }

    /// Passes over the cards that continue one whose operands don't matter.
    fn skip_continuations(&mut self, source: &Source, card: Card<'_>) {
        let mut continued = card.is_continued();
        while continued {
            let Some(next) = self.peek(source) else { return };
            if next.is_comment() || begins_statement(&next) {
                return;
            }
            continued = next.is_continued();
            self.next += 1;
        }
    }

    fn warn_of_tab(&mut self, card: &Card<'_>, findings: &mut Findings) {
        if self.tab_seen {
            return;
        }
        if let Some(at) = card.text_from(1).chars().position(|character| character == '\t') {
            self.tab_seen = true;
            findings.report(&CARD019, card.place(at + 1, 1), &[]);
        }
    }
}

/// Takes the label off the text of a card: what begins in column 1, up to a blank.
fn label_of<'c>(
    card: &Card<'_>,
    text: &'c str,
    findings: &mut Findings,
) -> (Option<(String, Place)>, &'c str) {
    let end = text.find(blank).unwrap_or(text.len());
    let (label, rest) = text.split_at(end);
    if label.is_empty() {
        return (None, rest);
    }
    // Library managers begin their directives in column 1.
    if Operation::parse(label) == Some(Operation::Copy) {
        return (None, text);
    }
    let place = card.place(1, label.chars().count());
    if label.chars().count() > LABEL_LENGTH_MAX {
        findings.report(&CARD022, place, &[&label]);
    }
    (Some((label.to_string(), place)), rest)
}

/// The first word of `rest`, its column, and what follows it without leading blanks. `text` is the whole card.
fn word_of<'c>(text: &str, rest: &'c str) -> (&'c str, usize, &'c str) {
    let word = rest.trim_start_matches(blank);
    let column = text.chars().count() - word.chars().count() + 1;
    let end = word.find(blank).unwrap_or(word.len());
    let (name, after) = word.split_at(end);
    (name, column, after.trim_start_matches(blank))
}

/// A definition that lacks a part of its text is not the one that was meant.
fn report_copy(source: &Source, text: &str, line: u32, place: Place, findings: &mut Findings) {
    let member = text.split(blank).filter(|word| !word.is_empty()).nth(1).unwrap_or("(WITHOUT A NAME)");
    match source.copied(line) {
        Copied::Whole => {}
        Copied::Missing => {
            findings
                .report(&CARD021, place, &[&shown(member)])
                .hint("give the member too: a file of its name, with any extension");
        }
        Copied::Circular => {
            findings.report(&CARD027, place, &[&shown(member)]);
        }
        Copied::TooMany => {
            findings.report(&CARD028, place, &[&COPIES_MAX]);
        }
    }
}

fn report_unknown(name: &str, place: Place, findings: &mut Findings) {
    let finding = findings.report(&CARD020, place, &[&name]);
    if let Some(nearest) = crate::nearest::nearest(name, Operation::names()) {
        finding.hint(format!("{nearest} is the nearest statement"));
    }
}

/// Adds the operands that a card holds, and says how the field stands after it.
fn scan(card: &Card<'_>, text: &str, column: usize, field: Field, statement: &mut Statement) -> Field {
    let mut quote = match field {
        Field::Quoted(place) => Some(place),
        _ => None,
    };
    let mut previous = statement.operands().chars().next_back().unwrap_or(',');
    for (count, (at, character)) in text.char_indices().enumerate() {
        match character {
            '\'' => {
                quote = if quote.is_some() { None } else { Some(card.place(column + count, 1)) };
            }
            _ if quote.is_none() && blank(character) => {
                statement.push(&text[..at], card.line, column);
                return if previous == ',' { Field::Open } else { Field::Ended };
            }
            _ => {}
        }
        previous = character;
    }
    statement.push(text, card.line, column);
    match quote {
        Some(place) => Field::Quoted(place),
        None if reaches_the_end(text, column) => Field::Open,
        None if previous == ',' => Field::Open,
        None => Field::Ended,
    }
}

/// A word that goes on in column 72 though no continuation follows was typed past the end of its card. It is read as it
/// was meant, once that is reported.
fn overrun(card: &Card<'_>, field: Field, statement: &mut Statement, findings: &mut Findings) -> Field {
    if !card.overruns() {
        return field;
    }
    let text = card.beyond();
    let word = text.split(blank).next().unwrap_or_default();
    findings
        .report(&CARD023, card.place(CONTINUATION_COLUMN, word.chars().count()), &[])
        .hint("break the operands after a comma, put a mark into column 72, and go on in column 16");
    scan(card, text, CONTINUATION_COLUMN, field, statement)
}

/// The text fills its card up to column 71, so that a word may go on at column 16 of the next.
fn reaches_the_end(text: &str, column: usize) -> bool {
    column + text.chars().count() > LAST_TEXT_COLUMN
}

/// A continuation of complete operands is a remark; one that reads as an operand was hardly meant so.
fn warn_of_swallowed(card: &Card<'_>, column: usize, findings: &mut Findings) -> Field {
    let word = card.text_from(column).split(blank).next().unwrap_or_default();
    if word.contains('=') {
        findings
            .report(&CARD017, card.place(column, word.chars().count()), &[&shown(word)])
            .hint("end the operands of the card before with a comma");
    }
    Field::Ended
}

/// The card's first word is an operation, or a label and an operation stand on it.
fn begins_statement(card: &Card<'_>) -> bool {
    let text = card.text_from(1);
    let mut words = text.split(blank).filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let labelled = card.first_column() == Some(1);
    Operation::parse(first).is_some() || (labelled && Operation::parse(second).is_some())
}

/// Columns 1-15 are blank, and the first word is `KEYWORD=...`.
fn looks_like_operands(card: &Card<'_>) -> bool {
    let text = card.text_from(1);
    let word = text.trim_start_matches(blank).split(blank).next().unwrap_or_default();
    let keyword = word.split_once('=').map(|(keyword, _)| keyword).unwrap_or_default();
    card.first_column().is_some_and(|column| column >= RESUME_COLUMN)
        && !keyword.is_empty()
        && keyword.chars().all(|character| character.is_ascii_alphanumeric())
}
