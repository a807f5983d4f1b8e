//! PCBs: the mask that a program reads, and what the engine keeps behind it.

use crate::call::{Arguments, Place, Position, Shown, View};
use crate::database::Database;
use crate::status::StatusCode;
use definitions::acb::DbBlock;
use std::sync::Arc;

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

/// The mask of a database PCB: 36 bytes, and the key feedback area behind them. Numbers are big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbMask {
    bytes: Vec<u8>,
}

impl DbMask {
    fn new(block: &DbBlock) -> Self {
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
        bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte))
    }

    /// The key feedback area; what is behind the key is from earlier calls.
    pub fn key_feedback(&self) -> &[u8] {
        &self.bytes[offset::KEY..]
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        self.bytes[offset::STATUS..offset::OPTIONS].copy_from_slice(&status.bytes());
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
    pub(crate) db: Arc<Database>,
    pub(crate) view: Arc<View>,
    pub(crate) position: Position,
    /// The level of the parent of GNP calls.
    pub(crate) parentage: Option<usize>,
    /// The call before was a get hold call.
    pub(crate) is_held: bool,
    /// The levels that the last get call returned, and how many bytes of each.
    pub(crate) held: Vec<(usize, usize)>,
    /// Bytes of the I/O area that the last call filled.
    pub(crate) area_used: usize,
    /// Some segment may be got.
    pub(crate) can_get: bool,
    /// The record that inserts went to last, and how many bytes.
    pub(crate) series: Option<(crate::Rba, usize)>,
    /// The anchor point of the root that an insert goes under.
    pub(crate) insert_anchor: u32,
    /// Nothing has been loaded yet.
    pub(crate) load_begins: bool,
    /// Buffers that calls use again and again.
    pub(crate) arguments: Arguments,
    pub(crate) spare: (Vec<Place>, Vec<u8>),
}

impl DbPcb {
    pub(crate) fn new(block: &DbBlock, db: Arc<Database>) -> Self {
        let view = Arc::new(View::of(block));
        Self {
            mask: DbMask::new(block),
            can_get: view.segments.iter().any(|segment| segment.options.get),
            db,
            view,
            position: Position::default(),
            parentage: None,
            is_held: false,
            held: Vec::new(),
            area_used: 0,
            series: None,
            insert_anchor: 0,
            load_begins: true,
            arguments: Arguments::default(),
            spare: Default::default(),
        }
    }

    /// Forgets position and parentage, as a commit point does.
    pub(crate) fn reset(&mut self) {
        self.position.clear();
        self.parentage = None;
        self.is_held = false;
        self.series = None;
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
