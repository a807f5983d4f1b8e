//! What is done with the arguments: a command, commands from a file or a terminal, or a utility.

use crate::args::{Args, Ddl, Ha, List, LogArgs, Mode, OutputFormat, Populate, Region, Utility};
use crate::batch::{BatchError, Commands};
use crate::explain::{self, ExplainError};
use crate::ha::{self, Account};
use crate::help::{self, HelpError};
use crate::interactive::{Known, Terminal, Typed};
use crate::log::{self, Kept, KeptWanted, News, Shown, Wanted};
use crate::printer::{Printer, Style};
use crate::region::{self, RegionError};
use crate::session::{self, Session, SessionError};
use crate::settings::{Preferences, SettingsError, SettingsFile};
use crate::sources::{self, SourceError};
use crate::status::{self, Status};
use crate::unsolicited;
use crate::{EXIT_ENVIRONMENT, EXIT_WARNING, EXIT_WRONG};
use clap::CommandFactory;
use csl::envelope::{
    DdlRequest, ListInstances, ListRequest, OperatorRequest, PopulateCondition, PopulateRequest,
};
use csl::om::render::Page;
use csl::om::view::CommandView;
use csl::om::{Answer, Command, CommandError, Generic};
use sci::named_file;
use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};
use vocabulary::Moment;

/// How long OM collects answers where neither the command nor the operator says it (the default of CSLOMCMD).
const WAIT_MS: u64 = 300_000;

/// The longest file of commands, in bytes. From stdin there may come any number of them.
const BATCH_BYTES_MAX: u64 = 64 << 20;

/// What a terminal asks for the names of members, and how long it waits.
const NAMES_OF_MEMBERS: &str = "QUERY MEMBER TYPE(IMS) SHOW(ATTRIB)";
const NAMES_WAIT_MS: u64 = 2_000;

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
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Explain(#[from] ExplainError),
    #[error(transparent)]
    Help(#[from] HelpError),
    #[error("{}: {source}", from.display())]
    Batch { from: PathBuf, source: BatchError },
    #[error("{} can't be read: {source}", file.display())]
    NoBatch { file: PathBuf, source: io::Error },
    #[error("the terminal can't be read: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
    #[error("there is no command: `spoc help` lists those there are, `spoc --help` tells the rest")]
    NoCommand,
    #[error(
        "messages are printed as text or as JSON, a line each, and not as XML: say --output table or json"
    )]
    LogAsXml,
    #[error("messages can't be shown meanwhile: {0}")]
    Unsolicited(#[source] io::Error),
    #[error("the answer could not be printed: {0}")]
    Print(#[source] io::Error),
}

impl OperateError {
    fn exit_status(&self) -> u8 {
        match self {
            Self::Session(error) => error.exit_status(),
            Self::Region(error) => error.exit_status(),
            Self::Sources(_) | Self::DeleteWithoutStage | Self::Settings(_) => EXIT_WRONG,
            Self::Explain(_) | Self::Help(_) | Self::NoCommand => EXIT_WRONG,
            Self::Batch { .. } | Self::NoBatch { .. } | Self::LogAsXml => EXIT_WRONG,
            Self::Print(_) | Self::Terminal(_) | Self::Unsolicited(_) => EXIT_ENVIRONMENT,
        }
    }
}

/// What the settings say about printing and waiting. A file that can't be read says nothing here: it is told of when
/// somebody has to be asked.
pub(crate) fn preferences(args: &Args) -> Preferences {
    SettingsFile::read(args).map(|file| file.preferences).unwrap_or_default()
}

/// How answers are printed: as the arguments say, else as the settings do.
pub(crate) fn style(args: &Args, preferences: &Preferences) -> Style {
    Style {
        format: args.output.or(preferences.output).unwrap_or_default(),
        layout: args.layout.or(preferences.layout).unwrap_or_default(),
        no_color: args.no_color,
        cart: args.cart.clone(),
    }
}

/// Does what the arguments say, and gives the exit status.
pub(crate) fn operate<O: Write, E: Write>(
    args: &Args,
    preferences: &Preferences,
    printer: &mut Printer<O, E>,
) -> u8 {
    let session = Session::new(args);
    let mut operator = Operator { args, preferences, session, printer, known: Rc::default() };
    let outcome = match &args.utility {
        Some(Utility::Populate(populate)) => operator.populate(populate),
        Some(Utility::Ddl(ddl)) => operator.ddl(ddl),
        Some(Utility::List(list)) => operator.list(list),
        Some(Utility::Region(region)) => operator.region(region),
        Some(Utility::Status) => operator.status(),
        Some(Utility::Ha { what: Ha::Explain }) => operator.explain_availability(),
        Some(Utility::Log(log)) => operator.log(log),
        Some(Utility::Batch { file }) => operator.batch(file),
        Some(Utility::Contexts) => operator.contexts(),
        Some(Utility::Explain { words }) => operator.explain(words),
        Some(Utility::Help { words }) => operator.help(words),
        Some(Utility::Completion { shell }) => operator.completion(*shell),
        None if args.words == ["-"] => operator.batch(Path::new("-")),
        None if !args.words.is_empty() => operator.command(&args.words.join(" ")),
        None if io::stdin().is_terminal() => operator.interactive(),
        None => Err(OperateError::NoCommand),
    };
    outcome.unwrap_or_else(|error| operator.complain(&error))
}

/// The names that a terminal can complete before anything is typed.
#[cfg(test)]
pub(crate) fn names_at_first<O: Write, E: Write>(args: &Args, printer: &mut Printer<O, E>) -> Known {
    let (session, preferences) = (Session::new(args), Preferences::default());
    let mut operator = Operator { args, preferences: &preferences, session, printer, known: Rc::default() };
    let learned = operator.learn_names().map_err(|error| error.to_string());
    learned.map(|()| operator.known.take()).unwrap_or_default()
}

struct Operator<'a, O, E> {
    args: &'a Args,
    preferences: &'a Preferences,
    session: Session<'a>,
    printer: &'a mut Printer<O, E>,
    /// Names of the answers so far.
    known: Rc<RefCell<Known>>,
}

