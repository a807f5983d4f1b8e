//! What the log says of strangers: who was refused and why, and no more of it than a person can read.

use std::{
    fmt::Display,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use vocabulary::Message;
use vocabulary::message::{LINK206W, LINK207W};

/// So many refusals are told one by one within [`SPAN`]; of further ones, how many there were. Whoever reaches the
/// port could fill the disk with refusals otherwise.
const TOLD_MAX: u32 = 20;
const SPAN: Duration = Duration::from_secs(10);

/// Tells refusals to the log.
#[derive(Debug)]
pub(crate) struct Refusals {
    span: Mutex<Span>,
    refused: Refused,
}

/// Counts the connections that were refused since the port was opened. Clones are the same count.
#[derive(Debug, Clone, Default)]
pub struct Refused(Arc<AtomicU64>);

impl Refused {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Span {
    began: Instant,
    told: u32,
    /// How many were not told one by one, and the latest of them.
    untold: Option<(u32, SocketAddr, String)>,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self { span: Mutex::new(Span::new(Instant::now())), refused: Refused::default() }
    }

    pub(crate) fn refused(&self) -> Refused {
        self.refused.clone()
    }

    /// Tells that a connection was refused.
    pub(crate) fn tell(&self, address: SocketAddr, reason: &dyn Display) {
        self.refused.0.fetch_add(1, Ordering::Relaxed);
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        for message in span.tell(Instant::now(), address, &reason.to_string()) {
            let number = message.number();
            tracing::warn!(number, %address, "{message}");
        }
    }
}

impl Span {
    fn new(began: Instant) -> Self {
        Self { began, told: 0, untold: None }
    }

    /// What is to be said now.
    fn tell(&mut self, now: Instant, address: SocketAddr, reason: &str) -> Vec<Message> {
        let mut said = Vec::new();
        if now.duration_since(self.began) >= SPAN {
            let ended = std::mem::replace(self, Self::new(now));
            if let Some((count, address, reason)) = ended.untold {
                let seconds = now.duration_since(ended.began).as_secs();
                said.push(LINK207W.with(&[&count, &seconds, &address, &reason]));
            }
        }
        if self.told < TOLD_MAX {
            self.told += 1;
            said.push(LINK206W.with(&[&address, &reason]));
        } else {
            let count = self.untold.as_ref().map_or(0, |(count, ..)| *count);
            self.untold = Some((count.saturating_add(1), address, reason.to_string()));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_refusals_the_first_are_told_and_the_rest_are_counted() {
        let begin = Instant::now();
        let mut span = Span::new(begin);
        let mut tell = |after: Duration, port: u16| {
            let address = SocketAddr::from(([192, 0, 2, 1], port));
            span.tell(begin + after, address, "it shows no certificate")
        };
        let told: usize = (1..=1_000).map(|port| tell(Duration::from_secs(1), port).len()).sum();
        assert_eq!(told, TOLD_MAX as usize);
        let later = tell(Duration::from_secs(12), 2_000);
        let later: Vec<_> = later.iter().map(ToString::to_string).collect();
        assert_eq!(
            later,
            [
                "LINK207W 980 MORE CONNECTIONS WERE REFUSED IN 12 S, THE LAST ONE FROM 192.0.2.1:1000: it shows no certificate",
                "LINK206W A CONNECTION FROM 192.0.2.1:2000 IS REFUSED: it shows no certificate",
            ]
        );
    }
}
