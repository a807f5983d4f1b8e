//! An online log data set: one, or a pair of equal ones.

use crate::block::{self, Header};
use dasd::{BlockSet, DataSetError};
use vocabulary::Epoch;
use vocabulary::Message;
use vocabulary::message::{LOG101W, LOG102I};

/// An online log data set: one, or a pair of which one may be lost.
pub struct Olds {
    copies: Vec<Copy>,
    /// The number of its first block; none while nothing was written.
    pub(crate) first: Option<u64>,
    /// How many blocks were written.
    pub(crate) count: u32,
}

struct Copy {
    name: String,
    set: Box<dyn BlockSet>,
    is_lost: bool,
}

impl Olds {
    /// Data sets with their names (`DFSOLP00`, `DFSOLS00`), the primary first, all of them with blocks of one size.
    pub fn new(sets: impl IntoIterator<Item = (String, Box<dyn BlockSet>)>) -> Self {
        let copies = sets.into_iter().map(|(name, set)| Copy { name, set, is_lost: false }).collect();
        Self { copies, first: None, count: 0 }
    }

    /// What the first copy is called.
    pub(crate) fn name(&self) -> String {
        self.copies.first().map_or_else(String::new, |copy| copy.name.clone())
    }

    pub(crate) fn block_bytes(&self) -> usize {
        self.copies.first().map_or(0, |copy| copy.set.block_bytes())
    }

    pub(crate) fn last(&self) -> Option<u64> {
        Some(self.first? + u64::from(self.count.checked_sub(1)?))
    }

    /// Refuses writers from before this epoch from now on. One that is itself from before is refused.
    pub(crate) fn admit(&mut self, epoch: Epoch, news: &mut Vec<Message>) -> Result<(), DataSetError> {
        self.on_each(news, |set| {
            set.admit(epoch)?;
            match set.admitted() {
                admitted if admitted > epoch => {
                    let set = "the log".into();
                    Err(DataSetError::Fenced { set, writer: epoch, admitted })
                }
                _ => Ok(()),
            }
        })
    }

    /// Writes blocks behind the last to every copy. One that refuses is lost, unless it is the last: a fence is no loss of a
    /// copy.
    pub(crate) fn write(
        &mut self,
        epoch: Epoch,
        blocks: &[u8],
        news: &mut Vec<Message>,
    ) -> Result<(), DataSetError> {
        let at = self.count;
        self.on_each(news, |set| set.write_run(epoch, at, blocks))
    }

    pub(crate) fn sync(&mut self, news: &mut Vec<Message>) -> Result<(), DataSetError> {
        self.on_each(news, |set| set.sync())
    }

    fn on_each(
        &mut self,
        news: &mut Vec<Message>,
        act: impl Fn(&dyn BlockSet) -> Result<(), DataSetError>,
    ) -> Result<(), DataSetError> {
        let mut left = self.copies.iter().filter(|copy| !copy.is_lost).count();
        for copy in self.copies.iter_mut().filter(|copy| !copy.is_lost) {
            match act(&*copy.set) {
                Ok(()) => {}
                Err(error) if left == 1 || matches!(error, DataSetError::Fenced { .. }) => return Err(error),
                Err(error) => {
                    left -= 1;
                    copy.is_lost = true;
                    news.push(LOG101W.with(&[&copy.name, &error]));
                }
            }
        }
        Ok(())
    }

    /// The newest block that any copy has in this slot: one that was lost for a while has older ones.
    pub(crate) fn newest(&self, at: u32) -> Option<(Header, Vec<u8>)> {
        let blocks = self.copies.iter().filter_map(|copy| copy.read(at));
        blocks.max_by_key(|(header, _)| (header.number, header.opened))
    }

    /// A block of this number, from the first copy that has it.
    pub(crate) fn read(&self, number: u64) -> Option<(Header, Vec<u8>)> {
        let at = u32::try_from(number.checked_sub(self.first?)?).ok()?;
        let mut blocks = self.copies.iter().filter(|copy| !copy.is_lost).filter_map(|copy| copy.read(at));
        blocks.find(|(header, _)| header.number == number)
    }

    /// Gives every copy the blocks that another has and it has not: one that was lost, replaced, or cut off.
    pub(crate) fn repair(&mut self, epoch: Epoch, news: &mut Vec<Message>) -> Result<(), DataSetError> {
        let mut repaired = vec![0u32; self.copies.len()];
        for at in 0..self.count {
            let Some((_, bytes)) = self.newest(at) else { continue };
            for (copy, repaired) in
                self.copies.iter_mut().zip(&mut repaired).filter(|(copy, _)| !copy.is_lost)
            {
                if copy.read(at).is_none_or(|(_, own)| own != bytes) {
                    copy.is_lost = copy.set.write(epoch, at, &bytes).is_err();
                    *repaired += 1;
                }
            }
        }
        for (copy, &blocks) in self.copies.iter().zip(&repaired).filter(|(copy, _)| !copy.is_lost) {
            if blocks > 0 {
                news.push(LOG102I.with(&[&copy.name, &blocks]));
            }
        }
        match repaired.iter().any(|&blocks| blocks > 0) {
            true => self.sync(news),
            false => Ok(()),
        }
    }
}

impl Copy {
    fn read(&self, at: u32) -> Option<(Header, Vec<u8>)> {
        let mut bytes = vec![0; self.set.block_bytes()];
        self.set.read(at, &mut bytes).ok()?;
        Some((block::open(&bytes)?, bytes))
    }
}
