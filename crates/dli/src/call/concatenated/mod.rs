//! Segments that are made of others: those of a logical database, and virtual logical children.
//!
//! Such a segment is where its logical child is. What a program sees of it is the data of that, with the concatenated key
//! of the parent at the other end before the intersection data, and the data of that parent behind it. A search goes on
//! from there to what is under either, and up from the parent at the other end.

mod change;
mod insert;
mod seen;
mod walk;

pub(crate) use seen::{Seen, Shape, compile};
