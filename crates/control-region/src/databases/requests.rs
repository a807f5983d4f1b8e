//! What this member wants changed in RECON for itself. The master puts it to the plex; it is asked again until RECON shows
//! it, or refuses.

use crate::event::Effect;
use crate::letter::Letter;
use crate::region::{ControlRegion, Purpose};
use dbrc::change::{Change, DataSetChange, Notify};
use dbrc::record::SubsystemState;
use dbrc::{Recon, ReconChange};
use plex::{Incarnation, PlexChange, PlexReply};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use vocabulary::{DbdName, DdName, MemberName, Moment};

/// What a request is about. There is one at a time for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The member itself.
    Subsystem,
    Database(DbdName),
    /// That its data sets may be changed.
    Allocation(DbdName),
    /// The log of the member.
    Log,
    /// An online log data set.
    Olds(DdName),
    /// A block that can't be read or written.
    Block(DbdName, DdName, u64),
}

/// A change that RECON has not shown yet.
#[derive(Debug, Clone)]
struct Asked {
    change: ReconChange,
    /// The number that it was sent under last.
    number: u64,
    /// When it is sent next.
    due: Moment,
}

/// The changes that are on their way, and what the master heard of others.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    asked: BTreeMap<Subject, Asked>,
    last: u64,
    /// The latest number of each member that this one heard as master: an earlier one that comes late does not count, for
    /// what it says may have been taken back.
    heard: BTreeMap<MemberName, (Incarnation, u64)>,
}

impl Requests {
    pub(super) fn ask(&mut self, subject: Subject, change: ReconChange, now: Moment) {
        if let Entry::Vacant(vacant) = self.asked.entry(subject) {
            vacant.insert(Asked { change, number: 0, due: now });
        }
    }

    pub(super) fn is_outstanding(&self, subject: Subject) -> bool {
        self.asked.contains_key(&subject)
    }

    fn is_late(&mut self, from: MemberName, incarnation: Incarnation, number: u64) -> bool {
        let last = self.heard.insert(from, (incarnation, number));
        let late = last.filter(|(run, last)| *run == incarnation && *last >= number);
        if let Some(last) = late {
            self.heard.insert(from, last);
        }
        late.is_some()
    }
}

/// Whether RECON shows that a change was made.
fn is_made(recon: &Recon, change: &ReconChange) -> bool {
    let held = |dbd: &DbdName, by: &MemberName| recon.database(dbd).and_then(|one| one.held.get(by).copied());
    let state = |of: &MemberName| recon.subsystems().get(of).map(|subsystem| subsystem.state);
    match change {
        ReconChange::Authorize { subsystem, dbd, access } => held(dbd, subsystem) == Some(*access),
        ReconChange::Release { subsystem, dbd } => held(dbd, subsystem).is_none(),
        ReconChange::Recovered { subsystem } => state(subsystem) == Some(SubsystemState::Active),
        ReconChange::SignOff { subsystem, .. } => {
            state(subsystem).is_none_or(|state| state == SubsystemState::Abnormal)
        }
        ReconChange::Notify(notify) => is_told(recon, notify),
        ReconChange::Change(Change::DataSet { key, to }) => {
            let data_set = recon.data_set(key);
            data_set.is_none_or(|data_set| to.add_eeqe.is_none_or(|rba| data_set.eeqes.contains(&rba)))
        }
        _ => true,
    }
}

/// Whether RECON shows what it was told; or can't, because the record that it belongs to is gone.
fn is_told(recon: &Recon, notify: &Notify) -> bool {
    let log = |subsystem: MemberName, start: Moment| recon.logs().get(&(subsystem, start));
    match notify {
        Notify::LogOpened { subsystem, start } => log(*subsystem, *start).is_some(),
        Notify::LogArchived { subsystem, start, dsn, .. } => {
            log(*subsystem, *start).is_none_or(|log| log.archived.iter().any(|part| part.dsn == *dsn))
        }
        Notify::LogTrimmed { subsystem, start, before } => {
            log(*subsystem, *start).is_none_or(|log| log.archived.iter().all(|part| part.stop > *before))
        }
        Notify::Olds { subsystem, ddn, status, .. } => {
            recon.olds().get(&(*subsystem, *ddn)).is_some_and(|olds| olds.status == *status)
        }
        Notify::Allocations { subsystem, dbds, log_start, .. } => {
            log(*subsystem, *log_start).is_none()
                || recon.unallocated(*subsystem, dbds, *log_start).next().is_none()
        }
        Notify::Deallocations { subsystem, dbds, log_start, .. } => {
            recon.allocated_in((*subsystem, *log_start)).is_disjoint(dbds)
        }
        _ => true,
    }
}

