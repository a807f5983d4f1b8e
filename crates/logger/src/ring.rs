//! The online log data sets, written one after the other and over again, and their archive.

use crate::block::{self, HEADER_BYTES, Header};
use crate::error::LogError;
use crate::inventory::{Extents, OldsExtent};
use crate::olds::Olds;
use dasd::{DataSetError, LogSet};
use vocabulary::message::{DFS3257I, LOG103W};
use vocabulary::{Epoch, LogSequence, Message, Moment};

/// The online log data sets and the SLDS, which has every block of theirs at the position of its number.
pub(crate) struct Ring {
    oldses: Vec<Olds>,
    slds: Box<dyn LogSet>,
    /// The OLDS that is written.
    active: usize,
    blocks_per_olds: u32,
    epoch: Epoch,
    opened: Moment,
    /// The number that the next block gets, and the checksum of the one before.
    next: u64,
    before: u32,
    /// Blocks that are made and not written yet.
    run: Vec<u8>,
    /// Memory for records, empty.
    pub(crate) spare: Vec<u8>,
    pub(crate) news: Vec<Message>,
    /// The data sets of the last switch, until it is in the log.
    pub(crate) switched: Option<(String, String)>,
}

impl Ring {
    /// Finds where the log ends, and mends copies that lack something. From then on older epochs write nothing.
    pub(crate) fn open(
        mut oldses: Vec<Olds>,
        slds: Box<dyn LogSet>,
        blocks_per_olds: u32,
        epoch: Epoch,
        now: Moment,
    ) -> Result<Self, LogError> {
        let mut news = Vec::new();
        for olds in &mut oldses {
            olds.admit(epoch, &mut news)?;
            olds.first = olds.newest(0).map(|(header, _)| header.number);
        }
        let mut ring = Self {
            oldses,
            slds,
            active: 0,
            blocks_per_olds: blocks_per_olds.max(1),
            epoch,
            opened: now,
            next: 1,
            before: 0,
            run: Vec::new(),
            spare: Vec::new(),
            news,
            switched: None,
        };
        ring.find_end();
        let (oldses, news) = (&mut ring.oldses, &mut ring.news);
        for olds in oldses {
            olds.repair(epoch, news)?;
        }
        Ok(ring)
    }

    fn find_end(&mut self) {
        let mut order: Vec<(u64, usize)> =
            self.oldses.iter().enumerate().filter_map(|(at, olds)| Some((olds.first?, at))).collect();
        order.sort_unstable();
        for pair in order.windows(2) {
            self.oldses[pair[0].1].count = u32::try_from(pair[1].0 - pair[0].0).unwrap_or(u32::MAX);
        }
        match order.last() {
            Some(&(first, at)) => {
                self.active = at;
                self.next = first;
                let olds = &mut self.oldses[at];
                let mut before = None;
                while let Some((header, bytes)) = olds.newest(olds.count)
                    && header.number == self.next
                    && before.is_none_or(|before| before == header.before)
                {
                    before = Some(block::checksum(&bytes));
                    self.next += 1;
                    olds.count += 1;
                }
                self.before = before.unwrap_or_default();
            }
            // Every OLDS is new, or lost: the log goes on behind what was archived.
            None => {
                self.next = self.slds.next_position();
                let last = self.next.checked_sub(1).and_then(|last| self.slds.read(last).ok().flatten());
                self.before = last.map_or(0, |last| block::checksum(&last));
            }
        }
    }

    pub(crate) fn block_bytes(&self) -> usize {
        self.oldses.first().map_or(0, Olds::block_bytes)
    }

    /// One more than the number of the last block.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The number of the oldest block that can be read.
    pub(crate) fn first(&self) -> u64 {
        let online = self.oldses.iter().filter_map(|olds| olds.first).min().unwrap_or(self.next);
        match self.slds.first_position() < self.slds.next_position() {
            true => online.min(self.slds.first_position()),
            false => online,
        }
    }

    /// Which blocks are where.
    pub(crate) fn extents(&self) -> Extents {
        let of = |(at, olds): (usize, &Olds)| OldsExtent {
            name: olds.name(),
            blocks: olds.first.zip(olds.last()),
            is_active: at == self.active,
        };
        Extents {
            oldses: self.oldses.iter().enumerate().map(of).collect(),
            archived: (self.slds.first_position(), self.slds.next_position()),
            first: self.first(),
        }
    }

    /// Writes records as blocks. `sequence` is that of the first record.
    pub(crate) fn write(&mut self, records: &[u8], mut sequence: u64) -> Result<(), LogError> {
        let room = self.block_bytes() - HEADER_BYTES;
        self.run.clear();
        // Where the next record begins.
        let mut record = 0;
        for (at, piece) in records.chunks(room).enumerate() {
            let (from, end) = (at * room, at * room + piece.len());
            let first = (record < end).then_some((HEADER_BYTES + record - from, sequence));
            while record < end {
                record += usize::from(u16::from_be_bytes([records[record], records[record + 1]]));
                sequence += 1;
            }
            if self.oldses[self.active].count + self.run_blocks() >= self.blocks_per_olds {
                self.write_run()?;
                self.switch()?;
            }
            self.add_block(piece, first);
        }
        self.write_run()
    }

