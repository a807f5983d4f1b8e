//! Documents whose commands are run: what a page says that a command prints is what it prints.
//!
//! In a fenced block ```` ```console run ```` each line that begins with `$ ` is a command, and the lines below it are
//! what it prints, on both outputs. A block ```` ```sh run ```` is run as a whole, prints what it likes, and has to end
//! with status 0. All blocks of a page are one session of one shell, in a folder that has a copy of `cluster-config`.
//! A line `...` stands for any lines.
//!
//! Moments, stamps and tokens differ from run to run and are compared by their form. The ports 7101 to 7106 of
//! `cluster-config` become ports of this machine that nobody else takes.
//!
//! A fence that ends with `on HOST` is run on a host of [`crate::hosts`], each command in a shell of its own.

mod form;
mod session;

use crate::{Binaries, ports};
pub(crate) use session::{Ended, Session};
use std::fmt::Write as _;
use std::fs;
use std::io;

/// A machine that is busy must not change the master where the page does not: elections take longer than by default.
pub(crate) const PATIENCE: &str =
    "\n[consensus]\nheartbeat_ms = 200\nelection_min_ms = 2500\nelection_max_ms = 4000\n";

/// The first port that pages name.
const FIRST_PORT: u16 = 7101;
const PORTS: usize = 6;

/// A page, as its lines and the commands among them.
#[derive(Debug)]
pub struct Document {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A line that is not run.
    Line(String),
    /// A command, and what the page says that it prints.
    Command { command: String, printed: Vec<String>, host: Option<String> },
    /// A block that is run as a whole.
    Block { lines: Vec<String>, host: Option<String> },
}

/// Where the parser is.
enum Place {
    Outside,
    Console(Option<String>),
    Block,
    /// In a block that is not run.
    Aside,
}

impl Document {
    /// Reads a page.
    pub fn parse(text: &str) -> Self {
        let (mut pieces, mut place) = (Vec::new(), Place::Outside);
        for line in text.lines() {
            place = step(&mut pieces, place, line);
        }
        Self { pieces }
    }

    /// Whether there is anything to run.
    pub fn has_commands(&self) -> bool {
        self.pieces.iter().any(|piece| !matches!(piece, Piece::Line(_)))
    }

    /// The page as text.
    pub fn text(&self) -> String {
        self.pieces.iter().fold(String::new(), |mut text, piece| {
            match piece {
                Piece::Line(line) => writeln!(text, "{line}"),
                Piece::Block { lines, .. } => writeln!(text, "{}", lines.join("\n")),
                Piece::Command { command, printed, .. } => {
                    let lines = printed.iter().map(|line| format!("{line}\n"));
                    write!(text, "$ {command}\n{}", lines.collect::<String>())
                }
            }
            .unwrap_or_else(|_| unreachable!("a string takes what is written to it"));
            text
        })
    }

    /// Runs every command in a folder of its own, and gives the page as it would have to be, with what is wrong in this
    /// one.
    pub fn run(&self, binaries: &Binaries) -> io::Result<Outcome> {
        let mut session = Session::new(binaries)?;
        settle(&mut session)?;
        self.run_in(&session)
    }

    pub(crate) fn run_in(&self, session: &Session) -> io::Result<Outcome> {
        let ended = session.run(self)?;
        let mut outcome = Outcome { page: Self { pieces: self.pieces.clone() }, wrong: Vec::new() };
        for (number, piece) in outcome.page.pieces.iter_mut().enumerate() {
            session.judge(number, piece, &mut outcome.wrong);
        }
        if let Ended::TooLate(limit) = ended {
            outcome.wrong.push(format!("the session was not over after {} s", limit.as_secs()));
        }
        Ok(outcome)
    }
}

