//! The audit record at the entry member: what was answered is noted at once, and handed to the plex in batches, so that
//! no operator waits for it.

use crate::event::Effect;
use crate::letter::Letter;
use crate::region::{ControlRegion, Owed};
use plex::{AuditClass, AuditRecord, PlexChange};
use std::collections::VecDeque;
use vocabulary::message::{AUDT311W, AUDT312I};
use vocabulary::{MemberName, Moment};

/// How long a record waits for others to go with it, and how long a batch is waited for before it is sent again.
const BATCH_MS: u64 = 1_000;
/// How many records go together.
const BATCH_RECORDS: usize = 200;
/// How many records wait while no majority takes them.
const WAITING_MAX: usize = 2_000;
/// The most bytes of a command that a record keeps.
const COMMAND_BYTES_MAX: usize = 1_024;
/// How long a member that stops waits for its records to be taken.
const STOP_WAIT_MS: u64 = 1_000;

/// The records that the plex has yet to take.
#[derive(Debug)]
pub(crate) struct AuditDesk {
    /// This run of the process: a member that was taken for lost goes on with what it noted.
    run: u64,
    waiting: VecDeque<AuditRecord>,
    noted: u64,
    sent: Option<Moment>,
    /// How many were dropped since the plex took some last.
    dropped: u64,
}

impl AuditDesk {
    pub(crate) fn new(run: u64) -> Self {
        Self { run, waiting: VecDeque::new(), noted: 0, sent: None, dropped: 0 }
    }

    /// Drops the oldest that only looked, or else the oldest.
    fn drop_one(&mut self) {
        let looked = self.waiting.iter().position(|record| record.class == AuditClass::Query);
        self.waiting.remove(looked.unwrap_or(0));
        self.dropped += 1;
    }
}

impl ControlRegion {
    /// Notes a command that was answered.
    pub(crate) fn note(&mut self, record: AuditRecord) {
        if self.settings.audit.of(record.class).records == 0 {
            return;
        }
        self.audit.noted += 1;
        let number = self.audit.noted;
        let command = cut(record.command);
        self.audit.waiting.push_back(AuditRecord { number, command, ..record });
        if self.audit.waiting.len() > WAITING_MAX {
            if self.audit.dropped == 0 {
                self.issue(AUDT311W.with(&[&self.me(), &WAITING_MAX]));
            }
            self.audit.drop_one();
        }
    }

    /// Hands over what waits, until the plex has it.
    pub(crate) fn audit_turn(&mut self) {
        if self.audit.waiting.is_empty() {
            return;
        }
        let taken = self.plex.audit().taken(self.me(), self.audit.run);
        let before = self.audit.waiting.len();
        self.audit.waiting.retain(|record| record.number > taken);
        if self.audit.waiting.len() < before && self.audit.dropped > 0 {
            let dropped = std::mem::take(&mut self.audit.dropped);
            self.issue(AUDT312I.with(&[&dropped, &self.me()]));
        }
        let Some(oldest) = self.audit.waiting.front() else { return };
        let ripe = self.is_stopping()
            || self.audit.waiting.len() >= BATCH_RECORDS
            || self.now.ms_since(oldest.at.plus_ms(oldest.took_ms)) >= BATCH_MS;
        // A batch that was taken makes way for the next.
        let under_way = self.audit.waiting.len() == before
            && self.audit.sent.is_some_and(|at| self.now.ms_since(at) < BATCH_MS);
        if ripe && !under_way {
            self.audit.sent = Some(self.now);
            self.hand_over_records();
        }
    }

    fn hand_over_records(&mut self) {
        let records: Vec<AuditRecord> = self.audit.waiting.iter().take(BATCH_RECORDS).cloned().collect();
        let run = self.audit.run;
        if self.is_master() {
            self.take_records(self.me(), run, records);
        } else if let Some(to) = self.reachable_master() {
            self.emit(Effect::Send { to, letter: Letter::Audit { run, records } });
        }
    }

    /// Puts the records of a member to the plex. One batch of a member at a time: it sends again what was not taken.
    pub(crate) fn take_records(&mut self, member: MemberName, run: u64, records: Vec<AuditRecord>) {
        self.owe(Owed::Audit(member), |region| PlexChange::Audit {
            member,
            run,
            records,
            bounds: region.settings.audit,
        });
    }

    /// Whether a member that stops since then still waits for its records to be taken.
    pub(crate) fn waits_for_audit(&self, since: Moment) -> bool {
        !self.audit.waiting.is_empty() && self.now.ms_since(since) < STOP_WAIT_MS
    }
}

/// The beginning of a command that is longer than a record keeps.
fn cut(mut command: String) -> String {
    if command.len() > COMMAND_BYTES_MAX {
        command.truncate(command.floor_char_boundary(COMMAND_BYTES_MAX));
        command.push_str("...");
    }
    command
}
