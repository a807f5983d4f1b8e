//! Files: what a member keeps on its disk, and how it comes to be there for good.
//!
//! A [`SegmentLog`] keeps records in the order they came. A [`DataFolder`] is what belongs to one member, under
//! lock and with an identity. [`write_aside`] replaces a small file whole, and a [`KeyedFile`] is such a file with records
//! under keys. A [`BlockFile`] is a data set of a database, a [`SequentialFile`] one of GSAM.
//!
//! A write counts as durable only after the file was synced and, where a name was made or changed, its folder too.
//! Nothing here is retried after a failed sync: see the invariants of `dasd`.

mod aside;
mod block_file;
mod folder;
pub(crate) mod fs;
mod identity;
mod keyed;
mod opened_alone;
mod sealed;
mod segment;
mod sequential_file;

pub use aside::{sync_folder, write_aside, write_aside_with};
pub use block_file::BlockFile;
pub use folder::{DataFolder, FolderError};
pub use identity::Identity;
pub use keyed::KeyedFile;
pub(crate) use sealed::{seal, unseal};
pub use segment::{SegmentBounds, SegmentLog, SegmentReader};
pub use sequential_file::SequentialFile;
