//! Randomizers: from the key of an HDAM root to the anchor point it hangs on.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A root anchor point, as a randomizer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorPoint {
    /// The relative block, from 1 to the highest of the root addressable area.
    pub block: u32,
    /// The anchor point in the block, from 1 on.
    pub anchor: u32,
}

/// A randomizing module.
pub trait Randomizer: Send + Sync {
    /// The anchor point of a root key. `anchors` is how many each block has, `blocks` how many blocks there are. The same
    /// key has to give the same point for ever; a point out of range is taken modulo its range.
    fn randomize(&self, key: &[u8], anchors: u32, blocks: u32) -> AnchorPoint;
}

/// The randomizing modules that there are, by name.
#[derive(Clone)]
pub struct Randomizers {
    modules: BTreeMap<String, Arc<dyn Randomizer>>,
}

impl Randomizers {
    /// The general randomizer under the names of those that IMS brings along.
    pub fn new() -> Self {
        let general: Arc<dyn Randomizer> = Arc::new(General);
        let names = ["DFSHDC10", "DFSHDC20", "DFSHDC30", "DFSHDC40"];
        Self { modules: names.iter().map(|name| ((*name).to_string(), general.clone())).collect() }
    }

    /// Adds a module, or replaces one.
    #[must_use]
    pub fn with(mut self, name: &str, module: Arc<dyn Randomizer>) -> Self {
        self.modules.insert(name.to_string(), module);
        self
    }

    /// The module of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn Randomizer>> {
        self.modules.get(name).cloned()
    }
}

impl Default for Randomizers {
    fn default() -> Self {
        Self::new()
    }
}

/// Spreads any keys evenly. Its results are part of the format: a change would lose every root.
pub struct General;

impl Randomizer for General {
    fn randomize(&self, key: &[u8], anchors: u32, blocks: u32) -> AnchorPoint {
        let hash = hash(key);
        // The high half of a product spreads over a range without a division.
        let spread = |part: u64, range: u32| (((part & 0xffff_ffff) * u64::from(range)) >> 32) as u32 + 1;
        AnchorPoint { block: spread(hash >> 32, blocks), anchor: spread(hash, anchors) }
    }
}

fn hash(key: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = key.len() as u64;
    for chunk in key.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_be_bytes(bytes)).wrapping_mul(MULTIPLIER);
        hash ^= hash >> 29;
    }
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_randomizer_gives_what_it_gave_when_data_was_loaded() {
        let point = General.randomize(b"KEY00001", 3, 1000);
        assert_eq!((point.block, point.anchor), (POINT.0, POINT.1));
    }

    /// Recorded when the format was settled.
    const POINT: (u32, u32) = (203, 3);

    #[test]
    fn keys_in_a_row_spread_over_blocks_and_anchors() {
        let mut counts = vec![0u32; 400];
        for number in 0..40_000 {
            let point = General.randomize(format!("{number:08}").as_bytes(), 4, 100);
            counts[((point.block - 1) * 4 + point.anchor - 1) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (50..=160).contains(&count)), "{counts:?}");
    }
}
