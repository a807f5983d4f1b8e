//! How keys are declared: once, with type, default, limits and meaning, for the parser and for the page about them.

use serde::Deserialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use vocabulary::{MemberName, PlexName};

/// One key of a configuration file, as the page about configuration shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What stands before the equals sign.
    pub name: &'static str,
    /// What may stand behind it.
    pub kind: &'static str,
    /// What holds where the key is left out, as it would be written; `None` for a key that is needed.
    pub default: Option<String>,
    /// The least and the most that a number may be.
    pub limits: Option<RangeInclusive<u64>>,
    /// What it is for.
    pub meaning: String,
}

impl Key {
    /// What the number counts, by the end of its name.
    pub fn unit(&self) -> Option<&'static str> {
        const UNITS: [(&str, &str); 7] = [
            ("_per_s", "per second"),
            ("_ms", "ms"),
            ("_s", "s"),
            ("_kib", "KiB"),
            ("_mib", "MiB"),
            ("_entries", "entries"),
            ("days", "days"),
        ];
        UNITS.iter().find(|(end, _)| self.name.ends_with(end)).map(|(_, unit)| *unit)
    }
}

/// What may stand behind a key.
pub(super) trait Value {
    /// For the page.
    const KIND: &'static str;

    /// As it is written in the file.
    fn written(&self) -> String;

    /// For comparing with limits.
    fn number(&self) -> Option<u64> {
        None
    }
}

/// Values that are numbers.
macro_rules! numbers {
    ($($type:ty: $number:expr;)+) => {
        $(impl Value for $type {
            const KIND: &'static str = "number";

            fn written(&self) -> String {
                self.number().unwrap_or_default().to_string()
            }

            fn number(&self) -> Option<u64> {
                let number: fn(&$type) -> u64 = $number;
                Some(number(self))
            }
        })+
    };
}

numbers! {
    u64: |number| *number;
    u32: |number| (*number).into();
    u16: |number| (*number).into();
    super::WarnDays: |days| days.0.into();
}

impl Value for bool {
    const KIND: &'static str = "`true` or `false`";

    fn written(&self) -> String {
        self.to_string()
    }
}

/// Values that stand in quotes.
macro_rules! quoted {
    ($($type:ty: $kind:literal, $show:expr;)+) => {
        $(impl Value for $type {
            const KIND: &'static str = $kind;

            fn written(&self) -> String {
                let show: fn(&$type) -> String = $show;
                format!("{:?}", show(self))
            }
        })+
    };
}

quoted! {
    String: "text", Clone::clone;
    PathBuf: "path", |path| path.display().to_string();
    MemberName: "name", ToString::to_string;
    PlexName: "name", ToString::to_string;
    Address: "host:port", |address| address.0.clone();
    super::AcbShare: "`\"Y\"` or `\"N\"`", |share| format!("{share:?}");
    super::LogFormat: "`\"text\"` or `\"json\"`", |format| format!("{format:?}").to_lowercase();
}

/// Host and port, as they are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Address(pub(super) String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table of a configuration file.
pub(super) trait Table {
    /// Its keys, in the order of the page.
    fn keys() -> Vec<Key>;

    /// The first key whose number is out of its limits, with what to say of it.
    fn out_of_limits(&self) -> Option<(&'static str, String)>;
}

/// What is wrong with a number, if something is.
pub(super) fn beyond<V: Value>(value: &V, limits: Option<RangeInclusive<u64>>) -> Option<String> {
    let (number, limits) = value.number().zip(limits)?;
    let beyond = || format!("{number} is out of range: it takes {} to {}", limits.start(), limits.end());
    (!limits.contains(&number)).then(beyond)
}

/// Lines of a doc comment as one.
pub(super) fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Declares a table whose keys have defaults: `key: type = default, least..=most;` with its meaning as doc comment.
macro_rules! table {
    (
        $(#[$meta:meta])* $vis:vis struct $name:ident {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr $(, $limits:expr)?; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $vis struct $name {
            $( $(#[doc = $doc])+ pub $key: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl Table for $name {
            fn keys() -> Vec<Key> {
                let default = Self::default();
                vec![ $( Key {
                    name: stringify!($key),
                    kind: <$type as Value>::KIND,
                    default: Some(default.$key.written()),
                    limits: None $(.or(Some($limits)))?,
                    meaning: keys::joined(&[$($doc),+]),
                }, )+ ]
            }

            fn out_of_limits(&self) -> Option<(&'static str, String)> {
                let limits: [(&'static str, Option<String>); _] = [ $(
                    (stringify!($key), keys::beyond(&self.$key, None $(.or(Some($limits)))?)),
                )+ ];
                limits.into_iter().find_map(|(key, wrong)| Some((key, wrong?)))
            }
        }
    };
}

/// Declares a table with keys that are needed, keys that have the default of their type, and whose limits the type
/// keeps, and tables within it.
macro_rules! needed {
    (
        $(#[$meta:meta])* struct $name:ident {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty; )+
        }
        $( defaults { $( $(#[doc = $other_doc:literal])+ $other:ident: $other_type:ty $(, $limits:expr)?; )+ } )?
        $( tables { $( $(#[$table_meta:meta])* $table:ident: $table_type:ty; )+ } )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $( $key: $type, )+
            $($( #[serde(default)] $other: $other_type, )+)?
            $($( $(#[$table_meta])* $table: $table_type, )+)?
        }

        impl $name {
            fn keys() -> Vec<Key> {
                vec![
                    $( Key {
                        name: stringify!($key),
                        kind: <$type as Value>::KIND,
                        default: None,
                        limits: None,
                        meaning: keys::joined(&[$($doc),+]),
                    }, )+
                    $($( Key {
                        name: stringify!($other),
                        kind: <$other_type as Value>::KIND,
                        default: Some(<$other_type>::default().written()),
                        limits: None $(.or(Some($limits)))?,
                        meaning: keys::joined(&[$($other_doc),+]),
                    }, )+)?
                ]
            }
        }
    };
}

pub(super) use {needed, table};
