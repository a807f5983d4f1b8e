//! Answers as text: a table for people, JSON for programs. Both say the same.

pub mod json;
pub mod table;
