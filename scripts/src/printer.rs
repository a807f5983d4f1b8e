//! The one place that writes to the terminal. A reader that went away is no error.

use std::fmt::Display;
use std::io::Write;

/// One line for whoever reads.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// One line about what went wrong.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
