//! The stories of RECON: changes in, listings and plans out. Moments are seconds.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod partition;

use dbrc::change::{
    Change, DataSetChange, DataSetKey, DatabaseChange, Delete, Init, Notify, SubsystemChange,
};
use dbrc::record::{ImageKind, OldsStatus, SubsystemKind};
use dbrc::{Access, Listing, Recon, ReconChange, ShareLevel};
use std::collections::BTreeSet;
use std::error::Error;
use vocabulary::{DbdName, DdName, MemberName, Moment};

/// What can happen in a story. A data set is `DBD/DDN`.
#[derive(Clone, goldenscript::Command)]
enum Command {
    InitDb {
        dbd: String,
        #[arg(key, optional)]
        share: u64,
        #[arg(key, optional)]
        nonrecov: bool,
    },
    /// INIT.DB TYPHALDB.
    InitHaldb {
        dbd: String,
        #[arg(key)]
        partsel: Option<String>,
    },
    InitPart {
        dbd: String,
        partition: String,
        #[arg(key, optional)]
        key: String,
    },
    /// `PINIT`, `NOPINIT`, `KEY:key`.
    ChangePart {
        dbd: String,
        partition: String,
        words: Vec<String>,
    },
    InitDbds {
        data_set: String,
        dsn: String,
        #[arg(key, optional)]
        genmax: u64,
        #[arg(key, optional)]
        recovpd: u64,
    },
    InitGroup {
        name: String,
        members: Vec<String>,
    },
    InitCagrp {
        name: String,
        members: Vec<String>,
    },
    /// `NOAUTH`, `AUTH`, `READON`, `READOFF`, `BACKOUT`, `NOBACK`, `SHARE3`, `NONRECOV`.
    ChangeDb {
        dbd: String,
        words: Vec<String>,
    },
    /// `ICON`, `ICOFF`, `RECOV`, `NORECOV`, `ADDEQE:rba`, `DELEQE:rba`, `DSN:name`.
    ChangeDbds {
        data_set: String,
        words: Vec<String>,
    },
    ChangeIc {
        data_set: String,
        run: u64,
        word: String,
    },
    /// `ABNORMAL`, `STARTRCV`, `ENDRECOV`.
    ChangeSubsys {
        name: String,
        word: String,
    },
    ChangeLog {
        name: String,
        start: u64,
        dsn: String,
        word: String,
    },
    /// `DB name`, `DBDS data set`, `IC data set time` and so on.
    Delete {
        what: String,
        #[arg(optional)]
        args: Vec<String>,
    },
    Ic {
        data_set: String,
        run: u64,
        dsn: String,
        #[arg(key)]
        stop: Option<u64>,
    },
    Reorg {
        data_set: String,
        run: u64,
    },
    Recov {
        data_set: String,
        run: u64,
        #[arg(key)]
        to: Option<u64>,
    },
    Alloc {
        data_set: String,
        name: String,
        at: u64,
        log_start: u64,
    },
    Dealloc {
        data_set: String,
        at: u64,
        end: u64,
    },
    LogOpen {
        name: String,
        start: u64,
    },
    LogArchive {
        name: String,
        start: u64,
        dsn: String,
        from: u64,
        to: u64,
    },
    LogClose {
        name: String,
        start: u64,
        stop: u64,
    },
    Olds {
        name: String,
        ddn: String,
        dsn: String,
        status: String,
        #[arg(key)]
        start: Option<u64>,
        #[arg(key)]
        stop: Option<u64>,
    },
    AllocAll {
        name: String,
        at: u64,
        log_start: u64,
        databases: Vec<String>,
    },
    DeallocAll {
        name: String,
        end: u64,
        log_start: u64,
        databases: Vec<String>,
    },
    LogTrim {
        name: String,
        start: u64,
        before: u64,
    },
    /// From when on a log is needed.
    Needed(String),
    Ca {
        group: String,
        run: u64,
        dsn: String,
        stop: u64,
    },
    BackoutNeeded {
        name: String,
        token: u64,
        psb: String,
        databases: Vec<String>,
    },
    BackedOut {
        name: String,
        token: u64,
        dbd: String,
    },
    SignOn {
        name: String,
        at: u64,
        #[arg(key, optional)]
        batch: bool,
    },
    Recovered(String),
    SignOff {
        name: String,
        #[arg(key, optional)]
        abnormally: bool,
    },
    Auth {
        name: String,
        dbd: String,
        access: String,
    },
    Unauth {
        name: String,
        dbd: String,
    },
    TakeOver {
        from: String,
        to: String,
    },
    /// What the data set is recovered from.
    Plan {
        data_set: String,
        #[arg(key)]
        to: Option<u64>,
    },
    /// `RECON`, `ALL`, `DB`, `DBDS`, `LOG`, `SUBSYS`, `BKOUT`, `GROUP`, `CAGRP`, and a name.
    List {
        what: String,
        #[arg(optional)]
        args: Vec<String>,
    },
}

