//! Opening a database: what is refused, what is compiled, and the control block of each data set.

use super::claim::Users;
use super::roots::Hdam;
use super::space::Space;
use super::tree::{Shape, Tree};
use super::{Database, Group, Roots, SegmentType};
use crate::error::{OpenError, Trouble};
use crate::format::block::{self, Kind, fullword, set_fullword};
use crate::format::free_space::ELEMENT_BYTES;
use crate::format::geometry::Geometry;
use crate::pool::{BufferPool, DataSet};
use crate::randomizer::Randomizers;
use dasd::BlockSet;
use dbrc::{Access as DbrcAccess, Authorization};
use definitions::acb::{Dmb, SegmentBlock};
use definitions::model::dbd::{Access, DataSet as DataSetStatement};
use definitions::model::segment::PhysicalPointer;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use vocabulary::DdName;

/// The data sets of a database, by the names that its DBDs give them.
pub type DataSets = BTreeMap<DdName, Box<dyn BlockSet>>;

/// Bytes of a block where the DBD does not say.
const BLOCK_BYTES_DEFAULT: u32 = 4096;
/// What a control block begins with, and the version of the format.
const MAGIC: [u8; 8] = *b"IMSPDLI\x01";

// The control block, behind the header of every block.
const MAGIC_AT: usize = block::HEADER_BYTES;
const DBD_AT: usize = MAGIC_AT + MAGIC.len();
const DD_AT: usize = DBD_AT + 8;
const SIZES_AT: usize = DD_AT + 8;
const SHAPE_AT: usize = SIZES_AT + 16;
/// Not zero while the data set is open to be updated.
const OPEN_AT: usize = SHAPE_AT + 8;

/// What opening needs of the engine.
pub(crate) struct Opener<'e> {
    pub(crate) pool: &'e BufferPool,
    pub(crate) randomizers: &'e Randomizers,
    pub(crate) next_set: &'e AtomicU16,
}

/// The block size that a DBD asks for.
pub fn block_bytes(statement: &DataSetStatement) -> usize {
    statement.size_bytes[0].or(statement.blocks[0]).unwrap_or(BLOCK_BYTES_DEFAULT) as usize
}

