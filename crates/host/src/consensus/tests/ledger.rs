//! A machine that writes down what it is given.

use crate::consensus::{Applied, Frozen, Machine, MachineRecord};
use dasd::{Batch, KeyedSet, memory::MemoryKeyedSet};
use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

const POSITION: &[u8] = b"position";

/// Keeps every proposal under its index, and replies with how many there are.
#[derive(Default)]
pub(super) struct Ledger {
    set: Mutex<MemoryKeyedSet>,
    installed: AtomicU64,
    failing: AtomicBool,
}

impl Ledger {
    /// All proposals in the order of the log.
    pub(super) fn proposals(&self) -> Vec<String> {
        self.records().into_iter().map(|(_, value)| String::from_utf8(value).unwrap()).collect()
    }

    /// How many snapshots were installed.
    pub(super) fn installed(&self) -> u64 {
        self.installed.load(Ordering::Relaxed)
    }

    /// From now on it applies nothing.
    pub(super) fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    fn records(&self) -> Vec<MachineRecord> {
        self.set.lock().unwrap().scan(b"entry").collect::<Result<_, _>>().unwrap()
    }
}

fn key(index: u64) -> Vec<u8> {
    [&b"entry"[..], &index.to_be_bytes()].concat()
}

impl Machine for Ledger {
    fn position(&self) -> io::Result<Option<Vec<u8>>> {
        self.set.lock().unwrap().get(POSITION).map_err(io::Error::other)
    }

    fn apply(&self, entries: Vec<Applied>, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        if self.failing.load(Ordering::Relaxed) {
            return Err(io::Error::other("the ledger is closed"));
        }
        let mut count = self.records().len();
        let (mut batch, mut replies) = (Batch::new(), Vec::new());
        for entry in entries {
            if let Some(payload) = entry.payload {
                count += 1;
                batch.put(key(entry.index), payload);
            }
            replies.push(count.to_string().into_bytes());
        }
        batch.put(POSITION, position);
        self.set.lock().unwrap().apply(batch).map_err(io::Error::other)?;
        Ok(replies)
    }

    fn freeze(&self) -> io::Result<Frozen> {
        let position = self.position()?.unwrap_or_default();
        Ok(Frozen { position, records: Box::new(self.records().into_iter().map(Ok)) })
    }

    fn install(
        &self,
        position: Vec<u8>,
        records: &mut dyn Iterator<Item = io::Result<MachineRecord>>,
    ) -> io::Result<()> {
        let mut records = records.collect::<io::Result<Vec<_>>>()?;
        records.push((POSITION.to_vec(), position));
        self.installed.fetch_add(1, Ordering::Relaxed);
        self.set.lock().unwrap().replace_all(&mut records.into_iter().map(Ok)).map_err(io::Error::other)
    }
}
