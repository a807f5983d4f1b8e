//! What a command of DBRC changes in RECON. The grammar bounds its numbers well below what fits.

use super::partition;
use csl::om::CommandError;
use csl::om::grammar::{Resource, Verb};
use csl::om::view::DbrcCommand;
use dbrc::change::{Change, DataSetChange, DatabaseChange, Delete, Init, Notify, SubsystemChange};
use dbrc::record::ImageKind;
use dbrc::{ReconChange, ShareLevel};

/// What a command of DBRC changes in RECON.
///
/// # Errors
/// What the command does not say and has to.
pub fn of(command: &DbrcCommand) -> Result<ReconChange, CommandError> {
    Ok(match command.verb() {
        Verb::DbrcInit => ReconChange::Init(init(command)?),
        Verb::DbrcChange => ReconChange::Change(change(command)?),
        Verb::DbrcNotify => ReconChange::Notify(notify(command)?),
        _ => ReconChange::Delete(delete(command)?),
    })
}

fn init(command: &DbrcCommand) -> Result<Init, CommandError> {
    Ok(match command.resource() {
        Resource::Db if command.has("TYPHALDB") => partition::init_haldb(command)?,
        Resource::Part => partition::init(command)?,
        Resource::Db => Init::Database {
            dbd: command.dbd()?,
            share_level: share_level(command).unwrap_or(ShareLevel::One),
            recoverable: command.either("RECOVABL", "NONRECOV").unwrap_or(true),
        },
        Resource::Dbdsgrp => Init::Group { name: command.group_name()?, members: command.pairs("MEMBERS") },
        Resource::Cagrp => Init::CaGroup {
            name: command.group_name()?,
            members: command.pairs("GRPMEM"),
            genmax: small(command, "GRPMAX").unwrap_or(1),
        },
        _ => Init::DataSet {
            key: command.data_set()?,
            dsn: command.dsn("DSN")?,
            genmax: small(command, "GENMAX").unwrap_or(1),
            recovery_period_days: small(command, "RECOVPD").unwrap_or(0),
        },
    })
}

fn change(command: &DbrcCommand) -> Result<Change, CommandError> {
    Ok(match command.resource() {
        Resource::Db => Change::Database { dbd: command.dbd()?, to: database_change(command) },
        Resource::Ic => Change::Image {
            key: command.data_set()?,
            run: command.needed_moment("RUNTIME")?,
            invalid: command.has("INVALID"),
        },
        Resource::Part => partition::change(command)?,
        Resource::Prilog => Change::Log {
            subsystem: command.ssid()?,
            start: command.needed_moment("STARTIME")?,
            dsn: command.dsn("DSN")?,
            in_error: command.has("ERROR"),
        },
        Resource::Subsys => {
            let to = match () {
                () if command.has("STARTRCV") => SubsystemChange::RecoveryStarted,
                () if command.has("ENDRECOV") => SubsystemChange::RecoveryEnded,
                () => SubsystemChange::Abnormal,
            };
            Change::Subsystem { subsystem: command.ssid()?, to }
        }
        _ => Change::DataSet { key: command.data_set()?, to: data_set_change(command) },
    })
}

fn database_change(command: &DbrcCommand) -> DatabaseChange {
    DatabaseChange {
        share_level: share_level(command),
        recoverable: command.either("RECOVABL", "NONRECOV"),
        prohibited: command.either("NOAUTH", "AUTH"),
        read_only: command.either("READON", "READOFF"),
        backout_needed: command.either("BACKOUT", "NOBACK"),
    }
}

fn data_set_change(command: &DbrcCommand) -> DataSetChange {
    DataSetChange {
        dsn: command.data_set_name("DSN"),
        genmax: small(command, "GENMAX"),
        recovery_period_days: small(command, "RECOVPD"),
        image_copy_needed: command.either("ICON", "ICOFF"),
        recovery_needed: command.either("RECOV", "NORECOV"),
        add_eeqe: command.number("ADDEQE"),
        delete_eeqe: command.number("DELEQE"),
    }
}