    /// How many blocks are made and not written.
    fn run_blocks(&self) -> u32 {
        (self.run.len() / self.block_bytes()) as u32
    }

    /// Makes the next block, to be written with those around it.
    fn add_block(&mut self, piece: &[u8], first: Option<(usize, u64)>) {
        let number = self.next + u64::from(self.run_blocks());
        let from = self.run.len();
        self.run.resize(from + HEADER_BYTES, 0);
        self.run.extend_from_slice(piece);
        self.run.resize(from + self.block_bytes(), 0);
        let (used, epoch, opened) = (HEADER_BYTES + piece.len(), self.epoch, self.opened);
        let header = Header { number, before: self.before, used, first, epoch, opened };
        self.before = block::seal(&mut self.run[from..], &header);
    }

    fn write_run(&mut self) -> Result<(), LogError> {
        let blocks = self.run_blocks();
        if blocks > 0 {
            let olds = &mut self.oldses[self.active];
            olds.write(self.epoch, &self.run, &mut self.news)?;
            olds.first.get_or_insert(self.next);
            olds.count += blocks;
            self.next += u64::from(blocks);
            self.run.clear();
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), LogError> {
        let (olds, news) = (&mut self.oldses[self.active], &mut self.news);
        Ok(olds.sync(news)?)
    }

    /// Goes on in the next OLDS, once that is archived. What is in the full one is durable first: blocks that follow
    /// must not be there without it.
    fn switch(&mut self) -> Result<(), LogError> {
        self.sync()?;
        let next = (self.active + 1) % self.oldses.len();
        while self.oldses[next].last().is_some_and(|last| last >= self.slds.next_position()) {
            if !self.archive().map_err(|error| LogError::NoOlds(error.to_string()))? {
                return Err(LogError::NoOlds("the one that is written is the only one".into()));
            }
        }
        let (from, to) = (self.oldses[self.active].name(), self.oldses[next].name());
        self.news.push(DFS3257I.with(&[&from, &to]));
        self.switched = Some((from, to));
        (self.oldses[next].first, self.oldses[next].count) = (None, 0);
        self.active = next;
        Ok(())
    }

    /// Archives the oldest full OLDS that was not yet. False when there is none.
    pub(crate) fn archive(&mut self) -> Result<bool, DataSetError> {
        let archived = self.slds.next_position();
        let owed = |olds: &Olds| olds.last().is_some_and(|last| last >= archived);
        let oldest = (0..self.oldses.len())
            .filter(|&at| owed(&self.oldses[at]) && (at != self.active || self.is_active_full()))
            .min_by_key(|&at| self.oldses[at].first);
        let Some(olds) = oldest.map(|at| &self.oldses[at]) else { return Ok(false) };
        let (Some(first), Some(last)) = (olds.first, olds.last()) else { return Ok(false) };
        if archived < first {
            // What lies between is in no data set any more.
            self.news.push(LOG103W.with(&[&archived, &(first - 1)]));
            self.slds.discard_before(first)?;
        }
        for number in self.slds.next_position()..=last {
            let (_, bytes) = olds.read(number).ok_or_else(|| DataSetError::Corrupt {
                set: olds.name(),
                place: format!("block {number}"),
                reason: "no copy can be read".into(),
            })?;
            self.slds.append(&bytes)?;
        }
        self.slds.force()?;
        Ok(true)
    }

    /// Lets go of the blocks of the archive before that in which a record begins. Gives how many went.
    pub(crate) fn discard_before(&mut self, sequence: LogSequence) -> Result<u64, LogError> {
        let (first, end) = (self.slds.first_position(), self.slds.next_position());
        let keep_from = self.find(sequence.0)?.min(end);
        if keep_from <= first {
            return Ok(0);
        }
        self.slds.discard_before(keep_from)?;
        Ok(keep_from - first)
    }

    fn is_active_full(&self) -> bool {
        self.oldses[self.active].count >= self.blocks_per_olds
    }

    /// A block, from the OLDS that has it or from the archive.
    pub(crate) fn read(&self, number: u64) -> Result<Option<(Header, Vec<u8>)>, LogError> {
        for olds in &self.oldses {
            let has = olds.first.is_some_and(|first| first <= number)
                && olds.last().is_some_and(|last| number <= last);
            if let Some(found) = olds.read(number).filter(|_| has) {
                return Ok(Some(found));
            }
        }
        let archived = self.slds.read(number)?;
        Ok(archived.and_then(|bytes| Some((block::open(&bytes)?, bytes))))
    }

    /// The block in which a record begins, or the last that begins none before.
    pub(crate) fn find(&self, sequence: u64) -> Result<u64, LogError> {
        let (mut low, mut high) = (self.first(), self.next);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            // A block in which no record begins belongs to one that began before it.
            let mut probe = middle;
            let first = loop {
                match self.read(probe)? {
                    Some((Header { first: Some((_, first)), .. }, _)) => break first,
                    Some(_) if probe > low => probe -= 1,
                    _ => break 0,
                }
            };
            if first <= sequence { low = middle } else { high = middle }
        }
        // The record begins at or before this block; its reader skips what comes before.
        while low > self.first() && self.read(low)?.is_some_and(|(header, _)| header.first.is_none()) {
            low -= 1;
        }
        Ok(low)
    }
}
