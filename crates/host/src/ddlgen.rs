//! `ims ddlgen`: says in DDL, or in macro source, what sources define, without a plex.
//!
//! The sources are macros or DDL, as for `ims acbgen`. What they define goes to stdout, and what is told of them to stderr, so
//! that the one can be put into a file and the other be read.

use crate::acbgen::Output;
use crate::batch::{UNUSABLE, complain};
use crate::sources::read_all;
use definitions::report::Input;
use definitions::translate::{Language, translate};
use std::io::{self, Write};
use std::path::PathBuf;

/// What is said, and how.
#[derive(Debug, clap::Args)]
pub struct DdlgenArgs {
    /// Source members in macros or DDL, and folders whose files are all taken, except those that begin with a dot
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Print macro source (DBDGEN, PSBGEN), and not DDL
    #[arg(long)]
    macros: bool,

    /// How findings and counts are told, on stderr
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Translates, prints, and gives the return code: 0, 4 with warnings, 8 where something was left out, 12 when nothing
/// could be done.
pub fn run(args: &DdlgenArgs) -> u8 {
    let sources = match read_all(&args.paths) {
        Ok(sources) => sources,
        Err(error) => {
            complain(&format_args!("ims: {error}. Nothing was printed"));
            return UNUSABLE;
        }
    };
    let inputs: Vec<Input<'_>> = sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let translation = translate(&inputs, if args.macros { Language::Macros } else { Language::Ddl });
    let told = match args.output {
        Output::Text => translation.to_text(),
        Output::Json => translation.to_json(),
    };
    let _ = io::stderr().write_all(told.as_bytes());
    match io::stdout().write_all(translation.text.as_bytes()) {
        Ok(()) => translation.return_code(),
        // A file that was not written whole is no source.
        Err(error) => {
            complain(&format_args!("ims: what the sources define can't be written: {error}"));
            UNUSABLE
        }
    }
}
