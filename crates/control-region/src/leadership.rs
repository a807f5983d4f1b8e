//! Since when this member is master, told by the log and not by a clock.
//!
//! A command that was sent to an earlier leadership of the same member may have been given up since, and its operator
//! told so. A sender that has applied the entry with which the present leadership begins can't be such a one.

use crate::event::{BarrierId, Effect};
use crate::region::ControlRegion;
use vocabulary::Moment;

/// The present leadership.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leadership {
    term: u64,
    /// When this member found itself master, by its own clock: for people, and not for decisions.
    began: Moment,
    question: BarrierId,
    asked: Moment,
    since: Option<u64>,
}

impl ControlRegion {
    /// Asks how far the log was when this member became master.
    pub(crate) fn leadership_turn(&mut self) {
        // It may lose the lead and have it again before it is told of either.
        self.leadership.take_if(|leadership| leadership.term != self.term);
        let due = self.leadership.is_none_or(|leadership| {
            leadership.since.is_none()
                && self.now.ms_since(leadership.asked) >= self.settings.consensus_retry_ms
        });
        if due {
            let question = BarrierId(self.next_name());
            let began = self.leadership.map_or(self.now, |leadership| leadership.began);
            let term = self.term;
            self.leadership = Some(Leadership { term, began, question, asked: self.now, since: None });
            self.emit(Effect::Barrier(question));
        }
    }

    pub(crate) fn leadership_barrier(&mut self, barrier: BarrierId, index: Option<u64>) {
        if let Some(leadership) = self.leadership.as_mut().filter(|leadership| leadership.question == barrier)
        {
            leadership.since = index;
        }
    }

    /// When this member found itself master, where it is.
    pub(crate) fn leads_from(&self) -> Option<Moment> {
        self.leadership.map(|leadership| leadership.began)
    }

    /// An index that the log had reached when this member had become master, once it is known.
    pub(crate) fn leads_since(&self) -> Option<u64> {
        self.leadership?.since
    }
}
