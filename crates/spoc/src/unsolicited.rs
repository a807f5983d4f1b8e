//! Unsolicited messages: what members say while the operator types, printed between his lines.

use crate::log::{self, KeptWanted, News, Wanted};
use rustyline::ExternalPrinter;
use sci::ClientSettings;
use std::{io, thread};
use tokio::runtime::Runtime;
use vocabulary::Severity;

/// Begins to print what the members say from now on, in a thread that ends with the process or with the terminal.
pub(crate) fn begin(
    runtime: Runtime,
    settings: ClientSettings,
    mut printer: impl ExternalPrinter + Send + 'static,
) -> io::Result<()> {
    let wanted = Wanted { severity: Severity::Information, kept: KeptWanted::None };
    let print = move || {
        runtime.block_on(async {
            let mut kept = log::kept(&settings, wanted).await;
            let troubles = std::mem::take(&mut kept.troubles).into_iter();
            let troubles = troubles.map(|(member, error)| News::Trouble(member, error.to_string()));
            let shown = std::mem::take(&mut kept.shown).into_iter().map(News::Shown);
            for one in troubles.chain(shown) {
                if printer.print(line(&one)).is_err() {
                    return;
                }
            }
            let mut news = kept.follow(wanted);
            while let Some(one) = news.recv().await {
                if printer.print(line(&one)).is_err() {
                    return;
                }
            }
        });
    };
    thread::Builder::new().name("messages".to_string()).spawn(print)?;
    Ok(())
}

/// One piece of news in a line: what no member said is marked.
fn line(news: &News) -> String {
    match news {
        News::Shown(_) => format!("{news}\n"),
        News::Trouble(..) | News::Back(_) => format!("-- {news}\n"),
    }
}
