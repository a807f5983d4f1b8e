//! LIST: records as lines for people. The layout is this program's own; the words are those of DBRC's listings.

use crate::change::DataSetKey;
use crate::record::{
    CaGroup, DataSet, Database, Haldb, Log, OldsStatus, Partition, Subsystem, SubsystemState,
};
use crate::{Recon, ShareLevel};
use std::fmt::Display;
use vocabulary::{DbdName, GroupName, MemberName, Moment};

/// Which records are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// LIST.RECON: everything, in short without `whole`.
    Recon {
        /// With every record, and not only how many there are.
        whole: bool,
    },
    /// LIST.DB: one database, or every one.
    Databases {
        /// Which.
        dbd: Option<DbdName>,
        /// DBDS: with its data sets and what they can be recovered from.
        with_data_sets: bool,
    },
    /// LIST.PART: of a HALDB, one partition.
    Partition(DbdName, DbdName),
    /// LIST.DBDS: one data set.
    DataSet(DataSetKey),
    /// LIST.DBDSGRP: one group, or every one.
    Groups(Option<GroupName>),
    /// LIST.CAGRP: one group, or every one.
    CaGroups(Option<GroupName>),
    /// LIST.LOG: the logs of one subsystem, or all.
    Logs(Option<MemberName>),
    /// LIST.SUBSYS: one subsystem, or every one.
    Subsystems(Option<MemberName>),
    /// LIST.BKOUT: those of one subsystem, or all.
    Backouts(Option<MemberName>),
}

impl Recon {
    /// The lines of a listing; none where nothing that was named is there.
    pub fn list(&self, listing: &Listing) -> Vec<String> {
        match listing {
            Listing::Recon { whole: false } => self.counts(),
            Listing::Recon { whole: true } => self.everything(),
            Listing::Databases { dbd, with_data_sets } => {
                let named = self.databases().filter(|(name, _)| dbd.is_none_or(|dbd| dbd == *name));
                let lines = |(name, database): (DbdName, &Database)| {
                    let mut lines = of_database(name, database, *with_data_sets);
                    lines.extend(self.haldb(&name).into_iter().flat_map(of_haldb));
                    lines
                };
                named.flat_map(lines).collect()
            }
            Listing::Partition(dbd, partition) => {
                let haldb = self.haldb(dbd);
                let found = haldb.and_then(|haldb| haldb.partitions.get(partition));
                let mut lines = found.map(|found| of_partition(*partition, found)).unwrap_or_default();
                if let (false, Some(database)) = (lines.is_empty(), self.database(partition)) {
                    lines.extend(of_database(*partition, database, true));
                }
                lines
            }
            Listing::DataSet(key) => {
                let data_set = self.data_set(key);
                data_set.map(|data_set| self.of_data_set(*key, data_set)).unwrap_or_default()
            }
            Listing::Groups(name) => {
                let named = self.groups().iter().filter(|(group, _)| name.is_none_or(|name| name == **group));
                named.flat_map(|(name, group)| of_group("DBDSGRP", *name, group.members.iter())).collect()
            }
            Listing::CaGroups(name) => {
                let named =
                    self.ca_groups().iter().filter(|(group, _)| name.is_none_or(|name| name == **group));
                named.flat_map(|(name, group)| of_ca_group(*name, group)).collect()
            }
            Listing::Logs(name) => self.of_logs(*name),
            Listing::Subsystems(name) => {
                let named = self.subsystems().iter().filter(|(of, _)| name.is_none_or(|name| name == **of));
                named.flat_map(|(name, subsystem)| self.of_subsystem(*name, subsystem)).collect()
            }
            Listing::Backouts(name) => self.of_backouts(*name),
        }
    }

    fn counts(&self) -> Vec<String> {
        let data_sets: usize = self.databases().map(|(_, database)| database.data_sets.len()).sum();
        let lines = [
            ("DB", self.databases.len()),
            ("DBDS", data_sets),
            ("DBDSGRP", self.groups.len()),
            ("CAGRP", self.ca_groups.len()),
            ("PRILOG", self.logs.len()),
            ("PRIOLD", self.olds.len()),
            ("SSYS", self.subsystems.len()),
            ("BACKOUT", self.backouts.len()),
        ];
        let counts = lines.map(|(record, count)| format!("  {record:<8} RECORDS={count}"));
        ["RECON".to_string()].into_iter().chain(counts).collect()
    }

    fn everything(&self) -> Vec<String> {
        let parts = [
            Listing::Databases { dbd: None, with_data_sets: true },
            Listing::Groups(None),
            Listing::CaGroups(None),
            Listing::Logs(None),
            Listing::Subsystems(None),
            Listing::Backouts(None),
        ];
        let records = parts.iter().flat_map(|part| self.list(part));
        self.counts().into_iter().chain(records).collect()
    }

