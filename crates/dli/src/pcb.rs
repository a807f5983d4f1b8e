//! PCBs: the mask that a program reads, and what the engine keeps behind it.

use crate::call::{Arguments, Paths, Place, Position, Shown, View, types_of};
use crate::database::{Database, SegmentType};
use crate::error::Trouble;
use crate::lock::{LockState, Standing, Stands};
use crate::partitions::Among;
use crate::program::Ending;
use crate::status::StatusCode;
use definitions::acb::DbBlock;
use definitions::model::procopt::ProcOpt;
use std::borrow::Cow;
use std::sync::Arc;
use vocabulary::DbdName;

/// Where the fields of a database PCB's mask are.
mod offset {
    pub(super) const LEVEL: usize = 8;
    pub(super) const STATUS: usize = 10;
    pub(super) const OPTIONS: usize = 12;
    pub(super) const SEGMENT: usize = 20;
    pub(super) const KEY_LENGTH: usize = 28;
    pub(super) const SEGMENT_COUNT: usize = 32;
    pub(super) const KEY: usize = 36;
}

/// Bytes of the key feedback area of a GSAM PCB.
const GSAM_KEY_BYTES: u32 = 12;

/// The mask of a database PCB: 36 bytes, and the key feedback area behind them. Numbers are big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbMask {
    bytes: Vec<u8>,
}

impl DbMask {
    pub(crate) fn new(block: &DbBlock) -> Self {
        let mut bytes = vec![b' '; offset::KEY + block.key_bytes as usize];
        bytes[..8].copy_from_slice(&block.dbd.padded());
        bytes[offset::LEVEL..offset::STATUS].copy_from_slice(b"00");
        let options = block.options.as_str().as_bytes();
        bytes[offset::OPTIONS..offset::OPTIONS + options.len()].copy_from_slice(options);
        bytes[offset::OPTIONS + 4..offset::SEGMENT].fill(0);
        bytes[offset::KEY_LENGTH..offset::SEGMENT_COUNT].fill(0);
        let count = block.segments.len() as u32;
        bytes[offset::SEGMENT_COUNT..offset::KEY].copy_from_slice(&count.to_be_bytes());
        Self { bytes }
    }

    /// That of a GSAM PCB: behind the record search argument is the length of a record where that is undefined.
    pub(crate) fn gsam(dbd: &DbdName, options: ProcOpt) -> Self {
        let block = DbBlock {
            dbd: *dbd,
            options,
            key_bytes: GSAM_KEY_BYTES,
            multiple_positioning: false,
            sequence: None,
            sequential_buffering: false,
            msdb_view: false,
            database_version: None,
            segments: Vec::new(),
        };
        let mut mask = Self::new(&block);
        mask.bytes[offset::KEY..].fill(0);
        mask.bytes[offset::KEY_LENGTH..offset::SEGMENT_COUNT].copy_from_slice(&GSAM_KEY_BYTES.to_be_bytes());
        mask
    }

    /// One that a program has elsewhere. None where it is too short for a mask.
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= offset::KEY).then_some(Self { bytes })
    }

    /// All of it, as a program has it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The DBD, eight bytes.
    pub fn dbd(&self) -> &[u8] {
        &self.bytes[..8]
    }

    /// The level, two digits.
    pub fn level(&self) -> &[u8] {
        &self.bytes[offset::LEVEL..offset::STATUS]
    }

    /// The status code.
    pub fn status(&self) -> [u8; 2] {
        [self.bytes[offset::STATUS], self.bytes[offset::STATUS + 1]]
    }

    /// The segment, eight bytes.
    pub fn segment(&self) -> &[u8] {
        &self.bytes[offset::SEGMENT..offset::KEY_LENGTH]
    }

    /// How long the key in the feedback area is.
    pub fn key_length(&self) -> usize {
        let bytes = &self.bytes[offset::KEY_LENGTH..offset::SEGMENT_COUNT];
        let length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
        length.min(self.bytes.len() - offset::KEY)
    }

    /// The key feedback area; what is behind the key is from earlier calls.
    pub fn key_feedback(&self) -> &[u8] {
        &self.bytes[offset::KEY..]
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        self.bytes[offset::STATUS..offset::OPTIONS].copy_from_slice(&status.bytes());
    }

    /// Overwrites the beginning of the key feedback area.
    pub(crate) fn set_key(&mut self, key: &[u8]) {
        self.bytes[offset::KEY..offset::KEY + key.len()].copy_from_slice(key);
    }

    fn set_path(&mut self, level: usize, segment: &[u8; 8], key: &[u8]) {
        self.bytes[offset::LEVEL] = b'0' + (level / 10) as u8;
        self.bytes[offset::LEVEL + 1] = b'0' + (level % 10) as u8;
        self.bytes[offset::SEGMENT..offset::KEY_LENGTH].copy_from_slice(segment);
        let room = self.bytes.len() - offset::KEY;
        let key = &key[..key.len().min(room)];
        self.bytes[offset::KEY_LENGTH..offset::SEGMENT_COUNT]
            .copy_from_slice(&(key.len() as u32).to_be_bytes());
        self.bytes[offset::KEY..offset::KEY + key.len()].copy_from_slice(key);
    }
}

