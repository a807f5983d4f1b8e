//! What is done with the arguments: a command, commands from stdin, or a utility.

use crate::args::{Args, List, Mode, Populate, Region, Utility};
use crate::printer::Printer;
use crate::region::{self, RegionError};
use crate::session::{self, Session, SessionError};
use crate::sources::{self, SourceError};
use crate::{EXIT_ENVIRONMENT, EXIT_WRONG};
use csl::envelope::{ListRequest, OperatorRequest, PopulateCondition, PopulateRequest};
use csl::om::view::CommandView;
use csl::om::{Answer, Command, CommandError};
use std::io::{self, BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use vocabulary::Moment;

/// How long OM collects answers where neither the command nor the operator says it (the default of CSLOMCMD).
const WAIT_MS: u64 = 300_000;

/// There is no answer.
#[derive(Debug, thiserror::Error)]
enum OperateError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Sources(#[from] SourceError),
    #[error("--delete empties staging, and goes with --mode stage only")]
    DeleteWithoutStage,
    #[error(transparent)]
    Region(#[from] RegionError),
    #[error("stdin can't be read: {0}")]
    Input(#[source] io::Error),
    #[error("the answer could not be printed: {0}")]
    Print(#[source] io::Error),
}

impl OperateError {
    fn exit_status(&self) -> u8 {
        match self {
            Self::Session(error) => error.exit_status(),
            Self::Region(error) => error.exit_status(),
            Self::Sources(_) | Self::DeleteWithoutStage | Self::Input(_) => EXIT_WRONG,
            Self::Print(_) => EXIT_ENVIRONMENT,
        }
    }
}

/// Does what the arguments say, and gives the exit status.
pub(crate) fn operate<O: Write, E: Write>(args: &Args, printer: &mut Printer<O, E>) -> u8 {
    let mut operator = Operator { args, session: Session::new(args), printer };
    let outcome = match &args.utility {
        Some(Utility::Populate(populate)) => operator.populate(populate),
        Some(Utility::List(list)) => operator.list(list),
        Some(Utility::Region(region)) => operator.region(region),
        None if args.words == ["-"] => operator.script(io::stdin().lock()),
        None => operator.command(&args.words.join(" ")),
    };
    outcome.unwrap_or_else(|error| {
        operator.printer.complain(&error);
        error.exit_status()
    })
}

struct Operator<'a, O, E> {
    args: &'a Args,
    session: Session<'a>,
    printer: &'a mut Printer<O, E>,
}

impl<O: Write, E: Write> Operator<'_, O, E> {
    /// One command. What is wrong with it is found here as a member would find it, and answered alike.
    fn command(&mut self, text: &str) -> Result<u8, OperateError> {
        match checked(text) {
            Err(error) => self.print(&Answer::of_error(&error, now())),
            Ok(command) => {
                let wait_ms = command.wait_ms.unwrap_or_else(|| self.wait_ms());
                let request = OperatorRequest::Command { text: command.text, wait_ms: Some(wait_ms) };
                self.ask_and_print(&request, wait_ms)
            }
        }
    }

    /// A command per line. A wrong one does not keep the next from being issued; a lost answer does.
    fn script(&mut self, input: impl BufRead) -> Result<u8, OperateError> {
        let mut worst = 0;
        for line in input.lines() {
            let line = line.map_err(OperateError::Input)?;
            let text = line.trim();
            if !text.is_empty() && !text.starts_with("/*") {
                worst = worst.max(self.command(text)?);
            }
        }
        Ok(worst)
    }

    /// Sends a job chunk by chunk. An answer that refuses a chunk is the answer to the job.
    fn populate(&mut self, populate: &Populate) -> Result<u8, OperateError> {
        if populate.delete && populate.mode != Mode::Stage {
            return Err(OperateError::DeleteWithoutStage);
        }
        let chunks = sources::chunks(sources::read(&populate.paths)?);
        let (job, count, wait_ms) = (now().0, chunks.len(), self.wait_ms());
        for (at, sources) in chunks.into_iter().enumerate() {
            let last = at + 1 == count;
            let request = OperatorRequest::Populate(PopulateRequest {
                job,
                mode: populate.mode.into(),
                condition: if populate.uncond {
                    PopulateCondition::Unconditional
                } else {
                    PopulateCondition::Latest
                },
                delete: populate.delete,
                sources,
                last,
                stamp: None,
            });
            let answer = self.session.ask(&request, wait_ms, self.printer)?;
            if last || answer.exit_status() >= EXIT_WRONG {
                return self.print(&answer);
            }
        }
        Ok(0)
    }

    /// A region that got its PSB says so and stays until its time is over.
    fn region(&mut self, region: &Region) -> Result<u8, OperateError> {
        let settings = session::client_settings(self.args)?;
        region::hold(&settings, region, |line| self.printer.line(line))?;
        Ok(0)
    }

    fn list(&mut self, list: &List) -> Result<u8, OperateError> {
        let request = OperatorRequest::List(ListRequest {
            kind: list.kind.map(Into::into),
            name: list.name.to_string(),
            instances: list.instances(),
        });
        self.ask_and_print(&request, self.wait_ms())
    }

    fn ask_and_print(&mut self, request: &OperatorRequest, wait_ms: u64) -> Result<u8, OperateError> {
        let answer = self.session.ask(request, wait_ms, self.printer)?;
        self.print(&answer)
    }

    fn print(&mut self, answer: &Answer) -> Result<u8, OperateError> {
        self.printer.answer(answer).map_err(OperateError::Print)?;
        Ok(answer.exit_status())
    }

    fn wait_ms(&self) -> u64 {
        self.args.wait.map_or(WAIT_MS, |seconds| seconds.saturating_mul(1_000))
    }
}

fn checked(text: &str) -> Result<Command, CommandError> {
    let command = Command::parse(text)?;
    CommandView::of(&command)?;
    Ok(command)
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::OutputFormat;
    use clap::Parser;

    /// Exit status, stdout and stderr of a call that finds no settings.
    fn call(words: &[&str], input: &str) -> (u8, String, String) {
        let words = ["spoc", "--config", "/nowhere/spoc.toml"].iter().chain(words);
        let args = Args::try_parse_from(words).unwrap();
        let mut printer = Printer::memory(OutputFormat::Table);
        let status = if input.is_empty() {
            operate(&args, &mut printer)
        } else {
            let session = Session::new(&args);
            let mut operator = Operator { args: &args, session, printer: &mut printer };
            operator.script(input.as_bytes()).unwrap_or_else(|error| error.exit_status())
        };
        let (answers, remarks) = printer.printed();
        (status, answers, remarks)
    }

    #[test]
    fn a_typo_needs_no_plex() {
        let (status, answers, remarks) = call(&["QRY", "DB", "SHOW(STATSU)"], "");
        assert_eq!((status, remarks.as_str()), (8, ""));
        assert!(answers.contains("            ^^^^^^\n"), "{answers}");
        assert!(answers.ends_with("did you mean STATUS?\n"), "{answers}");
    }

    #[test]
    fn a_right_command_needs_settings() {
        let (status, answers, remarks) = call(&["QRY DB"], "");
        assert_eq!((status, answers.as_str()), (8, ""));
        assert!(remarks.starts_with("spoc: the settings in /nowhere/spoc.toml"), "{remarks}");
    }

    #[test]
    fn a_script_goes_on_after_a_wrong_command_and_skips_comments() {
        let (status, answers, _) = call(&["-"], "/* a comment */\n\nQRY DBB\n  QRY TRAN\n");
        assert_eq!(status, 8);
        assert!(answers.starts_with("Response for: QRY DBB\n"), "{answers}");
        assert!(answers.contains("\n\nResponse for: QRY TRAN\n"), "{answers}");
    }

    #[test]
    fn a_populate_job_is_checked_before_anybody_is_asked() {
        let (status, _, remarks) = call(&["populate", "--mode", "update", "--delete", "x"], "");
        assert_eq!(
            (status, remarks.as_str()),
            (8, "spoc: --delete empties staging, and goes with --mode stage only\n")
        );
        let (status, _, remarks) = call(&["populate", "/nowhere/dbd"], "");
        assert_eq!(status, 8);
        assert!(remarks.starts_with("spoc: /nowhere/dbd can't be read: "), "{remarks}");
    }
}
