//! The operator of the workshop's plex: commands shown as they are typed, with what comes of them.

use crate::printer::say;
use end_to_end::{Binaries, Layout, operator};
use std::io;
use std::path::Path;

/// A command that did not do what it was given for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorError {
    /// `spoc` could not be run.
    #[error("`spoc {arguments}` could not be run: {reason}")]
    NotRun {
        /// What it was called with.
        arguments: String,
        /// Why, in the words of the system.
        reason: io::Error,
    },
    /// It ran, and said what went wrong.
    #[error("`spoc {arguments}` failed, return code {}", status.map_or("unknown".into(), |status| status.to_string()))]
    Failed {
        /// What it was called with.
        arguments: String,
        /// Its exit status.
        status: Option<i32>,
    },
    /// It ran, and its answer has no rows where rows were asked for.
    #[error("`spoc {arguments}` gave no rows: {answer}")]
    NoRows {
        /// What it was called with.
        arguments: String,
        /// What it gave instead.
        answer: String,
    },
}

/// Worse than this, and what was asked for did not happen.
const WARNING: i32 = 4;

/// Whoever commands the workshop's plex.
pub(crate) struct Operator<'a> {
    pub(crate) root: &'a Path,
    pub(crate) binaries: &'a Binaries,
    pub(crate) layout: &'a Layout,
}

impl Operator<'_> {
    /// Issues a command in sight of the user.
    pub(crate) fn show(&self, arguments: &[&str]) -> Result<(), OperatorError> {
        let shown = typed(arguments);
        say(format!("\n$ spoc {shown}"));
        let mut spoc = operator::spoc(self.binaries, self.layout, arguments);
        let status = spoc.current_dir(self.root).status();
        let status =
            status.map_err(|reason| OperatorError::NotRun { arguments: shown.clone(), reason })?.code();
        if status.is_some_and(|status| status <= WARNING) {
            return Ok(());
        }
        Err(OperatorError::Failed { arguments: shown, status })
    }

    /// Asks for rows out of sight, and gives how many there are.
    pub(crate) fn row_count(&self, arguments: &[&str]) -> Result<usize, OperatorError> {
        let shown = typed(arguments);
        let spoc = operator::spoc(self.binaries, self.layout, ["--output", "json"].iter().chain(arguments));
        let output = operator::run(spoc, &self.layout.folder.join("logs/spoc"));
        let output = output.map_err(|reason| OperatorError::NotRun { arguments: shown.clone(), reason })?;
        let answer = format!("{}{}", output.stdout, output.stderr);
        let rows = output.json()["rows"].as_array().map(Vec::len);
        rows.ok_or(OperatorError::NoRows { arguments: shown, answer })
    }
}

/// As one types it: what a shell would take apart is quoted.
pub(crate) fn typed(arguments: &[&str]) -> String {
    let quoted = |argument: &&str| match argument.contains([' ', '(', '*']) {
        true => format!("'{argument}'"),
        false => (*argument).to_string(),
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plex::running::tests::{laid_out, stand_ins};

    #[test]
    fn commands_are_shown_so_that_a_shell_takes_them() {
        let shown = typed(&["--output", "json", "QUERY MEMBER TYPE(IMS)"]);
        assert_eq!(shown, "--output json 'QUERY MEMBER TYPE(IMS)'");
    }

    #[test]
    fn an_answer_without_rows_is_no_empty_answer() {
        let (_folder, layout) = laid_out(1);
        let binaries = stand_ins();
        let operator = Operator { root: &layout.folder, binaries: &binaries, layout: &layout };
        let error = operator.row_count(&["list"]).unwrap_err();
        assert!(matches!(error, OperatorError::NoRows { .. }), "{error}");
    }
}
