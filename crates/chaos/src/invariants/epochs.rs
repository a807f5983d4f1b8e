//! Who writes to a database has it from RECON, in the latest epoch that anybody writes in.

use super::{Invariant, News, Rule, Terms, Verdict};
use crate::world::cluster::Cluster;
use crate::world::engine::Opened;
use crate::world::facts::Fact;
use crate::world::node::Node;
use control_region::ControlRegion;
use dbrc::{Access, Recon};
use std::collections::BTreeMap;
use vocabulary::{DbdName, Epoch, MemberName};

/// What RECON was found to say, and who was admitted to write.
#[derive(Debug, Default)]
pub(crate) struct EpochsOnlyRise {
    /// RECON after the latest entry that anybody was found to have applied.
    latest: (u64, Recon),
    epochs: BTreeMap<DbdName, Epoch>,
    admitted: BTreeMap<DbdName, (Epoch, MemberName)>,
}

impl Invariant for EpochsOnlyRise {
    fn rule(&self) -> Rule {
        Rule {
            name: "recon_epochs_only_rise",
            sentence: "The epoch of a database never falls; authorizations that exclude each other are not held at once; \
                       whoever has a registered database open for update, or left it so, is authorized by RECON, or has \
                       it in an earlier epoch than RECON; and nothing is written in an earlier epoch than the one that \
                       another was admitted to write in.",
            source: "the invariants of crate dbrc; fence and inheritance are one entry, docs/architecture.md",
        }
    }

    fn look(&mut self, news: &News, cluster: &Cluster) -> Verdict {
        news.facts.iter().try_for_each(|fact| self.judge_writer(fact))?;
        if self.learn(cluster)? {
            coexist(&self.latest.1)?;
        }
        let sharers = cluster.nodes.values().filter(|node| node.group == 0);
        sharers.into_iter().try_for_each(|node| self.judge_holder(node))
    }

    fn look_when_calm(&mut self, cluster: &Cluster, _: Terms) -> Verdict {
        for (dbd, database) in self.latest.1.databases() {
            for holder in database.held.keys() {
                let Some(node) = cluster.nodes.get(holder).filter(|node| node.is_alive()) else { continue };
                if !node.engine.open.contains_key(&dbd) && !node.engine.log.contains_key(&dbd) {
                    return Err(format!(
                        "{holder} has {dbd} in RECON, and neither opens it nor gives it back"
                    ));
                }
            }
        }
        let busy = cluster.nodes.values().find(|node| node.is_alive() && !node.engine.is_idle());
        busy.map_or(Ok(()), |node| Err(format!("the engine of {} does not come to an end", node.member())))
    }
}

impl EpochsOnlyRise {
    /// Takes note of RECON as whoever is furthest has it; whether there was anything new.
    fn learn(&mut self, cluster: &Cluster) -> Result<bool, String> {
        let sharers = cluster.nodes.values().filter(|node| node.group == 0 && node.is_alive());
        let Some(furthest) = sharers.max_by_key(|node| node.applied) else { return Ok(false) };
        let recon = furthest.region.as_ref().map(ControlRegion::plex).map(plex::Plex::recon);
        let Some(recon) = recon.filter(|_| furthest.applied > self.latest.0) else { return Ok(false) };
        self.latest = (furthest.applied, recon.clone());
        for (dbd, database) in recon.databases() {
            let before = self.epochs.insert(dbd, database.epoch).unwrap_or_default();
            if before > database.epoch {
                let (before, now) = (before.0, database.epoch.0);
                return Err(format!("the epoch of {dbd} was {before}, and is {now}"));
            }
        }
        Ok(true)
    }

    fn judge_writer(&mut self, fact: &Fact) -> Verdict {
        match *fact {
            Fact::Admitted { member, dbd, epoch } => {
                let latest = self.admitted.entry(dbd).or_insert((epoch, member));
                *latest = (epoch, member).max(*latest);
                Ok(())
            }
            Fact::Wrote { member, dbd, epoch } => match self.admitted.get(&dbd) {
                Some((later, other)) if *later > epoch => {
                    let (epoch, later) = (epoch.0, later.0);
                    Err(format!(
                        "{member} writes to {dbd} in epoch {epoch}, and {other} was admitted in {later}"
                    ))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// What an engine has open, or left open.
    fn judge_holder(&self, node: &Node) -> Verdict {
        let engine = &node.engine;
        let all = engine.open.iter().chain(&engine.log);
        all.filter(|(_, opened)| opened.is_registered && opened.updates())
            .try_for_each(|(dbd, opened)| self.judge(node.member(), *dbd, opened))
    }

    fn judge(&self, member: MemberName, dbd: DbdName, opened: &Opened) -> Verdict {
        let database = self.latest.1.database(&dbd);
        let held = database.and_then(|database| database.held.get(&member)).copied();
        let epoch = self.epochs.get(&dbd).copied().unwrap_or_default();
        let is_authorized = held.is_some_and(|held| held >= Access::Update);
        if is_authorized || opened.epoch < epoch {
            return Ok(());
        }
        let (held, epoch) = (held.map_or("NOTHING".to_string(), |held| held.to_string()), epoch.0);
        Err(format!("{member} has {dbd} open for update in epoch {epoch}, and RECON says {held} of it"))
    }
}

fn coexist(recon: &Recon) -> Verdict {
    for (dbd, database) in recon.databases() {
        for (nth, (one, access)) in database.held.iter().enumerate() {
            let mut others = database.held.iter().skip(nth + 1);
            if let Some((other, held)) = others.find(|(_, held)| !access.allows(**held, database.share_level))
            {
                return Err(format!("{one} has {dbd} with {access}, and {other} with {held}"));
            }
        }
    }
    Ok(())
}
