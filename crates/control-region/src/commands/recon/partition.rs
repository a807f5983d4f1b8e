//! What the commands about partitions of a HALDB change in RECON.

use super::change::share_level;
use csl::om::CommandError;
use csl::om::view::DbrcCommand;
use dbrc::ShareLevel;
use dbrc::change::{Change, Init, PartitionChange};
use dbrc::record::PartitionDefinition;

/// INIT.DB TYPHALDB.
pub(super) fn init_haldb(command: &DbrcCommand) -> Result<Init, CommandError> {
    Ok(Init::Haldb {
        dbd: command.dbd()?,
        share_level: share_level(command).unwrap_or(ShareLevel::One),
        recoverable: command.either("RECOVABL", "NONRECOV").unwrap_or(true),
        selection: command.routine("PARTSEL"),
    })
}

/// INIT.PART.
pub(super) fn init(command: &DbrcCommand) -> Result<Init, CommandError> {
    let definition = PartitionDefinition {
        dsn_prefix: command.dsn("DSNPREFX")?,
        key: command.key().unwrap_or_default(),
        randomizer: command.routine("RANDOMZR"),
        anchors: number(command, "ANCHOR"),
        block_max: number(command, "HIBLOCK"),
        record_bytes_max: number(command, "BYTES"),
        block_bytes: blocks(command),
        free_block_frequency: number(command, "FBFF").unwrap_or(0),
        free_space_percent: number(command, "FSPF").unwrap_or(0),
    };
    let (dbd, partition) = (command.dbd()?, command.partition()?);
    Ok(Init::Partition { dbd, partition, definition: Box::new(definition) })
}

/// CHANGE.PART.
pub(super) fn change(command: &DbrcCommand) -> Result<Change, CommandError> {
    let to = PartitionChange {
        dsn_prefix: command.data_set_name("DSNPREFX"),
        key: command.key(),
        randomizer: command.routine("RANDOMZR"),
        anchors: number(command, "ANCHOR"),
        block_max: number(command, "HIBLOCK"),
        record_bytes_max: number(command, "BYTES"),
        block_bytes: Some(blocks(command)).filter(|blocks| !blocks.is_empty()),
        free_block_frequency: number(command, "FBFF"),
        free_space_percent: number(command, "FSPF"),
        initialization_needed: command.either("PINIT", "NOPINIT"),
    };
    Ok(Change::Partition { dbd: command.dbd()?, partition: command.partition()?, to: Box::new(to) })
}

fn blocks(command: &DbrcCommand) -> Vec<u32> {
    command.numbers("BLOCKSZE").into_iter().filter_map(|bytes| u32::try_from(bytes).ok()).collect()
}

fn number(command: &DbrcCommand, keyword: &str) -> Option<u32> {
    command.number(keyword).and_then(|number| u32::try_from(number).ok())
}
