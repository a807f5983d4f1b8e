//! The stories of the engine: DFSDDLT0 decks in the folder `scripts/`.
//!
//! `>|` gives a line as it is: of a source, or of a deck. Then:
//!
//! - `generate` compiles the lines given, and keeps what it made.
//! - `each FROM TO lines=N` gives the last lines for each number, which stands in the place of `####`.
//! - `open NAME` opens a database, with data sets in memory; those of a database that was closed are there again.
//! - `haldb NAME [routine=NAME] PARTITION/HIGHKEY...` registers a HALDB with its partitions; `blank` leaves those as they are that
//!   were not initialized, which `open` does otherwise.
//! - `deck PSB` runs the lines given as a deck for a program with this PSB. `abend=yes` ends it without a commit.
//! - `begin PROGRAM PSB` schedules a program that makes calls one by one, among others that do; `end PROGRAM` commits and
//!   ends it.
//! - `call PROGRAM PCB FUNCTION [SSA]... [data=DATA]` makes a call, and says how it went: the status, level and segment of
//!   a database PCB, what was got; `waits`, or the abend.
//! - `tell MICROSECONDS` tells the engine the time.
//! - `commit` is not needed: a deck that ends well is committed.
//! - `close NAME`, `check NAME` closes a database, follows all its pointers.
//! - `spoil DD block=N at=N` overwrites a byte of a data set.
//! - `file DD [TEXT]` gives a sequential data set, after it added the text to it, if there is one.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dasd::SequentialSet;
use dli::{Ending, Program};
use goldenscript::Context;
use std::collections::BTreeMap;
use std::error::Error;
use support::House;
use vocabulary::{DdName, Moment};

#[derive(Default)]
struct Story {
    /// Those that make calls one by one.
    programs: BTreeMap<String, Program>,
    lines: Vec<String>,
    house: House,
}

impl goldenscript::Runner for Story {
    type Command = goldenscript::Command;

    fn run(&mut self, command: &goldenscript::Command, _: &Context) -> Result<String, Box<dyn Error>> {
        if let Some(line) = command.name.strip_prefix('|') {
            self.lines.push(line.to_string());
            return Ok(String::new());
        }
        if let Some(line) = command.name.strip_prefix('+') {
            self.lines.push(format!("{line:<71}X"));
            return Ok(String::new());
        }
        let mut arguments = command.consume_args();
        let output = match command.name.as_str() {
            "generate" => self.house.generate(&std::mem::take(&mut self.lines))?,
            "each" => {
                let from: usize = arguments.next_pos().ok_or("from?")?.parse()?;
                let to: usize = arguments.next_pos().ok_or("to?")?.parse()?;
                let lines: usize = arguments.take_key("lines").ok_or("lines?")?.parse()?;
                let repeated = self.lines.split_off(self.lines.len().saturating_sub(lines));
                for number in from..=to {
                    let number = format!("{number:04}");
                    self.lines.extend(repeated.iter().map(|line| line.replace("####", &number)));
                }
                String::new()
            }
            "haldb" => {
                let name = arguments.next_pos().ok_or("which?")?.parse()?;
                let routine = arguments.take_key("routine").map(str::to_string);
                let mut parts = Vec::new();
                while let Some((partition, key)) = arguments.next_pos().and_then(|text| text.split_once('/'))
                {
                    parts.push((partition.to_string(), key.as_bytes().to_vec()));
                }
                self.house.register(name, routine, &parts);
                String::new()
            }
            "blank" => {
                self.house.leaves_blank = !self.house.leaves_blank;
                String::new()
            }
            "open" => self.house.open(&arguments.next_pos().ok_or("which?")?.parse()?)?,
            "deck" => {
                let psb = arguments.next_pos().ok_or("which PSB?")?.to_string();
                let abends = arguments.take_key("abend").is_some();
                self.house.deck(&psb, &std::mem::take(&mut self.lines), !abends)?
            }
            "begin" => {
                let name = arguments.next_pos().ok_or("who?")?.to_string();
                let psb = arguments.next_pos().ok_or("which PSB?")?.to_string();
                match self.house.program(&psb) {
                    Ok(program) => {
                        self.programs.insert(name, program).map_or(String::new(), |_| "again\n".into())
                    }
                    Err(error) => format!("{error}\n"),
                }
            }
            "call" => {
                let name = arguments.next_pos().ok_or("who?")?.to_string();
                let pcb = arguments.next_pos().ok_or("which PCB?")?.parse()?;
                let function = arguments.next_pos().ok_or("which function?")?.to_string();
                let data = arguments.take_key("data").unwrap_or_default().to_string();
                let ssas: Vec<String> =
                    std::iter::from_fn(|| arguments.next_pos().map(str::to_string)).collect();
                call(self.programs.get_mut(&name).ok_or("who?")?, pcb, &function, &data, &ssas)
            }
            "end" => {
                let name = arguments.next_pos().ok_or("who?")?.to_string();
                self.programs.remove(&name).ok_or("who?")?.commit()?;
                String::new()
            }
            "tell" => {
                self.house.engine.tell(Moment(arguments.next_pos().ok_or("when?")?.parse()?));
                String::new()
            }
            "close" => self.house.close(&arguments.next_pos().ok_or("which?")?.parse()?)?,
            "check" => self.house.check(&arguments.next_pos().ok_or("which?")?.parse()?),
            "spoil" => {
                let dd: DdName = arguments.next_pos().ok_or("which?")?.parse()?;
                let block = arguments.take_key("block").ok_or("block?")?.parse()?;
                let at = arguments.take_key("at").ok_or("at?")?.parse()?;
                self.house.spoil(&dd, block, at)
            }
            "file" => {
                let dd: DdName = arguments.next_pos().ok_or("which?")?.parse()?;
                let file = self.house.files.entry(dd).or_default();
                if let Some(text) = arguments.next_pos() {
                    file.append(text.as_bytes())?;
                }
                format!("{:?}\n", String::from_utf8_lossy(&file.bytes()))
            }
            name => return Err(format!("invalid command {name}").into()),
        };
        arguments.reject_next()?;
        Ok(output)
    }
}

fn call(program: &mut Program, pcb: usize, function: &str, data: &str, ssas: &[String]) -> String {
    let mut area = [b' '; 200];
    area[..data.len()].copy_from_slice(data.as_bytes());
    let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
    match program.call(pcb, function.as_bytes(), &mut area, &ssas) {
        Ending::Waits => "waits\n".to_string(),
        Ending::Abend(code) => format!("abend U{code:04}\n"),
        Ending::Continues(status) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_string();
            let stands = program.mask(pcb).map_or(String::new(), |mask| {
                format!(" {} {}", text(mask.level()), text(mask.segment())).trim_end().to_string()
            });
            let got = area[..program.area_used(pcb).iter().sum()].to_vec();
            let got = if got.is_empty() { String::new() } else { format!(" {:?}", text(&got)) };
            format!("{:?}{stands}{got}\n", status.as_str())
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts").unwrap() {
        goldenscript::run(&mut Story::default(), script.unwrap().path()).unwrap();
    }
}
