//! Names: one to eight characters of the IMS alphabet (A–Z, 0–9, `#`, `@`, `$`), of a kind each.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most characters that a name has.
pub const NAME_LENGTH_MAX: usize = 8;

/// Text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("a {kind} is missing: it takes 1 to 8 characters")]
    Empty {
        /// What was to be named.
        kind: &'static str,
    },
    /// More than eight characters.
    #[error("{text:?} is too long for a {kind}: it has {length} characters, and 8 is the most")]
    TooLong {
        /// What was to be named.
        kind: &'static str,
        /// What was given.
        text: String,
        /// How many characters that has.
        length: usize,
    },
    /// A character outside the alphabet, or a digit where a letter has to come first.
    #[error("{text:?} is not a {kind}: {character:?} can't stand at position {position}")]
    BadCharacter {
        /// What was to be named.
        kind: &'static str,
        /// What was given.
        text: String,
        /// The character that can't stand there.
        character: char,
        /// Its place, counted from 1.
        position: usize,
    },
}

/// Eight bytes, blank padded: the form that names have in every IMS block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Padded([u8; NAME_LENGTH_MAX]);

impl Padded {
    fn parse(kind: &'static str, text: &str, allowed: fn(usize, char) -> bool) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty { kind });
        }
        let upper = text.to_ascii_uppercase();
        let length = upper.chars().count();
        if length > NAME_LENGTH_MAX {
            return Err(NameError::TooLong { kind, text: upper, length });
        }
        if let Some((at, character)) =
            upper.chars().enumerate().find(|&(at, character)| !allowed(at, character))
        {
            return Err(NameError::BadCharacter { kind, text: upper, character, position: at + 1 });
        }
        let mut bytes = [b' '; NAME_LENGTH_MAX];
        bytes[..upper.len()].copy_from_slice(upper.as_bytes());
        Ok(Self(bytes))
    }

    fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == b' ').unwrap_or(NAME_LENGTH_MAX);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

fn national(character: char) -> bool {
    matches!(character, '#' | '@' | '$')
}

/// Letters and national characters anywhere, digits after the first place.
fn ordinary(at: usize, character: char) -> bool {
    character.is_ascii_uppercase() || national(character) || (at > 0 && character.is_ascii_digit())
}

/// As [`ordinary`], and a leading digit: members and plexes may be called so.
fn leading_digit(_: usize, character: char) -> bool {
    character.is_ascii_uppercase() || national(character) || character.is_ascii_digit()
}

/// As [`ordinary`], and a leading slash: the system-related fields `/CKx` and `/SXx` of a secondary index.
fn system_related(at: usize, character: char) -> bool {
    (at == 0 && character == '/') || ordinary(at, character)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Padded);

        impl $name {
            /// The name of this text, folded to upper case.
            pub fn new(text: &str) -> Result<Self, NameError> {
                Padded::parse($kind, text, $allowed).map(Self)
            }

            /// Without padding.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Eight ASCII bytes, blank padded.
            pub fn padded(&self) -> [u8; NAME_LENGTH_MAX] {
                self.0.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// A database description: what DBDGEN names and a PCB refers to.
    DbdName, "DBD name", ordinary
}
name! {
    /// A program specification block; a program has the name of its PSB.
    PsbName, "PSB name", ordinary
}
name! {
    /// A segment type of a database.
    SegmentName, "segment name", ordinary
}
name! {
    /// A field of a segment, or a system-related field such as `/CK1`.
    FieldName, "field name", system_related
}
name! {
    /// A data set, as its DD statement calls it.
    DdName, "DD name", ordinary
}
name! {
    /// A group of data sets, or of databases, as RECON knows it.
    GroupName, "group name", ordinary
}
name! {
    /// A PCB, as a program asks for it by name.
    PcbName, "PCB name", ordinary
}
name! {
    /// An IMS member of the plex: its IMSID.
    MemberName, "member name", leading_digit
}
name! {
    /// The plex that members belong to.
    PlexName, "plex name", leading_digit
}

/// The two kinds of definition that a catalog holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceKind {
    /// A database description.
    Dbd,
    /// A program specification block.
    Psb,
}

/// As the HEADER key of the IMS catalog has it.
impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dbd => "DBD",
            Self::Psb => "PSB",
        })
    }
}

/// What a catalog record is kept under: a kind, and a name of that kind. DBDs order before PSBs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceName {
    /// A database description.
    Dbd(DbdName),
    /// A program specification block.
    Psb(PsbName),
}

impl ResourceName {
    /// Which kind it names.
    pub fn kind(&self) -> ResourceKind {
        match self {
            Self::Dbd(_) => ResourceKind::Dbd,
            Self::Psb(_) => ResourceKind::Psb,
        }
    }

    /// The name without its kind.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Dbd(name) => name.as_str(),
            Self::Psb(name) => name.as_str(),
        }
    }
}

impl From<DbdName> for ResourceName {
    fn from(name: DbdName) -> Self {
        Self::Dbd(name)
    }
}

impl From<PsbName> for ResourceName {
    fn from(name: PsbName) -> Self {
        Self::Psb(name)
    }
}

/// `DBD ACCTDB`, `PSB TELLER`.
impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_folded_and_padded() {
        let name = DbdName::new("acct#db").unwrap();
        assert_eq!(name.as_str(), "ACCT#DB");
        assert_eq!(&name.padded(), b"ACCT#DB ");
        assert_eq!(format!("[{name:<10}]"), "[ACCT#DB   ]");
    }

    #[test]
    fn what_is_no_name_is_told_with_its_place() {
        assert_eq!(DbdName::new(""), Err(NameError::Empty { kind: "DBD name" }));
        let error = PsbName::new("TOOLONGNAME").unwrap_err().to_string();
        assert_eq!(
            error,
            "\"TOOLONGNAME\" is too long for a PSB name: it has 11 characters, and 8 is the most"
        );
        let error = DbdName::new("AB-C").unwrap_err().to_string();
        assert_eq!(error, "\"AB-C\" is not a DBD name: '-' can't stand at position 3");
        assert!(DbdName::new("1ABC").is_err());
        assert!(MemberName::new("1ABC").is_ok());
        assert!(FieldName::new("/CK1").is_ok());
        assert!(DbdName::new("/CK1").is_err());
        assert!(DbdName::new("Ünïcödé").is_err());
    }

    #[test]
    fn a_name_from_outside_is_checked_when_it_is_decoded() {
        let bytes = crate::encoding::encode(&"not a name".to_string());
        assert!(crate::encoding::decode::<DbdName>("name", &bytes).is_err());
    }

    #[test]
    fn dbds_come_before_psbs() {
        let dbd = ResourceName::from(DbdName::new("ZZZ").unwrap());
        let psb = ResourceName::from(PsbName::new("AAA").unwrap());
        assert!(dbd < psb);
        assert_eq!(dbd.to_string(), "DBD ZZZ");
    }
}
