//! The member's log: structured events on stderr, for people or for programs.

use crate::config::{Log, LogFormat};
use crate::messages::Messages;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};
use vocabulary::{Message, Severity};

/// Begins to log as the configuration says.
///
/// openraft reports the ordinary course of elections as warnings and errors; what of it an operator has to know,
/// the member says itself. The messages are kept besides, at whatever level the log is written.
pub fn start(log: &Log) -> Messages {
    let filter = EnvFilter::new(format!("openraft=off,sled=off,{}", log.level));
    // A log that can't be written, because its disk is full or its reader is gone, is no reason to stop: without
    // this the complaint about it goes to the same place, and panics.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .with_target(false);
    let lines = match log.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let messages = Messages::new();
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(messages.layer()).init();
    messages
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