/// A database PCB of a program.
pub(crate) struct DbPcb {
    pub(crate) mask: DbMask,
    /// Its database; of a HALDB the partition that it is in.
    pub(crate) db: Arc<Database>,
    /// The partitions of a HALDB, and which of them it is in.
    pub(crate) partitions: Option<Arc<Among>>,
    pub(crate) partition: usize,
    pub(crate) view: Arc<View>,
    /// The databases that calls go into over logical relationships.
    pub(crate) related: Vec<Arc<Database>>,
    /// It sees the secondary index with this number, as a database of its own.
    pub(crate) of_index: Option<usize>,
    pub(crate) position: Position,
    /// With POS=MULTIPLE: where it is on each path.
    pub(crate) paths: Option<Paths>,
    /// The level of the parent of GNP calls.
    pub(crate) parentage: Option<usize>,
    /// The call before was a get hold call.
    pub(crate) is_held: bool,
    /// The levels that the last get call returned, and how many bytes of each.
    pub(crate) held: Vec<(usize, usize)>,
    /// Bytes of the I/O area that the last call filled.
    pub(crate) area_used: usize,
    /// The most bytes of all search arguments of a call (SSASIZE=).
    pub(crate) arguments_bytes_max: Option<usize>,
    /// Some segment may be returned by a get call.
    pub(crate) can_get: bool,
    /// The record that inserts went to last, and how many bytes.
    pub(crate) series: Option<(crate::Rba, usize)>,
    /// The anchor point of the root that an insert goes under.
    pub(crate) insert_anchor: u32,
    /// The entry that led to it, in an alternate processing sequence.
    pub(crate) insert_entry: Vec<u8>,
    /// Nothing has been loaded yet.
    pub(crate) load_begins: bool,
    /// What it has locked.
    pub(crate) standing: Standing,
    /// How it locks what it looks at; not at all when it loads, or reads without integrity.
    pub(crate) lock_state: Option<LockState>,
    /// What to do about a broken pointer when it reads without integrity.
    pub(crate) dirty: Option<Dirty>,
    /// How it was before a call that may have to be made again.
    before: Before,
    /// Buffers that calls use again and again.
    pub(crate) arguments: Arguments,
    pub(crate) spare: (Vec<Place>, Vec<u8>),
}

/// PROCOPT GO, GON and GOT: what is read may be half changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dirty {
    /// A broken pointer ends the program.
    Abends,
    /// It is told (GG).
    Told,
    /// The call is made once more before that.
    Retried,
}

impl Dirty {
    fn of(options: ProcOpt) -> Option<Self> {
        match () {
            () if !options.reads_without_integrity() => None,
            () if options.has('T') => Some(Self::Retried),
            () if options.has('N') => Some(Self::Told),
            () => Some(Self::Abends),
        }
    }
}

/// What a call changes of a PCB, beside its mask.
#[derive(Default)]
struct Before {
    position: Position,
    paths: Option<Paths>,
    parentage: Option<usize>,
    held: Vec<(usize, usize)>,
    is_held: bool,
    series: Option<(crate::Rba, usize)>,
    partition: usize,
}

impl DbPcb {
    pub(crate) fn new(
        block: &DbBlock,
        db: Arc<Database>,
        of_index: Option<usize>,
        arguments_bytes_max: Option<usize>,
    ) -> Self {
        let view = View::of(block, &db, of_index);
        Self::with_view(block, view, (db, of_index), arguments_bytes_max)
    }

    /// One with a view that was compiled before.
    pub(crate) fn with_view(
        block: &DbBlock,
        view: View,
        (db, of_index): (Arc<Database>, Option<usize>),
        arguments_bytes_max: Option<usize>,
    ) -> Self {
        let view = Arc::new(view);
        let dirty = Dirty::of(block.options);
        let lock_state = if view.updates { LockState::Update } else { LockState::Share };
        Self {
            standing: Standing::default(),
            lock_state: Some(lock_state).filter(|_| dirty.is_none() && !view.loads),
            dirty,
            before: Before::default(),
            mask: DbMask::new(block),
            can_get: view.segments.iter().any(|segment| segment.options.is_returned()),
            db,
            related: Vec::new(),
            partitions: None,
            partition: 0,
            of_index,
            view,
            position: Position::default(),
            paths: block.multiple_positioning.then(Paths::default),
            arguments_bytes_max,
            parentage: None,
            is_held: false,
            held: Vec::new(),
            area_used: 0,
            series: None,
            insert_anchor: 0,
            insert_entry: Vec::new(),
            load_begins: true,
            arguments: Arguments::default(),
            spare: Default::default(),
        }
    }

    /// The same for a HALDB, whose partition with this place the database is.
    pub(crate) fn among(self, partitions: Arc<Among>, partition: usize) -> Self {
        Self { partitions: Some(partitions), partition, ..self }
    }

