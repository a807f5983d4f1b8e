//! The stories of the engine: DFSDDLT0 decks in the folder `scripts/`.
//!
//! `>|` gives a line as it is: of a source, or of a deck. Then:
//!
//! - `generate` compiles the lines given, and keeps what it made.
//! - `open NAME` opens a database, with data sets in memory; those of a database that was closed are there again.
//! - `deck PSB` runs the lines given as a deck for a program with this PSB. `abend=yes` ends it without a commit.
//! - `commit` is not needed: a deck that ends well is committed.
//! - `close NAME`, `check NAME` closes a database, follows all its pointers.
//! - `spoil DD block=N at=N` overwrites a byte of a data set.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use goldenscript::Context;
use std::error::Error;
use support::House;
use vocabulary::DdName;

#[derive(Default)]
struct Story {
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
            "open" => self.house.open(&arguments.next_pos().ok_or("which?")?.parse()?)?,
            "deck" => {
                let psb = arguments.next_pos().ok_or("which PSB?")?.to_string();
                let abends = arguments.take_key("abend").is_some();
                self.house.deck(&psb, &std::mem::take(&mut self.lines), !abends)?
            }
            "close" => self.house.close(&arguments.next_pos().ok_or("which?")?.parse()?)?,
            "check" => self.house.check(&arguments.next_pos().ok_or("which?")?.parse()?),
            "spoil" => {
                let dd: DdName = arguments.next_pos().ok_or("which?")?.parse()?;
                let block = arguments.take_key("block").ok_or("block?")?.parse()?;
                let at = arguments.take_key("at").ok_or("at?")?.parse()?;
                self.house.spoil(&dd, block, at)
            }
            name => return Err(format!("invalid command {name}").into()),
        };
        arguments.reject_next()?;
        Ok(output)
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts").unwrap() {
        goldenscript::run(&mut Story::default(), script.unwrap().path()).unwrap();
    }
}