#[derive(Default)]
struct Story {
    recon: Recon,
}

type Told<T> = Result<T, Box<dyn Error>>;

impl goldenscript::Runner for Story {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &goldenscript::Context) -> Told<String> {
        let told = self.tell(command.clone());
        self.assert_the_records_are_the_state();
        told
    }
}

impl Story {
    fn tell(&mut self, command: Command) -> Told<String> {
        match command {
            Command::Needed(name) => {
                let needed = self.recon.log_needed_from(name.parse()?);
                Ok(needed.map_or("nothing of it\n".to_string(), |from| format!("from {from} on\n")))
            }
            Command::Plan { data_set, to } => Ok(self.plan(&data_set, to)?),
            Command::List { what, args } => Ok(self.recon.list(&listing(&what, &args)?).join("\n") + "\n"),
            change => {
                let outcome = self.recon.apply(change_of(change)?);
                Ok(outcome.map_or_else(|refused| format!("refused: {refused}\n"), |()| String::new()))
            }
        }
    }

    fn plan(&self, data_set: &str, to: Option<u64>) -> Told<String> {
        let plan = match self.recon.recovery_plan(key(data_set)?, to.map(moment)) {
            Ok(plan) => plan,
            Err(none) => return Ok(format!("no plan: {none}\n")),
        };
        let mut told = format!("image {}\n", plan.image.1);
        if let Some((_, dsn)) = plan.accumulation {
            told += &format!("change accumulation {dsn}\n");
        }
        for (subsystem, dsn) in plan.logs {
            told += &format!("log {dsn} of {subsystem}\n");
        }
        for (subsystem, dsn) in plan.online {
            told += &format!("OLDS {dsn} of {subsystem}\n");
        }
        Ok(told)
    }

    /// Restored from its records it is what it was.
    fn assert_the_records_are_the_state(&self) {
        let mut restored = Recon::new();
        for key in self.recon.keys() {
            let value = self.recon.stored(&key).unwrap();
            restored.restore(key, &value).unwrap();
        }
        assert!(restored == self.recon);
    }
}

