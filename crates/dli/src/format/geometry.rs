//! Which block of a data set is for what.
//!
//! Block 0 says which data set this is. Then come groups: a block with the space map of the group, and as many blocks
//! of data as it has bits. The blocks of data are numbered from 1, as a randomizer does; the first of them are the root
//! addressable area of an HDAM database, and the rest is overflow.

use super::block::{HEADER_BYTES, ROOT_ANCHORS};
use super::rba::Rba;

/// The sizes that decide where things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Bytes of a block.
    pub(crate) block_bytes: usize,
    /// Root anchor points at the head of each block of data.
    pub(crate) anchors: u32,
    /// Blocks of data that make the root addressable area.
    pub(crate) root_blocks: u32,
}

impl Geometry {
    /// The smallest block that holds a map worth having.
    pub(crate) const BLOCK_BYTES_MIN: usize = 512;
    /// The largest block whose offsets fit a halfword.
    pub(crate) const BLOCK_BYTES_MAX: usize = 32 * 1024;

    /// The byte after the root anchor points, where segments may begin.
    pub(crate) fn data_from(&self) -> usize {
        ROOT_ANCHORS + 4 * self.anchors as usize
    }

    /// The blocks of data that one space map speaks of.
    pub(crate) fn blocks_of_map(&self) -> u32 {
        ((self.block_bytes - HEADER_BYTES) * 8) as u32
    }

    /// The block with this number among those of data, from 1 on.
    pub(crate) fn data_block(&self, number: u32) -> u32 {
        let group = (number - 1) / self.blocks_of_map();
        number + 1 + group
    }

    /// The number of a block among those of data; none for other blocks.
    pub(crate) fn data_number(&self, block: u32) -> Option<u32> {
        let within = block.checked_sub(1)?;
        let group = within / (self.blocks_of_map() + 1);
        let number = within - group;
        (within % (self.blocks_of_map() + 1) != 0).then_some(number)
    }

    /// The block with the map that speaks of a block of data.
    pub(crate) fn map_block(&self, number: u32) -> u32 {
        1 + (number - 1) / self.blocks_of_map() * (self.blocks_of_map() + 1)
    }

    /// The highest number of a block of data that an address reaches.
    pub(crate) fn data_number_max(&self) -> u32 {
        let blocks = (Rba::SET_BYTES_MAX / self.block_bytes as u64).min(u64::from(u32::MAX)) as u32;
        let groups = blocks / (self.blocks_of_map() + 1);
        blocks - groups - 3
    }

    /// Whether a block of data belongs to the root addressable area.
    pub(crate) fn is_root_addressable(&self, number: u32) -> bool {
        number <= self.root_blocks
    }

    /// The block and the offset of an address.
    pub(crate) fn place(&self, rba: Rba) -> (u32, usize) {
        let bytes = self.block_bytes as u64;
        ((rba.byte() / bytes) as u32, (rba.byte() % bytes) as usize)
    }

    /// The address of an offset in a block.
    pub(crate) fn rba(&self, block: u32, offset: usize) -> Option<Rba> {
        Rba::of_byte(u64::from(block) * self.block_bytes as u64 + offset as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_the_control_block_a_map_or_data() {
        let geometry = Geometry { block_bytes: 512, anchors: 2, root_blocks: 10 };
        let bits = geometry.blocks_of_map();
        let mut expected = 1;
        for block in 0..3 * (bits + 1) {
            match geometry.data_number(block) {
                Some(number) => {
                    assert_eq!(number, expected, "numbers of data blocks have no gaps");
                    assert_eq!(geometry.data_block(number), block);
                    assert!(geometry.map_block(number) < block && block - geometry.map_block(number) <= bits);
                    expected += 1;
                }
                None => assert!(block == 0 || block == geometry.map_block(expected)),
            }
        }
        assert!(geometry.rba(geometry.data_block(geometry.data_number_max()), 510).is_some());
    }
}
