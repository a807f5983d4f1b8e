//! Calls on a secondary index as a database of its own: its entries are the roots, and there is nothing below.
//!
//! What index maintenance keeps is not for programs to change: they may replace the user data behind it, and delete an entry where
//! the DBD does not protect it. The record of the target is locked as for a PCB on that.

use super::ssa::{Arguments, Want};
use super::{Gap, Get, LEVELS_MAX, Place, Refused, Request, Scope, Shown, area, writer};
use crate::Rba;
use crate::call::Function;
use crate::database::{IndexOf, SecondaryIndex};
use crate::error::Trouble;
use crate::status::StatusCode;

/// How a search for an entry ended.
enum Sought {
    Found(Found),
    /// It stopped before an entry that leads there.
    Before(Rba),
    AtEnd,
}

/// An entry that was found: its key and data, and its target.
struct Found {
    record: Vec<u8>,
    target: Rba,
}

impl Request<'_> {
    /// A call on the index with this number.
    pub(super) fn index_call(&mut self, at: usize, held: bool) -> Result<StatusCode, Refused> {
        let db = self.pcb.db.clone();
        let Some(index) = db.indexes.get(at) else { return Err(StatusCode::AI.into()) };
        match self.function {
            Function::Get(get) => self.get_entry(get, index),
            Function::Repl => self.replace_entry(held, (at, index)),
            Function::Dlet => self.delete_entry(held, (at, index)),
            Function::Isrt => Err(StatusCode::AM.into()),
            _ => Err(StatusCode::AD.into()),
        }
    }

    fn get_entry(&mut self, get: Get, index: &SecondaryIndex) -> Result<StatusCode, Refused> {
        let arguments = self.arguments()?;
        let outcome = self.get_entry_with(get, index, &arguments);
        self.pcb.arguments = arguments;
        outcome
    }

    fn get_entry_with(
        &mut self,
        get: Get,
        index: &SecondaryIndex,
        arguments: &Arguments,
    ) -> Result<StatusCode, Refused> {
        if !self.pcb.can_get {
            return Err(StatusCode::AM.into());
        }
        let view = self.pcb.view.clone();
        let mut wants = Vec::with_capacity(LEVELS_MAX);
        arguments.wants(&view, self.ssas, &mut wants);
        let want = wants.first();
        match (get.scope, self.pcb.parentage) {
            (Scope::NextWithinParent, None) => return Err(Refused::Status(StatusCode::GP, Shown::Nothing)),
            (Scope::NextWithinParent, Some(_)) => return Err(StatusCode::GE.into()),
            _ if want.is_some_and(|want| want.codes.clear) => self.pcb.clear_position(),
            _ => {}
        }
        let begins = get.scope == Scope::Unique
            || (self.pcb.position.path.is_empty() && self.pcb.position.gap.is_none());
        let Some((from, after)) = self.entry_to_begin_at(begins) else {
            return Err(self.entry_missing(get, true, None));
        };
        let low = want.and_then(Want::lowest_search_key).unwrap_or_default();
        let (from, after) = if low > &from[..] { (low.to_vec(), false) } else { (from, after) };
        match self.find_entry(index, want, (from, after))? {
            Sought::Found(found) => self.entry_found(get, index, &found),
            Sought::Before(next) => Err(self.entry_missing(get, false, Some(next))),
            Sought::AtEnd => {
                let at_end = want.and_then(Want::key_wanted).is_none();
                Err(self.entry_missing(get, at_end, None))
            }
        }
    }

    /// The key to begin at, and whether behind it; none behind all.
    fn entry_to_begin_at(&self, begins: bool) -> Option<(Vec<u8>, bool)> {
        let position = &self.pcb.position;
        match begins {
            true => Some((Vec::new(), false)),
            false if position.entry.is_empty() => None,
            false => {
                let is_before = position.gap.is_some_and(|gap| gap.next.is_some());
                Some((position.entry.clone(), !is_before))
            }
        }
    }

    /// The first entry that will do. The position's key becomes that where the search stopped.
    fn find_entry(
        &mut self,
        index: &SecondaryIndex,
        want: Option<&Want<'_>>,
        (mut from, mut after): (Vec<u8>, bool),
    ) -> Result<Sought, Trouble> {
        let db = self.pcb.db.clone();
        let mut cursor = self.cursor();
        let mut key = Vec::new();
        while let Some(target) = index.next(&db, &mut cursor, &from, after, &mut key)? {
            let mut record = Vec::new();
            index.tree.seek(cursor.pool(), &key, false, Some(&mut record))?;
            let segment = index.rules.segment_of(&record);
            let field = index.kind.key.as_ref();
            if want.is_some_and(|want| want.is_passed(field, &segment, None)) {
                self.pcb.position.entry = key;
                return Ok(Sought::Before(target));
            }
            if want.is_none_or(|want| want.accepts(field, &segment, None)) {
                self.pcb.position.entry = key;
                return Ok(Sought::Found(Found { record, target }));
            }
            from.clone_from(&key);
            after = true;
        }
        self.pcb.position.entry.clear();
        Ok(Sought::AtEnd)
    }

    fn entry_found(
        &mut self,
        get: Get,
        index: &SecondaryIndex,
        found: &Found,
    ) -> Result<StatusCode, Refused> {
        if let Some(locker) = self.locker {
            locker.enter();
        }
        let segment = index.rules.segment_of(&found.record);
        let keys = index.kind.key.as_ref().map_or(&[][..], |key| key.of(&segment));
        self.pcb.arrive(&[Place { segment: 0, rba: found.target }], keys, 0);
        self.pcb.parentage = Some(1);
        let given = area::give(&self.pcb.view.segments[0], &segment, self.area);
        let used = given.map_err(|status| Refused::Status(status, Shown::Level(1)))?;
        self.pcb.held.clear();
        self.pcb.held.push((0, used));
        self.pcb.area_used = used;
        self.pcb.is_held = get.hold;
        self.pcb.show(StatusCode::OK, Shown::Level(1));
        Ok(StatusCode::OK)
    }

    fn entry_missing(&mut self, get: Get, at_end: bool, next: Option<Rba>) -> Refused {
        self.pcb.parentage = None;
        if get.scope == Scope::Next && at_end {
            self.pcb.clear_position();
            return Refused::Status(StatusCode::GB, Shown::Nothing);
        }
        self.pcb.position.leave(0, Gap { segment: Some(0), next });
        Refused::Status(StatusCode::GE, Shown::Nothing)
    }

    /// The entry that the last get hold call returned.
    fn held_entry(&self, held: bool, index: &SecondaryIndex) -> Result<Found, Refused> {
        let not_held = || Refused::Status(StatusCode::DJ, Shown::Unchanged);
        let key = &self.pcb.position.entry;
        if !held || self.pcb.position.path.is_empty() {
            return Err(not_held());
        }
        let mut record = Vec::new();
        let entry = index.tree.seek(self.pool, key, false, Some(&mut record))?;
        match entry.filter(|_| record.starts_with(key)) {
            Some(entry) => Ok(Found { record, target: entry.rba }),
            None => Err(not_held()),
        }
    }

    fn replace_entry(
        &mut self,
        held: bool,
        (at, index): (usize, &SecondaryIndex),
    ) -> Result<StatusCode, Refused> {
        let refused = |status| Err(Refused::Status(status, Shown::Unchanged));
        let found = self.held_entry(held, index)?;
        self.pcb.is_held = true;
        let db = self.pcb.db.clone();
        let seen = &self.pcb.view.segments[0];
        let old = index.rules.segment_of(&found.record);
        let length = area::length(seen, &index.kind, self.area);
        let length = length.map_err(|status| Refused::Status(status, Shown::Unchanged))?;
        let Some(new) = area::changed_data(seen, &index.kind, &old, &self.area[..length]) else {
            return refused(StatusCode::DA);
        };
        let target = db.kind(index.rules.target);
        let maintained = index.rules.maintained_bytes(db.key_bytes(target));
        if new[..maintained] != old[..maintained] {
            return refused(StatusCode::DA);
        }
        if new == old {
            return Ok(StatusCode::OK);
        }
        if !seen.options.replace {
            return refused(StatusCode::AM);
        }
        self.change_record()?;
        let record = index.rules.with_segment(&found.record, &new);
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        writer.change_around_entry(index, &found.record)?;
        writer.remove_entry(IndexOf::Secondary(at), &found.record, found.target)?;
        writer.add_entry(IndexOf::Secondary(at), &record, found.target)?;
        Ok(StatusCode::OK)
    }

    fn delete_entry(
        &mut self,
        held: bool,
        (at, index): (usize, &SecondaryIndex),
    ) -> Result<StatusCode, Refused> {
        let refused = |status| Err(Refused::Status(status, Shown::Unchanged));
        let found = self.held_entry(held, index)?;
        let db = self.pcb.db.clone();
        if !self.pcb.view.segments[0].options.delete || index.block.protected {
            self.pcb.is_held = true;
            return refused(StatusCode::AM);
        }
        self.change_record()?;
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        writer.change_around_entry(index, &found.record)?;
        writer.remove_entry(IndexOf::Secondary(at), &found.record, found.target)?;
        self.pcb.position.leave(0, Gap { segment: Some(0), next: None });
        self.pcb.parentage = None;
        Ok(StatusCode::OK)
    }
}
