//! placeholder

pub mod files;
pub mod shelf;
