//! Generic names: `*` stands for any characters, `%` for exactly one.

use std::fmt;
use vocabulary::{NameError, name::NAME_LENGTH_MAX};

const KIND: &str = "name or generic name";
const USER: &str = "name of a user";

/// A name, or a form that many names have: `ACCTDB`, `ACCT*`, `A%CT*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generic(String);

impl Generic {
    /// The generic name of this text, folded to upper case. It takes up to eight characters besides `*`, as no
    /// longer name exists.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty { kind: KIND });
        }
        let mut pattern = text.to_ascii_uppercase();
        if let Some((at, character)) = pattern.chars().enumerate().find(|&(_, character)| !allowed(character))
        {
            return Err(NameError::BadCharacter { kind: KIND, text: pattern, character, position: at + 1 });
        }
        let length = pattern.chars().filter(|&character| character != '*').count();
        if length > NAME_LENGTH_MAX {
            return Err(NameError::TooLong { kind: KIND, text: pattern, length });
        }
        // A run of stars means what one means.
        let mut before = ' ';
        pattern.retain(|character| std::mem::replace(&mut before, character) != '*' || character != '*');
        Ok(Self(pattern))
    }

    /// The generic name of a user, who may be called by any visible characters.
    pub fn of_user(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty { kind: USER });
        }
        let visible = |character: char| character.is_ascii_graphic();
        match text.chars().enumerate().find(|&(_, character)| !visible(character)) {
            Some((at, character)) => {
                let text = text.to_string();
                Err(NameError::BadCharacter { kind: USER, text, character, position: at + 1 })
            }
            None => Ok(Self(text.to_ascii_uppercase())),
        }
    }

    /// The one that matches every name.
    pub fn all() -> Self {
        Self("*".to_string())
    }

    /// Whether it can stand for several names.
    pub fn is_generic(&self) -> bool {
        self.0.contains(['*', '%'])
    }

    /// As typed, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` has this form.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.to_ascii_uppercase().as_bytes())
    }
}

impl fmt::Display for Generic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn allowed(character: char) -> bool {
    character.is_ascii_uppercase()
        || character.is_ascii_digit()
        || matches!(character, '#' | '@' | '$' | '*' | '%')
}

/// Where a star was met, it first stands for nothing; each later mismatch lets the last star take one more.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&expected) if expected == b'%' || expected == name[read] => {
                at += 1;
                read += 1;
            }
            _ => match &mut star {
                Some((star_at, taken)) => {
                    *taken += 1;
                    (at, read) = (*star_at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn generic(text: &str) -> Generic {
        Generic::new(text).unwrap()
    }

    #[test]
    fn stars_and_percent_signs_stand_for_others() {
        for (pattern, name, expected) in [
            ("ACCTDB", "ACCTDB", true),
            ("acctdb", "ACCTDB", true),
            ("ACCT", "ACCTDB", false),
            ("ACCT*", "ACCT", true),
            ("*DB", "ACCTDB", true),
            ("A%CT*", "ACCTDB", true),
            ("A%CT*", "ACT", false),
            ("*A*B*", "XXAYYBZZ", true),
            ("*AB", "AAB", true),
            ("%", "", false),
            ("*", "", true),
        ] {
            assert_eq!(generic(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn a_run_of_stars_is_one_star() {
        assert_eq!(generic("A***B**"), generic("A*B*"));
        assert!(Generic::new("*A*B*C*D*E*F*G*H*").is_ok());
        assert!(Generic::new("ABCDEFGH%").is_err());
        assert!(Generic::new("A-B").is_err());
        assert!(Generic::new("").is_err());
    }

    proptest! {
        /// Whatever characters of a name are hidden behind `*` or `%`, the name is still found.
        #[test]
        fn a_name_matches_every_form_of_itself(
            name in "[A-Z][A-Z0-9#@$]{0,7}", hidden in prop::collection::vec(0..3u8, 8)
        ) {
            let form: String = name
                .chars()
                .zip(hidden)
                .map(|(character, how)| match how { 0 => '*', 1 => '%', _ => character })
                .collect();
            prop_assert!(generic(&form).matches(&name), "{} on {}", form, name);
        }
    }
}
