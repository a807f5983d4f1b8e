//! ACBGEN: definitions checked against each other and built into application control blocks.
//!
//! A [`Dmb`] is built of each physical DBD and a [`PsbBlock`] of each PSB. A logical DBD keeps no data and is no ACB of
//! its own; it is resolved all the same, into the shape that the PSBs which name it see. A definition with an error has
//! no block, and the others are built all the same. The DBDs that a definition refers to come from a [`Library`]; nothing here knows
//! where that keeps them.

mod dmb;
mod dmb_block;
mod index;
mod intent;
mod library;
mod logical;
mod psb;
mod psb_block;
mod resolver;
mod sensitivity;
mod sequence;

pub use dmb::{build_dmb, build_dmb_with_findings};
pub use dmb_block::{
    Dmb, FieldBlock, IndexTarget, KeyBlock, KeyPart, LogicalChildLink, LogicalParentLink, PrimaryIndex,
    SecondaryIndex, SegmentBlock, SourceLink,
};
pub use intent::Intent;
pub use library::check_library;
pub use psb::{build_psb, build_psb_with_findings};
pub use psb_block::{
    DbBlock, GsamBlock, PcbBlock, PcbBlockKind, PsbBlock, SensitiveBlock, SensitiveFieldBlock, SequenceBlock,
};

use crate::model::dbd::Dbd;
use std::{collections::BTreeMap, sync::Arc};
use vocabulary::DbdName;

/// Where the DBDs are that a definition refers to. A shared secondary index is found under each of its names.
pub trait Library {
    /// The DBD of this name.
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>>;
}

impl Library for BTreeMap<DbdName, Arc<Dbd>> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        self.get(name).cloned()
    }
}
