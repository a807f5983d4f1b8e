//! ISRT with PROCOPT=L: a database is loaded, segment after segment in hierarchical order.

use super::insert::{Insertion, is_on_path, put};
use super::ssa::{Arguments, Want};
use super::{LEVELS_MAX, Place, Refused, Request, Shown, area};
use crate::Rba;
use crate::database::{Cursor, Room, Roots, Rule, Spot, Writer};
use crate::status::StatusCode;
use definitions::model::segment::InsertPlace;
use std::cmp::Ordering;

impl Request<'_> {
    pub(super) fn load(&mut self) -> Result<StatusCode, Refused> {
        let arguments = self.arguments()?;
        let outcome = self.load_with(&arguments);
        self.pcb.arguments = arguments;
        outcome
    }

    fn load_with(&mut self, arguments: &Arguments) -> Result<StatusCode, Refused> {
        let insertion = self.insertion(arguments)?;
        if insertion.first == 0 && self.pcb.partitions.is_some() {
            let lengths = self.lengths(&insertion.path[insertion.first..])?;
            self.select_partition(&insertion, lengths[0])?;
        }
        if self.begins_load() && self.pcb.db.first_root(&mut self.cursor())?.is_some() {
            self.refuse_load();
            return Err(StatusCode::AI.into());
        }
        let lengths = self.lengths(&insertion.path[insertion.first..])?;
        self.pcb.db.log_load()?;
        self.check_path(&insertion, arguments)?;
        let mut used = 0;
        for (level, length) in (insertion.first..).zip(lengths) {
            self.load_one(insertion.path[level], level, used..used + length)?;
            used += length;
        }
        self.pcb.show(StatusCode::OK, Shown::Level(insertion.path.len()));
        Ok(StatusCode::OK)
    }

    /// The parent is the one that was loaded last, and what the arguments say of it is true.
    fn check_path(&mut self, insertion: &Insertion, arguments: &Arguments) -> Result<(), Refused> {
        let view = self.pcb.view.clone();
        let above = &insertion.path[..insertion.first];
        let mut accepted = is_on_path(&view, &self.pcb.position.path, above);
        let mut wants: Vec<Want<'_>> = Vec::with_capacity(LEVELS_MAX);
        arguments.wants(&view, self.ssas, &mut wants);
        let mut cursor = self.cursor();
        for (place, want) in self.pcb.position.path.iter().zip(&wants[..insertion.first]) {
            let kind = self.pcb.db.kind(view.segments[want.segment].code);
            if accepted && want.is_qualified() {
                accepted = want.accepts(kind.key.as_ref(), cursor.data(&self.pcb.db, kind, place.rba)?, None);
            }
        }
        if accepted { Ok(()) } else { Err(Refused::Status(StatusCode::LD, Shown::Unchanged)) }
    }

    fn load_one(
        &mut self,
        segment: usize,
        level: usize,
        bytes: std::ops::Range<usize>,
    ) -> Result<(), Refused> {
        let db = self.pcb.db.clone();
        let view = self.pcb.view.clone();
        let seen = &view.segments[segment];
        let kind = db.kind(seen.code);
        let data = area::new_data(seen, kind, &self.area[bytes]);
        let mut writer = Writer::new(self.pool, &db, self.units, None, None);
        let spot = match level {
            0 => self.load_root(&mut writer.cursor, &data)?,
            _ => self.load_dependent(&mut writer.cursor, segment, level, &data)?,
        };
        let root = self.pcb.position.path.first().filter(|_| level > 0).map(|place| place.rba);
        let mut series = self.pcb.series.take();
        let rba = put(&mut writer, kind, &data, spot, &mut series, root)?;
        self.pcb.series = series;
        let position = &mut self.pcb.position;
        if level == 0 {
            position.anchor = spot.anchor;
        }
        position.path.truncate(level);
        position.path.push(Place { segment, rba });
        position.keys.truncate(seen.key_offset);
        position.keys.extend_from_slice(kind.key.as_ref().map_or(&[][..], |key| key.of(&data)));
        position.last = Some((level + 1, segment));
        Ok(())
    }

    fn load_root(&self, cursor: &mut Cursor<'_>, data: &[u8]) -> Result<Spot, Refused> {
        let db = &self.pcb.db;
        let refused = |status| Err(Refused::Status(status, Shown::Unchanged));
        if let Some(place) = self.pcb.position.path.first()
            && matches!(db.roots, Roots::Hidam(_))
            && self.order(cursor, place, data)? == Ordering::Greater
        {
            return refused(StatusCode::LC);
        }
        if self.pcb.partitions.is_some() && self.pcb.position.path.is_empty() && self.is_late(cursor, data)? {
            return refused(StatusCode::LC);
        }
        match db.place_root(cursor, data, Rule { place: InsertPlace::Last, here: None })? {
            Room::At(spot) => Ok(spot),
            Room::Taken(..) => refused(StatusCode::LB),
        }
    }

    /// Back in a partition that was loaded before: whether it has roots behind the new one.
    fn is_late(&self, cursor: &mut Cursor<'_>, data: &[u8]) -> Result<bool, Refused> {
        let db = &self.pcb.db;
        let (Roots::Hidam(_), Some(key)) = (&db.roots, &db.root().key) else { return Ok(false) };
        let found = db.find_root(cursor, key.of(data))?;
        Ok(found.exact.is_none() && found.next.is_some())
    }

    fn load_dependent(
        &self,
        cursor: &mut Cursor<'_>,
        segment: usize,
        level: usize,
        data: &[u8],
    ) -> Result<Spot, Refused> {
        let position = &self.pcb.position;
        let kind = self.pcb.db.kind(self.pcb.view.segments[segment].code);
        let refused = |status| Err(Refused::Status(status, Shown::Unchanged));
        let spot = Spot { parent: Some(position.path[level - 1].rba), ..Spot::default() };
        let Some(last) = position.path.get(level) else { return Ok(spot) };
        let last_code = self.pcb.view.segments[last.segment].code;
        match last_code.cmp(&kind.code) {
            Ordering::Less => return Ok(spot),
            Ordering::Greater => return refused(StatusCode::LE),
            Ordering::Equal if kind.prefix.twin_forward.is_none() => return refused(StatusCode::LB),
            Ordering::Equal => {}
        }
        let before: Option<Rba> = Some(last.rba);
        match kind.key.as_ref().map(|key| key.unique) {
            None => Ok(Spot { before, ..spot }),
            Some(unique) => match self.order(cursor, last, data)? {
                Ordering::Equal if unique => refused(StatusCode::LB),
                Ordering::Greater => refused(StatusCode::LC),
                _ => Ok(Spot { before, ..spot }),
            },
        }
    }

    /// The key of a segment that is there against that of a new one of its type.
    fn order(&self, cursor: &mut Cursor<'_>, place: &Place, data: &[u8]) -> Result<Ordering, Refused> {
        let kind = self.pcb.db.kind(self.pcb.view.segments[place.segment].code);
        let Some(key) = &kind.key else { return Ok(Ordering::Less) };
        Ok(key.of(cursor.data(&self.pcb.db, kind, place.rba)?).cmp(key.of(data)))
    }
}
