//! What happens to a log in good and in bad times, told as scripts.

use dasd::{Fault, Faulty, LogSet, memory::MemoryLogSet};
use std::{error::Error, fmt::Write as _};

/// What can be done to the log of a story.
#[derive(goldenscript::Command)]
enum Command {
    /// Appends records and tells their positions.
    Append(Vec<String>),
    /// Forces the log.
    Force,
    /// Discards the records before a position.
    Discard(u64),
    /// Truncates the log after a position.
    Truncate(u64),
    /// Lets the next operation fail: `full` or `io`.
    Fail(String),
    /// The power fails; of the unforced records the disk had written some.
    Crash {
        #[arg(key, optional)]
        kept: u64,
    },
    /// Tells all records.
    Show,
}

/// A member's log, and the disk below it.
struct Story {
    disk: MemoryLogSet,
    log: Faulty<MemoryLogSet>,
}

impl Story {
    fn new() -> Self {
        let disk = MemoryLogSet::new();
        Self { log: Faulty::new(disk.clone()), disk }
    }

    fn append(&mut self, records: &[String]) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        for record in records {
            writeln!(output, "{record} at {}", self.log.append(record.as_bytes())?)?;
        }
        Ok(output)
    }

    fn show(&self) -> Result<String, Box<dyn Error>> {
        let (first, next) = (self.disk.first_position(), self.disk.next_position());
        let records = self.disk.read_range(first, next, usize::MAX)?;
        let records: Vec<_> = records.iter().map(|record| String::from_utf8_lossy(record)).collect();
        Ok(format!("positions {first}..{next}: {}\n", records.join(" ")))
    }
}

impl goldenscript::Runner for Story {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &goldenscript::Context) -> Result<String, Box<dyn Error>> {
        match command {
            Command::Append(records) => return self.append(records),
            Command::Force => self.log.force()?,
            Command::Discard(before) => self.log.discard_before(*before)?,
            Command::Truncate(after) => self.log.truncate_after(*after)?,
            Command::Fail(fault) => {
                self.log.fail_after(0, if fault == "full" { Fault::Full } else { Fault::Io });
            }
            Command::Crash { kept } => {
                self.disk.crash(*kept);
                self.log = Faulty::new(self.disk.clone());
            }
            Command::Show => return self.show(),
        }
        Ok(String::new())
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts/log_set").unwrap() {
        goldenscript::run(&mut Story::new(), script.unwrap().path()).unwrap();
    }
}
