//! The messages of members, each member's read over a connection of its own: what they keep, and what they go on to
//! say.
//!
//! A member keeps its messages for a while and gives them out page by page. Whoever reads too slowly is told how many
//! were lost; no member waits for a reader. What the members said before is put in order by their clocks; what comes
//! after that is shown as it comes.

use csl::envelope::{LogPage, LogRequest, LoggedMessage};
use sci::{ClientSettings, OmClient, OmError};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use vocabulary::{MemberName, Moment, Severity};

/// How long a member holds a question before it answers that there is nothing new.
const WAIT_MS: u64 = 20_000;
/// The pause before a member that was lost is dialed again.
const REDIAL: Duration = Duration::from_secs(1);
/// How many pages wait to be printed. A reader who lags behind by more reads no further for now.
const PAGES_WAITING: usize = 64;

/// Which messages are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// None that is less bad.
    pub(crate) severity: Severity,
    /// None that is older.
    pub(crate) since: Option<Moment>,
}

impl Wanted {
    fn wants(&self, message: &LoggedMessage) -> bool {
        message.severity >= self.severity && self.since.is_none_or(|since| message.at >= since)
    }
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A message of a member.
    Message(MemberName, LoggedMessage),
    /// So many messages of a member came and went before they were read.
    Lost(MemberName, u64),
}

/// What happens while members are followed.
#[derive(Debug)]
pub(crate) enum News {
    /// Something to show.
    Shown(Shown),
    /// A member can't be read at the moment, and why.
    Trouble(MemberName, String),
    /// It can be read again.
    Back(MemberName),
}

/// One member, and how far it was read.
struct Reader {
    settings: ClientSettings,
    member: MemberName,
    client: Option<OmClient>,
    run: u64,
    next: u64,
}

/// Everything that the members keep, in order, and who could not be read.
pub(crate) struct Kept {
    pub(crate) shown: Vec<Shown>,
    pub(crate) troubles: Vec<(MemberName, OmError)>,
    readers: Vec<Reader>,
}

/// Reads what the members of these settings keep.
pub(crate) async fn kept(settings: &ClientSettings, wanted: Wanted) -> Kept {
    let mut reading = JoinSet::new();
    for (member, address) in &settings.members {
        let settings = ClientSettings { members: vec![(*member, address.clone())], ..settings.clone() };
        let mut reader = Reader { settings, member: *member, client: None, run: 0, next: 0 };
        reading.spawn(async move {
            let read = reader.read_kept(wanted).await;
            (reader, read)
        });
    }
    let mut kept = Kept { shown: Vec::new(), troubles: Vec::new(), readers: Vec::new() };
    while let Some(Ok((reader, read))) = reading.join_next().await {
        match read {
            Ok(shown) => kept.shown.extend(shown),
            Err(error) => kept.troubles.push((reader.member, error)),
        }
        kept.readers.push(reader);
    }
    kept.troubles.sort_by_key(|(member, _)| *member);
    kept.shown.sort_by_key(|shown| match shown {
        Shown::Message(member, message) => (message.at, *member),
        Shown::Lost(member, _) => (Moment(0), *member),
    });
    kept
}

impl Kept {
    /// Goes on with what the members say from now on. Must be called within a tokio runtime, which ends it.
    pub(crate) fn follow(self, wanted: Wanted) -> Receiver<News> {
        let (sender, news) = mpsc::channel(PAGES_WAITING);
        for reader in self.readers {
            tokio::spawn(reader.follow(wanted, sender.clone()));
        }
        news
    }
}

impl Reader {
    async fn read_kept(&mut self, wanted: Wanted) -> Result<Vec<Shown>, OmError> {
        let mut shown = Vec::new();
        loop {
            let page = self.page(0).await?;
            if page.messages.is_empty() {
                return Ok(shown);
            }
            shown.extend(self.shown(page, wanted));
        }
    }

    /// Reads until nobody listens any more.
    async fn follow(mut self, wanted: Wanted, sender: Sender<News>) {
        let mut well = self.client.is_some();
        loop {
            let news = match self.page(WAIT_MS).await {
                Ok(page) => {
                    let back = (!well).then_some(News::Back(self.member));
                    well = true;
                    back.into_iter().chain(self.shown(page, wanted).into_iter().map(News::Shown)).collect()
                }
                Err(error) => {
                    self.client = None;
                    let told = well.then(|| News::Trouble(self.member, error.to_string()));
                    well = false;
                    tokio::time::sleep(REDIAL).await;
                    Vec::from_iter(told)
                }
            };
            for one in news {
                if sender.send(one).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn page(&mut self, wait_ms: u64) -> Result<LogPage, OmError> {
        let client = match &self.client {
            Some(client) => client,
            None => self.client.insert(OmClient::connect(&self.settings).await?),
        };
        let page = client.log(&LogRequest { run: self.run, from: self.next, wait_ms }).await?;
        (self.run, self.next) = (page.run, page.next);
        Ok(page)
    }

    fn shown(&self, page: LogPage, wanted: Wanted) -> Vec<Shown> {
        let lost = (page.lost > 0).then_some(Shown::Lost(self.member, page.lost));
        let messages = page.messages.into_iter().filter(|message| wanted.wants(message));
        lost.into_iter().chain(messages.map(|message| Shown::Message(self.member, message))).collect()
    }
}

impl Shown {
    /// As a line for people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Message(member, LoggedMessage { at, number, text, .. }) => {
                format!("{at} {member:<8} {number} {text}")
            }
            Self::Lost(member, count) => {
                format!("-- {count} messages of {member} were lost: they came too fast")
            }
        }
    }

    /// As a line of JSON, with names that stay.
    pub(crate) fn json(&self) -> String {
        let value = match self {
            Self::Message(member, LoggedMessage { at, number, severity, text }) => serde_json::json!({
                "time": at.to_string(),
                "member": member.to_string(),
                "number": number,
                "severity": severity_letter(*severity),
                "text": text,
            }),
            Self::Lost(member, count) => serde_json::json!({ "member": member.to_string(), "lost": count }),
        };
        value.to_string()
    }
}

fn severity_letter(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "I",
        Severity::Warning => "W",
        Severity::Error => "E",
        Severity::Action => "A",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(at: u64, severity: Severity) -> LoggedMessage {
        LoggedMessage {
            at: Moment(at),
            number: "LINK201W".to_string(),
            severity,
            text: "IT IS \"LOST\"".to_string(),
        }
    }

    #[test]
    fn only_what_is_bad_and_recent_enough_is_wanted() {
        let wanted = Wanted { severity: Severity::Warning, since: Some(Moment(5)) };
        assert!(wanted.wants(&message(5, Severity::Error)));
        assert!(!wanted.wants(&message(5, Severity::Information)));
        assert!(!wanted.wants(&message(4, Severity::Error)));
    }

    #[test]
    fn a_message_is_a_line_and_so_is_what_was_lost() {
        let member = MemberName::new("IMS1").unwrap();
        let shown = Shown::Message(member, message(0, Severity::Warning));
        assert_eq!(shown.text(), "1970.001 00:00:00.000000 IMS1     LINK201W IT IS \"LOST\"");
        assert_eq!(
            shown.json(),
            r#"{"time":"1970.001 00:00:00.000000","member":"IMS1","number":"LINK201W","severity":"W","text":"IT IS \"LOST\""}"#
        );
        let lost = Shown::Lost(member, 12);
        assert_eq!(lost.text(), "-- 12 messages of IMS1 were lost: they came too fast");
        assert_eq!(lost.json(), r#"{"member":"IMS1","lost":12}"#);
    }
}
