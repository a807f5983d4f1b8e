//! The world around a member: files, sled, openraft, clock, configuration, and the process `ims`.
//!
//! **What it guarantees.** What the control region asks for is carried out in order, and what happens is told to
//! it once. What the plex acknowledged is on this member's disk, or on the disks of a majority of the others. A
//! disk that fails to keep what it was given stops the member, with a message.
//!
//! **Its words.** The *core* is the control region behind the member's one lock. The *shelf* ([`shelf`]) keeps the
//! applied state and can be rebuilt; *consensus* ([`consensus`]) replicates the log; *files* ([`files`]) are what
//! both rest on. *Monitoring* ([`monitoring`]) is how others see how the member fares, *messages* ([`messages`]) what it
//! said of late. A *link* is the connection to another member, a *door* what an accepted connection leads to.
//!
//! **Its phases.** [`config`] → [`member::run`]: identity, data folder, listener, shelf, consensus, doors; then
//! form a plex or join one; then serve until told to stop.
//!
//! **Its invariants.**
//! - The log is synced before it is acknowledged; the shelf never has to be.
//! - One process holds a data folder, and one plex owns it.
//! - Only consensus knows openraft, only the shelf knows sled.
//!
//! **What it leaves out.** Deciding anything: the control region does.

pub mod acbgen;
pub mod backout;
mod batch;
mod batch_haldb;
pub mod certificates;
pub mod config;
pub mod consensus;
pub mod ddlgen;
pub mod ddlt0;
pub mod files;
pub mod log_folder;
pub mod logging;
pub mod member;
pub mod messages;
pub mod monitoring;
mod recon_deck;
pub mod remote_program;
pub mod shelf;
mod sources;
pub mod strange;
pub mod utility;
mod work;
