//! `[databases]`: where the data sets of databases are, and what the engine takes.

use super::keys::{self, Key, Table, Value, table};
use serde::Deserialize;
use std::path::PathBuf;

table! {
    /// How the member has its databases.
    pub struct Databases {
        /// folder of the data sets of databases, each a file called as its DD statement; `databases` in the data folder
        /// where it is empty. Members that share databases on one file system name the same one
        folder: PathBuf = PathBuf::new();
        /// how many blocks the buffer pool holds, of whatever size
        buffers: u32 = 4_000, 16..=100_000_000;
        /// how many pairs of online log data sets there are
        olds_pairs: u32 = 3, 3..=100;
        /// how large each of them is; those that are there already grow to it, and never shrink
        olds_mib: u32 = 2, 1..=65_536;
        /// a checkpoint is taken after so many log records
        checkpoint_records: u64 = 200_000, 100..=1_000_000_000;
        /// how long a program may wait for what another has locked (U3310); for ever where it is 0
        lock_wait_s: u64 = 0, 0..=86_400;
        /// for how long the archived log is kept at least; for ever where it is 0. What a restart needs, or a recovery of a
        /// data set that is registered in RECON, is kept in any case
        log_kept_s: u64 = 0, 0..=1_000_000_000;
    }
}

impl Databases {
    /// How long a program may wait for a lock.
    pub fn lock_wait_ms_max(&self) -> Option<u64> {
        (self.lock_wait_s > 0).then_some(self.lock_wait_s * 1_000)
    }
}
