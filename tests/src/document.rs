//! Documents whose commands are run: what a page says that a command prints is what it prints.
//!
//! In a fenced block ```` ```console run ```` each line that begins with `$ ` is a command, and the lines below it are
//! what it prints, on both outputs. A block ```` ```sh run ```` is run as a whole, prints what it likes, and has to end
//! with status 0. All blocks of a page are one session of one shell, in a folder that has a copy of `cluster-config`.
//! A line `...` stands for any lines.
//!
//! Moments, stamps and tokens differ from run to run and are compared by their form. The ports 7101 to 7103 of
//! `cluster-config` become ports of this machine that nobody else takes.

use crate::{Binaries, ports, wait};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long the session of one page may take.
const SESSION_LIMIT: Duration = Duration::from_secs(240);

/// A machine that is busy must not change the master where the page does not: elections take longer than by default.
const PATIENCE: &str = "\n[consensus]\nheartbeat_ms = 200\nelection_min_ms = 2500\nelection_max_ms = 4000\n";

/// The first port that pages name.
const FIRST_PORT: u16 = 7101;
const PORTS: usize = 3;

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
    Command { command: String, printed: Vec<String> },
    /// A block that is run as a whole.
    Block(Vec<String>),
}

/// Where the parser is.
enum Place {
    Outside,
    Console,
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
                Piece::Block(lines) => writeln!(text, "{}", lines.join("\n")),
                Piece::Command { command, printed } => {
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
        let session = Session::new(binaries)?;
        let ended = session.run(self)?;
        let mut outcome = Outcome { page: Self { pieces: self.pieces.clone() }, wrong: Vec::new() };
        for (number, piece) in outcome.page.pieces.iter_mut().enumerate() {
            session.judge(number, piece, &mut outcome.wrong);
        }
        if !ended {
            outcome.wrong.push(format!("the session was not over after {} s", SESSION_LIMIT.as_secs()));
        }
        Ok(outcome)
    }
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
            match line {
                "```console run" => Place::Console,
                "```sh run" => {
                    pieces.push(Piece::Block(Vec::new()));
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

fn add(pieces: &mut Vec<Piece>, place: &Place, line: &str) {
    match (place, line.strip_prefix("$ "), pieces.last_mut()) {
        (Place::Console, Some(command), _) => {
            pieces.push(Piece::Command { command: command.to_string(), printed: Vec::new() });
        }
        (Place::Console, None, Some(Piece::Command { printed, .. })) => printed.push(line.to_string()),
        (Place::Block, _, Some(Piece::Block(lines))) => lines.push(line.to_string()),
        _ => pieces.push(Piece::Line(line.to_string())),
    }
}

/// One shell in one folder.
struct Session {
    folder: tempfile::TempDir,
    path: String,
    ports: Vec<u16>,
}

impl Session {
    fn new(binaries: &Binaries) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("page-").tempdir()?;
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [own.join("../cluster-config"), own.join("documents/members.sh")];
        let copied = Command::new("cp").arg("-r").args(sources).arg(folder.path()).status()?;
        if !copied.success() {
            return Err(io::Error::other("the sample could not be copied"));
        }
        let programs = [&binaries.spoc, &binaries.ims].map(|program| program.parent().map(Path::to_path_buf));
        let own = programs.into_iter().flatten().map(|path| format!("{}:", path.display()));
        let path = own.collect::<String>() + &std::env::var("PATH").unwrap_or_default();
        let session = Self { folder, path, ports: ports::free(PORTS) };
        session.settle()?;
        Ok(session)
    }

    /// Gives the members ports that nobody else takes, and more patience.
    fn settle(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.path().join("cluster-config/three-members"))? {
            let path = entry?.path();
            let text = self.with_ports(&fs::read_to_string(&path)?);
            let is_member = path.file_name().is_some_and(|name| name != "spoc.toml");
            fs::write(&path, if is_member { text + PATIENCE } else { text })?;
        }
        Ok(())
    }

    /// Runs the page; false if that took too long.
    fn run(&self, page: &Document) -> io::Result<bool> {
        let script = self.file("script");
        fs::write(&script, self.script(page))?;
        let output = File::create(self.file("output"))?;
        let mut shell = Command::new("bash");
        shell.arg(&script).current_dir(self.folder.path()).env("PATH", &self.path).env("LC_ALL", "C");
        shell.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output).process_group(0);
        let mut shell = Group(shell.spawn()?);
        // Running out of time is told by the outcome, beside what was printed until then.
        let over = wait::until("the session is over", SESSION_LIMIT, || shell.is_over());
        Ok(over.is_ok())
    }

