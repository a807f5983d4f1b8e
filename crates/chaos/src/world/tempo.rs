//! How long things take in a world, and how often it is not told what came of them.

/// The default takes no time and tells everything.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tempo {
    /// A proposal on its way to the log.
    pub(crate) propose_ms_max: u64,
    /// An entry, from the log to a member.
    pub(crate) apply_ms_max: u64,
    /// Work that is done elsewhere, and questions for the newest state.
    pub(crate) work_ms_max: u64,
    /// A database, until it is open or closed.
    pub(crate) open_ms_max: u64,
    /// How often one can't be opened, or closed.
    pub(crate) open_fails_per_mille: u64,
    /// How often the outcome of a proposal is not told, though it was made.
    pub(crate) unknown_per_mille: u64,
    /// How often, at a tick, a member does not hear how links and leadership stand.
    pub(crate) uninformed_per_mille: u64,
    /// How often, at a tick, a member's shelf is written; else it is written when its process ends.
    pub(crate) shelf_per_mille: u64,
}
