//! What a subsystem intends with a database, and what goes together.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a subsystem intends with a database; orders from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Access {
    /// RO: reads without integrity.
    ReadOnly,
    /// RD: reads with integrity.
    Read,
    /// UP: inserts, replaces and deletes.
    Update,
    /// EX: has it alone.
    Exclusive,
}

/// SHARELVL: how many subsystems may have a database at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ShareLevel {
    /// 0: one subsystem.
    One,
    /// 1: one that updates and others that read without integrity, or any number that read.
    Database,
    /// 2: any number, under one lock manager of one host. Without one, as here, what level 1 allows.
    BlockInHost,
    /// 3: any number, on several hosts. Without a lock manager that they share, as here, what level 1 allows.
    Block,
}

impl Access {
    /// Whether a database held with this access may be had with `other` too.
    pub fn allows(self, other: Self, level: ShareLevel) -> bool {
        let (weaker, stronger) = (self.min(other), self.max(other));
        match (level, stronger) {
            (ShareLevel::One, _) | (_, Self::Exclusive) => false,
            (_, Self::Update) => weaker == Self::ReadOnly,
            _ => true,
        }
    }
}

/// As ACCESS= has it.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ReadOnly => "RO",
            Self::Read => "RD",
            Self::Update => "UP",
            Self::Exclusive => "EX",
        })
    }
}
