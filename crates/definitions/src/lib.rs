//! The compiler for DBD and PSB source, and for ACBs.

pub mod acb;
mod arguments;
mod cards;
mod compiler;
mod dbdgen;
mod finding;
pub mod model;
mod names;
mod nearest;
mod operands;
mod origin;
mod psbgen;
pub mod report;

pub use compiler::{Compilation, compile};
pub use finding::{Finding, Origin};
pub use model::Definition;
pub use model::dbd::Dbd;
pub use model::psb::Psb;
