//! What is known of a world from outside, and what has to be true of its consensus.

use crate::locked;
use crate::world::cluster::Sight;
use crate::world::consensus::Entry;
use crate::world::facts::Fact;
use control_region::{Event, RequestId};
use csl::om::Answer;
use host::consensus::{Applied, Standing};
use host::member::simulated::Inside;
use plex::PlexChange;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc::UnboundedSender;
use vocabulary::MemberName;

/// What is known of a world, for everybody in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts(Arc<Mutex<Known>>);

/// What somebody outside has a member do.
#[derive(Debug)]
pub(super) enum Order {
    Told(Box<Event>),
    HandOver,
}

/// A member whose process runs.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) inside: Inside,
    pub(super) orders: UnboundedSender<Order>,
}

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) story: Vec<String>,
    pub(super) broken: Option<String>,
    pub(super) running: BTreeMap<MemberName, Running>,
    /// What happened since this was asked last, and what was answered.
    pub(super) sights: Vec<Sight>,
    pub(super) facts: Vec<Fact>,
    pub(super) answers: Vec<(RequestId, Answer)>,
    /// The entries that nobody had applied when this was asked last.
    pub(super) entries: Vec<Entry>,
    /// The sum of each entry, as whoever came to it first had it.
    sums: BTreeMap<u64, u32>,
    /// Up to which entry each member has applied them in this run of it.
    pub(super) applied: BTreeMap<MemberName, u64>,
    /// Who led in which term.
    pub(super) masters: BTreeMap<u64, MemberName>,
    /// How members stood last, also those that are down.
    pub(super) standings: BTreeMap<MemberName, Standing>,
    /// Members whose process has ended by itself, and why where it failed.
    pub(super) ended: BTreeMap<MemberName, Option<String>>,
    /// Members whose process does not run, so that who dials them is refused.
    pub(super) down: BTreeSet<MemberName>,
    /// From whom nothing gets through to whom.
    pub(super) cuts: BTreeSet<(MemberName, MemberName)>,
    pub(super) installed: u64,
}

impl Facts {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.0)
    }

    /// What has to be true is not. The first such thing counts.
    pub(super) fn broken(&self, found: String) {
        self.known().broken.get_or_insert(found);
    }

    /// A line of the story, with the time of the world.
    pub(super) fn tell(&self, line: &str) {
        let at = turmoil::sim_elapsed().unwrap_or_default().as_secs_f64();
        self.tell_at(at, line);
    }

    pub(super) fn tell_at(&self, seconds: f64, line: &str) {
        self.known().story.push(format!("{seconds:>8.3} s  {line}"));
    }

    /// What a member says of how it stands.
    pub(super) fn stands(&self, member: MemberName, standing: Standing) {
        let stood = self.known().stands(member, standing);
        match stood {
            Ok(Some(term)) => self.tell(&format!("** {member} leads in term {term}")),
            Ok(None) => {}
            Err(found) => self.broken(found),
        }
    }
}

impl Known {
    /// **Members agree on the log entry by entry.** State machine safety, Raft section 5.4.3: whoever applies an entry
    /// applies the one that all others apply there, after all before it, once.
    pub(super) fn applied(
        &mut self,
        member: MemberName,
        entry: &Applied,
        change: Option<PlexChange>,
    ) -> Result<(), String> {
        let (index, term) = (entry.index, entry.term);
        if let Some(before) = self.applied.insert(member, index)
            && before + 1 != index
        {
            return Err(format!("{member} was given entry {index} after {before}"));
        }
        let sum = sum(entry);
        match self.sums.get(&index) {
            Some(known) if *known == sum => Ok(()),
            Some(_) => Err(format!("{member} applied another entry {index} than others")),
            None if self.last().is_some_and(|last| last + 1 != index) => {
                Err(format!("{member} applied entry {index}, and nobody has applied the one before"))
            }
            None => {
                self.sums.insert(index, sum);
                self.entries.push(Entry { term, change });
                Ok(())
            }
        }
    }

    /// The last entry that anybody has applied.
    pub(super) fn last(&self) -> Option<u64> {
        self.sums.keys().next_back().copied()
    }

    /// **One master a term.** Election safety, Raft section 5.2. Gives the term where its master is new.
    fn stands(&mut self, member: MemberName, standing: Standing) -> Result<Option<u64>, String> {
        let (term, leads) = (standing.term, standing.is_master);
        self.standings.insert(member, standing);
        if !leads {
            return Ok(None);
        }
        match self.masters.insert(term, member) {
            None => Ok(Some(term)),
            Some(led) if led == member => Ok(None),
            Some(led) => Err(format!("{member} and {led} both led in term {term}")),
        }
    }
}

fn sum(entry: &Applied) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&entry.term.to_be_bytes());
    hasher.update(entry.payload.as_deref().unwrap_or_default());
    hasher.finalize()
}
