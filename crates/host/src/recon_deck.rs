//! RECON for a run without a plex: a file of DBRC commands, which register the partitions of HALDBs.
//!
//! A command takes a line. One that ends with `-` goes on in the next; a line that begins with `*` is a comment.

use crate::batch::{BatchError, failed};
use csl::om::Command;
use csl::om::view::CommandView;
use dbrc::Recon;
use definitions::report::Report;
use dli::PartitionBlocks;
use sci::named_file;
use std::path::Path;

/// The longest file, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// The RECON that a file makes.
pub(crate) fn read(path: &Path) -> Result<Recon, BatchError> {
    let text = named_file::read(path, BYTES_MAX).map_err(|error| failed(path, error))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut recon = Recon::new();
    for (line, command) in commands(&text) {
        let applied = apply(&mut recon, &command);
        applied.map_err(|reason| BatchError::Recon { path: path.to_path_buf(), line, reason })?;
    }
    Ok(recon)
}

/// The commands, each with the number of its first line.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut commands: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('*') {
            continue;
        }
        let (part, more) = match line.strip_suffix('-') {
            Some(part) => (part.trim_end(), true),
            None => (line, false),
        };
        match commands.last_mut().filter(|_| goes_on) {
            Some((_, command)) => *command = format!("{command} {part}"),
            None => commands.push((at + 1, part.to_string())),
        }
        goes_on = more;
    }
    commands
}

fn apply(recon: &mut Recon, text: &str) -> Result<(), String> {
    let command = Command::parse(text).map_err(|error| error.to_string())?;
    match CommandView::of(&command).map_err(|error| error.to_string())? {
        CommandView::Dbrc(command) if !command.looks() => {
            let change = control_region::recon_change(&command).map_err(|error| error.to_string())?;
            recon.apply(change).map_err(|error| error.to_string())
        }
        _ => Err("only commands of DBRC that change RECON stand here".into()),
    }
}

/// Adds the blocks of partitions to those of their HALDBs, so that each is a database of its own.
pub(crate) fn add_partitions(report: &mut Report, recon: &Recon) -> Result<(), BatchError> {
    for dbd in recon.databases().map(|(dbd, _)| dbd) {
        let (Some(haldb), Some(master)) = (recon.haldb(&dbd), report.dmbs.get(&dbd).cloned()) else {
            continue;
        };
        for (name, partition) in haldb.in_order() {
            let blocks = PartitionBlocks::of(&master, name, partition)?;
            report.dmbs.extend(blocks.index.map(|index| (index.name, index)));
            report.dmbs.insert(name, blocks.dmb);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_on_where_it_says_so_and_comments_are_passed_over() {
        let text = "* TWO PARTITIONS\nINIT.DB DBD(A) -\n  TYPHALDB\n\nINIT.PART DBD(A)\n";
        let expected = [(2, "INIT.DB DBD(A) TYPHALDB".to_string()), (5, "INIT.PART DBD(A)".to_string())];
        assert_eq!(commands(text), expected);
    }
}