/// Whose business a change is, if a member may ask for it.
fn subsystem_of(change: &ReconChange) -> Option<MemberName> {
    match change {
        ReconChange::Authorize { subsystem, .. }
        | ReconChange::Release { subsystem, .. }
        | ReconChange::Recovered { subsystem }
        | ReconChange::SignOff { subsystem, abnormally: true }
        | ReconChange::Notify(
            Notify::LogOpened { subsystem, .. }
            | Notify::LogArchived { subsystem, .. }
            | Notify::LogTrimmed { subsystem, .. }
            | Notify::Olds { subsystem, .. }
            | Notify::Allocations { subsystem, .. }
            | Notify::Deallocations { subsystem, .. },
        ) => Some(*subsystem),
        _ => None,
    }
}

/// Whoever finds a block that can't be read or written tells of it.
fn only_adds_error(change: &ReconChange) -> bool {
    let ReconChange::Change(Change::DataSet { to, .. }) = change else { return false };
    to.add_eeqe.is_some() && *to == DataSetChange { add_eeqe: to.add_eeqe, ..DataSetChange::default() }
}

impl ControlRegion {
    pub(super) fn requests_turn(&mut self) {
        let recon = self.plex.recon();
        self.databases.requests.asked.retain(|_, asked| !is_made(recon, &asked.change));
        let (now, retry_ms) = (self.now, self.settings.retry_ms);
        let asked = &self.databases.requests.asked;
        let due: Vec<Subject> =
            asked.iter().filter(|(_, asked)| asked.due <= now).map(|(subject, _)| *subject).collect();
        for subject in due {
            self.databases.requests.last += 1;
            let number = self.databases.requests.last;
            let Some(asked) = self.databases.requests.asked.get_mut(&subject) else { continue };
            (asked.number, asked.due) = (number, now.plus_ms(retry_ms));
            let change = asked.change.clone();
            self.put_to_master(number, change);
        }
    }

    fn put_to_master(&mut self, number: u64, change: ReconChange) {
        if self.is_master() {
            self.propose(Purpose::OwnRecon { number }, PlexChange::Recon(change));
        } else if let Some(to) = self.reachable_master() {
            self.emit(Effect::Send { to, letter: Letter::Recon { number, change } });
        }
    }

    /// A member wants RECON changed for itself.
    pub(crate) fn change_recon_for(
        &mut self,
        member: MemberName,
        incarnation: Incarnation,
        number: u64,
        change: ReconChange,
    ) {
        let is_own = subsystem_of(&change) == Some(member) || only_adds_error(&change);
        if is_own && !self.databases.requests.is_late(member, incarnation, number) {
            self.propose(Purpose::MembersRecon { member, number }, PlexChange::Recon(change));
        }
    }

    /// What became of a change that this member asked for.
    pub(crate) fn recon_answered(&mut self, number: u64, outcome: Option<PlexReply>) {
        let mut asked = self.databases.requests.asked.iter_mut();
        let Some((&subject, asked)) = asked.find(|(_, asked)| asked.number == number) else { return };
        match outcome {
            Some(Err(refusal)) => {
                if let ReconChange::Authorize { dbd, access, .. } = asked.change {
                    self.databases.requests.asked.remove(&subject);
                    self.not_authorized(dbd, access, &refusal);
                }
            }
            Some(Ok(())) => {}
            None => asked.due = self.now.plus_ms(self.settings.consensus_retry_ms),
        }
    }
}
