//! The member's log: structured events on stderr, for people or for programs.

use crate::config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// Begins to log as the configuration says.
///
/// openraft reports the ordinary course of elections as warnings and errors; what of it an operator has to know,
/// the member says itself.
pub fn start(log: &Log) {
    let filter = EnvFilter::new(format!("openraft=off,sled=off,{}", log.level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).with_target(false).init(),
    }
}
