//! What the members of a plex agree on: one replicated machine for roster, catalog, activation, RECON and
//! the audit record.
//!
//! **What it guarantees.** Every member that applies the same changes in the same order holds the same plex, byte
//! for byte, and is told the same events. An activation is committed for all who take part or for none. One
//! activation runs at a time. Exactly one member is master of it.
//!
//! **Its words.** A *change* ([`PlexChange`]) is an entry of the replicated log: a decision. A *refusal*
//! ([`Refusal`]) is what a change that can't be comes to; it changes nothing, but for a populate job that overflows
//! staging, which is dropped. An *event* ([`PlexEvent`]) tells the member that applied a change what follows for
//! it. A *sharer* takes part in activations (ACBSHR=Y); a *guest* is seen in the plex and keeps a catalog of its
//! own (ACBSHR=N). A *participant* is a sharer that was active when an activation began.
//!
//! **Its phases.**
//!
//! ```text
//!              Prepare                 Commit                      End
//!   (nothing) ────────▶ Preparing ────────────▶ Committing ───────────────▶ (finished: committed)
//!                           │                      the commit point lies on the arrow before it:
//!                           │ Abort                whoever is master from here on commits
//!                           └────────▶ (finished: backed out)
//! ```
//!
//! *Prepare* fixes the plan and who takes part; each participant then votes. *Commit* is the commit point: the
//! directory passes to its next level on every member at that entry. A Prepare that carries a [`Canvass`] of all its
//! participants is both at once. *End* records who completed and who was
//! down. Votes and completions are messages between members, not changes: whoever is master asks for what is owed
//! until it has it, so a new master needs no memory of the old one.
//!
//! **Its invariants.**
//! - Nothing is committed unless every participant that is not down voted for it, or was ready for it beforehand.
//! - After Commit there is no Abort; after Abort there is no Commit.
//! - A member does not register while an activation is under way, so no member starts between two levels.
//! - The level that the roster keeps for a member never falls.
//! - A node of a sharer that was deleted or replaced never registers again, and no member of the roster has it.
//! - The terms of the masters that are remembered rise, and there are at most 32 of them.
//! - A change that is applied twice has the effect of one.
//! - A member that registered is signed on in RECON. One that was lost keeps its databases, one that stopped has none.
//! - The audit record holds no more than the bounds that came with the last change of it, and no record twice.
//!
//! **What it leaves out.** Time limits, votes, retries and messages to people: the member decides those
//! (`control-region`). How changes are replicated: the host does.
//!
//! It follows Global Online Change and the activation of managed ACBs in IMS: prepare, commit 1, the OLCSTAT
//! rewrite as commit point, commit 2, and the takeover by a survivor when the master abends.

mod activation;
mod audit;
mod change;
mod machine;
mod masters;
mod roster;
pub mod stored;
mod subsystems;
mod utility;

pub use activation::{
    AbortReason, Activation, ActivationMode, ActivationOptions, CommandToken, Completion, Finished, InUse,
    Outcome, Participant, Phase, TakeOver,
};
pub use audit::{AuditBound, AuditBounds, AuditClass, AuditRecord, AuditTrail};
pub use change::{Canvass, CatalogChange, PlexChange, PlexEvent, PlexReply, Refusal, StageChange};
pub use machine::{Plex, PlexIdentity};
pub use masters::{MasterCause, MasterChange};
pub use roster::{
    FormerNode, Incarnation, Left, MemberState, Membership, Registration, RosterEntry, StartKind,
};
