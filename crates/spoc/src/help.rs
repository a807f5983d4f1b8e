//! Help on commands of the plex, made from their grammar, and on the settings.

use crate::settings;
use csl::om::grammar::instead_of_verb;
use csl::om::syntax;

/// There is no such command.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HelpError {
    #[error("{words} is no command of this release: `spoc help` lists those there are")]
    Unknown { words: String },
    #[error("{verb} is not used here: {instead}")]
    Elsewhere { verb: &'static str, instead: &'static str },
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
    syntax::help(&asked).ok_or_else(|| {
        let of_ims = asked.first().and_then(|word| instead_of_verb(word.strip_prefix('/').unwrap_or(word)));
        match of_ims {
            Some((verb, instead)) => HelpError::Elsewhere { verb, instead },
            None => HelpError::Unknown { words: words.join(" ").to_ascii_uppercase() },
        }
    })
}
