//! HALDBs of a folder: their partitions are opened, initialized, and reorganized.

use crate::batch::{Batch, BatchError, complain, data_sets_in};
use definitions::acb::Dmb;
use definitions::report::Report;
use dli::{DataSets, Engine, OpenError};
use std::sync::Arc;
use vocabulary::DbdName;
use vocabulary::message::LOG110I;

impl Batch {
    /// The partitions of a HALDB in their order, or the one that is named; none of anything else.
    pub(crate) fn partitions_of(&self, name: DbdName) -> Vec<DbdName> {
        match self.recon.haldb_of(&name) {
            Some((master, haldb)) if master == name => {
                haldb.in_order().into_iter().map(|(partition, _)| partition).collect()
            }
            Some(_) => vec![name],
            None => Vec::new(),
        }
    }

    /// Opens a HALDB with its partitions, or one of them. One that can't be opened is no reason to do without the others.
    pub(crate) fn open_haldb(&mut self, report: &Report, name: DbdName) -> Result<(), BatchError> {
        let master = self.recon.haldb_of(&name).map_or(name, |(master, _)| master);
        self.open_master(&self.engine, report, master)?;
        for partition in self.partitions_of(name) {
            let authorization = self.authorization(partition)?;
            match self.engine.open_partition(&authorization, self.partition_sets(report, partition)?) {
                Ok(opened) if opened.recovered => {
                    complain(&LOG110I.with(&[&partition, &opened.redone, &opened.backed_out]));
                }
                Ok(_) => {}
                Err(error) if partition == name => return Err(refused(name, &error)),
                Err(error) => complain(&error.message(&partition)),
            }
        }
        self.databases.insert(name);
        Ok(())
    }

    /// Initializes a partition. False where it was before.
    pub(crate) fn initialize(&self, report: &Report, partition: DbdName) -> Result<bool, BatchError> {
        self.open_master(&self.engine, report, self.master_of(partition)?)?;
        let sets = self.partition_sets(report, partition)?;
        if sets.values().any(|set| set.block_count() > 0) {
            return Ok(false);
        }
        let initialized = self.engine.initialize_partition(&self.authorization(partition)?, sets, 1);
        initialized.map(|()| true).map_err(|error| refused(partition, &error))
    }

    /// Opens a HALDB in another engine, and a partition of it on new data sets: reorganized once more than what is there.
    pub(crate) fn open_reorganized(
        &self,
        engine: &Engine,
        report: &Report,
        partition: DbdName,
        new: impl Fn() -> Result<DataSets, BatchError>,
    ) -> Result<(), BatchError> {
        self.open_master(engine, report, self.master_of(partition)?)?;
        let before = dli::blocks::reorganization(&self.partition_sets(report, partition)?);
        // Behind the highest number comes 1 again.
        let number = before.and_then(|number| number.checked_add(1)).unwrap_or(1);
        let authorization = self.authorization(partition)?;
        let initialized = engine.initialize_partition(&authorization, new()?, number);
        initialized.map_err(|error| refused(partition, &error))?;
        let opened = engine.open_partition(&authorization, new()?);
        opened.map(drop).map_err(|error| refused(partition, &error))
    }

    fn master_of(&self, partition: DbdName) -> Result<DbdName, BatchError> {
        self.recon.haldb_of(&partition).map(|(master, _)| master).ok_or(BatchError::NoDbd(partition))
    }

    fn open_master(&self, engine: &Engine, report: &Report, master: DbdName) -> Result<(), BatchError> {
        if !engine.partitions(&master).is_empty() {
            return Ok(());
        }
        let dmb = report.dmbs.get(&master).ok_or(BatchError::NoDbd(master))?;
        let opened = engine.open_haldb(&self.authorization(master)?, Arc::new(dmb.clone()));
        opened.map_err(|error| refused(master, &error))
    }

    fn partition_sets(&self, report: &Report, partition: DbdName) -> Result<DataSets, BatchError> {
        let dmb = report.dmbs.get(&partition).ok_or(BatchError::NoDbd(partition))?;
        let indexes: Vec<&Dmb> = dmb.indexes().filter_map(|index| report.dmbs.get(&index)).collect();
        Ok(data_sets_in(&self.folder, dmb, &indexes)?)
    }
}

fn refused(name: DbdName, error: &OpenError) -> BatchError {
    BatchError::Refused(error.message(&name))
}

#[cfg(test)]
mod tests {
    use crate::utility;
    use clap::Parser;
    use std::path::Path;

