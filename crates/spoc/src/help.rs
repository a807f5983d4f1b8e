//! Help on commands of the plex, made from their grammar, and on the settings.

use crate::settings;
use csl::om::syntax;

/// There is no such command.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words} is no command of this release: `spoc help` lists those there are")]
pub(crate) struct HelpError {
    words: String,
}

const HEAD: &str = "Commands of the plex. `spoc help VERB RESOURCE` tells more about one, `spoc help settings` about the settings, \
    `spoc --help` about spoc.\n\n";

/// Help on the commands that some words begin; on all where there are none; on the settings where that is the word.
pub(crate) fn help(words: &[String]) -> Result<String, HelpError> {
    if words.is_empty() {
        return Ok(format!("{HEAD}{}", syntax::overview()));
    }
    if matches!(words, [word] if word.eq_ignore_ascii_case("settings")) {
        return Ok(settings::reference());
    }
    let asked: Vec<&str> = words.iter().map(String::as_str).collect();
    syntax::help(&asked).ok_or_else(|| HelpError { words: words.join(" ").to_ascii_uppercase() })
}
