//! One shell that runs the commands of a page, in a folder that goes when it is over.

use super::{Document, Piece, form};
use crate::{Binaries, wait};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long the session of one page may take.
const SESSION_LIMIT: Duration = Duration::from_secs(240);

/// The folders that each host of a page has for itself.
const OF_A_HOST: [&str; 3] = ["/etc/imsplex", "/var/lib/imsplex", "/usr/share/doc/imsplex"];

/// A folder and a shell for one page.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    shell: Vec<String>,
    variables: Vec<(String, String)>,
    /// What a page says, and what it stands for while its commands run.
    named: Vec<(String, String)>,
}

/// How a session ended.
pub(crate) enum Ended {
    InTime,
    TooLate(Duration),
}

impl Session {
    /// A session whose `PATH` begins with the programs, in a folder with a copy of what pages begin with.
    pub(crate) fn new(binaries: &Binaries) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("page-").tempdir()?;
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources =
            ["../cluster-config", "documents/members.sh", "documents/hosts.sh"].map(|it| own.join(it));
        let copied = Command::new("cp").arg("-r").args(sources).arg(folder.path()).status()?;
        if !copied.success() {
            return Err(io::Error::other("the sample could not be copied"));
        }
        let programs = [&binaries.spoc, &binaries.ims].map(|program| program.parent().map(Path::to_path_buf));
        let own = programs.into_iter().flatten().map(|path| format!("{}:", path.display()));
        let path = own.collect::<String>() + &std::env::var("PATH").unwrap_or_default();
        let variables = [("PATH", path), ("LC_ALL", "C".to_string())];
        let named = vec![("/home/me/plex".to_string(), folder.path().display().to_string())];
        Ok(Self {
            folder,
            shell: vec!["bash".to_string()],
            variables: variables.map(|(name, value)| (name.to_string(), value)).into(),
            named,
        })
    }

    /// The folder in which the commands run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the shell is run by, itself included.
    pub(crate) fn set_shell(&mut self, shell: &[&str]) {
        self.shell = shell.iter().map(ToString::to_string).collect();
    }

    /// Gives commands a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_string(), value.to_string()));
    }

    /// From now on this text of a page stands for that of the session.
    pub(crate) fn name(&mut self, said: &str, really: &str) {
        self.named.insert(0, (said.to_string(), really.to_string()));
    }

    /// Runs the page.
    pub(super) fn run(&self, page: &Document) -> io::Result<Ended> {
        let script = self.file("script");
        fs::write(&script, self.script(page)?)?;
        let output = File::create(self.file("output"))?;
        let (program, arguments) = self.shell.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut shell = Command::new(program);
        shell.args(arguments).arg(&script).current_dir(self.folder.path());
        shell.envs(self.variables.iter().map(|(name, value)| (name, value)));
        shell.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output).process_group(0);
        let mut shell = Group(shell.spawn()?);
        // Running out of time is told by the outcome, beside what was printed until then.
        let over = wait::until("the session is over", SESSION_LIMIT, || shell.is_over());
        Ok(if over.is_ok() { Ended::InTime } else { Ended::TooLate(SESSION_LIMIT) })
    }

    /// Each piece writes to a file of its own, and finds in `$?` what the one before it ended with.
    fn script(&self, page: &Document) -> io::Result<String> {
        let mut script = String::new();
        for (number, piece) in page.pieces.iter().enumerate() {
            let (text, host) = match piece {
                Piece::Line(_) => continue,
                Piece::Command { command, host, .. } => (command.clone(), host),
                Piece::Block { lines, host } => (lines.join("\n"), host),
            };
            let (out, status) = (self.file(&format!("{number}.out")), self.file(&format!("{number}.status")));
            let (out, status) = (out.display(), status.display());
            let text = match host {
                None => text,
                Some(host) => self.handed_to(host, number, &text)?,
            };
            script.push_str(&format!(
                "(exit ${{page_status:-0}})\n{{\n{text}\n}} >{out} 2>&1\npage_status=$?\necho $page_status >{status}\n"
            ));
        }
        Ok(script)
    }

    /// What a host is to run goes to a file, and `on` has it run there.
    fn handed_to(&self, host: &str, number: usize, text: &str) -> io::Result<String> {
        let file = self.file(&format!("{number}.sh"));
        let text =
            self.named.iter().fold(text.to_string(), |text, (said, really)| text.replace(said, really));
        let root = self.hosts().join(host).display().to_string();
        let text = OF_A_HOST.iter().fold(text, |text, path| text.replace(path, &format!("{root}{path}")));
        fs::write(&file, format!("(exit ${{page_status:-0}})\n{text}\n"))?;
        Ok(format!("page_status=$? on {host} {}", file.display()))
    }

    /// Compares what a piece printed with what the page says, and puts right what the page says.
    pub(super) fn judge(&self, number: usize, piece: &mut Piece, wrong: &mut Vec<String>) {
        let ended = fs::read_to_string(self.file(&format!("{number}.status")));
        let out = fs::read(self.file(&format!("{number}.out"))).unwrap_or_default();
        let out = self.as_pages_say(&String::from_utf8_lossy(&out));
        match (piece, ended) {
            (Piece::Line(_), _) => {}
            (Piece::Command { command, .. }, Err(_)) => wrong.push(format!("$ {command}\ndid not end")),
            (Piece::Block { lines, .. }, ended) => {
                if ended.is_ok_and(|status| status.trim() == "0") {
                    return;
                }
                wrong.push(format!("{}\ndid not end well:\n{out}", lines.join("\n")));
            }
            (Piece::Command { command, printed, .. }, Ok(_)) => {
                let really: Vec<_> = out.lines().map(|line| line.trim_end().to_string()).collect();
                if !form::is_as_said(printed, &really) {
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

    /// The folder in which each host has its own.
    pub(crate) fn hosts(&self) -> PathBuf {
        self.folder.path().join("hosts")
    }

    /// What the session printed, in the names that pages use.
    fn as_pages_say(&self, text: &str) -> String {
        let hosts = format!("{}/", self.hosts().display());
        let mut parts = text.split(&hosts);
        let first = parts.next().unwrap_or_default().to_string();
        // Behind the folder of the hosts comes the name of one, and then a path as the host has it.
        let rooted = parts.map(|part| part.find('/').map_or(part, |at| &part[at..]));
        let text = rooted.fold(first, |text, part| text + part);
        self.named.iter().fold(text, |text, (said, really)| text.replace(really, said))
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
