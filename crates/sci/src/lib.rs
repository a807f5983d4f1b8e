//! The Structured Call Interface over TCP: how members of a plex reach each other, and operators and regions them.
//!
//! **What it guarantees.** Whoever holds a [`Connection`] knows who is at the other end: TLS 1.3 proved that it has
//! the key of a certificate which the plex's authority issued, and the certificate says its name, its plex and its
//! role. Frames arrive whole, once and in order, or the connection says that it is broken. Nobody outside the plex
//! can make this process hold more than a handshake, or wait longer than a deadline.
//!
//! **Its words.** An *identity* ([`Identity`]) is what a process shows of itself; a *peer* ([`Peer`]) is what
//! others showed. A *role* ([`Role`]: member, operator, region) says what a certificate is good for, and of an operator
//! what may be asked (read, operate, administer); a *lane*
//! ([`Lane`]) what a connection is for. A *frame* is a piece of bytes with its length before it. *Ask*, *progress*,
//! *answer* and *tell* are what is said over one connection by many at a time ([`mux`]).
//!
//! **Its phases.**
//!
//! ```text
//!   dial                                           Listener
//!     TCP       ──────────────────────────────▶
//!     TLS 1.3   ◀─────────────────────────────▶      each side checks the other's certificate:
//!                                                    the authority, its time, and then O = our plex;
//!                                                    the dialing side also OU = member, CN = whom it wants
//!     hello     ──────────────────────────────▶      which protocol, who, which lane
//!               ◀──────────────────────────────      welcome, or a refusal that says why
//!     frames    ◀─────────────────────────────▶      Raft: consensus's own; other lanes: mux
//! ```
//!
//! **Its invariants.**
//! - A lane is only open to the roles that [`Lane::allows`].
//! - Before its hello is read, a peer holds one task, little longer than [`Limits::handshake_ms`], what TLS needs for
//!   a handshake, and 4 KiB.
//! - A length beyond the lane's limit closes the connection before anything is allocated for it.
//! - An ask gets one answer, or one error that says whether it may have been obeyed.
//! - Every failure to dial says what was dialed and what to do about it.
//!
//! **What it leaves out.** Dialing again: who wants a connection knows how urgently. Revoking single certificates:
//! issue short-lived ones, or change the authority, which a listener does without a pause ([`Listener::renew`]). What the frames mean: that is `csl` for operators, and the members'
//! own affair between members.
//!
//! Beside that it reads the files that people name, with a bound ([`named_file`]): certificates here, and configuration and
//! source for whoever is built on it.
//!
//! It follows IMS's Structured Call Interface, which routes the messages of the Common Service Layer, and the
//! Operations Manager API as seen by a client. Cross-system coupling and z/OS security become TLS and certificates.

pub mod certificates;
mod connection;
mod dial;
mod handshake;
mod hello;
mod identity;
mod lane;
mod limits;
mod listener;
pub mod mux;
pub mod named_file;
mod om_client;
mod peer;
mod plain;
mod refusals;
pub mod strange;
mod stream;
mod tls;
mod verifier;

pub use connection::{Connection, FrameReceiver, FrameSender, ReceiveError, SendError};
pub use dial::{DialError, dial};
pub use handshake::Accepted;
pub use identity::{End, Identity, IdentityError, IdentityFiles};
pub use lane::Lane;
pub use limits::Limits;
pub use listener::{BindError, Listener};
pub use om_client::{Attempts, ClientSettings, OmClient, OmError};
pub use peer::{Peer, PeerError, Role};
pub use refusals::Refused;
pub use stream::{Duplex, Frames};
