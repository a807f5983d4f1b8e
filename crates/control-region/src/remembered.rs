//! A bounded memory of what came before, so that what comes twice counts once.

use std::collections::VecDeque;

/// How much is remembered, which is many more than can be under way.
const REMEMBERED: usize = 256;

/// The latest of what came.
#[derive(Debug)]
pub(crate) struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> Remembered<T> {
    /// Whether this has not come before. It has from now on.
    pub(crate) fn is_new(&mut self, what: T) -> bool {
        if self.0.contains(&what) {
            return false;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(what);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_known_until_as_many_others_came_as_are_remembered() {
        let mut remembered = Remembered::default();
        assert!((0..=REMEMBERED).all(|what| remembered.is_new(what)));
        assert!(!remembered.is_new(REMEMBERED) && !remembered.is_new(1));
        assert!(remembered.is_new(0));
    }
}
