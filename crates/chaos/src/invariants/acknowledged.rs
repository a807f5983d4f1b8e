//! What an operator was told is done stays done.

use super::{Invariant, News, Rule, Terms, Verdict, agreement::directory_of};
use crate::history::is_unknown;
use crate::world::cluster::Request;
use crate::world::facts::Fact;
use crate::world::scene::{Kind, Scene};
use control_region::{ControlRegion, RequestId};
use csl::envelope::{OperatorRequest, SourceFile};
use csl::om::{Answer, MessageBody, Row, Value};
use std::collections::BTreeSet;
use vocabulary::{DirectoryLevel, InstanceStamp, ResourceName};

/// Every definition that was found active at some level.
#[derive(Debug, Default)]
pub(crate) struct NothingAcknowledgedIsLost {
    active: BTreeSet<(String, InstanceStamp)>,
    /// The levels whose definitions are among them.
    levels: BTreeSet<DirectoryLevel>,
}

impl<W: Kind> Invariant<W> for NothingAcknowledgedIsLost {
    fn rule(&self) -> Rule {
        Rule {
            name: "nothing_acknowledged_is_lost",
            sentence: "A definition whose import was answered as complete is in the directory, or was there and gave \
                       way to another one that was activated later; one whose staging was answered as done is \
                       staged, was activated, or gave way to what an operator asked for later.",
            source: "the promise of the plex; docs/architecture.md",
        }
    }

    fn look(&mut self, news: &News, world: &W::Scene<'_>) -> Verdict {
        for region in world.sharing_regions() {
            if self.levels.insert(region.plex().catalog().level().0) {
                let directory = directory_of(region);
                self.active.extend(directory.map(|(name, stamp)| (name.as_str().to_string(), stamp)));
            }
        }
        // Between two looks there may be more than one level.
        for fact in &news.facts {
            if let Fact::Committed { activated, .. } = fact {
                self.active.extend(activated.iter().cloned());
            }
        }
        Ok(())
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, _: Terms) -> Verdict {
        let Some(region) = world.sharing_regions().next() else { return Ok(()) };
        for request in world.requests().values() {
            for (_, answer) in &request.answers {
                if says(answer, "DFS4897I") {
                    self.was_activated(answer)?;
                }
            }
        }
        world.requests().iter().try_for_each(|(id, request)| self.judge_staging(*id, request, region, world))
    }
}

impl NothingAcknowledgedIsLost {
    fn was_activated(&self, answer: &Answer) -> Verdict {
        for (name, stamp) in definitions_in(answer) {
            if !self.active.contains(&(name.clone(), stamp)) {
                return Err(format!(
                    "{name} {stamp} was answered as activated, and no directory ever had it"
                ));
            }
        }
        Ok(())
    }

    fn judge_staging(
        &self,
        id: RequestId,
        request: &Request,
        region: &ControlRegion,
        world: &impl Scene,
    ) -> Verdict {
        let Some((_, answer)) = request.answers.first().filter(|(_, answer)| says(answer, "DFS4536I")) else {
            return Ok(());
        };
        for (name, stamp) in admitted_in(answer) {
            let gave_way = || {
                let others = world.requests().iter().filter(|(other, _)| **other != id);
                others.map(|(_, other)| other).any(|other| may_take_away(other, request, &name))
            };
            if !self.is_somewhere(region, &name, stamp) && !gave_way() {
                return Err(format!(
                    "{name} {stamp} was answered as staged, and is neither staged nor was it active"
                ));
            }
        }
        Ok(())
    }

    fn is_somewhere(&self, region: &ControlRegion, name: &str, stamp: InstanceStamp) -> bool {
        let pending = |(of, record): (ResourceName, &catalog::Record)| {
            of.as_str() == name && record.pending == Some(stamp)
        };
        self.active.contains(&(name.to_string(), stamp)) || region.plex().catalog().records().any(pending)
    }
}

/// Whether what this operator asked may have taken away what that one staged.
fn may_take_away(this: &Request, that: &Request, name: &str) -> bool {
    // What its operator was not told the outcome of may happen later.
    let was_before =
        this.answers.first().is_some_and(|(at, answer)| *at < that.asked_at && !is_unknown(answer));
    let takes_away = match &this.asked {
        OperatorRequest::Populate(part) => {
            let defines = |source: &SourceFile| {
                source.name.split('.').next().is_some_and(|of| of.eq_ignore_ascii_case(name))
            };
            part.delete || part.sources.iter().any(defines)
        }
        OperatorRequest::Command { text, .. } => text.contains("DELPENDERR"),
        OperatorRequest::Ddl(part) => {
            part.sources.iter().any(|source| String::from_utf8_lossy(&source.bytes).contains(name))
        }
        OperatorRequest::List(_) | OperatorRequest::Log(_) => false,
    };
    takes_away && !was_before
}

/// Whether an answer has this message.
pub(crate) fn says(answer: &Answer, number: &str) -> bool {
    answer.messages.iter().any(|message| match &message.body {
        MessageBody::Message(message) => message.number() == number,
        MessageBody::Line(_) => false,
    })
}

/// The definitions that a populate job brought in.
pub(crate) fn admitted_in(answer: &Answer) -> impl Iterator<Item = (String, InstanceStamp)> {
    let admitted = |row: &&Row| {
        let action = row.get("ACT").map(Value::to_string);
        action.is_some_and(|action| ["INSERT", "REPLACE"].contains(&action.as_str()))
    };
    answer.rows.iter().filter(admitted).filter_map(definition_in)
}

/// The definitions in the rows of an answer: what they define, and which version of it.
pub(crate) fn definitions_in(answer: &Answer) -> impl Iterator<Item = (String, InstanceStamp)> {
    answer.rows.iter().filter_map(definition_in)
}

fn definition_in(row: &Row) -> Option<(String, InstanceStamp)> {
    let text = |column| row.get(column).map(Value::to_string).filter(|text| !text.is_empty());
    Some((text("NAME")?, text("TIMESTMP")?.parse().ok()?))
}