    const DBD: &str = " DBD NAME=CUSTDB,ACCESS=(PHIDAM,OSAM)
 SEGM NAME=CUST,PARENT=0,BYTES=20,PTR=TB
 FIELD NAME=(CODE,SEQ,U),BYTES=4,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=CUSTDB,PROCOPT=A,KEYLEN=4
 SENSEG NAME=CUST,PARENT=0
 PSBGEN PSBNAME=CLERK
";
    const RECON: &str = "* TWO PARTITIONS
INIT.DB DBD(CUSTDB) TYPHALDB
INIT.PART DBD(CUSTDB) PART(CUSTLOW) DSNPREFX(IMS.CUSTLOW) -
  KEYSTRNG('4999') BLOCKSZE(1024)
INIT.PART DBD(CUSTDB) PART(CUSTTOP) DSNPREFX(IMS.CUSTTOP) KEYSTHEX(FFFFFFFF)
";
    const QUIET: &str = "S              CUSTDB\n";

    #[derive(clap::Parser)]
    enum Ims {
        Ddlt0(crate::ddlt0::Ddlt0Args),
        Initialize(utility::InitializeArgs),
        Unload(utility::UnloadArgs),
        Reload(utility::ReloadArgs),
        Check(utility::CheckArgs),
    }

    /// Runs a command in a folder, with its definitions.
    fn ims(folder: &Path, words: &str) -> u8 {
        let path = |name: &str| folder.join(name).display().to_string();
        let mut arguments = vec!["ims".to_string()];
        arguments.extend(words.split_whitespace().map(|word| word.replace('%', &path(""))));
        for (option, name) in [("--data", "data"), ("--dbd", "source"), ("--recon", "recon")] {
            arguments.extend([option.to_string(), path(name)]);
        }
        match Ims::try_parse_from(arguments).unwrap() {
            Ims::Ddlt0(args) => crate::ddlt0::run(&args),
            Ims::Initialize(args) => utility::initialize(&args),
            Ims::Unload(args) => utility::unload(&args),
            Ims::Reload(args) => utility::reload(&args),
            Ims::Check(args) => utility::check(&args),
        }
    }

    fn deck(folder: &Path, deck: &str) -> u8 {
        std::fs::write(folder.join("deck"), format!("{QUIET}{deck}")).unwrap();
        ims(folder, "ddlt0 --psb CLERK --psb-source %source --input %deck --check")
    }

    fn reorganizations(folder: &Path, dd: &str, block_bytes: usize) -> Option<u16> {
        let file = crate::files::BlockFile::open(&folder.join("data").join(dd), block_bytes).unwrap();
        let sets = [(dd.parse().unwrap(), Box::new(file) as Box<dyn dasd::BlockSet>)];
        dli::blocks::reorganization(&sets.into_iter().collect())
    }

    #[test]
    fn partitions_are_initialized_worked_with_as_one_database_and_reorganized_one_by_one() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        std::fs::create_dir(folder.join("data")).unwrap();
        std::fs::write(folder.join("source"), DBD).unwrap();
        std::fs::write(folder.join("recon"), RECON).unwrap();
        let read = "L        GN    CUST\nE      OK\nE        DATA  1000 LOW\nL        GN    CUST\nE      OK\n\
                    E        DATA  7000 TOP\nL        GN    CUST\nE      GB\n";
        assert_eq!(deck(folder, read), 12, "no partition is initialized");
        assert_eq!(ims(folder, "initialize --database CUSTDB"), 0);
        assert_eq!(ims(folder, "initialize --database CUSTLOW"), 0, "it stays as it is");
        let insert =
            "L        ISRT  CUST\nL        DATA  7000 TOP\nL        ISRT  CUST\nL        DATA  1000 LOW\n";
        assert_eq!(deck(folder, insert), 0);
        assert_eq!(deck(folder, read), 0, "in the order of keys");
        assert_eq!(reorganizations(folder, "CUSTLOWA", 1024), Some(1));
        assert_eq!(ims(folder, "unload --database CUSTDB --output %whole"), 0);
        assert_eq!(ims(folder, "reload --database CUSTDB --input %whole"), 12, "partition by partition");
        assert_eq!(ims(folder, "unload --database CUSTLOW --output %low"), 0);
        assert_eq!(ims(folder, "reload --database CUSTTOP --input %low"), 12, "of another partition");
        assert_eq!(ims(folder, "reload --database CUSTLOW --input %low"), 0);
        assert_eq!(reorganizations(folder, "CUSTLOWA", 1024), Some(2));
        assert_eq!(reorganizations(folder, "CUSTTOPX", 4096), Some(1));
        assert_eq!(deck(folder, read), 0, "nothing is lost");
        assert_eq!(ims(folder, "check --database CUSTDB"), 0);
        std::fs::write(folder.join("recon"), RECON.replace("4999", "0999")).unwrap();
        assert_eq!(ims(folder, "check --database CUSTDB"), 8, "a root is in the wrong partition now");
        std::fs::write(folder.join("recon"), RECON.replace("PART(", "PART=(")).unwrap();
        assert_eq!(ims(folder, "check --database CUSTDB"), 12, "that is no command");
    }
}