fn change_of(command: Command) -> Told<ReconChange> {
    Ok(match command {
        Command::InitDb { dbd, share, nonrecov } => ReconChange::Init(Init::Database {
            dbd: dbd.parse()?,
            share_level: level(share)?,
            recoverable: !nonrecov,
        }),
        Command::InitHaldb { dbd, partsel } => ReconChange::Init(Init::Haldb {
            dbd: dbd.parse()?,
            share_level: ShareLevel::One,
            recoverable: true,
            selection: partsel,
        }),
        Command::InitPart { dbd, partition, key } => ReconChange::Init(Init::Partition {
            dbd: dbd.parse()?,
            definition: Box::new(partition::definition(&partition, &key)?),
            partition: partition.parse()?,
        }),
        Command::ChangePart { dbd, partition, words } => ReconChange::Change(Change::Partition {
            dbd: dbd.parse()?,
            partition: partition.parse()?,
            to: Box::new(partition::change(&words)?),
        }),
        Command::InitDbds { data_set, dsn, genmax, recovpd } => ReconChange::Init(Init::DataSet {
            key: key(&data_set)?,
            dsn: dsn.parse()?,
            genmax: u16::try_from(genmax)?.max(1),
            recovery_period_days: u16::try_from(recovpd)?,
        }),
        Command::InitGroup { name, members } => {
            ReconChange::Init(Init::Group { name: name.parse()?, members: keys(&members)? })
        }
        Command::InitCagrp { name, members } => {
            ReconChange::Init(Init::CaGroup { name: name.parse()?, members: keys(&members)?, genmax: 2 })
        }
        Command::ChangeDb { dbd, words } => {
            ReconChange::Change(Change::Database { dbd: dbd.parse()?, to: database_change(&words)? })
        }
        Command::ChangeDbds { data_set, words } => {
            ReconChange::Change(Change::DataSet { key: key(&data_set)?, to: data_set_change(&words)? })
        }
        Command::ChangeIc { data_set, run, word } => ReconChange::Change(Change::Image {
            key: key(&data_set)?,
            run: moment(run),
            invalid: word == "INVALID",
        }),
        Command::ChangeSubsys { name, word } => {
            let to = match word.as_str() {
                "ABNORMAL" => SubsystemChange::Abnormal,
                "STARTRCV" => SubsystemChange::RecoveryStarted,
                _ => SubsystemChange::RecoveryEnded,
            };
            ReconChange::Change(Change::Subsystem { subsystem: name.parse()?, to })
        }
        Command::ChangeLog { name, start, dsn, word } => ReconChange::Change(Change::Log {
            subsystem: name.parse()?,
            start: moment(start),
            dsn: dsn.parse()?,
            in_error: word == "ERROR",
        }),
        Command::Delete { what, args } => ReconChange::Delete(delete(&what, &args)?),
        Command::SignOn { name, at, batch } => {
            let kind = if batch { SubsystemKind::Batch } else { SubsystemKind::Online };
            ReconChange::SignOn { subsystem: name.parse()?, kind, at: moment(at) }
        }
        Command::Recovered(name) => ReconChange::Recovered { subsystem: name.parse()? },
        Command::SignOff { name, abnormally } => {
            ReconChange::SignOff { subsystem: name.parse()?, abnormally }
        }
        Command::Auth { name, dbd, access } => ReconChange::Authorize {
            subsystem: name.parse()?,
            dbd: dbd.parse()?,
            access: access_of(&access)?,
        },
        Command::Unauth { name, dbd } => ReconChange::Release { subsystem: name.parse()?, dbd: dbd.parse()? },
        Command::TakeOver { from, to } => ReconChange::TakeOver { from: from.parse()?, to: to.parse()? },
        other => ReconChange::Notify(notify(other)?),
    })
}

