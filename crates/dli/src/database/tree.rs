//! The primary index of a HIDAM database: a B+ tree over the blocks of its own data set.
//!
//! ```text
//! 16  level         1   0 for a leaf
//! 17  reserved      1
//! 18  entries       2
//! 20  next leaf     4   block number, 0 for the last
//! 24  entries           leaf: delete byte 1, root RBA 4, key; above: block number 4, lowest key
//! ```
//!
//! Keys have one length. Nodes split and never merge: a leaf that became empty stays where it is and is passed over.
//! One latch guards the whole tree; beneath it blocks are latched one at a time.

use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::{self, Kind, fullword, halfword, set_fullword, set_halfword};
use crate::pool::{BufferPool, DataSet};
use std::cmp::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

const LEVEL: usize = block::HEADER_BYTES;
const COUNT: usize = LEVEL + 2;
const NEXT_LEAF: usize = COUNT + 2;
const ENTRIES: usize = NEXT_LEAF + 4;
/// Bytes before the key in an entry of a leaf: delete byte and address.
const LEAF_HEAD: usize = 5;
/// Bytes before the key in an entry above the leaves: a block number.
const BRANCH_HEAD: usize = 4;
/// More levels than any tree of this size has: a loop in a broken one ends here.
const LEVELS_MAX: u8 = 32;

