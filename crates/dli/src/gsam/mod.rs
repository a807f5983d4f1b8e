//! GSAM: sequential data sets that programs read and write as databases without segments.
//!
//! Nothing of it is logged, locked or taken back. A symbolic checkpoint notes where each PCB is, and the restart from it goes
//! on there: what was written behind it goes. What was written is on the data set at every commit point.

mod pcb;
mod records;

pub(crate) use pcb::{GsamPcb, GsamPosition};

use crate::database::Users;
use crate::error::OpenError;
use dasd::SequentialSet;
use definitions::model::dbd::Dbd;
use records::RecordFormat;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocabulary::{DbdName, DdName};

/// The data sets of a GSAM database, by their DD names.
pub type SequentialSets = BTreeMap<DdName, Box<dyn SequentialSet>>;

type SharedSet = Arc<Mutex<Box<dyn SequentialSet>>>;

/// A GSAM database that is open.
pub(crate) struct GsamDatabase {
    pub(crate) name: DbdName,
    format: RecordFormat,
    /// DD1.
    input: SharedSet,
    /// DD2, or DD1 where there is none.
    output: SharedSet,
    /// The programs that are scheduled with it.
    pub(crate) users: Arc<Users>,
}

impl GsamDatabase {
    pub(crate) fn open(dbd: &Dbd, mut sets: SequentialSets) -> Result<Self, OpenError> {
        if !dbd.is_gsam() {
            return Err(OpenError::AccessMethod(dbd.access.name()));
        }
        let statement = dbd.data_sets.first().ok_or(OpenError::Allocation("DD1".into()))?;
        let format = RecordFormat::of(statement).map_err(OpenError::Records)?;
        let mut take = |dd: DdName| {
            let set = sets.remove(&dd).ok_or_else(|| OpenError::Allocation(dd.to_string()))?;
            Ok::<SharedSet, OpenError>(Arc::new(Mutex::new(set)))
        };
        let input = take(statement.dd1.ok_or(OpenError::Allocation("DD1".into()))?)?;
        let output = statement.dd2.map_or(Ok(input.clone()), take)?;
        Ok(Self { name: dbd.name, format, input, output, users: Arc::default() })
    }
}

fn lock(set: &SharedSet) -> MutexGuard<'_, Box<dyn SequentialSet>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}
