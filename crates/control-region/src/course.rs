//! How an activation went, as this member saw it: when it passed from phase to phase, and who was waited for.
//!
//! It is for people who look back, and nothing is decided by it. Whatever was not seen is left out: a member that
//! started in the middle of an activation has no course to tell.

use crate::event::Effect;
use crate::letter::Letter;
use crate::region::ControlRegion;
use plex::{CommandToken, Finished, Outcome};
use std::collections::BTreeMap;
use vocabulary::{DirectoryLevel, MemberName, Moment};

/// An activation that is over, by the clock of this member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The command.
    pub token: CommandToken,
    /// Who was its master at the end.
    pub master: MemberName,
    /// Whether that is this member.
    pub coordinated: bool,
    /// When this member took the command from an operator or from the operator's entry member.
    pub taken: Option<Moment>,
    /// When the Prepare entry was applied here.
    pub prepared: Moment,
    /// When the commit point was applied here.
    pub committed: Option<Moment>,
    /// When its end was applied here.
    pub ended: Moment,
    /// The level that the directory passed to; nothing where it was backed out.
    pub level: Option<DirectoryLevel>,
    /// When it was first heard here that each participant is ready or not: its vote, or what it said before the Prepare
    /// entry where it was asked beforehand.
    pub votes: BTreeMap<MemberName, Moment>,
    /// When each participant's completion was first heard here.
    pub completions: BTreeMap<MemberName, Moment>,
}

/// What participants said of an activation before the log had it.
#[derive(Debug, Clone)]
pub(crate) struct SaidBefore {
    token: CommandToken,
    heard: BTreeMap<MemberName, Moment>,
}

/// What was seen so far of the activation under way.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    token: CommandToken,
    taken: Option<Moment>,
    prepared: Moment,
    committed: Option<Moment>,
    votes: BTreeMap<MemberName, Moment>,
    completions: BTreeMap<MemberName, Moment>,
}

impl ControlRegion {
    /// Takes note of when a participant was heard that was asked before the activation began.
    pub(crate) fn watch_said(&mut self, token: CommandToken, from: MemberName) {
        self.said_before.take_if(|said| said.token != token);
        let said = self.said_before.get_or_insert_with(|| SaidBefore { token, heard: BTreeMap::new() });
        said.heard.entry(from).or_insert(self.now);
    }

    /// Begins to watch the activation that the plex has just prepared. A member that catches up sees all of it at
    /// once, which says nothing of how long it took.
    pub(crate) fn watch_prepared(&mut self) {
        let said = self.said_before.take();
        self.watch = self.plex.activation().filter(|_| self.is_running()).map(|activation| Watch {
            token: activation.token,
            taken: self.imports.iter().find(|import| import.token == activation.token).map(|own| own.began),
            prepared: self.now,
            committed: None,
            votes: said
                .filter(|said| said.token == activation.token)
                .map_or(BTreeMap::new(), |said| said.heard),
            completions: BTreeMap::new(),
        });
    }

    pub(crate) fn watch_committed(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.committed = Some(self.now);
        }
    }

    /// Takes note of when a participant was heard first.
    pub(crate) fn watch_heard(&mut self, from: MemberName, letter: &Letter) {
        let now = self.now;
        let Some(watch) = &mut self.watch else { return };
        match letter {
            Letter::Vote { token, .. } if *token == watch.token => watch.votes.entry(from).or_insert(now),
            Letter::Done { token, .. } if *token == watch.token => {
                watch.completions.entry(from).or_insert(now)
            }
            _ => return,
        };
    }

    /// Tells how the activation went.
    pub(crate) fn tell_course(&mut self, finished: &Finished) {
        let Some(watch) = self.watch.take().filter(|watch| watch.token == finished.token) else { return };
        let level = match &finished.outcome {
            Outcome::Committed { level, .. } => Some(*level),
            Outcome::BackedOut(_) => None,
        };
        let course = Course {
            token: watch.token,
            master: finished.master,
            coordinated: finished.master == self.me(),
            taken: watch.taken,
            prepared: watch.prepared,
            committed: watch.committed,
            ended: self.now,
            level,
            votes: watch.votes,
            completions: watch.completions,
        };
        self.emit(Effect::Observe(Box::new(course)));
    }
}
