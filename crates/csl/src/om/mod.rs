//! The Operations Manager's side of a conversation: one parser for commands, one model for answers.

mod answer;
mod code;
mod column;
mod command;
mod completion;
mod error;
mod generic;
pub mod grammar;
mod lexer;
mod merge;
mod parameter;
mod parser;
pub mod render;
pub mod syntax;
pub mod view;

pub use answer::{Answer, MemberError, MemberMessage, MessageBody, Row, Value};
pub use code::{CompletionCode, ReasonCode, ReturnCode, explanation, meaning};
pub use column::{Align, CC, CCTXT, Column, DataType, MBR, Scope, Sort};
pub use command::{Command, Parameter, ParameterValue, Route};
pub use completion::{Completion, Names, complete};
pub use error::{Choice, CommandError, CommandProblem};
pub use generic::Generic;
pub use grammar::{OperatorRole, Resource, Verb};
pub use merge::SUBTYPE;
