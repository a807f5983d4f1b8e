//! The utilities as programs of the engine: a PSB that sees all of a database.

use crate::UtilityError;
use definitions::acb::{DbBlock, Dmb, Intent, PcbBlock, PcbBlockKind, PsbBlock, SensitiveBlock};
use definitions::model::procopt::ProcOpt;
use dli::{Ending, Engine, Program, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vocabulary::{PsbName, SegmentName};

/// The PCB of the database; the first is the I/O PCB.
pub(crate) const PCB: usize = 2;

/// How many segments of a type there were, and their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The type.
    pub segment: SegmentName,
    /// How many.
    pub segments: u64,
    /// Their data, in bytes.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn none_of(segment: SegmentName) -> Self {
        Self { segment, segments: 0, bytes: 0 }
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.segments += 1;
        self.bytes += bytes as u64;
    }
}

/// A PSB with one PCB that is sensitive to every segment.
pub(crate) fn psb_of(dmb: &Dmb, name: PsbName, options: ProcOpt) -> PsbBlock {
    let segments = dmb.segments.iter().map(|segment| SensitiveBlock {
        name: segment.name,
        code: segment.code,
        level: segment.level,
        parent: segment.parent.map(|parent| usize::from(parent) - 1),
        options,
        key_bytes: segment.key.as_ref().map_or(0, |key| key.bytes),
        concatenated_key_bytes: segment.concatenated_key_bytes,
        io_area_bytes: segment.bytes_max,
        indices: Vec::new(),
        subset_pointers: Vec::new(),
        fields: Vec::new(),
    });
    let db = DbBlock {
        dbd: dmb.name,
        options,
        key_bytes: dmb.key_bytes_max,
        multiple_positioning: false,
        sequence: None,
        sequential_buffering: true,
        msdb_view: false,
        database_version: None,
        segments: segments.collect(),
    };
    PsbBlock {
        name,
        language: None,
        compatible: true,
        enqueues_max: None,
        locks_max: None,
        io_area_bytes: area_bytes(dmb) as u32,
        search_arguments_bytes: None,
        online_image_copy: false,
        gsam_rollback: false,
        database_level: None,
        pcbs: vec![PcbBlock { name: None, listed: true, kind: PcbBlockKind::Db(db) }],
        intents: [(dmb.name, Intent::of(options))].into(),
    }
}

/// Bytes of the longest segment.
pub(crate) fn area_bytes(dmb: &Dmb) -> usize {
    dmb.segments.iter().map(|segment| segment.bytes_max as usize).max().unwrap_or(0)
}

/// Makes a call that no other program keeps waiting.
pub(crate) fn call(
    engine: &Arc<Engine>,
    program: &mut Program,
    dmb: &Dmb,
    function: &'static str,
    area: &mut [u8],
    ssas: &[&[u8]],
) -> Result<StatusCode, UtilityError> {
    let ending = program.call(PCB, function.as_bytes(), area, ssas);
    if let Some(message) = engine.stop_message(&dmb.name) {
        return Err(UtilityError::Stopped(message));
    }
    match ending {
        Ending::Continues(status) => Ok(status),
        Ending::Abend(code) => Err(UtilityError::Status { call: function, status: format!("U{code:04}") }),
        Ending::Waits => Err(UtilityError::Status { call: function, status: "of a lock".into() }),
    }
}
