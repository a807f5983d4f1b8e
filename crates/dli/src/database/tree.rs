//! An index: a B+ tree over the blocks of its own data set.
//!
//! Entries of the primary index of a HIDAM database lead to roots and have no data. Keys have one length, and so have the
//! data. Nodes split and never merge: a leaf that became empty stays where it is and is passed over.
//! One latch guards the whole tree; beneath it blocks are latched one at a time.

use super::change::Trail;
use super::node::{BRANCH_HEAD, COUNT, ENTRIES, LEAF_HEAD, LEVEL, NEXT_LEAF, Node};
use super::open::SHAPE_AT;
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::{self, Kind, fullword, halfword};
use crate::lock::Item;
use crate::pool::{BufferPool, DataSet};
use logger::{Change, DatabaseChange, IndexEntry, Log, LogSequence};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use vocabulary::DbdName;

/// More levels than any tree of this size has: a loop in a broken one ends here.
const LEVELS_MAX: u8 = 32;

/// An index.
pub(crate) struct Tree {
    /// What the log calls it: a primary index after its database, a secondary one after itself.
    name: DbdName,
    set: Arc<DataSet>,
    key_bytes: usize,
    /// Bytes of an entry behind its key.
    data_bytes: usize,
    shape: RwLock<Shape>,
    /// How often it was changed.
    changes: AtomicU64,
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where what it leads to is.
    pub(crate) rba: Rba,
    /// What is locked to have it: in a primary index the record of the root.
    pub(crate) item: Item,
}

/// Where the tree begins and where its data set ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The block of the root node; 0 while there is none.
    pub(crate) top: u32,
    /// The highest block in use.
    pub(crate) last: u32,
}

impl Tree {
    pub(crate) fn new(
        name: DbdName,
        set: Arc<DataSet>,
        (key_bytes, data_bytes): (usize, usize),
        shape: Shape,
    ) -> Self {
        Self { name, set, key_bytes, data_bytes, shape: RwLock::new(shape), changes: AtomicU64::new(0) }
    }

    /// What the log calls it.
    pub(crate) fn name(&self) -> DbdName {
        self.name
    }

    /// How often it was changed. What was read is true still while this is the same as before.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Bytes of a key.
    pub(crate) fn key_bytes(&self) -> usize {
        self.key_bytes
    }

    /// Its data set.
    pub(crate) fn set(&self) -> &Arc<DataSet> {
        &self.set
    }

    /// Where it begins and ends, to be kept in the control block.
    pub(crate) fn shape(&self) -> Shape {
        *self.read_shape()
    }

    /// The root with this key.
    pub(crate) fn find(&self, pool: &BufferPool, key: &[u8]) -> Result<Option<Rba>, Trouble> {
        let shape = self.read_shape();
        let Some(leaf) = self.leaf_of(pool, shape.top, key)? else { return Ok(None) };
        let content = pool.read(&self.set, leaf)?;
        let node = self.node(&content.data, leaf)?;
        Ok(node.search(key).ok().and_then(|at| node.rba(at)))
    }

    /// The first root with a key from this one on, or `after` it. No key at all is before every key.
    pub(crate) fn from(&self, pool: &BufferPool, key: &[u8], after: bool) -> Result<Option<Entry>, Trouble> {
        self.seek(pool, key, after, None)
    }

    /// The same. `record` becomes the key and the data of the entry, if there is one.
    pub(crate) fn seek(
        &self,
        pool: &BufferPool,
        key: &[u8],
        after: bool,
        mut record: Option<&mut Vec<u8>>,
    ) -> Result<Option<Entry>, Trouble> {
        let shape = self.read_shape();
        let mut leaf = self.leaf_of(pool, shape.top, key)?;
        let mut place = None;
        while let Some(number) = leaf {
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            let at = place.take().unwrap_or_else(|| match node.search(key) {
                Ok(at) if after => at + 1,
                Ok(at) | Err(at) => at,
            });
            if at < node.count {
                if let Some(record) = record.take() {
                    record.clear();
                    record.extend_from_slice(node.record(at));
                }
                return Ok(node.found(at));
            }
            place = Some(0);
            leaf = Some(fullword(&content.data, NEXT_LEAF)).filter(|&next| next != 0);
        }
        Ok(None)
    }

    /// The root with the highest key below this one.
    pub(crate) fn below(&self, pool: &BufferPool, key: &[u8]) -> Result<Option<Entry>, Trouble> {
        let shape = self.read_shape();
        match shape.top {
            0 => Ok(None),
            top => self.below_in(pool, top, key, LEVELS_MAX),
        }
    }

