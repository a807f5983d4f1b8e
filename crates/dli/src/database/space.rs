//! Finding room for a segment: the search of HD databases.
//!
//! From near to far: the most desirable block, its track, its cylinder, SCAN cylinders around it, the end of the data
//! set, any block. A search that begins in the root addressable area stays there until it goes to the end of the data
//! set, which is overflow. A map of bits says which blocks may hold the longest segment, so that full ones need no look.
//! The map is a hint: a bit that is wrongly on costs a look, and one that is wrongly off costs room until the block is
//! next changed. It is kept in the data set when that is closed, and not logged.

use crate::error::Trouble;
use crate::format::block::{self, HEADER_BYTES, Kind};
use crate::format::geometry::Geometry;
use crate::pool::{BufferPool, DataSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blocks of a track.
const TRACK: u32 = 12;
/// Blocks of a cylinder.
const CYLINDER: u32 = 15 * TRACK;

/// Where there is room in a data set.
pub(crate) struct Space {
    map: Mutex<Map>,
    /// Cylinders to be searched on either side.
    scan: u32,
    /// The longest segment of the group: a block that can't hold it counts as full.
    pub(crate) longest: usize,
    /// Bytes of each block that a load leaves free.
    pub(crate) load_reserve: usize,
    /// Every so manieth block is left free by a load; zero for none.
    pub(crate) load_skip: u32,
}

#[derive(Default)]
struct Map {
    /// A bit for each block of data that was used, from number 1 on: it may have room.
    room: Vec<u64>,
    /// The highest number that was used.
    last: u32,
}

impl Space {
    pub(crate) fn new(scan: u32, longest: usize, load_reserve: usize, load_skip: u32) -> Self {
        Self { map: Mutex::default(), scan, longest, load_reserve, load_skip }
    }

    /// The highest number of a block of data that was used.
    pub(crate) fn last(&self) -> u32 {
        self.lock().last
    }

    /// Notes that a block is in use, and whether it may hold the longest segment still.
    pub(crate) fn note(&self, number: u32, has_room: bool) {
        let mut map = self.lock();
        map.reach(number);
        map.set(number, has_room);
    }

    /// Notes that a block got room again.
    pub(crate) fn note_released(&self, set: &DataSet, block: u32) {
        if let Some(number) = set.geometry.data_number(block) {
            self.note(number, true);
        }
    }

    /// Offers blocks from near to far until one is taken. The number offered last of all may be one past the end.
    pub(crate) fn search<T>(
        &self,
        near: u32,
        geometry: &Geometry,
        mut offer: impl FnMut(u32) -> Result<Option<T>, Trouble>,
    ) -> Result<T, Trouble> {
        if let Some(found) = offer(near)? {
            return Ok(found);
        }
        if let Some(found) = self.search_around(near, geometry, &mut offer)? {
            return Ok(found);
        }
        if let Some(found) = self.search_end(geometry, &mut offer)? {
            return Ok(found);
        }
        self.offer_range(1..=self.last(), near, &mut offer)?.ok_or(Trouble::SetFull)
    }

    /// As [`Self::search`], looking at the block given and the end of the data set alone. A load that leaves room in
    /// every block would else look at all of them again and again.
    pub(crate) fn search_for_load<T>(
        &self,
        near: u32,
        geometry: &Geometry,
        mut offer: impl FnMut(u32) -> Result<Option<T>, Trouble>,
    ) -> Result<T, Trouble> {
        if let Some(found) = offer(near)? {
            return Ok(found);
        }
        self.search_end(geometry, &mut offer)?.ok_or(Trouble::SetFull)
    }

    fn search_around<T>(
        &self,
        near: u32,
        geometry: &Geometry,
        offer: &mut impl FnMut(u32) -> Result<Option<T>, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        let cylinders = CYLINDER.saturating_mul(self.scan);
        for reach in [TRACK / 2, CYLINDER / 2, CYLINDER / 2 + cylinders] {
            let range = self.region(near, reach, geometry);
            let found = self.offer_range(range, near, offer)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Offers the last block in use and those after it.
    fn search_end<T>(
        &self,
        geometry: &Geometry,
        offer: &mut impl FnMut(u32) -> Result<Option<T>, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        let last = self.last().max(geometry.root_blocks);
        // A load leaves some blocks free; the one after such a block is not.
        let first = if last > geometry.root_blocks { last } else { last + 1 };
        for number in first..=(last + 2).min(geometry.data_number_max()) {
            let found = offer(number)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The blocks around one, on the same side of the border between root addressable area and overflow.
    fn region(&self, near: u32, reach: u32, geometry: &Geometry) -> RangeInclusive<u32> {
        let (low, high) = (near.saturating_sub(reach).max(1), near.saturating_add(reach));
        match geometry.is_root_addressable(near) {
            true => low..=high.min(geometry.root_blocks),
            false => low.max(geometry.root_blocks + 1)..=high.min(self.last()),
        }
    }

    fn offer_range<T>(
        &self,
        range: RangeInclusive<u32>,
        near: u32,
        offer: &mut impl FnMut(u32) -> Result<Option<T>, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        let mut from = *range.start();
        loop {
            // The map is let go before the offer: whoever takes it notes here what is left.
            let next = self.lock().next_with_room(from, *range.end());
            let Some(number) = next else { return Ok(None) };
            if number != near
                && let Some(found) = offer(number)?
            {
                return Ok(Some(found));
            }
            from = number + 1;
        }
    }

    /// Fills the maps of the data set with what is known here.
    pub(crate) fn save(&self, pool: &BufferPool, set: &Arc<DataSet>) -> Result<(), Trouble> {
        let (bits, last) = {
            let map = self.lock();
            (map.room.clone(), map.last)
        };
        let per_map = set.geometry.blocks_of_map();
        for first in (1..=last).step_by(per_map as usize) {
            let mut content = pool.overwrite(set, set.geometry.map_block(first))?;
            block::clear(&mut content.data, Kind::SpaceMap);
            for number in first..=last.min(first + per_map - 1) {
                if is_set(&bits, number) {
                    let bit = (number - first) as usize;
                    content.data[HEADER_BYTES + bit / 8] |= 0x80 >> (bit % 8);
                }
            }
            content.mark_changed(set);
        }
        Ok(())
    }

    /// Reads the maps of a data set whose blocks were used up to this number.
    pub(crate) fn load(&self, pool: &BufferPool, set: &Arc<DataSet>, last: u32) -> Result<(), Trouble> {
        let per_map = set.geometry.blocks_of_map();
        for first in (1..=last).step_by(per_map as usize) {
            let content = match pool.read(set, set.geometry.map_block(first)) {
                // A map is not logged, and so not mended when it was torn.
                Err(Trouble::Broken { .. }) => None,
                content => Some(content?),
            };
            let map = content.as_ref().map(|content| &content.data[..]);
            // A set that was not closed may have no maps yet: every block may have room.
            let map = map.filter(|map| block::kind(map) == Some(Kind::SpaceMap));
            for number in first..=last.min(first + per_map - 1) {
                let bit = (number - first) as usize;
                let is_on = |map: &[u8]| map[HEADER_BYTES + bit / 8] & (0x80 >> (bit % 8)) != 0;
                self.note(number, map.is_none_or(is_on));
            }
        }
        Ok(())
    }

    /// Takes every block for one that may have room. A search finds out.
    pub(crate) fn assume_room(&self, last: u32) {
        (1..=last).for_each(|number| self.note(number, true));
    }

    fn lock(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Map {
    fn reach(&mut self, number: u32) {
        if number > self.last {
            // Blocks that were passed over were never written, and are all room.
            self.room.resize(number as usize / 64 + 1, 0);
            for passed in self.last + 1..number {
                self.set(passed, true);
            }
            self.last = number;
        }
    }

    fn set(&mut self, number: u32, has_room: bool) {
        let bit = 1 << (number % 64);
        match has_room {
            true => self.room[number as usize / 64] |= bit,
            false => self.room[number as usize / 64] &= !bit,
        }
    }

    /// The first block in a range that may have room; one that was never used may.
    fn next_with_room(&self, from: u32, to: u32) -> Option<u32> {
        let mut number = from;
        while number <= to {
            if number > self.last {
                return Some(number);
            }
            let word = self.room[number as usize / 64] >> (number % 64);
            if word != 0 {
                let found = number + word.trailing_zeros();
                return (found <= to).then_some(found);
            }
            number = (number / 64 + 1) * 64;
        }
        None
    }
}

fn is_set(bits: &[u64], number: u32) -> bool {
    bits[number as usize / 64] & 1 << (number % 64) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOMETRY: Geometry = Geometry { block_bytes: 512, anchors: 1, root_blocks: 100 };

    /// The blocks offered until one is taken.
    fn offered(space: &Space, near: u32, taken: u32) -> Vec<u32> {
        let mut numbers = Vec::new();
        let offer = |number| {
            numbers.push(number);
            Ok((number == taken).then_some(()))
        };
        let _ = space.search(near, &GEOMETRY, offer);
        numbers
    }

    #[test]
    fn a_search_goes_from_near_to_far_and_passes_full_blocks() {
        let space = Space::new(0, 100, 0, 0);
        for number in 1..=100 {
            space.note(number, [48, 60, 99].contains(&number));
        }
        assert_eq!(offered(&space, 50, 101), [50, 48, 48, 60, 99, 48, 60, 99, 101]);
        assert_eq!(offered(&space, 50, 60), [50, 48, 48, 60]);
        for number in 101..=120 {
            space.note(number, number == 103);
        }
        assert_eq!(offered(&space, 119, 121)[..4], [119, 103, 103, 120], "overflow is searched for overflow");
    }
}
