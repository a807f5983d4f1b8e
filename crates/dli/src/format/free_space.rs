//! Free space within a block.
//!
//! Every free area of eight bytes or more begins with a free space element: the offset of the next one, the length of
//! the area, and the unit of work that freed it. Elements are chained in the order of their offsets. Until a unit of
//! work has ended nobody else may use what it freed, because a backout puts the segment back where it was.
//!
//! What is left behind a segment and is too small for an element is zeros. It goes with the segment before it: a
//! segment never begins with a zero halfword, so that whoever frees the one before finds it.

use super::block::{FREE_ANCHOR, fullword, halfword, set_fullword, set_halfword};

/// Bytes of an element, and so of the smallest area that has one. No segment takes less.
pub(crate) const ELEMENT_BYTES: usize = 8;

/// A free area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Free {
    /// Its first byte.
    pub(crate) at: usize,
    /// Its length.
    pub(crate) len: usize,
    /// The unit of work that freed it.
    pub(crate) owner: u32,
    next: usize,
}

impl Free {
    /// The byte after it.
    pub(crate) fn end(&self) -> usize {
        self.at + self.len
    }
}

/// Makes all of a block free, from `from` on.
pub(crate) fn format(block: &mut [u8], from: usize) {
    set_halfword(block, FREE_ANCHOR, 0);
    let len = block.len() - from;
    if len >= ELEMENT_BYTES {
        set_halfword(block, FREE_ANCHOR, from as u16);
        write(block, Free { at: from, len, owner: 0, next: 0 });
    }
}

/// The free areas in the order of their offsets. Ends at an element that can't be one; see [`is_sound`].
pub(crate) fn areas(block: &[u8]) -> impl Iterator<Item = Free> + '_ {
    let mut at = usize::from(halfword(block, FREE_ANCHOR));
    std::iter::from_fn(move || {
        let free = read(block, at)?;
        at = free.next;
        Some(free)
    })
}

/// Whether the chain of elements rises, stays in the block and holds no overlaps.
pub(crate) fn is_sound(block: &[u8], from: usize) -> bool {
    let mut at = usize::from(halfword(block, FREE_ANCHOR));
    let mut end = from;
    while at != 0 {
        match read(block, at) {
            Some(free) if free.at >= end => (at, end) = (free.next, free.end()),
            _ => return false,
        }
    }
    true
}

/// The first place where `len` bytes are free, in areas that may be used. Adjacent ones count as one.
pub(crate) fn find(block: &[u8], len: usize, usable: impl Fn(u32) -> bool) -> Option<usize> {
    let mut run: Option<(usize, usize)> = None;
    for free in areas(block).filter(|free| usable(free.owner)) {
        run = match run {
            Some((from, end)) if end == free.at => Some((from, free.end())),
            _ => Some((free.at, free.end())),
        };
        if let Some((from, end)) = run
            && end - from >= len
        {
            return Some(from);
        }
    }
    None
}

/// Whether exactly these bytes are free.
pub(crate) fn is_free(block: &[u8], at: usize, len: usize) -> bool {
    let mut from = at;
    for free in areas(block) {
        if free.at <= from && from < free.end() {
            from = free.end();
        }
    }
    from >= at + len
}

/// Takes these bytes, which [`is_free`].
pub(crate) fn take(block: &mut [u8], at: usize, len: usize) {
    let end = at + len;
    let (mut before, mut front, mut tail, mut after) = (0, None, None, 0);
    for free in areas(block) {
        if free.end() <= at {
            before = free.at;
        } else if free.at >= end {
            after = free.at;
            break;
        } else {
            if free.at < at {
                front = Some(Free { len: at - free.at, ..free });
            }
            if free.end() > end {
                tail = Some(Free { at: end, len: free.end() - end, ..free });
            }
        }
    }
    block[at..end].fill(0);
    for area in [tail, front].into_iter().flatten() {
        if area.len < ELEMENT_BYTES {
            block[area.at..area.end()].fill(0);
        } else {
            write(block, Free { next: after, ..area });
            after = area.at;
        }
    }
    chain(block, before, after);
}

/// Frees these bytes, and the zeros behind them that are too few for an element.
pub(crate) fn release(block: &mut [u8], at: usize, len: usize, owner: u32) {
    let (mut before, mut after) = (None, None);
    for free in areas(block) {
        if free.at < at {
            before = Some(free);
        } else {
            after = Some(free);
            break;
        }
    }
    let end = at + len + zeros_behind(block, at + len);
    let mut area = Free { at, len: end - at, owner, next: after.map_or(0, |free| free.at) };
    if let Some(free) = after.filter(|free| free.at == end && free.owner == owner) {
        area = Free { len: area.len + free.len, next: free.next, ..area };
    }
    match before.filter(|free| free.end() == at && free.owner == owner) {
        Some(free) => write(block, Free { at: free.at, len: free.len + area.len, ..area }),
        None => {
            write(block, area);
            chain(block, before.map_or(0, |free| free.at), at);
        }
    }
}

