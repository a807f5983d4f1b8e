//! The model: a database as a tree of vectors, and what calls do to it, written for plainness alone.

use crate::calls::{Call, Codes, Operator, Ssa};
use crate::schema::{Rule, Schema, VARIABLE_MAX, VARIABLE_MIN};
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
    next_id: Id,
    position: Position,
    parentage: Option<usize>,
    held: Vec<usize>,
    is_held: bool,
    /// What the PCB mask should be.
    pub(crate) mask: Vec<u8>,
    /// What the last call returned.
    pub(crate) area: Vec<u8>,
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
            schema,
            nodes: BTreeMap::new(),
            chains: BTreeMap::new(),
            next_id: 1,
            position: Position::default(),
            parentage: None,
            held: Vec::new(),
            is_held: false,
            mask,
            area: Vec::new(),
            committed: None,
        }
    }

    fn chain(&self, parent: Option<Id>, kind: usize) -> &[Id] {
        self.chains.get(&(parent, kind)).map_or(&[], Vec::as_slice)
    }

    fn key(&self, id: Id) -> &[u8] {
        let node = &self.nodes[&id];
        self.schema.types[node.kind].key_of(&node.data)
    }

    fn anchor_of(&self, key: &[u8]) -> u64 {
        self.schema.hdam.map_or(0, |(anchors, blocks)| {
            let point = dli::General.randomize(key, anchors, blocks);
            u64::from((point.block - 1) * anchors + point.anchor - 1)
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
            Call::Replace { data } => self.replace(held, data),
            Call::Delete { level } => self.delete(held, *level),
            Call::Rollback => return self.roll_back(),
            Call::Checkpoint => return self.checkpoint(),
        };
        self.show(status, &shown);
    }

    fn checkpoint(&mut self) {
        self.reset();
        self.committed = None;
        self.committed = Some(Box::new(self.clone()));
    }

    fn roll_back(&mut self) {
        self.reset();
        let (nodes, chains) = self.committed.as_ref().map_or_else(Default::default, |old| (old.nodes.clone(), old.chains.clone()));
        (self.nodes, self.chains) = (nodes, chains);
    }

    fn reset(&mut self) {
        self.position = Position::default();
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

    // ---- get ----------------------------------------------------------------------------------------------------

    fn get(&mut self, scope: u8, hold: bool, ssas: &[Ssa]) -> (&'static [u8; 2], Shown) {
        let floor = match (scope, self.parentage) {
            (2, None) => return (b"GP", Shown::Nothing),
            (2, Some(level)) => level,
            _ => 0,
        };
        let mut found = false;
        let search = if ssas.is_empty() {
            self.get_unqualified(scope, floor, &mut found)
        } else {
            let mut wants = self.wants(ssas);
            self.search(scope, floor, &mut wants, &mut found)
        };
        let old_last = self.position.last;
        self.position = Position { path: search.path, gap: None, anchor: search.anchor, last: None };
        let depth = self.position.path.len();
        self.position.last = self.position.path.last().map(|id| (depth, self.nodes[id].kind));
        if found {
            let returned: Vec<usize> = (0..depth).filter(|&level| {
                let kind = self.nodes[&self.position.path[level]].kind;
                level + 1 == depth || ssas.iter().any(|ssa| ssa.kind == kind && ssa.codes.path)
            }).collect();
            self.area = returned.iter().flat_map(|&level| self.nodes[&self.position.path[level]].data.clone()).collect();
            self.held = returned;
            self.is_held = hold;
            let asked = ssas.iter().rev().find(|ssa| ssa.codes.parent).map(|ssa| self.schema.types[ssa.kind].level);
            if asked.is_some() || scope != 2 {
                self.parentage = asked.or(Some(depth));
            }
            let status = match old_last {
                Some((level, kind)) if ssas.is_empty() && scope != 0 => {
                    let now = self.nodes[&self.position.path[depth - 1]].kind;
                    if depth < level { b"GA" } else if depth == level && now != kind { b"GK" } else { b"  " }
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
            return (b"GB", Shown::Nothing);
        }
        (b"GE", self.here())
    }

    /// All segments in hierarchical order, each with its path.
    fn preorder(&self) -> Vec<Vec<Id>> {
        let mut paths = Vec::new();
        for &root in self.chain(None, 0) {
            self.visit(vec![root], &mut paths);
        }
        paths
    }

    fn visit(&self, path: Vec<Id>, paths: &mut Vec<Vec<Id>>) {
        let id = path[path.len() - 1];
        paths.push(path.clone());
        for child in self.schema.children(self.nodes[&id].kind) {
            for &twin in self.chain(Some(id), child) {
                self.visit([&path[..], &[twin]].concat(), paths);
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
                    Some(next) => chain.iter().position(|&one| one == id) >= chain.iter().position(|&one| one == next),
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
        let all = self.preorder();
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

    fn wants(&self, ssas: &[Ssa]) -> Vec<Want> {
        let Some(last) = ssas.last() else { return Vec::new() };
        let mut wants: Vec<Want> = self.schema.path(last.kind).into_iter().map(|kind| {
            Want { kind, ssa: ssas.iter().find(|ssa| ssa.kind == kind).cloned(), implied: false, key: None }
        }).collect();
        for ssa in ssas {
            if let Some(keys) = &ssa.concatenated {
                let mut keys = keys.iter();
                for want in &mut wants[..self.schema.types[ssa.kind].level] {
                    if self.schema.types[want.kind].key.is_some() {
                        want.key = keys.next().copied();
                    }
                }
            }
        }
        wants
    }

    fn search(&self, scope: u8, floor: usize, wants: &mut [Want], found: &mut bool) -> Search {
        let mut start = self.position.clone();
        if scope != 2 && wants.iter().any(|want| want.codes().clear) {
            start = Position::default();
        }
        let length = wants.len();
        if scope == 0 {
            let kept = self.keep_for_unique(&start.path, wants).min(length - 1);
            start.path.truncate(kept);
            start.gap = None;
            if kept == 0 {
                start = Position::default();
            }
        }
        let kept = self.keep(&start.path, wants, floor);
        if kept < floor.min(length) || length <= floor {
            let gap = Some(Gap { kind: None, next: None });
            return Search { path: start.path[..floor].to_vec(), gap, anchor: start.anchor, at_end: false };
        }
        let level = kept.min(length - 1);
        let mut search = Search { path: start.path[..level].to_vec(), gap: None, anchor: start.anchor, at_end: false };
        let mut path = search.path.clone();
        let candidates = self.first_candidates(&start, kept == length, wants, level, &mut search);
        *found = self.explore(wants, level, &mut path, candidates, &mut search);
        if *found {
            return Search { anchor: self.anchor(path[0]), path, gap: None, at_end: false };
        }
        // Upper levels that were kept may move on, too.
        for up in (floor..level).rev() {
            if *found || self.is_fixed(wants, up) {
                continue;
            }
            path.truncate(up + 1);
            let here = path[up];
            path.truncate(up);
            let parent = up.checked_sub(1).map(|at| path[at]);
            let after = self.after(parent, wants[up].kind, here);
            let candidates = Candidates { ids: after, blocked: None, direct: false };
            *found = self.explore(wants, up, &mut path, candidates, &mut search);
            if *found {
                return Search { anchor: self.anchor(path[0]), path, gap: None, at_end: false };
            }
            path = start.path[..up].to_vec();
        }
        if !search.path.is_empty() {
            search.anchor = self.anchor(search.path[0]);
        }
        search
    }

    fn after(&self, parent: Option<Id>, kind: usize, id: Id) -> Vec<Id> {
        let chain = self.chain(parent, kind);
        let at = chain.iter().position(|&one| one == id).unwrap();
        chain[at + 1..].to_vec()
    }

    /// Where on the first level the search looks.
    fn first_candidates(&self, start: &Position, past_it: bool, wants: &[Want], level: usize, search: &mut Search) -> Candidates {
        let want = &wants[level];
        let parent = level.checked_sub(1).map(|at| start.path[at]);
        let chain = self.chain(parent, want.kind).to_vec();
        let here = start.path.get(level).copied();
        let some = |ids| Candidates { ids, blocked: None, direct: false };
        if past_it {
            let direct = false;
            return Candidates { ids: self.after(parent, want.kind, here.unwrap()), blocked: None, direct };
        }
        if level == 0 {
            if let Some(key) = want.key_wanted(&self.schema) {
                return self.direct(start, here, key, &chain, search);
            }
            return match (here, start.gap) {
                (Some(id), _) => some(self.after(None, 0, id)),
                (None, Some(Gap { next: Some(next), .. })) => {
                    some(chain.iter().copied().skip_while(|&id| id != next).collect())
                }
                (None, Some(_)) if self.schema.hdam.is_none() => some(Vec::new()),
                (None, Some(_)) => some(chain.iter().copied().filter(|&id| self.anchor(id) > start.anchor).collect()),
                (None, None) => some(chain),
            };
        }
        if want.codes().first {
            return some(chain);
        }
        match (here, start.gap) {
            (Some(id), _) => match self.nodes[&id].kind {
                kind if kind < want.kind => some(chain),
                kind if kind > want.kind => some(Vec::new()),
                _ => some(self.after(parent, want.kind, id)),
            },
            (None, None) => some(chain),
            (None, Some(Gap { kind: None, .. })) => some(Vec::new()),
            (None, Some(Gap { kind: Some(kind), .. })) if kind < want.kind => some(chain),
            (None, Some(Gap { kind: Some(kind), .. })) if kind > want.kind => some(Vec::new()),
            (None, Some(Gap { next, .. })) => match next {
                Some(next) => some(chain.iter().copied().skip_while(|&id| id != next).collect()),
                None => some(Vec::new()),
            },
        }
    }

    /// A root whose key is known is gone to; with an index, only forward.
    fn direct(&self, start: &Position, here: Option<Id>, key: u8, chain: &[Id], search: &mut Search) -> Candidates {
        let key = [key];
        if self.schema.hdam.is_none() {
            let behind = match (here, start.gap) {
                (Some(id), _) => key[..] <= *self.key(id),
                (None, None) => false,
                (None, Some(Gap { next: None, .. })) => true,
                (None, Some(Gap { next: Some(next), .. })) => key[..] < *self.key(next),
            };
            if behind {
                let blocked = match (here, start.gap) {
                    (Some(id), _) => self.after(None, 0, id).first().copied(),
                    (None, gap) => gap.and_then(|gap| gap.next),
                };
                return Candidates { ids: Vec::new(), blocked, direct: true };
            }
        }
        search.anchor = self.anchor_of(&key);
        let mut rest: Vec<Id> = chain.iter().copied()
            .filter(|&id| self.anchor(id) == search.anchor)
            .skip_while(|&id| *self.key(id) < key[..])
            .collect();
        if self.schema.hdam.is_none() {
            rest = chain.iter().copied().skip_while(|&id| *self.key(id) < key[..]).collect();
        }
        match rest.first() {
            Some(&id) if *self.key(id) == key[..] => Candidates { ids: rest, blocked: None, direct: true },
            first => Candidates { ids: Vec::new(), blocked: first.copied(), direct: true },
        }
    }

    fn explore(&self, wants: &[Want], level: usize, path: &mut Vec<Id>, candidates: Candidates, search: &mut Search) -> bool {
        let want = &wants[level];
        let ordered = level > 0 || candidates.direct || self.schema.hdam.is_none();
        let mut stopped = candidates.blocked;
        let mut fitting = Vec::new();
        let mut ran_out = candidates.blocked.is_none();
        for &id in &candidates.ids {
            if ordered && want.is_passed(&self.schema, &self.nodes[&id].data) {
                stopped = Some(id);
                ran_out = false;
                break;
            }
            if want.accepts(&self.schema, &self.nodes[&id].data) {
                fitting.push(id);
            }
        }
        if want.codes().last && level > 0 {
            fitting = fitting.last().copied().into_iter().collect();
        }
        for id in fitting {
            path.truncate(level);
            path.push(id);
            search.path = path.clone();
            search.gap = None;
            if level + 1 == wants.len() {
                return true;
            }
            let ids = self.chain(Some(id), wants[level + 1].kind).to_vec();
            if self.explore(wants, level + 1, path, Candidates { ids, blocked: None, direct: false }, search) {
                return true;
            }
            if self.is_fixed(wants, level) {
                return false;
            }
        }
        if level == 0 && !candidates.direct {
            search.at_end = ran_out;
            if search.path.is_empty() && ran_out {
                search.anchor = BEHIND_ALL;
            }
            if search.path.is_empty() && !ran_out {
                search.anchor = stopped.map_or(search.anchor, |id| self.anchor(id));
            }
        }
        if search.gap.is_none() {
            search.gap = Some(Gap { kind: Some(want.kind), next: stopped });
        }
        false
    }

    fn is_kept(wants: &[Want], level: usize) -> bool {
        wants[level].implied || wants[level].codes().keep || wants[level..].iter().any(|want| want.codes().keep_above)
    }

    fn is_certain(&self, wants: &[Want], level: usize) -> bool {
        let unique = self.schema.types[wants[level].kind].key == Some(true);
        Self::is_kept(wants, level) || (unique && wants[level].key_wanted(&self.schema).is_some())
    }

    fn is_fixed(&self, wants: &[Want], level: usize) -> bool {
        self.is_certain(wants, level) || (wants[level].codes().last && level > 0)
    }

    fn keep_for_unique(&self, path: &[Id], wants: &mut [Want]) -> usize {
        for level in 0..wants.len() {
            let Some(id) = path.get(level) else { return level };
            let node = &self.nodes[id];
            if node.kind != wants[level].kind {
                return level;
            }
            if wants[level].ssa.is_none() {
                wants[level].implied = true;
            } else if !self.is_certain(wants, level) || !wants[level].accepts(&self.schema, &node.data) {
                return level;
            }
        }
        wants.len()
    }

    fn keep(&self, path: &[Id], wants: &[Want], floor: usize) -> usize {
        for (level, want) in wants.iter().enumerate() {
            let Some(id) = path.get(level) else { return level };
            let node = &self.nodes[id];
            if node.kind != want.kind {
                return level;
            }
            let over = want.codes().first && level > 0 && level >= floor;
            if !Self::is_kept(wants, level) && (over || !want.accepts(&self.schema, &node.data)) {
                return level;
            }
        }
        wants.len()
    }

    // ---- changes ------------------------------------------------------------------------------------------------

    fn insert(&mut self, ssas: &[Ssa], data: &[Vec<u8>]) -> (&'static [u8; 2], Shown) {
        let last = ssas.last().unwrap();
        let first_given = ssas.iter().position(|ssa| ssa.codes.path).unwrap_or(ssas.len() - 1);
        let path_kinds = self.schema.path(last.kind);
        let first = self.schema.types[ssas[first_given].kind].level - 1;
        for (kind, data) in path_kinds[first..].iter().zip(data) {
            if self.schema.types[*kind].variable && !(VARIABLE_MIN..=VARIABLE_MAX).contains(&data.len()) {
                return (b"V1", self.here());
            }
        }
        let mut wants = self.wants(ssas);
        wants.truncate(first);
        let kept = self.keep_for_unique(&self.position.path, &mut wants);
        let mut start = self.position.path[..kept].to_vec();
        if kept < first {
            let old = self.position.clone();
            self.position.path.truncate(kept);
            self.position.gap = None;
            if kept == 0 {
                self.position = Position::default();
            }
            let mut found = false;
            let search = self.search(1, 0, &mut wants, &mut found);
            self.position = old;
            if !found {
                let depth = search.path.len();
                self.position = Position { path: search.path, gap: search.gap, anchor: search.anchor, last: None };
                self.position.last = self.position.path.last().map(|id| (depth, self.nodes[id].kind));
                self.parentage = None;
                return (b"GE", self.here());
            }
            start = search.path;
        }
        let codes = ssas[first_given].codes;
        let here = self.insert_here(&start, path_kinds[first]);
        let undo = (self.nodes.clone(), self.chains.clone());
        for (at, (&kind, data)) in path_kinds[first..].iter().zip(data).enumerate() {
            let parent = start.last().copied();
            let rule = match () {
                () if at == 0 && codes.first => Rule::First,
                () if at == 0 && codes.last => Rule::Last,
                () => self.schema.types[kind].rule,
            };
            let here = if at == 0 { here } else { None };
            match self.insert_one(parent, kind, data, rule, here) {
                Ok(id) => start.push(id),
                Err(twin) => {
                    (self.nodes, self.chains) = undo;
                    start.push(twin);
                    return (b"II", self.arrive(start));
                }
            }
        }
        (b"  ", self.arrive(start))
    }

    fn arrive(&mut self, path: Vec<Id>) -> Shown {
        let stays = |&level: &usize| {
            self.position.path.len() >= level && path.len() >= level && self.position.path[..level] == path[..level]
        };
        self.parentage = self.parentage.filter(stays);
        let last = path.last().map(|id| (path.len(), self.nodes[id].kind));
        self.position = Position { anchor: self.anchor(path[0]), path, gap: None, last };
        self.here()
    }

    fn insert_here(&self, parent: &[Id], kind: usize) -> Option<Id> {
        let position = &self.position;
        if position.path.len() < parent.len() || position.path[..parent.len()] != *parent {
            return None;
        }
        match (position.path.get(parent.len()), position.gap) {
            (Some(&id), _) => Some(id).filter(|id| self.nodes[id].kind == kind),
            (None, Some(gap)) => gap.next.filter(|_| gap.kind == Some(kind)),
            _ => None,
        }
    }

    fn insert_one(&mut self, parent: Option<Id>, kind: usize, data: &[u8], rule: Rule, here: Option<Id>) -> Result<Id, Id> {
        let keyed = self.schema.types[kind].key;
        let key = self.schema.types[kind].key_of(data).to_vec();
        let order = |key: &[u8]| (if parent.is_none() { self.anchor_of(key) } else { 0 }, key.to_vec());
        let chain = self.chain(parent, kind);
        let equals: Vec<usize> = (0..chain.len())
            .filter(|&at| keyed.is_none() || *self.key(chain[at]) == key[..])
            .collect();
        if keyed == Some(true) && let Some(&at) = equals.first() {
            return Err(chain[at]);
        }
        let lower = match keyed {
            None => 0,
            Some(_) => chain.iter().filter(|&&id| order(self.key(id)) < order(&key)).count(),
        };
        let at = match (rule, here.and_then(|here| equals.iter().find(|&&at| chain[at] == here))) {
            (Rule::Here, Some(&at)) => at,
            (Rule::First | Rule::Here, _) => lower,
            (Rule::Last, _) => lower + equals.len(),
        };
        let id = self.next_id;
        self.next_id += 1;
        self.nodes.insert(id, Node { kind, data: data.to_vec(), parent });
        self.chains.entry((parent, kind)).or_default().insert(at, id);
        Ok(id)
    }

    fn replace(&mut self, held: bool, data: &[Vec<u8>]) -> (&'static [u8; 2], Shown) {
        if !held {
            return (b"DJ", Shown::Unchanged);
        }
        self.is_held = true;
        let mut changes = Vec::new();
        for (&level, data) in self.held.iter().zip(data) {
            let id = self.position.path[level];
            let kind = &self.schema.types[self.nodes[&id].kind];
            if kind.variable && !(VARIABLE_MIN..=VARIABLE_MAX).contains(&data.len()) {
                return (b"V1", Shown::Unchanged);
            }
            if kind.key_of(data) != self.key(id) {
                return (b"DA", Shown::Unchanged);
            }
            changes.push((id, data.clone()));
        }
        for (id, data) in changes {
            self.nodes.get_mut(&id).unwrap().data = data;
        }
        (b"  ", Shown::Unchanged)
    }

    fn delete(&mut self, held: bool, named: Option<usize>) -> (&'static [u8; 2], Shown) {
        if !held {
            return (b"DJ", Shown::Unchanged);
        }
        let level = match named {
            None => self.held.first().copied(),
            Some(kind) => self.held.iter().copied().find(|&level| self.nodes[&self.position.path[level]].kind == kind),
        };
        let Some(level) = level else {
            self.is_held = true;
            return (b"AC", Shown::Unchanged);
        };
        let id = self.position.path[level];
        let (kind, parent) = (self.nodes[&id].kind, self.nodes[&id].parent);
        let mut next = self.after(parent, kind, id).first().copied();
        if level == 0 && self.schema.hdam.is_some() {
            next = next.filter(|&next| self.anchor(next) == self.anchor(id));
        }
        self.position.anchor = self.anchor(self.position.path[0]);
        self.chains.get_mut(&(parent, kind)).unwrap().retain(|&one| one != id);
        self.forget(id);
        self.position.path.truncate(level);
        self.position.gap = Some(Gap { kind: Some(kind), next });
        self.position.last = Some((level + 1, kind));
        self.parentage = self.parentage.filter(|&parentage| parentage <= level);
        (b"  ", Shown::Unchanged)
    }

    fn forget(&mut self, id: Id) {
        let kind = self.nodes[&id].kind;
        for child in self.schema.clone().children(kind) {
            for twin in self.chains.remove(&(Some(id), child)).unwrap_or_default() {
                self.forget(twin);
            }
        }
        self.nodes.remove(&id);
    }

    /// The data of the segments that the last get hold call returned, for a REPL.
    pub(crate) fn held_data(&self) -> Vec<Vec<u8>> {
        let held = self.held.iter().filter_map(|&level| self.position.path.get(level));
        held.map(|id| self.nodes[id].data.clone()).collect()
    }

    /// The types of those segments.
    pub(crate) fn held_kinds(&self) -> Vec<usize> {
        let levels = self.held.iter().filter_map(|&level| self.position.path.get(level).copied());
        self.kinds(&levels.collect::<Vec<_>>())
    }

    /// The same database, seen by a new program.
    pub(crate) fn at_restart(mut self, mask: Vec<u8>) -> Self {
        self.reset();
        self.mask = mask;
        self
    }

    /// Whether a REPL or DLET may follow.
    pub(crate) fn is_held(&self) -> bool {
        self.is_held
    }

    /// How many segments there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}

struct Candidates {
    ids: Vec<Id>,
    /// Nothing is looked at, and this is where.
    blocked: Option<Id>,
    direct: bool,
}

#[derive(Debug, Clone)]
struct Want {
    kind: usize,
    ssa: Option<Ssa>,
    implied: bool,
    key: Option<u8>,
}

impl Want {
    fn codes(&self) -> Codes {
        self.ssa.as_ref().map(|ssa| ssa.codes).unwrap_or_default()
    }

    fn statements(&self) -> &[(bool, bool, Operator, u8)] {
        self.ssa.as_ref().map_or(&[], |ssa| &ssa.statements)
    }

    fn sets(&self) -> Vec<Vec<(bool, Operator, u8)>> {
        let mut sets: Vec<Vec<(bool, Operator, u8)>> = Vec::new();
        for &(begins, on_key, operator, value) in self.statements() {
            if begins || sets.is_empty() {
                sets.push(Vec::new());
            }
            sets.last_mut().unwrap().push((on_key, operator, value));
        }
        sets
    }

    fn field(&self, schema: &Schema, data: &[u8], on_key: bool) -> u8 {
        data[schema.types[self.kind].key_at() + usize::from(!on_key)]
    }

    fn accepts(&self, schema: &Schema, data: &[u8]) -> bool {
        if let Some(key) = self.key {
            return self.field(schema, data, true) == key;
        }
        let sets = self.sets();
        let holds = |&(on_key, operator, value): &(bool, Operator, u8)| {
            operator.holds(self.field(schema, data, on_key), value)
        };
        sets.is_empty() || sets.iter().any(|set| set.iter().all(holds))
    }

    fn is_passed(&self, schema: &Schema, data: &[u8]) -> bool {
        if let Some(key) = self.key {
            return self.field(schema, data, true) > key;
        }
        let sets = self.sets();
        let passed = |&(on_key, operator, value): &(bool, Operator, u8)| {
            on_key && operator.is_passed(self.field(schema, data, true), value)
        };
        !sets.is_empty() && sets.iter().all(|set| set.iter().any(passed))
    }

    fn key_wanted(&self, _: &Schema) -> Option<u8> {
        if self.key.is_some() {
            return self.key;
        }
        let sets = self.sets();
        if sets.len() != 1 {
            return None;
        }
        sets[0].iter().find(|(on_key, operator, _)| *on_key && *operator == Operator::Equal).map(|&(.., value)| value)
    }
}
