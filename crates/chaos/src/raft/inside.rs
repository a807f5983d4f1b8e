//! What a world sees of what goes on in its members.

use super::Sabotage;
use super::facts::{Facts, Order, Running};
use crate::world::cluster::Sight;
use crate::world::entries::Before;
use crate::world::facts::Fact;
use crate::world::network::name_of;
use control_region::{Effect, Event};
use host::consensus::{Applied, Consensus, Frozen, Machine, MachineRecord};
use host::member::simulated::{Inside, World};
use plex::{PlexChange, PlexReply};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use vocabulary::{MemberName, encoding};

/// The state is compared after every entry whose index is a multiple of this, and where a snapshot is made or taken.
const COMPARED_EVERY: u64 = 8;

/// How long a member takes that does not ask how much it has to know.
const ANSWERED_AFTER: Duration = Duration::from_millis(2);

/// The world, as one member has it around itself.
#[derive(Debug, Clone)]
pub(super) struct Around {
    pub(super) member: MemberName,
    pub(super) facts: Facts,
    pub(super) sabotage: Option<Sabotage>,
}

impl World for Around {
    fn machine(&self, inside: &Inside) -> Arc<dyn Machine> {
        let (member, facts) = (self.member, self.facts.clone());
        Arc::new(Watched { member, facts, inside: inside.clone(), machine: inside.machine() })
    }

    fn begins(&self, inside: &Inside, consensus: &Arc<Consensus>) {
        let (orders, mut ordered) = unbounded_channel();
        let mut known = self.facts.known();
        known.running.insert(self.member, Running { inside: inside.clone(), orders });
        known.facts.push(Fact::Started { member: self.member });
        drop(known);
        let (inside, of_orders) = (inside.clone(), Arc::clone(consensus));
        tokio::spawn(async move {
            while let Some(order) = ordered.recv().await {
                match order {
                    Order::Told(event) => inside.tell(*event),
                    Order::HandOver => of_orders.hand_over().await,
                }
            }
        });
        let (around, mut standing) = (self.clone(), consensus.standing());
        tokio::spawn(async move {
            loop {
                let now = standing.borrow_and_update().clone();
                around.facts.stands(around.member, now);
                if standing.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    fn wants(&self, inside: &Inside, effect: &Effect) -> bool {
        if let (Effect::Barrier(barrier), Some(Sabotage::StaleReads)) = (effect, self.sabotage) {
            let (inside, barrier) = (inside.clone(), *barrier);
            tokio::spawn(async move {
                tokio::time::sleep(ANSWERED_AFTER).await;
                inside.tell(Event::Barrier { barrier, index: Some(0) });
            });
            return false;
        }
        let mut known = self.facts.known();
        known.sights.extend(self.sight_of(effect));
        match effect {
            Effect::Propose { change, .. } => known.facts.extend(Fact::of_proposal(self.member, change)),
            Effect::Send { letter, .. } => known.facts.extend(Fact::of_letter(self.member, letter)),
            Effect::Answer { request, answer } => known.answers.push((*request, (**answer).clone())),
            _ => {}
        }
        true
    }

    fn is_gone(&self, from: MemberName, address: &str) -> bool {
        let known = self.facts.known();
        let host = address.split(':').next().unwrap_or_default();
        let there = known.down.iter().find(|member| member.as_str().eq_ignore_ascii_case(host));
        there.is_some_and(|to| !known.cuts.contains(&(from, *to)) && !known.cuts.contains(&(*to, from)))
    }
}

impl Around {
    fn sight_of(&self, effect: &Effect) -> Option<Sight> {
        let member = self.member;
        Some(match effect {
            // A record for people; stories are about decisions.
            Effect::Propose { change, .. } if !matches!(**change, PlexChange::Lead(_)) => {
                Sight::Entry(name_of(change))
            }
            Effect::Answer { answer, .. } => Sight::Answered(member, answer.clone()),
            Effect::Progress { progress, .. } => Sight::Progress(member, progress.text.clone()),
            Effect::Scheduled { outcome, .. } => {
                Sight::Scheduled(member, outcome.as_ref().map(drop).map_err(String::clone))
            }
            Effect::Issue(message) => Sight::Issued(member, message.clone()),
            Effect::Observe(course) => Sight::Observed(member, course.clone()),
            _ => return None,
        })
    }
}

/// The machine of a member, with everything that it is fed looked at before and after.
struct Watched {
    member: MemberName,
    facts: Facts,
    inside: Inside,
    machine: Arc<dyn Machine>,
}

impl Machine for Watched {
    fn position(&self) -> io::Result<Option<Vec<u8>>> {
        self.machine.position()
    }

    fn apply(&self, entries: Vec<Applied>, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        let mut replies = Vec::with_capacity(entries.len());
        for entry in entries {
            replies.extend(self.apply_one(&entry, position.clone())?);
        }
        Ok(replies)
    }

    fn freeze(&self) -> io::Result<Frozen> {
        let applied = self.facts.known().applied.get(&self.member).copied();
        if let Some(index) = applied {
            self.note_state(index);
        }
        self.machine.freeze()
    }

    fn install(
        &self,
        position: Vec<u8>,
        records: &mut dyn Iterator<Item = io::Result<MachineRecord>>,
    ) -> io::Result<()> {
        // The record without a key says up to which entry it is.
        let mut index = 0;
        let mut noted = records.inspect(|record| {
            if let Ok((key, value)) = record
                && key.is_empty()
            {
                index = value.as_slice().try_into().map_or(0, u64::from_be_bytes);
            }
        });
        self.machine.install(position, &mut noted)?;
        let mut known = self.facts.known();
        known.installed += 1;
        known.applied.insert(self.member, index);
        drop(known);
        self.note_state(index);
        Ok(())
    }
}

impl Watched {
    fn apply_one(&self, entry: &Applied, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        let decode = |payload: &[u8]| encoding::decode::<PlexChange>("plex change", payload);
        let change = entry.payload.as_deref().map(decode).transpose().map_err(io::Error::other)?;
        let before = Before::of(&self.inside.region(), change.as_ref());
        let replies = self.machine.apply(vec![entry.clone()], position)?;
        let reply = replies.first().map(|reply| encoding::decode::<PlexReply>("reply of the plex", reply));
        let taken = matches!(reply, Some(Ok(Ok(()))));
        let facts = before.facts(&self.inside.region(), entry.index, taken);
        let mut known = self.facts.known();
        known.facts.extend(facts);
        let applied = known.applied(self.member, entry, change);
        drop(known);
        if let Err(found) = applied {
            self.facts.broken(found);
        }
        if entry.index.is_multiple_of(COMPARED_EVERY) {
            self.note_state(entry.index);
        }
        Ok(replies)
    }

    /// Notes what all records come to, to be compared with what others have there.
    fn note_state(&self, index: u64) {
        let mut digest = crc32fast::Hasher::new();
        for (key, value) in self.inside.region().plex().records() {
            digest.update(&key);
            digest.update(&value);
        }
        let (member, digest) = (self.member, digest.finalize());
        self.facts.known().facts.push(Fact::Applied { member, group: 0, index, digest });
    }
}
