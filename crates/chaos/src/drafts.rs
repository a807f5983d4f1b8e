//! What operators ask for, drawn from a seed: versions of the bank that can all be told from each other.

use crate::bank;
use crate::dice::Dice;
use csl::envelope::{
    DdlOptions, DdlRequest, ListInstances, ListRequest, OperatorRequest, PopulateCondition, PopulateMode,
    PopulateRequest, SourceFile,
};
use vocabulary::{DbdName, InstanceStamp, Moment, PsbName, ResourceName};

/// Definitions that operators change, with what makes some of them special.
const DEFINITIONS: [(&str, &str); 8] = [
    ("dbd/CUSTDB", ""),
    ("dbd/CUSTNX", ""),
    ("dbd/ACCTDB", ""),
    ("dbd/ACCTDB", "/small"),
    ("dbd/BRANCH", ""),
    ("psb/TELLER", ""),
    ("psb/CLERK", ""),
    ("gsam/POSTING", ""),
];

/// What operators say in DDL: one database and its program are made, changed and dropped.
const DDL: [&str; 3] = [
    "CREATE DATABASE LOANS;
CREATE TABLE LOAN (NO CHAR(8) PRIMARY KEY, AMOUNT DECIMAL(9,2));
CREATE PROGRAMVIEW LENDER (CREATE SCHEMA L USING LOANS (CREATE SENSEGVIEW LOAN)) LANGCOBOL;
COMMIT DDL;
",
    "ALTER TABLE LOAN IN DATABASE LOANS MAXBYTES 80;
COMMIT DDL;
",
    "DROP PROGRAMVIEW LENDER IF EXISTS;
DROP DATABASE LOANS IF EXISTS;
COMMIT DDL;
",
];

/// The versions of definitions that are told apart; beyond this they begin anew, under later timestamps.
const VERSIONS: u64 = 200;

/// The populate jobs of all operators of a plex.
#[derive(Debug)]
pub(crate) struct Drafts {
    jobs: u64,
    versions: u64,
}

impl Drafts {
    /// Jobs are numbered from the one after this.
    pub(crate) fn after(jobs: u64) -> Self {
        Self { jobs, versions: 1 }
    }

    /// The whole bank, for an empty directory.
    pub(crate) fn whole(&mut self) -> PopulateRequest {
        let sources = bank::WHOLE.map(|text| bank::source(text).unwrap()).to_vec();
        self.part(PopulateMode::Setup, false, sources, None)
    }

    /// New versions of one to three definitions; now and then staging is emptied first.
    pub(crate) fn staging(&mut self, dice: &mut Dice) -> PopulateRequest {
        self.versions += 1;
        let (stamp, version) = (self.stamp(), 2 + self.versions % VERSIONS);
        let (mut names, mut sources) = (Vec::new(), Vec::new());
        for _ in 0..dice.between(1, 3) {
            let (definition, special) = dice.pick(&DEFINITIONS);
            let name = definition.split('/').nth(1).unwrap_or_default().to_string();
            if !names.contains(&name) {
                sources.push(bank::source(&format!("{definition}/{version}{special}")).unwrap());
                names.push(name);
            }
        }
        let empties = dice.happens(120);
        self.part(PopulateMode::Stage, empties, sources, Some(stamp))
    }

    /// A DDL job, which stages what it says or activates it at once.
    pub(crate) fn ddl(&mut self, dice: &mut Dice) -> DdlRequest {
        self.jobs += 1;
        let options = DdlOptions { auto_activate: dice.happens(500), ..DdlOptions::default() };
        let bytes = dice.pick(&DDL).as_bytes().to_vec();
        let sources = vec![SourceFile { name: "job.ddl".to_string(), bytes }];
        DdlRequest { job: self.jobs, options, sources, last: true }
    }

    /// A new version of a program, alone in staging, for somebody who wants to see the plex serve.
    pub(crate) fn clerk(&mut self) -> PopulateRequest {
        self.versions += 1;
        let source = bank::source(&format!("psb/CLERK/{}", 2 + self.versions % VERSIONS)).unwrap();
        let stamp = Some(self.stamp());
        self.part(PopulateMode::Stage, true, vec![source], stamp)
    }

    /// Stamps of their own, so that every version can be told from every other.
    fn stamp(&self) -> InstanceStamp {
        InstanceStamp::at(Moment(1_800_000_000_000_000).plus_ms(self.versions * 10))
    }

    fn part(
        &mut self,
        mode: PopulateMode,
        delete: bool,
        sources: Vec<SourceFile>,
        stamp: Option<InstanceStamp>,
    ) -> PopulateRequest {
        self.jobs += 1;
        let condition = PopulateCondition::Unconditional;
        PopulateRequest { job: self.jobs, mode, condition, delete, sources, last: true, stamp }
    }
}

/// The definitions that operators make by DDL.
pub(crate) fn made_by_ddl() -> [ResourceName; 2] {
    [DbdName::new("LOANS").unwrap().into(), PsbName::new("LENDER").unwrap().into()]
}

pub(crate) fn command(text: &str) -> OperatorRequest {
    OperatorRequest::Command { text: text.to_string(), wait_ms: None }
}

pub(crate) fn list_of_everything() -> OperatorRequest {
    OperatorRequest::List(ListRequest { kind: None, name: "*".to_string(), instances: ListInstances::All })
}
