//! How roots are found: over anchor points, or through an index.

use super::tree::Tree;
use super::{Cursor, Database};
use crate::error::Trouble;
use crate::format::block::{self, ROOT_ANCHORS};
use crate::format::{Rba, rba};
use crate::lock::Item;
use crate::randomizer::Randomizer;
use std::cmp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How the roots of a database are found.
pub(crate) enum Roots {
    /// On anchor points, by a randomizer.
    Hdam(Hdam),
    /// Through the primary index.
    Hidam(Tree),
}

/// The root addressable area of an HDAM database.
pub(crate) struct Hdam {
    pub(crate) randomizer: Arc<dyn Randomizer>,
    /// Anchor points of a block.
    pub(crate) anchors: u32,
    /// Blocks that have them.
    pub(crate) blocks: u32,
    /// How many bytes of one record a row of inserts puts into the root addressable area.
    pub(crate) record_bytes_max: Option<usize>,
    /// Where the chain of each anchor point was seen to begin.
    pub(crate) seen: SeenHeads,
}

/// Where chains of roots were seen to begin last. Nobody relies on that: a record that is likely to be read is asked for
/// together with the anchor point that leads to it, in place of one after the other.
pub(crate) struct SeenHeads(Box<[AtomicU32]>);

impl SeenHeads {
    /// The most anchor points that are kept an eye on, four bytes for each.
    const POINTS_MAX: usize = 1 << 22;

    pub(crate) fn new(anchors: usize) -> Self {
        Self((0..anchors.min(Self::POINTS_MAX)).map(|_| AtomicU32::new(0)).collect())
    }

    #[inline]
    fn get(&self, anchor: u32) -> Option<Rba> {
        Rba::load(self.0.get(anchor as usize)?.load(Ordering::Relaxed).to_be_bytes())
    }

    #[inline]
    fn note(&self, anchor: u32, head: Option<Rba>) {
        if let Some(seen) = self.0.get(anchor as usize) {
            seen.store(u32::from_be_bytes(rba::stored(head)), Ordering::Relaxed);
        }
    }
}

/// A root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RootPlace {
    /// Where it is.
    pub(crate) rba: Rba,
    /// The anchor point it hangs on, counted from 0 over all blocks; 0 where there are none.
    pub(crate) anchor: u32,
}

/// What a search for a root key found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RootSearch {
    /// The first root with this key.
    pub(crate) exact: Option<Rba>,
    /// The root before that place: on the chain of the anchor point, or in the order of keys.
    pub(crate) before: Option<Rba>,
    /// The root at that place or after it.
    pub(crate) next: Option<Rba>,
    /// The anchor point.
    pub(crate) anchor: u32,
}

impl Hdam {
    /// The anchor point of a key.
    pub(crate) fn anchor_of(&self, key: &[u8]) -> u32 {
        let point = self.randomizer.randomize(key, self.anchors, self.blocks);
        let block = point.block.wrapping_sub(1) % self.blocks;
        block * self.anchors + point.anchor.wrapping_sub(1) % self.anchors
    }

    /// The number of the block that an anchor point is in, and its offset there.
    pub(crate) fn place_of(&self, anchor: u32) -> (u32, usize) {
        (anchor / self.anchors + 1, ROOT_ANCHORS + 4 * (anchor % self.anchors) as usize)
    }

    fn head(&self, db: &Database, cursor: &mut Cursor<'_>, anchor: u32) -> Result<Option<Rba>, Trouble> {
        let set = &db.groups[0].set;
        let (number, offset) = self.place_of(anchor);
        Ok(block::pointer(cursor.block(set, set.geometry.data_block(number))?, offset))
    }

    /// The same where the record behind it is about to be read.
    #[inline]
    fn head_of_record(
        &self,
        db: &Database,
        cursor: &mut Cursor<'_>,
        anchor: u32,
    ) -> Result<Option<Rba>, Trouble> {
        let set = &db.groups[0].set;
        let (number, offset) = self.place_of(anchor);
        cursor.block(set, set.geometry.data_block(number))?;
        let seen = self.seen.get(anchor);
        if let Some(rba) = seen {
            cursor.ask_ahead_here(set, rba);
        }
        let head = block::pointer(cursor.block(set, set.geometry.data_block(number))?, offset);
        if let Some(rba) = head.filter(|_| head != seen) {
            self.seen.note(anchor, head);
            cursor.ask_ahead_here(set, rba);
        }
        Ok(head)
    }

