//! The names of data sets.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The name of a data set: qualifiers of one to eight characters with periods between them, 44 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DataSetName(String);

/// Text that names no data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a data set name: qualifiers of 1 to 8 letters, digits, #, @, $ or -, the first of each not a digit, with \
     periods between them, 44 characters at most"
)]
pub struct DataSetNameError(String);

impl DataSetName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DataSetName {
    type Err = DataSetNameError;

    fn from_str(text: &str) -> Result<Self, DataSetNameError> {
        let upper = text.to_ascii_uppercase();
        let is_name = upper.len() <= 44 && upper.split('.').all(is_qualifier);
        if is_name { Ok(Self(upper)) } else { Err(DataSetNameError(text.chars().take(64).collect())) }
    }
}

fn is_qualifier(text: &str) -> bool {
    let national = |byte: u8| matches!(byte, b'#' | b'@' | b'$');
    let first = |byte: u8| byte.is_ascii_uppercase() || national(byte);
    let later = |byte: u8| first(byte) || byte.is_ascii_digit() || byte == b'-';
    let bytes = text.as_bytes();
    (1..=8).contains(&bytes.len()) && first(bytes[0]) && bytes.iter().all(|&byte| later(byte))
}

impl fmt::Display for DataSetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
