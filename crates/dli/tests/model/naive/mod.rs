//! The model: a database as a tree of vectors, and what calls do to it, written for plainness alone.

mod change;
mod fields;
mod index;
mod search;

use crate::calls::{Call, Codes, Operator, Ssa};
use crate::schema::{FIXED, Rule, Schema, VARIABLE_MAX, VARIABLE_MIN};
use dli::Randomizer;
use std::collections::BTreeMap;

type Id = usize;

#[derive(Debug, Clone)]
struct Node {
    kind: usize,
    data: Vec<u8>,
    parent: Option<Id>,
}

/// Between segments: on the chain of a type, before a segment or at the end; no type: behind all children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    kind: Option<usize>,
    next: Option<Id>,
}

#[derive(Debug, Clone, Default)]
struct Position {
    path: Vec<Id>,
    gap: Option<Gap>,
    /// Where among the anchor points a gap between roots is.
    anchor: u64,
    last: Option<(usize, usize)>,
}

/// The database, and a program on it.
#[derive(Debug, Clone)]
pub(crate) struct Naive {
    schema: Schema,
    nodes: BTreeMap<Id, Node>,
    /// The twins of each type under each parent, in order.
    chains: BTreeMap<(Option<Id>, usize), Vec<Id>>,
    /// The entries of each secondary index.
    entries: Vec<index::Entries>,
    /// In the order of an index: the entry of each root, and what each segment is in the database.
    sequence: index::Sequence,
    next_id: Id,
    position: Position,
    /// With POS=MULTIPLE: where it is on each path.
    paths: BTreeMap<usize, Position>,
    parentage: Option<usize>,
    held: Vec<usize>,
    is_held: bool,
    /// What the PCB mask should be.
    pub(crate) mask: Vec<u8>,
    /// What the last call returned.
    pub(crate) area: Vec<u8>,
    /// What Q reserved, with its class.
    reserved: BTreeMap<Id, u8>,
    /// Something was deleted since the last commit point.
    has_deleted: bool,
    /// The database at the last commit point.
    committed: Option<Box<Naive>>,
}

/// What a search found out.
struct Search {
    path: Vec<Id>,
    gap: Option<Gap>,
    anchor: u64,
    at_end: bool,
}

const BEHIND_ALL: u64 = u64::MAX - 1;

enum Shown {
    Nothing,
    Unchanged,
    Level(usize),
}