impl Opener<'_> {
    pub(crate) fn open(
        &self,
        authorization: &Authorization,
        dmb: Arc<Dmb>,
        index: Option<&Dmb>,
        mut sets: DataSets,
    ) -> Result<Database, OpenError> {
        check(&dmb)?;
        let types: Vec<SegmentType> =
            dmb.segments.iter().map(|segment| SegmentType::of(&dmb, segment)).collect();
        let mut groups = Vec::new();
        for (at, statement) in dmb.data_sets.iter().enumerate() {
            let geometry = geometry(&dmb, at, statement);
            let longest =
                types.iter().filter(|kind| kind.group == at).map(SegmentType::stored_bytes_max).max();
            let longest = longest.unwrap_or(ELEMENT_BYTES);
            groups.push(self.group(authorization, &dmb, statement, geometry, longest, &mut sets)?);
        }
        let roots = match dmb.access {
            Access::Hdam => Roots::Hdam(self.randomizing(&dmb)?),
            _ => Roots::Hidam(self.index(authorization, &dmb, index, &mut sets)?),
        };
        let database = Database {
            updatable: authorization.access() >= DbrcAccess::Update,
            dmb,
            types,
            groups,
            roots,
            users: Users::default(),
            is_stopped: AtomicBool::new(false),
            stop_message: Mutex::default(),
        };
        database.mark_open(self.pool, true)?;
        Ok(database)
    }

    fn group(
        &self,
        authorization: &Authorization,
        dmb: &Dmb,
        statement: &DataSetStatement,
        geometry: Geometry,
        longest: usize,
        sets: &mut DataSets,
    ) -> Result<Group, OpenError> {
        let set = self.data_set(authorization, statement, geometry, sets)?;
        if geometry.data_from() + longest > geometry.block_bytes {
            return Err(size_error(&set, "too small for the longest segment"));
        }
        self.check_control(&set, dmb, authorization)?;
        let reserve = geometry.block_bytes * statement.free_space_percent as usize / 100;
        let scan = statement.scan_cylinders.unwrap_or(3);
        let space = Space::new(scan, longest, reserve, statement.free_block_frequency);
        let highest = set.blocks.block_count().saturating_sub(1);
        let last = (1..=highest).rev().find_map(|block| geometry.data_number(block)).unwrap_or(0);
        space.load(self.pool, &set, last)?;
        Ok(Group { set, space })
    }

    fn data_set(
        &self,
        authorization: &Authorization,
        statement: &DataSetStatement,
        geometry: Geometry,
        sets: &mut DataSets,
    ) -> Result<Arc<DataSet>, OpenError> {
        let dd = statement.dd1.ok_or_else(|| OpenError::Allocation("without DD1=".into()))?;
        let blocks = sets.remove(&dd).ok_or_else(|| OpenError::Allocation(dd.to_string()))?;
        let id = self.next_set.fetch_add(1, Ordering::Relaxed);
        let set = Arc::new(DataSet::new(id, dd, geometry, authorization.epoch(), blocks));
        let bytes = geometry.block_bytes;
        if !(Geometry::BLOCK_BYTES_MIN..=Geometry::BLOCK_BYTES_MAX).contains(&bytes)
            || !bytes.is_multiple_of(2)
        {
            return Err(size_error(&set, "not supported: 512 to 32768 are, in even numbers"));
        }
        if set.blocks.block_bytes() != bytes {
            let what = format!("has blocks of {} bytes, and the DBD says {bytes}", set.blocks.block_bytes());
            return Err(OpenError::WrongSet { dd: dd.to_string(), what });
        }
        if authorization.access() >= DbrcAccess::Update {
            set.blocks.admit(authorization.epoch())?;
        }
        Ok(set)
    }

    /// The control block says that this is the data set; a new one gets it.
    fn check_control(
        &self,
        set: &Arc<DataSet>,
        dmb: &Dmb,
        authorization: &Authorization,
    ) -> Result<(), OpenError> {
        let mut expected = vec![0; set.geometry.block_bytes];
        block::clear(&mut expected, Kind::Control);
        expected[MAGIC_AT..DBD_AT].copy_from_slice(&MAGIC);
        expected[DBD_AT..DD_AT].copy_from_slice(&dmb.name.padded());
        expected[DD_AT..SIZES_AT].copy_from_slice(&set.dd.padded());
        let sizes = [set.geometry.block_bytes as u32, set.geometry.anchors, set.geometry.root_blocks];
        for (at, size) in sizes.into_iter().enumerate() {
            set_fullword(&mut expected, SIZES_AT + 4 * at, size);
        }
        let found = self.pool.read(set, 0)?;
        if block::kind(&found.data) == Some(Kind::Blank) {
            drop(found);
            if authorization.access() >= DbrcAccess::Update {
                let mut content = self.pool.write(set, 0)?;
                content.data.copy_from_slice(&expected);
                content.mark_changed(set);
            }
            return Ok(());
        }
        let wrong = |what: &str| Err(OpenError::WrongSet { dd: set.dd.to_string(), what: what.into() });
        if found.data[MAGIC_AT..DBD_AT - 1] != MAGIC[..7] {
            return wrong("is not a data set of a database");
        }
        if found.data[DBD_AT - 1] > MAGIC[7] {
            return wrong("was written by a later release. Use that one");
        }
        if found.data[DBD_AT..SIZES_AT] != expected[DBD_AT..SIZES_AT] {
            return wrong("belongs to another database");
        }
        if found.data[SIZES_AT..SHAPE_AT] != expected[SIZES_AT..SHAPE_AT] {
            return wrong(
                "was loaded with another block size, or another RMNAME=. Unload and reload the database",
            );
        }
        if found.data[OPEN_AT] != 0 {
            return Err(OpenError::NotClosed(set.dd.to_string()));
        }
        Ok(())
    }

    fn randomizing(&self, dmb: &Dmb) -> Result<Hdam, OpenError> {
        let Some(randomizer) = &dmb.randomizer else { return Err(OpenError::Randomizer("(none)".into())) };
        let module = self.randomizers.get(&randomizer.module);
        Ok(Hdam {
            randomizer: module.ok_or_else(|| OpenError::Randomizer(randomizer.module.clone()))?,
            anchors: anchors_of(dmb),
            blocks: root_blocks_of(dmb),
            record_bytes_max: randomizer
                .record_bytes_max
                .filter(|&bytes| bytes > 0)
                .map(|bytes| bytes as usize),
        })
    }

    fn index(
        &self,
        authorization: &Authorization,
        dmb: &Dmb,
        index: Option<&Dmb>,
        sets: &mut DataSets,
    ) -> Result<Tree, OpenError> {
        let name = dmb.primary_index.as_ref().map_or_else(String::new, |index| index.dbd.to_string());
        let index = index.ok_or_else(|| OpenError::Allocation(format!("of the index {name}")))?;
        let statement = index.data_sets.first().ok_or_else(|| OpenError::Allocation(name.clone()))?;
        let geometry = Geometry { block_bytes: block_bytes(statement), anchors: 0, root_blocks: 0 };
        let set = self.data_set(authorization, statement, geometry, sets)?;
        let key_bytes = dmb.segments[0].key.as_ref().map_or(0, |key| key.bytes as usize);
        if 4 * (key_bytes + 8) > geometry.block_bytes {
            return Err(size_error(&set, "too small for an index with such keys"));
        }
        self.check_control(&set, index, authorization)?;
        let shape = {
            let control = self.pool.read(&set, 0)?;
            Shape {
                top: fullword(&control.data, SHAPE_AT),
                last: fullword(&control.data, SHAPE_AT + 4).max(set.blocks.block_count().saturating_sub(1)),
            }
        };
        Ok(Tree::new(set, key_bytes, shape))
    }
}

