//! What a DBD and a PSB say, as types. The lengths are those of the IMS catalog, which keeps the same things in its
//! records.

pub mod dbd;
pub mod field;
pub mod procopt;
pub mod psb;
pub mod relation;
pub mod segment;

use serde::{Deserialize, Serialize};
use vocabulary::ResourceName;

/// What compiling a deck of statements gives.
#[expect(clippy::large_enum_variant, reason = "definitions are few, and each is handed on once")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Definition {
    /// A database description, from DBDGEN.
    Dbd(dbd::Dbd),
    /// A program specification block, from PSBGEN.
    Psb(psb::Psb),
}

impl Definition {
    /// Whether it describes a database.
    pub fn is_dbd(&self) -> bool {
        matches!(self, Self::Dbd(_))
    }

    /// Its kind and its name.
    pub fn name(&self) -> ResourceName {
        match self {
            Self::Dbd(dbd) => dbd.name.into(),
            Self::Psb(psb) => psb.name.into(),
        }
    }
}
