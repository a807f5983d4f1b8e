//! The model as stateright sees it: where it begins, what can happen, what has to hold.

use crate::book::{Asked, Book, Input};
use crate::calm::Calm;
use crate::happen::Scene;
use crate::mutant::Mutant;
use crate::properties;
use crate::settings::{Names, Rounds};
use crate::world::{Action, Faults, World};
use stateright::{Model, Property};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vocabulary::NameError;

/// The member whose operator asks for the import. Another one leads at first.
pub(crate) const ENTRY_MEMBER: usize = 1;

/// The member where a program is in the way in one of the beginnings.
const BUSY_MEMBER: usize = 2;

/// Every order of events around one activation, with so many faults.
#[derive(Debug)]
pub struct ActivationModel {
    book: Mutex<Book>,
    beginnings: Vec<World>,
}

impl ActivationModel {
    /// Members of the product, or with a fault put in; two beginnings, one of them with a program in the way.
    pub fn new(faults: Faults, rounds: Rounds, mutant: Mutant) -> Result<Self, NameError> {
        let mut book = Book::new(Names::new(rounds)?, mutant);
        let beginnings = [false, true].map(|busy| beginning(&mut book, faults, busy)).to_vec();
        Ok(Self { book: Mutex::new(book), beginnings })
    }

    /// How many members, as they are between two steps, and how many steps of them were worked out.
    pub fn worked_out(&self) -> (usize, usize) {
        self.book().size()
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Three members at work, a change staged, and an operator that has just asked for its import.
fn beginning(book: &mut Book, faults: Faults, busy: bool) -> World {
    let mut world = World::new();
    let mut scene = Scene { world: &mut world, book };
    (0..crate::settings::MEMBERS).for_each(|member| scene.restart(member));
    scene.act(Action::Elect(0));
    scene.calm();
    for asked in [Asked::SetUp, Asked::Stage] {
        scene.tell(0, Input::Operator(asked));
        scene.calm();
    }
    if busy {
        scene.tell(BUSY_MEMBER, Input::Schedule);
        scene.world.busy = Some((BUSY_MEMBER, scene.world.machines[BUSY_MEMBER].run));
    }
    scene.world.operator = crate::world::Operator::Waits;
    scene.world.seen.answers = 0;
    scene.tell(ENTRY_MEMBER, Input::Operator(Asked::Import));
    scene.world.left = faults;
    world
}

impl Model for ActivationModel {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        self.beginnings.clone()
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        actions.extend(world.actions(&self.book()));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        Scene { world: &mut next, book: &mut self.book() }.act(action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
