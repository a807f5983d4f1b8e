//! An operator gets one answer, in time.

use super::{Invariant, News, Rule, Terms, Verdict};
use crate::world::cluster::Request;
use crate::world::scene::{Kind, Scene};

/// How much later than the deadline an answer may come: a tick.
const LATE_MS_MAX: u64 = 250;

/// How many requests are looked at all the while. The others are when it is calm.
const LATEST: usize = 64;

#[derive(Debug)]
pub(crate) struct OneAnswer;

impl<W: Kind> Invariant<W> for OneAnswer {
    fn rule(&self) -> Rule {
        Rule {
            name: "an_operator_gets_one_answer",
            sentence: "What an operator asked is answered once, by its deadline at the latest, unless its entry \
                       member ends.",
            source: "the invariants of control-region",
        }
    }

    fn look(&mut self, _: &News, world: &W::Scene<'_>) -> Verdict {
        world.requests().values().rev().take(LATEST).try_for_each(judge_count)
    }

    fn look_when_calm(&mut self, world: &W::Scene<'_>, terms: Terms) -> Verdict {
        world.requests().values().try_for_each(|request| judge(request, world, terms))
    }
}

fn judge_count(request: &Request) -> Verdict {
    match request.answers.len() {
        0 | 1 => Ok(()),
        count => Err(format!("answered {count} times: {request:?}")),
    }
}

fn judge(request: &Request, world: &impl Scene, terms: Terms) -> Verdict {
    judge_count(request)?;
    if request.cut_off {
        return Ok(());
    }
    let Some((at, _)) = request.answers.first() else {
        return Err(format!("never answered: {request:?}"));
    };
    let took_ms = at.ms_since(request.asked_at);
    if terms.deadlines_are_kept && took_ms > world.command_wait_ms() + LATE_MS_MAX {
        return Err(format!("answered after {took_ms} ms: {request:?}"));
    }
    Ok(())
}
