//! Databases that are open: their types, their data sets, and how segments are found, put and removed in them. What a
//! program sees of it is the matter of [`crate::call`].

mod change;
mod check;
mod claim;
mod cursor;
mod index;
mod inspection;
mod journal;
mod logical;
mod node;
mod open;
mod partition;
mod place;
mod redo;
mod roots;
mod segment_type;
mod shared_chain;
mod space;
mod tree;
mod write;

pub(crate) use change::change_alone;
pub use check::Finding;
pub(crate) use claim::{Claim, Users};
pub(crate) use cursor::Cursor;
pub(crate) use index::{IndexOf, SecondaryIndex};
pub use inspection::{DataSetStatistics, Inspection, SegmentStatistics};
pub(crate) use journal::{Journal, Mark};
pub(crate) use logical::{Gone, Relatives};
pub use open::{DataSets, Opened, block_bytes};
pub(crate) use open::{Opener, read_control};
pub(crate) use partition::reorganization_of;
pub(crate) use place::{Room, Rule};
pub(crate) use redo::Recovery;
pub(crate) use roots::{RootPlace, Roots, copy_key};
pub(crate) use segment_type::{Field, Fill, Key, SegmentType};
pub(crate) use write::{Spot, Wish, Writer};

use crate::error::{Trouble, stopped};
use crate::partitions::PartitionMark;
use crate::pool::DataSet;
use definitions::acb::Dmb;
use logger::{Body, Log, PendingDatabase};
use space::Space;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tree::Tree;
use vocabulary::{DbdName, DdName, Message};

/// A database that is open.
pub(crate) struct Database {
    /// The DMB it was opened with.
    pub(crate) dmb: Arc<Dmb>,
    /// Its segment types; the place of each plus one is its code.
    pub(crate) types: Vec<SegmentType>,
    /// Its data set groups.
    pub(crate) groups: Vec<Group>,
    /// How its roots are found.
    pub(crate) roots: Roots,
    /// Its secondary indexes.
    pub(crate) indexes: Vec<SecondaryIndex>,
    /// It may be changed.
    pub(crate) updatable: bool,
    /// Where its changes are logged.
    pub(crate) log: Option<Arc<Log>>,
    /// What a restart would have to know of it.
    pub(crate) opened: Mutex<PendingDatabase>,
    /// What it is as a partition of a HALDB.
    pub(crate) partition: Option<PartitionMark>,
    /// A program loads it, or did and has not committed.
    pub(crate) is_loading: AtomicBool,
    /// The programs that are scheduled with it.
    pub(crate) users: Arc<Users>,
    /// The databases that its logical relationships lead to.
    pub(crate) relatives: Relatives,
    is_stopped: AtomicBool,
    stop: Mutex<Option<Stop>>,
}

/// Why a database was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What the operator reads.
    pub message: Message,
    /// The data set and the relative byte address of the block that is not as it should be, where it is one block.
    pub block: Option<(DdName, u64)>,
}

/// A data set group.
pub(crate) struct Group {
    /// The data set.
    pub(crate) set: Arc<DataSet>,
    /// Where there is room in it.
    pub(crate) space: Space,
}

impl Database {
    /// Its name.
    pub(crate) fn name(&self) -> DbdName {
        self.dmb.name
    }

    /// Its number in the engine.
    pub(crate) fn number(&self) -> u32 {
        self.groups.first().map_or(0, |group| u32::from(group.set.id))
    }

    /// The type of this code.
    pub(crate) fn kind(&self, code: u8) -> &SegmentType {
        &self.types[usize::from(code) - 1]
    }

    /// The root's type.
    pub(crate) fn root(&self) -> &SegmentType {
        &self.types[0]
    }

    /// The data set that segments of a type are in.
    pub(crate) fn set_of(&self, kind: &SegmentType) -> &Arc<DataSet> {
        &self.groups[kind.group].set
    }

    /// Its indexes, the primary one first.
    pub(crate) fn trees(&self) -> impl Iterator<Item = &Tree> {
        self.tree(IndexOf::Primary).into_iter().chain(self.indexes.iter().map(|index| &index.tree))
    }

    /// An index.
    pub(crate) fn tree(&self, of: IndexOf) -> Option<&Tree> {
        match (of, &self.roots) {
            (IndexOf::Primary, Roots::Hidam(tree)) => Some(tree),
            (IndexOf::Primary, Roots::Hdam(_)) => None,
            (IndexOf::Secondary(at), _) => self.indexes.get(at).map(|index| &index.tree),
        }
    }

    /// The index that the log calls so.
    pub(crate) fn index_called(&self, name: DbdName) -> Option<IndexOf> {
        let secondary = self.indexes.iter().position(|index| index.tree.name() == name);
        let primary = matches!(&self.roots, Roots::Hidam(tree) if tree.name() == name);
        secondary.map(IndexOf::Secondary).or(primary.then_some(IndexOf::Primary))
    }

    /// Every data set, those of the indexes among them.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &Arc<DataSet>> {
        self.groups.iter().map(|group| &group.set).chain(self.trees().map(Tree::set))
    }

    /// What a restart has to know of it.
    pub(crate) fn pending(&self) -> PendingDatabase {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PendingDatabase { loading: self.is_loading.load(Ordering::Relaxed), ..opened }
    }

    /// Whether it was stopped because it is damaged.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Stops it. The first reason is kept.
    pub(crate) fn stop(&self, trouble: &Trouble) {
        let (id, block) = match trouble {
            Trouble::Broken { set, block, .. } => (Some(*set), Some(*block)),
            _ => (None, None),
        };
        let set = id.and_then(|id| self.sets().find(|set| set.id == id));
        let address = |set: &Arc<DataSet>, block: u32| u64::from(block) * set.blocks.block_bytes() as u64;
        let mut stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        stop.get_or_insert_with(|| Stop {
            message: stopped(&self.name(), set.map(|set| &set.dd), block, trouble),
            block: set.zip(block).map(|(set, block)| (set.dd, address(set, block))),
        });
        drop(stop);
        if !self.is_stopped.swap(true, Ordering::Relaxed)
            && let Some(log) = &self.log
        {
            // A log that takes nothing more is why it was stopped, or says so to the next who asks.
            let body = Body::IoError { dbd: self.name(), reason: trouble.to_string() };
            let _ = log.append(log.no_unit(), &body);
        }
    }

    /// Why it was stopped.
    pub(crate) fn why_stopped(&self) -> Option<Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