impl Database {
    /// Writes everything to the data sets. Afterwards they hold all that was changed before.
    pub(crate) fn flush(&self, pool: &BufferPool) -> Result<(), Trouble> {
        if !self.updatable {
            return Ok(());
        }
        for group in &self.groups {
            group.space.save(pool, &group.set)?;
        }
        if let Roots::Hidam(tree) = &self.roots {
            let shape = tree.shape();
            let mut control = pool.write(tree.set(), 0)?;
            set_fullword(&mut control.data, SHAPE_AT, shape.top);
            set_fullword(&mut control.data, SHAPE_AT + 4, shape.last);
            control.mark_changed(tree.set());
        }
        for set in self.sets() {
            pool.flush(set)?;
            set.blocks.sync()?;
        }
        Ok(())
    }

    /// Notes in every data set whether it is open to be updated.
    pub(crate) fn mark_open(&self, pool: &BufferPool, open: bool) -> Result<(), Trouble> {
        for set in self.sets().filter(|_| self.updatable) {
            let mut control = pool.write(set, 0)?;
            control.data[OPEN_AT] = u8::from(open);
            control.mark_changed(set);
            drop(control);
            pool.flush(set)?;
            set.blocks.sync()?;
        }
        Ok(())
    }
}

fn size_error(set: &DataSet, why: &'static str) -> OpenError {
    OpenError::BlockSize { dd: set.dd.to_string(), bytes: set.geometry.block_bytes, why }
}

fn anchors_of(dmb: &Dmb) -> u32 {
    dmb.randomizer.as_ref().and_then(|randomizer| randomizer.anchors).unwrap_or(1).max(1)
}

/// Without a number of blocks, all of the data set could be addressed. One block is what a small test needs.
fn root_blocks_of(dmb: &Dmb) -> u32 {
    dmb.randomizer.as_ref().and_then(|randomizer| randomizer.block_max).unwrap_or(1).max(1)
}

fn geometry(dmb: &Dmb, group: usize, statement: &DataSetStatement) -> Geometry {
    let block_bytes = block_bytes(statement);
    let chained = dmb.segments[0].pointers.physical == Some(PhysicalPointer::Twin);
    let (anchors, root_blocks) = match dmb.access {
        _ if group > 0 => (0, 0),
        Access::Hdam => (anchors_of(dmb), root_blocks_of(dmb)),
        _ => (u32::from(chained), 0),
    };
    Geometry { block_bytes, anchors, root_blocks }
}

/// Refuses what this engine does not have.
fn check(dmb: &Dmb) -> Result<(), OpenError> {
    if !matches!(dmb.access, Access::Hdam | Access::Hidam) {
        return Err(OpenError::AccessMethod(dmb.access.name()));
    }
    for segment in &dmb.segments {
        if let Some(feature) = unsupported(dmb, segment) {
            return Err(OpenError::Segment(feature, segment.name.to_string()));
        }
    }
    if !dmb.secondary_indexes.is_empty() {
        return Err(OpenError::Segment("secondary index", dmb.segments[0].name.to_string()));
    }
    let root_group = dmb.segments.first().map_or(0, |root| root.data_set_group);
    match root_group {
        0 => Ok(()),
        _ => Err(OpenError::Segment(
            "a root outside of the first data set group",
            dmb.segments[0].name.to_string(),
        )),
    }
}

fn unsupported(dmb: &Dmb, segment: &SegmentBlock) -> Option<&'static str> {
    use PhysicalPointer::{Hierarchic, HierarchicBackward, NoTwin};
    let root = segment.parent.is_none();
    let physical = segment.pointers.physical;
    match () {
        () if matches!(physical, Some(Hierarchic | HierarchicBackward)) => Some("hierarchic pointers"),
        () if segment.logical_parent.is_some() || !segment.logical_children.is_empty() => {
            Some("logical relationship")
        }
        () if segment.pointers.paired || !segment.sources.is_empty() => Some("logical relationship"),
        () if segment.compression.is_some() => Some("compression (COMPRTN=)"),
        () if !segment.exits.is_empty() => Some("data capture (EXIT=)"),
        // Synonyms hang on one anchor point, one behind the other.
        () if root && dmb.access == Access::Hdam && physical == Some(NoTwin) => {
            Some("POINTER=NOTWIN of an HDAM root")
        }
        () if root && segment.key.is_none() => Some("a root without a key"),
        () => None,
    }
}