fn delete(command: &DbrcCommand) -> Result<Delete, CommandError> {
    let run = || Ok((command.data_set()?, command.needed_moment("RUNTIME")?));
    Ok(match command.resource() {
        Resource::Alloc => Delete::Allocation(command.data_set()?, command.needed_moment("ALLTIME")?),
        Resource::Bkout => Delete::Backout(command.ssid()?),
        Resource::Ca => Delete::ChangeAccumulation(command.group_name()?, command.needed_moment("RUNTIME")?),
        Resource::Cagrp => Delete::CaGroup(command.group_name()?),
        Resource::Db => Delete::Database(command.dbd()?),
        Resource::Dbdsgrp => Delete::Group(command.group_name()?),
        Resource::Ic => run().map(|(key, run)| Delete::Image(key, run))?,
        Resource::Log if command.has("INACTIVE") => Delete::InactiveLogs,
        Resource::Log => Delete::Log(command.ssid()?, command.needed_moment("STARTIME")?),
        Resource::Part => Delete::Partition(command.dbd()?, command.partition()?),
        Resource::Recov => run().map(|(key, run)| Delete::Recovery(key, run))?,
        Resource::Reorg => run().map(|(key, run)| Delete::Reorganization(key, run))?,
        Resource::Subsys => Delete::Subsystem(command.ssid()?),
        _ => Delete::DataSet(command.data_set()?),
    })
}

fn notify(command: &DbrcCommand) -> Result<Notify, CommandError> {
    match command.resource() {
        Resource::Alloc => notify_allocation(command),
        Resource::Ca => Ok(Notify::ChangeAccumulation {
            group: command.group_name()?,
            run: command.needed_moment("RUNTIME")?,
            dsn: command.dsn("CADSN")?,
            stop: command.needed_moment("STOPTIME")?,
        }),
        Resource::Prilog => notify_log(command),
        _ => notify_run(command),
    }
}

fn notify_allocation(command: &DbrcCommand) -> Result<Notify, CommandError> {
    let (key, at) = (command.data_set()?, command.needed_moment("ALLTIME")?);
    Ok(match command.moment("DEALTIME") {
        Some(deallocated) => Notify::Deallocation { key, at, deallocated },
        None => {
            let (subsystem, log_start) = (command.ssid()?, command.needed_moment("STARTIME")?);
            Notify::Allocation { key, subsystem, at, log_start }
        }
    })
}

fn notify_log(command: &DbrcCommand) -> Result<Notify, CommandError> {
    let (subsystem, start) = (command.ssid()?, command.needed_moment("STARTIME")?);
    Ok(match (command.data_set_name("DSN"), command.moment("RUNTIME")) {
        (Some(dsn), Some(stop)) => {
            let span = (command.moment("DSSTART").unwrap_or(start), stop);
            Notify::LogArchived { subsystem, start, dsn, span }
        }
        (_, Some(stop)) => Notify::LogClosed { subsystem, start, stop },
        (_, None) => Notify::LogOpened { subsystem, start },
    })
}

/// Of an image copy, a reorganization or a recovery.
fn notify_run(command: &DbrcCommand) -> Result<Notify, CommandError> {
    let (key, run) = (command.data_set()?, command.needed_moment("RUNTIME")?);
    Ok(match command.resource() {
        Resource::Ic => {
            let kind = match () {
                () if command.has("CIC") => ImageKind::Concurrent,
                () if command.has("ONLINE") => ImageKind::Online,
                () => ImageKind::Batch,
            };
            let (dsn, stop) = (command.dsn("ICDSN")?, command.moment("STOPTIME"));
            Notify::Image { key, run, dsn, kind, stop, record_count: command.number("RECDCT").unwrap_or(0) }
        }
        Resource::Recov => Notify::Recovery { key, run, to: command.moment("RCVTIME") },
        _ => Notify::Reorganization { key, run },
    })
}

/// The grammar takes 0 to 3.
pub(super) fn share_level(command: &DbrcCommand) -> Option<ShareLevel> {
    command.number("SHARELVL").map(|level| match level {
        0 => ShareLevel::One,
        1 => ShareLevel::Database,
        2 => ShareLevel::BlockInHost,
        _ => ShareLevel::Block,
    })
}

fn small(command: &DbrcCommand, keyword: &str) -> Option<u16> {
    command.number(keyword).map(|number| u16::try_from(number).unwrap_or(u16::MAX))
}
