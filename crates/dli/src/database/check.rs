//! The pointer checker: every chain is followed, and every byte of every block accounted for.

use super::index::Sources;
use super::inspection::Inspection;
use super::{Cursor, Database, Roots, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;
use crate::format::block::{self, Kind, halfword};
use crate::format::free_space;
use crate::format::prefix::{DATA_PART, DATA_PART_PREFIX, DELETE_BYTE, SEPARATED};
use crate::pool::BufferPool;
use std::collections::BTreeMap;
use std::fmt;
use vocabulary::DdName;

/// More findings than anybody reads.
const FINDINGS_MAX: usize = 100;

/// What the checker found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The data set.
    pub dd: DdName,
    /// The byte of the data set.
    pub byte: u64,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}: {}", self.dd, self.byte, self.what)
    }
}

impl Database {
    /// Everything that is wrong, and how full its data sets are.
    pub(crate) fn inspect(&self, pool: &BufferPool) -> Inspection {
        let mut checker = Checker {
            db: self,
            pool,
            cursor: Cursor::new(pool, None),
            pieces: vec![BTreeMap::new(); self.groups.len()],
            sources: Sources::new(),
            findings: Vec::new(),
            inspection: Inspection::new(self),
        };
        checker.all();
        for (group, pieces) in checker.inspection.data_sets.iter_mut().zip(&checker.pieces) {
            group.segment_bytes = pieces.values().map(|&bytes| bytes as u64).sum();
        }
        Inspection { findings: checker.findings, ..checker.inspection }
    }
}

struct Checker<'c> {
    db: &'c Database,
    pool: &'c BufferPool,
    cursor: Cursor<'c>,
    /// For each group: where a piece of a segment begins, and how long it is.
    pieces: Vec<BTreeMap<u64, usize>>,
    /// What has entries in secondary indexes.
    sources: Sources,
    findings: Vec<Finding>,
    inspection: Inspection,
}