    fn of_data_set(&self, key: DataSetKey, data_set: &DataSet) -> Vec<String> {
        let mut lines = of_data_set(key, data_set);
        let group = self.ca_group_of(&key);
        lines.insert(2, format!("  CAGRP={}", group.map_or("*NULL".to_string(), |group| group.to_string())));
        lines
    }

    fn of_logs(&self, name: Option<MemberName>) -> Vec<String> {
        let is_named = |of: MemberName| name.is_none_or(|name| name == of);
        let logs = self.logs().iter().filter(|((subsystem, _), _)| is_named(*subsystem));
        let logs = logs.flat_map(|((subsystem, start), log)| of_log(*subsystem, *start, log));
        let olds = self.olds().iter().filter(|((subsystem, _), _)| is_named(*subsystem));
        let olds = olds.flat_map(|((subsystem, ddn), olds)| {
            let head = format!("PRIOLD SSID={subsystem} DDN={ddn}");
            let span = match olds.status {
                OldsStatus::Active { since } => format!("  START={since}"),
                OldsStatus::ArchiveNeeded { start, stop } => format!("  START={start}  STOP={stop}"),
                OldsStatus::Available | OldsStatus::InError => String::new(),
            };
            [head, format!("  DSN={}  STATUS={}{span}", olds.dsn, olds.status)]
        });
        logs.chain(olds).collect()
    }

    fn of_subsystem(&self, name: MemberName, subsystem: &Subsystem) -> Vec<String> {
        let flag = |state| on(subsystem.state == state);
        let mut lines = vec![
            format!("SSYS SSID={name} TYPE={} LOG START={}", subsystem.kind, subsystem.since),
            format!(
                "  ABNORMAL TERM={}  RECOVERY STARTED={}",
                on(subsystem.state != SubsystemState::Active),
                flag(SubsystemState::Recovering)
            ),
        ];
        lines.extend(self.held_by(&name).iter().filter_map(|dbd| {
            let database = self.database(dbd)?;
            Some(format!(
                "  AUTHORIZED DBD={dbd} ACCESS={} EPOCH={}",
                database.held.get(&name)?,
                database.epoch
            ))
        }));
        lines
    }

    fn of_backouts(&self, name: Option<MemberName>) -> Vec<String> {
        let named = self.backouts().iter().filter(|(of, _)| name.is_none_or(|name| name == **of));
        let mut lines = Vec::new();
        for (subsystem, backout) in named {
            lines.push(format!("BACKOUT SSID={subsystem} #UORS={}", backout.units.len()));
            for (token, unit) in &backout.units {
                lines.push(format!("  RECOVERY TOKEN={token:032X} TIME={} PSB={}", unit.began, unit.psb));
                let databases = unit.databases.iter();
                lines.extend(databases.map(|(dbd, done)| format!("    DBD={dbd} BACKED OUT={}", yes(*done))));
            }
        }
        lines
    }
}

fn of_database(dbd: DbdName, database: &Database, with_data_sets: bool) -> Vec<String> {
    let level = match database.share_level {
        ShareLevel::One => 0,
        ShareLevel::Database => 1,
        ShareLevel::BlockInHost => 2,
        ShareLevel::Block => 3,
    };
    let mut lines = vec![
        format!("DB DBD={dbd} SHARE LEVEL={level} EPOCH={}", database.epoch),
        format!(
            "  RECOVERABLE            ={:<4} RECOVERY NEEDED COUNT   ={}",
            yes(database.recoverable),
            database.recovery_needed()
        ),
        format!(
            "  PROHIBIT AUTHORIZATION ={:<4} IMAGE COPY NEEDED COUNT ={}",
            on(database.prohibited),
            database.image_copy_needed()
        ),
        format!(
            "  READ ONLY              ={:<4} AUTHORIZED SUBSYSTEMS   ={}",
            on(database.read_only),
            database.held.len()
        ),
        format!(
            "  BACKOUT NEEDED         ={:<4} EEQE COUNT              ={}",
            on(database.backout_needed),
            database.eeqe_count()
        ),
    ];
    lines.extend(
        database.held.iter().map(|(subsystem, access)| format!("  SSID={subsystem} ACCESS={access}")),
    );
    if with_data_sets {
        lines
            .extend(database.data_sets.iter().flat_map(|(ddn, data_set)| of_data_set((dbd, *ddn), data_set)));
    }
    lines
}

fn of_haldb(haldb: &Haldb) -> Vec<String> {
    let selection = haldb.selection.as_deref().unwrap_or("*NULL");
    let mut lines = vec![format!("  TYPE=HALDB PARTSEL={selection} PARTITIONS={}", haldb.partitions.len())];
    lines.extend(haldb.in_order().into_iter().flat_map(|(name, partition)| of_partition(name, partition)));
    lines
}

