//! Secondary indexes, as lists of entries.

use super::*;

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
}
