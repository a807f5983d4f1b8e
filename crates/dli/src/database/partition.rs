//! A database as a partition of a HALDB: what its control blocks say, and whether its roots belong to it.

use super::open::{Opener, SHAPE_AT, control};
use super::{Cursor, Database, Finding, copy_key};
use crate::error::{OpenError, Trouble};
use crate::format::block::{halfword, set_halfword};
use crate::partitions::PartitionMark;
use crate::pool::{BufferPool, DataSet};
use definitions::acb::Dmb;

/// In a control block: the ID of the partition, and the number of its reorganizations.
const PARTITION_AT: usize = SHAPE_AT + 16;

impl PartitionMark {
    /// Puts it into a control block.
    pub(super) fn write(self, control: &mut [u8]) {
        set_halfword(control, PARTITION_AT, self.id);
        set_halfword(control, PARTITION_AT + 2, self.reorganization);
    }

    /// Whether a control block is that of the partition.
    pub(super) fn is_of(self, control: &[u8]) -> bool {
        halfword(control, PARTITION_AT) == self.id
    }
}

/// The number of reorganizations in a control block.
pub(crate) fn reorganization_of(control: &[u8]) -> u16 {
    halfword(control, PARTITION_AT + 2)
}

impl Opener<'_> {
    /// The control block of a new data set.
    pub(super) fn control(&self, set: &DataSet, dmb: &Dmb) -> Vec<u8> {
        let mut control = control(set, dmb);
        if let Some(mark) = self.partition {
            mark.write(&mut control);
        }
        control
    }

    /// A partition as its control block has it, which knows better than DBRC how often it was reorganized.
    pub(super) fn found_mark(&self, set: &DataSet, mark: PartitionMark) -> Result<PartitionMark, OpenError> {
        let control = self.pool.read(set, 0)?;
        match mark.is_of(&control.data) {
            true => Ok(PartitionMark { reorganization: reorganization_of(&control.data), ..mark }),
            false => Ok(mark),
        }
    }
}

impl Database {
    /// The roots that belong to another partition. Nothing should change meanwhile.
    pub(crate) fn strayed(&self, pool: &BufferPool, belongs: impl Fn(&[u8]) -> bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Err(trouble) = self.each_root(pool, |rba, key| {
            if !belongs(key) {
                let what = "the root belongs to another partition".to_string();
                findings.push(Finding { dd: self.groups[0].set.dd, byte: rba.byte(), what });
            }
        }) {
            findings.push(Finding { dd: self.groups[0].set.dd, byte: 0, what: trouble.to_string() });
        }
        findings
    }

    fn each_root(&self, pool: &BufferPool, mut told: impl FnMut(crate::Rba, &[u8])) -> Result<(), Trouble> {
        let mut cursor = Cursor::new(pool, None);
        let mut next = self.first_root(&mut cursor)?;
        while let Some(root) = next {
            let mut key = [0; 255];
            told(root.rba, copy_key(self, &mut cursor, root.rba, &mut key)?);
            next = self.root_after(&mut cursor, root)?;
        }
        Ok(())
    }
}
