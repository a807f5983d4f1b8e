//! What a member printed: its messages, and whether an error is among them that nobody expected.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The log of one member, read anew at every question.
#[derive(Debug, Clone)]
pub struct MemberLog(PathBuf);

impl MemberLog {
    /// The log in this file, which need not be there yet.
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// All of it; empty while there is none.
    pub fn text(&self) -> String {
        std::fs::read(&self.0).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How many bytes there are now: a place to count from later.
    pub fn length(&self) -> u64 {
        std::fs::metadata(&self.0).map_or(0, |metadata| metadata.len())
    }

    /// What was printed from a place on.
    pub fn text_since(&self, place: u64) -> String {
        let text = self.text();
        usize::try_from(place).ok().and_then(|place| text.get(place..)).unwrap_or(&text).to_string()
    }

    /// How many lines have this message number, from a place on.
    pub fn count_since(&self, place: u64, number: &str) -> usize {
        count(&self.text_since(place), number)
    }

    /// The lines that have this text in them.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.contains(text)).map(ToString::to_string).collect()
    }

    /// The last lines, for a person to read.
    pub fn tail(&self, lines_max: usize) -> String {
        let text = self.text();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(lines_max)..].join("\n")
    }

    /// The lines that tell an error or a panic and have none of the expected texts in them.
    pub fn unexpected_errors(&self, expected: &[String]) -> Vec<String> {
        let text = self.text();
        let bad = text.lines().filter(|line| is_error(line));
        bad.filter(|line| !expected.iter().any(|text| line.contains(text))).map(ToString::to_string).collect()
    }
}

fn count(text: &str, number: &str) -> usize {
    text.lines().filter(|line| words(line).any(|word| word == number)).count()
}

/// The runs of letters and digits in a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_ascii_alphanumeric())
}

fn is_error(line: &str) -> bool {
    line.contains("panicked at") || level(line).is_some_and(|level| level == "ERROR")
}

/// The level of a line, in either format: `{"level": …}`, or the second word after the time.
fn level(line: &str) -> Option<String> {
    if line.starts_with('{') {
        let line: Value = serde_json::from_str(line).ok()?;
        return line.get("level")?.as_str().map(ToString::to_string);
    }
    line.split_whitespace().nth(1).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> (tempfile::TempDir, MemberLog) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("IMS1.log");
        std::fs::write(&path, text).unwrap();
        (folder, MemberLog::at(&path))
    }

    const LINES: &str = "\
2026-01-01T00:00:00Z  INFO host: DFS810I IMS1 IS READY
2026-01-01T00:00:01Z ERROR host: DFS3541E THE DIRECTORY IS BROKEN
2026-01-01T00:00:02Z  INFO host: DFS4755E A STATE ERROR OF SOMEBODY ELSE
{\"level\":\"ERROR\",\"message\":\"in JSON\"}
thread 'main' panicked at src/main.rs:1
";

    #[test]
    fn messages_are_counted_by_whole_numbers_and_from_a_place() {
        let (_folder, log) = log(LINES);
        assert_eq!(log.count_since(0, "DFS810I"), 1);
        assert_eq!(log.count_since(0, "DFS810"), 0);
        let after_the_first = LINES.find('\n').unwrap() as u64 + 1;
        assert_eq!(log.count_since(after_the_first, "DFS810I"), 0);
    }

    #[test]
    fn errors_and_panics_are_found_by_level_unless_they_are_expected() {
        let (_folder, log) = log(LINES);
        assert_eq!(log.unexpected_errors(&[]).len(), 3);
        let left = log.unexpected_errors(&["DFS3541E".into(), "panicked at".into()]);
        assert_eq!(left, ["{\"level\":\"ERROR\",\"message\":\"in JSON\"}"]);
    }

    #[test]
    fn a_log_that_is_not_there_yet_is_empty() {
        let log = MemberLog::at(Path::new("/nowhere/at/all.log"));
        assert_eq!((log.text(), log.length(), log.tail(5)), (String::new(), 0, String::new()));
    }

    #[test]
    fn the_tail_is_the_last_lines() {
        let (_folder, log) = log("a\nb\nc\n");
        assert_eq!(log.tail(2), "b\nc");
    }
}
