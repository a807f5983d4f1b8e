//! The machine of a member: a few registers, and a sum over all that was ever applied to them.

use super::facts::Facts;
use crate::locked;
use host::consensus::{Applied, Frozen, Machine, MachineRecord};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

/// How many earlier states a member's disk may fall back to.
const EARLIER_MAX: usize = 12;

/// The key of the record that tells up to where the registers are, and their sum.
const HEAD: u8 = u8::MAX;

/// What is proposed: a register, and what is written to it, which nobody else ever writes.
pub(super) fn proposal(register: u8, value: u64) -> Vec<u8> {
    [&[register][..], &value.to_be_bytes()].concat()
}

fn proposed(payload: &[u8]) -> Option<(u8, u64)> {
    let (register, value) = payload.split_first()?;
    Some((*register, u64::from_be_bytes(value.try_into().ok()?)))
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    position: Option<Vec<u8>>,
    /// The last entry, and a sum over it and all before.
    index: u64,
    sum: u64,
    values: BTreeMap<u8, u64>,
}

#[derive(Debug)]
struct Kept {
    now: Content,
    /// What a disk that was not synced may have, the newest last.
    earlier: VecDeque<Content>,
}

/// The registers of one member. They outlive its crashes.
#[derive(Debug)]
pub(super) struct Registers {
    member: String,
    facts: Facts,
    kept: Mutex<Kept>,
}

impl Registers {
    pub(super) fn new(member: &str, facts: Facts) -> Arc<Self> {
        let kept = Kept { now: Content::default(), earlier: VecDeque::new() };
        Arc::new(Self { member: member.to_string(), facts, kept: Mutex::new(kept) })
    }

    pub(super) fn read(&self, register: u8) -> u64 {
        locked(&self.kept).now.values.get(&register).copied().unwrap_or(0)
    }

    /// Up to which entry it is, and the sum of all of them.
    pub(super) fn stands(&self) -> (u64, u64) {
        let kept = locked(&self.kept);
        (kept.now.index, kept.now.sum)
    }

    /// After a crash there is what there was so many steps before; far enough back, nothing.
    pub(super) fn fall_back(&self, steps: usize) {
        let mut kept = locked(&self.kept);
        for _ in 0..steps {
            kept.now = kept.earlier.pop_back().unwrap_or_default();
        }
        kept.earlier.clear();
    }
}

impl Machine for Registers {
    fn position(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(locked(&self.kept).now.position.clone())
    }

    fn apply(&self, entries: Vec<Applied>, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        let mut kept = locked(&self.kept);
        let mut content = kept.now.clone();
        let mut replies = Vec::new();
        for entry in entries {
            if content.position.is_some() && entry.index != content.index + 1 {
                let member = &self.member;
                self.facts
                    .broken(format!("{member} was given entry {} after {}", entry.index, content.index));
            }
            let written = entry.payload.as_deref().and_then(proposed);
            content.sum = added(content.sum, &entry);
            content.index = entry.index;
            content.position = Some(Vec::new());
            if let Some((register, value)) = written {
                content.values.insert(register, value);
            }
            self.facts.applied(&self.member, &entry, content.sum, written.map(|(_, value)| value));
            replies.push(entry.index.to_be_bytes().to_vec());
        }
        content.position = Some(position);
        let before = std::mem::replace(&mut kept.now, content);
        kept.remember(before);
        Ok(replies)
    }

    fn freeze(&self) -> io::Result<Frozen> {
        let content = locked(&self.kept).now.clone();
        let head = [content.index.to_be_bytes(), content.sum.to_be_bytes()].concat();
        let values =
            content.values.iter().map(|(register, value)| (vec![*register], value.to_be_bytes().to_vec()));
        let records: Vec<MachineRecord> = std::iter::once((vec![HEAD], head)).chain(values).collect();
        let position = content.position.unwrap_or_default();
        Ok(Frozen { position, records: Box::new(records.into_iter().map(Ok)) })
    }

    fn install(
        &self,
        position: Vec<u8>,
        records: &mut dyn Iterator<Item = io::Result<MachineRecord>>,
    ) -> io::Result<()> {
        let mut content = Content { position: Some(position), ..Content::default() };
        for record in records {
            let (key, value) = record?;
            let number = |at: usize| {
                let bytes = value.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
                bytes.map(u64::from_be_bytes).ok_or(io::ErrorKind::InvalidData)
            };
            match key[..] {
                [HEAD] => (content.index, content.sum) = (number(0)?, number(8)?),
                [register] => drop(content.values.insert(register, number(0)?)),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        self.facts.installed(&self.member, content.index, content.sum);
        let mut kept = locked(&self.kept);
        let before = std::mem::replace(&mut kept.now, content);
        kept.remember(before);
        Ok(())
    }
}

impl Kept {
    fn remember(&mut self, before: Content) {
        self.earlier.push_back(before);
        if self.earlier.len() > EARLIER_MAX {
            self.earlier.pop_front();
        }
    }
}

/// The sum over an entry and all before it.
fn added(sum: u64, entry: &Applied) -> u64 {
    let mut bytes = sum.to_be_bytes().to_vec();
    bytes.extend(entry.index.to_be_bytes());
    bytes.extend(entry.term.to_be_bytes());
    bytes.extend(entry.payload.as_deref().unwrap_or_default());
    (u64::from(crc32fast::hash(&bytes)) << 32) | u64::from(crc32fast::hash(&bytes[4..]))
}
