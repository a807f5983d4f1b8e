//! Program isolation: who may touch what while other programs work.
//!
//! What is locked is the *database record*: of an HDAM database the anchor point with all the records that hang on it, of a
//! HIDAM database the key of the root. A program locks the record that it stands on, and lets go of it when it leaves: for
//! *share* if its PCB only reads, for *update* if its PCB may change something, so that nobody else is there then. What was
//! changed is locked *exclusively* until the commit point. The neighbours of a root that came or went are, too: their
//! pointers changed. A *segment* is locked when command code Q reserves it, and by whoever replaces or deletes it then.
//!
//! [`table`] decides, and never waits: it is told and answers. A call that has to wait changes nothing and is made again
//! when the lock is there; [`locks`] lets threads wait for that. [`lone`] spares the table what nobody else wants.
//! [`locker`] is a call's way to it.

pub(crate) mod locker;
pub(crate) mod locks;
mod lone;
mod resource;
pub(crate) mod table;

pub(crate) use locker::{Locker, Standing, Stands};
pub(crate) use locks::Locks;
pub(crate) use resource::{Item, Resource};
pub(crate) use table::{LockState, Refusal};
