//! Real members as real processes: the runner of the end-to-end stories, and of `cargo xtask up`.
//!
//! **What it guarantees.** A member counts as started when it says that it takes commands (DFS810I), not when its
//! process exists. What was started here is stopped here, also when a story fails half-way. A failed story keeps its
//! folder, with the configuration, data and log of every member and what every command answered.
//!
//! **Its words.** [`Binaries`] are the two programs, built once a run. A [`Layout`] is a folder with everything of one
//! plex on this machine. A [`MemberProcess`] is one running `ims member`. A [`Cluster`] is a plex of a story: a layout in
//! a folder of its own on free ports, and its processes. A member is *killed* (SIGKILL), *ended* (SIGTERM, and it
//! goes in good order), *paused* and *resumed* (SIGSTOP, SIGCONT). A [`Document`] is a page whose commands are run, here
//! or on the [`hosts`] that it names.
//!
//! **Its invariants.**
//! - No two clusters of one machine share a folder or a port.
//! - A story that passes has read the logs: an error that it did not expect fails it.
//! - Nothing here sleeps for a fixed time and hopes; it waits for something, with a limit and a name.
//!
//! **What it leaves out.** What the commands mean. It starts the programs and reads what they print, and names no
//! other crate of the workspace, so a member that does not build can't keep the workshop from building.

pub mod bank;
pub mod binaries;
pub mod cluster;
pub mod document;
pub mod faults;
pub mod heap;
pub mod hosts;
pub mod layout;
pub mod log;
pub mod member;
pub mod monitoring;
pub mod operator;
pub mod packaging;
pub mod ports;
pub mod terminal;
pub mod wait;

pub use binaries::Binaries;
pub use cluster::Cluster;
pub use document::Document;
pub use hosts::Network;
pub use layout::Layout;
pub use log::MemberLog;
pub use member::MemberProcess;
pub use monitoring::Scrape;
pub use operator::{Aside, Output};
