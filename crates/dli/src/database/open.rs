//! Opening a database: what is refused, what is compiled, and the control block of each data set.

use super::change::{Trail, change_block};
use super::index;
use super::redo::{Recovery, Redone, redo};
use super::roots::{Hdam, SeenHeads};
use super::space::Space;
use super::tree::{Shape, Tree};
use super::{Database, Group, Relatives, Roots, SegmentType};
use crate::error::{OpenError, Trouble};
use crate::format::block::{self, Kind, fullword, set_fullword};
use crate::format::free_space::ELEMENT_BYTES;
use crate::format::geometry::Geometry;
use crate::format::prefix::{is_hierarchic, points_backward};
use crate::index_exit::IndexExits;
use crate::partitions::PartitionMark;
use crate::pool::{BufferPool, DataSet};
use crate::randomizer::Randomizers;
use dasd::BlockSet;
use dbrc::{Access as DbrcAccess, Authorization};
use definitions::acb::{Dmb, SegmentBlock};
use definitions::model::dbd::{Access, DataSet as DataSetStatement};
use definitions::model::segment::PhysicalPointer;
use logger::{Body, Change, Log, PendingDatabase};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use vocabulary::{DbdName, DdName};

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
/// Of an index: its top node and its last block.
pub(super) const SHAPE_AT: usize = SIZES_AT + 16;
/// Not zero while the data set is open to be updated.
const OPEN_AT: usize = SHAPE_AT + 8;

/// What opening needs of the engine.
pub(crate) struct Opener<'e> {
    pub(crate) pool: &'e BufferPool,
    pub(crate) randomizers: &'e Randomizers,
    pub(crate) index_exits: &'e IndexExits,
    pub(crate) next_set: &'e AtomicU16,
    pub(crate) log: Option<&'e Arc<Log>>,
    /// What a restart has to do first; none for a database that was closed, or never open.
    pub(crate) recovery: Option<Recovery<'e>>,
    /// What it is as a partition of a HALDB.
    pub(crate) partition: Option<PartitionMark>,
}

