//! `ims acbgen`: compiles source and builds the ACBs, without a plex (DBDGEN, PSBGEN, DDL and ACBGEN in one).
//!
//! Which files are DDL is seen from their extension (`.ddl`, `.sql`) or from what they begin with. A file that another
//! one copies is a part of that one.

use crate::batch::{UNUSABLE, complain};
use crate::sources::read_all;
use clap::ValueEnum;
use definitions::report::{Input, generate};
use std::io::{self, Write};
use std::path::PathBuf;

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
            complain(&format_args!("ims: {error}. Nothing was generated"));
            return UNUSABLE;
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
