//! The commands of DBRC. Whoever is asked lists RECON; the master changes it, a command in one agreed change.

mod change;
mod partition;
mod plan;

pub use change::of as recon_change;

use crate::om::ReplyTo;
use crate::region::{ControlRegion, Purpose};
use csl::om::grammar::{Resource, Verb};
use csl::om::view::DbrcCommand;
use csl::om::{Answer, CommandError, MemberMessage, MessageBody, ReasonCode, ReturnCode};
use dbrc::{Listing, NoPlan, Recon, ReconError, RecordName};
use plex::{PlexChange, PlexReply};
use std::fmt::Display;
use vocabulary::message::{DSP0203I, DSP0209I};

/// What was asked for, a line after the other. What was named and is not there is told as an error.
pub(super) fn look(region: &ControlRegion, command: &DbrcCommand) -> Answer {
    let told = match command.verb() {
        Verb::DbrcGenjcl => plan::lines(region.plex.recon(), command),
        _ => list(region.plex.recon(), command),
    };
    let lines = match told {
        Ok(lines) => lines,
        Err(NoLines::Command(error)) => return Answer::of_error(&error, region.now),
        Err(NoLines::Record(error)) => return refused(region, &command.name(), &error),
        Err(NoLines::Plan(error)) => return refused(region, &command.name(), &error),
    };
    let line = |line| MemberMessage { member: Some(region.me()), body: MessageBody::Line(line) };
    let mut answer = Answer { messages: lines.into_iter().map(line).collect(), ..Answer::default() };
    answer.say(region.me(), DSP0203I.with(&[&command.name()]));
    answer
}

/// Why there is nothing to tell.
enum NoLines {
    Command(CommandError),
    Record(ReconError),
    Plan(NoPlan),
}

impl From<CommandError> for NoLines {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

fn list(recon: &Recon, command: &DbrcCommand) -> Result<Vec<String>, NoLines> {
    let listing = listing(command)?;
    let lines = recon.list(&listing);
    match named(&listing) {
        Some(named) if lines.is_empty() => Err(NoLines::Record(ReconError::NoSuch(named))),
        _ => Ok(lines),
    }
}

fn listing(command: &DbrcCommand) -> Result<Listing, CommandError> {
    Ok(match command.resource() {
        Resource::Db => Listing::Databases { dbd: command.database(), with_data_sets: command.has("DBDS") },
        Resource::Dbds => Listing::DataSet(command.data_set()?),
        Resource::Dbdsgrp => Listing::Groups(command.group()),
        Resource::Cagrp => Listing::CaGroups(command.group()),
        Resource::Part => Listing::Partition(command.dbd()?, command.partition()?),
        Resource::Log => Listing::Logs(command.subsystem()),
        Resource::Subsys => Listing::Subsystems(command.subsystem()),
        Resource::Bkout => Listing::Backouts(command.subsystem()),
        _ => Listing::Recon { whole: !command.has("STATUS") },
    })
}

/// The record that a listing is of, if it is of one.
fn named(listing: &Listing) -> Option<RecordName> {
    match listing {
        Listing::Databases { dbd, .. } => dbd.map(RecordName::Database),
        Listing::DataSet((dbd, ddn)) => Some(RecordName::DataSet(*dbd, *ddn)),
        Listing::Partition(dbd, partition) => Some(RecordName::Partition(*dbd, *partition)),
        Listing::Groups(name) => name.map(RecordName::Group),
        Listing::CaGroups(name) => name.map(RecordName::CaGroup),
        Listing::Subsystems(name) => name.map(RecordName::Subsystem),
        Listing::Backouts(name) => name.map(RecordName::Backout),
        Listing::Logs(_) | Listing::Recon { .. } => None,
    }
}

fn refused(region: &ControlRegion, name: &str, reason: &dyn Display) -> Answer {
    let codes = (ReturnCode::LIST, ReasonCode::NONE_SUCCEEDED);
    let mut answer = Answer::refused("", region.now, codes.0, codes.1, "");
    answer.say(region.me(), DSP0209I.with(&[&name, &reason]));
    answer
}

impl ControlRegion {
    /// Puts what a command of DBRC changes to the plex.
    pub(super) fn change_recon(&mut self, reply_to: ReplyTo, command: &DbrcCommand) {
        // A letter may come twice, and late: what it says may have been taken back meanwhile.
        if !self.is_first(reply_to) {
            return;
        }
        match change::of(command) {
            Ok(change) => {
                let purpose = Purpose::Recon { reply_to, name: command.name() };
                self.propose(purpose, PlexChange::Recon(change));
            }
            Err(error) => self.reply(reply_to, Answer::of_error(&error, self.now)),
        }
    }

    /// Tells what became of it.
    pub(crate) fn recon_proposed(&mut self, reply_to: ReplyTo, name: &str, outcome: Option<&PlexReply>) {
        let answer = match outcome {
            Some(Ok(())) => {
                let mut answer = Answer::default();
                answer.say(self.me(), DSP0203I.with(&[&name]));
                answer
            }
            Some(Err(refusal)) => refused(self, name, refusal),
            None => {
                let reason = "it is not known whether RECON was changed; LIST tells";
                let (rc, rsn) = (ReturnCode::OM_ENVIRONMENT, ReasonCode::NO_MASTER);
                Answer::refused("", self.now, rc, rsn, reason)
            }
        };
        self.reply(reply_to, answer);
    }
}