/// What opening a database had to do to make it whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opened {
    /// It was open for update when its subsystem ended.
    pub recovered: bool,
    /// Changes that its data sets lacked.
    pub redone: u64,
    /// Units of work that were not committed, and are taken back.
    pub backed_out: usize,
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
        indexes: &[&Dmb],
        mut sets: DataSets,
    ) -> Result<(Arc<Database>, Opened), OpenError> {
        check(&dmb)?;
        let updatable = authorization.access() >= DbrcAccess::Update;
        match &self.recovery {
            Some(_) if !updatable => return Err(OpenError::NotRecovered),
            Some(recovery) if recovery.pending.loading && sets.values().any(|set| set.block_count() > 0) => {
                return Err(OpenError::LoadUnfinished);
            }
            _ => {}
        }
        let layouts = index::layouts(&dmb, indexes, self.index_exits)?;
        let mut all = self.data_sets(authorization, &dmb, indexes, &mut sets)?;
        let first_index = all.len();
        for layout in &layouts {
            all.push(self.index_set(authorization, &dmb, &layout.block, layout.entry_bytes(), &mut sets)?);
        }
        let opened = self.open_sets(dmb, (indexes, layouts), all.split_at(first_index), updatable);
        if opened.is_err() {
            // The next attempt reads them anew.
            for set in &all {
                self.pool.discard(set);
            }
        }
        opened
    }

    fn open_sets(
        &self,
        dmb: Arc<Dmb>,
        (indexes, layouts): (&[&Dmb], Vec<index::Layout>),
        (own, secondary): (&[Arc<DataSet>], &[Arc<DataSet>]),
        updatable: bool,
    ) -> Result<(Arc<Database>, Opened), OpenError> {
        let types: Vec<SegmentType> =
            dmb.segments.iter().map(|segment| SegmentType::of(&dmb, segment)).collect();
        let all: Vec<Arc<DataSet>> = own.iter().chain(secondary).cloned().collect();
        let redone = self.redo(&dmb, &all)?;
        let mut created = BTreeSet::new();
        let mut groups = Vec::new();
        for (at, (set, statement)) in own.iter().zip(&dmb.data_sets).enumerate() {
            let longest =
                types.iter().filter(|kind| kind.group == at).map(SegmentType::stored_bytes_max).max();
            let longest = longest.unwrap_or(ELEMENT_BYTES);
            groups.push(self.group((set, statement), &dmb, longest, updatable, &mut created)?);
        }
        let roots = match dmb.access {
            Access::Hdam => Roots::Hdam(self.randomizing(&dmb)?),
            _ => {
                let index = primary(&dmb, indexes).unwrap_or(&dmb);
                let key_bytes = dmb.segments[0].key.as_ref().map_or(0, |key| key.bytes as usize);
                let set = &own[groups.len()];
                let shape = self.index_shape(set, index, updatable, &mut created)?;
                Roots::Hidam(Tree::new(dmb.name, set.clone(), (key_bytes, 0), shape))
            }
        };
        let mut indexes = Vec::with_capacity(layouts.len());
        for (layout, set) in layouts.into_iter().zip(secondary) {
            let shape = self.index_shape(set, &layout.block, updatable, &mut created)?;
            indexes.push(layout.on(set.clone(), shape));
        }
        let partition = self.partition.map(|mark| self.found_mark(&own[0], mark)).transpose()?;
        let database = Arc::new(Database {
            updatable,
            partition,
            log: self.log.filter(|_| updatable).cloned(),
            opened: Mutex::default(),
            is_loading: AtomicBool::new(false),
            dmb,
            types,
            groups,
            roots,
            indexes,
            users: Arc::default(),
            relatives: Relatives::default(),
            is_stopped: AtomicBool::new(false),
            stop: Mutex::default(),
        });
        let opened = self.back_out(&database, &redone)?;
        if self.recovery.as_ref().is_some_and(|recovery| recovery.until.is_some()) {
            // What was left out is in the log: copies from before are of no use with it any more.
            database.log_load_end()?;
        }
        database.log_open(created)?;
        database.mark_open(self.pool, true)?;
        Ok((database, opened))
    }

    /// The data sets of the groups, in their order, then that of the index.
    fn data_sets(
        &self,
        authorization: &Authorization,
        dmb: &Dmb,
        indexes: &[&Dmb],
        sets: &mut DataSets,
    ) -> Result<Vec<Arc<DataSet>>, OpenError> {
        let mut all = Vec::new();
        for (at, statement) in dmb.data_sets.iter().enumerate() {
            let geometry = geometry(dmb, at, statement);
            all.push(self.data_set(authorization, dmb, statement, geometry, sets)?);
        }
        if dmb.access == Access::Hidam {
            let name = dmb.primary_index.as_ref().map_or_else(String::new, |index| index.dbd.to_string());
            let index =
                primary(dmb, indexes).ok_or_else(|| OpenError::Allocation(format!("of the index {name}")))?;
            let key_bytes = dmb.segments[0].key.as_ref().map_or(0, |key| key.bytes as usize);
            all.push(self.index_set(authorization, dmb, index, key_bytes, sets)?);
        }
        Ok(all)
    }

    /// The data set of an index, whose entries have so many bytes.
    fn index_set(
        &self,
        authorization: &Authorization,
        dmb: &Dmb,
        index: &Dmb,
        entry_bytes: usize,
        sets: &mut DataSets,
    ) -> Result<Arc<DataSet>, OpenError> {
        let statement =
            index.data_sets.first().ok_or_else(|| OpenError::Allocation(index.name.to_string()))?;
        let geometry = Geometry { block_bytes: block_bytes(statement), anchors: 0, root_blocks: 0 };
        let set = self.data_set(authorization, dmb, statement, geometry, sets)?;
        match 4 * (entry_bytes + 8) > geometry.block_bytes {
            true => Err(size_error(&set, "too small for an index with such keys")),
            false => Ok(set),
        }
    }

    /// Does again what the log has and the data sets lack.
    fn redo(&self, dmb: &Dmb, sets: &[Arc<DataSet>]) -> Result<Redone, OpenError> {
        let (Some(log), Some(recovery)) = (self.log, &self.recovery) else { return Ok(Redone::default()) };
        // Its data sets are new ones: what was being loaded is loaded again.
        if recovery.pending.loading {
            return Ok(Redone::default());
        }
        let indexes = dmb.secondary_indexes.iter().map(|index| index.dbd).collect();
        let redone = redo(self.pool, log, dmb.name, sets, &indexes, recovery)?;
        for set in sets {
            self.pool.flush(set)?;
        }
        Ok(redone)
    }

    /// Takes back what was not committed, and makes the data sets durable.
    fn back_out(&self, database: &Arc<Database>, redone: &Redone) -> Result<Opened, OpenError> {
        let (Some(log), Some(recovery)) = (self.log, &self.recovery) else { return Ok(Opened::default()) };
        let backed_out = redone.back_out(self.pool, log, database, recovery.units)?;
        database.flush(self.pool)?;
        Ok(Opened { recovered: true, redone: redone.changes, backed_out })
    }

    fn group(
        &self,
        (set, statement): (&Arc<DataSet>, &DataSetStatement),
        dmb: &Dmb,
        longest: usize,
        updatable: bool,
        created: &mut BTreeSet<DdName>,
    ) -> Result<Group, OpenError> {
        let geometry = set.geometry;
        if geometry.data_from() + longest > geometry.block_bytes {
            return Err(size_error(set, "too small for the longest segment"));
        }
        self.check_control(set, dmb, updatable, created)?;
        let reserve = geometry.block_bytes * statement.free_space_percent as usize / 100;
        let scan = statement.scan_cylinders.unwrap_or(3);
        let space = Space::new(scan, longest, reserve, statement.free_block_frequency);
        let highest = set.blocks.block_count().saturating_sub(1);
        let last = (1..=highest).rev().find_map(|block| geometry.data_number(block)).unwrap_or(0);
        match self.recovery.as_ref().is_some_and(|recovery| recovery.is_restored) {
            // The maps are those of the copy, which knows nothing of what was logged since.
            true => space.assume_room(last),
            false => space.load(self.pool, set, last)?,
        }
        Ok(Group { set: set.clone(), space })
    }

    fn data_set(
        &self,
        authorization: &Authorization,
        dmb: &Dmb,
        statement: &DataSetStatement,
        geometry: Geometry,
        sets: &mut DataSets,
    ) -> Result<Arc<DataSet>, OpenError> {
        let dd = statement.dd1.ok_or_else(|| OpenError::Allocation("without DD1=".into()))?;
        let blocks = sets.remove(&dd).ok_or_else(|| OpenError::Allocation(dd.to_string()))?;
        let id = self.next_set.fetch_add(1, Ordering::Relaxed);
        let updatable = authorization.access() >= DbrcAccess::Update;
        let log = self.log.filter(|_| updatable).cloned();
        let set = Arc::new(DataSet::new(id, (dmb.name, dd), geometry, authorization.epoch(), blocks, log));
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
        if updatable {
            set.blocks.admit(authorization.epoch())?;
        }
        Ok(set)
    }

    /// The control block says that this is the data set; a new one gets it.
    fn check_control(
        &self,
        set: &Arc<DataSet>,
        dmb: &Dmb,
        updatable: bool,
        created: &mut BTreeSet<DdName>,
    ) -> Result<(), OpenError> {
        let expected = self.control(set, dmb);
        if self.is_new(set)? {
            created.insert(set.dd);
            if updatable {
                let mut content = self.pool.overwrite(set, 0)?;
                content.data.copy_from_slice(&expected);
                content.mark_changed(set);
            }
            return Ok(());
        }
        let found = self.pool.read(set, 0)?;
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
        if self.partition.is_some_and(|mark| !mark.is_of(&found.data)) {
            return wrong("belongs to an earlier partition of this name, with another ID");
        }
        if found.data[SIZES_AT..SHAPE_AT] != expected[SIZES_AT..SHAPE_AT] {
            return wrong(
                "was loaded with another block size, or another RMNAME=. Unload and reload the database",
            );
        }
        if found.data[OPEN_AT] != 0 && self.recovery.is_none() {
            return Err(OpenError::NotClosed(set.dd.to_string()));
        }
        if self.log.is_some_and(|log| block::sequence(&found.data) > log.last()) {
            return wrong("was changed under a later log than this one. Use that log");
        }
        Ok(())
    }

    /// Whether nothing was ever written to a data set, or nothing but a control block that a crash tore.
    fn is_new(&self, set: &Arc<DataSet>) -> Result<bool, OpenError> {
        let blank = match self.pool.read(set, 0) {
            Ok(found) => block::kind(&found.data) == Some(Kind::Blank),
            Err(Trouble::Broken { .. }) => set.blocks.block_count() <= 1,
            Err(trouble) => return Err(trouble.into()),
        };
        match &self.recovery {
            // It held something when it was last opened.
            Some(recovery)
                if blank && !recovery.pending.loading && !recovery.pending.created.contains(&set.dd) =>
            {
                Err(OpenError::Lost(set.dd.to_string()))
            }
            _ => Ok(blank),
        }
    }

    fn randomizing(&self, dmb: &Dmb) -> Result<Hdam, OpenError> {
        let Some(randomizer) = &dmb.randomizer else { return Err(OpenError::Randomizer("(none)".into())) };
        let module = self.randomizers.get(&randomizer.module);
        Ok(Hdam {
            randomizer: module.ok_or_else(|| OpenError::Randomizer(randomizer.module.clone()))?,
            anchors: anchors_of(dmb),
            blocks: root_blocks_of(dmb),
            seen: SeenHeads::new(anchors_of(dmb) as usize * root_blocks_of(dmb) as usize),
            record_bytes_max: randomizer
                .record_bytes_max
                .filter(|&bytes| bytes > 0)
                .map(|bytes| bytes as usize),
        })
    }

    /// Where an index begins and ends, as its control block has it.
    fn index_shape(
        &self,
        set: &Arc<DataSet>,
        index: &Dmb,
        updatable: bool,
        created: &mut BTreeSet<DdName>,
    ) -> Result<Shape, OpenError> {
        self.check_control(set, index, updatable, created)?;
        let control = self.pool.read(set, 0)?;
        Ok(Shape {
            top: fullword(&control.data, SHAPE_AT),
            last: fullword(&control.data, SHAPE_AT + 4).max(set.blocks.block_count().saturating_sub(1)),
        })
    }
}

