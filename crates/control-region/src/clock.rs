//! The time that a member goes by: the wall clock, except that it never goes back.
//!
//! All waiting is measured by it. A wall clock that is set back by an hour would keep a member from everything that it
//! does from time to time, for that hour.

use vocabulary::Moment;

/// While the member is ahead of its wall clock, its own time passes this many times slower, until both agree.
const SLOWER: u64 = 2;

/// Own time and wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// What the wall clock showed last.
    wall: Moment,
    /// How far own time is ahead of it.
    ahead_us: u64,
}

impl Clock {
    pub(crate) fn new(wall: Moment) -> Self {
        Self { wall, ahead_us: 0 }
    }

    /// The time, where the wall clock shows this.
    pub(crate) fn read(&mut self, wall: Moment) -> Moment {
        if wall < self.wall {
            self.ahead_us = self.ahead_us.saturating_add(self.wall.0 - wall.0);
        } else {
            self.ahead_us = self.ahead_us.saturating_sub((wall.0 - self.wall.0) / SLOWER);
        }
        self.wall = wall;
        Moment(wall.0.saturating_add(self.ahead_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn time_goes_on_where_the_wall_clock_is_set_back_and_comes_to_agree_with_it() {
        let noon = Moment(0).plus_ms(12 * HOUR_MS);
        let mut clock = Clock::new(noon);
        let eleven = Moment(0).plus_ms(11 * HOUR_MS);
        assert_eq!(clock.read(eleven), noon, "it never goes back");
        assert_eq!(clock.read(eleven.plus_ms(10_000)), noon.plus_ms(5_000), "it goes on, more slowly");
        assert_eq!(clock.read(noon.plus_ms(HOUR_MS)), noon.plus_ms(HOUR_MS), "two hours later it is right");
    }

    #[test]
    fn a_wall_clock_that_is_set_forward_is_believed() {
        let mut clock = Clock::new(Moment(0));
        assert_eq!(clock.read(Moment(0).plus_ms(HOUR_MS)), Moment(0).plus_ms(HOUR_MS));
    }
}