impl Checker<'_> {
    fn all(&mut self) {
        let db = self.db;
        let outcome = match &db.roots {
            Roots::Hdam(hdam) => (0..hdam.anchors * hdam.blocks).try_for_each(|anchor| self.anchor(anchor)),
            Roots::Hidam(tree) => self.index(tree),
        };
        self.note_trouble(outcome);
        self.secondary_indexes();
        self.relationships();
        for group in 0..db.groups.len() {
            for number in 1..=db.groups[group].space.last() {
                let outcome = self.block(group, number);
                self.note_trouble(outcome);
            }
        }
    }

    fn secondary_indexes(&mut self) {
        let db = self.db;
        for index in &db.indexes {
            // Another cursor reads on: this one must not hold a latch meanwhile.
            match db.check_index(self.cursor.pool(), index, &self.sources) {
                Ok(findings) => {
                    findings.iter().for_each(|(code, rba, what)| self.find(db.kind(*code).group, *rba, what));
                }
                trouble => self.note_trouble(trouble.map(drop)),
            }
        }
    }

    fn relationships(&mut self) {
        match self.db.check_relationships(self.cursor.pool()) {
            Ok(wrong) => {
                wrong.iter().for_each(|(code, rba, what)| self.find(self.db.kind(*code).group, *rba, what));
            }
            trouble => self.note_trouble(trouble.map(drop)),
        }
    }

    /// Notes what an index may have an entry of, after its pointer to the parent.
    fn source(&mut self, kind: &SegmentType, rba: Rba, parent: Option<Rba>) -> Result<(), Trouble> {
        if let Some(offset) = kind.prefix.parent
            && self.cursor.pointer(self.db, kind, rba, offset)? != parent
        {
            self.find(kind.group, rba, "the pointer to the parent is wrong");
        }
        let is_source = self.db.indexes.iter().any(|index| index.rules.source == kind.code);
        if is_source && !self.cursor.is_deleted(self.db, kind, rba)? {
            self.sources.insert((kind.code, rba), parent);
        }
        Ok(())
    }

    /// The synonyms of an anchor point: keys ascend, and each key belongs there.
    fn anchor(&mut self, anchor: u32) -> Result<(), Trouble> {
        let db = self.db;
        let Roots::Hdam(hdam) = &db.roots else { return Ok(()) };
        let first = db.chain_head(&mut self.cursor, anchor)?;
        for root in self.chain(db.root(), first, None)? {
            let data = self.cursor.data(db, db.root(), root)?;
            let key = db.root().key.as_ref().map_or(&[][..], |key| key.of(data));
            if hdam.anchor_of(key) != anchor {
                self.find(0, root, "the root hangs on another anchor point than its key says");
            }
            self.source(db.root(), root, None)?;
            self.children(db.root(), root)?;
        }
        Ok(())
    }

    /// Every entry leads to a root with its key, in ascending order.
    fn index(&mut self, tree: &super::tree::Tree) -> Result<(), Trouble> {
        let db = self.db;
        let entries = tree.entries(self.pool)?;
        let by_key = db.root().prefix.twin_backward.is_some();
        for (at, (key, root)) in entries.iter().enumerate() {
            let data = self.cursor.data(db, db.root(), *root)?;
            if db.root().key.is_some_and(|field| field.of(data) != key) {
                self.find(0, *root, "the root has another key than its index entry");
            }
            if at > 0 && entries[at - 1].0 >= *key {
                self.find(0, *root, "the entries of the index are out of order");
            }
            if by_key {
                let before = at.checked_sub(1).map(|at| entries[at].1);
                let after = entries.get(at + 1).map(|entry| entry.1);
                self.neighbours(db.root(), *root, before, after)?;
            }
            self.segment(db.root(), *root)?;
            self.source(db.root(), *root, None)?;
            self.children(db.root(), *root)?;
        }
        if db.groups[0].set.geometry.anchors == 1 {
            self.chains_of_blocks(entries.len())?;
        }
        Ok(())
    }

    /// The roots that hang on the anchor points of blocks are as many as the index has.
    fn chains_of_blocks(&mut self, expected: usize) -> Result<(), Trouble> {
        let db = self.db;
        let set = &db.groups[0].set;
        let mut count = 0;
        for number in 1..=db.groups[0].space.last() {
            let block = set.geometry.data_block(number);
            let mut next = block::pointer(self.cursor.block(set, block)?, block::ROOT_ANCHORS);
            while let Some(root) = next.filter(|_| count <= expected) {
                if set.geometry.place(root).0 != block {
                    self.find(0, root, "a root hangs on the anchor point of another block");
                }
                count += 1;
                next = self.cursor.twin(db, db.root(), root)?;
            }
        }
        if count != expected {
            let dd = set.dd;
            self.findings.push(Finding {
                dd,
                byte: 0,
                what: format!("{count} roots hang on anchor points, and the index has {expected}"),
            });
        }
        Ok(())
    }

    fn children(&mut self, kind: &SegmentType, rba: Rba) -> Result<(), Trouble> {
        if let Some(offset) = kind.prefix.dependents {
            let first = self.cursor.pointer(self.db, kind, rba, offset)?;
            self.shared_chain((kind, rba), self.db.kind(kind.code + 1), first, None)?;
        }
        for slot in &kind.prefix.children {
            let child = self.db.kind(slot.code);
            let first = self.cursor.pointer(self.db, kind, rba, slot.first)?;
            let last = match slot.last {
                Some(offset) => Some(self.cursor.pointer(self.db, kind, rba, offset)?),
                None => None,
            };
            if child.shares_chain {
                self.shared_chain((kind, rba), child, first, last)?;
                continue;
            }
            for twin in self.chain(child, first, last)? {
                self.source(child, twin, Some(rba))?;
                self.children(child, twin)?;
            }
        }
        Ok(())
    }

    /// The twins of a chain, each checked. `last` is what the parent says of the last one.
    fn chain(
        &mut self,
        kind: &SegmentType,
        first: Option<Rba>,
        last: Option<Option<Rba>>,
    ) -> Result<Vec<Rba>, Trouble> {
        let mut twins: Vec<Rba> = Vec::new();
        let mut before_key: Option<Vec<u8>> = None;
        let mut next = first;
        while let Some(rba) = next {
            if !self.segment(kind, rba)? {
                return Ok(twins);
            }
            if let Some(key) = kind.key {
                let now = key.of(self.cursor.data(self.db, kind, rba)?).to_vec();
                let in_order = |before: Vec<u8>| before < now || (before == now && !key.unique);
                if !before_key.is_none_or(in_order) {
                    self.find(kind.group, rba, "twins are out of order");
                }
                before_key = Some(now);
            }
            if let Some(offset) = kind.prefix.twin_backward
                && self.cursor.pointer(self.db, kind, rba, offset)? != twins.last().copied()
            {
                self.find(kind.group, rba, "the pointer to the twin before is wrong");
            }
            twins.push(rba);
            next = self.cursor.twin(self.db, kind, rba)?;
        }
        if let Some(last) = last
            && last != twins.last().copied()
        {
            let at = last.or(first);
            if let Some(at) = at {
                self.find(kind.group, at, "the parent's pointer to the last twin is wrong");
            }
        }
        Ok(twins)
    }

    /// The segments of a chain that types share, each checked: they come in the order of the hierarchy. `child` is the type
    /// of the first one, or one that may come before; `last` is what the parent says of its last twin.
    fn shared_chain(
        &mut self,
        (parent, parent_rba): (&SegmentType, Rba),
        child: &SegmentType,
        first: Option<Rba>,
        last: Option<Option<Rba>>,
    ) -> Result<(), Trouble> {
        let db = self.db;
        let mut order = Order::new(parent.code);
        let mut latest = BTreeMap::from([(parent.code, parent_rba)]);
        let (mut before, mut last_twin) = (None, None);
        let mut next = self.cursor.member(db, child, first)?;
        while let Some((rba, code)) = next {
            let kind = db.kind(code);
            if !self.segment(kind, rba)? {
                return Ok(());
            }
            let data = self.cursor.data(db, kind, rba)?;
            let key = kind.key.as_ref().map(|key| (key.unique, key.of(data).to_vec()));
            if let Err(what) = order.follow(kind, key) {
                self.find(kind.group, rba, what);
            }
            if let Some(offset) = kind.prefix.twin_backward
                && self.cursor.pointer(db, kind, rba, offset)? != before
            {
                self.find(kind.group, rba, "the pointer to the segment before is wrong");
            }
            let above = kind.parent.and_then(|code| latest.get(&code).copied());
            self.source(kind, rba, above)?;
            latest.insert(code, rba);
            self.children(kind, rba)?;
            last_twin = if code == child.code { Some(rba) } else { last_twin };
            before = Some(rba);
            next = self.cursor.next_on_chain(db, kind, rba)?;
        }
        if let (Some(last), Some(at)) = (last, last.flatten().or(first))
            && last != last_twin
        {
            self.find(child.group, at, "the parent's pointer to the last twin is wrong");
        }
        Ok(())
    }

    fn neighbours(
        &mut self,
        kind: &SegmentType,
        rba: Rba,
        before: Option<Rba>,
        after: Option<Rba>,
    ) -> Result<(), Trouble> {
        let forward = self.cursor.twin(self.db, kind, rba)?;
        let backward = match kind.prefix.twin_backward {
            Some(offset) => self.cursor.pointer(self.db, kind, rba, offset)?,
            None => before,
        };
        if (backward, forward) != (before, after) {
            self.find(kind.group, rba, "the pointers to the neighbouring roots are wrong");
        }
        Ok(())
    }

    /// Notes the pieces of a segment. False when it was met before.
    fn segment(&mut self, kind: &SegmentType, rba: Rba) -> Result<bool, Trouble> {
        let db = self.db;
        let data = self.cursor.data(db, kind, rba)?.len();
        let segment = self.cursor.segment(db, kind, rba)?;
        let separated = kind.variable && segment[DELETE_BYTE] & SEPARATED != 0;
        self.inspection.count(kind, separated);
        if !separated {
            return Ok(self.piece(kind.group, rba, kind.stored_bytes(data)));
        }
        let part = block::pointer(segment, kind.prefix.bytes);
        let bytes = (kind.prefix.bytes + 4).next_multiple_of(2).max(free_space::ELEMENT_BYTES);
        let part_bytes = (DATA_PART_PREFIX + data).next_multiple_of(2).max(free_space::ELEMENT_BYTES);
        let fresh = self.piece(kind.group, rba, bytes);
        Ok(fresh && part.is_some_and(|part| self.piece(kind.group, part, part_bytes)))
    }

    fn piece(&mut self, group: usize, rba: Rba, bytes: usize) -> bool {
        if self.pieces[group].insert(rba.byte(), bytes).is_some() {
            self.find(group, rba, "two pointers lead here");
            return false;
        }
        true
    }

    /// Every byte of a block belongs to a piece that was met, to free space, or is zero behind a piece.
    fn block(&mut self, group: usize, number: u32) -> Result<(), Trouble> {
        let set = &self.db.groups[group].set;
        let from = set.geometry.data_from();
        let block_number = set.geometry.data_block(number);
        let first_byte = u64::from(block_number) * set.geometry.block_bytes as u64;
        let data = self.cursor.block(set, block_number)?;
        let statistics = &mut self.inspection.data_sets[group];
        statistics.blocks += 1;
        if block::kind(data) == Some(Kind::Blank) {
            statistics.blank += 1;
            return Ok(());
        }
        if !free_space::is_sound(data, from) {
            return Err(Trouble::broken(set.id, block_number, "the chain of free space is broken"));
        }
        let free: BTreeMap<usize, usize> = free_space::areas(data).map(|free| (free.at, free.len)).collect();
        statistics.note_free(free.values().copied());
        let mut wrong = Vec::new();
        let mut at = from;
        while at + 1 < data.len() {
            let piece = self.pieces[group].get(&(first_byte + at as u64));
            match (piece, free.get(&at)) {
                (Some(_), Some(_)) => wrong.push((at, "a segment lies in free space")),
                (None, None) if halfword(data, at) != 0 => {
                    let part = data[at + 1] == DATA_PART;
                    wrong.push((
                        at,
                        if part { "nothing points to this data" } else { "nothing points to this segment" },
                    ));
                    break;
                }
                _ => {}
            }
            at += piece.or(free.get(&at)).copied().unwrap_or(2);
        }
        if at > data.len() {
            wrong.push((at, "a segment runs over the end of the block"));
        }
        for (at, what) in wrong {
            self.findings.push(Finding { dd: set.dd, byte: first_byte + at as u64, what: what.into() });
        }
        Ok(())
    }

    fn find(&mut self, group: usize, rba: Rba, what: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let dd = self.db.groups[group].set.dd;
            self.findings.push(Finding { dd, byte: rba.byte(), what: what.into() });
        }
    }

    fn note_trouble(&mut self, outcome: Result<(), Trouble>) {
        let Err(trouble) = outcome else { return };
        let (set, block) = match &trouble {
            Trouble::Broken { set, block, .. } => (Some(*set), *block),
            _ => (None, 0),
        };
        let mut sets = self.db.sets();
        let found = sets.find(|one| Some(one.id) == set).unwrap_or(&self.db.groups[0].set);
        let byte = u64::from(block) * found.geometry.block_bytes as u64;
        self.findings.push(Finding { dd: found.dd, byte, what: trouble.to_string() });
    }
}

