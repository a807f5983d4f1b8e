//! Secondary indexes, as lists of entries, and what is seen in their order.

use super::*;
use crate::calls::AboutIndex;

/// Statements that one entry has to satisfy.
type Group<'s> = Vec<(Operator, &'s [u8])>;

/// The entries of an index: the key of each and its source, in order; the latest of equal keys comes first.
pub(super) type Entries = Vec<(Vec<u8>, Id)>;

impl Naive {
    /// The concatenated key of a segment.
    fn path_key(&self, id: Id) -> Vec<u8> {
        let mut key = self.nodes[&id].parent.map_or_else(Vec::new, |parent| self.path_key(parent));
        key.extend_from_slice(self.key(id));
        key
    }

    /// A segment is there, with these data: its entries are as they should be. False when an index refuses.
    pub(super) fn index(&mut self, id: Id) -> bool {
        let schema = self.schema.clone();
        for (number, index) in schema.indexes.iter().enumerate() {
            if index.source != self.nodes[&id].kind {
                continue;
            }
            let key = index.key(&self.nodes[&id].data, &self.path_key(id));
            let entries = &mut self.entries[number];
            let old = entries.iter().position(|(_, source)| *source == id);
            if old.map(|at| &entries[at].0) == key.as_ref() {
                continue;
            }
            if let Some(old) = old {
                entries.remove(old);
            }
            if let Some(key) = key {
                let at = entries.iter().position(|(other, _)| *other >= key).unwrap_or(entries.len());
                if index.unique && entries.get(at).is_some_and(|(other, _)| *other == key) {
                    return false;
                }
                entries.insert(at, (key, id));
            }
        }
        true
    }

    /// A segment is gone.
    pub(super) fn unindex(&mut self, id: Id) {
        self.entries.iter_mut().for_each(|entries| entries.retain(|(_, source)| *source != id));
    }

    /// The ancestor of a segment of a type, or the segment itself.
    fn above(&self, id: Id, kind: usize) -> Id {
        let node = &self.nodes[&id];
        if node.kind == kind { id } else { self.above(node.parent.unwrap(), kind) }
    }

    /// The database as a program sees it in the order of an index: for each entry the target and what goes with it.
    pub(crate) fn in_sequence(&self, number: usize, mask: Vec<u8>) -> Self {
        let (schema, seen) = self.schema.in_sequence(number);
        let target = self.schema.indexes[number].target;
        let mut model = Self::new(schema, mask);
        model.entries = self.entries.clone();
        for (key, source) in &self.entries[number] {
            let real = self.above(*source, target);
            let root = model.add_seen(None, 0, (real, &self.nodes[&real].data));
            model.sequence.keys.insert(root, key.clone());
            model.add_dependents(self, root, &seen);
        }
        model.sequence.keys_of_targets = (0..self.entries.len()).map(|at| self.keys_of_targets(at)).collect();
        model
    }

    fn keys_of_targets(&self, number: usize) -> Vec<(Id, Vec<u8>)> {
        let target = self.schema.indexes[number].target;
        let key = |(key, source): &(Vec<u8>, Id)| (self.above(*source, target), key.clone());
        self.entries[number].iter().map(key).collect()
    }

    fn add_seen(&mut self, parent: Option<Id>, kind: usize, (real, data): (Id, &[u8])) -> Id {
        let id = self.next_id;
        self.next_id += 1;
        self.nodes.insert(id, Node { kind, data: data.to_vec(), parent });
        self.chains.entry((parent, kind)).or_default().push(id);
        self.sequence.real.insert(id, real);
        id
    }

    fn add_dependents(&mut self, all: &Self, id: Id, seen: &[usize]) {
        let real = self.sequence.real[&id];
        for child in self.schema.clone().children(self.nodes[&id].kind) {
            let kind = seen[child];
            let is_above = all.schema.types[all.nodes[&real].kind].parent == Some(kind);
            let twins = if is_above {
                vec![all.nodes[&real].parent.unwrap()]
            } else {
                all.chain(Some(real), kind).to_vec()
            };
            for twin in twins {
                let added = self.add_seen(Some(id), child, (twin, &all.nodes[&twin].data));
                self.add_dependents(all, added, seen);
            }
        }
    }

