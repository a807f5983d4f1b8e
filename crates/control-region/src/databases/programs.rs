//! Programs that are scheduled wait until their databases are open, or can't be.

use super::Phase;
use crate::event::{Effect, RegionId, RequestId};
use crate::library::CatalogLibrary;
use crate::region::ControlRegion;
use definitions::acb::{self, Dmb, Library, PcbBlock, PcbBlockKind, PsbBlock};
use definitions::model::dbd::Access;
use std::collections::BTreeSet;
use vocabulary::{DbdName, Message, Moment, PsbName};

/// How long a region waits for its databases; less than it waits for the answer.
const WAIT_MS: u64 = 8_000;

/// A region whose PSB is booked and whose databases are not all open yet.
#[derive(Debug)]
pub(super) struct Waiting {
    request: RequestId,
    pub(super) region: RegionId,
    psb: PsbName,
    databases: BTreeSet<DbdName>,
    since: Moment,
}

/// A program that may begin.
#[derive(Debug)]
pub struct ProgramOrder {
    /// Where.
    pub region: RegionId,
    /// Its block.
    pub block: PsbBlock,
    /// The logical databases that it sees.
    pub logical: Vec<Dmb>,
    /// Why it has to do without some of its databases.
    pub missing: Vec<Message>,
}

impl ControlRegion {
    /// Books a PSB for a region, and has its databases opened.
    pub(crate) fn schedule(&mut self, request: RequestId, region: RegionId, psb: PsbName) {
        let booked = if self.is_running() {
            let booked = self.resources.schedule(region, psb, self.now, self.plex.catalog());
            booked.map_err(|error| error.to_string())
        } else {
            Err(format!("{} is not ready for work yet", self.settings.member))
        };
        if let Err(reason) = booked {
            return self.emit(Effect::Scheduled { request, outcome: Err(reason) });
        }
        // What failed before is tried again.
        let databases = if self.settings.has_engine { self.databases_of(psb) } else { BTreeSet::new() };
        for dbd in &databases {
            if let Some(failure) = self.databases.failed.get_mut(dbd) {
                failure.is_old = true;
            }
        }
        self.databases.waiting.push(Waiting { request, region, psb, databases, since: self.now });
    }

    /// The physical databases that the calls of a program go into.
    fn databases_of(&self, psb: PsbName) -> BTreeSet<DbdName> {
        let library = CatalogLibrary::active(self.plex.catalog());
        let mut found = BTreeSet::new();
        let mut next: Vec<DbdName> =
            self.named_by(psb).into_iter().map(|dbd| indexed_by(&library, dbd)).collect();
        while let Some(name) = next.pop() {
            if found.insert(name) {
                next.extend(related_to(&library, name));
            }
        }
        found.retain(|name| !is_logical(&library, *name));
        found
    }

    /// The logical databases that a program sees, described.
    fn logical_of(&self, psb: PsbName) -> Vec<Dmb> {
        let library = CatalogLibrary::active(self.plex.catalog());
        let named = self.named_by(psb).into_iter().filter(|name| is_logical(&library, *name));
        named.filter_map(|name| acb::build_dmb(&*library.dbd(&name)?, &library).ok()).collect()
    }

    fn named_by(&self, psb: PsbName) -> BTreeSet<DbdName> {
        let used = |pcb: &PcbBlock| match &pcb.kind {
            PcbBlockKind::Db(db) => Some(db.dbd),
            PcbBlockKind::Gsam(gsam) => Some(gsam.dbd),
            PcbBlockKind::Tp(_) => None,
        };
        let loaded = self.resources.loaded(psb);
        loaded.into_iter().flat_map(|loaded| &loaded.block.pcbs).filter_map(used).collect()
    }

    /// Lets go those who have what they can get.
    pub(super) fn answer_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.databases.waiting) {
            match self.outcome_of(&waiting) {
                Some(outcome) => {
                    if outcome.is_err() {
                        self.resources.end_region(waiting.region);
                    }
                    self.emit(Effect::Scheduled { request: waiting.request, outcome });
                }
                None => self.databases.waiting.push(waiting),
            }
        }
    }

    fn outcome_of(&mut self, waiting: &Waiting) -> Option<Result<Box<ProgramOrder>, String>> {
        let mut missing = Vec::new();
        let mut awaited = None;
        for dbd in waiting.databases.iter().copied() {
            let used = self.databases.uses.get(&dbd);
            let access = self.access_of(dbd);
            match (
                used.map(|used| used.phase),
                self.databases.failed.get(&dbd).filter(|failure| !failure.is_old),
            ) {
                // It was made whole, and is opened for less now.
                (Some(Phase::Open), _) if used.is_some_and(|used| used.access > access) => {
                    awaited = Some(dbd)
                }
                (Some(Phase::Open), _) => {}
                (None, Some(failure)) => missing.push(failure.message.clone()),
                _ => {
                    self.want_database(dbd);
                    awaited = Some(dbd);
                }
            }
        }
        let too_late = self.now.ms_since(waiting.since) >= WAIT_MS;
        match awaited {
            Some(dbd) if too_late => Some(Err(self.why_it_waits(dbd))),
            Some(_) => None,
            None => {
                let block = self.resources.loaded(waiting.psb)?.block.clone();
                let logical = self.logical_of(waiting.psb);
                Some(Ok(Box::new(ProgramOrder { region: waiting.region, block, logical, missing })))
            }
        }
    }

    fn why_it_waits(&self, dbd: DbdName) -> String {
        match self.databases.uses.get(&dbd).map(|used| used.phase) {
            None if self.is_recovering() => {
                format!(
                    "{} still recovers what an earlier run left, and gets database {dbd} afterwards; try again",
                    self.me()
                )
            }
            Some(Phase::Asked) | None => {
                format!("database {dbd} needs an authorization, and the master has not answered; try again")
            }
            Some(_) => format!("database {dbd} is still being opened or closed; try again"),
        }
    }
}

fn is_logical(library: &CatalogLibrary<'_>, name: DbdName) -> bool {
    library.dbd(&name).is_some_and(|dbd| dbd.access == Access::Logical)
}

/// The databases that logical relationships of one lead to, or that a logical one is made of. Its indexes are not among
/// them: they are opened with it.
fn related_to(library: &CatalogLibrary<'_>, name: DbdName) -> Vec<DbdName> {
    let references = library.dbd(&name).map(|dbd| dbd.references()).unwrap_or_default();
    let is_index = |name: &DbdName| library.dbd(name).is_none_or(|dbd| dbd.access.is_index());
    references.into_iter().filter(|name| !is_index(name)).collect()
}

/// A secondary index is opened with the database that it is of.
fn indexed_by(library: &CatalogLibrary<'_>, name: DbdName) -> DbdName {
    let index = library.dbd(&name).filter(|dbd| dbd.access.is_index());
    let dmb = index.and_then(|dbd| acb::build_dmb(&dbd, library).ok());
    let target = dmb.and_then(|dmb| dmb.segments.first()?.index_target.as_ref().map(|target| target.dbd));
    target.unwrap_or(name)
}
