//! What is known of a world from outside, and what has to be true of it.

use super::history::History;
use crate::locked;
use host::consensus::{Applied, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What is known of a world, for everybody in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) story: Vec<String>,
    pub(super) broken: Option<String>,
    pub(super) history: History,
    /// The sum over all entries up to one, as whoever came to it first had it.
    sums: BTreeMap<u64, u64>,
    /// All values that were ever applied.
    pub(super) written: BTreeSet<u64>,
    /// Who led in which term.
    pub(super) masters: BTreeMap<u64, String>,
    /// How members stood last, also those that are down.
    pub(super) standings: BTreeMap<String, Standing>,
    /// Members whose consensus has stopped for good.
    pub(super) failed: BTreeSet<String>,
    pub(super) installed: u64,
    /// Members that answered a read since the calm began, and whether a write was acknowledged.
    pub(super) served: BTreeSet<String>,
    pub(super) took_write: bool,
}

impl Facts {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut locked(&self.0))
    }

    /// A line of the story, with the time of the world.
    pub(super) fn tell(&self, line: &str) {
        let at = turmoil::sim_elapsed().unwrap_or_default().as_secs_f64();
        self.tell_at(at, line);
    }

    pub(super) fn tell_at(&self, seconds: f64, line: &str) {
        self.with(|known| known.story.push(format!("{seconds:>8.3} s  {line}")));
    }

    /// What has to be true is not. The first such thing counts.
    pub(super) fn broken(&self, found: String) {
        self.with(|known| known.broken.get_or_insert(found).clone());
    }

    /// **Members agree on the log entry by entry.** State machine safety, Raft section 5.4.3: whoever applies an entry
    /// applies the one that all others apply there, after the same entries.
    pub(super) fn applied(&self, member: &str, entry: &Applied, sum: u64, value: Option<u64>) {
        let index = entry.index;
        let differs = self.with(|known| {
            known.written.extend(value);
            *known.sums.entry(index).or_insert(sum) != sum
        });
        if differs {
            self.broken(format!(
                "{member} applied another entry {index} than others, or after other entries"
            ));
        }
    }

    /// **A snapshot is what the log comes to.** Raft section 7: a member that was given a snapshot has what it would
    /// have after the entries.
    pub(super) fn installed(&self, member: &str, index: u64, sum: u64) {
        let found = self.with(|known| {
            known.installed += 1;
            known.sums.get(&index).copied()
        });
        if found != Some(sum) {
            self.broken(format!(
                "{member} was given a snapshot of entry {index} that is not what others had there"
            ));
        }
    }

    /// **One master a term.** Election safety, Raft section 5.2.
    pub(super) fn stands(&self, member: &str, standing: Standing) {
        if standing.is_master {
            let (term, found) = (standing.term, member.to_string());
            let (is_new, led) = self.with(|known| {
                let is_new = !known.masters.contains_key(&term);
                (is_new, known.masters.entry(term).or_insert(found).clone())
            });
            if is_new {
                self.tell(&format!("{member} leads in term {term}"));
            }
            if led != member {
                self.broken(format!("{member} and {led} both led in term {term}"));
            }
        }
        if let Some(reason) = &standing.failed {
            self.failed(member, &format!("{member} stops: {reason}"));
        }
        self.with(|known| known.standings.insert(member.to_string(), standing));
    }

    /// A member can't go on, and said so.
    pub(super) fn failed(&self, member: &str, said: &str) {
        if self.with(|known| known.failed.insert(member.to_string())) {
            self.tell(said);
        }
    }
}
