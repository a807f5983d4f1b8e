//! The three members, their limits, and the definitions that one of them activates.

use catalog::Retention;
use control_region::Settings;
use csl::envelope::{OperatorRequest, PopulateCondition, PopulateMode, PopulateRequest, SourceFile};
use plex::{AuditBounds, Incarnation, Membership};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{MemberName, Moment, NameError, PlexName, PsbName};

/// How many members there are. The first of them leads at the beginning.
pub const MEMBERS: usize = 3;

/// How far the clock goes when time passes: less than a step of an activation may take, and more than it takes until
/// anything is sent again. A second such step is longer than any limit.
const PASS_MS: u64 = 2_000;

/// The command whose orders are tried.
pub(crate) const IMPORT: &str = "IMPORT DEFN SOURCE(CATALOG)";

/// The node number of a member.
pub(crate) fn node_of(member: usize) -> u64 {
    member as u64 + 1
}

/// The moment after so many steps of the clock.
pub(crate) fn moment(clock: u32) -> Moment {
    Moment(1_767_268_800_000_000).plus_ms(u64::from(clock) * PASS_MS)
}

/// How members agree on an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounds {
    /// The master asks beforehand who is ready, and begins and commits with one entry where all are.
    One,
    /// It begins with one entry, all vote, and it commits with another.
    Two,
}

/// The names that the model is made of.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) members: [MemberName; MEMBERS],
    pub(crate) plex: PlexName,
    /// The program whose definition changes.
    pub(crate) psb: PsbName,
    rounds: Rounds,
}

impl Names {
    pub(crate) fn new(rounds: Rounds) -> Result<Self, NameError> {
        Ok(Self {
            members: [MemberName::new("IMS1")?, MemberName::new("IMS2")?, MemberName::new("IMS3")?],
            plex: PlexName::new("PLEX1")?,
            psb: PsbName::new("CLERK")?,
            rounds,
        })
    }

    /// The place of a member among the three.
    pub(crate) fn place(&self, member: MemberName) -> usize {
        self.members.iter().position(|one| *one == member).unwrap_or_default()
    }

    /// Node number and address of each founding member.
    pub(crate) fn founders(&self) -> BTreeMap<MemberName, (u64, String)> {
        (0..MEMBERS).map(|at| (self.members[at], (node_of(at), self.address(at)))).collect()
    }

    fn address(&self, member: usize) -> String {
        format!("{}:4000", self.members[member])
    }

    /// What a run of a member is started with.
    pub(crate) fn settings(&self, member: usize, run: u32) -> Settings {
        let node = node_of(member);
        Settings {
            member: self.members[member],
            plex: self.plex,
            node,
            incarnation: Incarnation(node * 1_000_000 + u64::from(run) * 1_000),
            address: self.address(member),
            membership: Membership::Sharer,
            cold: false,
            version: "model".to_string(),
            neighbours: BTreeMap::new(),
            step_timeout_ms: 3_000,
            canvass_wait_ms: if self.rounds == Rounds::One { 50 } else { 0 },
            staging_wait_ms: 10_000,
            command_wait_ms: 1_000_000,
            member_lost_ms: 3_000,
            retry_ms: 500,
            consensus_retry_ms: 20,
            populate_idle_ms: 100_000,
            auto_import: false,
            auto_create: false,
            staging_bytes_max: 1 << 20,
            retention: Retention::default(),
            // What is noted of a command has no part in an activation.
            audit: AuditBounds::NOTHING,
            has_engine: false,
            unrecovered: BTreeSet::new(),
        }
    }
}

/// A populate job of the one database and the one program that there are, in a version.
pub(crate) fn populate(mode: PopulateMode, version: u32) -> OperatorRequest {
    let source = |name: &str, text: String| SourceFile { name: name.to_string(), bytes: text.into_bytes() };
    OperatorRequest::Populate(PopulateRequest {
        job: u64::from(version),
        mode,
        condition: PopulateCondition::Latest,
        delete: false,
        sources: vec![source("branch.dbd", dbd(version)), source("clerk.psb", psb(version))],
        last: true,
        stamp: None,
    })
}

fn dbd(version: u32) -> String {
    format!(
        "         DBD   NAME=BRANCH,ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,1,100)
         DATASET DD1=BRANCHDD
         SEGM  NAME=OFFICE,PARENT=0,BYTES={}
         FIELD NAME=(OFFICENO,SEQ,U),BYTES=4,START=1
         DBDGEN
         END
",
        80 + version
    )
}

fn psb(version: u32) -> String {
    format!(
        "         PCB   TYPE=DB,DBDNAME=BRANCH,PROCOPT=A,KEYLEN=20
         SENSEG NAME=OFFICE,PARENT=0
         PSBGEN PSBNAME=CLERK,LANG=COBOL,LOCKMAX={version}
         END
"
    )
}
