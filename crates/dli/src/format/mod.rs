//! The bytes of a data set: blocks, free space, segments and where they lie. Arithmetic alone; nothing here reads or
//! writes a data set. `docs/dli/format.md` draws it.

pub(crate) mod block;
pub(crate) mod free_space;
pub(crate) mod geometry;
pub(crate) mod prefix;
pub(crate) mod rba;

pub use rba::Rba;
