//! What the operator types.

use clap::builder::Resettable;
use clap::{Args as Group, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use csl::envelope::{DdlOptions, ListInstances, PopulateMode};
use csl::om::Generic;
use csl::om::render::Layout;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use vocabulary::{MemberName, Moment, PsbName, ResourceKind, Severity};

/// Issues commands to an IMSplex: its single point of control.
///
/// COMMAND is a command of the plex, in one argument or several:
///
///   spoc "QRY MEMBER TYPE(IMS) SHOW(STATUS)"
///   spoc IMP DEFN "SOURCE(CATALOG)"
///
/// Quote what has parentheses or stars, or the shell takes them for its own.
/// With `-` for COMMAND, commands are read from stdin as `spoc batch` reads
/// them from a file. Without any COMMAND, on a terminal, commands are asked
/// for one after the other. `spoc help` lists the commands there are.
///
/// What an option says goes before its environment variable, and that before
/// the settings file.
///
/// Exit status: 0 it worked, 4 with a warning or for some only, 8 what was asked
/// is wrong, 12 it worked for none, 16 nobody could be reached.
#[derive(Debug, Parser)]
#[command(
    name = "spoc",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true,
    subcommand_negates_reqs = true
)]
#[command(
    override_usage = "spoc [OPTIONS] [COMMAND]...\n       spoc [OPTIONS] -\n       spoc [OPTIONS] populate|ddl|list|region|status|ha|log|batch|contexts|explain|help|completion ..."
)]
pub(crate) struct Args {
    /// Settings [default: spoc.toml here, else imsplex/spoc.toml in the configuration folder of the user]
    #[arg(long, global = true, value_name = "FILE", env = "IMSPLEX_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// Which plex of the settings [default: what `context` in the settings says]
    #[arg(long, global = true, value_name = "NAME", env = "IMSPLEX_CONTEXT", hide_env_values = true)]
    pub(crate) context: Option<String>,

    /// Ask only this member [default: the first one of the settings that answers]
    #[arg(long, global = true, value_name = "NAME", env = "IMSPLEX_MEMBER", hide_env_values = true)]
    pub(crate) member: Option<MemberName>,

    /// How the answer is printed [default: table]
    #[arg(long, global = true, value_name = "FORMAT", env = "IMSPLEX_OUTPUT", hide_env_values = true)]
    pub(crate) output: Option<OutputFormat>,

    /// How a table is laid out that is wider than the terminal [default: wrap]
    #[arg(long, global = true, value_name = "LAYOUT", env = "IMSPLEX_LAYOUT", hide_env_values = true)]
    pub(crate) layout: Option<TableLayout>,

    /// How long answers are waited for, unless the command says WAIT [default: 300]
    #[arg(long, global = true, value_name = "SECONDS", env = "IMSPLEX_WAIT", hide_env_values = true,
        value_parser = clap::value_parser!(u64).range(1..=WAIT_S_MAX))]
    pub(crate) wait: Option<u64>,

    /// A command and response token of up to 16 characters, which --output xml repeats with each answer
    #[arg(long, global = true, value_name = "TOKEN", env = "IMSPLEX_CART", hide_env_values = true, value_parser = cart)]
    pub(crate) cart: Option<String>,

    /// Write no colours; so does the environment variable NO_COLOR. Nothing is told by colour alone
    #[arg(long, global = true)]
    pub(crate) no_color: bool,

    /// Where commands are asked for one after the other: show what members say meanwhile (unsolicited messages)
    #[arg(long)]
    pub(crate) messages: bool,

    #[command(subcommand)]
    pub(crate) utility: Option<Utility>,

    /// A command of the plex, or `-`
    #[arg(value_name = "COMMAND")]
    pub(crate) words: Vec<String>,
}

impl Args {
    /// The arguments of this process. An environment variable that is set to nothing is as one that is not set.
    pub(crate) fn of_process() -> Result<Self, clap::Error> {
        let words: Vec<_> = std::env::args_os().collect();
        let no_color = words.iter().any(|word| word == "--no-color");
        let colors = if no_color { ColorChoice::Never } else { ColorChoice::Auto };
        let command = Self::command().color(colors).mut_args(|arg| {
            let value = arg.get_env().and_then(std::env::var_os);
            if value.is_some_and(|value| value.is_empty()) { arg.env(Resettable::Reset) } else { arg }
        });
        Self::from_arg_matches(&command.try_get_matches_from(words)?)
    }
}

/// The most characters of a command and response token.
const CART_LENGTH_MAX: usize = 16;

fn cart(text: &str) -> Result<String, String> {
    let fits = (1..=CART_LENGTH_MAX).contains(&text.len());
    match fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text.to_string()),
        false => Err(format!("a token has 1 to {CART_LENGTH_MAX} visible characters, and no blanks")),
    }
}