/// The DMB of the primary index.
fn primary<'d>(dmb: &Dmb, indexes: &[&'d Dmb]) -> Option<&'d Dmb> {
    let name = dmb.primary_index.as_ref()?.dbd;
    indexes.iter().copied().find(|index| index.name == name)
}

/// The control block of a new data set.
pub(super) fn control(set: &DataSet, dmb: &Dmb) -> Vec<u8> {
    let mut control = vec![0; set.geometry.block_bytes];
    block::clear(&mut control, Kind::Control);
    control[MAGIC_AT..DBD_AT].copy_from_slice(&MAGIC);
    control[DBD_AT..DD_AT].copy_from_slice(&dmb.name.padded());
    control[DD_AT..SIZES_AT].copy_from_slice(&set.dd.padded());
    let sizes = [set.geometry.block_bytes as u32, set.geometry.anchors, set.geometry.root_blocks];
    for (at, size) in sizes.into_iter().enumerate() {
        set_fullword(&mut control, SIZES_AT + 4 * at, size);
    }
    control
}

/// The DBD and the DD name in a control block, and whether its data set is open to be updated; none for another block.
pub(crate) fn read_control(data: &[u8]) -> Option<(DbdName, DdName, bool)> {
    let name = |from: usize| std::str::from_utf8(&data[from..from + 8]).ok().map(str::trim_end);
    if data.len() <= OPEN_AT || data[MAGIC_AT..DBD_AT - 1] != MAGIC[..7] {
        return None;
    }
    Some((DbdName::new(name(DBD_AT)?).ok()?, DdName::new(name(DD_AT)?).ok()?, data[OPEN_AT] != 0))
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
        for tree in self.trees() {
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

    /// Logs that it is open. Its data sets are whole then: a restart needs nothing from before.
    fn log_open(&self, created: BTreeSet<DdName>) -> Result<(), OpenError> {
        if let Some(log) = &self.log {
            let body = Body::DatabaseOpened { dbd: self.name(), created: created.clone() };
            let since = log.append(log.no_unit(), &body)?;
            log.force(since)?;
            self.set_opened(PendingDatabase { since, created, loading: false });
        }
        Ok(())
    }

    fn set_opened(&self, pending: PendingDatabase) {
        for set in self.sets() {
            set.set_since(pending.since);
        }
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = pending;
    }

    /// Logs that it is closed, after everything was written.
    pub(crate) fn log_close(&self) -> Result<(), Trouble> {
        if let Some(log) = &self.log {
            log.force(log.append(log.no_unit(), &Body::DatabaseClosed { dbd: self.name() })?)?;
        }
        Ok(())
    }

    /// Logs that a program begins to load it: until that is over a crash leaves nothing of use.
    pub(crate) fn log_load(&self) -> Result<(), Trouble> {
        if !self.is_loading.swap(true, Ordering::Relaxed)
            && let Some(log) = &self.log
        {
            log.force(log.append(log.no_unit(), &Body::LoadBegun { dbd: self.name() })?)?;
        }
        Ok(())
    }

    /// Writes what was loaded, and logs that it is there.
    pub(crate) fn end_load(&self, pool: &BufferPool) -> Result<(), Trouble> {
        if !self.is_loading.load(Ordering::Relaxed) || self.log.is_none() {
            return Ok(());
        }
        self.flush(pool)?;
        self.log_load_end()?;
        self.is_loading.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Logs that what its data sets hold does not follow from what was logged before.
    fn log_load_end(&self) -> Result<(), Trouble> {
        if let Some(log) = &self.log {
            let since = log.append(log.no_unit(), &Body::LoadEnded { dbd: self.name() })?;
            log.force(since)?;
            self.set_opened(PendingDatabase { since, ..PendingDatabase::default() });
        }
        Ok(())
    }

    /// Notes in every data set whether it is open to be updated.
    pub(crate) fn mark_open(&self, pool: &BufferPool, open: bool) -> Result<(), Trouble> {
        let trail = self.log.as_deref().map(|log| Trail { log, token: log.no_unit(), takes_back: None });
        for set in self.sets().filter(|_| self.updatable) {
            let mut control = pool.write(set, 0)?;
            let change = Change::Put { at: OPEN_AT, bytes: &[u8::from(open)] };
            change_block(trail, set, 0, &mut control, change, 0..0)?;
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
    use PhysicalPointer::{Hierarchic, Twin};
    let chained = matches!(dmb.segments[0].pointers.physical, Some(Twin | Hierarchic));
    let (anchors, root_blocks) = match dmb.access {
        _ if group > 0 => (0, 0),
        Access::Hdam => (anchors_of(dmb), root_blocks_of(dmb)),
        _ => (u32::from(chained), 0),
    };
    Geometry { block_bytes, anchors, root_blocks }
}

/// Refuses what this engine does not have.
fn check(dmb: &Dmb) -> Result<(), OpenError> {
    match dmb.access {
        Access::Hdam | Access::Hidam => {}
        access if access.is_haldb() => return Err(OpenError::Haldb),
        access => return Err(OpenError::AccessMethod(access.name())),
    }
    for segment in &dmb.segments {
        if let Some(feature) = unsupported(dmb, segment) {
            return Err(OpenError::Segment(feature, segment.name.to_string()));
        }
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
    use PhysicalPointer::NoTwin;
    let root = segment.parent.is_none();
    let physical = segment.pointers.physical;
    match () {
        () if is_hierarchic(segment) && !dmb.relatives().is_empty() => {
            Some("POINTER=HIER beside logical relationships")
        }
        () if segment.compression.is_some() => Some("compression (COMPRTN=)"),
        () if !segment.exits.is_empty() => Some("data capture (EXIT=)"),
        // Synonyms hang on one anchor point, one behind the other.
        () if root && dmb.access == Access::Hdam && physical == Some(NoTwin) => {
            Some("POINTER=NOTWIN of an HDAM root")
        }
        () if root && segment.key.is_none() => Some("a root without a key"),
        () => unlike_its_chain(dmb, segment),
    }
}

/// What shares a chain has as many pointers on it, and is in one data set: nothing else says where the next one is.
fn unlike_its_chain(dmb: &Dmb, segment: &SegmentBlock) -> Option<&'static str> {
    let parent =
        segment.parent.and_then(|code| dmb.segment_of_code(code)).filter(|one| is_hierarchic(one))?;
    let before = match parent.parent {
        Some(_) => parent,
        // The chain of a root's dependents is as the first of them is.
        None => dmb.segment_of_code(*parent.children.first()?)?,
    };
    match () {
        () if segment.pointers.physical == Some(PhysicalPointer::NoTwin) => {
            Some("POINTER=NOTWIN under hierarchic pointers")
        }
        () if points_backward(segment) != points_backward(before) => {
            Some("another number of pointers than its hierarchic chain has")
        }
        () if segment.data_set_group != before.data_set_group => {
            Some("a hierarchic chain through several data set groups")
        }
        () => None,
    }
}
