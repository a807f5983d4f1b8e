//! Unsolicited messages: what members say while the operator types, printed between his lines.

use crate::log::{self, News, Shown, Wanted};
use rustyline::ExternalPrinter;
use sci::ClientSettings;
use std::{io, thread};
use tokio::runtime::Builder;
use vocabulary::{Moment, Severity};

/// Begins to print what the members say from now on, in a thread that ends with the process or with the terminal.
pub(crate) fn begin(
    settings: ClientSettings,
    now: Moment,
    mut printer: impl ExternalPrinter + Send + 'static,
) -> io::Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let wanted = Wanted { severity: Severity::Information, since: Some(now) };
    let print = move || {
        runtime.block_on(async {
            let kept = log::kept(&settings, wanted).await;
            let troubles =
                kept.troubles.iter().map(|(member, error)| unread(&member, error)).collect::<Vec<_>>();
            let shown = kept.shown.iter().map(Shown::text).collect::<Vec<_>>();
            for line in troubles.into_iter().chain(shown) {
                if printer.print(format!("{line}\n")).is_err() {
                    return;
                }
            }
            let mut news = kept.follow(wanted);
            while let Some(one) = news.recv().await {
                if printer.print(format!("{}\n", told(&one))).is_err() {
                    return;
                }
            }
        });
    };
    thread::Builder::new().name("messages".to_string()).spawn(print)?;
    Ok(())
}

/// One piece of news in a line.
fn told(news: &News) -> String {
    match news {
        News::Shown(shown) => shown.text(),
        News::Trouble(member, reason) => unread(member, reason),
        News::Back(member) => format!("-- {member} is read again"),
    }
}

fn unread(member: &dyn std::fmt::Display, reason: &dyn std::fmt::Display) -> String {
    format!("-- {member} can't be read: {reason}")
}
