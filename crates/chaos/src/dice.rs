//! Chance, all of it from one seed, by an algorithm that no release of a crate changes.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What everything random in a world is drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Whether something happens that happens so often in a thousand times. What never happens draws nothing.
    pub(crate) fn happens(&mut self, per_mille: u64) -> bool {
        per_mille > 0 && self.up_to(999) < per_mille
    }

    /// A number from 0 to this one.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        if most == 0 { 0 } else { self.0.next_u64() % (most + 1) }
    }

    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.up_to(most - least)
    }

    /// One of these, of which there is at least one.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.up_to(of.len() as u64 - 1) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds stand in reports and tests, so they have to mean the same in every release.
    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut dice = Dice::of(1);
        let drawn: Vec<u64> = (0..4).map(|_| dice.up_to(99)).collect();
        assert_eq!(drawn, [1, 95, 85, 66]);
    }
}
