//! DDL: databases and program views defined in SQL.
//!
//! **What it makes.** The same [`Dbd`](crate::Dbd)s and [`Psb`](crate::Psb)s as the macros, with the same findings:
//! every statement is turned into the statements of DBDGEN and PSBGEN that say the same, and those are checked where
//! macros are. A finding marks the DDL it came from. [`to_ddl`] and [`to_macros`] go the other way, so that the two
//! routes can be compared.
//!
//! **Its words.** A *table* is a segment, a *column* a field, a *program view* a PSB, a *schema* a PCB. A *unit of
//! work* is what stands between one COMMIT DDL or ROLLBACK DDL and the next. All its statements are judged together
//! when it is committed; it makes all of its changes or none. What follows no COMMIT DDL is rolled back.
//!
//! **Its phases.** Records become tokens, which may be cut at column 80. Tokens become statements, clause by clause
//! from tables that name the operand each stands for. Statements change *drafts*: databases and program views as they
//! have been described so far, new ones or ones that [`Known`] has. COMMIT DDL makes definitions of the drafts that
//! the unit touched. The [`Unit`]s are the result, as data: whoever asked for it stages them.
//!
//! **Its invariants.** Those of the crate. A database that a unit doesn't touch is not among its changes. What a
//! refused unit has described stays the base of later units, so that one slip is told once; but nothing that is wrong
//! is committed.
//!
//! It follows the DDL chapters of *IMS Application Programming APIs* and *Database Administration*; what DBDGEN can say
//! and those leave open has clauses of its own, which `docs/definitions/ddl.md` lists.

mod capture;
mod clause;
mod column;
mod compilation;
mod cursor;
mod database;
mod draft;
mod generate;
mod hints;
mod layout;
mod lexer;
mod print;
mod sheet;
mod statement;
mod table;
mod units;
mod view;

pub use compilation::{Change, DdlCompilation, Known, Options, Outcome, Unit, compile_ddl, is_ddl_file};
pub use print::{END_OF_UNIT, drop_of, statements_of, to_ddl, to_macros};

pub(crate) use compilation::{compile_ddl_source, is_ddl};
