//! DFSDDLT0, the DL/I test program: it reads calls from 80-column cards, makes them, and prints how they went.
//!
//! It is a program like any other: it sees PCB masks and its I/O area, and nothing behind them. What it reads is a
//! *deck*. Column 1 of a card says what it is: `S` selects a PCB and what is printed, `L` makes a call, `E` compares
//! with what is expected, `T` and `U` are comments, `O`, `CTL`, `W`, `N`, `.` and `*` are passed over. A blank column 1
//! goes on with what came before. With AIB in columns 30-32 of an `S` card the calls behind it name their PCB in an AIB, as
//! AIBTDLI does; column 4 says when that is printed. The search argument of INQY is its
//! subfunction. A symbolic CHKP and XRST go without.
//!
//! | `L` | columns |
//! |---|---|
//! | how often | 5-8 |
//! | function | 10-13; STAK to END repeat what is between, SKIP to START pass over it |
//! | a search argument | 16-71; column 72 asks for the next one on the next card, or with CONT for the rest of this one |
//! | DATA | 16-71, more with column 72 and CONT; V or M in column 4: of variable length, which is in 5-8 |

mod calls;
mod cards;
mod compare;
mod print;
mod statement;

use crate::aib::Aib;
use crate::program::Ending;
use crate::status::StatusCode;
pub use calls::Calls;
use cards::{Card, cards};
use compare::{Comparison, compare_aib, compare_data, compare_pcb};
use print::Printer;
use statement::{Call, Status};
use std::io::{self, Write};

/// The functions that are counted, in the order in which they are printed.
const COUNTED: [&str; 9] = ["GU", "GN", "GNP", "GHU", "GHN", "GHNP", "ISRT", "DLET", "REPL"];

/// What came of a deck.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Calls made.
    pub calls: usize,
    /// Comparisons that were equal.
    pub equal: usize,
    /// Comparisons that were not.
    pub unequal: usize,
    /// The deck was ended by a comparison that asked for it, or by an abend.
    pub aborted: bool,
    counts: [usize; COUNTED.len()],
}

/// Runs a deck. The program is left at its end; nothing is committed beyond what the deck asked for.
///
/// # Errors
/// When the output can't be written, or calls can't be made.
pub fn run(
    program: &mut dyn Calls,
    area_bytes: usize,
    deck: &[u8],
    output: &mut dyn Write,
) -> io::Result<Summary> {
    let mut run = Run {
        selected: first_database(program),
        status: Status::default(),
        area: vec![b' '; area_bytes.max(statement::DATA_BYTES)],
        program,
        printer: Printer::new(output),
        shown: Vec::new(),
        aib: None,
        comments: Vec::new(),
        held: None,
        summary: Summary::default(),
    };
    run.deck(&cards(deck))?;
    run.printer.statistics(&COUNTED, &run.summary.counts, &run.summary)?;
    Ok(run.summary)
}

/// A deck under way.
struct Run<'r> {
    program: &'r mut dyn Calls,
    printer: Printer<'r>,
    selected: usize,
    status: Status,
    area: Vec<u8>,
    /// The bytes of the area that are printed as the segment.
    shown: Vec<u8>,
    /// What the last call was made with, where it was made with one.
    aib: Option<Aib>,
    /// Comments that are printed with the next call only.
    comments: Vec<String>,
    /// The comparison that is made after every call.
    held: Option<Comparison>,
    summary: Summary,
}

/// What comes after a call.
enum Next {
    /// The same, if it is to be repeated.
    Again,
    /// The next card.
    On,
    /// Nothing.
    Abort,
}

fn first_database(program: &dyn Calls) -> usize {
    (2..=program.pcb_count()).find(|&number| program.mask(number).is_some()).unwrap_or(1)
}

