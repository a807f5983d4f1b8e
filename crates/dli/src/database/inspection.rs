//! What the pointer checker tells: findings, and how full data sets are.

use super::{Database, Finding, SegmentType};
use std::fmt;
use vocabulary::{DbdName, DdName, SegmentName};

/// What the pointer checker tells of a database. Shows as a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The database.
    pub dbd: DbdName,
    /// What is wrong; none for a database that is sound.
    pub findings: Vec<Finding>,
    /// Its data sets for segments.
    pub data_sets: Vec<DataSetStatistics>,
    /// Its segment types.
    pub segments: Vec<SegmentStatistics>,
}

/// How full a data set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSetStatistics {
    /// The data set.
    pub dd: DdName,
    /// Bytes of a block.
    pub block_bytes: usize,
    /// Blocks for segments, up to the last that is used.
    pub blocks: u64,
    /// Those among them that were never written.
    pub blank: u64,
    /// What segments take, with their prefixes.
    pub segment_bytes: u64,
    /// What is free in blocks that were written.
    pub free_bytes: u64,
    /// In so many areas.
    pub free_areas: u64,
    /// The largest of those, in bytes.
    pub free_area_bytes_max: usize,
}

/// How many segments of a type there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStatistics {
    /// The type.
    pub segment: SegmentName,
    /// How many.
    pub count: u64,
    /// Those among them whose data lies apart from the prefix.
    pub apart: u64,
}

impl Inspection {
    pub(crate) fn empty(dbd: DbdName) -> Self {
        Self { dbd, findings: Vec::new(), data_sets: Vec::new(), segments: Vec::new() }
    }

    /// Adds what was found in a partition.
    pub(crate) fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.data_sets.extend(other.data_sets);
        for one in other.segments {
            match self.segments.iter_mut().find(|all| all.segment == one.segment) {
                Some(all) => (all.count, all.apart) = (all.count + one.count, all.apart + one.apart),
                None => self.segments.push(one),
            }
        }
    }

    pub(super) fn new(db: &Database) -> Self {
        let data_sets = db.groups.iter().map(|group| DataSetStatistics {
            dd: group.set.dd,
            block_bytes: group.set.geometry.block_bytes,
            blocks: 0,
            blank: 0,
            segment_bytes: 0,
            free_bytes: 0,
            free_areas: 0,
            free_area_bytes_max: 0,
        });
        let segments =
            db.types.iter().map(|kind| SegmentStatistics { segment: kind.name, count: 0, apart: 0 });
        Self { data_sets: data_sets.collect(), segments: segments.collect(), ..Self::empty(db.name()) }
    }

    pub(super) fn count(&mut self, kind: &SegmentType, is_apart: bool) {
        let statistics = &mut self.segments[usize::from(kind.code) - 1];
        statistics.count += 1;
        statistics.apart += u64::from(is_apart);
    }
}

impl DataSetStatistics {
    pub(super) fn note_free(&mut self, areas: impl Iterator<Item = usize>) {
        for bytes in areas {
            self.free_areas += 1;
            self.free_bytes += bytes as u64;
            self.free_area_bytes_max = self.free_area_bytes_max.max(bytes);
        }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "DATABASE {}", self.dbd)?;
        for set in &self.data_sets {
            let DataSetStatistics { dd, block_bytes, blocks, blank, .. } = set;
            writeln!(
                f,
                "  DATA SET {dd}: {blocks} BLOCKS OF {block_bytes} BYTES FOR SEGMENTS, {blank} NEVER WRITTEN"
            )?;
            let DataSetStatistics { segment_bytes, free_bytes, free_areas, free_area_bytes_max, .. } = set;
            writeln!(
                f,
                "    {segment_bytes} BYTES IN SEGMENTS, {free_bytes} FREE IN {free_areas} AREAS, THE LARGEST WITH {free_area_bytes_max}"
            )?;
        }
        for SegmentStatistics { segment, count, apart } in &self.segments {
            writeln!(f, "  SEGMENT {segment}: {count}, {apart} WITH DATA APART")?;
        }
        match self.findings.is_empty() {
            true => writeln!(f, "  NOTHING IS WRONG"),
            false => self.findings.iter().try_for_each(|finding| writeln!(f, "  {finding}")),
        }
    }
}
