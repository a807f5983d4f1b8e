//! The suites that every data set passes. A test calls one with a way to open the set; opening it again, after
//! the handle before was dropped, is a restart of the program without loss of power.
//!
//! They panic where a promise is broken, naming it.

#![expect(clippy::unwrap_used, reason = "a suite reports by panicking, as every test does")]

mod block_set;
mod keyed_set;
mod log_set;
mod sequential_set;

pub use block_set::block_set;
pub use keyed_set::keyed_set;
pub use log_set::log_set;
pub use sequential_set::sequential_set;