impl Run<'_> {
    /// Runs cards from first to last. False when the deck was aborted.
    fn deck(&mut self, cards: &[Card]) -> io::Result<bool> {
        let mut at = 0;
        while let Some(card) = cards.get(at) {
            let goes_on = match card.kind() {
                b'S' => self.select(card)?,
                b'L' => match self.call_or_loop(cards, &mut at)? {
                    true => continue,
                    false => false,
                },
                b'T' => {
                    self.comments.push(card.comment());
                    true
                }
                b'U' => {
                    self.printer.comment(&card.comment())?;
                    true
                }
                b'E' => self.held_comparison(card),
                _ => true,
            };
            if !goes_on {
                self.summary.aborted = true;
                return Ok(false);
            }
            at += 1;
        }
        Ok(true)
    }

    fn select(&mut self, card: &Card) -> io::Result<bool> {
        self.status = Status::of(card);
        let wanted = card.text(16, 23);
        let found = match wanted.as_str() {
            "" => Some(self.selected),
            name => self.pcb_of(name),
        };
        self.printer.selected(card, found, self.program)?;
        self.selected = found.unwrap_or(self.selected);
        Ok(true)
    }

    /// The PCB of this number, of this name, or for this DBD.
    fn pcb_of(&self, wanted: &str) -> Option<usize> {
        let numbers = 1..=self.program.pcb_count();
        if let Ok(number) = wanted.parse::<usize>() {
            return numbers.clone().find(|&one| one == number);
        }
        let named = numbers
            .clone()
            .find(|&one| self.program.pcb_name(one).is_some_and(|name| name.as_str() == wanted));
        let is_dbd = |one: &usize| {
            self.program.mask(*one).is_some_and(|mask| mask.dbd().trim_ascii_end() == wanted.as_bytes())
        };
        named.or_else(|| numbers.clone().find(is_dbd))
    }

    /// A call with the comparisons behind it, or the cards that a STAK repeats. False when the deck is aborted.
    fn call_or_loop(&mut self, cards: &[Card], at: &mut usize) -> io::Result<bool> {
        let card = &cards[*at];
        let end_of = |name: &str| {
            let found =
                cards[*at + 1..].iter().position(|card| card.kind() == b'L' && card.text(10, 14) == name);
            found.map_or(cards.len(), |found| *at + 1 + found)
        };
        match card.text(10, 14).as_str() {
            "STAK" => {
                let end = end_of("END");
                for _ in 0..card.number(5, 8).unwrap_or(1) {
                    if !self.deck(&cards[*at + 1..end])? {
                        return Ok(false);
                    }
                }
                *at = end + 1;
                Ok(true)
            }
            "SKIP" => {
                *at = end_of("START") + 1;
                Ok(true)
            }
            "START" | "END" => {
                *at += 1;
                Ok(true)
            }
            _ => {
                let call = Call::read(cards, at);
                let (comparisons, comments) = compare::read(cards, at);
                Ok(self.repeat(&call, &comparisons)? && self.deck(comments)?)
            }
        }
    }

    fn repeat(&mut self, call: &Call, comparisons: &[Comparison]) -> io::Result<bool> {
        for _ in 0..call.repeat {
            match self.call(call, comparisons)? {
                Next::Again => {}
                // What failed once would fail again.
                Next::On => return Ok(true),
                Next::Abort => return Ok(false),
            }
        }
        Ok(true)
    }

    fn call(&mut self, call: &Call, comparisons: &[Comparison]) -> io::Result<Next> {
        if let Some(data) = &call.data {
            self.area.fill(b' ');
            let length = data.len().min(self.area.len());
            self.area[..length].copy_from_slice(&data[..length]);
        }
        if call.function == "STAT" || (call.function == "OPEN" && call.data.is_none()) {
            self.area.fill(b' ');
        }
        let is_system = matches!(
            call.function.as_str(),
            "CHKP" | "SYNC" | "ROLB" | "ROLL" | "SETS" | "SETU" | "ROLS" | "INIT" | "DEQ" | "LOG" | "XRST"
        );
        let number = if is_system { 1 } else { self.selected };
        let ssas: Vec<&[u8]> = call.ssas.iter().map(Vec::as_slice).collect();
        let function = call.function.as_bytes();
        self.aib = None;
        let ending = match call.function.as_str() {
            "XRST" => restart(self.program, call, &mut self.area),
            "CHKP" if call.parts.len() > 1 => checkpoint(self.program, call, &mut self.area),
            _ if self.status.through_aib => {
                let mut aib = self.aib_of(number, call);
                let ending = self.program.aib_call(function, &mut aib, &mut self.area, &ssas);
                self.aib = Some(aib);
                ending
            }
            _ => self.program.call(number, function, &mut self.area, &ssas),
        }?;
        self.count(&call.function);
        self.shown = self.returned(number, call, ending);
        let equal = self.compare(number, comparisons);
        self.print(number, call, &equal)?;
        // What is printed of a commit point that was made is not lost with the process.
        if matches!(call.function.as_str(), "CHKP" | "SYNC") {
            self.printer.flush()?;
        }
        self.summary.equal += equal.iter().filter(|(_, equal)| *equal).count();
        let unequal = equal.iter().filter(|(_, equal)| !equal);
        let aborts = unequal.clone().any(|(comparison, _)| comparison.aborts());
        self.summary.unequal += unequal.count();
        if let Ending::Abend(code) = ending {
            self.printer.line(&format!("RUN ABORTED BY USER ABEND U{code:04}."))?;
            return Ok(Next::Abort);
        }
        if aborts {
            self.printer.line("RUN ABORTED BECAUSE ABORT REQUESTED IN COMPARE INPUT.")?;
            return Ok(Next::Abort);
        }
        let good = matches!(ending, Ending::Continues(status) if status.is_good());
        Ok(if good { Next::Again } else { Next::On })
    }

    /// An AIB that names a PCB.
    fn aib_of(&self, number: usize, call: &Call) -> Aib {
        let name = self.program.pcb_name(number).map(|name| name.to_string());
        let name = if number == 1 { Some("IOPCB".to_string()) } else { name };
        let inquiry = call.ssas.first().filter(|_| call.function == "INQY");
        let subfunction = inquiry.map(|ssa| String::from_utf8_lossy(ssa).trim_end().to_string());
        Aib::new(&name.unwrap_or_default(), &subfunction.unwrap_or_default(), self.area.len())
    }

    fn count(&mut self, function: &str) {
        self.summary.calls += 1;
        if let Some(at) = COUNTED.iter().position(|name| *name == function) {
            self.summary.counts[at] += 1;
        }
    }

    /// What is printed as the segment: what the call returned, or what it was given.
    fn returned(&self, number: usize, call: &Call, ending: Ending) -> Vec<u8> {
        match &self.aib {
            Some(aib) if aib.is_refused() => return Vec::new(),
            Some(aib) if call.function == "INQY" => {
                return self.area[..aib.area_used().min(self.area.len())].to_vec();
            }
            _ => {}
        }
        let got: usize = self.program.area_used(number).iter().sum();
        let is_get = call.function.starts_with('G');
        let good = matches!(ending, Ending::Continues(status) if status.is_good());
        match &call.data {
            _ if is_get && good => self.area[..got].to_vec(),
            _ if is_get => Vec::new(),
            Some(data) if call.function == "XRST" => self.area[..data.len().min(self.area.len())].to_vec(),
            None if call.function == "STAT" && good => {
                let end = self.area.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
                self.area[..end].to_vec()
            }
            Some(data) => data.clone(),
            None if matches!(call.function.as_str(), "OPEN" | "CLSE") => Vec::new(),
            // A delete shows what the get call before it returned.
            None if good => self.shown.clone(),
            None => Vec::new(),
        }
    }

    /// Makes the comparisons, the one that is held among them.
    fn compare(&mut self, number: usize, comparisons: &[Comparison]) -> Vec<(Comparison, bool)> {
        if comparisons.iter().any(|comparison| matches!(comparison, Comparison::Pcb(_))) {
            self.held = comparisons.iter().find(|comparison| comparison.is_held()).cloned();
        }
        let held = self.held.iter().filter(|held| !comparisons.contains(held));
        let all: Vec<Comparison> = held.chain(comparisons).cloned().collect();
        let equal = |comparison: Comparison| {
            let equal = match &comparison {
                Comparison::Pcb(expected) => match self.program.mask(number) {
                    Some(mask) => compare_pcb(expected, mask),
                    None => expected.accepts(StatusCode::of_mask(self.program.io_mask().status())),
                },
                Comparison::Data(expected) => compare_data(expected, &self.shown),
                Comparison::Aib(returned, reason) => compare_aib((returned, reason), self.aib.as_ref()),
            };
            (comparison, equal)
        };
        all.into_iter().map(equal).collect()
    }

    /// A comparison that follows no call is held for those that come.
    fn held_comparison(&mut self, card: &Card) -> bool {
        if let Comparison::Pcb(expected) = Comparison::of(card, &[]) {
            self.held = expected.is_held.then_some(Comparison::Pcb(expected));
        }
        true
    }

    fn print(&mut self, number: usize, call: &Call, equal: &[(Comparison, bool)]) -> io::Result<()> {
        let unequal = equal.iter().any(|(_, equal)| !equal);
        let comments = std::mem::take(&mut self.comments);
        if self.status.comments.applies(unequal) {
            for comment in &comments {
                self.printer.comment(comment)?;
            }
        }
        if self.status.calls.applies(unequal) {
            self.printer.call(call)?;
        }
        if self.status.segments.applies(unequal) {
            self.printer.segment(&self.shown)?;
        }
        if self.status.comparisons.applies(unequal) {
            for (comparison, equal) in equal {
                self.printer.comparison(comparison, *equal)?;
            }
        }
        if self.status.pcbs.applies(unequal) {
            match self.program.mask(number) {
                Some(mask) => self.printer.mask(mask)?,
                None => self.printer.io_mask(self.program.io_mask())?,
            }
        }
        if let Some(aib) = self.aib.as_ref().filter(|_| self.status.aibs.applies(unequal)) {
            self.printer.aib(aib)?;
        }
        Ok(())
    }
}

