//! Messages: what an operator reads, each with its number.
//!
//! Every number that this program can issue is declared in one of the tables below, once, with its text. The
//! letter at the end of a number is its severity. A `{}` in a text is an insert, filled in order.

mod activation;
mod catalog;
mod database;
mod ddl;
mod generation;
mod host;
mod log;
mod member;
mod recon;
mod safety;
mod start;
mod utilities;

pub use activation::*;
pub use catalog::*;
pub use database::*;
pub use ddl::*;
pub use generation::*;
pub use host::*;
pub use log::*;
pub use member::*;
pub use recon::*;
pub use safety::*;
pub use start::*;
pub use utilities::*;

use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad it is; orders from harmless to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Something happened as it should (I). Return code 0.
    Information,
    /// It happened, and something about it deserves a look (W). Return code 4.
    Warning,
    /// It did not happen (E). Return code 8.
    Error,
    /// It did not happen, and a person has to act (A), or nothing more can be done (S). Return code 12.
    Action,
}

impl Severity {
    /// The IMS return code that goes with it.
    pub fn return_code(self) -> u8 {
        match self {
            Self::Information => 0,
            Self::Warning => 4,
            Self::Error => 8,
            Self::Action => 12,
        }
    }

    /// The letter that numbers of this severity end with: `I`, `W`, `E`, `A`.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Information => "I",
            Self::Warning => "W",
            Self::Error => "E",
            Self::Action => "A",
        }
    }
}

/// One message number: what it says, and how bad that is.
#[derive(Debug, PartialEq, Eq)]
pub struct MessageDefinition {
    /// The number with its letter: `DFS4373I`.
    pub number: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The text; each `{}` takes an insert.
    pub text: &'static str,
}

impl MessageDefinition {
    /// How many inserts the text takes.
    pub fn insert_count(&self) -> usize {
        self.text.matches("{}").count()
    }

    /// The message with these inserts.
    pub fn with(&'static self, inserts: &[&dyn fmt::Display]) -> Message {
        debug_assert_eq!(inserts.len(), self.insert_count(), "{} takes other inserts", self.number);
        Message { definition: self, inserts: inserts.iter().map(ToString::to_string).collect() }
    }
}

/// A message as issued: a number and what its text is filled with.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    definition: &'static MessageDefinition,
    inserts: Vec<String>,
}

impl Message {
    /// `DFS4373I`.
    pub fn number(&self) -> &'static str {
        self.definition.number
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.definition.severity
    }

    /// The text with its inserts, without the number.
    pub fn text(&self) -> String {
        let mut parts = self.definition.text.split("{}");
        let mut text = parts.next().unwrap_or_default().to_string();
        for (at, part) in parts.enumerate() {
            text.push_str(self.inserts.get(at).map_or("?", String::as_str));
            text.push_str(part);
        }
        text
    }
}

/// Number, a blank, text.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.text())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.definition.number, &self.inserts).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (number, inserts) = <(String, Vec<String>)>::deserialize(deserializer)?;
        let definition = definition(&number)
            .ok_or_else(|| serde::de::Error::custom(format!("{number} is no message of this release")))?;
        Ok(Self { definition, inserts })
    }
}

/// Every message this program can issue, table by table.
pub fn all() -> impl Iterator<Item = &'static MessageDefinition> {
    let tables = [
        ACTIVATION, CATALOG, DATABASE, DDL_JOBS, GENERATION, HOST, LOG, MEMBER, RECON, SAFETY, START,
        UTILITIES,
    ];
    tables.into_iter().flatten().copied()
}

/// The definition of a number, if this release has it.
pub fn definition(number: &str) -> Option<&'static MessageDefinition> {
    all().find(|definition| definition.number == number)
}

/// Declares a table: its name, then `NUMBER Severity "text";` a line. Each becomes a static of that name.
macro_rules! messages {
    ($table:ident; $($number:ident $severity:ident $text:literal;)+) => {
        $(
            #[doc = $text]
            pub static $number: $crate::message::MessageDefinition = $crate::message::MessageDefinition {
                number: stringify!($number),
                severity: $crate::message::Severity::$severity,
                text: $text,
            };
        )+
        pub(super) const $table: &[&$crate::message::MessageDefinition] = &[$(&$number),+];
    };
}
pub(crate) use messages;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_is_declared_once_and_its_letter_is_its_severity() {
        let mut seen = BTreeSet::new();
        for definition in all() {
            assert!(seen.insert(definition.number), "{} is declared twice", definition.number);
            if definition.number.starts_with("DFS") && !GENERATION.contains(&definition) {
                assert!(definition.number.ends_with(definition.severity.letter()), "{}", definition.number);
            }
        }
    }

    #[test]
    fn inserts_are_filled_in_order_and_survive_encoding() {
        let message = DFS4146W.with(&[&"IMS3", &4, &7]);
        assert!(message.to_string().starts_with("DFS4146W "), "{message}");
        let bytes = crate::encoding::encode(&message);
        assert_eq!(crate::encoding::decode::<Message>("message", &bytes), Ok(message));
    }
}