    fn below_in(
        &self,
        pool: &BufferPool,
        number: u32,
        key: &[u8],
        depth: u8,
    ) -> Result<Option<Entry>, Trouble> {
        let children = {
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            let (Ok(at) | Err(at)) = node.search(key);
            if node.is_leaf() {
                return Ok(at.checked_sub(1).and_then(|at| node.found(at)));
            }
            let last = node.child_of(key);
            (0..=last).map(|at| node.child(at)).collect::<Vec<_>>()
        };
        if depth == 0 {
            return Err(self.broken(number, "the index runs in a circle"));
        }
        for child in children.into_iter().rev() {
            let found = self.below_in(pool, child, key, depth - 1)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Adds an entry: its key and its data. The key is not there. Gives the record of the log that says so.
    pub(crate) fn insert(
        &self,
        pool: &BufferPool,
        entry: &[u8],
        rba: Rba,
        trail: Option<Trail<'_>>,
    ) -> Result<LogSequence, Trouble> {
        let mut shape = self.write_shape();
        let mut plan = Plan { shape: *shape, edits: Vec::new() };
        if plan.shape.top == 0 {
            plan.shape.top = plan.new_node(0);
        }
        let path = match shape.top {
            0 => vec![plan.shape.top],
            top => self.path_to(pool, top, self.key_of(entry))?,
        };
        let mut rising = Some([&[0][..], &rba.stored()[..], entry].concat());
        for number in path.into_iter().rev() {
            let Some(insert) = rising else { break };
            rising = self.plan_insert(pool, &mut plan, number, &insert)?;
        }
        if let Some(split) = rising {
            self.plan_growth(pool, &mut plan, &split)?;
        }
        let record =
            IndexEntry { dbd: self.name, added: true, takes_back: None, key: entry, rba: stored(rba) };
        let sequence = self.carry_out(pool, &plan, *shape, trail, record)?;
        *shape = plan.shape;
        Ok(sequence)
    }

    /// Removes an entry with its key and its data, if it is there. Gives the record of the log that says so.
    pub(crate) fn remove(
        &self,
        pool: &BufferPool,
        entry: &[u8],
        trail: Option<Trail<'_>>,
    ) -> Result<LogSequence, Trouble> {
        let shape = self.write_shape();
        let mut plan = Plan { shape: *shape, edits: Vec::new() };
        let mut rba = None;
        let key = self.key_of(entry);
        if let Some(leaf) = self.leaf_of(pool, shape.top, key)? {
            let content = pool.read(&self.set, leaf)?;
            let node = self.node(&content.data, leaf)?;
            if let Ok(at) = node.search(key) {
                rba = node.rba(at);
                let (from, end) = (ENTRIES + at * node.entry_bytes, ENTRIES + node.count * node.entry_bytes);
                plan.edit(leaf, Edit::Remove { at: from, end, len: node.entry_bytes });
                plan.put_count(leaf, node.count - 1);
            }
        }
        let Some(rba) = rba else { return Ok(LogSequence::default()) };
        let record =
            IndexEntry { dbd: self.name, added: false, takes_back: None, key: entry, rba: stored(rba) };
        self.carry_out(pool, &plan, *shape, trail, record)
    }

    /// A new top over the old one and the node split off from it.
    fn plan_growth(&self, pool: &BufferPool, plan: &mut Plan, split: &[u8]) -> Result<(), Trouble> {
        let level = {
            let content = pool.read(&self.set, plan.shape.top)?;
            content.data[LEVEL] + 1
        };
        let old = plan.shape.top;
        let top = plan.new_node(level);
        // The first child takes every key below the second's, so its own key is the lowest there is.
        let mut entries = old.to_be_bytes().to_vec();
        entries.resize(BRANCH_HEAD + self.key_bytes, 0);
        entries.extend_from_slice(split);
        plan.edit(top, Edit::Put { at: ENTRIES, bytes: entries });
        plan.put_count(top, 2);
        plan.shape.top = top;
        Ok(())
    }

    /// Puts an entry into a node. When that splits, the entry for the new node is given.
    fn plan_insert(
        &self,
        pool: &BufferPool,
        plan: &mut Plan,
        number: u32,
        entry: &[u8],
    ) -> Result<Option<Vec<u8>>, Trouble> {
        if plan.edits.iter().any(|(edited, _)| *edited == number) {
            // The first leaf of all was planned just now.
            plan.edit(number, Edit::Insert { at: ENTRIES, end: ENTRIES, bytes: entry.to_vec() });
            plan.put_count(number, 1);
            return Ok(None);
        }
        let content = pool.read(&self.set, number)?;
        let node = self.node(&content.data, number)?;
        let (count, bytes) = (node.count, node.entry_bytes);
        let (Ok(at) | Err(at)) = node.search(self.key_of(&entry[node.head()..]));
        let place = |at: usize| ENTRIES + at * bytes;
        if place(count + 1) <= content.data.len() {
            plan.edit(number, Edit::Insert { at: place(at), end: place(count), bytes: entry.to_vec() });
            plan.put_count(number, count + 1);
            return Ok(None);
        }
        // Keys that come in ascending order leave full nodes behind.
        let keep = if at == count { count } else { count / 2 };
        let mut right = content.data[place(keep)..place(count)].to_vec();
        let new = plan.new_node(content.data[LEVEL]);
        if at < keep {
            plan.edit(number, Edit::Insert { at: place(at), end: place(keep), bytes: entry.to_vec() });
            plan.put_count(number, keep + 1);
        } else {
            let from = (at - keep) * bytes;
            right.splice(from..from, entry.iter().copied());
            plan.put_count(number, keep);
        }
        let head = node.head();
        let mut split = new.to_be_bytes().to_vec();
        split.extend_from_slice(self.key_of(&right[head..bytes]));
        plan.put_count(new, right.len() / bytes);
        plan.edit(new, Edit::Put { at: ENTRIES, bytes: right });
        if node.is_leaf() {
            plan.edit(
                new,
                Edit::Put { at: NEXT_LEAF, bytes: content.data[NEXT_LEAF..NEXT_LEAF + 4].to_vec() },
            );
            plan.edit(number, Edit::Put { at: NEXT_LEAF, bytes: new.to_be_bytes().to_vec() });
        }
        Ok(Some(split))
    }

    /// Logs what is planned as one, then does it.
    fn carry_out(
        &self,
        pool: &BufferPool,
        plan: &Plan,
        old: Shape,
        trail: Option<Trail<'_>>,
        record: IndexEntry<'_>,
    ) -> Result<LogSequence, Trouble> {
        let Some(trail) = trail else {
            for (number, edit) in &plan.edits {
                self.make(pool, *number, edit.change(), None)?;
            }
            return Ok(LogSequence::default());
        };
        let shape = Edit::Put { at: SHAPE_AT, bytes: plan.shape.bytes().to_vec() };
        let moved = (plan.shape != old).then_some((0, shape));
        let edits: Vec<&(u32, Edit)> = plan.edits.iter().chain(&moved).collect();
        let _together = trail.log.together();
        let images = self.images(pool, &edits, trail.log)?;
        let mut appender = trail.log.appender()?;
        let mut stamps = Vec::with_capacity(edits.len());
        for (at, (number, edit)) in edits.iter().enumerate() {
            let change = DatabaseChange {
                dbd: self.set.dbd,
                dd: self.set.dd,
                block: *number,
                more: true,
                takes_back: None,
                change: edit.change(),
                before: &[],
            };
            // Only the first change of a block has its image before it.
            let (stamped, image) = match images.get(number) {
                Some((first, stamped, image)) if *first == at => (*stamped, &image[..]),
                _ => (LogSequence(u64::MAX), &[][..]),
            };
            stamps.push(appender.change(trail.token, change, stamped, image));
        }
        let sequence = appender.index(trail.token, IndexEntry { takes_back: trail.takes_back, ..record });
        drop(appender);
        for ((number, edit), stamp) in edits.iter().zip(stamps) {
            self.make(pool, *number, edit.change(), Some(stamp))?;
        }
        Ok(sequence)
    }

    /// What the blocks are before they are edited.
    fn images(&self, pool: &BufferPool, edits: &[&(u32, Edit)], log: &Log) -> Result<Images, Trouble> {
        let mut images = BTreeMap::new();
        for (at, (number, _)) in edits.iter().enumerate() {
            if !images.contains_key(number) {
                let content = pool.read(&self.set, *number)?;
                let stamped = self.set.stamp_of(&content.data);
                let image = if log.wants_image(stamped) { content.data.to_vec() } else { Vec::new() };
                images.insert(*number, (at, stamped, image));
            }
        }
        Ok(images)
    }

    fn make(
        &self,
        pool: &BufferPool,
        number: u32,
        change: Change<'_>,
        stamp: Option<LogSequence>,
    ) -> Result<(), Trouble> {
        let mut content = pool.write(&self.set, number)?;
        content.mark_changed(&self.set);
        super::change::make(change, &self.set, number, &mut content.data)?;
        if let Some(stamp) = stamp {
            block::stamp(&mut content.data, stamp);
        }
        Ok(())
    }

    fn leaf_of(&self, pool: &BufferPool, top: u32, key: &[u8]) -> Result<Option<u32>, Trouble> {
        let mut number = top;
        for _ in 0..LEVELS_MAX {
            if number == 0 {
                return Ok(None);
            }
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            if node.is_leaf() {
                return Ok(Some(number));
            }
            number = node.child(node.child_of(key));
        }
        Err(self.broken(number, "the index runs in a circle"))
    }

    fn path_to(&self, pool: &BufferPool, top: u32, key: &[u8]) -> Result<Vec<u32>, Trouble> {
        let mut path = vec![top];
        for _ in 0..LEVELS_MAX {
            let number = path[path.len() - 1];
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            if node.is_leaf() {
                return Ok(path);
            }
            path.push(node.child(node.child_of(key)));
        }
        Err(self.broken(top, "the index runs in a circle"))
    }

    /// The key of an entry with its data.
    fn key_of<'k>(&self, entry: &'k [u8]) -> &'k [u8] {
        &entry[..entry.len().min(self.key_bytes)]
    }

