//! Calls on a HALDB: which partition a search is in, and how it goes on to the next.
//!
//! A root whose key is known is in one partition; where it is not known, one partition is searched after the other. To the
//! rest of a search that is the same database. What of a search was entered stays where it is while later partitions are
//! looked at, and a search that fails is back there.

use super::insert::Insertion;
use super::search::Search;
use super::{Refused, Request, area};
use crate::database::RootPlace;
use crate::error::Trouble;
use crate::partitions::Among;
use crate::pcb::DbPcb;
use std::cmp::Ordering;

impl<'s> Search<'s, '_> {
    /// The search is among partitions, and begins in this one.
    pub(super) fn among(mut self, partitions: Option<&'s Among>, at: usize) -> Self {
        self.partitions = partitions;
        (self.at, self.root_at) = (at, at);
        if let Some(among) = partitions {
            among.note(at);
        }
        self
    }

    /// The first partition.
    pub(super) fn begin_partitions(&mut self) -> Result<(), Trouble> {
        self.go_to(0)
    }

    /// Whether the partition that a key belongs to lies behind the position, or before it; none where the position decides.
    pub(super) fn side_of(&self, key: &[u8]) -> Result<Option<(usize, Ordering)>, Trouble> {
        let Some(among) = self.partitions else { return Ok(None) };
        let home = among.select(key)?;
        Ok(Some((home, home.cmp(&self.at))))
    }

    /// Goes on in a partition.
    pub(super) fn go_to(&mut self, at: usize) -> Result<(), Trouble> {
        let Some(among) = self.partitions else { return Ok(()) };
        self.db = among.enter(at)?;
        self.at = at;
        self.tell_locker();
        Ok(())
    }

    /// Is back where the path is.
    pub(super) fn return_to_path(&mut self) {
        if let Some(among) = self.partitions
            && let Some(db) = among.database(self.root_at)
        {
            among.note(self.root_at);
            (self.db, self.at) = (db, self.root_at);
            self.tell_locker();
        }
    }

    /// A root that was found, or else the first one of the partitions behind.
    pub(super) fn or_in_next(&mut self, found: Option<RootPlace>) -> Result<Option<RootPlace>, Trouble> {
        let mut found = found;
        while let (None, Some(among)) = (found, self.partitions)
            && let Some(next) = among.after(self.at)
        {
            self.go_to(next)?;
            found = self.db.first_root(&mut self.cursor)?;
        }
        Ok(found)
    }

    fn tell_locker(&self) {
        if let Some(locker) = self.cursor.locker() {
            locker.move_to(self.db.number());
        }
    }
}

impl DbPcb {
    /// Is in this partition from now on. Positions in another one say nothing there.
    pub(super) fn stand_in(&mut self, at: usize) {
        let Some(among) = &self.partitions else { return };
        if at == self.partition {
            return;
        }
        if let Some(db) = among.database(at) {
            (self.db, self.partition) = (db.clone(), at);
            self.clear_position();
            self.series = None;
        }
    }
}

impl Request<'_> {
    /// A new root goes to the partition that its key belongs to.
    pub(super) fn select_partition(
        &mut self,
        insertion: &Insertion,
        root_bytes: usize,
    ) -> Result<(), Refused> {
        let (Some(among), 0) = (self.pcb.partitions.clone(), insertion.first) else { return Ok(()) };
        let seen = &self.pcb.view.segments[insertion.path[0]];
        let kind = self.pcb.db.kind(seen.code);
        let data = area::new_data(seen, kind, &self.area[..root_bytes]);
        let at = among.select(kind.key.as_ref().map_or(&[][..], |key| key.of(&data)))?;
        let number = among.enter(at)?.number();
        self.pcb.stand_in(at);
        if let Some(locker) = self.locker {
            locker.move_to(number);
        }
        Ok(())
    }

    /// Whether this is the first segment that the program loads into its database, or partition.
    pub(super) fn begins_load(&mut self) -> bool {
        match &self.pcb.partitions {
            Some(among) => among.begins_load(self.pcb.partition),
            None => std::mem::take(&mut self.pcb.load_begins),
        }
    }

    /// There is something in it already.
    pub(super) fn refuse_load(&mut self) {
        match &self.pcb.partitions {
            Some(among) => among.load_refused(self.pcb.partition),
            None => self.pcb.load_begins = true,
        }
    }
}
