//! Staged and active definitions, and the plan between them.
//!
//! **What it guarantees.** Every member that makes the same calls in the same order holds the same catalog, byte
//! for byte. A definition that an activation makes active was staged whole; the directory passes from one level
//! to the next in one step, never half of it.
//!
//! **Its words.** A *record* ([`Record`]) is what the catalog keeps under a name: the HEADER segment with its
//! active and pending timestamps and the *instances* ([`Instance`]) below it. The *directory* is the set of
//! active instances, the *staging data set* the set of pending ones. The *directory level* counts activations. A
//! *populate job* ([`job::PopulateJob`]) gathers definitions out of sight and is then admitted all at once. An
//! *import plan* ([`ImportPlan`]) says what an activation will change, or why it can't.
//!
//! **Its phases.** populate → staging → plan → activate: [`Catalog::begin_job`], [`Catalog::add_to_job`],
//! [`Catalog::end_job`], [`Catalog::plan`], [`Catalog::activate`]. Beside them, whenever no activation runs: retention and
//! purge ([`Catalog::retain`], [`Catalog::purge`]), and repair of a copy from a whole one ([`Catalog::reinstate`]).
//!
//! **Its invariants.**
//! - An active or pending timestamp names an instance of its record.
//! - A record is never without an instance.
//! - The staging data set holds at most as many bytes as it was given.
//! - The directory level rises by one with each activation, and otherwise stays.
//! - Neither retention nor a purge removes the active or the pending instance.
//!
//! **What it leaves out.** Whether a resource is in use (the member knows), who takes part (the plex knows), and
//! what a definition means: content is opaque here except for the facts that rules need ([`Facts`]).
//!
//! It follows the IMS catalog with managed ACBs: HEADER, DBD and PSB segments, directory and staging data sets,
//! the populate utility (DFS3PU00), the purge utility with its retention rules (DFS3PU10), the catalog maintenance utility
//! (DFS3CM00) and the directory recovery utility (DFS3RU00).

mod catalog;
mod instance;
pub mod job;
mod plan;
mod record;
mod stage;
pub mod stored;
mod utility;

pub use catalog::{Activated, Catalog, CatalogError};
pub use instance::{Content, Facts, Instance, InstanceKind, NewInstance};
pub use plan::{ImportPlan, ImportProblem, PlanMode, PlannedChange};
pub use record::{Record, Retention};
pub use stage::{Admission, StageOutcome};
pub use utility::{HeaderProblem, Reinstated};
