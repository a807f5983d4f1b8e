//! PROCOPT=: what a program may do with a segment or a database.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Up to four letters, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProcOpt {
    letters: [u8; 4],
}

/// Letters that are no processing option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcOptError {
    /// None, or more than four.
    #[error("it takes 1 to 4 letters")]
    Length,
    /// A letter that means nothing, or twice the same.
    #[error("{0:?} can't stand there")]
    Letter(char),
    /// O, N and T without G.
    #[error("O, N and T go with G alone")]
    WithoutGet,
    /// Reading without integrity, and updating.
    #[error("what is read without integrity (O) can't be updated")]
    UpdateWithoutIntegrity,
    /// P or E alone.
    #[error("{0} needs another letter with it")]
    Alone(char),
    /// L or K together with what contradicts it.
    #[error("{0} can't be combined with {1}")]
    Combination(char, char),
}

const LETTERS: &str = "GIRDAPONTELSHK";

impl ProcOpt {
    /// All of G, I, R and D: what a PCB without PROCOPT= has.
    pub const ALL: Self = Self { letters: *b"A   " };

    /// Whether this letter is among them, A standing for G, I, R and D.
    pub fn has(&self, letter: char) -> bool {
        let given = |letter: char| self.letters.iter().any(|&byte| char::from(byte) == letter);
        given(letter)
            || (matches!(letter, 'G' | 'I' | 'R' | 'D') && given('A'))
            || (letter == 'G' && (given('R') || given('D')))
    }

    /// Insert, replace, delete or load.
    pub fn updates(&self) -> bool {
        ['I', 'R', 'D', 'L'].into_iter().any(|letter| self.has(letter))
    }

    /// Load: L, LS.
    pub fn loads(&self) -> bool {
        self.has('L')
    }

    /// Read without integrity: GO, GON, GOT.
    pub fn reads_without_integrity(&self) -> bool {
        self.has('O')
    }

    /// Path segment whose data is not returned.
    pub fn is_key_only(&self) -> bool {
        self.has('K')
    }

    /// The letters, without blanks.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters).unwrap_or_default().trim_end()
    }

    fn check(&self) -> Result<(), ProcOptError> {
        if ['O', 'N', 'T'].into_iter().any(|letter| self.has(letter)) && !self.as_str().contains('G') {
            return Err(ProcOptError::WithoutGet);
        }
        for letter in ['N', 'T'] {
            if self.has(letter) && !self.has('O') {
                return Err(ProcOptError::Alone(letter));
            }
        }
        if self.has('O') && self.updates() {
            return Err(ProcOptError::UpdateWithoutIntegrity);
        }
        for alone in ['P', 'E', 'S', 'H'] {
            if self.as_str().len() == 1 && self.has(alone) {
                return Err(ProcOptError::Alone(alone));
            }
        }
        self.check_combination('L', "GIRDAPOK")?;
        self.check_combination('K', "GIRDAOLSH")
    }

    fn check_combination(&self, letter: char, excluded: &str) -> Result<(), ProcOptError> {
        let given = self.as_str();
        match excluded.chars().find(|other| given.contains(letter) && given.contains(*other)) {
            Some(other) => Err(ProcOptError::Combination(letter, other)),
            None => Ok(()),
        }
    }
}

impl FromStr for ProcOpt {
    type Err = ProcOptError;

    fn from_str(text: &str) -> Result<Self, ProcOptError> {
        if text.is_empty() || text.chars().count() > 4 {
            return Err(ProcOptError::Length);
        }
        let mut letters = [b' '; 4];
        for (at, character) in text.chars().enumerate() {
            let letter = character.to_ascii_uppercase();
            if !LETTERS.contains(letter) || letters[..at].contains(&(letter as u8)) {
                return Err(ProcOptError::Letter(character));
            }
            letters[at] = letter as u8;
        }
        let options = Self { letters };
        options.check()?;
        Ok(options)
    }
}

impl TryFrom<String> for ProcOpt {
    type Error = ProcOptError;

    fn try_from(text: String) -> Result<Self, ProcOptError> {
        text.parse()
    }
}

impl From<ProcOpt> for String {
    fn from(options: ProcOpt) -> Self {
        options.as_str().to_string()
    }
}

impl fmt::Display for ProcOpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_combine_as_a_psb_may_write_them() {
        for text in [
            "A", "G", "AP", "GO", "GON", "GOT", "GOTP", "GOP", "GP", "GE", "L", "LS", "GS", "K", "IRD", "GRP",
        ] {
            assert_eq!(text.parse::<ProcOpt>().map(|options| options.to_string()), Ok(text.to_string()));
        }
    }

    #[test]
    fn letters_that_contradict_each_other_are_refused() {
        for text in ["", "ABCDE", "X", "GG", "O", "RO", "GOI", "P", "E", "LG", "GK", "GN", "AO", "é"] {
            assert!(text.parse::<ProcOpt>().is_err(), "{text}");
        }
    }

    #[test]
    fn replace_and_delete_imply_get_and_all_implies_the_four() {
        let options: ProcOpt = "R".parse().unwrap();
        assert!(options.has('G') && options.updates());
        assert!(ProcOpt::ALL.has('I') && ProcOpt::ALL.has('D') && !ProcOpt::ALL.has('P'));
    }
}