/// A primary index.
pub(crate) struct Tree {
    set: Arc<DataSet>,
    key_bytes: usize,
    shape: RwLock<Shape>,
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
    pub(crate) fn new(set: Arc<DataSet>, key_bytes: usize, shape: Shape) -> Self {
        Self { set, key_bytes, shape: RwLock::new(shape) }
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
    pub(crate) fn from(&self, pool: &BufferPool, key: &[u8], after: bool) -> Result<Option<Rba>, Trouble> {
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
                return Ok(node.rba(at));
            }
            place = Some(0);
            leaf = Some(fullword(&content.data, NEXT_LEAF)).filter(|&next| next != 0);
        }
        Ok(None)
    }

    /// The root with the highest key below this one.
    pub(crate) fn below(&self, pool: &BufferPool, key: &[u8]) -> Result<Option<Rba>, Trouble> {
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
    ) -> Result<Option<Rba>, Trouble> {
        let children = {
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            let (Ok(at) | Err(at)) = node.search(key);
            if node.is_leaf() {
                return Ok(at.checked_sub(1).and_then(|at| node.rba(at)));
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

    /// Adds an entry. The key is not there.
    pub(crate) fn insert(&self, pool: &BufferPool, key: &[u8], rba: Rba) -> Result<(), Trouble> {
        let mut shape = self.shape.write().unwrap_or_else(PoisonError::into_inner);
        if shape.top == 0 {
            shape.top = self.new_node(pool, &mut shape, 0)?;
        }
        let path = self.path_to(pool, shape.top, key)?;
        let mut entry = vec![0];
        entry.extend_from_slice(&rba.stored());
        entry.extend_from_slice(key);
        for number in path.into_iter().rev() {
            match self.insert_in(pool, &mut shape, number, &entry)? {
                None => return Ok(()),
                Some(split) => entry = split,
            }
        }
        self.grow(pool, &mut shape, &entry)
    }

    /// Removes an entry, and gives where its root was.
    pub(crate) fn remove(&self, pool: &BufferPool, key: &[u8]) -> Result<Option<Rba>, Trouble> {
        let shape = self.shape.write().unwrap_or_else(PoisonError::into_inner);
        let Some(leaf) = self.leaf_of(pool, shape.top, key)? else { return Ok(None) };
        let mut content = pool.write(&self.set, leaf)?;
        let (at, count, bytes) = {
            let node = self.node(&content.data, leaf)?;
            let Ok(at) = node.search(key) else { return Ok(None) };
            (at, node.count, node.entry_bytes)
        };
        let rba = self.node(&content.data, leaf)?.rba(at);
        content.mark_changed(&self.set);
        let from = ENTRIES + at * bytes;
        content.data.copy_within(from + bytes..ENTRIES + count * bytes, from);
        set_halfword(&mut content.data, COUNT, (count - 1) as u16);
        Ok(rba)
    }

    /// A new top over the old one and the node split off from it.
    fn grow(&self, pool: &BufferPool, shape: &mut Shape, split: &[u8]) -> Result<(), Trouble> {
        let level = {
            let content = pool.read(&self.set, shape.top)?;
            content.data[LEVEL] + 1
        };
        let top = self.new_node(pool, shape, level)?;
        let mut content = pool.write(&self.set, top)?;
        let bytes = BRANCH_HEAD + self.key_bytes;
        // The first child takes every key below the second's, so its own key is the lowest there is.
        set_fullword(&mut content.data, ENTRIES, shape.top);
        content.data[ENTRIES + bytes..ENTRIES + 2 * bytes].copy_from_slice(split);
        set_halfword(&mut content.data, COUNT, 2);
        content.mark_changed(&self.set);
        shape.top = top;
        Ok(())
    }

    /// Puts an entry into a node. When that splits, the entry for the new node is given.
    fn insert_in(
        &self,
        pool: &BufferPool,
        shape: &mut Shape,
        number: u32,
        entry: &[u8],
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let mut content = pool.write(&self.set, number)?;
        let (at, count, bytes, is_leaf) = {
            let node = self.node(&content.data, number)?;
            let (Ok(at) | Err(at)) = node.search(&entry[node.head()..]);
            (at, node.count, node.entry_bytes, node.is_leaf())
        };
        content.mark_changed(&self.set);
        let capacity = (content.data.len() - ENTRIES) / bytes;
        if count < capacity {
            put_entry(&mut content.data, at, count, entry);
            return Ok(None);
        }
        // Keys that come in ascending order leave full nodes behind.
        let keep = if at == count { count } else { count / 2 };
        let level = content.data[LEVEL];
        let mut right = content.data[ENTRIES + keep * bytes..ENTRIES + count * bytes].to_vec();
        let next = fullword(&content.data, NEXT_LEAF);
        if at < keep {
            set_halfword(&mut content.data, COUNT, keep as u16);
            put_entry(&mut content.data, at, keep, entry);
        } else {
            set_halfword(&mut content.data, COUNT, keep as u16);
            let from = (at - keep) * bytes;
            right.splice(from..from, entry.iter().copied());
        }
        drop(content);
        let new = self.new_node(pool, shape, level)?;
        let mut content = pool.write(&self.set, new)?;
        content.data[ENTRIES..ENTRIES + right.len()].copy_from_slice(&right);
        set_halfword(&mut content.data, COUNT, (right.len() / bytes) as u16);
        set_fullword(&mut content.data, NEXT_LEAF, next);
        content.mark_changed(&self.set);
        drop(content);
        if is_leaf {
            let mut content = pool.write(&self.set, number)?;
            set_fullword(&mut content.data, NEXT_LEAF, new);
        }
        let head = if is_leaf { LEAF_HEAD } else { BRANCH_HEAD };
        let mut split = new.to_be_bytes().to_vec();
        split.extend_from_slice(&right[head..bytes]);
        Ok(Some(split))
    }

    fn new_node(&self, pool: &BufferPool, shape: &mut Shape, level: u8) -> Result<u32, Trouble> {
        let number = shape.last + 1;
        let mut content = pool.write(&self.set, number)?;
        block::clear(&mut content.data, Kind::Index);
        content.data[LEVEL] = level;
        content.mark_changed(&self.set);
        shape.last = number;
        Ok(number)
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

    /// Every entry of every leaf, for the checker.
    pub(crate) fn entries(&self, pool: &BufferPool) -> Result<Vec<(Vec<u8>, Rba)>, Trouble> {
        let shape = self.read_shape();
        let mut leaf = self.leaf_of(pool, shape.top, &[])?;
        let mut entries = Vec::new();
        let mut leaves = 0;
        while let Some(number) = leaf {
            let content = pool.read(&self.set, number)?;
            let node = self.node(&content.data, number)?;
            entries.extend((0..node.count).filter_map(|at| Some((node.key(at).to_vec(), node.rba(at)?))));
            leaf = Some(fullword(&content.data, NEXT_LEAF)).filter(|&next| next != 0);
            leaves += 1;
            if leaves > shape.last {
                return Err(self.broken(number, "the leaves of the index run in a circle"));
            }
        }
        Ok(entries)
    }

    fn node<'d>(&self, data: &'d [u8], number: u32) -> Result<Node<'d>, Trouble> {
        let head = if data[LEVEL] == 0 { LEAF_HEAD } else { BRANCH_HEAD };
        let entry_bytes = head + self.key_bytes;
        let count = usize::from(halfword(data, COUNT));
        let sound = block::kind(data) == Some(Kind::Index) && ENTRIES + count * entry_bytes <= data.len();
        match sound && (data[LEVEL] == 0 || count > 0) {
            true => Ok(Node { data, count, entry_bytes }),
            false => Err(self.broken(number, "it is no node of the index")),
        }
    }

    fn broken(&self, number: u32, what: &str) -> Trouble {
        Trouble::broken(self.set.id, number, what)
    }

    fn read_shape(&self) -> RwLockReadGuard<'_, Shape> {
        self.shape.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for an entry, and puts it there.
fn put_entry(data: &mut [u8], at: usize, count: usize, entry: &[u8]) {
    let from = ENTRIES + at * entry.len();
    data.copy_within(from..ENTRIES + count * entry.len(), from + entry.len());
    data[from..from + entry.len()].copy_from_slice(entry);
    set_halfword(data, COUNT, (count + 1) as u16);
}

/// A node, to be read.
struct Node<'d> {
    data: &'d [u8],
    count: usize,
    entry_bytes: usize,
}

impl Node<'_> {
    fn is_leaf(&self) -> bool {
        self.data[LEVEL] == 0
    }

    fn head(&self) -> usize {
        if self.is_leaf() { LEAF_HEAD } else { BRANCH_HEAD }
    }

    fn entry(&self, at: usize) -> &[u8] {
        &self.data[ENTRIES + at * self.entry_bytes..ENTRIES + (at + 1) * self.entry_bytes]
    }

    fn key(&self, at: usize) -> &[u8] {
        &self.entry(at)[self.head()..]
    }

    fn rba(&self, at: usize) -> Option<Rba> {
        block::pointer(self.entry(at), 1)
    }

    fn child(&self, at: usize) -> u32 {
        fullword(self.entry(at), 0)
    }

    /// The place of a key, or where it would be.
    fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            match self.key(middle).cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// Above the leaves: the child whose keys are nearest at or below this one. The first child takes all the rest.
    fn child_of(&self, key: &[u8]) -> usize {
        match self.search(key) {
            Ok(at) => at,
            Err(at) => at.saturating_sub(1),
        }
    }
}
