//! A member's own clock, which need not be right.

use vocabulary::Moment;

/// How a clock differs from the time of the world.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    ahead_us: i64,
    /// Microseconds that it gains in a second.
    drift_ppm: i64,
    /// Since when it drifts so.
    since: Moment,
}

impl Clock {
    /// What it shows.
    pub(crate) fn read(&self, now: Moment) -> Moment {
        let gained = (now.0 - self.since.0) as i64 * self.drift_ppm / 1_000_000;
        Moment(now.0.saturating_add_signed(self.ahead_us + gained))
    }

    /// Somebody sets it.
    pub(crate) fn jump(&mut self, forward_ms: i64) {
        self.ahead_us += forward_ms * 1_000;
    }

    /// From now on it gains so many microseconds in a second.
    pub(crate) fn drift(&mut self, now: Moment, ppm: i64) {
        self.ahead_us = self.read(now).0 as i64 - now.0 as i64;
        (self.drift_ppm, self.since) = (ppm, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_drifts_and_jumps_from_what_it_shows() {
        let mut clock = Clock::default();
        let now = Moment(1_000_000_000);
        clock.drift(now, 100);
        let later = now.plus_ms(10_000);
        assert_eq!(clock.read(later), Moment(later.0 + 1_000));
        clock.jump(-500);
        clock.drift(later, 0);
        assert_eq!(clock.read(later.plus_ms(1)), Moment(later.0 + 1_000 - 500_000 + 1_000));
    }
}
