//! The messages of members, each member's read over a connection of its own: what they keep, and what they go on to
//! say.
//!
//! A member keeps its messages for a while and gives them out page by page. Whoever reads too slowly is told how many
//! were lost; no member waits for a reader. What the members said before is put in order by their clocks; what comes
//! after that is shown as it comes, whatever any clock says.

use csl::envelope::{LogRequest, LoggedMessage};
use sci::{ClientSettings, OmClient, OmError};
use std::fmt;
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
    /// Of what a member keeps when it is read first.
    pub(crate) kept: KeptWanted,
}

/// What is wanted of the messages that a member keeps when it is read first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeptWanted {
    /// Every one.
    All,
    /// None that is older by the clock of the member.
    Since(Moment),
    /// None: only what comes after.
    None,
}

impl KeptWanted {
    fn wants(self, message: &LoggedMessage) -> bool {
        match self {
            Self::All => true,
            Self::Since(since) => message.at >= since,
            Self::None => false,
        }
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
    /// Whether all was read that it kept when it was read first.
    caught_up: bool,
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
        let mut reader =
            Reader { settings, member: *member, client: None, run: 0, next: 0, caught_up: false };
        reading.spawn(async move {
            let read = reader.read_kept(wanted).await;
            (reader, read)
        });
    }
    let mut kept = Kept { shown: Vec::new(), troubles: Vec::new(), readers: Vec::new() };
    while let Some(Ok((reader, (shown, trouble)))) = reading.join_next().await {
        kept.shown.extend(shown);
        kept.troubles.extend(trouble.map(|error| (reader.member, error)));
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
    /// What the member keeps, as far as it can be read, and why that is not all.
    async fn read_kept(&mut self, wanted: Wanted) -> (Vec<Shown>, Option<OmError>) {
        let mut shown = Vec::new();
        while !self.caught_up {
            match self.read(wanted).await {
                Ok(more) => shown.extend(more),
                Err(error) => return (shown, Some(error)),
            }
        }
        (shown, None)
    }

    /// Reads until nobody listens any more.
    async fn follow(mut self, wanted: Wanted, sender: Sender<News>) {
        let mut well = self.client.is_some();
        loop {
            let news = match self.read(wanted).await {
                Ok(shown) => {
                    let back = (!well).then_some(News::Back(self.member));
                    well = true;
                    back.into_iter().chain(shown.into_iter().map(News::Shown)).collect()
                }
                Err(error) => {
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

    /// Reads the next page: first of what the member keeps, then of what it goes on to say. A connection that fails is
    /// given up.
    async fn read(&mut self, wanted: Wanted) -> Result<Vec<Shown>, OmError> {
        let kept = if self.caught_up { KeptWanted::All } else { wanted.kept };
        let client = match self.client.take() {
            Some(client) => client,
            None => OmClient::connect(&self.settings).await?,
        };
        let wait_ms = if self.caught_up { WAIT_MS } else { 0 };
        let page = client.log(&LogRequest { run: self.run, from: self.next, wait_ms }).await?;
        self.client = Some(client);
        (self.run, self.next) = (page.run, page.next);
        self.caught_up |= page.messages.is_empty();
        let lost = (page.lost > 0).then_some(Shown::Lost(self.member, page.lost));
        let wants = |message: &LoggedMessage| message.severity >= wanted.severity && kept.wants(message);
        let messages = page.messages.into_iter().filter(wants);
        Ok(lost.into_iter().chain(messages.map(|message| Shown::Message(self.member, message))).collect())
    }
}

/// A line for people.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(member, LoggedMessage { at, number, text, .. }) => {
                write!(f, "{at} {member:<8} {number} {text}")
            }
            Self::Lost(member, count) => {
                write!(f, "-- {count} messages of {member} were lost: they came too fast")
            }
        }
    }
}

/// A line for people.
impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(shown) => shown.fmt(f),
            Self::Trouble(member, reason) => write!(f, "{member} can't be read: {reason}"),
            Self::Back(member) => write!(f, "{member} is read again"),
        }
    }
}

impl Shown {
    /// As a line of JSON, with names that stay.
    pub(crate) fn json(&self) -> String {
        let value = match self {
            Self::Message(member, LoggedMessage { at, number, severity, text }) => serde_json::json!({
                "time": at.to_string(),
                "member": member.to_string(),
                "number": number,
                "severity": severity.letter(),
                "text": text,
            }),
            Self::Lost(member, count) => serde_json::json!({ "member": member.to_string(), "lost": count }),
        };
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line_and_so_is_what_was_lost() {
        let member = MemberName::new("IMS1").unwrap();
        let message = LoggedMessage {
            at: Moment(0),
            number: "LINK201W".to_string(),
            severity: Severity::Warning,
            text: "IT IS \"LOST\"".to_string(),
        };
        let shown = Shown::Message(member, message);
        assert_eq!(shown.to_string(), "1970.001 00:00:00.000000 IMS1     LINK201W IT IS \"LOST\"");
        assert_eq!(
            shown.json(),
            r#"{"time":"1970.001 00:00:00.000000","member":"IMS1","number":"LINK201W","severity":"W","text":"IT IS \"LOST\""}"#
        );
        let lost = Shown::Lost(member, 12);
        assert_eq!(lost.to_string(), "-- 12 messages of IMS1 were lost: they came too fast");
        assert_eq!(lost.json(), r#"{"member":"IMS1","lost":12}"#);
    }
}