impl Naive {
    pub(crate) fn new(schema: Schema, mask: Vec<u8>) -> Self {
        Self {
            entries: vec![Vec::new(); schema.indexes.len()],
            sequence: index::Sequence::default(),
            schema,
            nodes: BTreeMap::new(),
            chains: BTreeMap::new(),
            next_id: 1,
            position: Position::default(),
            paths: BTreeMap::new(),
            parentage: None,
            held: Vec::new(),
            is_held: false,
            mask,
            area: Vec::new(),
            reserved: BTreeMap::new(),
            has_deleted: false,
            committed: None,
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    fn chain(&self, parent: Option<Id>, kind: usize) -> &[Id] {
        self.chains.get(&(parent, kind)).map_or(&[], Vec::as_slice)
    }

    fn key(&self, id: Id) -> &[u8] {
        if let Some(key) = self.sequence.keys.get(&id) {
            return &key[self.schema.indexes[self.schema.sequence.unwrap()].search_at()];
        }
        let node = &self.nodes[&id];
        self.schema.types[node.kind].key_of(&node.data)
    }

    fn anchor_of(&self, key: &[u8]) -> u64 {
        self.schema.hdam.map_or(0, |(anchors, blocks)| {
            let point = dli::General.randomize(key, anchors, blocks);
            let anchor = u64::from((point.block - 1) * anchors + point.anchor - 1);
            // One partition comes after the other.
            ((self.schema.home(key) as u64) << 32) + anchor
        })
    }

    fn anchor(&self, root: Id) -> u64 {
        self.anchor_of(self.key(root))
    }

    fn kinds(&self, path: &[Id]) -> Vec<usize> {
        path.iter().map(|id| self.nodes[id].kind).collect()
    }

    /// Makes a call; the mask and the area tell how it went.
    pub(crate) fn call(&mut self, call: &Call) {
        self.area.clear();
        let held = std::mem::take(&mut self.is_held);
        let (status, shown) = match call {
            Call::Get { scope, hold, ssas } => self.get(*scope, *hold, ssas),
            Call::Insert { ssas, data, .. } => self.insert(ssas, data),
            Call::Replace { data, kept } => self.replace(held, data, kept),
            Call::Delete { level } => self.delete(held, *level),
            Call::Dequeue(class) => {
                self.is_held = held;
                return self.reserved.retain(|_, its| its != class);
            }
            Call::Rollback => return self.roll_back(),
            Call::Checkpoint => return self.checkpoint(),
        };
        self.show(status, &shown);
        if self.schema.multiple {
            self.note_paths();
        }
    }

    /// Where a call begins that names this type.
    fn standing(&self, kind: Option<usize>, floor: usize) -> Position {
        if let Some(kind) = kind.filter(|_| self.schema.multiple) {
            let way = self.schema.path(kind);
            let deepest = way.iter().rev().find_map(|step| self.paths.get(step)).cloned().unwrap_or_default();
            if deepest.path.get(..floor) == self.position.path.get(..floor) {
                return deepest;
            }
        }
        self.position.clone()
    }

    fn note_paths(&mut self) {
        let position = self.position.clone();
        for (level, &id) in position.path.iter().enumerate() {
            let kind = self.nodes[&id].kind;
            let path = position.path[..=level].to_vec();
            self.put_path(kind, Position { path, gap: None, ..position.clone() });
        }
        if let Some(kind) = position.gap.and_then(|gap| gap.kind) {
            self.put_path(kind, position);
        }
    }

    fn put_path(&mut self, kind: usize, position: Position) {
        let same = |old: &Position| {
            (&old.path, old.gap, old.anchor) == (&position.path, position.gap, position.anchor)
        };
        if !self.paths.get(&kind).is_some_and(same) {
            let schema = self.schema.clone();
            self.paths.retain(|&other, _| !schema.path(other).contains(&kind));
            self.paths.insert(kind, position);
        }
    }

    fn checkpoint(&mut self) {
        self.reset();
        self.committed = None;
        self.committed = Some(Box::new(self.clone()));
    }

    fn roll_back(&mut self) {
        self.reset();
        let nothing = || (Default::default(), Default::default(), vec![Vec::new(); self.entries.len()]);
        let committed = |old: &Naive| (old.nodes.clone(), old.chains.clone(), old.entries.clone());
        (self.nodes, self.chains, self.entries) = self.committed.as_deref().map_or_else(nothing, committed);
    }

    /// A search argument names a field that the program does not see.
    fn names_unseen(&self, ssas: &[Ssa]) -> bool {
        ssas.iter().any(|ssa| ssa.names_a_field() && !self.schema.types[ssa.kind].can_name('F'))
    }

    fn may_get(&self, ssas: &[Ssa]) -> bool {
        let Some(last) = ssas.last() else {
            return self.schema.visible().into_iter().any(|kind| self.schema.returns(kind));
        };
        let mut above = ssas.iter().filter(|ssa| ssa.codes.path && ssa.kind != last.kind);
        let may_path = |ssa: &Ssa| self.schema.may(ssa.kind, 'P') && self.schema.returns(ssa.kind);
        self.schema.returns(last.kind) && above.all(may_path)
    }

    /// Reserves what Q asks for on the path; false when there is no room for it.
    fn reserve(&mut self, ssas: &[Ssa]) -> bool {
        if self.schema.is_dirty() {
            return true;
        }
        let on_path = |ssa: &Ssa| self.position.path[self.schema.types[ssa.kind].level - 1];
        let asked: Vec<(Id, u8)> =
            ssas.iter().filter_map(|ssa| Some((on_path(ssa), ssa.codes.class?))).collect();
        let more = asked.iter().filter(|(id, _)| !self.reserved.contains_key(id)).count();
        if !asked.is_empty() && self.reserved.len() + more > self.schema.enqueues_max {
            return false;
        }
        for (id, class) in asked {
            self.reserved.entry(id).or_insert(class);
        }
        true
    }

    fn reset(&mut self) {
        self.reserved.clear();
        self.has_deleted = false;
        self.position = Position::default();
        self.paths.clear();
        self.parentage = None;
        self.is_held = false;
    }

    fn show(&mut self, status: &[u8; 2], shown: &Shown) {
        self.mask[10..12].copy_from_slice(status);
        let level = match shown {
            Shown::Unchanged => return,
            Shown::Nothing => 0,
            Shown::Level(level) => *level,
        };
        let key: Vec<u8> = self.position.path[..level].iter().flat_map(|&id| self.key(id).to_vec()).collect();
        self.mask[8..10].copy_from_slice(format!("{level:02}").as_bytes());
        let name = level.checked_sub(1).map_or("", |at| {
            let kind = self.nodes[&self.position.path[at]].kind;
            &self.schema.types[kind].name
        });
        let name = format!("{name:<8}");
        self.mask[20..28].copy_from_slice(name.as_bytes());
        self.mask[28..32].copy_from_slice(&(key.len() as u32).to_be_bytes());
        self.mask[36..36 + key.len()].copy_from_slice(&key);
    }

    fn here(&self) -> Shown {
        Shown::Level(self.position.path.len())
    }

    fn get(&mut self, scope: u8, hold: bool, ssas: &[Ssa]) -> (&'static [u8; 2], Shown) {
        if self.names_unseen(ssas) {
            return (b"AK", self.here());
        }
        if !self.may_get(ssas) {
            return (b"AM", self.here());
        }
        let floor = match (scope, self.parentage) {
            (2, None) => return (b"GP", Shown::Nothing),
            (2, Some(level)) => level,
            _ => 0,
        };
        let mut found = false;
        if ssas.is_empty() || (scope != 2 && ssas.iter().any(|ssa| ssa.codes.clear)) {
            self.paths.clear();
        }
        let search = if ssas.is_empty() {
            self.get_unqualified(scope, floor, &mut found)
        } else {
            let mut wants = self.wants(ssas);
            let start = self.standing(ssas.last().map(|ssa| ssa.kind), floor);
            self.search(start, scope, floor, &mut wants, &mut found)
        };
        let old_last = self.position.last;
        self.position = Position { path: search.path, gap: None, anchor: search.anchor, last: None };
        let depth = self.position.path.len();
        self.position.last = self.position.path.last().map(|id| (depth, self.nodes[id].kind));
        if found {
            let asked =
                ssas.iter().rev().find(|ssa| ssa.codes.parent).map(|ssa| self.schema.types[ssa.kind].level);
            if asked.is_some() || scope != 2 {
                self.parentage = asked.or(Some(depth));
            }
            if !self.reserve(ssas) {
                return (b"RX", self.here());
            }
            let returned: Vec<usize> = (0..depth)
                .filter(|&level| {
                    let kind = self.nodes[&self.position.path[level]].kind;
                    level + 1 == depth || ssas.iter().any(|ssa| ssa.kind == kind && ssa.codes.path)
                })
                .collect();
            self.area = returned.iter().flat_map(|&level| self.shown(self.position.path[level])).collect();
            self.held = returned;
            self.is_held = hold;
            let status = match old_last {
                Some((level, kind)) if ssas.is_empty() && scope != 0 => {
                    let now = self.nodes[&self.position.path[depth - 1]].kind;
                    if depth < level {
                        b"GA"
                    } else if depth == level && now != kind {
                        b"GK"
                    } else {
                        b"  "
                    }
                }
                _ => b"  ",
            };
            return (status, self.here());
        }
        self.position.gap = search.gap;
        if scope != 2 {
            self.parentage = None;
        }
        if scope == 1 && search.at_end {
            self.position = Position::default();
            self.paths.clear();
            return (b"GB", Shown::Nothing);
        }
        (b"GE", self.here())
    }

    /// All segments in hierarchical order, each with its path.
    fn preorder(&self) -> Vec<Vec<Id>> {
        let mut paths = Vec::new();
        for &root in self.chain(None, 0) {
            self.visit(&[root], &mut paths);
        }
        paths
    }

    fn visit(&self, path: &[Id], paths: &mut Vec<Vec<Id>>) {
        let id = path[path.len() - 1];
        paths.push(path.to_vec());
        for child in
            self.schema.children(self.nodes[&id].kind).filter(|&kind| !self.schema.types[kind].hidden)
        {
            for &twin in self.chain(Some(id), child) {
                self.visit(&[path, &[twin]].concat(), paths);
            }
        }
    }

    /// Whether a path lies behind the position.
    fn is_behind_position(&self, path: &[Id]) -> bool {
        let position = &self.position;
        let common = position.path.iter().zip(path).take_while(|(a, b)| a == b).count();
        if common < position.path.len() {
            if common == path.len() {
                return false;
            }
            return self.is_later(path, &position.path, common);
        }
        match (position.gap, path.get(common)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(Gap { kind: None, .. }), Some(_)) => false,
            (Some(Gap { kind: Some(kind), next }), Some(&id)) => {
                let its = self.nodes[&id].kind;
                let parent = common.checked_sub(1).map(|at| path[at]);
                let chain = self.chain(parent, kind);
                match next {
                    _ if its != kind => its > kind,
                    Some(next) => {
                        chain.iter().position(|&one| one == id) >= chain.iter().position(|&one| one == next)
                    }
                    None => common == 0 && self.schema.hdam.is_some() && self.anchor(id) > position.anchor,
                }
            }
        }
    }

    /// Two paths that differ at a level: whether the first comes later.
    fn is_later(&self, path: &[Id], other: &[Id], level: usize) -> bool {
        let (a, b) = (path[level], other[level]);
        let (a_kind, b_kind) = (self.nodes[&a].kind, self.nodes[&b].kind);
        if a_kind != b_kind {
            return a_kind > b_kind;
        }
        let chain = self.chain(level.checked_sub(1).map(|at| path[at]), a_kind);
        chain.iter().position(|&one| one == a) > chain.iter().position(|&one| one == b)
    }

    fn get_unqualified(&mut self, scope: u8, floor: usize, found: &mut bool) -> Search {
        let mut all = self.preorder();
        all.retain(|path| self.schema.returns(self.nodes[&path[path.len() - 1]].kind));
        let next = if scope == 0 {
            all.first()
        } else {
            all.iter().find(|path| {
                let inside = path.len() > floor && path[..floor] == self.position.path[..floor];
                (floor == 0 || inside) && self.is_behind_position(path)
            })
        };
        if let Some(path) = next {
            *found = true;
            return Search { anchor: self.anchor(path[0]), path: path.clone(), gap: None, at_end: false };
        }
        let path = self.position.path[..floor].to_vec();
        let anchor = if floor == 0 { BEHIND_ALL } else { self.position.anchor };
        Search { path, gap: Some(Gap { kind: None, next: None }), anchor, at_end: floor == 0 }
    }
}
