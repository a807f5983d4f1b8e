//! What changes the database.

use super::*;

impl Naive {
    pub(super) fn insert(&mut self, ssas: &[Ssa], data: &[Vec<u8>]) -> (&'static [u8; 2], Shown) {
        let last = ssas.last().unwrap();
        let first_given = ssas.iter().position(|ssa| ssa.codes.path).unwrap_or(ssas.len() - 1);
        let path_kinds = self.schema.path(last.kind);
        let first = self.schema.types[ssas[first_given].kind].level - 1;
        let inserted = &path_kinds[first..];
        if self.names_unseen(ssas) {
            return (b"AK", self.here());
        }
        let says_key = |&kind: &usize| {
            self.schema.types[kind].key.is_none() || self.schema.types[kind].key_in_area().is_some()
        };
        let may = |letter: char| inserted.iter().all(|&kind| self.schema.may(kind, letter));
        if !inserted.iter().all(says_key) || !may('I') || (inserted.len() > 1 && !may('P')) {
            return (b"AM", self.here());
        }
        if inserted.iter().zip(data).any(|(&kind, data)| self.has_wrong_length(kind, data)) {
            return (b"V1", self.here());
        }
        let data: Vec<Vec<u8>> =
            inserted.iter().zip(data).map(|(&kind, data)| self.new_data(kind, data)).collect();
        let mut wants = self.wants(ssas);
        wants.truncate(first);
        let standing = self.standing(Some(last.kind), 0);
        let kept = self.keep_for_unique(&standing.path, &mut wants);
        let mut start = standing.path[..kept].to_vec();
        if kept < first {
            let mut begin = Position { gap: None, ..standing.clone() };
            begin.path.truncate(kept);
            if kept == 0 {
                begin = Position::default();
            }
            let mut found = false;
            let search = self.search(begin, 1, 0, &mut wants, &mut found);
            if !found {
                let depth = search.path.len();
                self.position =
                    Position { path: search.path, gap: search.gap, anchor: search.anchor, last: None };
                self.position.last = self.position.path.last().map(|id| (depth, self.nodes[id].kind));
                self.parentage = None;
                return (b"GE", self.here());
            }
            start = search.path;
        }
        let codes = ssas[first_given].codes;
        let here = self.insert_here(&standing, &start, path_kinds[first]);
        let undo = (self.nodes.clone(), self.chains.clone(), self.entries.clone());
        for (at, (&kind, data)) in path_kinds[first..].iter().zip(&data).enumerate() {
            let parent = start.last().copied();
            let rule = match () {
                () if at == 0 && codes.first => Rule::First,
                () if at == 0 && codes.last => Rule::Last,
                () => self.schema.types[kind].rule,
            };
            let here = if at == 0 { here } else { None };
            match self.insert_one(parent, kind, data, rule, here) {
                Ok(id) if !self.index(id) => {
                    (self.nodes, self.chains, self.entries) = undo;
                    return (b"NI", self.here());
                }
                Ok(id) => start.push(id),
                Err(twin) => {
                    (self.nodes, self.chains, self.entries) = undo;
                    start.push(twin);
                    return (b"II", self.arrive(start));
                }
            }
        }
        (b"  ", self.arrive(start))
    }

    fn arrive(&mut self, path: Vec<Id>) -> Shown {
        let stays = |&level: &usize| {
            self.position.path.len() >= level
                && path.len() >= level
                && self.position.path[..level] == path[..level]
        };
        self.parentage = self.parentage.filter(stays);
        let last = path.last().map(|id| (path.len(), self.nodes[id].kind));
        self.position = Position { anchor: self.anchor(path[0]), path, gap: None, last };
        self.here()
    }

    fn insert_here(&self, position: &Position, parent: &[Id], kind: usize) -> Option<Id> {
        if position.path.len() < parent.len() || position.path[..parent.len()] != *parent {
            return None;
        }
        match (position.path.get(parent.len()), position.gap) {
            (Some(&id), _) => Some(id).filter(|id| self.nodes[id].kind == kind),
            (None, Some(gap)) => gap.next.filter(|_| gap.kind == Some(kind)),
            _ => None,
        }
    }