    /// Every entry of every leaf with its data, for the checker.
    pub(crate) fn entries(&self, pool: &BufferPool) -> Result<Vec<(Vec<u8>, Rba)>, Trouble> {
        let shape = self.read_shape();
        let mut leaf = self.leaf_of(pool, shape.top, &[])?;
        let mut entries = Vec::new();
        let mut leaves = 0;
        while let Some(number) = leaf {
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            entries.extend((0..node.count).filter_map(|at| Some((node.record(at).to_vec(), node.rba(at)?))));
            leaf = Some(fullword(&content.data, NEXT_LEAF)).filter(|&next| next != 0);
            leaves += 1;
            if leaves > shape.last {
                return Err(self.broken(number, "the leaves of the index run in a circle"));
            }
        }
        Ok(entries)
    }

    fn node<'d>(&self, data: &'d [u8], number: u32) -> Result<Node<'d>, Trouble> {
        let key_bytes = self.key_bytes;
        let entry_bytes = match data[LEVEL] {
            0 => LEAF_HEAD + key_bytes + self.data_bytes,
            _ => BRANCH_HEAD + key_bytes,
        };
        let count = usize::from(halfword(data, COUNT));
        let sound = block::kind(data) == Some(Kind::Index) && ENTRIES + count * entry_bytes <= data.len();
        match sound && (data[LEVEL] == 0 || count > 0) {
            true => Ok(Node { data, count, entry_bytes, key_bytes }),
            false => Err(self.broken(number, "it is no node of the index")),
        }
    }

    fn broken(&self, number: u32, what: &str) -> Trouble {
        Trouble::broken(self.set.id, number, what)
    }

    fn write_shape(&self) -> RwLockWriteGuard<'_, Shape> {
        let shape = self.shape.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        shape
    }

    fn read_shape(&self) -> RwLockReadGuard<'_, Shape> {
        self.shape.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address as a record has it.