    /// The first root on this anchor point or a later one.
    fn from(
        &self,
        db: &Database,
        cursor: &mut Cursor<'_>,
        anchor: u32,
    ) -> Result<Option<RootPlace>, Trouble> {
        for anchor in anchor..self.anchors * self.blocks {
            let look_again = match self.head(db, cursor, anchor)? {
                None => cursor.pass(Item::Anchor(anchor))?,
                Some(_) => cursor.look_at(Item::Anchor(anchor)).map(|()| true)?,
            };
            // What was there before the lock may be gone.
            let head = if look_again { self.head(db, cursor, anchor)? } else { None };
            if let Some(rba) = cursor.live(db, db.root(), head)? {
                return Ok(Some(RootPlace { rba, anchor }));
            }
        }
        Ok(None)
    }
}

impl Database {
    /// Whether roots come in the order of their keys, in all partitions where it is one.
    pub(crate) fn is_in_key_order(&self) -> bool {
        matches!(self.roots, Roots::Hidam(_)) && self.partition.is_none_or(|mark| mark.in_key_order)
    }

    /// The first root.
    pub(crate) fn first_root(&self, cursor: &mut Cursor<'_>) -> Result<Option<RootPlace>, Trouble> {
        match &self.roots {
            Roots::Hdam(hdam) => hdam.from(self, cursor, 0),
            Roots::Hidam(tree) => Ok(in_index(next_in_index((self, tree), cursor, &[], false)?)),
        }
    }

    /// The root after one.
    pub(crate) fn root_after(
        &self,
        cursor: &mut Cursor<'_>,
        place: RootPlace,
    ) -> Result<Option<RootPlace>, Trouble> {
        let root = self.root();
        match &self.roots {
            Roots::Hdam(hdam) => match cursor.live_twin(self, root, place.rba)? {
                Some(rba) => Ok(Some(RootPlace { rba, ..place })),
                None => hdam.from(self, cursor, place.anchor + 1),
            },
            Roots::Hidam(tree) => {
                let mut key = [0; 255];
                let key = copy_key(self, cursor, place.rba, &mut key)?;
                Ok(in_index(next_in_index((self, tree), cursor, key, true)?))
            }
        }
    }

    /// The first root behind all those of an anchor point; none where there are no anchor points.
    pub(crate) fn root_behind(
        &self,
        cursor: &mut Cursor<'_>,
        anchor: u32,
    ) -> Result<Option<RootPlace>, Trouble> {
        match &self.roots {
            Roots::Hdam(hdam) => hdam.from(self, cursor, anchor + 1),
            Roots::Hidam(_) => Ok(None),
        }
    }

    /// Looks for the root with a key.
    pub(crate) fn find_root(&self, cursor: &mut Cursor<'_>, key: &[u8]) -> Result<RootSearch, Trouble> {
        match &self.roots {
            Roots::Hdam(hdam) => self.find_synonym(cursor, hdam, key),
            Roots::Hidam(tree) => find_in_index((self, tree), cursor, key),
        }
    }

    fn find_synonym(&self, cursor: &mut Cursor<'_>, hdam: &Hdam, key: &[u8]) -> Result<RootSearch, Trouble> {
        let anchor = hdam.anchor_of(key);
        cursor.look_at(Item::Anchor(anchor))?;
        self.find_on_anchor(cursor, hdam, anchor, key)
    }

