//! Intent: what the programs of a PSB may do to a database, which decides what may run beside them.

use crate::model::procopt::ProcOpt;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};
use vocabulary::DbdName;

/// What a PSB intends with a database; orders from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Intent {
    /// The database is tied to one that is used, and is not accessed itself.
    Reference,
    /// It is read without integrity (PROCOPT GO).
    ReadOnly,
    /// It is read (PROCOPT G).
    Read,
    /// It is updated (PROCOPT I, R, D, A).
    Update,
    /// It is used by nobody else meanwhile (PROCOPT E).
    Exclusive,
    /// It is loaded (PROCOPT L).
    Load,
}

impl Intent {
    /// What these options mean for the database of a segment.
    pub fn of(options: ProcOpt) -> Self {
        match options {
            _ if options.loads() => Self::Load,
            _ if options.has('E') => Self::Exclusive,
            _ if options.updates() => Self::Update,
            _ if options.is_key_only() => Self::Reference,
            _ if options.reads_without_integrity() => Self::ReadOnly,
            _ => Self::Read,
        }
    }

    /// Whether the contents may change.
    pub fn changes(self) -> bool {
        self >= Self::Update
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reference => "REFERENCE",
            Self::ReadOnly => "READ ONLY",
            Self::Read => "READ",
            Self::Update => "UPDATE",
            Self::Exclusive => "EXCLUSIVE",
            Self::Load => "LOAD",
        })
    }
}

/// Raises the intent for a database to at least this.
pub(super) fn raise(intents: &mut BTreeMap<DbdName, Intent>, dbd: DbdName, intent: Intent) {
    let entry = intents.entry(dbd).or_insert(intent);
    *entry = intent.max(*entry);
}