fn of_partition(name: DbdName, partition: &Partition) -> Vec<String> {
    let definition = &partition.definition;
    let number = |number: Option<u32>| number.map_or("*NULL".to_string(), |number| number.to_string());
    let blocks: Vec<String> = definition.block_bytes.iter().map(u32::to_string).collect();
    vec![
        format!("  PART={name} ID={:05} REORG#={:05}", partition.id, partition.reorganization),
        format!("    DSNPREFX={}", definition.dsn_prefix),
        format!("    KEY={}", shown_key(&definition.key)),
        format!(
            "    RANDOMZR={} ANCHOR={} HIBLOCK={} BYTES={}",
            definition.randomizer.as_deref().unwrap_or("*NULL"),
            number(definition.anchors),
            number(definition.block_max),
            number(definition.record_bytes_max)
        ),
        format!(
            "    BLOCKSZE={} FBFF={} FSPF={}",
            if blocks.is_empty() { "*NULL".to_string() } else { blocks.join(",") },
            definition.free_block_frequency,
            definition.free_space_percent
        ),
        format!("    PARTITION INIT NEEDED={}", yes(partition.initialization_needed)),
    ]
}

/// As characters where it has only such, else as hexadecimal digits.
fn shown_key(key: &[u8]) -> String {
    match key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        true => format!("'{}'", String::from_utf8_lossy(key)),
        false => format!("X'{}'", key.iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
    }
}

fn of_data_set((dbd, ddn): DataSetKey, data_set: &DataSet) -> Vec<String> {
    let mut lines = vec![
        format!("DBDS DBD={dbd} DDN={ddn} DSN={}", data_set.dsn),
        format!(
            "  GENMAX={} IC USED={} RECOVPD={} DSSN={:08X}",
            data_set.genmax,
            data_set.images.len(),
            data_set.recovery_period_days,
            data_set.sequence
        ),
        format!(
            "  IC NEEDED={}  RECOV NEEDED={}  EEQE COUNT={}",
            on(data_set.image_copy_needed),
            on(data_set.recovery_needed),
            data_set.eeqes.len()
        ),
    ];
    lines.extend(data_set.eeqes.iter().map(|rba| format!("  EEQE RBA={rba:08X}")));
    lines.extend(data_set.images.iter().map(|(run, image)| {
        let stop = or_none(image.stop);
        let bad = if image.invalid { "  INVALID" } else { "" };
        format!(
            "  IMAGE RUN={run} STOP={stop} {} RECORD COUNT={} DSN={}{bad}",
            image.kind, image.record_count, image.dsn
        )
    }));
    lines.extend(data_set.allocations.iter().map(|(at, allocation)| {
        let end = or_none(allocation.deallocated);
        format!(
            "  ALLOC={at} DEALLOC={end} SSID={} DSSN={:08X} START={}",
            allocation.subsystem, allocation.sequence, allocation.log_start
        )
    }));
    lines.extend(data_set.reorganizations.iter().map(|run| format!("  REORG RUN={run}")));
    lines.extend(
        data_set
            .recoveries
            .iter()
            .map(|(run, recovery)| format!("  RECOV RUN={run} RECOV TO={}", or_none(recovery.to))),
    );
    lines
}

fn of_group<'a>(kind: &str, name: GroupName, members: impl Iterator<Item = &'a DataSetKey>) -> Vec<String> {
    let members = members.map(|(dbd, ddn)| format!("  DBD={dbd} DDN={ddn}"));
    [format!("{kind} GRPNAME={name}")].into_iter().chain(members).collect()
}

fn of_ca_group(name: GroupName, group: &CaGroup) -> Vec<String> {
    let mut lines = of_group("CAGRP", name, group.members.iter());
    lines.insert(1, format!("  GRPMAX={} CA USED={}", group.genmax, group.runs.len()));
    let runs = group.runs.iter();
    lines.extend(runs.map(|(run, ca)| format!("  CA RUN={run} STOP={} DSN={}", ca.stop, ca.dsn)));
    lines
}

fn of_log(subsystem: MemberName, start: Moment, log: &Log) -> Vec<String> {
    let mut lines = vec![format!("PRILOG SSID={subsystem} START={start} STOP={}", or_none(log.stop))];
    lines.extend(log.archived.iter().map(|part| {
        let bad = if part.in_error { "  ERROR" } else { "" };
        format!("  PRISLD DSN={} START={} STOP={}{bad}", part.dsn, part.start, part.stop)
    }));
    lines.extend(log.changed.iter().map(|(dbd, ddn)| format!("  LOGALL DBD={dbd} DDN={ddn}")));
    lines
}

fn on(flag: bool) -> &'static str {
    if flag { "ON" } else { "OFF" }
}

fn yes(flag: bool) -> &'static str {
    if flag { "YES" } else { "NO" }
}

fn or_none(moment: Option<Moment>) -> impl Display {
    moment.map_or("*NULL".to_string(), |moment| moment.to_string())
}
