//! The stories of the log, in the folder `scripts/`.
//!
//! - `open epoch=N` opens the log on its disks: three pairs of OLDS with four blocks of 512 bytes each.
//! - `takeover epoch=N` opens it elsewhere, in a later epoch.
//! - `append N bytes=N` appends so many records, `force` forces them, `archive` archives one OLDS.
//! - `power N` lets so many writes and syncs happen, and no more.
//! - `crash kept=N torn=N` ends the power: of the blocks written since the last force the first are there, and so many
//!   bytes of the next.
//! - `break DD`, `mend DD`, `replace DD`: a disk refuses everything, works again, is another one.
//! - `begin PSB`, `commit`, `opened DBD`, `closed DBD`, `checkpoint KIND`: what a restart plan is made of.
//! - `trim kept=N` lets go of what of the archive no restart needs, but for so many of the last records.
//! - `read from=N`, `plan`, `disks` print the log, the plan of a restart, and where blocks are.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dasd::memory::Torn;
use dasd::{BlockSet, LogSet};
use goldenscript::Context;
use logger::{Body, CheckpointKind, Log, RecoveryToken, RestartPlan};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write;
use support::{Disks, Seen, append, psb, records};
use vocabulary::{DbdName, LogSequence};

struct Story {
    disks: Disks,
    log: Option<Log>,
    token: Option<RecoveryToken>,
    databases: BTreeMap<DbdName, bool>,
}

impl Default for Story {
    fn default() -> Self {
        Self { disks: Disks::new(3, 4, 512), log: None, token: None, databases: BTreeMap::new() }
    }
}

/// The place of a data set by its name: DFSOLP00 is the primary of the first pair.
fn place(name: &str) -> (usize, usize) {
    (name[6..].parse().unwrap(), usize::from(name.as_bytes()[5] == b'S'))
}

impl Story {
    fn perform(&mut self, command: &goldenscript::Command) -> Result<String, Box<dyn Error>> {
        let mut arguments = command.consume_args();
        let mut output = String::new();
        let number = |value: Option<&str>, default: u64| value.map_or(Ok(default), str::parse::<u64>);
        match command.name.as_str() {
            "open" => {
                let epoch = number(arguments.take_key("epoch"), 0)?;
                self.log = Some(self.disks.open(epoch)?);
            }
            "takeover" => {
                let epoch = number(arguments.take_key("epoch"), 0)?;
                drop(self.disks.open(epoch)?);
            }
            "crash" => {
                let kept = number(arguments.take_key("kept"), 0)? as usize;
                let torn = arguments.take_key("torn").map(str::parse).transpose()?;
                self.log = None;
                self.disks.crash(kept, torn.map_or(Torn::No, Torn::After));
            }
            "power" => {
                let left = arguments.next_pos().ok_or("how much?")?.parse()?;
                self.disks.power.store(left, std::sync::atomic::Ordering::Relaxed);
            }
            "break" | "mend" => {
                let (olds, copy) = place(arguments.next_pos().ok_or("which?")?);
                let broken = command.name == "break";
                self.disks.copies[olds][copy].1.store(broken, std::sync::atomic::Ordering::Relaxed);
            }
            "replace" => {
                let (olds, copy) = place(arguments.next_pos().ok_or("which?")?);
                self.disks.replace(olds, copy);
            }
            "disks" => self.show_disks(&mut output)?,
            _ => self.on_log(command, &mut output)?,
        }
        Ok(output)
    }

