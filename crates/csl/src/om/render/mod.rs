//! Answers as text: a table for people, JSON and the XML of OM for programs. All say the same.

pub mod json;
mod layout;
pub mod table;
pub mod xml;

pub use layout::{Layout, Page};
