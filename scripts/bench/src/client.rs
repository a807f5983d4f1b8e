//! An operator that keeps its connection, so that samples hold no process start and no handshake.

use csl::envelope::{
    DdlOptions, DdlRequest, OperatorRequest, PopulateCondition, PopulateMode, PopulateRequest, SourceFile,
};
use csl::om::Answer;
use end_to_end::Layout;
use end_to_end::layout::OPERATOR;
use sci::{ClientSettings, Identity, IdentityFiles, OmClient, OmError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;
use vocabulary::{MemberName, PlexName};

/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(300);
/// How much source goes into one part of a populate job.
const PART_BYTES: usize = 1 << 20;

/// An operator of a plex.
pub(crate) struct Client {
    runtime: Runtime,
    settings: ClientSettings,
    om: Option<OmClient>,
}

impl Client {
    /// An operator of this plex that speaks to `member` only, or to whoever answers.
    pub(crate) fn new(layout: &Layout, member: Option<&str>) -> Self {
        let members: Vec<(MemberName, String)> = layout
            .members
            .iter()
            .filter(|name| member.is_none_or(|member| member == name.as_str()))
            .map(|name| (name.parse().expect("a member name"), address(layout, name)))
            .collect();
        let identity = Identity::load(&IdentityFiles::in_folder(&layout.folder.join("certs"), OPERATOR))
            .expect("certificates");
        let plex = PlexName::new(&layout.plex).expect("a plex name");
        let settings = ClientSettings { plex, identity, members, connect_timeout_ms: 500 };
        Self { runtime: Runtime::new().expect("a runtime"), settings, om: None }
    }

    /// Issues a command.
    pub(crate) fn command(&mut self, text: &str) -> Result<Answer, OmError> {
        self.ask(&OperatorRequest::Command { text: text.to_string(), wait_ms: Some(WAIT.as_millis() as u64) })
    }

    /// Populates, and gives the answer to the last part.
    pub(crate) fn populate(
        &mut self,
        mode: PopulateMode,
        sources: Vec<SourceFile>,
    ) -> Result<Answer, OmError> {
        let condition = PopulateCondition::Latest;
        self.job(sources, |job, sources, last| {
            let part = PopulateRequest { job, mode, condition, delete: false, sources, last, stamp: None };
            OperatorRequest::Populate(part)
        })
    }

    /// Carries out DDL, and gives the answer to the last part.
    pub(crate) fn ddl(&mut self, options: DdlOptions, sources: Vec<SourceFile>) -> Result<Answer, OmError> {
        self.job(sources, |job, sources, last| {
            OperatorRequest::Ddl(DdlRequest { job, options, sources, last })
        })
    }

    /// Asks for one part of a job after the other.
    fn job(
        &mut self,
        sources: Vec<SourceFile>,
        part: impl Fn(u64, Vec<SourceFile>, bool) -> OperatorRequest,
    ) -> Result<Answer, OmError> {
        let job = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let mut parts = parts(sources);
        let final_part = parts.pop().unwrap_or_default();
        for sources in parts {
            self.ask(&part(job, sources, false))?;
        }
        self.ask(&part(job, final_part, true))
    }

    fn ask(&mut self, asked: &OperatorRequest) -> Result<Answer, OmError> {
        if self.om.is_none() {
            self.om = Some(self.runtime.block_on(OmClient::connect(&self.settings))?);
        }
        let om = self.om.as_mut().expect("connected above");
        let answer = self.runtime.block_on(om.ask(asked, WAIT, |_| {}));
        if answer.is_err() {
            self.om = None;
        }
        answer
    }
}

fn address(layout: &Layout, member: &str) -> String {
    let text = std::fs::read_to_string(layout.config(member)).expect("a configuration");
    let line = text.lines().find(|line| line.starts_with("address")).expect("an address");
    line.split('"').nth(1).expect("a quoted address").to_string()
}

fn parts(sources: Vec<SourceFile>) -> Vec<Vec<SourceFile>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for source in sources {
        bytes += source.bytes.len();
        if bytes > PART_BYTES {
            parts.push(Vec::new());
            bytes = source.bytes.len();
        }
        if let Some(part) = parts.last_mut() {
            part.push(source);
        }
    }
    parts
}
