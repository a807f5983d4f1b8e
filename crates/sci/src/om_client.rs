//! The operator's side: reach any member of the plex, ask it, wait for the answer.
//!
//! On the Operator lane the body of an ask is an encoded [`OperatorRequest`], that of a progress report a
//! [`Progress`], and that of an answer an [`Answer`], all as [`vocabulary::encoding`] writes them.

use crate::{
    dial::{DialError, dial},
    identity::Identity,
    lane::Lane,
    limits::Limits,
    mux::{AskError, Caller, MuxSettings},
    peer::Peer,
};
use csl::{
    envelope::{LogPage, LogRequest, OperatorRequest, Progress},
    om::Answer,
};
use serde::de::DeserializeOwned;
use std::{fmt, time::Duration};
use vocabulary::{
    MemberName, PlexName,
    encoding::{self, DecodeError},
};

/// How much longer than it was asked to a member may take to answer with its messages.
const LOG_SLACK: Duration = Duration::from_secs(10);

/// Whom to ask, and as whom.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The plex that the operator means.
    pub plex: PlexName,
    /// The operator's certificate and key.
    pub identity: Identity,
    /// Members and their addresses (`host:port`), in the order to try them.
    pub members: Vec<(MemberName, String)>,
    /// How long to try each of them, in milliseconds.
    pub connect_timeout_ms: u64,
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
pub enum OmError {
    /// The settings name no member.
    #[error("no member of plex {plex} is known: give at least one name and address")]
    NoMembers {
        /// The plex that was meant.
        plex: PlexName,
    },
    /// The certificate is one of another plex.
    #[error("the certificate is that of {own}, and plex {plex} is meant: use a certificate of {plex}")]
    OtherPlex {
        /// Whose certificate it is.
        own: Peer,
        /// The plex that was meant.
        plex: PlexName,
    },
    /// No member let us in; what each of them said, in the order tried.
    #[error("no member of plex {plex} could be reached:{tried}")]
    NoneReached {
        /// The plex that was meant.
        plex: PlexName,
        /// Every attempt.
        tried: Attempts,
    },
    /// The member was reached, and gave no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The member turned the question away.
    #[error("{from} refuses: {reason_text}")]
    Refused {
        /// Who refused.
        from: Peer,
        /// What it says.
        reason_text: String,
    },
    /// The member gave an answer that this program can't read.
    #[error("the answer of {from} can't be read: {source}. Use the release of that member")]
    BadAnswer {
        /// Who answered.
        from: Peer,
        /// What is wrong with it.
        source: DecodeError,
    },
}

/// Members that were tried, and why each of them was not reached.
#[derive(Debug)]
pub struct Attempts(pub Vec<(MemberName, DialError)>);

/// A line each.
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(member, error)| write!(f, "\n  {member}: {error}"))
    }
}

/// A connection to one member of the plex, which passes on what concerns others.
#[derive(Debug, Clone)]
pub struct OmClient {
    caller: Caller,
}

impl OmClient {
    /// Connects to the first member that lets us in.
    pub async fn connect(settings: &ClientSettings) -> Result<Self, OmError> {
        let plex = settings.plex;
        let own = settings.identity.peer();
        if own.plex != plex {
            return Err(OmError::OtherPlex { own: own.clone(), plex });
        }
        if settings.members.is_empty() {
            return Err(OmError::NoMembers { plex });
        }
        let limits = Limits { handshake_ms: settings.connect_timeout_ms, ..Limits::default() };
        let mut tried = Vec::new();
        for (member, address) in &settings.members {
            match dial(&settings.identity, address, Some(*member), Lane::Operator, &limits).await {
                Ok(connection) => {
                    return Ok(Self { caller: Caller::start(connection, MuxSettings::default()) });
                }
                Err(error) => tried.push((*member, error)),
            }
        }
        Err(OmError::NoneReached { plex, tried: Attempts(tried) })
    }

    /// The member that was reached.
    pub fn member(&self) -> &Peer {
        self.caller.peer()
    }

    /// Asks, shows each progress report as it comes, and waits at most `wait` for the answer.
    pub async fn ask(
        &self,
        request: &OperatorRequest,
        wait: Duration,
        mut on_progress: impl FnMut(Progress),
    ) -> Result<Answer, OmError> {
        let body = encoding::encode(request).into();
        let report = |body: bytes::Bytes| {
            // A report that can't be read is not worth losing the answer for.
            if let Ok(progress) = encoding::decode("progress report", &body) {
                on_progress(progress);
            }
        };
        let answer = self.caller.ask_with_progress(body, wait, report).await?;
        self.decode("answer", &answer)
    }

    /// Asks what the member has said of late, as long as the request says that it waits for something.
    pub async fn log(&self, request: &LogRequest) -> Result<LogPage, OmError> {
        let body = encoding::encode(&OperatorRequest::Log(*request)).into();
        let wait = Duration::from_millis(request.wait_ms).saturating_add(LOG_SLACK);
        let page = self.caller.ask(body, wait).await?;
        // A member that turns the question away says why in an answer.
        self.decode("page of messages", &page).map_err(|error| match encoding::decode("answer", &page) {
            Ok(Answer { reason_text, .. }) => OmError::Refused { from: self.member().clone(), reason_text },
            Err(_) => error,
        })
    }

    fn decode<T: DeserializeOwned>(&self, what: &'static str, body: &[u8]) -> Result<T, OmError> {
        encoding::decode(what, body)
            .map_err(|source| OmError::BadAnswer { from: self.member().clone(), source })
    }
}
