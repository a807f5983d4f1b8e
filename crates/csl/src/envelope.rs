//! What operators send to a member and get from it. The reply to every request but that for its messages is an
//! [`Answer`].
//!
//! [`Answer`]: crate::om::Answer

use crate::om::OperatorRole;
use serde::{Deserialize, Serialize};
use vocabulary::{InstanceStamp, MemberName, Moment, ResourceKind, Severity};

/// Whose request it is, as the certificate and the connection said at the member where it came in. It travels with the
/// request from member to member; they trust each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name in the certificate.
    pub name: String,
    /// What it lets them do.
    pub role: OperatorRole,
    /// Where they came from: `host:port`.
    pub address: String,
}

/// One thing that an operator asks of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorRequest {
    /// A type-2 command.
    Command {
        /// As typed; the member parses it again and trusts nothing that the sender concluded.
        text: String,
        /// How long OM collects answers, in milliseconds; the member's default where it is `None`.
        wait_ms: Option<u64>,
    },
    /// A part of a populate job: the populate utility, DFS3PU00.
    Populate(PopulateRequest),
    /// A listing of the catalog: the query utility, DFS3CATQ.
    List(ListRequest),
    /// A part of a DDL job: the data definition utility, DFS3ID00.
    Ddl(DdlRequest),
    /// What this member has said of late. It is answered by a [`LogPage`], and not by an answer.
    Log(LogRequest),
}

/// One chunk of source members on its way into the catalog.
///
/// A job is the chunks that carry its number, in order, up to the one that says it is the `last`; nothing is
/// generated or stored before that one. Each earlier chunk is answered by an empty answer that is all right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PopulateRequest {
    /// Tells the chunks of this job from those of another on the same connection.
    pub job: u64,
    /// Where the generated definitions go.
    pub mode: PopulateMode,
    /// What happens to an instance older than the one that is there.
    pub condition: PopulateCondition,
    /// Empty staging first (`STAGE` with `DELETE`).
    pub delete: bool,
    /// DBD and PSB source.
    pub sources: Vec<SourceFile>,
    /// The job is complete with this chunk.
    pub last: bool,
    /// The instance that the definitions become; the member takes the time of day where it is `None`.
    pub stamp: Option<InstanceStamp>,
}

/// Where a populate job puts what it generates: `MANAGEDACBS=` of DFS3PU00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PopulateMode {
    /// `SETUP`: fill an empty directory; active at once.
    Setup,
    /// `UPDATE`: add to the directory; active at once.
    Update,
    /// `STAGE`: into staging, where an IMPORT finds it.
    Stage,
}

/// Whether an older instance may follow a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PopulateCondition {
    /// `LATEST`: only an instance later than the one that is there.
    Latest,
    /// `UNCOND`: any instance.
    Unconditional,
}

/// A source member as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// What findings call it, usually the path that the operator knows it by.
    pub name: String,
    /// Its content, in whatever encoding it has.
    pub bytes: Vec<u8>,
}

/// One chunk of DDL on its way into the catalog.
///
/// A job is the chunks that carry its number, in order, up to the one that says it is the `last`; nothing is carried
/// out before that one. Each earlier chunk is answered by an empty answer that is all right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DdlRequest {
    /// Tells the chunks of this job from those of another.
    pub job: u64,
    /// How the job is carried out.
    pub options: DdlOptions,
    /// DDL, to be read one source after the other.
    pub sources: Vec<SourceFile>,
    /// The job is complete with this chunk.
    pub last: bool,
}

/// The control options of DFS3ID00.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DdlOptions {
    /// `VERBOSE`: repeat the text of every statement, and not just of what is wrong.
    pub verbose: bool,
    /// `AUTOCOMMIT`: what follows the last COMMIT DDL is committed, and not rolled back.
    pub auto_commit: bool,
    /// `SIMULATE`: check everything and change nothing.
    pub simulate: bool,
    /// `AUTOACTIVATE`: activate each unit of work when it is committed, whatever it changes.
    pub auto_activate: bool,
    /// `DYNAMICPROGRAMVIEW=(CREATEYES)`: activate a unit of nothing but program views when it is committed.
    pub program_views: bool,
}

/// Which instances of the catalog to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// Both kinds where it is `None`.
    pub kind: Option<ResourceKind>,
    /// A [generic name](crate::om::Generic).
    pub name: String,
    /// Which instances of a name.
    pub instances: ListInstances,
}

/// Which instances of a name to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListInstances {
    /// Those in the directory.
    Active,
    /// Those in staging.
    Pending,
    /// Every one that the catalog still has.
    All,
}

/// What a member has said of late: the messages from a place on, once there are any.
///
/// Whoever asks again with the place and the run of the page before misses nothing that the member still keeps. The
/// member keeps a bounded number of messages and waits for no reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRequest {
    /// The run of the member that the place is of: 0 where none was met yet.
    pub run: u64,
    /// Where to begin: 0 for everything that is kept.
    pub from: u64,
    /// How long to wait for a message where there is none, in milliseconds.
    pub wait_ms: u64,
}

/// Some messages of a member in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Whose they are.
    pub member: MemberName,
    /// The run of the member.
    pub run: u64,
    /// The messages, in the order in which they were issued.
    pub messages: Vec<LoggedMessage>,
    /// How many there were before them, after the place that was asked for, that are not kept any more.
    pub lost: u64,
    /// Where to go on.
    pub next: u64,
}

/// A message as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedMessage {
    /// When, by the clock of the member.
    pub at: Moment,
    /// `DFS810I`.
    pub number: String,
    /// How bad it is.
    pub severity: Severity,
    /// The text without the number.
    pub text: String,
}

/// A line for the operator's eyes while a command runs: the phase, who is waited for, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// One line without its end.
    pub text: String,
}