/// How many bytes behind a segment are too few for an element, and go with it.
pub(crate) fn zeros_behind(block: &[u8], from: usize) -> usize {
    let next = areas(block).map(|free| free.at).find(|&at| at >= from).unwrap_or(block.len());
    let limit = next.min(from + ELEMENT_BYTES - 2);
    let mut end = from;
    while end + 1 < limit && halfword(block, end) == 0 {
        end += 2;
    }
    end - from
}

/// The bytes of all free areas.
pub(crate) fn total(block: &[u8]) -> usize {
    areas(block).map(|free| free.len).sum()
}

/// Lets the element at `before`, or the anchor for 0, point to `next`.
fn chain(block: &mut [u8], before: usize, next: usize) {
    let at = if before == 0 { FREE_ANCHOR } else { before };
    set_halfword(block, at, next as u16);
}

fn read(block: &[u8], at: usize) -> Option<Free> {
    if at == 0 || at + ELEMENT_BYTES > block.len() {
        return None;
    }
    let next = usize::from(halfword(block, at));
    let len = usize::from(halfword(block, at + 2));
    let sound = len >= ELEMENT_BYTES && at + len <= block.len() && (next == 0 || next >= at + len);
    sound.then(|| Free { at, len, owner: fullword(block, at + 4), next })
}

fn write(block: &mut [u8], free: Free) {
    set_halfword(block, free.at, free.next as u16);
    set_halfword(block, free.at + 2, free.len as u16);
    set_fullword(block, free.at + 4, free.owner);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FROM: usize = 24;

    fn any_owner(_: u32) -> bool {
        true
    }

    #[test]
    fn freed_space_is_kept_for_whoever_freed_it() {
        let mut block = vec![0; 256];
        format(&mut block, FROM);
        take(&mut block, FROM, 40);
        take(&mut block, FROM + 40, 192);
        assert_eq!(find(&block, 8, any_owner), None);
        release(&mut block, FROM, 40, 9);
        assert_eq!(find(&block, 40, |owner| owner != 9), None, "another may not use it yet");
        assert_eq!(find(&block, 40, |owner| owner == 9), Some(FROM));
        assert!(is_free(&block, FROM + 8, 32));
        assert!(!is_free(&block, FROM + 8, 40));
    }

    #[test]
    fn adjacent_areas_of_different_owners_are_found_as_one() {
        let mut block = vec![0; 256];
        format(&mut block, FROM);
        take(&mut block, FROM, 232);
        block[FROM..].fill(1);
        release(&mut block, FROM, 30, 1);
        release(&mut block, FROM + 30, 30, 2);
        assert_eq!(areas(&block).count(), 2);
        assert_eq!(find(&block, 60, any_owner), Some(FROM));
        take(&mut block, FROM, 56);
        assert_eq!(areas(&block).count(), 0, "four bytes are too few for an element");
        block[FROM..FROM + 56].fill(1);
        release(&mut block, FROM, 56, 3);
        assert_eq!(areas(&block).map(|free| free.len).collect::<Vec<_>>(), [60], "and come back with it");
    }

    proptest! {
        /// Whatever is taken and freed: areas never overlap what is taken, and nothing is lost in the end.
        #[test]
        fn nothing_is_lost_or_given_twice(steps in prop::collection::vec((4usize..60, any::<prop::sample::Index>(), 0u32..3), 1..120)) {
            let mut block = vec![0; 1024];
            format(&mut block, FROM);
            let mut taken: Vec<(usize, usize)> = Vec::new();
            for (halves, index, owner) in steps {
                let len = halves * 2;
                match find(&block, len, any_owner) {
                    Some(at) if owner < 2 => {
                        take(&mut block, at, len);
                        block[at..at + len].fill(0xff);
                        taken.push((at, len));
                    }
                    _ if !taken.is_empty() => {
                        let (at, len) = taken.swap_remove(index.index(taken.len()));
                        release(&mut block, at, len, owner);
                    }
                    _ => {}
                }
                prop_assert!(is_sound(&block, FROM));
                for &(at, len) in &taken {
                    prop_assert!(block[at..at + len].iter().all(|&byte| byte == 0xff));
                    prop_assert!(areas(&block).all(|free| free.end() <= at || free.at >= at + len));
                }
            }
            for (at, len) in taken {
                release(&mut block, at, len, 0);
            }
            prop_assert_eq!(total(&block), 1024 - FROM);
        }
    }
}
