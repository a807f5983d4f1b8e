//! What a utility is to do, found on a copy of the catalog. Thousands of definitions take a while, so this is no part of a
//! turn.

use super::{Utility, changes_of};
use crate::commands::is_named;
use catalog::{Catalog, InstanceKind, Record, Reinstated, Retention};
use csl::om::view::{Definitions, Purge};
use plex::{CatalogChange, CommandToken};
use std::collections::VecDeque;
use vocabulary::{InstanceStamp, Moment, ResourceName};

/// How many instances one entry of the log deletes, and how many definitions it sets the retention of.
const NAMES_MAX: usize = 1_000;

/// How much source one entry of the log brings back, as far as it can be parted.
const ENTRY_BYTES_MAX: u64 = 256 << 10;

/// What is to be surveyed, and what has to be known for it.
#[derive(Debug)]
pub(crate) struct Question {
    pub(super) token: CommandToken,
    pub(super) utility: Utility,
    /// The retention of definitions that have none of their own.
    pub(super) retention: Retention,
    pub(super) now: Moment,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Surveyed {
    /// What is to be put to the plex, part by part.
    pub(super) changes: VecDeque<CatalogChange>,
    /// The instances that are past their retention, or that were named.
    pub(super) found: Vec<(ResourceName, InstanceStamp)>,
    /// Instances that were named and may not be deleted.
    pub(super) kept: Vec<(ResourceName, InstanceStamp, InstanceKind)>,
    /// How many instances each definition has of which some are found.
    pub(super) had: Vec<(ResourceName, usize)>,
    /// The definitions that are changed.
    pub(super) names: Vec<ResourceName>,
    /// The definitions whose headers name what this copy of the catalog does not have.
    pub(super) damaged: Vec<ResourceName>,
    /// The names that no definition has.
    pub(super) unknown: Vec<String>,
    /// How many definitions are active, and how many pending, among those that were looked at.
    pub(super) counts: (u64, u64),
    /// How many instances were looked at.
    pub(super) looked_at: u64,
}

impl Question {
    /// Looks at the catalog.
    pub(crate) fn answer(self, catalog: &Catalog) -> Surveyed {
        let definitions = match &self.utility {
            Utility::Purge(purge) => &purge.definitions,
            Utility::Retain { definitions, .. }
            | Utility::Repair(definitions)
            | Utility::Rebuild(definitions) => definitions,
        };
        let mut surveyed = Surveyed { unknown: unknown(catalog, definitions), ..Surveyed::default() };
        let named = || catalog.records().filter(|(name, _)| is_named(definitions, name));
        for (name, record) in named() {
            surveyed.look_at(record);
            surveyed.names.push(name);
        }
        match &self.utility {
            Utility::Purge(purge) => {
                for (name, record) in named() {
                    surveyed.doom(&self, purge, name, record);
                }
                let past = purge.instance.is_none().then_some(self.retention);
                let (token, at) = (self.token, self.now);
                if purge.delete {
                    surveyed.changes = changes_of(&surveyed.found, NAMES_MAX, |instances| {
                        CatalogChange::Purge { token, instances, past, at }
                    });
                }
            }
            Utility::Retain { retention, .. } => {
                surveyed.changes = changes_of(&surveyed.names, NAMES_MAX, |names| CatalogChange::Retain {
                    names,
                    retention: *retention,
                });
            }
            Utility::Repair(_) | Utility::Rebuild(_) => surveyed.copy_all(self.token, catalog),
        }
        surveyed
    }
}

impl Surveyed {
    fn look_at(&mut self, record: &Record) {
        self.counts.0 += u64::from(record.active.is_some());
        self.counts.1 += u64::from(record.pending.is_some());
        self.looked_at += record.instances().count() as u64;
    }

    fn doom(&mut self, question: &Question, purge: &Purge, name: ResourceName, record: &Record) {
        let before = self.found.len();
        match purge.instance {
            None => {
                let expired = record.expired(question.retention, question.now);
                self.found.extend(expired.into_iter().map(|stamp| (name, stamp)));
            }
            Some(stamp) if record.is_prior(stamp) => self.found.push((name, stamp)),
            Some(stamp) => {
                let kept = record.instances().find(|(of, _, _)| *of == stamp);
                self.kept.extend(kept.map(|(_, kind, _)| (name, stamp, kind)));
            }
        }
        if self.found.len() > before {
            self.had.push((name, record.instances().count()));
        }
    }

    /// What this copy has of the definitions, so that every member makes its own the same.
    fn copy_all(&mut self, token: CommandToken, catalog: &Catalog) {
        let of = (catalog.level().0, catalog.staging_version());
        let change = |definitions| CatalogChange::Reinstate { token, of, definitions };
        let (mut part, mut bytes): (Vec<Reinstated>, u64) = (Vec::new(), 0);
        for name in &self.names {
            let Some(whole) = catalog.whole(name) else {
                self.damaged.push(*name);
                continue;
            };
            bytes += whole.byte_count();
            if bytes > ENTRY_BYTES_MAX && !part.is_empty() {
                self.changes.push_back(change(std::mem::take(&mut part)));
                bytes = whole.byte_count();
            }
            part.push(whole);
        }
        if !part.is_empty() {
            self.changes.push_back(change(part));
        }
    }
}

fn unknown(catalog: &Catalog, definitions: &Definitions) -> Vec<String> {
    crate::commands::unknown_names(catalog, definitions).map(ToString::to_string).collect()
}
