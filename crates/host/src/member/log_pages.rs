//! What operators read of the messages of this member: a page at a time, at their own pace.

use crate::messages::{IssuedMessage, Messages};
use bytes::Bytes;
use csl::envelope::{LogPage, LogRequest, LoggedMessage};
use plex::Incarnation;
use sci::mux::Responder;
use std::time::Duration;
use tokio::time::timeout;
use vocabulary::{MemberName, encoding};

/// The most messages in a page. They are lines for people, so that a page is far from the longest frame.
const PAGE_MAX: usize = 500;

/// The longest that a question is kept. Whoever wants to wait longer asks again.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Whose messages they are.
#[derive(Clone)]
pub(super) struct LogPages {
    pub(super) messages: Messages,
    pub(super) member: MemberName,
    pub(super) incarnation: Incarnation,
}

impl LogPages {
    /// Answers once there is a message, or the time to wait is over.
    pub(super) async fn answer(self, asked: LogRequest, responder: Responder) {
        let run = self.incarnation.0;
        // Places of an earlier run mean nothing here.
        let from = if asked.run == run { asked.from } else { 0 };
        let wait = Duration::from_millis(asked.wait_ms).min(WAIT_MAX);
        // Where nothing came in time the page is empty.
        let _ = timeout(wait, self.messages.reached(from)).await;
        let found = self.messages.from(from, PAGE_MAX);
        let messages = found.messages.into_iter().map(logged).collect();
        // Of what was before the reader's first question nothing is lost to him.
        let lost = if asked.run == run { found.lost } else { 0 };
        let page = LogPage { member: self.member, run, messages, lost, next: found.next };
        responder.answer(Bytes::from(encoding::encode(&page)));
    }
}

fn logged(issued: IssuedMessage) -> LoggedMessage {
    let IssuedMessage { at, number, severity, text } = issued;
    LoggedMessage { at, number: number.to_string(), severity, text }
}