/// The longest time to wait: 999 minutes and 59 seconds.
pub(crate) const WAIT_S_MAX: u64 = 59_999;

/// What can be done besides issuing commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Utility {
    /// Put DBD and PSB source into the catalog (the populate utility, DFS3PU00)
    Populate(Populate),
    /// Carry out DDL: CREATE, ALTER and DROP databases and program views (the data definition utility, DFS3ID00)
    Ddl(Ddl),
    /// List what the catalog holds (the catalog query, DFS3CATQ)
    List(List),
    /// Hold a PSB scheduled in a dependent region of a member (a BMP that does nothing); give --member
    Region(Region),
    /// Show the plex on one page: members, master, directory level, what an activation waits for, the last takeover
    Status,
    /// Tell why the master changed, or why nothing happened
    Ha {
        /// What is to be told
        #[command(subcommand)]
        what: Ha,
    },
    /// Show the messages of the members, all together in the order of time, or those of --member
    Log(LogArgs),
    /// Issue commands from a file (the Batch SPOC, CSLUSPOC): `+` or `-` at the end of a line continues a command
    Batch {
        /// The file, or `-` for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the contexts of the settings: the plexes that --context can name
    Contexts,
    /// Tell what a message, a completion code or a return code means: DFS4373I, CC B1, RC 02000004 00001000
    Explain {
        /// A message number, or CC or RC with a code
        #[arg(required = true, value_name = "WHAT")]
        words: Vec<String>,
    },
    /// Help on commands of the plex: all of them, those of a verb, or one
    Help {
        /// A verb, or a verb and a resource type
        #[arg(value_name = "WORDS")]
        words: Vec<String>,
    },
    /// Write a completion script for a shell: `source <(spoc completion bash)`
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// What can be told of availability.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Ha {
    /// Explain from the recorded evidence who leads and since when, what made the last change, who is missing, and which
    /// activations a survivor took over
    Explain,
}

/// Arguments of a dependent region.
#[derive(Debug, Group)]
pub(crate) struct Region {
    /// The PSB to schedule
    #[arg(long, value_name = "NAME")]
    pub(crate) psb: PsbName,

    /// How long it stays scheduled [default: until stdin ends]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) hold: Option<u64>,
}

/// Arguments of DFS3PU00.
#[derive(Debug, Group)]
pub(crate) struct Populate {
    /// Where the definitions go (MANAGEDACBS)
    #[arg(long, value_enum, default_value = "stage")]
    pub(crate) mode: Mode,

    /// Take instances that are older than those in the directory, too (UNCOND instead of LATEST)
    #[arg(long)]
    pub(crate) uncond: bool,

    /// Empty staging first (DELETE); with --mode stage
    #[arg(long)]
    pub(crate) delete: bool,

    /// Source members, and folders whose files are all taken, except those that begin with a dot
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Arguments of DFS3ID00.
#[derive(Debug, Group)]
pub(crate) struct Ddl {
    /// Repeat the text of every unit of work, and not just of what is wrong (VERBOSE)
    #[arg(long)]
    pub(crate) verbose: bool,

    /// Commit what follows the last COMMIT DDL; else it is rolled back (AUTOCOMMIT)
    #[arg(long)]
    pub(crate) autocommit: bool,

    /// Check everything, and change nothing (SIMULATE)
    #[arg(long)]
    pub(crate) simulate: bool,

    /// Activate each unit of work when it is committed, whatever it changes (AUTOACTIVATE)
    #[arg(long, conflicts_with = "dynamic_program_view")]
    pub(crate) autoactivate: bool,

    /// Activate units of nothing but program views when they are committed (DYNAMICPROGRAMVIEW=(CREATEYES))
    #[arg(long)]
    pub(crate) dynamic_program_view: bool,

    /// Files of DDL statements, read one after the other, and folders whose files are all taken
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}

impl Ddl {
    pub(crate) fn options(&self) -> DdlOptions {
        DdlOptions {
            verbose: self.verbose,
            auto_commit: self.autocommit,
            simulate: self.simulate,
            auto_activate: self.autoactivate,
            program_views: self.dynamic_program_view,
        }
    }
}

/// Where the definitions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Into staging, to be activated by IMPORT DEFN SOURCE(CATALOG) (STAGE)
    Stage,
    /// Into the directory, active at once (UPDATE)
    Update,
    /// Into an empty directory, active at once (SETUP)
    Setup,
}

impl From<Mode> for PopulateMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Stage => Self::Stage,
            Mode::Update => Self::Update,
            Mode::Setup => Self::Setup,
        }
    }
}

/// Arguments of `log`.
#[derive(Debug, Group)]
pub(crate) struct LogArgs {
    /// Go on with what the members say from now on, until it is interrupted
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Only what was said since then: a time back from now, such as `10m` or `2h`, or a moment, such as
    /// `2026-11-21T17:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,