/// CHKP with more than one DATA card: the name, then the areas that are saved.
fn checkpoint(program: &mut dyn Calls, call: &Call, area: &mut [u8]) -> io::Result<Ending> {
    let (id, areas) = parts(call, 0, area);
    let areas: Vec<&[u8]> = areas.into_iter().map(|area| &*area).collect();
    program.checkpoint(id, &areas)
}

/// XRST: the first DATA card has the name of a checkpoint, the others what the areas are before.
fn restart(program: &mut dyn Calls, call: &Call, area: &mut [u8]) -> io::Result<Ending> {
    let (area, mut areas) = parts(call, 12, area);
    program.restart(area, &mut areas)
}

/// The area as the DATA cards divide it: what the first one fills, but at least so many bytes, and what the others do.
fn parts<'a>(call: &Call, least: usize, area: &'a mut [u8]) -> (&'a mut [u8], Vec<&'a mut [u8]>) {
    let first = call.parts.first().copied().unwrap_or(0).max(least);
    let (first, mut rest) = area.split_at_mut(first.min(area.len()));
    let mut others = Vec::new();
    for &bytes in call.parts.iter().skip(1) {
        let (one, behind) = rest.split_at_mut(bytes.min(rest.len()));
        others.push(one);
        rest = behind;
    }
    (first, others)
}
