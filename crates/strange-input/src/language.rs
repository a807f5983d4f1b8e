//! What people write: definitions and commands.

use csl::om::Command;
use definitions::ddl::{Options, compile_ddl, to_ddl, to_macros};
use definitions::{Compilation, Dbd, compile};
use std::collections::BTreeMap;
use std::sync::Arc;
use vocabulary::DbdName;

/// Definitions as cards. Every finding can be shown, and what was accepted is accepted again in either language.
pub(crate) fn macros(bytes: &[u8]) {
    let compilation = compile("cards", bytes);
    show(&compilation);
    for definition in &compilation.definitions {
        let cards = to_macros(definition);
        let again = compile("printed", cards.as_bytes());
        assert!(again.rejected_count == 0, "printed cards are refused:\n{cards}\n{:?}", again.findings);
        assert_eq!(again.definitions.len(), 1, "printed cards are another number of definitions:\n{cards}");
        let _ = to_ddl([definition], &BTreeMap::<DbdName, Arc<Dbd>>::new());
    }
}

fn show(compilation: &Compilation) {
    for finding in &compilation.findings {
        assert!(!finding.render().is_empty(), "a finding without words");
    }
}

/// Definitions as DDL.
pub(crate) fn ddl(bytes: &[u8]) {
    let library = BTreeMap::new();
    for auto_commit in [true, false] {
        let compilation = compile_ddl("source", bytes, &library, Options { auto_commit });
        for finding in &compilation.findings {
            assert!(!finding.render().is_empty(), "a finding without words");
        }
    }
}

/// A command line. One that is refused is refused with words, and the place lies in the line.
pub(crate) fn commands(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Command::parse(&text) {
        Ok(command) => drop(format!("{command:?}")),
        Err(error) => assert!(!error.to_string().is_empty(), "a command is refused without words: {text:?}"),
    }
}
