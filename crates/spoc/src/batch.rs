//! Commands from a file, as the Batch SPOC reads them: a command a line, `+` or `-` at the end of a line to go on in
//! the next, `/* comments */` anywhere, also over several lines. A line that is `/*` alone ends the file, as it ends
//! data in a job.

use std::io::{self, BufRead, Read};

/// The longest command with its continuations, in bytes. Nobody types one, and what has no end has to have one.
const COMMAND_BYTES_MAX: usize = 1 << 20;

/// Commands that can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("line {line} can't be read: {source}")]
    Unreadable { line: usize, source: io::Error },
    #[error(
        "the command in line {line} has more than {COMMAND_BYTES_MAX} bytes: is this a file of commands?"
    )]
    TooLong { line: usize },
    #[error("the comment that line {line} opens is never closed: end it with */")]
    OpenComment { line: usize },
    #[error("line {line} is to go on in the next, and there is none: drop the + or - at its end")]
    NothingFollows { line: usize },
}

/// The commands of some text, one after the other. What is wrong ends it.
pub(crate) struct Commands<R> {
    input: R,
    /// How many lines were read.
    read: usize,
    /// Where the comment begins that is open.
    comment_since: Option<usize>,
    ended: bool,
}

impl<R: BufRead> Commands<R> {
    pub(crate) fn of(input: R) -> Self {
        Self { input, read: 0, comment_since: None, ended: false }
    }

    /// The next command with its continuations, without comments.
    fn read(&mut self) -> Result<Option<String>, BatchError> {
        let mut command = String::new();
        let mut sign = None;
        while let Some(line) = self.line()? {
            // After `-` the blanks that a line begins with count, after `+` they don't.
            command.push_str(if sign == Some('-') { &line } else { line.trim_start() });
            if command.len() > COMMAND_BYTES_MAX {
                return Err(BatchError::TooLong { line: self.read });
            }
            sign = continuation(&mut command);
            if sign.is_none() && self.comment_since.is_none() && !command.trim().is_empty() {
                return Ok(Some(command.trim().to_string()));
            }
        }
        self.ended = true;
        match (self.comment_since, sign) {
            (Some(line), _) => Err(BatchError::OpenComment { line }),
            (None, Some(_)) => Err(BatchError::NothingFollows { line: self.read }),
            (None, None) => Ok(None),
        }
    }

    /// The next line without what of it is a comment; `None` where the text ends.
    fn line(&mut self) -> Result<Option<String>, BatchError> {
        let (mut line, number) = (String::new(), self.read + 1);
        let read = (&mut self.input).take(COMMAND_BYTES_MAX as u64 + 1).read_line(&mut line);
        match read.map_err(|source| BatchError::Unreadable { line: number, source })? {
            0 => return Ok(None),
            bytes if bytes > COMMAND_BYTES_MAX => return Err(BatchError::TooLong { line: number }),
            _ => self.read = number,
        }
        let line = line.trim_end_matches(['\n', '\r']);
        if self.comment_since.is_none() && line.trim_end() == "/*" {
            return Ok(None);
        }
        Ok(Some(self.without_comments(line)))
    }

    fn without_comments(&mut self, line: &str) -> String {
        let mut kept = String::new();
        let mut rest = line;
        loop {
            let (mark, found) = match self.comment_since {
                Some(_) => ("*/", rest.find("*/")),
                None => ("/*", rest.find("/*")),
            };
            let before = &rest[..found.unwrap_or(rest.len())];
            if self.comment_since.is_none() {
                kept.push_str(before);
            }
            let Some(at) = found else { return kept };
            // A comment parts words as a blank does.
            kept.push(' ');
            rest = &rest[at + mark.len()..];
            self.comment_since = if self.comment_since.is_none() { Some(self.read) } else { None };
        }
    }
}

/// Takes away the sign at the end of a command that says that it goes on in the next line, and gives it.
fn continuation(command: &mut String) -> Option<char> {
    let text = command.trim_end();
    let sign = text.chars().next_back().filter(|last| matches!(last, '+' | '-'))?;
    command.truncate(text.len() - 1);
    Some(sign)
}

impl<R: BufRead> Iterator for Commands<R> {
    type Item = Result<String, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let command = self.read();
        self.ended |= command.is_err();
        command.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        Commands::of(text.as_bytes())
            .map(|command| command.unwrap_or_else(|error| format!("error: {error}")))
            .collect()
    }

    #[test]
    fn a_command_is_a_line_or_several_that_continue_each_other() {
        assert_eq!(told("QRY DB\n\n  QRY PGM  \n"), ["QRY DB", "QRY PGM"]);
        assert_eq!(
            told("QRY DB NAME(ACCT+\n   DB) +\n  SHOW(ALL)\nQRY PGM"),
            ["QRY DB NAME(ACCTDB) SHOW(ALL)", "QRY PGM"]
        );
        assert_eq!(told("QRY DB -\n  SHOW(ALL)"), ["QRY DB   SHOW(ALL)"]);
        assert_eq!(
            told("QRY DB +\n"),
            ["error: line 1 is to go on in the next, and there is none: drop the + or - at its end"]
        );
    }

    #[test]
    fn comments_stand_anywhere() {
        assert_eq!(told("/* before */ QRY /* in */ DB /* after */\n/* alone */\n"), ["QRY    DB"]);
        assert_eq!(told("QRY DB + /* more follows */\n SHOW(ALL)"), ["QRY DB SHOW(ALL)"]);
        assert_eq!(told("/* over\nseveral\nlines */ QRY DB"), ["QRY DB"]);
        assert_eq!(
            told("QRY DB\n/* open\nQRY PGM"),
            ["QRY DB", "error: the comment that line 2 opens is never closed: end it with */"]
        );
    }

    #[test]
    fn what_has_no_end_is_not_read_for_ever() {
        let too_long = |line| {
            let most = COMMAND_BYTES_MAX;
            format!(
                "error: the command in line {line} has more than {most} bytes: is this a file of commands?"
            )
        };
        assert_eq!(told(&"A".repeat(COMMAND_BYTES_MAX + 1)), [too_long(1)]);
        let half = format!("{}+\n", "A".repeat(COMMAND_BYTES_MAX / 2));
        assert_eq!(told(&format!("QRY DB\n{}", half.repeat(4))), ["QRY DB".to_string(), too_long(3)]);
    }

    #[test]
    fn what_ends_data_in_a_job_ends_the_commands() {
        assert_eq!(told("QRY DB\n/*\nQRY PGM"), ["QRY DB"]);
    }
}
