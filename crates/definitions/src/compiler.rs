//! From bytes to definitions: the statements of a file, sorted into DBDs and PSBs.

use crate::cards::{Members, Operation, Place, Reader, Source, Statement, expanded, not_copied};
use crate::dbdgen::DbdDeck;
use crate::finding::{Finding, Findings};
use crate::model::Definition;
use crate::names::UNNAMED;
use crate::operands::{Parsed, parse};
use crate::origin::{Origins, Places};
use crate::psbgen::PsbDeck;
use std::sync::Arc;
use vocabulary::ResourceName;
use vocabulary::message::*;

/// What a file gave.
#[derive(Debug, Clone)]
pub struct Compilation {
    /// The definitions without an error, in the order of the file.
    pub definitions: Vec<Definition>,
    /// Everything found, in the order of the file.
    pub findings: Vec<Finding>,
    /// How many definitions had an error and are not among `definitions`.
    pub rejected_count: usize,
    /// The names of those, as far as they could be read.
    pub rejected: Vec<ResourceName>,
    /// How many statements were read.
    pub statements: usize,
    /// How many lines the file has.
    pub lines: usize,
    /// Where the parts of the definitions stand.
    pub(crate) origins: Origins,
}

impl Compilation {
    /// Gives the findings of an ACB check their places, as far as they speak of definitions of this file.
    pub fn locate(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.origin.is_none()) {
            self.origins.locate(finding);
        }
    }
}

/// Compiles the DBDs and PSBs of a file, which may stand one after the other. Every input has a result; what is wrong
/// is in the findings.
pub fn compile(file_name: &str, bytes: &[u8]) -> Compilation {
    compile_with_members(file_name, bytes, &Members::default())
}

/// As [`compile`], with the members that COPY, ++INCLUDE and -INC name put in their places.
pub fn compile_with_members(file_name: &str, bytes: &[u8], members: &Members) -> Compilation {
    compile_source(Arc::new(Source::new(file_name, bytes)), members)
}

/// Compiles files that belong together: those that another one copies are read where they are copied, and are not
/// compiled by themselves. Each file has its name, as findings are to call it, and its content.
pub fn compile_together<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<Compilation> {
    let sources: Vec<Arc<Source>> =
        files.into_iter().map(|(name, bytes)| Arc::new(Source::new(name, bytes))).collect();
    let members = Members::of(sources.iter().cloned());
    not_copied(&sources).into_iter().map(|source| compile_source(source, &members)).collect()
}

pub(crate) fn compile_source(source: Arc<Source>, members: &Members) -> Compilation {
    let source = expanded(source, members);
    let mut compiler = Compiler {
        findings: Findings::new(Arc::clone(&source)),
        definitions: Vec::new(),
        origins: Origins::new(Arc::clone(&source)),
        deck: Deck::None,
        mark: 0,
        tainted: false,
        rejected_count: 0,
        rejected: Vec::new(),
    };
    let statements = compiler.run(Reader::new(Arc::clone(&source)), &source);
    Compilation {
        definitions: compiler.definitions,
        findings: compiler.findings.into_sorted(),
        rejected_count: compiler.rejected_count,
        rejected: compiler.rejected,
        statements,
        lines: source.line_count() as usize,
        origins: compiler.origins,
    }
}

struct Compiler {
    findings: Findings,
    definitions: Vec<Definition>,
    origins: Origins,
    deck: Deck,
    /// The findings before the deck that is open.
    mark: usize,
    /// Its first statement had an error, found before the deck was opened.
    tainted: bool,
    rejected_count: usize,
    rejected: Vec<ResourceName>,
}

/// The definition under construction.
enum Deck {
    None,
    Dbd(Box<DbdDeck>),
    Psb(Box<PsbDeck>),
}

impl Compiler {
    fn run(&mut self, mut reader: Reader, source: &Source) -> usize {
        let mut statements = 0;
        let mut before = self.findings.mark();
        while let Some(statement) = reader.next_statement(&mut self.findings) {
            statements += 1;
            self.statement(&statement, before);
            before = self.findings.mark();
        }
        self.close_without_generation();
        self.check_not_empty(source);
        statements
    }

    fn check_not_empty(&mut self, source: &Source) {
        if source.is_blank() {
            let hint = "give the source of a DBD or a PSB";
            self.findings.report(&CARD010, source.start(), &[&source.name]).hint(hint);
        } else if self.definitions.is_empty() && self.rejected_count == 0 && !self.findings.errors_since(0) {
            self.findings.report(&CARD025, source.start(), &[&source.name]);
        }
    }

