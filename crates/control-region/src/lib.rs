//! One IMS member, complete and inert: events in, effects out.
//!
//! **What it guarantees.** Given the same events and changes in the same order, a member does the same. It never
//! votes for an activation that would change what is in use here, never schedules what it has voted away, and
//! works with an activated definition from the entry that commits it. What it owes it offers again until it is
//! taken, so that no lost letter and no lost master leaves an activation hanging.
//!
//! **Its words.** An *event* ([`Event`]) is what the world tells; an *effect* ([`Effect`]) what the member wants
//! done. *Work* ([`Work`]) is what would make a turn too long: an effect whose result is an event. A *letter* ([`Letter`]) goes from member to member and may be lost. The *entry member* of a command is
//! the one that an operator speaks to: it plays OM, routes the command and merges the answers. The *master* is the
//! member whose node leads the consensus group.
//!
//! **Its phases.**
//!
//! ```text
//!   catching up ──▶ waiting (DFS4373I) ──▶ registering ──▶ running ──▶ stopping ──▶ stopped
//!     ▲  │        an activation is under way    ▲             │
//!     │  └──────────────────────────────────────┘             │
//!     └───────────────────────────────────────────────────────┘ found to be taken for lost
//! ```
//!
//! A member that starts first asks for the newest state, so that it never decides on an old one; then it registers
//! with the plex, which tells it whether it missed a change (DFS4146W). A member that was taken for lost while it
//! was at work learns it from the roster, and goes the same way as another run of itself.
//!
//! **Its invariants.**
//! - Only a running member votes, completes and schedules. Whoever leads coordinates once it has the newest state,
//!   even while it waits for that very activation to end.
//! - Every turn asks what is owed now, by the member and by the master, and not what happened last.
//! - A turn is short: source is compiled, and blocks are checked, elsewhere, and the result counts for the version of the
//!   staging data set that it was found on.
//! - A command that an operator gave is answered once, by its deadline at the latest. One whose operator was told that
//!   it did not begin never begins.
//! - A command that was accepted and answered is noted, and the plex has it as soon as a majority takes it.
//! - Time never goes back, so that what is done from time to time goes on where the wall clock is set back.
//! - A program never has a definition changed under it without being shown as refresh-pending.
//!
//! **What it leaves out.** Clock, disk, network and consensus: the host has them. What the members agree on:
//! that is `plex`.
//!
//! It follows an IMS control region that shares managed ACBs, with its Operations Manager and the commands of
//! the type-2 interface.

mod activation;
mod audit;
mod authorization;
mod clock;
mod columns;
mod commands;
mod course;
mod databases;
mod ddl;
mod event;
mod group;
mod holder;
mod leadership;
mod letter;
mod library;
mod links;
mod mastery;
mod om;
mod populate;
mod region;
mod remembered;
mod resources;
mod sample;
mod settings;
mod start;
mod stops;
mod utility;
mod work;

pub use activation::in_term;
pub use commands::{recon_change, verb_name};
pub use course::Course;
pub use databases::{LogPlaces, OpenOrder, OpenWhat, ProgramOrder};
pub use event::{BarrierId, Effect, Event, LinkState, ProposalId, RegionId, RequestId, Standing};
pub use holder::{HeldBy, Holder};
pub use letter::{CallId, Letter};
pub use region::ControlRegion;
pub use resources::{LoadedPsb, Resources, ScheduleError};
pub use sample::Sample;
pub use settings::Settings;
pub use stops::{DatabaseStop, StopChange, Stops, StopsError};
pub use work::{Done, Work, WorkId};
