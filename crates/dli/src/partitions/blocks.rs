//! The blocks of a partition: those of its HALDB, with what DBRC says of the partition.

use dbrc::record::{Partition, PartitionDefinition};
use definitions::acb::{Dmb, PrimaryIndex};
use definitions::model::dbd::{Access, DataSet, Randomizer};
use vocabulary::{DbdName, DdName, NameError};

/// The letters of data set groups.
const GROUPS: &[char] = &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'];
/// The letter of the primary index.
const PRIMARY_INDEX: char = 'X';

/// A partition as a database of its own.
#[derive(Debug, Clone)]
pub struct PartitionBlocks {
    /// Its block: of HDAM for PHDAM, of HIDAM for PHIDAM, and of its name.
    pub dmb: Dmb,
    /// That of its primary index, which is called as its data set.
    pub index: Option<Dmb>,
}

impl PartitionBlocks {
    /// Those of a partition. Its data sets have the names of their DD statements from it: the name of the partition, and a
    /// letter: A to J, and X for the primary index.
    ///
    /// # Errors
    /// A name that is too long to be followed by a letter.
    pub fn of(master: &Dmb, name: DbdName, partition: &Partition) -> Result<Self, NameError> {
        let definition = &partition.definition;
        let groups = master.segments.iter().map(|segment| segment.data_set_group + 1).max().unwrap_or(1);
        let letters = GROUPS.iter().take(groups).enumerate();
        let data_sets = letters
            .map(|(group, letter)| data_set(name, *letter, group, definition))
            .collect::<Result<_, _>>()?;
        let is_indexed = master.access == Access::Phidam;
        let index_name = DbdName::new(&format!("{name}{PRIMARY_INDEX}"))?;
        let root = master.segments.first().map(|root| root.name);
        let dmb = Dmb {
            name,
            access: if is_indexed { Access::Hidam } else { Access::Hdam },
            randomizer: randomizer(master, definition),
            partition_selection: None,
            data_sets,
            primary_index: root
                .filter(|_| is_indexed)
                .map(|segment| PrimaryIndex { dbd: index_name, segment }),
            ..master.clone()
        };
        let index = match is_indexed {
            true => Some(Dmb {
                name: index_name,
                data_sets: vec![data_set(name, PRIMARY_INDEX, groups, definition)?],
                ..dmb.clone()
            }),
            false => None,
        };
        Ok(Self { dmb, index })
    }

    /// Its data sets, that of the index at the end.
    pub fn data_sets(&self) -> impl Iterator<Item = &DataSet> {
        self.dmb.data_sets.iter().chain(self.index.iter().flat_map(|index| &index.data_sets))
    }
}

fn data_set(
    name: DbdName,
    letter: char,
    group: usize,
    definition: &PartitionDefinition,
) -> Result<DataSet, NameError> {
    let bytes = definition.block_bytes.get(group).or(definition.block_bytes.last());
    Ok(DataSet {
        dd1: Some(DdName::new(&format!("{name}{letter}"))?),
        size_bytes: [bytes.copied(), None],
        free_block_frequency: definition.free_block_frequency,
        free_space_percent: definition.free_space_percent,
        scan_cylinders: Some(0),
        ..DataSet::default()
    })
}

fn randomizer(master: &Dmb, definition: &PartitionDefinition) -> Option<Randomizer> {
    let module = definition.randomizer.clone();
    let of_dbd = master.randomizer.clone();
    let module = module.or_else(|| of_dbd.as_ref().map(|randomizer| randomizer.module.clone()))?;
    let of_dbd = of_dbd.as_ref();
    Some(Randomizer {
        module,
        anchors: definition.anchors.or(of_dbd.and_then(|randomizer| randomizer.anchors)),
        block_max: definition.block_max.or(of_dbd.and_then(|randomizer| randomizer.block_max)),
        record_bytes_max: definition
            .record_bytes_max
            .or(of_dbd.and_then(|randomizer| randomizer.record_bytes_max)),
        extended_call: false,
    })
}
