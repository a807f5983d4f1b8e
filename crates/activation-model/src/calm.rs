//! What comes by itself once nothing goes wrong any more.

use crate::happen::Scene;
use crate::world::{Action, every_action};

/// More steps of the clock than members need to come to an end, if they come to one.
const PASSES: usize = 12;

/// Letting the world come to rest.
pub(crate) trait Calm {
    /// Everything that can happen by itself does, in some order, and time passes, again and again.
    fn calm(&mut self);
}

impl Calm for Scene<'_> {
    fn calm(&mut self) {
        self.world.left.returns = true;
        self.come_to_rest();
        for _ in 0..PASSES {
            self.pass();
            self.come_to_rest();
        }
    }
}

impl Scene<'_> {
    fn come_to_rest(&mut self) {
        while let Some(action) = self.next_by_itself() {
            self.act(action);
        }
    }

    fn next_by_itself(&self) -> Option<Action> {
        let is_fault = |action: &Action| matches!(action, Action::Pass | Action::Kill(_) | Action::CutOff(_));
        every_action().find(|action| !is_fault(action) && self.world.allows(*action, self.book))
    }
}