    /// `before` is the count of findings before the statement was read.
    fn statement(&mut self, statement: &Statement, before: usize) {
        if !statement.operation.has_operands() {
            return self.closing_statement(statement);
        }
        let parsed = parse(statement, &mut self.findings);
        match statement.operation {
            Operation::Pcb | Operation::Senseg | Operation::Senfld | Operation::Psbgen => {
                self.psb_statement(&parsed, before);
            }
            _ => self.dbd_statement(&parsed, before),
        }
    }

    fn closing_statement(&mut self, statement: &Statement) {
        match statement.operation {
            Operation::Dbdgen => self.dbdgen(statement.place),
            Operation::End | Operation::Finish => self.close_without_generation(),
            _ => {}
        }
    }

    fn dbd_statement(&mut self, parsed: &Parsed<'_>, before: usize) {
        let opens = parsed.statement.operation == Operation::Dbd;
        let tainted = self.findings.errors_since(before);
        if opens || matches!(self.deck, Deck::Psb(_)) {
            self.close_without_generation();
        }
        if let Deck::Dbd(deck) = &mut self.deck {
            return deck.take(parsed, &mut self.findings);
        }
        (self.mark, self.tainted) = (self.findings.mark(), tainted);
        let deck = match opens {
            true => DbdDeck::open(parsed, &mut self.findings),
            false => DbdDeck::open_without_header(parsed, &mut self.findings).map(|mut deck| {
                deck.take(parsed, &mut self.findings);
                deck
            }),
        };
        self.deck = deck.map_or(Deck::None, |deck| Deck::Dbd(Box::new(deck)));
    }

    fn psb_statement(&mut self, parsed: &Parsed<'_>, before: usize) {
        let tainted = self.findings.errors_since(before);
        if matches!(self.deck, Deck::Dbd(_)) {
            self.close_without_generation();
        }
        if matches!(self.deck, Deck::None) {
            (self.mark, self.tainted) = (self.findings.mark(), tainted);
            self.deck = Deck::Psb(Box::new(PsbDeck::new(parsed.statement.place)));
        }
        let Deck::Psb(deck) = &mut self.deck else { return };
        deck.take(parsed, &mut self.findings);
        if parsed.statement.operation == Operation::Psbgen
            && let Deck::Psb(deck) = std::mem::replace(&mut self.deck, Deck::None)
        {
            let finished = deck.finish();
            self.keep(finished.map(|(psb, places)| (Definition::Psb(psb), places)));
        }
    }

    fn dbdgen(&mut self, place: Place) {
        match std::mem::replace(&mut self.deck, Deck::None) {
            Deck::Dbd(deck) => {
                let (dbd, places) = deck.finish(&mut self.findings);
                self.keep(Some((Definition::Dbd(dbd), places)));
            }
            deck => {
                self.deck = deck;
                self.close_without_generation();
                self.findings.report(&DBD101, place, &[&Operation::Dbdgen.name()]);
            }
        }
    }

    /// A deck that ends without DBDGEN or PSBGEN is an error.
    fn close_without_generation(&mut self) {
        match std::mem::replace(&mut self.deck, Deck::None) {
            Deck::None => {}
            Deck::Dbd(deck) => {
                self.findings
                    .report(&DBD100, deck.opened(), &[&deck.name()])
                    .hint("DBDGEN after its last statement");
                let (dbd, places) = deck.finish(&mut self.findings);
                self.keep(Some((Definition::Dbd(dbd), places)));
            }
            Deck::Psb(deck) => {
                self.findings.report(&PGEN900, deck.opened(), &[]).hint("PSBGEN PSBNAME=name,LANG=language");
                let finished = deck.finish();
                self.keep(finished.map(|(psb, places)| (Definition::Psb(psb), places)));
            }
        }
    }

    fn keep(&mut self, finished: Option<(Definition, Places)>) {
        match finished {
            Some((definition, places)) if !self.tainted && !self.findings.errors_since(self.mark) => {
                self.origins.insert(definition.name(), places);
                self.definitions.push(definition);
            }
            finished => {
                self.rejected_count += 1;
                let name = finished.map(|(definition, _)| definition.name());
                self.rejected.extend(name.filter(|name| name.as_str() != UNNAMED));
            }
        }
        self.mark = self.findings.mark();
    }
}