    fn insert_one(
        &mut self,
        parent: Option<Id>,
        kind: usize,
        data: &[u8],
        rule: Rule,
        here: Option<Id>,
    ) -> Result<Id, Id> {
        let keyed = self.schema.types[kind].key;
        let key = self.schema.types[kind].key_of(data).to_vec();
        let order = |key: &[u8]| (if parent.is_none() { self.anchor_of(key) } else { 0 }, key.to_vec());
        let chain = self.chain(parent, kind);
        let equals: Vec<usize> =
            (0..chain.len()).filter(|&at| keyed.is_none() || *self.key(chain[at]) == key[..]).collect();
        if keyed == Some(true)
            && let Some(&at) = equals.first()
        {
            return Err(chain[at]);
        }
        if self.schema.types[kind].is_alone()
            && let Some(&twin) = chain.first()
        {
            return Err(twin);
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

    pub(super) fn replace(
        &mut self,
        held: bool,
        data: &[Vec<u8>],
        kept: &[usize],
    ) -> (&'static [u8; 2], Shown) {
        if !held {
            return (b"DJ", Shown::Unchanged);
        }
        self.is_held = true;
        let mut changes = Vec::new();
        for (&level, data) in self.held.iter().zip(data) {
            let id = self.position.path[level];
            if kept.contains(&self.nodes[&id].kind) {
                continue;
            }
            let kind = self.nodes[&id].kind;
            if self.has_wrong_length(kind, data) {
                return (b"V1", Shown::Unchanged);
            }
            let Some(data) = self.changed_data(id, data) else { return (b"DA", Shown::Unchanged) };
            if data == self.nodes[&id].data {
                continue;
            }
            if !self.schema.may(kind, 'R') {
                return (b"AM", Shown::Unchanged);
            }
            if self.schema.types[kind].key_of(&data) != self.key(id) {
                return (b"DA", Shown::Unchanged);
            }
            changes.push((id, data));
        }
        let undo = (self.nodes.clone(), self.entries.clone());
        for (id, data) in changes {
            self.nodes.get_mut(&id).unwrap().data = data;
            if !self.index(id) {
                (self.nodes, self.entries) = undo;
                return (b"NI", self.here());
            }
        }
        (b"  ", Shown::Unchanged)
    }

    pub(super) fn delete(&mut self, held: bool, named: Option<usize>) -> (&'static [u8; 2], Shown) {
        if !held {
            return (b"DJ", Shown::Unchanged);
        }
        let level = match named {
            None => self.held.first().copied(),
            Some(kind) => {
                self.held.iter().copied().find(|&level| self.nodes[&self.position.path[level]].kind == kind)
            }
        };
        let Some(level) = level else {
            self.is_held = true;
            return (b"AC", Shown::Unchanged);
        };
        let id = self.position.path[level];
        let (kind, parent) = (self.nodes[&id].kind, self.nodes[&id].parent);
        if !self.schema.may(kind, 'D') {
            self.is_held = true;
            return (b"AM", Shown::Unchanged);
        }
        self.has_deleted = true;
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
        let gap = Some(Gap { kind: Some(kind), next });
        self.forget_paths(id, kind, gap);
        self.parentage = self.parentage.filter(|&parentage| parentage <= level);
        (b"  ", Shown::Unchanged)
    }

    /// Positions on a segment that was deleted are before the next twin; there is none under it.
    fn forget_paths(&mut self, id: Id, kind: usize, gap: Option<Gap>) {
        self.paths.retain(|&other, position| other == kind || !position.path.contains(&id));
        if let Some(position) = self.paths.get_mut(&kind).filter(|position| position.path.contains(&id)) {
            position.path.pop();
            position.gap = gap;
        }
    }

    fn forget(&mut self, id: Id) {
        let kind = self.nodes[&id].kind;
        for child in self.schema.clone().children(kind) {
            for twin in self.chains.remove(&(Some(id), child)).unwrap_or_default() {
                self.forget(twin);
            }
        }
        self.nodes.remove(&id);
        self.unindex(id);
    }

    /// The segments that the last get hold call returned, as the program has them, for a REPL.
    pub(crate) fn held_data(&self) -> Vec<Vec<u8>> {
        let held = self.held.iter().filter_map(|&level| self.position.path.get(level));
        held.map(|&id| self.shown(id)).collect()
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

    /// The same database, seen by another program.
    pub(crate) fn seen_by(mut self, schema: Schema, mask: Vec<u8>) -> Self {
        self.schema = schema;
        self.held.clear();
        self.at_restart(mask)
    }

    /// Whether something was deleted since the last commit point.
    pub(crate) fn has_deleted(&self) -> bool {
        self.has_deleted
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
