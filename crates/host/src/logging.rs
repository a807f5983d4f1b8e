//! The member's log: structured events on stderr, for people or for programs.

use crate::config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;
use vocabulary::{Message, Severity};

/// Begins to log as the configuration says.
///
/// openraft reports the ordinary course of elections as warnings and errors; what of it an operator has to know,
/// the member says itself.
pub fn start(log: &Log) {
    let filter = EnvFilter::new(format!("openraft=off,sled=off,{}", log.level));
    // A log that can't be written, because its disk is full or its reader is gone, is no reason to stop: without
    // this the complaint about it goes to the same place, and panics.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).with_target(false).init(),
    }
}

/// Writes a message to the log, its number a field of its own.
pub fn issue(message: &Message) {
    let (number, text) = (message.number(), message.text());
    match message.severity() {
        Severity::Information => tracing::info!(number, "{number} {text}"),
        Severity::Warning => tracing::warn!(number, "{number} {text}"),
        Severity::Error | Severity::Action => tracing::error!(number, "{number} {text}"),
    }
}