    /// Whether a segment satisfies what is said about an index: each group for itself by the search key of one entry.
    pub(super) fn satisfies(&self, id: Id, about: &AboutIndex) -> bool {
        let at = self.schema.indexes[about.number].search_at();
        let (real, keys) = match self.schema.sequence {
            None => (id, self.keys_of_targets(about.number)),
            Some(_) => (self.sequence.real[&id], self.sequence.keys_of_targets[about.number].clone()),
        };
        let mut sets: Vec<Vec<Group<'_>>> = Vec::new();
        for (join, operator, value) in &about.statements {
            match join {
                _ if sets.is_empty() => sets.push(vec![Vec::new()]),
                b'+' => sets.push(vec![Vec::new()]),
                b'#' => sets.last_mut().unwrap().push(Vec::new()),
                _ => {}
            }
            sets.last_mut().unwrap().last_mut().unwrap().push((*operator, value));
        }
        let holds = |key: &[u8], group: &Group<'_>| {
            group.iter().all(|(operator, value)| operator.holds(key[at.clone()].cmp(value)))
        };
        sets.iter().any(|set| {
            set.iter().enumerate().all(|(number, group)| match self.sequence.keys.get(&id) {
                Some(key) if number == 0 => holds(key, group),
                _ => keys.iter().any(|(target, key)| *target == real && holds(key, group)),
            })
        })
    }

    /// Whether no root from this one on can satisfy it.
    pub(super) fn passes(&self, id: Id, about: &AboutIndex) -> bool {
        let Some(key) = self.sequence.keys.get(&id) else { return false };
        let key = &key[self.schema.indexes[about.number].search_at()];
        let mut sets: Vec<bool> = Vec::new();
        let mut leads = true;
        for (at, (join, operator, value)) in about.statements.iter().enumerate() {
            if at == 0 || *join == b'+' {
                sets.push(false);
                leads = true;
            }
            leads &= at == 0 || *join != b'#';
            if leads && operator.is_passed(key.cmp(&value[..])) {
                *sets.last_mut().unwrap() = true;
            }
        }
        sets.iter().all(|passed| *passed)
    }
}

impl AboutIndex {
    /// The statements about the entry that leads the way, where there is one set of them.
    fn leading(&self) -> &[(u8, Operator, Vec<u8>)] {
        let rest = self.statements.iter().skip(1);
        if rest.clone().any(|(join, ..)| *join == b'+') {
            return &[];
        }
        let end =
            rest.into_iter().position(|(join, ..)| *join == b'#').map_or(self.statements.len(), |at| at + 1);
        &self.statements[..end]
    }

    /// The one search key that will do.
    pub(super) fn wanted(&self) -> Option<&[u8]> {
        self.leading()
            .iter()
            .find(|(_, operator, _)| *operator == Operator::Equal)
            .map(|(.., value)| &value[..])
    }

    /// The lowest search key that can do.
    pub(super) fn lowest(&self) -> Option<&[u8]> {
        let bounds = |operator: Operator| {
            matches!(operator, Operator::Equal | Operator::Greater | Operator::GreaterOrEqual)
        };
        self.leading().iter().find(|(_, operator, _)| bounds(*operator)).map(|(.., value)| &value[..])
    }
}

/// What is seen in the order of an index.
#[derive(Debug, Clone, Default)]
pub(super) struct Sequence {
    /// The key of the entry that leads to each root.
    pub(super) keys: BTreeMap<Id, Vec<u8>>,
    /// What each segment is in the database.
    real: BTreeMap<Id, Id>,
    /// For each index: its targets, with the keys that lead there.
    keys_of_targets: Vec<Vec<(Id, Vec<u8>)>>,
}
