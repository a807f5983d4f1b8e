//! A set whose n-th operation fails, for the tests of those who use data sets.

use crate::{Batch, BlockSet, DataSetError, KeyedSet, LogSet, Record, Records};
use std::sync::Mutex;
use vocabulary::Epoch;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation is refused for want of room, this once.
    Full,
    /// The device fails, this once. In a force or a sync that poisons the set.
    Io,
}

/// A set in front of `S` that counts operations and lets one of them fail.
///
/// Every call of the contract counts except those that only tell positions, sizes and epochs. Writes that were lost or torn by a
/// crash are the matter of [`crate::memory::MemoryLogSet::crash`].
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    operations: u64,
    planned: Option<(u64, Fault)>,
    poisoned: Option<String>,
}

const SET: &str = "faulty set";

impl<S> Faulty<S> {
    /// A set that works until told otherwise.
    pub fn new(inner: S) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// Lets the operation after `operations` more good ones fail.
    pub fn fail_after(&mut self, operations: u64, fault: Fault) {
        let state = self.state();
        state.planned = Some((state.operations + operations, fault));
    }

    /// The set behind.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn state(&mut self) -> &mut State {
        self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn step(&self, makes_durable: bool) -> Result<(), DataSetError> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(reason) = &state.poisoned {
            return Err(DataSetError::Poisoned { set: SET.into(), reason: reason.clone() });
        }
        let at = state.operations;
        state.operations += 1;
        match state.planned {
            Some((planned, fault)) if planned == at => {
                state.planned = None;
                if makes_durable && fault == Fault::Io {
                    state.poisoned = Some(format!("operation {at} failed as planned"));
                }
                Err(fault.error(at))
            }
            _ => Ok(()),
        }
    }
}

impl Fault {
    fn error(self, at: u64) -> DataSetError {
        let (set, reason) = (SET.to_string(), format!("operation {at} failed as planned"));
        match self {
            Self::Full => DataSetError::Full { set, reason },
            Self::Io => DataSetError::Io { set, reason },
        }
    }
}

impl<S: KeyedSet + Sync> KeyedSet for Faulty<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DataSetError> {
        self.step(false)?;
        self.inner.get(key)
    }

    fn scan(&self, prefix: &[u8]) -> Records<'_> {
        match self.step(false) {
            Ok(()) => self.inner.scan(prefix),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn apply(&mut self, batch: Batch) -> Result<(), DataSetError> {
        self.step(false)?;
        self.inner.apply(batch)
    }

    fn replace_all(
        &mut self,
        records: &mut dyn Iterator<Item = Result<Record, DataSetError>>,
    ) -> Result<(), DataSetError> {
        self.step(false)?;
        self.inner.replace_all(records)
    }

    fn sync(&mut self) -> Result<(), DataSetError> {
        self.step(true)?;
        self.inner.sync()
    }
}

impl<S: LogSet> LogSet for Faulty<S> {
    fn append(&mut self, record: &[u8]) -> Result<u64, DataSetError> {
        self.step(false)?;
        self.inner.append(record)
    }

    fn force(&mut self) -> Result<(), DataSetError> {
        self.step(true)?;
        self.inner.force()
    }

    fn read(&self, position: u64) -> Result<Option<Vec<u8>>, DataSetError> {
        self.step(false)?;
        self.inner.read(position)
    }

    fn first_position(&self) -> u64 {
        self.inner.first_position()
    }

    fn next_position(&self) -> u64 {
        self.inner.next_position()
    }

    fn discard_before(&mut self, position: u64) -> Result<(), DataSetError> {
        self.step(false)?;
        self.inner.discard_before(position)
    }

    fn truncate_after(&mut self, position: u64) -> Result<(), DataSetError> {
        self.step(true)?;
        self.inner.truncate_after(position)
    }
}

impl<S: BlockSet> BlockSet for Faulty<S> {
    fn block_bytes(&self) -> usize {
        self.inner.block_bytes()
    }

    fn block_count(&self) -> u32 {
        self.inner.block_count()
    }

    fn read(&self, block: u32, into: &mut [u8]) -> Result<(), DataSetError> {
        self.step(false)?;
        self.inner.read(block, into)
    }

    fn write(&self, writer: Epoch, block: u32, from: &[u8]) -> Result<(), DataSetError> {
        self.step(false)?;
        self.inner.write(writer, block, from)
    }

    fn sync(&self) -> Result<(), DataSetError> {
        self.step(true)?;
        self.inner.sync()
    }

    fn admit(&self, epoch: Epoch) -> Result<(), DataSetError> {
        self.step(true)?;
        self.inner.admit(epoch)
    }

    fn admitted(&self) -> Epoch {
        self.inner.admitted()
    }
}