    fn on_log(&mut self, command: &goldenscript::Command, output: &mut String) -> Result<(), Box<dyn Error>> {
        let mut arguments = command.consume_args();
        let log = self.log.as_ref().ok_or("the log is not open")?;
        let token = self.token.unwrap_or(log.no_unit());
        let number = |value: Option<&str>, default: u64| value.map_or(Ok(default), str::parse::<u64>);
        let first = arguments.next_pos().map(str::to_string);
        let name = || first.as_deref().ok_or("which?");
        match command.name.as_str() {
            "append" => {
                let count = number(Some(name()?), 1)?;
                let bytes = number(arguments.take_key("bytes"), 20)?;
                for _ in 0..count {
                    append(log, token, bytes as usize)?;
                }
                writeln!(output, "the last record is {}", log.last())?;
            }
            "force" => log.force_all()?,
            "archive" => writeln!(output, "{}", if log.archive()? { "archived" } else { "nothing waits" })?,
            "begin" => self.token = Some(log.begin_unit(psb(name()?), 1)?),
            "commit" => {
                log.append(token, &Body::PhaseTwoBegun)?;
                log.force(log.append(token, &Body::UnitEnded)?)?;
            }
            "opened" => {
                let dbd: DbdName = name()?.parse()?;
                self.databases.insert(dbd, false);
                log.append(log.no_unit(), &Body::DatabaseOpened { dbd, created: BTreeSet::new() })?;
            }
            "closed" => {
                let dbd: DbdName = name()?.parse()?;
                self.databases.remove(&dbd);
                log.append(log.no_unit(), &Body::DatabaseClosed { dbd })?;
            }
            "checkpoint" => {
                let kinds = [
                    CheckpointKind::Simple,
                    CheckpointKind::Freeze,
                    CheckpointKind::SnapQ,
                    CheckpointKind::DumpQ,
                    CheckpointKind::Purge,
                ];
                let wanted = name()?;
                let kind = kinds.into_iter().find(|kind| kind.to_string() == wanted).ok_or("which kind?")?;
                let begun = log.begin_checkpoint(kind)?;
                let start = arguments.take_key("start").map(str::parse).transpose()?;
                let start = start.map_or(begun, LogSequence);
                log.end_checkpoint(kind, begun, start, &self.databases, Vec::new())?;
            }
            "trim" => {
                let kept = number(arguments.take_key("kept"), 0)?;
                writeln!(output, "{} blocks went", log.trim(kept)?)?;
            }
            "lose-rds" => {
                self.log = None;
                self.disks.rds = dasd::memory::MemoryKeyedSet::new();
            }
            "plan" => show_plan(&RestartPlan::of(log)?, output)?,
            "read" => show_records(&records(log, number(arguments.take_key("from"), 1)?)?, output)?,
            name => return Err(format!("invalid command {name}").into()),
        }
        Ok(())
    }

    fn show_disks(&self, output: &mut String) -> Result<(), Box<dyn Error>> {
        for (at, copies) in self.disks.copies.iter().enumerate() {
            let counts = [copies[0].0.block_count(), copies[1].0.block_count()];
            writeln!(output, "OLDS {at:02}: {} and {} blocks", counts[0], counts[1])?;
        }
        let slds = &self.disks.slds;
        writeln!(output, "SLDS: from block {} to before {}", slds.first_position(), slds.next_position())?;
        Ok(())
    }
}

fn show_plan(plan: &RestartPlan, output: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(output, "{} restart, from record {}", plan.kind, plan.start)?;
    for (dbd, database) in &plan.databases {
        let loading = if database.loading { ", being loaded" } else { "" };
        writeln!(output, "database {dbd} was open, from record {}{loading}", database.since)?;
    }
    for (token, unit) in &plan.units {
        writeln!(output, "unit {token} of {} was in flight", unit.psb)?;
    }
    Ok(())
}

/// Runs of records that are alike are one line.
fn show_records(records: &[Seen], output: &mut String) -> Result<(), Box<dyn Error>> {
    for run in records.chunk_by(|one, next| (one.1, one.2) == (next.1, next.2)) {
        let (first, (kind, subtype), _) = run[0];
        let last = run[run.len() - 1].0;
        match first == last {
            true => writeln!(output, "{first}: X'{kind:02X}{subtype:02X}'")?,
            false => writeln!(output, "{first}-{last}: X'{kind:02X}{subtype:02X}'")?,
        }
    }
    Ok(())
}

impl goldenscript::Runner for Story {
    type Command = goldenscript::Command;

    fn run(&mut self, command: &goldenscript::Command, _: &Context) -> Result<String, Box<dyn Error>> {
        let mut output = self.perform(command).unwrap_or_else(|error| format!("{error}\n"));
        for message in self.log.iter().flat_map(Log::take_messages) {
            writeln!(output, "{message}")?;
        }
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
