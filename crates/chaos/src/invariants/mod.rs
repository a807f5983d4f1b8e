//! What has to be true of every world. Each invariant has a file, a name, the sentence it keeps, and where that
//! comes from.

mod acknowledged;
mod agreement;
mod all_or_nothing;
mod answers;
pub(crate) mod convergence;
mod epochs;
mod programs;
mod restart;
mod same_state;
mod takeover;
mod votes;

use crate::world::cluster::{Cluster, Sight};
use crate::world::facts::Fact;
use crate::world::scene::Kind;
pub(crate) use acknowledged::{admitted_in, definitions_in, says};
use csl::om::{Answer, MessageBody};
use plex::CommandToken;

/// Nothing, or what was found instead.
pub(crate) type Verdict = Result<(), String>;

/// What an invariant says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// What is true of every world.
    pub(crate) sentence: &'static str,
    /// What says so.
    pub(crate) source: &'static str,
}

/// What happened since the last look.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) sights: Vec<Sight>,
    pub(crate) facts: Vec<Fact>,
}

impl News {
    /// Takes them out of a world.
    pub(crate) fn of(cluster: &mut Cluster) -> Self {
        Self { sights: std::mem::take(&mut cluster.sights), facts: std::mem::take(&mut cluster.facts) }
    }
}

/// One invariant, with what it remembers of its world.
pub(crate) trait Invariant<W: Kind = Cluster> {
    fn rule(&self) -> Rule;

    /// After something happened.
    fn look(&mut self, _news: &News, _world: &W::Scene<'_>) -> Verdict {
        Ok(())
    }

    /// After all faults stopped for a while.
    fn look_when_calm(&mut self, _world: &W::Scene<'_>, _terms: Terms) -> Verdict {
        Ok(())
    }
}

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {found} (what has to be: {sentence} Source: {source_of_rule}.)")]
pub(crate) struct Broken {
    pub(crate) name: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) source_of_rule: &'static str,
    pub(crate) found: String,
}

/// All invariants, over one world.
pub(crate) struct Oracle<W: Kind = Cluster> {
    invariants: Vec<Box<dyn Invariant<W>>>,
}

/// How a world is driven, where that decides what can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Every survivor that took over was there to tell of it.
    pub(crate) takeovers_are_seen: bool,
    /// Clocks go right and members do not stand still, so that deadlines can be held against the time of the world.
    pub(crate) deadlines_are_kept: bool,
}

impl Oracle {
    /// What is asked of the worlds over an ideal log.
    pub(crate) fn new() -> Self {
        let mut all = Self::of_any_world();
        all.invariants.push(Box::new(epochs::EpochsOnlyRise::default()));
        all
    }
}

impl<W: Kind> Oracle<W> {
    /// What is asked of all worlds.
    pub(crate) fn of_any_world() -> Self {
        let invariants: Vec<Box<dyn Invariant<W>>> = vec![
            Box::new(agreement::DirectoriesAgree::default()),
            Box::new(all_or_nothing::AllOrNothing::default()),
            Box::new(votes::EveryVote::default()),
            Box::new(takeover::OneWinner::default()),
            Box::new(acknowledged::NothingAcknowledgedIsLost::default()),
            Box::new(restart::NoOldLevelAfterRestart::default()),
            Box::new(programs::RefreshPendingWhereItShouldBe),
            Box::new(same_state::SameState::default()),
            Box::new(answers::OneAnswer),
            Box::new(convergence::EverybodyIsThere),
        ];
        Self { invariants }
    }

    /// Looks at a world and at what happened in it since the last look.
    pub(crate) fn look(&mut self, news: &News, world: &W::Scene<'_>) -> Result<(), Broken> {
        for invariant in &mut self.invariants {
            let rule = invariant.rule();
            invariant.look(news, world).map_err(|found| Broken::of(rule, found))?;
        }
        Ok(())
    }

    /// Looks at a world when all faults have stopped for a while.
    pub(crate) fn look_when_calm(&mut self, world: &W::Scene<'_>, terms: Terms) -> Result<(), Broken> {
        for invariant in &mut self.invariants {
            let rule = invariant.rule();
            invariant.look_when_calm(world, terms).map_err(|found| Broken::of(rule, found))?;
        }
        Ok(())
    }
}

impl Broken {
    fn of(rule: Rule, found: String) -> Self {
        Self { name: rule.name, sentence: rule.sentence, source_of_rule: rule.source, found }
    }
}

/// The command tokens of the activations that an answer says are complete.
pub(crate) fn tokens_in(answer: &Answer) -> impl Iterator<Item = CommandToken> {
    answer.messages.iter().filter_map(|message| match &message.body {
        MessageBody::Message(message) if message.number() == "DFS4897I" => token_of(&message.text()),
        _ => None,
    })
}

/// The command token that a message names.
fn token_of(text: &str) -> Option<CommandToken> {
    let (_, token) = text.split_once("COMMAND TOKEN=")?;
    token_at_start(token)
}

/// The command token that a text begins with.
fn token_at_start(text: &str) -> Option<CommandToken> {
    u64::from_str_radix(text.get(..16)?, 16).ok().map(CommandToken)
}
