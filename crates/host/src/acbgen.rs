//! `ims acbgen`: compiles source and builds the ACBs, without a plex (DBDGEN, PSBGEN, DDL and ACBGEN in one).
//!
//! Which files are DDL is seen from their extension (`.ddl`, `.sql`) or from what they begin with. A file that another
//! one copies is a part of that one.

use clap::ValueEnum;
use definitions::report::{Input, generate};
use sci::named_file::{self, SOURCE_BYTES_MAX};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The return code when a source can't be read: nothing was generated.
pub(crate) const UNREADABLE: u8 = 12;

/// What is generated, and how it is told.
#[derive(Debug, clap::Args)]
pub struct AcbgenArgs {
    /// Source members in macros or DDL, and folders whose files are all taken, except those that begin with a dot
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// How findings and summary are printed
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// How findings and summary are printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Generates, prints, and gives the return code: 0, 4 with warnings, 8 with errors, 12 when nothing could be done.
pub fn run(args: &AcbgenArgs) -> u8 {
    let sources = match read_all(&args.paths) {
        Ok(sources) => sources,
        Err(error) => {
            // Where stderr can't be written there is nobody to tell.
            let _ = writeln!(io::stderr(), "ims: {error}. Nothing was generated");
            return UNREADABLE;
        }
    };
    let inputs: Vec<Input<'_>> = sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let report = generate(&inputs);
    let text = match args.output {
        Output::Text => report.to_text(),
        Output::Json => report.to_json(),
    };
    // A reader who went away has read enough; the return code still tells how it went.
    let _ = io::stdout().write_all(text.as_bytes());
    report.return_code()
}

/// The files that paths name, each with its name.
pub(crate) fn read_all(paths: &[PathBuf]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut sources = Vec::new();
    for path in paths {
        let files = WalkDir::new(path).sort_by_file_name().into_iter();
        for file in files.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
            let file = file.map_err(io::Error::from)?;
            // What is named is read or refused; of a folder only what is a file is meant.
            if file.file_type().is_file() || (file.depth() == 0 && !file.file_type().is_dir()) {
                sources.push((file.path().display().to_string(), read(file.path())?));
            }
        }
    }
    Ok(sources)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let read = named_file::read(path, SOURCE_BYTES_MAX);
    read.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
