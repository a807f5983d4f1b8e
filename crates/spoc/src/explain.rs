//! What a message, a completion code or a return code means. The pages of messages are part of the program, so that
//! they can be read where no plex is.

use csl::om::{CompletionCode, ReasonCode, ReturnCode, explanation};
use include_dir::{Dir, include_dir};
use vocabulary::message;

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/messages");

/// The most letters in which a number may differ from the one that was probably meant.
const NEAR: usize = 2;

/// Nothing is known by that name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExplainError {
    #[error("{number} is not a message of this release{nearest}")]
    UnknownMessage { number: String, nearest: String },
    #[error("{code} is not a code: it takes hex digits")]
    NotHex { code: String },
    #[error("{code} is not a completion code of this release")]
    UnknownCode { code: String },
    #[error(
        "it takes a message number, CC and a completion code, or RC with a return code and a reason code, as 02000010/4004"
    )]
    Unknown,
}

/// What is known about some words, with a line end.
pub(crate) fn explain(words: &[String]) -> Result<String, ExplainError> {
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    match upper.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["CC", code] => completion_code(code),
        ["RC", rc] => return_code(rc, "0"),
        ["RC", rc, rsn] => return_code(rc, rsn),
        [rc, rsn] if is_return_code(rc) => return_code(rc, rsn),
        [one] => match one.split_once('/') {
            Some((rc, rsn)) => return_code(rc, rsn),
            None if is_return_code(one) => return_code(one, "0"),
            None if is_completion_code(one) => completion_code(one),
            None => message_page(one),
        },
        _ => Err(ExplainError::Unknown),
    }
}

