//! Commands asked for one after the other, with what was typed before at hand, and with completion: of words from the
//! grammar, of names from the plex: from what it has at the beginning, and from the answers since.

use csl::om::{Answer, MBR, Names, complete};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, ExternalPrinter, Helper};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

const PROMPT: &str = "SPOC> ";
/// The words that are no commands of the plex.
const OWN_WORDS: &[(&str, &str)] = &[
    ("exit", "ends the conversation"),
    ("explain", "tells what a message or a code means"),
    ("ha explain", "tells why the master changed, or why nothing happened"),
    ("help", "tells about commands"),
    ("status", "shows the plex on one page"),
];

/// Where history is kept, below the folder of such things.
const HISTORY: &str = "imsplex/spoc-history";

/// What the operator typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A command of the plex.
    Command(String),
    /// `help` with words of commands.
    Help(Vec<String>),
    /// `explain` with a number or code.
    Explain(Vec<String>),
    /// `status`.
    Status,
    /// `ha explain`.
    Availability,
    /// Nothing.
    Nothing,
    /// `exit`, `end` or `quit`.
    Exit,
}

impl Typed {
    fn of(line: &str) -> Self {
        let words: Vec<String> = line.split_whitespace().map(str::to_ascii_lowercase).collect();
        match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["status"] => return Self::Status,
            ["ha", "explain"] => return Self::Availability,
            _ => {}
        }
        let mut words = line.split_whitespace().map(str::to_string);
        let Some(first) = words.next() else { return Self::Nothing };
        match first.to_ascii_lowercase().as_str() {
            "exit" | "end" | "quit" => Self::Exit,
            "help" | "?" => Self::Help(words.collect()),
            "explain" => Self::Explain(words.collect()),
            _ => Self::Command(line.trim().to_string()),
        }
    }
}

/// Names that the plex has, as answers told: of members, and of what the members have.
#[derive(Debug, Default)]
pub(crate) struct Known {
    members: BTreeSet<String>,
    resources: BTreeSet<String>,
}

impl Known {
    /// Remembers the names in an answer: columns that do not scroll have them.
    pub(crate) fn learn(&mut self, answer: &Answer) {
        for column in answer.columns.iter().filter(|column| !column.scroll) {
            let known = if column.short == MBR { &mut self.members } else { &mut self.resources };
            let cells = answer.rows.iter().filter(|row| !row.is_blank(&column.short));
            known.extend(cells.filter_map(|row| row.get(&column.short)).map(ToString::to_string));
        }
    }

    /// The names that begin so.
    fn beginning(&self, names: Names, partial: &str) -> Vec<String> {
        let known = if names == Names::Members { &self.members } else { &self.resources };
        let partial = partial.to_ascii_uppercase();
        known.iter().filter(|name| name.starts_with(&partial)).cloned().collect()
    }
}

/// Lines from a terminal.
pub(crate) struct Terminal {
    editor: Editor<Grammar, FileHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// The terminal, with the history of the times before.
    pub(crate) fn open(known: Rc<RefCell<Known>>) -> rustyline::Result<Self> {
        let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Grammar { known }));
        let history = state_folder().map(|folder| folder.join(HISTORY));
        if let Some(file) = &history {
            // The first time there is none.
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, history })
    }

    /// What prints between the lines that are typed.
    pub(crate) fn external_printer(&mut self) -> rustyline::Result<impl ExternalPrinter + Send + use<>> {
        self.editor.create_external_printer()
    }

    /// What is typed next. The end of input is `exit`, and Ctrl-C gives up a line.
    pub(crate) fn next(&mut self) -> rustyline::Result<Typed> {
        match self.editor.readline(PROMPT) {
            Ok(line) => Ok(Typed::of(&line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Nothing),
            Err(ReadlineError::Eof) => Ok(Typed::Exit),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let Some(file) = &self.history else { return };
        // History is a comfort: where it can't be kept, nothing is lost that counts.
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = self.editor.save_history(file);
    }
}

/// Where programs keep what they remember from one time to the next.
fn state_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))
}

/// Completes from the grammar of commands, and from names that are known.
struct Grammar {
    known: Rc<RefCell<Known>>,
}

