//! What stories say of partitions.

use crate::Told;
use dbrc::change::PartitionChange;
use dbrc::record::PartitionDefinition;

pub(crate) fn definition(partition: &str, key: &str) -> Told<PartitionDefinition> {
    Ok(PartitionDefinition {
        dsn_prefix: format!("PLEX1.{partition}").parse()?,
        key: key.as_bytes().to_vec(),
        randomizer: None,
        anchors: None,
        block_max: None,
        record_bytes_max: None,
        block_bytes: vec![2048, 4096],
        free_block_frequency: 0,
        free_space_percent: 10,
    })
}

pub(crate) fn change(words: &[String]) -> Told<PartitionChange> {
    let mut to = PartitionChange::default();
    for word in words {
        match word.split_once(':').unwrap_or((word, "")) {
            ("PINIT", _) => to.initialization_needed = Some(true),
            ("NOPINIT", _) => to.initialization_needed = Some(false),
            ("KEY", key) => to.key = Some(key.as_bytes().to_vec()),
            _ => return Err(format!("there is no {word}").into()),
        }
    }
    Ok(to)
}