    /// All databases that it may have to do with: the partitions of a HALDB.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        let partitions = self.partitions.iter().flat_map(|among| among.databases());
        let lone = self.partitions.is_none().then_some(&self.db);
        partitions.chain(lone)
    }

    /// The database that was searched last.
    pub(crate) fn searched(&self) -> &Arc<Database> {
        self.partitions.as_ref().and_then(|among| among.searched()).unwrap_or(&self.db)
    }

    /// The types of the segments that it sees.
    pub(crate) fn types(&self) -> &[SegmentType] {
        types_of(&self.db, self.of_index)
    }

    /// Whether a database that its calls go into was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.db.is_stopped() || self.related.iter().any(|other| other.is_stopped())
    }

    /// Stops the database that a trouble is of.
    pub(crate) fn stop(&self, trouble: &Trouble) {
        let of_set = |db: &&Arc<Database>| match trouble {
            Trouble::Broken { set, .. } => db.sets().any(|one| one.id == *set),
            _ => false,
        };
        self.related.iter().find(of_set).unwrap_or(self.searched()).stop(trouble);
    }

    /// Forgets position and parentage, as a commit point does.
    pub(crate) fn reset(&mut self) {
        self.clear_position();
        self.parentage = None;
        self.is_held = false;
        self.series = None;
        self.standing = Standing::default();
    }

    /// Notes how it is.
    pub(crate) fn save(&mut self) {
        let before = &mut self.before;
        before.position.copy_from(&self.position);
        before.paths.clone_from(&self.paths);
        before.held.clone_from(&self.held);
        (before.parentage, before.is_held, before.series) = (self.parentage, self.is_held, self.series);
        before.partition = self.partition;
        if let Some(among) = &self.partitions {
            among.note(self.partition);
        }
    }

    /// Is as it was when that was noted last.
    pub(crate) fn restore(&mut self) {
        let before = &self.before;
        if let (Some(among), true) = (&self.partitions, self.partition != before.partition)
            && let Some(db) = among.database(before.partition)
        {
            (self.db, self.partition) = (db.clone(), before.partition);
        }
        self.position.copy_from(&before.position);
        self.paths.clone_from(&before.paths);
        self.held.clone_from(&before.held);
        (self.parentage, self.is_held, self.series) = (before.parentage, before.is_held, before.series);
    }

    /// Where its position is, for its locks.
    pub(crate) fn stands(&self) -> Stands {
        match (self.position.path.is_empty(), self.position.gap) {
            (false, _) => Stands::Inside,
            (true, Some(gap)) if gap.next.is_some() || !self.position.entry.is_empty() => Stands::Before,
            _ => Stands::Nowhere,
        }
    }

    /// Forgets where it is, on every path.
    pub(crate) fn clear_position(&mut self) {
        self.position.clear();
        if let Some(paths) = &mut self.paths {
            paths.clear();
        }
    }

    /// Whether there is nothing about it that calls in place leave to the general way: [`crate::call::step`] and
    /// [`crate::call::go_straight`].
    #[inline]
    pub(crate) fn goes_in_place(&self) -> bool {
        self.paths.is_none()
            && self.view.sequence.is_none()
            && !self.view.is_concatenated
            && self.of_index.is_none()
            && self.standing.awaited.is_none()
            && !self.view.loads
            && !self.db.is_stopped()
    }

    /// Where a call begins that names this segment, or none, and leaves the first `floor` levels as they are.
    pub(crate) fn position_towards(&self, segment: Option<usize>, floor: usize) -> Cow<'_, Position> {
        if let (Some(paths), Some(segment)) = (&self.paths, segment) {
            let towards = paths.towards(&self.view, segment);
            if towards.path.get(..floor) == self.position.path.get(..floor) {
                return Cow::Owned(towards);
            }
        }
        Cow::Borrowed(&self.position)
    }

    /// Stands on the last segment of a path.
    pub(crate) fn arrive(&mut self, path: &[Place], keys: &[u8], anchor: u32) {
        let position = &mut self.position;
        position.path.clear();
        position.path.extend_from_slice(path);
        position.gap = None;
        position.anchor = anchor;
        position.keys.clear();
        position.keys.extend_from_slice(keys);
        position.last = path.last().map(|place| (path.len(), place.segment));
    }

    /// Says of a call that nothing was done.
    pub(crate) fn answer(&mut self, status: StatusCode, shown: Shown) -> Ending {
        self.is_held = false;
        self.area_used = 0;
        self.show(status, shown);
        Ending::Continues(status)
    }

    /// Shows how a call went.
    pub(crate) fn show(&mut self, status: StatusCode, shown: Shown) {
        self.mask.set_status(status);
        let shown = match shown {
            Shown::Position => Shown::Level(self.position.path.len()),
            shown => shown,
        };
        match shown {
            Shown::Unchanged | Shown::Position => {}
            Shown::Nothing | Shown::Level(0) => self.mask.set_path(0, b"        ", &[]),
            Shown::Level(level) => {
                let segment = &self.view.segments[self.position.path[level - 1].segment];
                let key = self.position.keys.get(..segment.key_end).unwrap_or(&self.position.keys);
                self.mask.set_path(level, &segment.name.padded(), key);
            }
        }
    }
}
