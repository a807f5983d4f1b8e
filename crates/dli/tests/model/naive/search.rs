//! The search for a segment, in lists.

use super::*;

impl Naive {
    pub(super) fn wants(&self, ssas: &[Ssa]) -> Vec<Want> {
        let Some(last) = ssas.last() else { return Vec::new() };
        let mut wants: Vec<Want> = self
            .schema
            .path(last.kind)
            .into_iter()
            .map(|kind| Want {
                kind,
                ssa: ssas.iter().find(|ssa| ssa.kind == kind).cloned(),
                implied: false,
                through: false,
                key: None,
            })
            .collect();
        for ssa in ssas {
            if let Some(keys) = &ssa.concatenated {
                let mut keys = keys.iter();
                for want in &mut wants[..self.schema.types[ssa.kind].level] {
                    want.through = true;
                    if self.schema.types[want.kind].key.is_some() {
                        want.key = keys.next().copied();
                    }
                }
            }
        }
        wants
    }

    pub(super) fn search(
        &self,
        mut start: Position,
        scope: u8,
        floor: usize,
        wants: &mut [Want],
        found: &mut bool,
    ) -> Search {
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
        let mut search =
            Search { path: start.path[..level].to_vec(), gap: None, anchor: start.anchor, at_end: false };
        let mut path = search.path.clone();
        let candidates = self.first_candidates(&start, kept == length, wants, level, &mut search);
        *found = self.explore(wants, level, &mut path, &candidates, &mut search);
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
            *found = self.explore(wants, up, &mut path, &candidates, &mut search);
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

    pub(super) fn after(&self, parent: Option<Id>, kind: usize, id: Id) -> Vec<Id> {
        let chain = self.chain(parent, kind);
        let at = chain.iter().position(|&one| one == id).unwrap();
        chain[at + 1..].to_vec()
    }

    /// Where on the first level the search looks.
    fn first_candidates(
        &self,
        start: &Position,
        past_it: bool,
        wants: &[Want],
        level: usize,
        search: &mut Search,
    ) -> Candidates {
        let want = &wants[level];
        let parent = level.checked_sub(1).map(|at| start.path[at]);
        let chain = self.chain(parent, want.kind).to_vec();
        let here = start.path.get(level).copied();
        let some = |ids| Candidates { ids, blocked: None, direct: false };
        if past_it {
            let direct = false;
            return Candidates { ids: self.after(parent, want.kind, here.unwrap()), blocked: None, direct };
        }
        if level == 0 && self.schema.sequence.is_some() {
            return self.in_order(start, here, &chain, want);
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
                (None, Some(_)) => {
                    some(chain.iter().copied().filter(|&id| self.anchor(id) > start.anchor).collect())
                }
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

    /// The roots in the order of an index, from where the search begins.
    fn in_order(&self, start: &Position, here: Option<Id>, chain: &[Id], want: &Want) -> Candidates {
        let index = &self.schema.indexes[self.schema.sequence.unwrap()];
        let rest: Vec<Id> = match (here, start.gap) {
            (Some(id), _) => self.after(None, 0, id),
            (None, Some(Gap { next: Some(next), .. })) => {
                chain.iter().copied().skip_while(|&id| id != next).collect()
            }
            (None, Some(_)) => Vec::new(),
            (None, None) => chain.to_vec(),
        };
        let about = want.ssa.as_ref().and_then(|ssa| ssa.about.as_ref());
        let lowest = about.and_then(|about| about.lowest());
        let is_low = |id: &Id| lowest.is_some_and(|low| self.sequence.keys[id][index.search_at()] < *low);
        let ids = rest.into_iter().skip_while(is_low).collect();
        Candidates { ids, blocked: None, direct: want.search_wanted().is_some() }
    }

    fn accepts(&self, want: &Want, id: Id) -> bool {
        match want.ssa.as_ref().and_then(|ssa| ssa.about.as_ref()) {
            Some(about) => self.satisfies(id, about),
            None => want.accepts(&self.schema, &self.nodes[&id].data),
        }
    }

    fn is_passed(&self, want: &Want, id: Id) -> bool {
        let about = want.ssa.as_ref().and_then(|ssa| ssa.about.as_ref());
        match (self.schema.sequence, want.kind, about) {
            (Some(_), 0, Some(about)) => self.passes(id, about),
            (Some(_), 0, None) | (_, _, Some(_)) => false,
            _ => want.is_passed(&self.schema, &self.nodes[&id].data),
        }
    }

    /// A root whose key is known is gone to; with an index, only forward.
    fn direct(
        &self,
        start: &Position,
        here: Option<Id>,
        key: u8,
        chain: &[Id],
        search: &mut Search,
    ) -> Candidates {
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
        let mut rest: Vec<Id> = chain
            .iter()
            .copied()
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

    fn explore(
        &self,
        wants: &[Want],
        level: usize,
        path: &mut Vec<Id>,
        candidates: &Candidates,
        search: &mut Search,
    ) -> bool {
        let want = &wants[level];
        let ordered = level > 0 || candidates.direct || self.schema.hdam.is_none();
        let mut stopped = candidates.blocked;
        let mut fitting = Vec::new();
        let mut ran_out = candidates.blocked.is_none();
        for &id in &candidates.ids {
            if ordered && self.is_passed(want, id) {
                stopped = Some(id);
                ran_out = false;
                break;
            }
            if self.accepts(want, id) {
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
            let below = Candidates { ids, blocked: None, direct: false };
            if self.explore(wants, level + 1, path, &below, search) {
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
        wants[level].implied
            || wants[level].codes().keep
            || wants[level..].iter().any(|want| want.codes().keep_above)
    }

    fn is_certain(&self, wants: &[Want], level: usize) -> bool {
        let want = &wants[level];
        if let (Some(number), 0) = (self.schema.sequence, want.kind) {
            let unique = self.schema.indexes[number].search_is_unique();
            return Self::is_kept(wants, level) || (unique && want.search_wanted().is_some());
        }
        let unique = self.schema.types[want.kind].key == Some(true);
        Self::is_kept(wants, level) || (unique && want.key_wanted(&self.schema).is_some())
    }

    fn is_fixed(&self, wants: &[Want], level: usize) -> bool {
        self.is_certain(wants, level) || (wants[level].codes().last && level > 0)
    }

    pub(super) fn keep_for_unique(&self, path: &[Id], wants: &mut [Want]) -> usize {
        for level in 0..wants.len() {
            let Some(id) = path.get(level) else { return level };
            let node = &self.nodes[id];
            if node.kind != wants[level].kind {
                return level;
            }
            if wants[level].ssa.is_none() && !wants[level].through {
                wants[level].implied = true;
            } else if !self.is_certain(wants, level) || !self.accepts(&wants[level], *id) {
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
            if !Self::is_kept(wants, level) && (over || !self.accepts(want, *id)) {
                return level;
            }
        }
        wants.len()
    }
}

struct Candidates {
    ids: Vec<Id>,
    /// Nothing is looked at, and this is where.
    blocked: Option<Id>,
    direct: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Want {
    kind: usize,
    ssa: Option<Ssa>,
    implied: bool,
    /// A concatenated key goes through this level.
    through: bool,
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
            operator.holds(self.field(schema, data, on_key).cmp(&value))
        };
        sets.is_empty() || sets.iter().any(|set| set.iter().all(holds))
    }

    fn is_passed(&self, schema: &Schema, data: &[u8]) -> bool {
        if let Some(key) = self.key {
            return self.field(schema, data, true) > key;
        }
        let sets = self.sets();
        let passed = |&(on_key, operator, value): &(bool, Operator, u8)| {
            on_key && operator.is_passed(self.field(schema, data, true).cmp(&value))
        };
        !sets.is_empty() && sets.iter().all(|set| set.iter().any(passed))
    }

    /// The one search key that will do, in the order of an index.
    fn search_wanted(&self) -> Option<&[u8]> {
        self.ssa.as_ref()?.about.as_ref()?.wanted()
    }

    fn key_wanted(&self, _: &Schema) -> Option<u8> {
        if self.key.is_some() {
            return self.key;
        }
        let sets = self.sets();
        if sets.len() != 1 {
            return None;
        }
        sets[0]
            .iter()
            .find(|(on_key, operator, _)| *on_key && *operator == Operator::Equal)
            .map(|&(.., value)| value)
    }
}
