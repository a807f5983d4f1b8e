//! The pointer checker on secondary indexes: every source has its entry, and every entry its source.

use super::entry::SourcePlace;
use crate::database::{Cursor, Database, SecondaryIndex};
use crate::error::Trouble;
use crate::format::Rba;
use crate::pool::BufferPool;
use std::collections::BTreeMap;

/// The sources that were met: by type, where each is, and its parent.
pub(in crate::database) type Sources = BTreeMap<(u8, Rba), Option<Rba>>;

impl Database {
    /// What is wrong with a secondary index: what, and at which address of which segment type.
    pub(in crate::database) fn check_index(
        &self,
        pool: &BufferPool,
        index: &SecondaryIndex,
        sources: &Sources,
    ) -> Result<Vec<(u8, Rba, String)>, Trouble> {
        let rules = &index.rules;
        let mut cursor = Cursor::new(pool, None);
        let mut findings = Vec::new();
        let mut entries: BTreeMap<Rba, (Vec<u8>, Rba)> = BTreeMap::new();
        let mut before: Option<Vec<u8>> = None;
        for (record, target) in index.tree.entries(pool)? {
            let key = record[..index.tree.key_bytes()].to_vec();
            if before.as_ref().is_some_and(|before| *before >= key) {
                findings.push((
                    rules.target,
                    target,
                    format!("entries of index {} are out of order", rules.name),
                ));
            }
            before = Some(key);
            let source = rules.stamp_and_source(&record).1;
            if source.and_then(|source| entries.insert(source, (record, target))).is_some() {
                findings.push((rules.target, target, format!("index {} has a source twice", rules.name)));
            }
        }
        for (&(_, rba), &parent) in sources.iter().filter(|((code, _), _)| *code == rules.source) {
            let data = cursor.data(self, self.kind(rules.source), rba)?.to_vec();
            let place = SourcePlace { rba: Some(rba), parent };
            let expected = self.entry_of(&mut cursor, rules, &data, place)?;
            let wrong = match (expected, entries.remove(&rba)) {
                (None, None) => None,
                (None, Some(_)) => Some("has an entry of this segment, which is not to be in it"),
                // A program may have deleted it from the index, as a database of its own.
                (Some(_), None) => Some("has no entry of this segment"),
                (Some(expected), Some((record, target))) => {
                    let data = rules.segment_of(&record)[rules.key_bytes..].to_vec();
                    match () {
                        () if !record.starts_with(&expected.key) => Some("has another key of this segment"),
                        () if target != expected.target => Some("leads to another target from this segment"),
                        () if !data.starts_with(&expected.data) => Some("has other data of this segment"),
                        () => None,
                    }
                }
            };
            if let Some(wrong) = wrong {
                findings.push((rules.source, rba, format!("index {} {wrong}", rules.name)));
            }
        }
        for (rba, _) in entries {
            findings.push((
                rules.source,
                rba,
                format!("index {} has an entry of no segment here", rules.name),
            ));
        }
        Ok(findings)
    }
}