fn stored(rba: Rba) -> u32 {
    u32::from_be_bytes(rba.stored())
}

/// Of each block that is edited: by which edit first, its stamp, and its content if that has to be logged.
type Images = BTreeMap<u32, (usize, LogSequence, Vec<u8>)>;

/// What an insert or a removal does to blocks, before it does it.
struct Plan {
    shape: Shape,
    edits: Vec<(u32, Edit)>,
}

enum Edit {
    Node { level: u8 },
    Put { at: usize, bytes: Vec<u8> },
    Insert { at: usize, end: usize, bytes: Vec<u8> },
    Remove { at: usize, end: usize, len: usize },
}

impl Edit {
    fn change(&self) -> Change<'_> {
        match *self {
            Self::Node { level } => Change::Node { level },
            Self::Put { at, ref bytes } => Change::Put { at, bytes },
            Self::Insert { at, end, ref bytes } => Change::Insert { at, end, bytes },
            Self::Remove { at, end, len } => Change::Remove { at, end, len },
        }
    }
}

impl Plan {
    fn edit(&mut self, number: u32, edit: Edit) {
        self.edits.push((number, edit));
    }

    fn put_count(&mut self, number: u32, count: usize) {
        self.edit(number, Edit::Put { at: COUNT, bytes: (count as u16).to_be_bytes().to_vec() });
    }

    fn new_node(&mut self, level: u8) -> u32 {
        self.shape.last += 1;
        self.edit(self.shape.last, Edit::Node { level });
        self.shape.last
    }
}

impl Shape {
    /// As the control block has it.
    pub(super) fn bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.top.to_be_bytes());
        bytes[4..].copy_from_slice(&self.last.to_be_bytes());
        bytes
    }
}
