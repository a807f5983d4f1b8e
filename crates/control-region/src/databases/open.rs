//! A database is opened: authorized by RECON, where it is registered, and handed to the engine with its blocks.

use super::requests::Subject;
use super::{Phase, Use};
use crate::event::Effect;
use crate::library::CatalogLibrary;
use crate::region::ControlRegion;
use dbrc::{Access, Authorization, ReconChange, ReconError};
use definitions::acb::{self, Dmb, Library};
use definitions::{Dbd, Finding};
use std::collections::BTreeSet;
use std::sync::Arc;
use vocabulary::message::{DFS047A, DFS730E};
use vocabulary::{DbdName, Message};

/// A database that is to be opened.
#[derive(Debug)]
pub struct OpenOrder {
    /// The proof that it may be.
    pub authorization: Authorization,
    /// What it is.
    pub what: OpenWhat,
}

/// What a database is opened with.
#[derive(Debug)]
pub enum OpenWhat {
    /// Its block, and those of its indexes.
    Database(Arc<Dmb>, Vec<Dmb>),
    /// The definition of sequential data sets.
    Gsam(Arc<Dbd>),
}

impl ControlRegion {
    /// Sees to it that a database is opened.
    pub(super) fn want_database(&mut self, dbd: DbdName) {
        let is_asked = self.databases.requests.is_outstanding(Subject::Database(dbd));
        if is_asked || self.databases.uses.contains_key(&dbd) || self.resources.is_being_changed(dbd) {
            return;
        }
        // It is made whole before it is only read, and nobody else may have it meanwhile.
        let is_whole = !self.databases.unrecovered.contains(&dbd);
        let access = if is_whole { self.access_of(dbd) } else { self.access_of(dbd).max(Access::Update) };
        let is_allowed = match self.plex.recon().database(&dbd) {
            Some(_) if self.held_here(dbd).is_none() && self.is_recovering() => return,
            Some(_) => self.held_here(dbd) == Some(access),
            None => true,
        };
        let dbds = BTreeSet::from([dbd]);
        let phase = Phase::Asked;
        let used = Use { phase, access, since: self.now, dbds, is_stopped: false, is_outdated: false };
        self.databases.uses.insert(dbd, used);
        if !is_allowed {
            let subsystem = self.me();
            let change = ReconChange::Authorize { subsystem, dbd, access };
            self.databases.requests.ask(Subject::Database(dbd), change, self.now);
            self.requests_turn();
        }
    }

    /// Opens what RECON has allowed since.
    pub(super) fn open_turn(&mut self) {
        let asked = self.databases.uses.iter().filter(|(_, used)| used.phase == Phase::Asked);
        let asked: Vec<(DbdName, Access)> = asked.map(|(dbd, used)| (*dbd, used.access)).collect();
        for (dbd, access) in asked {
            let subjects = [Subject::Database(dbd), Subject::Allocation(dbd)];
            if !subjects.iter().any(|subject| self.databases.requests.is_outstanding(*subject)) {
                self.open_database(dbd, access);
            }
        }
    }

    fn open_database(&mut self, dbd: DbdName, access: Access) {
        let Some(authorization) = self.proof(dbd, access) else {
            // It was taken back meanwhile; whoever wants it asks anew.
            self.databases.uses.remove(&dbd);
            return;
        };
        let (what, dbds) = match self.what_is(dbd) {
            Ok(found) => found,
            Err(reason) => return self.database_failed(dbd, DFS730E.with(&[&dbd, &reason])),
        };
        if let Some(used) = self.databases.uses.get_mut(&dbd) {
            used.dbds = dbds;
        }
        if self.is_allocated(dbd, access) {
            if let Some(used) = self.databases.uses.get_mut(&dbd) {
                (used.phase, used.since) = (Phase::Opening, self.now);
            }
            self.emit(Effect::OpenDatabase(Box::new(OpenOrder { authorization, what })));
        }
    }

    /// DBRC has no say in a database that is not registered: whoever wants it has it.
    fn proof(&self, dbd: DbdName, access: Access) -> Option<Authorization> {
        let recon = self.plex.recon();
        if recon.database(&dbd).is_some() {
            return recon.proof(self.me(), dbd).filter(|proof| proof.access() == access);
        }
        recon.proof_unregistered(self.me(), dbd, access)
    }

    /// A database as the directory has it, with the DBDs that it takes.
    fn what_is(&self, name: DbdName) -> Result<(OpenWhat, BTreeSet<DbdName>), String> {
        let library = CatalogLibrary::active(self.plex.catalog());
        let dbd = library.dbd(&name).ok_or_else(|| "its DBD is not in the directory".to_string())?;
        if dbd.is_gsam() {
            return Ok((OpenWhat::Gsam(dbd), BTreeSet::from([name])));
        }
        let build = |dbd: &Dbd| acb::build_dmb(dbd, &library).map_err(|findings| first(&findings));
        let dmb = build(&dbd)?;
        let of_indexes: BTreeSet<DbdName> = dmb.indexes().collect();
        let indexes = of_indexes.iter().filter_map(|index| library.dbd(index));
        let indexes = indexes.map(|index| build(&index)).collect::<Result<_, _>>()?;
        let dbds = of_indexes.into_iter().chain([name]).collect();
        Ok((OpenWhat::Database(Arc::new(dmb), indexes), dbds))
    }

    /// How it went.
    pub(crate) fn database_opened(&mut self, dbd: DbdName, outcome: Result<Vec<Message>, Message>) {
        match outcome {
            Ok(news) => {
                news.into_iter().for_each(|message| self.issue(message));
                self.databases.unrecovered.remove(&dbd);
                self.databases.failed.remove(&dbd);
                if let Some(used) = self.databases.uses.get_mut(&dbd) {
                    (used.phase, used.since) = (Phase::Open, self.now);
                }
            }
            Err(message) => self.database_failed(dbd, message),
        }
    }

    /// RECON does not let this member have a database.
    pub(super) fn not_authorized(&mut self, dbd: DbdName, access: Access, error: &plex::Refusal) {
        let code = match error {
            plex::Refusal::Recon(ReconError::Refused(refusal)) => refusal.reason_code(),
            _ => None,
        };
        let code = code.map_or_else(|| "NONE".to_string(), |code| format!("{code:08X}"));
        self.database_failed(dbd, DFS047A.with(&[&dbd, &access, &code, error]));
    }
}

fn first(findings: &[Finding]) -> String {
    findings.first().map(Finding::to_string).unwrap_or_default()
}