/// Whether it is a code as answers print it. No message has a number of digits alone.
fn is_return_code(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a completion code as answers print it: three hex digits at most, which no message has.
fn is_completion_code(word: &str) -> bool {
    (1..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn completion_code(code: &str) -> Result<String, ExplainError> {
    let found = CompletionCode(hex(code)?);
    match found.text() {
        "" => Err(ExplainError::UnknownCode { code: code.to_string() }),
        text => Ok(format!("CC {found}: {text}\n")),
    }
}

fn return_code(rc: &str, rsn: &str) -> Result<String, ExplainError> {
    let (rc, rsn) = (ReturnCode(hex(rc)?), ReasonCode(hex(rsn)?));
    Ok(format!("rc={rc} rsn={rsn}: {}\n", explanation(rc, rsn)))
}

fn hex(code: &str) -> Result<u32, ExplainError> {
    u32::from_str_radix(code, 16).map_err(|_| ExplainError::NotHex { code: code.to_string() })
}

/// The page of a number, with or without the letter at its end.
fn message_page(number: &str) -> Result<String, ExplainError> {
    let is_number = |declared: &str| {
        declared == number
            || declared.strip_suffix(['I', 'W', 'E', 'A']).is_some_and(|digits| digits == number)
    };
    let found = message::all().find(|definition| is_number(definition.number));
    let page = found.and_then(|definition| page(definition.number));
    page.map(str::to_string).ok_or_else(|| ExplainError::UnknownMessage {
        number: number.to_string(),
        nearest: nearest(number).map_or_else(String::new, |near| format!(": did you mean {near}?")),
    })
}

fn page(number: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{number}.md"))?.contents_utf8()
}

fn nearest(number: &str) -> Option<&'static str> {
    let near = message::all().map(|known| (strsim::damerau_levenshtein(number, known.number), known.number));
    near.min().filter(|(distance, _)| *distance <= NEAR).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let words: Vec<String> = text.split(' ').map(str::to_string).collect();
        explain(&words).unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn a_message_is_found_in_any_case_and_without_its_letter() {
        let page = told("DFS4373I");
        assert!(page.starts_with("# DFS4373I\n"), "{page}");
        assert_eq!(told("dfs4373i"), page);
        assert_eq!(told("DFS4373"), page);
    }

    #[test]
    fn an_unknown_number_is_answered_with_the_nearest() {
        assert_eq!(
            told("DFS4393I"),
            "error: DFS4393I is not a message of this release: did you mean DFS4373I?"
        );
        assert_eq!(told("NONSENSE"), "error: NONSENSE is not a message of this release");
    }

    #[test]
    fn codes_are_told_as_answers_tell_them() {
        assert_eq!(told("cc b1"), "CC B1: RESOURCE STATE ERROR: WORK IN PROGRESS\n");
        assert_eq!(told("B1"), told("cc b1"));
        let silent = told("RC 02000004 1000");
        assert!(silent.starts_with("rc=02000004 rsn=00001000: not every member answered"), "{silent}");
        assert_eq!(told("02000004/1000"), silent);
        assert_eq!(told("02000004 00001000"), silent);
        assert_eq!(
            told("RC 02000008 2010"),
            "rc=02000008 rsn=00002010: the command is wrong: a parameter that its keyword does not have\n"
        );
        assert_eq!(told("CC FFF"), "error: FFF is not a completion code of this release");
        assert_eq!(told("CC SOON"), "error: SOON is not a code: it takes hex digits");
        assert!(told("RC").starts_with("error: RC is not a message"));
        assert!(told("CC 1 2 3").starts_with("error: it takes a message number"));
    }

    #[test]
    fn every_message_of_this_release_is_explained() {
        let missing: Vec<_> =
            message::all().map(|known| known.number).filter(|number| page(number).is_none()).collect();
        assert!(missing.is_empty(), "no page in docs/messages for {missing:?}");
    }

    const COMPATIBILITY: &str = include_str!("../../../docs/compatibility.md");

    /// The numbers in a text such as `DFS4520I to 4522I`: each, and the spans between two.
    fn numbers(text: &str) -> Vec<std::ops::RangeInclusive<u32>> {
        let digits = |word: &str, to: bool| {
            let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let bare = word.strip_prefix("DFS").or(Some(word).filter(|_| to))?;
            bare.strip_suffix(['I', 'W', 'E', 'A'])?.parse::<u32>().ok()
        };
        let mut found: Vec<std::ops::RangeInclusive<u32>> = Vec::new();
        let mut to = false;
        for word in text.split_whitespace() {
            match (digits(word, to), found.pop()) {
                (Some(number), Some(last)) if to => found.push(*last.start()..=number),
                (number, last) => found.extend(last.into_iter().chain(number.map(|number| number..=number))),
            }
            to = word == "to";
        }
        found
    }

    /// What the page promises users of IMS is what the table of messages has, and nothing in the table is kept from them.
    #[test]
    fn the_page_of_compatibility_has_the_messages_that_there_are_and_no_others() {
        assert_eq!(numbers("DFS9I, DFS4520I to 4522I; DFS7W (reason 3)"), [9..=9, 4520..=4522, 7..=7]);
        let known: Vec<u32> =
            message::all().flat_map(|known| numbers(known.number)).map(|span| *span.start()).collect();
        let mut told = Vec::new();
        for row in COMPATIBILITY.lines().filter(|line| line.starts_with("| DFS")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            for span in numbers(cells[1]) {
                let [least, most] = [span.start(), span.end()].map(|end| known.contains(end));
                match cells[2] {
                    "none" => assert!(!span.clone().any(|number| known.contains(&number)), "{row}"),
                    "same" | "differs" => assert!(least && most, "{row}"),
                    other => assert!(numbers(other).iter().all(|span| known.contains(span.start())), "{row}"),
                }
            }
            told.extend(numbers(cells[1]).into_iter().chain(numbers(cells[2])));
        }
        let kept: Vec<&u32> =
            known.iter().filter(|number| !told.iter().any(|span| span.contains(number))).collect();
        assert!(kept.is_empty(), "docs/compatibility.md says nothing of {kept:?}");
    }
}