    /// Looks for the root with a key on its anchor point, which is locked.
    pub(crate) fn find_on_anchor(
        &self,
        cursor: &mut Cursor<'_>,
        hdam: &Hdam,
        anchor: u32,
        key: &[u8],
    ) -> Result<RootSearch, Trouble> {
        let root = self.root();
        let mut before = None;
        let mut next = hdam.head_of_record(self, cursor, anchor)?;
        while let Some(rba) = next {
            let data = cursor.data(self, root, rba)?;
            match root.key.as_ref().map_or(cmp::Ordering::Equal, |field| field.of(data).cmp(key)) {
                cmp::Ordering::Less => {
                    (before, next) = (next, cursor.twin(self, root, rba)?);
                    if let Some(next) = next {
                        cursor.ask_ahead_here(self.set_of(root), next);
                    }
                }
                cmp::Ordering::Equal if cursor.is_deleted(self, root, rba)? => {
                    (before, next) = (next, cursor.twin(self, root, rba)?);
                }
                order => {
                    let exact = (order == cmp::Ordering::Equal).then_some(rba);
                    return Ok(RootSearch { exact, before, next, anchor });
                }
            }
        }
        Ok(RootSearch { exact: None, before, next: None, anchor })
    }

    /// The first root on an anchor point.
    pub(crate) fn chain_head(&self, cursor: &mut Cursor<'_>, anchor: u32) -> Result<Option<Rba>, Trouble> {
        match &self.roots {
            Roots::Hdam(hdam) => hdam.head(self, cursor, anchor),
            Roots::Hidam(_) => Ok(None),
        }
    }

    /// What is locked to have the record of a root alone.
    pub(crate) fn record_of(&self, key: &[u8], anchor: u32) -> Item {
        match &self.roots {
            Roots::Hdam(_) => Item::Anchor(anchor),
            Roots::Hidam(_) => Item::root(key),
        }
    }
}

fn find_in_index(
    (db, tree): (&Database, &Tree),
    cursor: &mut Cursor<'_>,
    key: &[u8],
) -> Result<RootSearch, Trouble> {
    // While this lock is held no other program adds or removes this root, there or not.
    cursor.look_at(Item::root(key))?;
    let mut exact = tree.find(cursor.pool(), key)?;
    if let Some(root) = exact
        && cursor.is_deleted(db, db.root(), root)?
    {
        exact = None;
    }
    let next = if exact.is_some() { exact } else { next_in_index((db, tree), cursor, key, false)? };
    Ok(RootSearch { exact, before: None, next, anchor: 0 })
}

/// The first root with a key from this one on, or after it, that was not deleted.
fn next_in_index(
    (db, tree): (&Database, &Tree),
    cursor: &mut Cursor<'_>,
    key: &[u8],
    after: bool,
) -> Result<Option<Rba>, Trouble> {
    let found = next_entry(cursor, tree, key, after)?;
    let Some(root) = found else { return Ok(None) };
    if !cursor.is_deleted(db, db.root(), root)? {
        return Ok(found);
    }
    let mut its = [0; 255];
    let its = copy_key(db, cursor, root, &mut its)?;
    next_in_index((db, tree), cursor, its, true)
}

fn next_entry(cursor: &mut Cursor<'_>, tree: &Tree, key: &[u8], after: bool) -> Result<Option<Rba>, Trouble> {
    loop {
        let found = tree.from(cursor.pool(), key, after)?;
        let look_again = match found {
            Some(entry) => cursor.look_at(entry.item).map(|()| cursor.locker().is_some())?,
            None => cursor.pass(Item::End)?,
        };
        if !look_again || tree.from(cursor.pool(), key, after)? == found {
            return Ok(found.map(|entry| entry.rba));
        }
    }
}

fn in_index(rba: Option<Rba>) -> Option<RootPlace> {
    rba.map(|rba| RootPlace { rba, anchor: 0 })
}

/// The key of a root, in a buffer of the caller's.
pub(crate) fn copy_key<'k>(
    db: &Database,
    cursor: &mut Cursor<'_>,
    rba: Rba,
    into: &'k mut [u8; 255],
) -> Result<&'k [u8], Trouble> {
    let root = db.root();
    let data = cursor.data(db, root, rba)?;
    let key = root.key.as_ref().map_or(&[][..], |field| field.of(data));
    into[..key.len()].copy_from_slice(key);
    Ok(&into[..key.len()])
}