impl<O: Write, E: Write> Operator<'_, O, E> {
    /// Says why there is no answer, and gives the exit status.
    fn complain(&mut self, error: &OperateError) -> u8 {
        self.printer.complain(error);
        error.exit_status()
    }

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

    /// The plex on one page.
    fn status(&mut self) -> Result<u8, OperateError> {
        let answers = self.ask_all(&status::COMMANDS)?;
        let status = Status::of(&answers);
        self.page(&answers, |page| status.text(page), |worst| status.json(worst))
    }

    /// Why the master changed, or why nothing happened.
    fn explain_availability(&mut self) -> Result<u8, OperateError> {
        let answers = self.ask_all(&ha::COMMANDS)?;
        let account = Account::of(&answers);
        self.page(&answers, |page| account.text(page), |worst| account.json(worst))
    }

    /// The answers that a page is made of. They are not waited for as long as that to a command is: who is silent is told
    /// of as such.
    fn ask_all(&mut self, commands: &[&str]) -> Result<Vec<Answer>, OperateError> {
        let seconds = self.args.wait.unwrap_or(status::WAIT_S);
        let wait_ms = seconds.saturating_mul(1_000);
        let mut answers = Vec::new();
        for text in commands {
            let request = OperatorRequest::Command { text: (*text).to_string(), wait_ms: Some(wait_ms) };
            answers.push(self.session.ask(&request, wait_ms, self.printer)?);
        }
        Ok(answers)
    }

    /// Prints a page that is made of answers, and gives the worst of their exit statuses.
    fn page(
        &mut self,
        answers: &[Answer],
        text: impl FnOnce(Page) -> String,
        json: impl FnOnce(u8) -> serde_json::Value,
    ) -> Result<u8, OperateError> {
        let worst = answers.iter().map(Answer::exit_status).max().unwrap_or_default();
        match self.printer.format() {
            OutputFormat::Table => self.told(&text(self.printer.page()))?,
            OutputFormat::Json => self.told(&format!("{:#}\n", json(worst)))?,
            // OM has no document for such a page, so there is one for each answer that it is made of.
            OutputFormat::Xml => {
                answers
                    .iter()
                    .try_for_each(|answer| self.printer.answer(answer))
                    .map_err(OperateError::Print)?;
                0
            }
        };
        Ok(worst)
    }

    /// Commands from a file, or from stdin where it is `-`.
    fn batch(&mut self, file: &Path) -> Result<u8, OperateError> {
        if file == Path::new("-") {
            return self.script(Path::new("stdin"), io::stdin().lock());
        }
        let read = named_file::read(file, BATCH_BYTES_MAX);
        let input = read.map_err(|source| OperateError::NoBatch { file: file.to_path_buf(), source })?;
        self.script(file, input.as_slice())
    }

    /// A wrong command does not keep the next from being issued; a lost answer does.
    fn script(&mut self, from: &Path, input: impl BufRead) -> Result<u8, OperateError> {
        let mut worst = 0;
        for text in Commands::of(input) {
            let text = text.map_err(|source| OperateError::Batch { from: from.to_path_buf(), source })?;
            worst = worst.max(self.command(&text)?);
        }
        Ok(worst)
    }

    /// Commands from the terminal until there is an end; the exit status is that of the last. What is lost or wrong
    /// is said, and the next command tried with a new connection.
    fn interactive(&mut self) -> Result<u8, OperateError> {
        let mut terminal = Terminal::open(Rc::clone(&self.known))?;
        if self.args.messages {
            let settings = session::client_settings(self.args)?;
            let printer = terminal.external_printer()?;
            unsolicited::begin(session::runtime()?, settings, printer).map_err(OperateError::Unsolicited)?;
        }
        // Who can't be reached now may be there when it is asked something.
        let mut status = self.learn_names().map_or_else(|error| self.start_anew(&error), |()| 0);
        loop {
            let outcome = match terminal.next()? {
                Typed::Exit => return Ok(status),
                Typed::Nothing => continue,
                Typed::Help(words) => self.help(&words),
                Typed::Explain(words) => self.explain(&words),
                Typed::Status => self.status(),
                Typed::Availability => self.explain_availability(),
                Typed::Command(text) => self.command(&text),
            };
            status = outcome.unwrap_or_else(|error| self.start_anew(&error));
        }
    }

    /// Says why there is no answer, and forgets the connection that had none.
    fn start_anew(&mut self, error: &OperateError) -> u8 {
        self.session.close();
        self.complain(error)
    }

    /// Learns from the plex the names that can be completed: of what is in the directory, and of members.
    fn learn_names(&mut self) -> Result<(), OperateError> {
        let (kind, name, instances) = (None, Generic::all().to_string(), ListInstances::Active);
        let members =
            OperatorRequest::Command { text: NAMES_OF_MEMBERS.to_string(), wait_ms: Some(NAMES_WAIT_MS) };
        for request in [OperatorRequest::List(ListRequest { kind, name, instances }), members] {
            let answer = self.session.ask(&request, NAMES_WAIT_MS, self.printer)?;
            self.known.borrow_mut().learn(&answer);
        }
        Ok(())
    }

    fn contexts(&mut self) -> Result<u8, OperateError> {
        let settings = SettingsFile::read(self.args)?;
        let meant = self.args.context.as_deref().or(settings.preferences.context.as_deref());
        let row = |is_meant: bool, name: &str, plex: &dyn Display, members: &str| {
            format!("{} {name:<16} {plex:<8} {members}\n", if is_meant { '*' } else { ' ' })
        };
        let mut text = row(false, "Context", &"Plex", "Members");
        if let Some((plex, members)) = settings.unnamed() {
            text.push_str(&row(meant.is_none(), "(unnamed)", &plex, &members));
        }
        for (name, plex, members) in settings.contexts() {
            text.push_str(&row(meant == Some(name), name, &plex, &members));
        }
        self.told(&text)
    }

    fn explain(&mut self, words: &[String]) -> Result<u8, OperateError> {
        let text = explain::explain(words)?;
        self.told(&text)
    }

    fn help(&mut self, words: &[String]) -> Result<u8, OperateError> {
        let text = help::help(words)?;
        self.told(&text)
    }

    fn completion(&mut self, shell: clap_complete::Shell) -> Result<u8, OperateError> {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "spoc", &mut script);
        self.told(&String::from_utf8_lossy(&script))
    }

    fn told(&mut self, text: &str) -> Result<u8, OperateError> {
        self.printer.text(text).map_err(OperateError::Print)?;
        Ok(0)
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

    /// Sends DDL chunk by chunk. An answer that refuses a chunk is the answer to the job.
    fn ddl(&mut self, ddl: &Ddl) -> Result<u8, OperateError> {
        let chunks = sources::chunks(sources::read(&ddl.paths)?);
        let (job, count, wait_ms) = (now().0, chunks.len(), self.wait_ms());
        for (at, sources) in chunks.into_iter().enumerate() {
            let last = at + 1 == count;
            let request = OperatorRequest::Ddl(DdlRequest { job, options: ddl.options(), sources, last });
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

    /// What the members keep of their messages, and with --follow what they go on to say, until nobody reads it.
    fn log(&mut self, log: &LogArgs) -> Result<u8, OperateError> {
        if self.printer.format() == OutputFormat::Xml {
            return Err(OperateError::LogAsXml);
        }
        let settings = session::client_settings(self.args)?;
        let kept = log.since.map_or(KeptWanted::All, |since| KeptWanted::Since(since.moment(now())));
        let wanted = Wanted { severity: log.severity.into(), kept };
        let runtime = session::runtime()?;
        let kept = runtime.block_on(log::kept(&settings, wanted));
        let (status, read) = self.print_kept(&kept, settings.members.len())?;
        if !log.follow || !read {
            return Ok(status);
        }
        runtime.block_on(async {
            let mut news = kept.follow(wanted);
            while let Some(one) = news.recv().await {
                if !self.print_news(&one)? {
                    break;
                }
            }
            Ok(status)
        })
    }

    /// The exit status, and whether there is still a reader.
    fn print_kept(&mut self, kept: &Kept, asked: usize) -> Result<(u8, bool), OperateError> {
        for (member, error) in &kept.troubles {
            self.printer.complain(&format_args!("{member} can't be read: {error}"));
        }
        for shown in &kept.shown {
            if !self.print_shown(shown)? {
                return Ok((0, false));
            }
        }
        let status = match kept.troubles.len() {
            0 => 0,
            silent if silent < asked => EXIT_WARNING,
            _ => EXIT_ENVIRONMENT,
        };
        Ok((status, true))
    }

    fn print_news(&mut self, news: &News) -> Result<bool, OperateError> {
        match news {
            News::Shown(shown) => self.print_shown(shown),
            News::Trouble(..) | News::Back(_) => {
                self.printer.complain(news);
                Ok(true)
            }
        }
    }

    fn print_shown(&mut self, shown: &Shown) -> Result<bool, OperateError> {
        let line = if self.printer.format() == OutputFormat::Json { shown.json() } else { shown.to_string() };
        self.printer.one_of_many(&line).map_err(OperateError::Print)
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
        self.known.borrow_mut().learn(answer);
        self.printer.answer(answer).map_err(OperateError::Print)?;
        Ok(answer.exit_status())
    }

    fn wait_ms(&self) -> u64 {
        self.args.wait.or(self.preferences.wait).map_or(WAIT_MS, |seconds| seconds.saturating_mul(1_000))
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
    use clap::Parser;

    /// Exit status, stdout and stderr of a call that finds no settings.
    fn call(words: &[&str], input: &str) -> (u8, String, String) {
        let words = ["spoc", "--config", "/nowhere/spoc.toml"].iter().chain(words);
        let args = Args::try_parse_from(words).unwrap();
        let (preferences, mut printer) = (preferences(&args), Printer::memory(OutputFormat::Table));
        let status = if input.is_empty() {
            operate(&args, &preferences, &mut printer)
        } else {
            let session = Session::new(&args);
            let mut operator = Operator {
                args: &args,
                preferences: &preferences,
                session,
                printer: &mut printer,
                known: Rc::default(),
            };
            let outcome = operator.script(Path::new("stdin"), input.as_bytes());
            outcome.unwrap_or_else(|error| operator.complain(&error))
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

    #[test]
    fn commands_before_a_comment_that_is_never_closed_are_issued_and_those_behind_it_are_not() {
        let (status, answers, remarks) = call(&["-"], "QRY DBB\n/* open\nQRY TRAN\n");
        assert_eq!(status, 8);
        assert!(answers.starts_with("Response for: QRY DBB\n") && !answers.contains("TRAN"), "{answers}");
        assert!(remarks.starts_with("spoc: stdin: the comment that line 2 opens"), "{remarks}");
        let (status, _, remarks) = call(&["batch", "/nowhere/commands"], "");
        assert_eq!(status, 8);
        assert!(remarks.starts_with("spoc: /nowhere/commands can't be read: "), "{remarks}");
    }

    #[test]
    fn what_needs_no_plex_is_told_without_settings() {
        let (status, answers, _) = call(&["help", "qry", "db"], "");
        assert_eq!(status, 0);
        assert!(answers.starts_with("{QUERY|QRY} DB "), "{answers}");
        assert_eq!(call(&["help", "nonsense"], "").0, 8);
        assert!(call(&["explain", "DFS4755E"], "").1.starts_with("# DFS4755E\n"));
        assert_eq!(call(&["explain", "DFS0000I"], "").0, 8);
        assert!(call(&["completion", "bash"], "").1.contains("--output"));
        assert_eq!(call(&["contexts"], "").0, 8);
    }

    #[test]
    fn an_argument_goes_before_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spoc.toml");
        std::fs::write(&file, "output = 'json'\nlayout = 'bycol'\nwait = 30\n").unwrap();
        let args = |more: &[&str]| {
            let words = ["spoc", "--config", file.to_str().unwrap()].into_iter().chain(more.iter().copied());
            Args::try_parse_from(words).unwrap()
        };
        let style_of = |args: &Args| style(args, &preferences(args));
        let plain = style_of(&args(&["QRY DB"]));
        assert_eq!((plain.format, plain.layout), (OutputFormat::Json, crate::args::TableLayout::Bycol));
        let said = style_of(&args(&["--output", "xml", "QRY DB"]));
        assert_eq!(said.format, OutputFormat::Xml);
        assert_eq!(preferences(&args(&["QRY DB"])).wait, Some(30));
    }
}
