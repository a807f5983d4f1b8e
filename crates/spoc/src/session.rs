//! The connection to a member, made when it is first needed.

use crate::args::Args;
use crate::printer::Printer;
use crate::settings::{SettingsError, SettingsFile};
use crate::{EXIT_ENVIRONMENT, EXIT_WRONG};
use csl::envelope::OperatorRequest;
use csl::om::Answer;
use sci::{ClientSettings, Identity, IdentityError, OmClient, OmError};
use std::io::{self, Write};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long each member is tried.
const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// How much longer than OM we wait, so that its answer about those who are silent still arrives.
const ANSWER_SLACK_MS: u64 = 30_000;

/// No member could be asked, or none answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the runtime could not be started: {0}")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Om(#[from] OmError),
}

impl SessionError {
    /// What a process that ends for it exits with.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Identity(_) => EXIT_WRONG,
            Self::Om(OmError::NoMembers { .. } | OmError::OtherPlex { .. }) => EXIT_WRONG,
            Self::Runtime(_) | Self::Om(_) => EXIT_ENVIRONMENT,
        }
    }
}

/// A conversation with one member.
pub(crate) struct Session<'a> {
    args: &'a Args,
    open: Option<(Runtime, OmClient)>,
}

impl<'a> Session<'a> {
    /// A session that connects as these arguments say, when something is asked.
    pub(crate) fn new(args: &'a Args) -> Self {
        Self { args, open: None }
    }

    /// Asks, prints progress, and gives the answer. `wait_ms` is how long OM collects answers.
    pub(crate) fn ask<O: Write, E: Write>(
        &mut self,
        request: &OperatorRequest,
        wait_ms: u64,
        printer: &mut Printer<O, E>,
    ) -> Result<Answer, SessionError> {
        let (runtime, client) = match &mut self.open {
            Some(open) => open,
            none => none.insert(connect(self.args, printer)?),
        };
        let wait = Duration::from_millis(wait_ms.saturating_add(ANSWER_SLACK_MS));
        let ask = client.ask(request, wait, |progress| printer.progress(&progress));
        Ok(runtime.block_on(ask)?)
    }

    /// Forgets the connection, so that the next question makes a new one.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }
}

/// Whom to connect to, and as whom.
pub(crate) fn client_settings(args: &Args) -> Result<ClientSettings, SessionError> {
    let settings = SettingsFile::read(args)?.settings(args.context.as_deref())?.only(args.member)?;
    Ok(ClientSettings {
        plex: settings.plex,
        identity: Identity::load(&settings.identity)?,
        members: settings.members,
        connect_timeout_ms: CONNECT_TIMEOUT_MS,
    })
}

/// The worker keeps connections alive while the main thread waits for input, or for a reader of its output.
pub(crate) fn runtime() -> Result<Runtime, SessionError> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(SessionError::Runtime)
}

fn connect<O: Write, E: Write>(
    args: &Args,
    printer: &mut Printer<O, E>,
) -> Result<(Runtime, OmClient), SessionError> {
    let client_settings = client_settings(args)?;
    let runtime = runtime()?;
    let client = runtime.block_on(OmClient::connect(&client_settings))?;
    let (member, user) = (&client.member().name, &client_settings.identity.peer().name);
    // The OM of a member goes by the name that QUERY IMSPLEX shows.
    printer.answers_come_from(format!("{member}OM"), user.clone());
    Ok((runtime, client))
}
