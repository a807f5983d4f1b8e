//! An activation is committed everywhere or nowhere.

use super::{Invariant, News, Rule, Terms, Verdict, token_of};
use crate::world::cluster::{Cluster, Sight};
use plex::Outcome;
use std::collections::BTreeMap;
use vocabulary::MemberName;

/// How activations were found to end, by command token: whether committed, and who said so first.
#[derive(Debug, Default)]
pub(crate) struct AllOrNothing {
    ends: BTreeMap<String, (bool, MemberName)>,
}

impl Invariant for AllOrNothing {
    fn rule(&self) -> Rule {
        Rule {
            name: "an_activation_is_committed_everywhere_or_nowhere",
            sentence: "What is committed on one member is never backed out on another, nor said to have never begun.",
            source: "IMPORT with two phases, catalog-activation.md; the invariants of crate plex",
        }
    }

    fn look(&mut self, news: &News, cluster: &Cluster) -> Verdict {
        for sight in &news.sights {
            if let Sight::Issued(member, message) = sight
                && let Some(token) = token_of(&message.text())
            {
                match message.number() {
                    "DFS4781I" | "DFS4897I" => self.ended(&token, true, *member)?,
                    "DFS4326E" | "DFS4898E" => self.ended(&token, false, *member)?,
                    _ => {}
                }
            }
        }
        for (member, node) in cluster.nodes.iter().filter(|(_, node)| node.group == 0) {
            let latest = node.region.iter().flat_map(|region| region.plex().history().rev().take(2));
            for finished in latest {
                let committed = matches!(finished.outcome, Outcome::Committed { .. });
                self.ended(&finished.token.to_string(), committed, *member)?;
            }
        }
        Ok(())
    }

    fn look_when_calm(&mut self, cluster: &Cluster, _: Terms) -> Verdict {
        for (_, answer) in cluster.requests.values().flat_map(|request| &request.answers) {
            if let Some(rest) = answer.reason_text.strip_prefix("the master was lost before command ") {
                let token: String = rest.chars().take(16).collect();
                if let Some((true, member)) = self.ends.get(&token) {
                    return Err(format!(
                        "{token} was said to have never begun, and {member} has committed it"
                    ));
                }
            }
        }
        Ok(())
    }
}

impl AllOrNothing {
    fn ended(&mut self, token: &str, committed: bool, member: MemberName) -> Verdict {
        let (before, first) = *self.ends.entry(token.to_string()).or_insert((committed, member));
        if before == committed {
            return Ok(());
        }
        let (commits, backs_out) = if committed { (member, first) } else { (first, member) };
        Err(format!("{token} is committed on {commits} and backed out on {backs_out}"))
    }
}
