//! Logical relationships: segments of one database that have a second parent, mostly in another one.
//!
//! A *logical child* points to its *logical parent*, and its data begins with the concatenated key of that. Where the
//! relationship is bidirectional, the parent leads back: by a chain of *logical twins*, which programs see as *virtual*
//! logical children, or by a *pair*, a second logical child that is kept equal to the first. Whatever changes one end
//! changes the other in the same unit of work.
//!
//! A segment that is deleted on one of the paths to it, and is there on the other, *lingers*: it keeps its place in every
//! chain, its delete byte says so, and those who come on the path where it is deleted pass it by. It goes when it is
//! deleted on both, and with it every parent that stayed for its sake alone.

mod check;
mod connect;
mod delete;
mod elsewhere;
mod path;

pub(crate) use elsewhere::Gone;

use super::Database;
use crate::error::Trouble;
use crate::format::prefix::{is_chained, leads_to_relationship};
use definitions::acb::{Dmb, SegmentBlock};
use definitions::model::segment::{InsertPlace, Rules};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use vocabulary::DbdName;

/// What ties a segment type to others.
#[derive(Debug, Clone)]
pub(crate) struct Logical {
    /// Who may insert, delete and replace it on which path.
    pub(crate) rules: Rules,
    /// Of a logical child: its logical parent.
    pub(crate) parent: Option<LogicalParent>,
    /// Of a logical parent: its logical children.
    pub(crate) children: Vec<LogicalChild>,
    /// Of a virtual logical child: the real one.
    pub(crate) source: Option<(DbdName, u8)>,
}

/// The logical parent of a type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogicalParent {
    /// Its database.
    pub(crate) dbd: DbdName,
    /// Its code there.
    pub(crate) code: u8,
    /// Bytes of its concatenated key, with which the data of the logical child begins.
    pub(crate) key_bytes: usize,
}

/// A type of logical children.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogicalChild {
    /// Their database.
    pub(crate) dbd: DbdName,
    /// Their code there.
    pub(crate) code: u8,
    /// The type under the logical parent that stands for them: a virtual one, or one that is kept equal.
    pub(crate) pair: Option<u8>,
    /// The pair is a virtual one.
    pub(crate) is_chained: bool,
    /// Where a logical twin goes that its key does not tell apart.
    pub(crate) place: InsertPlace,
}

impl Logical {
    pub(super) fn of(dmb: &Dmb, segment: &SegmentBlock) -> Option<Self> {
        let parent = segment.logical_parent.as_ref().map(|parent| LogicalParent {
            dbd: parent.dbd,
            code: parent.code,
            key_bytes: parent.key_bytes as usize,
        });
        let children = segment.logical_children.iter().map(|child| LogicalChild {
            dbd: child.dbd,
            code: child.code,
            pair: child.pair,
            is_chained: is_chained(dmb, child),
            place: child.place,
        });
        let children: Vec<LogicalChild> = children.collect();
        let source = segment.sources.first().map(|source| (source.dbd, source.code));
        // What is above a logical child has its say over what becomes of both, too.
        let is_tied = source.is_some() || leads_to_relationship(dmb, segment.code);
        is_tied.then_some(Self { rules: segment.rules, parent, children, source })
    }

    /// The type of logical children with this name.
    pub(crate) fn child(&self, dbd: DbdName, code: u8) -> Option<&LogicalChild> {
        self.children.iter().find(|child| (child.dbd, child.code) == (dbd, code))
    }
}

/// Whether a segment may linger: a logical parent, a logical child with a logical path to it, and what is above them.
pub(super) fn may_linger(dmb: &Dmb, code: u8) -> bool {
    leads_to_relationship(dmb, code)
}

/// The databases that one is tied to, as far as they are open.
#[derive(Default)]
pub(crate) struct Relatives(RwLock<BTreeMap<DbdName, Weak<Database>>>);

impl Relatives {
    /// One was opened, or opened again.
    pub(crate) fn add(&self, relative: &Arc<Database>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(relative.name(), Arc::downgrade(relative));
    }

    /// One was closed.
    pub(crate) fn remove(&self, name: &DbdName) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    pub(crate) fn get(&self, name: &DbdName) -> Option<Arc<Database>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name)?.upgrade()
    }
}

impl Database {
    /// Whether it has logical relationships.
    pub(crate) fn is_related(&self) -> bool {
        self.types.iter().any(|kind| kind.lingers)
    }

    /// A database that this one is tied to. Programs are scheduled with all of them.
    pub(crate) fn relative(&self, name: &DbdName) -> Result<Arc<Database>, Trouble> {
        let found = self.relatives.get(name);
        found.ok_or_else(|| Trouble::broken(0, 0, format!("the related database {name} is not open")))
    }
}
