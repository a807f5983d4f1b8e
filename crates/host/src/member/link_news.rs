//! What an operator is told of a link: one line when it is lost, one when it is back.

use crate::logging;
use std::time::{Duration, Instant};
use vocabulary::MemberName;
use vocabulary::message::{LINK201W, LINK202I, LINK203I, LINK204W};

/// How long a lost link is not spoken of. A member that ends in order has told the plex so by then.
const GRACE: Duration = Duration::from_millis(300);

/// Tells of one link.
#[derive(Debug)]
pub(super) struct LinkNews {
    member: MemberName,
    address: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It is up, or was never up yet and nobody answered.
    Quiet,
    /// It was never up, and why was told.
    Unreached,
    /// It broke; `told` says whether anybody was told.
    Lost { at: Instant, why: String, told: bool },
}

impl LinkNews {
    pub(super) fn new(member: MemberName, address: &str) -> Self {
        Self { member, address: address.to_string(), state: State::Quiet }
    }

    /// The link is up.
    pub(super) fn up(&mut self) {
        if let State::Lost { at, .. } = self.state {
            self.tell_loss();
            let after_ms = at.elapsed().as_millis();
            logging::issue(&LINK202I.with(&[&self.member, &self.address, &after_ms]));
        }
        self.state = State::Quiet;
    }

    /// The link is lost. It is told later: by then it is known whether the member ended in order.
    pub(super) fn lost(&mut self, why: String) {
        self.state = State::Lost { at: Instant::now(), why, told: false };
    }

    /// The member was dialed and not reached. `ended` tells whether the plex knows that it ended in order.
    pub(super) fn not_reached(&mut self, error: &dyn std::fmt::Display, expected: bool, ended: bool) {
        match &mut self.state {
            State::Quiet if !expected => {
                logging::issue(&LINK204W.with(&[&self.member, &error]));
                self.state = State::Unreached;
            }
            State::Lost { at, told, .. } if !*told && at.elapsed() >= GRACE => match ended {
                true => {
                    logging::issue(&LINK203I.with(&[&self.member]));
                    *told = true;
                }
                false => self.tell_loss(),
            },
            State::Quiet | State::Unreached | State::Lost { .. } => {}
        }
    }

    fn tell_loss(&mut self) {
        if let State::Lost { why, told, .. } = &mut self.state
            && !*told
        {
            logging::issue(&LINK201W.with(&[&self.member, &self.address, why]));
            *told = true;
        }
    }
}
