//! An activation as a member lives through it: before the log has it ([`canvass`]), as participant ([`ballot`]) and as master ([`coordination`]).

mod answer;
mod ballot;
mod canvass;
mod coordination;
mod import;
mod validate;

pub(crate) use answer::{import_answer, never_begun_answer};
pub(crate) use ballot::Ballot;
pub use canvass::in_term;
pub(crate) use canvass::{Answers, Asked, Canvassing, Settles, Subject};
pub(crate) use coordination::Coordination;
pub(crate) use import::{JobReport, WaitingImport};
pub(crate) use validate::{Validation, Verdict};
