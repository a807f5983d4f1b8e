//! What one parameter says, by what its keyword takes.

use super::command::ParameterValue;
use super::error::{Choice, CommandProblem, quoted};
use super::generic::Generic;
use super::grammar::What;
use vocabulary::{DataSetName, DbdName, DdName, GroupName, InstanceStamp, MemberName, Moment};

/// The longest time to wait: 999 minutes and 59 seconds.
const WAIT_SECONDS_MAX: u64 = 999 * 60 + 59;

/// The value of a word as a parameter of `keyword`.
pub(super) fn parameter_value(
    what: What,
    keyword: &str,
    word: &str,
) -> Result<ParameterValue, CommandProblem> {
    match what {
        What::Dbd => Ok(ParameterValue::Dbd(DbdName::new(word)?)),
        What::Dd => Ok(ParameterValue::Dd(DdName::new(word)?)),
        What::DataSet => Ok(ParameterValue::DataSet(word.parse::<DataSetName>()?)),
        What::Group => Ok(ParameterValue::Group(GroupName::new(word)?)),
        What::Moment => Ok(ParameterValue::Moment(word.parse::<Moment>()?)),
        // The parser reads its two names.
        What::Pair => Err(CommandProblem::Unexpected { word: quoted(word), expected: "a parenthesis" }),
        What::Flag(set) => flag(set, keyword, word),
        What::User => Ok(ParameterValue::Generic(Generic::of_user(word)?)),
        What::Generic => Ok(ParameterValue::Generic(Generic::new(word)?)),
        What::Member => member(word),
        What::Number { least, most } => number(least, most, keyword, word),
        What::Text => text(keyword, word),
        What::Hex => hex(keyword, word),
        What::Rba => rba(keyword, word),
        What::Route => route(word),
        What::Stamp => Ok(ParameterValue::Stamp(word.parse::<InstanceStamp>()?)),
        What::Wait => wait(word),
    }
}

fn flag(set: &[&'static str], keyword: &str, word: &str) -> Result<ParameterValue, CommandProblem> {
    let found = set.iter().copied().find(|flag| word.eq_ignore_ascii_case(flag));
    found.map(ParameterValue::Flag).ok_or_else(|| CommandProblem::UnknownParameter {
        word: quoted(word),
        keyword: keyword.to_string(),
        choice: Choice::near(word, set.iter().copied()),
    })
}

fn member(word: &str) -> Result<ParameterValue, CommandProblem> {
    Ok(ParameterValue::Member(MemberName::new(word)?))
}

fn route(word: &str) -> Result<ParameterValue, CommandProblem> {
    match word {
        "*" => Ok(ParameterValue::Flag("*")),
        "%" => Ok(ParameterValue::Flag("%")),
        _ => member(word),
    }
}

fn number(least: u64, most: u64, keyword: &str, word: &str) -> Result<ParameterValue, CommandProblem> {
    let in_range = digits(word).filter(|number| (least..=most).contains(number));
    in_range.map(ParameterValue::Number).ok_or_else(|| CommandProblem::BadNumber {
        word: quoted(word),
        keyword: keyword.to_string(),
        least,
        most,
    })
}

/// The most bytes that a text has.
const TEXT_BYTES_MAX: usize = 255;

fn text(keyword: &str, word: &str) -> Result<ParameterValue, CommandProblem> {
    // A quote between quotes is doubled.
    let text = word.replace("''", "'");
    match (1..=TEXT_BYTES_MAX).contains(&text.len()) {
        true => Ok(ParameterValue::Text(text)),
        false => Err(CommandProblem::BadText { keyword: keyword.to_string(), most: TEXT_BYTES_MAX }),
    }
}

fn hex(keyword: &str, word: &str) -> Result<ParameterValue, CommandProblem> {
    let digits: Option<Vec<u32>> = word.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2) && !digits.is_empty());
    let bytes = digits.map(|digits| digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect());
    bytes.filter(|bytes: &Vec<u8>| bytes.len() <= TEXT_BYTES_MAX).map(ParameterValue::Bytes).ok_or_else(
        || CommandProblem::BadHex { word: quoted(word), keyword: keyword.to_string(), most: TEXT_BYTES_MAX },
    )
}

/// Eight digits are the most that an RBA of IMS has.
fn rba(keyword: &str, word: &str) -> Result<ParameterValue, CommandProblem> {
    let is_rba = word.len() <= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let rba = u64::from_str_radix(word, 16).ok().filter(|_| is_rba);
    rba.map(ParameterValue::Number)
        .ok_or_else(|| CommandProblem::BadRba { word: quoted(word), keyword: keyword.to_string() })
}

fn wait(word: &str) -> Result<ParameterValue, CommandProblem> {
    let seconds = match word.split_once(':') {
        None => digits(word),
        Some((minutes, seconds)) => digits(minutes)
            .zip(digits(seconds).filter(|&seconds| seconds < 60))
            .map(|(minutes, seconds)| minutes.saturating_mul(60).saturating_add(seconds)),
    };
    let in_range = seconds.filter(|seconds| (1..=WAIT_SECONDS_MAX).contains(seconds));
    in_range
        .map(|seconds| ParameterValue::Number(seconds * 1_000))
        .ok_or_else(|| CommandProblem::BadWait { word: quoted(word) })
}

/// Decimal digits and nothing else: `parse` alone would take a sign.
fn digits(word: &str) -> Option<u64> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
}
