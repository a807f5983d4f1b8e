//! Every order of events around one activation, tried with whole members.
//!
//! **What it guarantees.** The members are those of the product: [`control_region::ControlRegion`], unchanged. Around them
//! everything that a real world could decide is left open and tried both ways: which letter arrives first, who applies an
//! entry when, which proposal of a leader that falls is agreed on, who is elected, when somebody notices, when time is over,
//! where a crash or a cut falls. [stateright] visits each state that can come about so and asks every invariant in it.
//!
//! **Its words.** A *world* ([`World`]) is the state between two events. An *action* ([`Action`]) is one thing that can
//! happen next. The *book* knows what members do: a member is a number, and a step of one is worked out once. *Calm* is what
//! comes by itself when no fault is left. A *mutant* ([`Mutant`]) is a fault put in on purpose at the seam of a member, which
//! shows that an invariant can fail.
//!
//! *Rounds* ([`Rounds`]) says whether the master asks beforehand who is ready, and commits with the entry that begins the
//! activation, or has all vote on it first. Both are searched.
//!
//! **Its invariants.** They are named in [`properties`].
//!
//! **Where it is simpler than the world.**
//! - Consensus is ideal: what is agreed on stays, and is seen by whoever leads next. That openraft does so is shown elsewhere.
//! - Letters between two members arrive in order, as on a TCP connection, or are lost with it. That a member is there
//!   (`Alive`) is heard at once.
//! - The clock goes on in steps of two seconds for all, so often as it is told. Work, such as checking staging, takes no time.
//! - A disk keeps all that its member had applied. What a disk loses or spoils is for other tests.
//! - There is one activation, of one database and one program, and nobody joins or leaves the plex.

mod book;
mod calm;
mod happen;
mod model;
mod mutant;
pub mod properties;
mod settings;
mod world;

pub use model::ActivationModel;
pub use mutant::Mutant;
pub use settings::{MEMBERS, Rounds};
pub use world::{Action, Faults, World};
