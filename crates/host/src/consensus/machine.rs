//! What the log is fed to.

use std::io;

/// The machine that every node feeds with the same entries. It is implemented by the member.
///
/// Its answers must follow from the entries alone: two machines that were given the same entries are equal.
/// Errors are for what only this node met, such as a disk that failed, and stop the node.
pub trait Machine: Send + Sync + 'static {
    /// The position last given to [`Self::apply`] or [`Self::install`], as the machine kept it with the content;
    /// `None` for an empty machine. It may lie further back than the last call when a crash lost content.
    fn position(&self) -> io::Result<Option<Vec<u8>>>;

    /// Applies entries in order and keeps `position`, together or not at all. One reply per entry; those to
    /// entries without payload go nowhere.
    fn apply(&self, entries: Vec<Applied>, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>>;

    /// A consistent copy of content and position that later calls don't change. Cheap: the work is in its records.
    fn freeze(&self) -> io::Result<Frozen>;

    /// Replaces all content by `records` and keeps `position`. After an error or a crash half way the machine must
    /// be found empty ([`Self::position`] is `None`); it is given a snapshot again.
    fn install(
        &self,
        position: Vec<u8>,
        records: &mut dyn Iterator<Item = io::Result<MachineRecord>>,
    ) -> io::Result<()>;
}

/// A key and a value of a machine's content, both opaque here.
pub type MachineRecord = (Vec<u8>, Vec<u8>);

/// A committed entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its place in the log. Indexes rise by one.
    pub index: u64,
    /// The term of the master that proposed it.
    pub term: u64,
    /// What was proposed; `None` for an entry of consensus itself.
    pub payload: Option<Vec<u8>>,
}

/// A consistent copy of a machine.
pub struct Frozen {
    /// The position that the copy reflects, as the machine was given it; empty for an empty machine.
    pub position: Vec<u8>,
    /// The content, in any order.
    pub records: Box<dyn Iterator<Item = io::Result<MachineRecord>> + Send>,
}
