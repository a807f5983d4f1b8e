//! Words that everyone in the plex must mean the same by.
//!
//! **What it guarantees.** A value of a type of this crate is well formed: a [`DbdName`] is one to eight
//! characters of the IMS alphabet, an [`InstanceStamp`] is thirteen digits that read as a moment, a
//! [`Message`] has a number that is declared with its severity and text. Whoever holds one need not check it
//! again.
//!
//! **Its words.** *Names* ([`name`]) say what a thing is called. *Moments* ([`Moment`], [`InstanceStamp`]) say
//! when. *Levels* ([`DirectoryLevel`], [`Epoch`], [`LogSequence`]) only rise, and say which of two came later
//! where clocks can't be trusted. *Messages* ([`message`]) are what an operator reads. *Encoding*
//! ([`encoding`]) is how all of these are put on a disk or a wire.
//!
//! **Its invariants.**
//! - Names order as their bytes do; replicated maps keyed by them iterate alike on every member.
//! - An encoded value decodes to an equal one, and bytes that were not encoded here are refused, never a panic.
//! - A message number is declared once, and its letter agrees with its severity.
//!
//! **What it leaves out.** Behaviour. A rule about databases, members or phases lives with those.
//!
//! It follows the naming rules of IMS system definition and the DFS message conventions (the letter at the end
//! of a number is its severity: I, W, E, A).

mod data_set;
pub mod encoding;
pub mod level;
pub mod message;
pub mod moment;
pub mod name;

pub use data_set::{DataSetName, DataSetNameError};
pub use level::{DirectoryLevel, Epoch, LogSequence};
pub use message::{Message, MessageDefinition, Severity};
pub use moment::{InstanceStamp, Moment, MomentError};
pub use name::{
    DbdName, DdName, FieldName, GroupName, MemberName, NameError, PcbName, PlexName, PsbName, ResourceKind,
    ResourceName, SegmentName,
};
