//! What has to hold in every state that can come about.

use crate::calm::Calm;
use crate::happen::Scene;
use crate::model::ActivationModel;
use crate::settings::MEMBERS;
use crate::world::{Operator, World};
use plex::{MemberState, Outcome, Plex};
use stateright::Property;

/// No participant that is there is committed over without its vote, or over its work in progress.
pub const EVERY_VOTE: &str = "no commit without the vote of every participant that is there";
/// A member is never told both, an operator is told what is so, and members with the same entries hold the same.
pub const ALL_OR_NOTHING: &str = "all or nothing";
/// Of those that find a lost master's activation, one finishes it or backs it out, and tells so.
pub const ONE_WINNER: &str = "one winner of a takeover";
/// What a member holds is what the log says, byte for byte.
pub const AS_LOGGED: &str = "every member holds what the log says";
/// An operator is answered once.
pub const ONE_ANSWER: &str = "one answer";
/// No member gives up.
pub const NO_FAILURE: &str = "no member fails";
/// When no fault is left, it ends: everybody works with all that was agreed on, and the operator that is still there was answered.
pub const ENDS: &str = "it ends once the faults stop";
/// It can be committed: the model tries something.
pub const CAN_COMMIT: &str = "it can be committed";
/// It can be backed out by a survivor.
pub const CAN_BACK_OUT: &str = "a survivor can back it out";
/// It can be completed by a survivor.
pub const CAN_COMPLETE: &str = "a survivor can complete it";

pub(crate) fn all() -> Vec<Property<ActivationModel>> {
    vec![
        Property::always(EVERY_VOTE, |_, world: &World| !world.seen.unasked),
        Property::always(ALL_OR_NOTHING, all_or_nothing),
        Property::always(ONE_WINNER, |_, world: &World| world.seen.takeovers <= 1),
        Property::always(AS_LOGGED, as_logged),
        Property::always(ONE_ANSWER, |_, world: &World| world.seen.answers <= 1),
        Property::always(NO_FAILURE, |_, world: &World| !world.seen.failed),
        Property::always(ENDS, ends),
        Property::sometimes(CAN_COMMIT, |_, world: &World| world.operator == Operator::ToldDone),
        Property::sometimes(CAN_BACK_OUT, |_, world: &World| {
            world.seen.takeovers > 0 && world.seen.backed_out
        }),
        Property::sometimes(CAN_COMPLETE, |_, world: &World| {
            world.seen.takeovers > 0 && world.seen.committed
        }),
    ]
}

fn all_or_nothing(model: &ActivationModel, world: &World) -> bool {
    let book = model.book();
    let committed = book.plex(world.end_of_log()).catalog().level().0.0 > 1;
    let told_so = match world.operator {
        Operator::ToldDone => committed,
        Operator::ToldNotDone => !committed,
        Operator::Waits | Operator::CutOff => true,
    };
    told_so && !(world.seen.committed && world.seen.backed_out)
}

fn as_logged(model: &ActivationModel, world: &World) -> bool {
    let book = model.book();
    let mut members = world.machines.iter().filter_map(|machine| machine.member);
    members.all(|member| !book.is_astray(member))
}

/// Where something can still happen, the question is still open.
fn ends(model: &ActivationModel, world: &World) -> bool {
    let mut book = model.book();
    if !world.actions(&book).is_empty() {
        return true;
    }
    let mut last = world.clone();
    let mut scene = Scene { world: &mut last, book: &mut book };
    scene.calm();
    let plex = book.plex(last.end_of_log());
    let all_there = (0..MEMBERS).all(|at| {
        let run = last.machines[at].member.map(|member| book.run(member));
        let entry = plex.roster().get(&book.names.members[at]);
        let works =
            entry.is_some_and(|entry| entry.state == MemberState::Active && Some(entry.incarnation) == run);
        works && last.machines[at].applied == last.end_of_log()
    });
    all_there && plex.activation().is_none() && is_recorded(plex, &last) && last.operator != Operator::Waits
}

/// The record of the activation says what became of it.
fn is_recorded(plex: &Plex, world: &World) -> bool {
    let committed = |outcome: &Outcome| matches!(outcome, Outcome::Committed { .. });
    let recorded = plex.history().next_back().map(|finished| committed(&finished.outcome));
    match world.operator {
        Operator::ToldDone => recorded == Some(true),
        Operator::ToldNotDone => recorded != Some(true),
        Operator::Waits | Operator::CutOff => true,
    }
}
