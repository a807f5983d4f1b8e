//! How much operators may ask: so many requests a second of one user, and of all users together.
//!
//! Each is a bucket that holds what may come in a second, and fills again as it passes.

use crate::config::RequestLimits;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::time::Duration;

/// How often one user is told of in the log.
const TOLD: Duration = Duration::from_secs(10);
/// Beyond so many users, those are forgotten whose buckets are full anyway.
const USERS_KEPT: usize = 1_024;

type ByUser = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

/// The buckets of a member.
pub(super) struct Pace {
    limits: RequestLimits,
    users: ByUser,
    all: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    told: Option<ByUser>,
    clock: DefaultClock,
}

/// A request that is one too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// Who asks too much: `ONE USER`, or `ALL USERS`.
    pub(super) whose: &'static str,
    /// How many are allowed in a second.
    pub(super) allowed: u32,
    /// After how long the next one is taken, in milliseconds.
    pub(super) wait_ms: u64,
    /// Whether the log should tell, which it does now and then.
    pub(super) tell: bool,
}

impl Pace {
    pub(super) fn new(limits: RequestLimits) -> Self {
        Self {
            limits,
            users: RateLimiter::hashmap(Quota::per_second(limits.user_per_s)),
            all: RateLimiter::direct(Quota::per_second(limits.all_per_s)),
            told: Quota::with_period(TOLD).map(RateLimiter::hashmap),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one request of a user, or says that it is one too many. A user who asks too much takes nothing from others.
    pub(super) fn take(&self, user: &str) -> Result<(), TooMany> {
        let name = user.to_string();
        if self.users.len() > USERS_KEPT {
            self.users.retain_recent();
        }
        if let Err(until) = self.users.check_key(&name) {
            let wait = until.wait_time_from(self.clock.now());
            return Err(self.too_many("ONE USER", self.limits.user_per_s.get(), wait, &name));
        }
        self.all.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            self.too_many("ALL USERS", self.limits.all_per_s.get(), wait, &name)
        })
    }

    fn too_many(&self, whose: &'static str, allowed: u32, wait: Duration, user: &String) -> TooMany {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let tell = self.told.as_ref().is_none_or(|told| {
            if told.len() > USERS_KEPT {
                told.retain_recent();
            }
            told.check_key(user).is_ok()
        });
        TooMany { whose, allowed, wait_ms, tell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn pace(user: u32, all: u32) -> Pace {
        let [user_per_s, all_per_s] = [user, all].map(|number| NonZeroU32::new(number).unwrap());
        Pace::new(RequestLimits { user_per_s, all_per_s })
    }

    #[test]
    fn a_user_who_asks_too_much_is_turned_away_and_others_are_not() {
        let pace = pace(3, 100);
        assert!((0..3).all(|_| pace.take("jane").is_ok()));
        let refused = pace.take("jane").unwrap_err();
        assert_eq!((refused.whose, refused.allowed, refused.tell), ("ONE USER", 3, true));
        assert!((1..=334).contains(&refused.wait_ms), "{refused:?}");
        assert!(!pace.take("jane").unwrap_err().tell, "the log is told now and then");
        assert!(pace.take("john").is_ok());
    }

    #[test]
    fn all_users_together_have_a_limit_too_and_what_is_turned_away_takes_nothing_from_it() {
        let pace = pace(2, 5);
        assert_eq!((0..50).filter(|_| pace.take("jane").is_ok()).count(), 2);
        let others = ["a", "b", "c", "d"].map(|user| pace.take(user));
        assert_eq!(others.iter().filter(|taken| taken.is_ok()).count(), 3);
        assert_eq!(others[3].as_ref().unwrap_err().whose, "ALL USERS");
    }
}
