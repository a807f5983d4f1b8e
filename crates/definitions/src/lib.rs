//! The compiler for DBDs and PSBs, in macros and in DDL, and the builder of ACBs.
//!
//! **What it guarantees.** Every input has a result. Bytes that are no source, a source with a slip in every
//! statement, a source made to be slow: [`compile`] ends, never panics, reports *everything* it finds at once, and
//! gives the definitions that are correct. Each [`Finding`] has a number, a severity, the place in the source and,
//! where it is known, what would be right. A broken statement hides no other.
//!
//! **Its words.** A *card* is a line of a source: columns 1-71 are text, a mark in column 72 continues the statement in
//! column 16 of the next card, 73-80 are a sequence number. A *statement* has a label, an operation and *operands*,
//! `KEYWORD=value` with commas between. The statements from DBD to DBDGEN make a [`Dbd`], the description of a
//! database; those from the first PCB to PSBGEN make a [`Psb`], what a program sees of databases and destinations.
//! Both are [`Definition`]s: what the source says, with names not yet resolved. [`acb`] resolves them against each
//! other. A [`acb::Dmb`] is a database as the engine uses it, a [`acb::PsbBlock`] a program's view, with its *intent
//! list*: every database it needs, and what it will do there.
//!
//! [`ddl`] is the other language that makes the same definitions: its statements become those of DBDGEN and PSBGEN, and
//! are judged there.
//!
//! **Its phases.** Bytes become lines, whatever their character set and line ends. Lines become statements, cut words
//! joined and remarks removed. Operands become typed values, each checked as it is taken. DBDGEN and PSBGEN check the
//! order of statements and what can be seen within one definition, and ACBGEN what can be seen only between several: that
//! indexes and logical relationships are known at both ends, that a SENSEG is where the DBD has it, that keys fit.
//! [`report`] runs all of it over named sources, for a person or a program to read; [`translate`] says anew what they
//! define, in the other language.
//!
//! **Its invariants.**
//! - Compiling is a function of the bytes: the same source gives the same definitions and findings.
//! - A definition with an error is not among the results, and how its source is laid out leaves no trace in it.
//! - An accepted DBD has 255 segments and 15 levels at most; a parent comes before its children; the place of a segment
//!   plus one is its code.
//! - A block is built only of definitions that agree with all they refer to.
//! - Every finding of [`compile`] points into its source.
//! - The cost of a source grows with its length, not with the square of it.
//!
//! **What it leaves out.** Files: it is handed bytes, [`Members`] that COPY and ++INCLUDE may name, and a
//! [`acb::Library`] to find DBDs in. Conditional assembly and macros of one's own.
//!
//! It follows *Database Descriptions* (DBDGEN), *Program Specification Blocks* (PSBGEN) and *Application Control Blocks
//! Maintenance* (ACBGEN) of the IMS system utilities, and the record layouts of the IMS catalog for the lengths.

pub mod acb;
mod arguments;
mod cards;
mod compiler;
mod dbdgen;
pub mod ddl;
mod finding;
pub mod model;
mod names;
mod nearest;
mod operands;
mod origin;
mod psbgen;
pub mod report;
pub mod translate;

pub use cards::Members;
pub use compiler::{Compilation, compile, compile_together, compile_with_members};
pub use finding::{Finding, Origin};
pub use model::Definition;
pub use model::dbd::Dbd;
pub use model::psb::Psb;