fn notify(command: Command) -> Told<Notify> {
    Ok(match command {
        Command::Ic { data_set, run, dsn, stop } => Notify::Image {
            key: key(&data_set)?,
            run: moment(run),
            dsn: dsn.parse()?,
            kind: if stop.is_some() { ImageKind::Concurrent } else { ImageKind::Batch },
            stop: stop.map(moment),
            record_count: 100,
        },
        Command::Reorg { data_set, run } => Notify::Reorganization { key: key(&data_set)?, run: moment(run) },
        Command::Recov { data_set, run, to } => {
            Notify::Recovery { key: key(&data_set)?, run: moment(run), to: to.map(moment) }
        }
        Command::Alloc { data_set, name, at, log_start } => Notify::Allocation {
            key: key(&data_set)?,
            subsystem: name.parse()?,
            at: moment(at),
            log_start: moment(log_start),
        },
        Command::Dealloc { data_set, at, end } => {
            Notify::Deallocation { key: key(&data_set)?, at: moment(at), deallocated: moment(end) }
        }
        Command::LogOpen { name, start } => {
            Notify::LogOpened { subsystem: name.parse()?, start: moment(start) }
        }
        Command::LogArchive { name, start, dsn, from, to } => Notify::LogArchived {
            subsystem: name.parse()?,
            start: moment(start),
            dsn: dsn.parse()?,
            span: (moment(from), moment(to)),
        },
        Command::LogClose { name, start, stop } => {
            Notify::LogClosed { subsystem: name.parse()?, start: moment(start), stop: moment(stop) }
        }
        Command::AllocAll { name, at, log_start, databases } => Notify::Allocations {
            subsystem: name.parse()?,
            dbds: named(&databases)?,
            at: moment(at),
            log_start: moment(log_start),
        },
        Command::DeallocAll { name, end, log_start, databases } => Notify::Deallocations {
            subsystem: name.parse()?,
            dbds: named(&databases)?,
            log_start: moment(log_start),
            deallocated: moment(end),
        },
        Command::LogTrim { name, start, before } => {
            Notify::LogTrimmed { subsystem: name.parse()?, start: moment(start), before: moment(before) }
        }
        Command::Olds { name, ddn, dsn, status, start, stop } => Notify::Olds {
            subsystem: name.parse()?,
            ddn: ddn.parse()?,
            dsn: dsn.parse()?,
            status: match status.as_str() {
                "ACTIVE" => OldsStatus::Active { since: moment(start.unwrap_or(1)) },
                "FULL" => OldsStatus::ArchiveNeeded {
                    start: moment(start.unwrap_or(1)),
                    stop: moment(stop.unwrap_or(2)),
                },
                "ERROR" => OldsStatus::InError,
                _ => OldsStatus::Available,
            },
        },
        Command::Ca { group, run, dsn, stop } => Notify::ChangeAccumulation {
            group: group.parse()?,
            run: moment(run),
            dsn: dsn.parse()?,
            stop: moment(stop),
        },
        Command::BackoutNeeded { name, token, psb, databases } => Notify::BackoutNeeded {
            subsystem: name.parse()?,
            token: u128::from(token),
            began: moment(1),
            psb: psb.parse()?,
            databases: named(&databases)?,
        },
        Command::BackedOut { name, token, dbd } => {
            Notify::BackedOut { subsystem: name.parse()?, token: u128::from(token), dbd: dbd.parse()? }
        }
        _ => return Err("that is no news".into()),
    })
}

fn named(databases: &[String]) -> Told<BTreeSet<DbdName>> {
    Ok(databases.iter().map(|dbd| dbd.parse()).collect::<Result<_, _>>()?)
}

fn delete(what: &str, args: &[String]) -> Told<Delete> {
    let arg = |nth: usize| args.get(nth).map(String::as_str).ok_or("an argument is missing");
    let time = |nth: usize| -> Told<Moment> { Ok(moment(arg(nth)?.parse()?)) };
    Ok(match what {
        "DB" => Delete::Database(arg(0)?.parse()?),
        "DBDS" => Delete::DataSet(key(arg(0)?)?),
        "IC" => Delete::Image(key(arg(0)?)?, time(1)?),
        "ALLOC" => Delete::Allocation(key(arg(0)?)?, time(1)?),
        "REORG" => Delete::Reorganization(key(arg(0)?)?, time(1)?),
        "RECOV" => Delete::Recovery(key(arg(0)?)?, time(1)?),
        "GROUP" => Delete::Group(arg(0)?.parse()?),
        "CAGRP" => Delete::CaGroup(arg(0)?.parse()?),
        "CA" => Delete::ChangeAccumulation(arg(0)?.parse()?, time(1)?),
        "LOG" if args.is_empty() => Delete::InactiveLogs,
        "LOG" => Delete::Log(arg(0)?.parse()?, time(1)?),
        "PART" => Delete::Partition(arg(0)?.parse()?, arg(1)?.parse()?),
        "SUBSYS" => Delete::Subsystem(arg(0)?.parse()?),
        "BKOUT" => Delete::Backout(arg(0)?.parse()?),
        other => return Err(format!("there is no {other}").into()),
    })
}

fn listing(what: &str, args: &[String]) -> Told<Listing> {
    let name = args.first().map(String::as_str);
    Ok(match what {
        "RECON" => Listing::Recon { whole: false },
        "ALL" => Listing::Recon { whole: true },
        "DB" => Listing::Databases { dbd: name.map(str::parse).transpose()?, with_data_sets: false },
        "DBDS" => Listing::DataSet(key(name.ok_or("which data set?")?)?),
        "PART" => {
            let partition = args.get(1).ok_or("which partition?")?;
            Listing::Partition(name.ok_or("which HALDB?")?.parse()?, partition.parse()?)
        }
        "GROUP" => Listing::Groups(name.map(str::parse).transpose()?),
        "CAGRP" => Listing::CaGroups(name.map(str::parse).transpose()?),
        "LOG" => Listing::Logs(name.map(str::parse).transpose()?),
        "SUBSYS" => Listing::Subsystems(name.map(str::parse).transpose()?),
        "BKOUT" => Listing::Backouts(name.map(str::parse).transpose()?),
        other => return Err(format!("there is no {other}").into()),
    })
}

