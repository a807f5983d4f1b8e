//! HALDBs in RECON, and their partitions in an engine.

use dasd::BlockSet;
use dbrc::change::Init;
use dbrc::record::PartitionDefinition;
use dbrc::{Access, Recon, ReconChange, ShareLevel};
use definitions::acb::Dmb;
use definitions::model::dbd::{Access as AccessMethod, DataSet};
use dli::{DataSets, Engine, OpenError, Opened, PartitionBlocks};
use std::sync::Arc;
use vocabulary::{DbdName, MemberName};

/// Bytes of the blocks of every partition.
const BLOCK_BYTES: u32 = 512;

/// How the opening of each partition went.
pub(crate) type Outcomes = Vec<(DbdName, Result<Opened, OpenError>)>;

pub(crate) fn is_haldb(dmb: &Dmb) -> bool {
    matches!(dmb.access, AccessMethod::Phdam | AccessMethod::Phidam)
}

/// INIT.DB TYPHALDB, and INIT.PART for each name and high key.
pub(crate) fn register(
    recon: &mut Recon,
    dbd: DbdName,
    selection: Option<String>,
    parts: &[(String, Vec<u8>)],
) {
    let init = Init::Haldb { dbd, share_level: ShareLevel::One, recoverable: true, selection };
    recon.apply(ReconChange::Init(init)).unwrap();
    for (name, key) in parts {
        let definition = PartitionDefinition {
            dsn_prefix: format!("PLEX1.{name}").parse().unwrap(),
            key: key.clone(),
            randomizer: None,
            anchors: None,
            block_max: None,
            record_bytes_max: None,
            block_bytes: vec![BLOCK_BYTES],
            free_block_frequency: 0,
            free_space_percent: 0,
        };
        let partition = name.parse().unwrap();
        let init = Init::Partition { dbd, partition, definition: Box::new(definition) };
        recon.apply(ReconChange::Init(init)).unwrap();
    }
}

/// Opens a HALDB, and each partition with what `disk` gives for a data set. Partitions that are blank are initialized where
/// that is wanted.
pub(crate) fn open(
    (engine, recon): (&Engine, &mut Recon),
    dmb: &Arc<Dmb>,
    initializes: bool,
    disk: &mut dyn FnMut(&DataSet) -> Box<dyn BlockSet>,
) -> Result<Outcomes, OpenError> {
    let ims = MemberName::new("IMS1").unwrap();
    let authorization = recon.authorize(ims, dmb.name, Access::Update).unwrap();
    engine.open_haldb(&authorization, dmb.clone())?;
    let haldb = recon.haldb(&dmb.name).unwrap().clone();
    let mut opened = Vec::new();
    for (name, partition) in haldb.in_order() {
        let blocks = PartitionBlocks::of(dmb, name, partition).unwrap();
        let mut sets = || -> DataSets {
            blocks.data_sets().map(|statement| (statement.dd1.unwrap(), disk(statement))).collect()
        };
        let authorization = recon.authorize(ims, name, Access::Update).unwrap();
        if initializes && sets().values().all(|set| set.block_count() == 0) {
            engine.initialize_partition(&authorization, sets(), 1)?;
        }
        opened.push((name, engine.open_partition(&authorization, sets())));
    }
    Ok(opened)
}