    /// Each piece writes to a file of its own, and finds in `$?` what the one before it ended with.
    fn script(&self, page: &Document) -> String {
        page.pieces.iter().enumerate().fold(String::new(), |mut script, (number, piece)| {
            let command = match piece {
                Piece::Line(_) => return script,
                Piece::Command { command, .. } => command.clone(),
                Piece::Block(lines) => lines.join("\n"),
            };
            let (out, status) = (self.file(&format!("{number}.out")), self.file(&format!("{number}.status")));
            let (out, status) = (out.display(), status.display());
            let piece = format!(
                "(exit ${{page_status:-0}})\n{{\n{command}\n}} >{out} 2>&1\npage_status=$?\necho $page_status >{status}\n"
            );
            script.push_str(&piece);
            script
        })
    }

    fn judge(&self, number: usize, piece: &mut Piece, wrong: &mut Vec<String>) {
        let ended = fs::read_to_string(self.file(&format!("{number}.status")));
        let out = fs::read(self.file(&format!("{number}.out"))).unwrap_or_default();
        let out = self.without_ports(&String::from_utf8_lossy(&out));
        match (piece, ended) {
            (Piece::Line(_), _) => {}
            (Piece::Command { command, .. }, Err(_)) => wrong.push(format!("$ {command}\ndid not end")),
            (Piece::Block(lines), ended) => {
                if ended.is_ok_and(|status| status.trim() == "0") {
                    return;
                }
                wrong.push(format!("{}\ndid not end well:\n{out}", lines.join("\n")));
            }
            (Piece::Command { command, printed }, Ok(_)) => {
                let really: Vec<_> = out.lines().map(|line| line.trim_end().to_string()).collect();
                if !is_as_said(printed, &really) {
                    wrong.push(format!(
                        "$ {command}\nprints\n{}\nand the page says\n{}",
                        out,
                        printed.join("\n")
                    ));
                    *printed = really;
                }
            }
        }
    }

    /// A file of the session, out of the way of the commands.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!(".page-{name}"))
    }

    fn with_ports(&self, text: &str) -> String {
        self.named().fold(text.to_string(), |text, (said, port)| text.replace(&said, &port))
    }

    fn without_ports(&self, text: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let text = text.replace(&folder, "/home/me/plex");
        self.named().fold(text, |text, (said, port)| text.replace(&port, &said))
    }

    /// What a page says for a port, and the port that it is.
    fn named(&self) -> impl Iterator<Item = (String, String)> {
        (FIRST_PORT..).zip(&self.ports).map(|(said, port)| (format!(":{said}"), format!(":{port}")))
    }
}

/// A shell and all that it started; dropping it ends them.
struct Group(Child);

impl Group {
    fn is_over(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(Some(_)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // A group without a process can't be killed, which is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// Whether what was printed is what was said, moments and the like apart.
fn is_as_said(said: &[String], really: &[String]) -> bool {
    match said.split_first() {
        None => really.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=really.len()).any(|skipped| is_as_said(rest, &really[skipped..]))
        }
        Some((line, rest)) => really
            .split_first()
            .is_some_and(|(first, others)| form(line) == form(first) && is_as_said(rest, others)),
    }
}

/// A line with every moment, stamp and token replaced by its form.
fn form(line: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || ".:-".contains(letter);
    let mut form = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let part = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        form.push_str(&form_of_word(&rest[..part]));
        let next = rest[part..].find(is_part).map_or(rest.len(), |at| part + at);
        form.push_str(&rest[part..next]);
        rest = &rest[next..];
    }
    form
}

const STAMP: &str = "0000000000000";
const DATE: &str = "0000.000";
const TIME: &str = "00:00:00.000000";
const MOMENT: &str = "0000-00-00T00:00:00.000000Z";
const TOKEN_DIGITS: usize = 16;

fn form_of_word(word: &str) -> String {
    let digits: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let is_token =
        word.len() == TOKEN_DIGITS && word.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c));
    match digits.as_str() {
        STAMP | DATE | TIME | MOMENT => digits,
        _ if is_token => "token".to_string(),
        _ => word.to_string(),
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

    #[test]
    fn moments_stamps_and_tokens_are_compared_by_their_form() {
        let said = "IMS1 2632511265726 2026.325 11:26:57.340213 TOKEN=0C8CF744A821F8AE";
        let same = "IMS1 2632511999999 2026.326 01:02:03.000000 TOKEN=1111111111111111";
        assert_eq!(form(said), form(same));
        assert_ne!(form(said), form(&same.replace("IMS1", "IMS2")));
    }

    #[test]
    fn three_dots_stand_for_any_lines() {
        let lines = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        assert!(is_as_said(&lines("a ... d"), &lines("a b c d")));
        assert!(is_as_said(&lines("a ..."), &lines("a")));
        assert!(!is_as_said(&lines("a ... d"), &lines("a b c")));
    }
}