fn database_change(words: &[String]) -> Told<DatabaseChange> {
    let mut to = DatabaseChange::default();
    for word in words {
        match word.as_str() {
            "NOAUTH" => to.prohibited = Some(true),
            "AUTH" => to.prohibited = Some(false),
            "READON" => to.read_only = Some(true),
            "READOFF" => to.read_only = Some(false),
            "BACKOUT" => to.backout_needed = Some(true),
            "NOBACK" => to.backout_needed = Some(false),
            "NONRECOV" => to.recoverable = Some(false),
            "SHARE3" => to.share_level = Some(ShareLevel::Block),
            other => return Err(format!("there is no {other}").into()),
        }
    }
    Ok(to)
}

fn data_set_change(words: &[String]) -> Told<DataSetChange> {
    let mut to = DataSetChange::default();
    for word in words {
        match word.split_once(':') {
            Some(("ADDEQE", rba)) => to.add_eeqe = Some(rba.parse()?),
            Some(("DELEQE", rba)) => to.delete_eeqe = Some(rba.parse()?),
            Some(("DSN", dsn)) => to.dsn = Some(dsn.parse()?),
            _ if word == "ICON" => to.image_copy_needed = Some(true),
            _ if word == "ICOFF" => to.image_copy_needed = Some(false),
            _ if word == "RECOV" => to.recovery_needed = Some(true),
            _ if word == "NORECOV" => to.recovery_needed = Some(false),
            _ => return Err(format!("there is no {word}").into()),
        }
    }
    Ok(to)
}

fn moment(seconds: u64) -> Moment {
    Moment(seconds * 1_000_000)
}

fn key(text: &str) -> Told<DataSetKey> {
    let (dbd, ddn) = text.split_once('/').ok_or("a data set is DBD/DDN")?;
    Ok((DbdName::new(dbd)?, DdName::new(ddn)?))
}

fn keys(all: &[String]) -> Told<BTreeSet<DataSetKey>> {
    all.iter().map(|text| key(text)).collect()
}

fn level(number: u64) -> Told<ShareLevel> {
    Ok(match number {
        0 => ShareLevel::One,
        1 => ShareLevel::Database,
        2 => ShareLevel::BlockInHost,
        3 => ShareLevel::Block,
        _ => return Err("share levels are 0 to 3".into()),
    })
}

fn access_of(word: &str) -> Told<Access> {
    Ok(match word {
        "EX" => Access::Exclusive,
        "UP" => Access::Update,
        "RD" => Access::Read,
        "RO" => Access::ReadOnly,
        _ => return Err("accesses are EX, UP, RD, RO".into()),
    })
}

/// The proof of an authorization is what its subsystem holds, no more and no less.
#[test]
fn a_proof_is_given_for_what_is_held() {
    let mut recon = Recon::new();
    let (ims1, ims2) = (MemberName::new("IMS1").unwrap(), MemberName::new("IMS2").unwrap());
    let dbd = DbdName::new("ACCTDB").unwrap();
    assert!(recon.register(dbd, ShareLevel::Database));
    assert!(recon.proof(ims1, dbd).is_none());
    let granted = recon.authorize(ims1, dbd, Access::Update).unwrap();
    assert_eq!(recon.proof(ims1, dbd), Some(granted.clone()));
    recon.apply(ReconChange::TakeOver { from: ims1, to: ims2 }).unwrap();
    assert!(recon.proof(ims1, dbd).is_none());
    assert!(recon.proof(ims2, dbd).unwrap().epoch() > granted.epoch());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scripts lie in a folder")]
fn stories() {
    for script in std::fs::read_dir("scripts").unwrap() {
        goldenscript::run(&mut Story::default(), script.unwrap().path()).unwrap();
    }
}
