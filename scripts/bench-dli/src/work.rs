//! The work, and what a store has to be able to do for it.

use std::path::Path;

/// Bytes of a segment, its key among them.
pub(crate) const SEGMENT_BYTES: usize = 100;
/// Children of a root.
pub(crate) const CHILDREN: u32 = 10;
/// Bytes of the keys of a root and of a child.
pub(crate) const ROOT_KEY: usize = 8;
pub(crate) const CHILD_KEY: usize = 4;
/// The least work that means something.
pub(crate) const SEGMENTS_MIN: u32 = 1_100;
/// Gets of a unit.
pub(crate) const GETS: usize = 10;

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// How many roots; each has its children.
    pub(crate) roots: u32,
}

/// A child of a root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) root: u32,
    pub(crate) child: u32,
}

impl Work {
    pub(crate) fn new(segments: u32) -> Self {
        Self { roots: segments / (CHILDREN + 1) }
    }

    /// All segments.
    pub(crate) fn segments(&self) -> u64 {
        u64::from(self.roots) * u64::from(CHILDREN + 1)
    }

    /// A child that is there; the same for the same number.
    pub(crate) fn place(&self, number: u64) -> Place {
        let mixed = (number.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let root = ((mixed >> 32) % u64::from(self.roots)) as u32;
        Place { root, child: (mixed >> 8) as u32 % CHILDREN }
    }

    /// The places of a unit.
    pub(crate) fn unit(&self, number: u64) -> [Place; GETS] {
        std::array::from_fn(|at| self.place(number * GETS as u64 + at as u64))
    }
}

pub(crate) fn root_key(root: u32) -> [u8; ROOT_KEY] {
    digits(root)
}

pub(crate) fn child_key(child: u32) -> [u8; CHILD_KEY] {
    digits(child)
}

/// A number in so many digits. No store should be measured by how keys are printed.
fn digits<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    digits
}

/// A segment: its key, then what is the same in none.
pub(crate) fn segment(key: &[u8], salt: u32) -> [u8; SEGMENT_BYTES] {
    let mut bytes = [b' '; SEGMENT_BYTES];
    bytes[..key.len()].copy_from_slice(key);
    let mut state = u64::from(salt) << 8 | 1;
    for byte in &mut bytes[ROOT_KEY.max(CHILD_KEY)..] {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *byte = b'A' + (state >> 60) as u8;
    }
    bytes
}

/// A store, empty or loaded. Threads share it.
pub(crate) trait Store: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// Puts all segments into it, and makes them durable.
    fn load(&self, work: &Work);
    /// A right to work with it, for one thread.
    fn session(&self) -> Box<dyn Session + '_>;
    /// Bytes on disk, without a log that is written over again.
    fn bytes(&self) -> u64;
}

/// What one thread does with a store.
pub(crate) trait Session {
    /// A unit of gets; gives how many found something.
    fn gets(&mut self, places: &[Place]) -> usize;
    /// All children of all roots, root by root; gives how many there are.
    fn scan(&mut self, work: &Work) -> u64;
    /// Replaces a child and inserts another one under its root, and returns when that is durable.
    fn update(&mut self, place: Place, new_child: u32);
}

/// Bytes of files in a folder whose names begin so.
pub(crate) fn bytes_of(folder: &Path, prefix: &str) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder of a store").flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}
