//! The messages that this member issued of late: a bounded list, which whoever wants them reads at his own pace.
//!
//! They are taken where the log is written, so that no part of the member can issue one past this list, whatever
//! level the log is written at. Whoever reads too slowly finds that the list begins later than where he stopped; the
//! member never waits for a reader.

use crate::member::core::now;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use vocabulary::{Moment, Severity, message};

/// How many are kept.
const KEPT: usize = 4_096;

/// A message that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuedMessage {
    pub(crate) at: Moment,
    pub(crate) number: &'static str,
    pub(crate) severity: Severity,
    /// Without the number.
    pub(crate) text: String,
}

/// How often a message was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) number: &'static str,
    pub(crate) severity: Severity,
    pub(crate) count: u64,
}

/// Some messages in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// The messages.
    pub(crate) messages: Vec<IssuedMessage>,
    /// How many there were before them that are not kept any more.
    pub(crate) lost: u64,
    /// Where to go on.
    pub(crate) next: u64,
}

/// The list. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Messages {
    list: Arc<Mutex<List>>,
    next: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct List {
    kept: VecDeque<IssuedMessage>,
    /// The place of the message that is issued next. Places begin at 0 in every run of the member.
    next: u64,
    counts: BTreeMap<&'static str, u64>,
}

impl Messages {
    pub(crate) fn new() -> Self {
        Self { list: Arc::default(), next: watch::Sender::new(0) }
    }

    /// What takes messages from the events of the log.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let numbered = filter_fn(|metadata| metadata.fields().field(NUMBER).is_some());
        Taker { messages: self.clone() }.with_filter(numbered)
    }

    fn take(&self, number: &str, text: &str) {
        let Some(definition) = message::definition(number) else { return };
        let text = text.strip_prefix(definition.number).unwrap_or(text).trim_start().to_string();
        let (number, severity) = (definition.number, definition.severity);
        let mut list = self.lock();
        if list.kept.len() == KEPT {
            list.kept.pop_front();
        }
        list.kept.push_back(IssuedMessage { at: now(), number, severity, text });
        list.next += 1;
        *list.counts.entry(number).or_default() += 1;
        // Told under the lock, so that readers hear of places in order.
        self.next.send_replace(list.next);
    }

    /// At most so many messages from this place on.
    pub(crate) fn from(&self, place: u64, count_max: usize) -> Run {
        let list = self.lock();
        let first = list.next - list.kept.len() as u64;
        let begin = place.clamp(first, list.next);
        let skipped = usize::try_from(begin - first).unwrap_or(usize::MAX);
        let messages: Vec<_> = list.kept.iter().skip(skipped).take(count_max).cloned().collect();
        Run { lost: first.saturating_sub(place), next: begin + messages.len() as u64, messages }
    }

    /// Waits until there is a message at this place, or a later one.
    pub(crate) async fn reached(&self, place: u64) {
        let mut next = self.next.subscribe();
        // The sender lives as long as this does.
        let _ = next.wait_for(|next| *next > place).await;
    }

    /// How often each message was issued.
    pub(crate) fn issued(&self) -> Vec<Issued> {
        let counts = self.lock().counts.clone();
        let of = |(number, count)| {
            let severity = message::definition(number)?.severity;
            Some(Issued { number, severity, count })
        };
        counts.into_iter().filter_map(of).collect()
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The field of an event that makes it a message.
const NUMBER: &str = "number";

struct Taker {
    messages: Messages,
}

impl<S: Subscriber> Layer<S> for Taker {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        self.messages.take(&words.number, &words.text);
    }
}

#[derive(Default)]
struct Words {
    number: String,
    text: String,
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == NUMBER {
            self.number = value.to_string();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging;
    use tracing_subscriber::layer::SubscriberExt;
    use vocabulary::message::{DFS810I, LINK201W};

    fn numbers(run: &Run) -> Vec<&'static str> {
        run.messages.iter().map(|message| message.number).collect()
    }

    #[test]
    fn what_is_issued_is_kept_with_number_severity_and_text_and_nothing_else_is() {
        let messages = Messages::new();
        let subscriber = tracing_subscriber::registry().with(messages.layer());
        tracing::subscriber::with_default(subscriber, || {
            logging::issue(&DFS810I.with(&[&"IMS1", &"COLD", &0]));
            tracing::info!("no message");
            logging::issue(&LINK201W.with(&[&"IMS2", &"there", &"it broke"]));
        });
        let run = messages.from(0, 10);
        assert_eq!(numbers(&run), ["DFS810I", "LINK201W"]);
        assert_eq!(run.messages[0].text, "IMS1 IS READY, COLD START, DIRECTORY LEVEL 0");
        assert_eq!(run.messages[1].severity, Severity::Warning);
        assert_eq!((run.lost, run.next), (0, 2));
        let count = |number| messages.issued().iter().find(|of| of.number == number).map(|of| of.count);
        assert_eq!((count("DFS810I"), count("DFS994I")), (Some(1), None));
    }

    #[test]
    fn a_slow_reader_is_told_how_much_it_missed_and_a_quick_one_misses_nothing() {
        let messages = Messages::new();
        for _ in 0..KEPT + 3 {
            messages.take("DFS810I", "DFS810I READY");
        }
        let run = messages.from(1, 2);
        assert_eq!((run.lost, run.next, run.messages.len()), (2, 5, 2));
        let end = messages.from(run.next, usize::MAX);
        assert_eq!((end.lost, end.next, end.messages.len()), (0, KEPT as u64 + 3, KEPT - 2));
        assert_eq!(messages.from(end.next, 10), Run { next: end.next, ..Run::default() });
        // Whoever comes from another run of the member may stand anywhere.
        assert_eq!(messages.from(u64::MAX, 10).next, end.next);
    }
}