impl Completer for Grammar {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let text = line.get(..at).unwrap_or(line);
        let completion = complete(text);
        let pair = |(word, says): (String, &str)| {
            let display = if says.is_empty() { word.clone() } else { format!("{word:<10} {says}") };
            Pair { display, replacement: word }
        };
        let partial = &text[completion.from..];
        let names = completion.names.map(|names| self.known.borrow().beginning(names, partial));
        let own = OWN_WORDS
            .iter()
            .filter(|(word, _)| text[..completion.from].trim().is_empty() && begins(word, partial));
        let own = own.map(|(word, says)| pair(((*word).to_string(), says)));
        let words = completion.candidates.into_iter().map(pair).chain(own);
        let names = names.unwrap_or_default().into_iter().map(|name| pair((name, "")));
        Ok((completion.from, words.chain(names).collect()))
    }
}

fn begins(word: &str, partial: &str) -> bool {
    word.get(..partial.len()).is_some_and(|start| start.eq_ignore_ascii_case(partial))
}

impl Hinter for Grammar {
    type Hint = String;
}
impl Highlighter for Grammar {}
impl Validator for Grammar {}
impl Helper for Grammar {}

#[cfg(test)]
mod tests {
    use super::*;
    use csl::om::{Column, CompletionCode, Row};
    use rustyline::history::DefaultHistory;
    use vocabulary::{MemberName, Moment};

    #[test]
    fn a_line_is_a_command_unless_it_is_a_word_of_the_terminal() {
        assert_eq!(Typed::of("  QRY DB "), Typed::Command("QRY DB".to_string()));
        assert_eq!(Typed::of("HELP qry db"), Typed::Help(vec!["qry".to_string(), "db".to_string()]));
        assert_eq!(Typed::of("explain DFS4373I"), Typed::Explain(vec!["DFS4373I".to_string()]));
        assert_eq!(Typed::of("quit"), Typed::Exit);
        assert_eq!(Typed::of("Status "), Typed::Status);
        assert_eq!(Typed::of("ha  explain"), Typed::Availability);
        assert_eq!(Typed::of("   "), Typed::Nothing);
    }

    fn completed(grammar: &Grammar, line: &str, at: usize) -> (usize, String) {
        let history = DefaultHistory::new();
        let (from, pairs) = grammar.complete(line, at, &Context::new(&history)).unwrap();
        let words: Vec<_> = pairs.into_iter().map(|pair| pair.replacement).collect();
        (from, words.join(" "))
    }

    #[test]
    fn the_word_before_the_cursor_is_completed() {
        let grammar = Grammar { known: Rc::default() };
        assert_eq!(completed(&grammar, "QRY DB SH", 9), (7, "SHOW(".to_string()));
        assert_eq!(
            completed(&grammar, "QRY  NAME(X)", 4),
            (4, "AUDIT CATALOG DB IMS IMSPLEX MASTER MEMBER OLC PGM".to_string())
        );
    }

    #[test]
    fn words_of_the_terminal_are_completed_where_a_command_can_begin() {
        let grammar = Grammar { known: Rc::default() };
        assert_eq!(completed(&grammar, "st", 2), (0, "start sta status".to_string()));
        assert_eq!(completed(&grammar, "EXP", 3), (0, "EXPORT EXP explain".to_string()));
        assert_eq!(completed(&grammar, "QRY st", 6), (4, String::new()));
    }

    #[test]
    fn names_are_completed_from_the_answers_so_far() {
        let mut answer = Answer::new("QRY DB", Moment(0));
        answer.columns = vec![Column::name("DB", "DBName", 1), Column::member(), Column::completion()];
        let row = |db: &str| Row::of(MemberName::new("IMS1").unwrap(), CompletionCode::OK).with("DB", db);
        answer.rows = vec![row("ACCTDB"), row("LOANDB"), row("")];
        let known: Rc<RefCell<Known>> = Rc::default();
        known.borrow_mut().learn(&answer);
        let grammar = Grammar { known };
        assert_eq!(completed(&grammar, "UPD DB NAME(a", 13), (12, "ACCTDB".to_string()));
        assert_eq!(completed(&grammar, "UPD DB NAME(", 12), (12, "ACCTDB LOANDB".to_string()));
        assert_eq!(completed(&grammar, "QRY DB ROUTE(", 13), (13, "* % IMS1".to_string()));
        assert_eq!(completed(&grammar, "QRY DB WAIT(", 12), (12, String::new()));
    }
}
