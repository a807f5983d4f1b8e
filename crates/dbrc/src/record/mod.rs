//! The records of RECON, a file for each family.

mod backout;
mod data_set;
mod database;
mod group;
mod haldb;
mod log;
mod subsystem;

pub use backout::{Backout, UnitOfRecovery};
pub use data_set::{Allocation, DataSet, Image, ImageKind, Recovery};
pub use database::Database;
pub use group::{CaGroup, ChangeAccumulation, Group};
pub(crate) use haldb::order;
pub use haldb::{Haldb, Partition, PartitionDefinition, is_above};
pub use log::{Log, LogDataSet, Olds, OldsStatus};
pub use subsystem::{Subsystem, SubsystemKind, SubsystemState};
pub use vocabulary::{DataSetName, DataSetNameError};
