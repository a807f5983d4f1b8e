//! Control regions in a world of their own: an ideal log, links, disks and a clock, all under the test's control.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod bank;
mod cluster;
mod consensus;
mod invariants;
mod network;
mod node;
mod properties;
mod stories;
