//! The card reader: bytes into lines, lines into cards, cards into statements.

mod card;
mod ebcdic;
mod members;
mod operation;
mod place;
mod reader;
mod source;
mod statement;

pub(crate) use card::LAST_SHOWN_COLUMN;
pub use members::Members;
pub(crate) use members::{expanded, not_copied};
pub(crate) use operation::Operation;
pub(crate) use place::Place;
pub(crate) use reader::Reader;
pub(crate) use source::Source;
pub(crate) use statement::Statement;