    /// Only messages that are at least so bad
    #[arg(long, value_enum, ignore_case = true, value_name = "LETTER", default_value = "i")]
    pub(crate) severity: SeverityLetter,
}

/// When to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(Duration),
    /// Then.
    At(Moment),
}

impl Since {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(ago) = humantime::parse_duration(text) {
            return Ok(Self::Ago(ago));
        }
        let wrong = || {
            "it takes a time back from now, such as 10m, or a moment, such as 2026-11-21T17:00:00Z"
                .to_string()
        };
        let at = humantime::parse_rfc3339_weak(text).map_err(|_| wrong())?;
        let since_1970 = at.duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
        Ok(Self::At(Moment(u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX))))
    }

    /// The moment that is meant by somebody who says so now.
    pub(crate) fn moment(self, now: Moment) -> Moment {
        match self {
            Self::At(moment) => moment,
            Self::Ago(ago) => {
                Moment(now.0.saturating_sub(u64::try_from(ago.as_micros()).unwrap_or(u64::MAX)))
            }
        }
    }
}

/// How bad a message is, by the letter at the end of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityLetter {
    /// Everything
    I,
    /// Warnings and worse
    W,
    /// Errors and worse
    E,
    /// What a person has to act upon
    A,
}

impl From<SeverityLetter> for Severity {
    fn from(letter: SeverityLetter) -> Self {
        match letter {
            SeverityLetter::I => Self::Information,
            SeverityLetter::W => Self::Warning,
            SeverityLetter::E => Self::Error,
            SeverityLetter::A => Self::Action,
        }
    }
}

/// Arguments of DFS3CATQ.
#[derive(Debug, Group)]
pub(crate) struct List {
    /// Only definitions of this kind
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,

    /// Only definitions of this name: `*` stands for any characters, `%` for one
    #[arg(long, default_value = "*", value_name = "NAME", value_parser = Generic::new)]
    pub(crate) name: Generic,

    /// What is in the directory (DEFINITION=CURRENT)
    #[arg(long, group = "instances")]
    pub(crate) active: bool,

    /// What is in staging (DEFINITION=PENDING)
    #[arg(long, group = "instances")]
    pub(crate) pending: bool,

    /// Both, and prior instances (DEFINITION=BOTH); the default
    #[arg(long, group = "instances")]
    pub(crate) all: bool,
}

impl List {
    pub(crate) fn instances(&self) -> ListInstances {
        match (self.active, self.pending) {
            (true, _) => ListInstances::Active,
            (_, true) => ListInstances::Pending,
            _ => ListInstances::All,
        }
    }
}

/// A kind of definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Databases (TYPE=DATABASE)
    Dbd,
    /// Programs (TYPE=PSB)
    Psb,
}

impl From<Kind> for ResourceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Dbd => Self::Dbd,
            Kind::Psb => Self::Psb,
        }
    }
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutputFormat {
    /// As the TSO SPOC shows it
    #[default]
    Table,
    /// One JSON object for each answer
    Json,
    /// One XML document for each answer, as OM writes it
    Xml,
}

/// How a table is laid out that is wider than the terminal: `F=` of the Batch SPOC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TableLayout {
    /// A row goes on in the next line
    #[default]
    Wrap,
    /// The columns that fit, for all rows; then the next columns
    Bycol,
    /// Every column of a row, a line each; then the next row
    Byrsc,
}

impl From<TableLayout> for Layout {
    fn from(layout: TableLayout) -> Self {
        match layout {
            TableLayout::Wrap => Self::Wrap,
            TableLayout::Bycol => Self::ByColumn,
            TableLayout::Byrsc => Self::ByResource,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    /// What a story about arguments can do.
    #[derive(goldenscript::Command)]
    enum ArgsStory {
        /// Shows what arguments mean, or why they are refused.
        Spoc(#[arg(optional)] Vec<String>),
    }

    struct Stories;

    impl goldenscript::Runner for Stories {
        type Command = ArgsStory;

        fn run(&mut self, command: &ArgsStory, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
            let ArgsStory::Spoc(words) = command;
            let all = std::iter::once("spoc").chain(words.iter().map(String::as_str));
            Ok(match Args::try_parse_from(all) {
                Ok(args) => format!("{args:?}\n"),
                Err(refusal) => {
                    let text = refusal.to_string();
                    format!(
                        "exit {}: {}\n",
                        crate::refusal_status(&refusal),
                        text.lines().next().unwrap_or_default()
                    )
                }
            })
        }
    }

    #[test]
    fn arguments() {
        goldenscript::run(&mut Stories, "scripts/arguments").unwrap();
    }

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }
}