/// Gives the members of the sample ports that nobody else takes, and more patience.
fn settle(session: &mut Session) -> io::Result<()> {
    let ports: Vec<_> = (FIRST_PORT..).map(|port| format!(":{port}")).zip(ports::free(PORTS)).collect();
    for (said, port) in &ports {
        session.name(said, &format!(":{port}"));
    }
    for entry in fs::read_dir(session.folder().join("cluster-config/three-members"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let text = ports.iter().fold(text, |text, (said, port)| text.replace(said, &format!(":{port}")));
        let is_member = path.file_name().is_some_and(|name| name != "spoc.toml");
        fs::write(&path, if is_member { text + PATIENCE } else { text })?;
    }
    Ok(())
}

/// What came of a page.
#[derive(Debug)]
pub struct Outcome {
    /// The page with what was really printed.
    pub page: Document,
    /// What this page says, and is not so.
    pub wrong: Vec<String>,
}

fn step(pieces: &mut Vec<Piece>, place: Place, line: &str) -> Place {
    let is_fence = line.starts_with("```");
    match place {
        Place::Outside => {
            pieces.push(Piece::Line(line.to_string()));
            match (fence(line, "console"), fence(line, "sh")) {
                (Some(host), _) => Place::Console(host),
                (None, Some(host)) => {
                    pieces.push(Piece::Block { lines: Vec::new(), host });
                    Place::Block
                }
                _ if is_fence => Place::Aside,
                _ => Place::Outside,
            }
        }
        _ if is_fence => {
            pieces.push(Piece::Line(line.to_string()));
            Place::Outside
        }
        inside => {
            add(pieces, &inside, line);
            inside
        }
    }
}

/// Whether this opens a block of commands that are run, and on which host.
fn fence(line: &str, language: &str) -> Option<Option<String>> {
    let rest = line.strip_prefix("```")?.strip_prefix(language)?.strip_prefix(" run")?;
    if rest.is_empty() { Some(None) } else { Some(Some(rest.strip_prefix(" on ")?.to_string())) }
}

fn add(pieces: &mut Vec<Piece>, place: &Place, line: &str) {
    match (place, line.strip_prefix("$ "), pieces.last_mut()) {
        (Place::Console(host), Some(command), _) => pieces.push(Piece::Command {
            command: command.to_string(),
            printed: Vec::new(),
            host: host.clone(),
        }),
        (Place::Console(_), None, Some(Piece::Command { printed, .. })) => printed.push(line.to_string()),
        (Place::Block, _, Some(Piece::Block { lines, .. })) => lines.push(line.to_string()),
        _ => pieces.push(Piece::Line(line.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\n```console run\n$ echo a; false\na\n$ echo $?\n1\n```\n\n```sh run\nb=2\n```\n\n\
                        ```console run\n$ echo $b\n2\n```\n\n```\n$ not run\n```\n";

    fn run(page: &str) -> Outcome {
        let nowhere = Binaries { ims: "/nowhere/ims".into(), spoc: "/nowhere/spoc".into() };
        Document::parse(page).run(&nowhere).unwrap()
    }

    #[test]
    fn the_text_of_a_page_survives_being_read() {
        assert_eq!(Document::parse(PAGE).text(), PAGE);
    }

    #[test]
    fn all_blocks_are_one_session_of_a_shell() {
        let outcome = run(PAGE);
        assert_eq!(outcome.wrong, Vec::<String>::new());
    }

    #[test]
    fn what_is_printed_and_not_said_is_found_and_written_into_the_page() {
        let outcome = run(&PAGE.replace("echo a;", "echo A;"));
        assert_eq!(outcome.wrong.len(), 1);
        assert_eq!(outcome.page.text(), PAGE.replace("echo a; false\na", "echo A; false\nA"));
    }

    #[test]
    fn a_block_that_fails_is_found() {
        let outcome = run("```sh run\necho why; false\n```\n");
        assert_eq!(outcome.wrong, ["echo why; false\ndid not end well:\nwhy\n"]);
    }

    #[test]
    fn a_page_that_ends_its_shell_is_found() {
        let outcome = run("```console run\n$ exit 0\n$ echo a\na\n```\n");
        assert_eq!(outcome.wrong.len(), 2, "{:?}", outcome.wrong);
    }
}
