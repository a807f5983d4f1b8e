//! What can be wrong with a command, where, and what would be right.

use super::{code::ReasonCode, lexer::Span};
use std::fmt;
use vocabulary::{DataSetNameError, MomentError, NameError};

/// A command that can't be understood: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct CommandError {
    /// What is wrong.
    pub problem: CommandProblem,
    /// The command as typed.
    pub text: Box<str>,
    /// Where the wrong place begins: bytes into `text`; its length where something is missing at the end.
    pub offset: usize,
    /// How many bytes are wrong; 0 where something is missing.
    pub length: usize,
}

/// What can be wrong with a command. Each kind has a reason code of its own under return code 02000008 (the
/// values are this program's own, from the range that OM keeps for parameter errors):
///
/// | rsn | kind |
/// |---|---|
/// | 00002000 | no command |
/// | 00002004 | unknown verb |
/// | 00002008 | unknown or missing resource type |
/// | 0000200C | unknown keyword |
/// | 00002010 | unknown parameter |
/// | 00002014 | missing parenthesis after a keyword |
/// | 00002018 | unbalanced parentheses, quotes or comments |
/// | 0000201C | missing keyword |
/// | 00002020 | bad name |
/// | 00002024 | options that exclude each other |
/// | 00002028 | keyword given twice |
/// | 0000202C | empty parameter |
/// | 00002030 | more parameters than one |
/// | 00002034 | bad number or time |
/// | 00002038 | something where something else is due |
/// | 0000203C | a command of the language that no member carries out |
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandProblem {
    /// There is no command.
    #[error("a command begins with a verb: {choice}")]
    Empty {
        /// The verbs.
        choice: Choice,
    },
    /// The first word is no verb.
    #[error("{word} is not a verb: {choice}")]
    UnknownVerb {
        /// What was typed.
        word: String,
        /// What is right.
        choice: Choice,
    },
    /// The first word is a verb of IMS that this language has something else for.
    #[error("{word} is not used here: {instead}")]
    InsteadOfVerb {
        /// The verb.
        word: &'static str,
        /// What takes its place.
        instead: &'static str,
    },
    /// The second word is no resource type of the verb.
    #[error("{word} is not a resource type of {verb}: {choice}")]
    UnknownResource {
        /// What was typed.
        word: String,
        /// The verb.
        verb: &'static str,
        /// What is right.
        choice: Choice,
    },
    /// Nothing follows the verb.
    #[error("{verb} needs a resource type: {choice}")]
    MissingResource {
        /// The verb.
        verb: &'static str,
        /// What is right.
        choice: Choice,
    },
    /// The second word is a resource type of IMS that this language has something else for.
    #[error("{verb} {word} is not used here: {instead}")]
    Instead {
        /// The verb.
        verb: &'static str,
        /// The resource type.
        word: &'static str,
        /// What takes its place.
        instead: &'static str,
    },
    /// The word is a keyword of IMS that means nothing here.
    #[error("{word} is not used in {owner} here: {instead}")]
    InsteadOfKeyword {
        /// The word.
        word: &'static str,
        /// What it stands in.
        owner: String,
        /// Why it means nothing, and what to do.
        instead: &'static str,
    },
    /// A command of the language that no member carries out.
    #[error("{verb} {word} is not carried out by members of this release: {choice}")]
    NotServed {
        /// The verb.
        verb: &'static str,
        /// The resource type.
        word: &'static str,
        /// What is carried out.
        choice: Choice,
    },
    /// A word is no keyword of the command, or of the keyword it is nested in.
    #[error("{word} is not a keyword of {owner}: {choice}")]
    UnknownKeyword {
        /// What was typed.
        word: String,
        /// The command or keyword it was typed for.
        owner: String,
        /// What is right.
        choice: Choice,
    },
    /// A word is not among the parameters that a keyword takes.
    #[error("{word} is not a parameter of {keyword}: {choice}")]
    UnknownParameter {
        /// What was typed.
        word: String,
        /// The keyword.
        keyword: String,
        /// What is right.
        choice: Choice,
    },
    /// The word is a parameter of IMS that means nothing here.
    #[error("{word} is not used in {keyword} here: {instead}")]
    InsteadOfParameter {
        /// The word.
        word: &'static str,
        /// The keyword.
        keyword: &'static str,
        /// Why it means nothing, and what to do.
        instead: &'static str,
    },
    /// A keyword without its parenthesis.
    #[error("{keyword} takes parameters in parentheses")]
    MissingParenthesis {
        /// The keyword.
        keyword: String,
    },
    /// A parenthesis that is never closed.
    #[error("this parenthesis is never closed")]
    NeverClosed,
    /// A parenthesis that was never opened.
    #[error("this parenthesis closes nothing")]
    NeverOpened,
    /// A quote or a comment that is never closed.
    #[error("this quote or comment is never closed")]
    NeverEnded,
    /// A keyword that has to be there.
    #[error("{owner} needs {keyword}")]
    MissingKeyword {
        /// The command, keyword or parameter that takes it.
        owner: String,
        /// The keyword.
        keyword: String,
    },
    /// A parameter that is no name.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// A parameter that is not the name of a data set.
    #[error(transparent)]
    BadDataSetName(#[from] DataSetNameError),
    /// A parameter that is not the timestamp of an instance.
    #[error(transparent)]
    BadStamp(#[from] MomentError),
    /// Two that can't be had together.
    #[error("{second} can't be given together with {first}")]
    Exclusive {
        /// One.
        first: String,
        /// The other, which is the one marked.
        second: String,
    },
    /// A keyword given twice.
    #[error("{keyword} is given already")]
    Duplicate {
        /// The keyword.
        keyword: String,
    },
    /// Nothing where a parameter is due.
    #[error("a parameter of {keyword} is missing")]
    EmptyParameter {
        /// The keyword.
        keyword: String,
    },
    /// A second parameter for a keyword that takes one.
    #[error("{keyword} takes one parameter")]
    TooMany {
        /// The keyword.
        keyword: String,
    },
    /// A parameter that is no number, or one out of range.
    #[error("{word} is not a number that {keyword} takes: {least} to {most}")]
    BadNumber {
        /// What was typed.
        word: String,
        /// The keyword.
        keyword: String,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A parameter that is no address of a block.
    #[error("{word} is not an RBA, which {keyword} takes: one to eight hexadecimal digits")]
    BadRba {
        /// What was typed.
        word: String,
        /// The keyword.
        keyword: String,
    },
    /// A parameter that is too long, or nothing.
    #[error("{keyword} takes 1 to {most} characters")]
    BadText {
        /// The keyword.
        keyword: String,
        /// The most.
        most: usize,
    },
    /// A parameter that is no row of bytes.
    #[error("{word} is not what {keyword} takes: two hexadecimal digits for each of 1 to {most} bytes")]
    BadHex {
        /// What was typed.
        word: String,
        /// The keyword.
        keyword: String,
        /// The most.
        most: usize,
    },
    /// A parameter that is no length of time.
    #[error("{word} is not a time to wait: it takes seconds or mmm:ss, from 1 second to 999:59")]
    BadWait {
        /// What was typed.
        word: String,
    },
    /// Something else than what is due.
    #[error("{word} stands where {expected} is due")]
    Unexpected {
        /// What was typed.
        word: String,
        /// What is due.
        expected: &'static str,
    },
}

impl CommandError {
    pub(super) fn at(text: &str, span: Span, problem: CommandProblem) -> Self {
        Self { problem, text: text.into(), offset: span.offset, length: span.length }
    }

    /// The reason code of this kind of error, under return code 02000008.
    pub fn reason_code(&self) -> ReasonCode {
        use CommandProblem as P;
        ReasonCode(match self.problem {
            P::Empty { .. } => 0x2000,
            P::UnknownVerb { .. } | P::InsteadOfVerb { .. } => 0x2004,
            P::UnknownResource { .. } | P::MissingResource { .. } | P::Instead { .. } => 0x2008,
            P::UnknownKeyword { .. } | P::InsteadOfKeyword { .. } => 0x200C,
            P::UnknownParameter { .. } | P::InsteadOfParameter { .. } => 0x2010,
            P::MissingParenthesis { .. } => 0x2014,
            P::NeverClosed | P::NeverOpened | P::NeverEnded => 0x2018,
            P::MissingKeyword { .. } => 0x201C,
            P::BadName(_) | P::BadDataSetName(_) => 0x2020,
            P::Exclusive { .. } => 0x2024,
            P::Duplicate { .. } => 0x2028,
            P::EmptyParameter { .. } => 0x202C,
            P::TooMany { .. } => 0x2030,
            P::BadNumber { .. } | P::BadRba { .. } | P::BadWait { .. } | P::BadStamp(_) => 0x2034,
            P::BadText { .. } | P::BadHex { .. } => 0x2034,
            P::Unexpected { .. } => 0x2038,
            P::NotServed { .. } => 0x203C,
        })
    }

    /// Two lines: the command, and carets below the wrong place.
    pub fn marked(&self) -> String {
        // A line end or tab within the command would put the carets elsewhere.
        let line: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let characters =
            |from: usize, to: usize| self.text.get(from..to).map_or(0, |part| part.chars().count());
        let before = characters(0, self.offset);
        let carets = characters(self.offset, self.offset + self.length).max(1);
        format!("{}\n{}{}", line.trim_end(), " ".repeat(before), "^".repeat(carets))
    }
}

/// The words that would be right, and the one among them that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    nearest: Option<&'static str>,
    all: Box<[&'static str]>,
}

/// The most characters of a word that errors repeat or compare.
const WORD_LENGTH_MAX: usize = 32;

impl Choice {
    pub(super) fn of(all: impl IntoIterator<Item = &'static str>) -> Self {
        Self { nearest: None, all: all.into_iter().collect() }
    }

    /// Among these, with the nearest to what was typed if any is near.
    pub(super) fn near(word: &str, all: impl IntoIterator<Item = &'static str>) -> Self {
        let choice = Self::of(all);
        Self { nearest: nearest(word, &choice.all), ..choice }
    }

    /// The word that was probably meant.
    pub fn nearest(&self) -> Option<&'static str> {
        self.nearest
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.nearest, &*self.all) {
            (Some(nearest), _) => write!(f, "did you mean {nearest}?"),
            (None, []) => f.write_str("this release has none"),
            (None, [only]) => write!(f, "it takes {only}"),
            (None, all) => write!(f, "it takes one of {}", all.join(", ")),
        }
    }
}

/// A third of the letters may differ, or one in a short word.
fn nearest(word: &str, all: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_uppercase();
    let length = word.chars().count();
    if length > WORD_LENGTH_MAX {
        return None;
    }
    let by_distance = all.iter().map(|&right| (strsim::damerau_levenshtein(&word, right), right));
    let (distance, right) = by_distance.min_by_key(|pair| pair.0)?;
    (distance <= (length / 3).max(1)).then_some(right)
}

/// A word as errors repeat it: in upper case, and not longer than a person can read.
pub(super) fn quoted(word: &str) -> String {
    match word.char_indices().nth(WORD_LENGTH_MAX) {
        Some((end, _)) => format!("{}...", word[..end].to_ascii_uppercase()),
        None => word.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use crate::om::code::WRONG;
    use crate::om::grammar::COMMANDS;
    use crate::om::view::{CommandView, SERVED};
    use crate::om::{CommandError, parser};
    use std::collections::BTreeSet;

    /// Why a text is refused where only these commands are carried out.
    fn reason(served: &[(crate::om::Verb, crate::om::Resource)], text: &str) -> u32 {
        let view = |command| CommandView::of(&command).map(drop);
        let refused: Result<(), CommandError> = parser::parse(COMMANDS, served, text).and_then(view);
        refused.expect_err(text).reason_code().0
    }

    /// A command for each kind of problem. 0 is the code of a request that is no command, which no parser refuses.
    #[test]
    fn every_reason_that_a_command_is_refused_for_is_explained_and_no_other() {
        let refused = [
            "",
            "NONSENSE",
            "QUERY NONSENSE",
            "QUERY DB NONSENSE(A)",
            "QUERY DB SHOW(NONSENSE)",
            "QUERY DB SHOW",
            "QUERY DB SHOW(ALL",
            "QUERY MEMBER",
            "QUERY DB NAME(TOOLONGANAME)",
            "UPDATE DB NAME(A) START(ACCESS) STOP(ACCESS)",
            "QUERY DB NAME(A) NAME(B)",
            "QUERY DB NAME()",
            "QUERY MEMBER TYPE(IMS,IMS)",
            "QUERY DB WAIT(NEVER)",
            "QUERY DB (A)",
        ];
        let mut reasons: BTreeSet<u32> = refused.iter().map(|text| reason(SERVED, text)).collect();
        assert_eq!(reasons.len(), refused.len(), "{reasons:X?}");
        reasons.extend([0, reason(&[], "QUERY DB")]);
        assert_eq!(reasons, WRONG.iter().map(|row| row.0).collect());
    }
}
