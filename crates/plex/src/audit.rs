//! The audit record: who had what done, from where, and how it went. Every member keeps it, within bounds.
//!
//! What looks has a bound of its own, so that a monitor which asks every second pushes no IMPORT out.

use crate::stored::PlexKey;
use csl::om::{OperatorRole, ReasonCode, ReturnCode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use vocabulary::{MemberName, Moment};

/// What a record takes beside its texts, in bytes: a round figure, so that bounds mean the same in every release.
const RECORD_BYTES: u64 = 64;

/// Whether a command only looks. Each class has a bound of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AuditClass {
    /// It does something.
    Change,
    /// It looks.
    Query,
}

impl fmt::Display for AuditClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Change => "CHANGE",
            Self::Query => "QUERY",
        })
    }
}

/// A command that a member accepted, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Counts the records of one run of the entry member, from 1.
    pub number: u64,
    /// When it came in.
    pub at: Moment,
    /// The name in the certificate.
    pub user: String,
    /// The role in the certificate.
    pub role: OperatorRole,
    /// Where the user came from: `host:port`.
    pub address: String,
    /// The member where it came in.
    pub entry: MemberName,
    /// Whether it only looked.
    pub class: AuditClass,
    /// Its verb in full.
    pub verb: String,
    /// What was asked, as typed.
    pub command: String,
    /// The return code of the answer.
    pub rc: ReturnCode,
    /// The reason code of the answer.
    pub rsn: ReasonCode,
    /// How long the operator waited for the answer, in milliseconds.
    pub took_ms: u64,
}

impl AuditRecord {
    fn byte_count(&self) -> u64 {
        let texts = [&self.user, &self.address, &self.verb, &self.command];
        texts.iter().map(|text| text.len() as u64).sum::<u64>() + RECORD_BYTES
    }
}

/// How much is kept of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditBound {
    /// The most records.
    pub records: u64,
    /// The most bytes.
    pub bytes: u64,
}

/// How much is kept. It comes with every change, so that all members keep the same whatever each is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditBounds {
    /// Of commands that do something.
    pub changes: AuditBound,
    /// Of commands that look.
    pub queries: AuditBound,
}

impl Default for AuditBounds {
    fn default() -> Self {
        Self {
            changes: AuditBound { records: 4_000, bytes: 2 << 20 },
            queries: AuditBound { records: 1_000, bytes: 512 << 10 },
        }
    }
}

impl AuditBounds {
    /// No record is kept.
    pub const NOTHING: Self =
        Self { changes: AuditBound { records: 0, bytes: 0 }, queries: AuditBound { records: 0, bytes: 0 } };

    /// How much is kept of a class.
    pub fn of(&self, class: AuditClass) -> AuditBound {
        match class {
            AuditClass::Change => self.changes,
            AuditClass::Query => self.queries,
        }
    }
}

/// How far the records of a member were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditMark {
    /// The run of the member.
    run: u64,
    /// The number of the last record of that run.
    taken: u64,
    /// The run before it, of which nothing is taken any more: what comes now is a late copy.
    earlier: Option<u64>,
}

/// The record. A clone is cheap.
#[derive(Debug, Clone, Default)]
pub struct AuditTrail {
    /// By ordinal numbers within a class, which go on rising through both.
    pub(crate) records: Arc<BTreeMap<(AuditClass, u64), Arc<AuditRecord>>>,
    pub(crate) marks: BTreeMap<MemberName, AuditMark>,
    sizes: BTreeMap<AuditClass, AuditBound>,
}

impl AuditTrail {
    /// The records of a class, the oldest first.
    pub fn of(&self, class: AuditClass) -> impl DoubleEndedIterator<Item = &AuditRecord> {
        self.records.range((class, 0)..=(class, u64::MAX)).map(|(_, record)| &**record)
    }

    /// The number of the last record that was taken of a run of a member; 0 where none was.
    pub fn taken(&self, member: MemberName, run: u64) -> u64 {
        self.marks.get(&member).filter(|mark| mark.run == run).map_or(0, |mark| mark.taken)
    }

    /// Takes records that were not taken before, and drops the oldest of each class that are beyond its bound.
    pub(crate) fn take(
        &mut self,
        (member, run): (MemberName, u64),
        records: Vec<AuditRecord>,
        bounds: &AuditBounds,
        changed: &mut BTreeSet<PlexKey>,
    ) {
        let known = self.marks.get(&member).copied();
        let mut mark = match known {
            Some(mark) if mark.run == run => mark,
            Some(mark) if mark.earlier == Some(run) => return,
            other => AuditMark { run, taken: 0, earlier: other.map(|mark| mark.run) },
        };
        for record in records {
            if record.number > mark.taken {
                mark.taken = record.number;
                let key = (record.class, self.next_ordinal());
                changed.insert(PlexKey::Audit(key.0, key.1));
                self.put(key, record);
            }
        }
        if known != Some(mark) {
            self.marks.insert(member, mark);
            changed.insert(PlexKey::AuditMarks);
        }
        for class in [AuditClass::Change, AuditClass::Query] {
            self.trim(class, bounds.of(class), changed);
        }
    }

    /// A member that left comes back as another run of itself, or never.
    pub(crate) fn forget(&mut self, member: MemberName, changed: &mut BTreeSet<PlexKey>) {
        if self.marks.remove(&member).is_some() {
            changed.insert(PlexKey::AuditMarks);
        }
    }

    pub(crate) fn put(&mut self, key: (AuditClass, u64), record: AuditRecord) {
        let size = self.sizes.entry(key.0).or_insert(AuditBound { records: 0, bytes: 0 });
        (size.records, size.bytes) = (size.records + 1, size.bytes + record.byte_count());
        Arc::make_mut(&mut self.records).insert(key, Arc::new(record));
    }

    fn next_ordinal(&self) -> u64 {
        let last = |class| self.records.range((class, 0)..=(class, u64::MAX)).next_back();
        let lasts = [AuditClass::Change, AuditClass::Query].into_iter().filter_map(last);
        lasts.map(|((_, ordinal), _)| ordinal + 1).max().unwrap_or(0)
    }

    fn trim(&mut self, class: AuditClass, bound: AuditBound, changed: &mut BTreeSet<PlexKey>) {
        let Some(mut size) = self.sizes.get(&class).copied() else { return };
        while size.records > bound.records || size.bytes > bound.bytes {
            let Some(key) = self.records.range((class, 0)..=(class, u64::MAX)).next().map(|(key, _)| *key)
            else {
                break;
            };
            if let Some(gone) = Arc::make_mut(&mut self.records).remove(&key) {
                (size.records, size.bytes) = (size.records - 1, size.bytes - gone.byte_count());
            }
            changed.insert(PlexKey::Audit(key.0, key.1));
        }
        self.sizes.insert(class, size);
    }
}