/// The order of the hierarchy, along a chain that types share.
struct Order {
    /// The types from the parent of the chain to where it is, each with what it has last under it.
    path: Vec<(u8, Option<LastUnder>)>,
}

/// The code of a segment and, of one with a key, whether that is unique, and the key.
type LastUnder = (u8, Option<(bool, Vec<u8>)>);

impl Order {
    fn new(parent: u8) -> Self {
        Self { path: vec![(parent, None)] }
    }

    /// Goes on with a segment of a type, and says what is wrong about that.
    fn follow(&mut self, kind: &SegmentType, key: Option<(bool, Vec<u8>)>) -> Result<(), &'static str> {
        let Some(depth) = self.path.iter().rposition(|&(code, _)| Some(code) == kind.parent) else {
            return Err("the segment is under no parent on its chain");
        };
        self.path.truncate(depth + 1);
        let Some((_, last)) = self.path.last_mut() else { return Ok(()) };
        let before = last.replace((kind.code, key.clone()));
        self.path.push((kind.code, None));
        match (before, key) {
            (Some((code, _)), _) if code > kind.code => Err("segments are out of the order of their types"),
            (Some((code, Some((_, before)))), Some((unique, key)))
                if code == kind.code && (before > key || (unique && before == key)) =>
            {
                Err("twins are out of order")
            }
            _ => Ok(()),
        }
    }
}
