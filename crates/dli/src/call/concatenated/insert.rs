//! ISRT of segments that are made of others.

use super::change::{above, change_record, rules};
use super::seen::{End, Seen, Way};
use crate::Rba;
use crate::call::insert::{Insertion, put};
use crate::call::ssa::Arguments;
use crate::call::{Place, Refused, Request, Shown, area, writer};
use crate::database::{Room, Rule, Spot, Writer};
use crate::error::Trouble;
use crate::status::StatusCode;
use definitions::model::segment::{InsertPlace, PathRule};

/// Where a segment was put, or the twin that is in its way.
enum Put {
    There(Rba, u32),
    Taken(Rba, u32),
}

impl Request<'_> {
    /// Inserts the segments under the parent in the spare buffer.
    pub(in crate::call) fn put_concatenated(
        &mut self,
        insertion: &Insertion,
        arguments: &Arguments,
    ) -> Result<StatusCode, Refused> {
        let (mut path, mut keys) = std::mem::take(&mut self.pcb.spare);
        let mut anchor = self.pcb.insert_anchor;
        let view = self.pcb.view.clone();
        let codes = arguments.ssas().last().map(|ssa| ssa.codes).unwrap_or_default();
        let mut used = 0;
        for level in insertion.first..insertion.path.len() {
            let segment = &view.segments[insertion.path[level]];
            let Some(seen) = &segment.seen else { return Err(StatusCode::AM.into()) };
            let given = self.area.get(used..).unwrap_or_default();
            let (data, length) = match segment.fields.is_empty() {
                true => {
                    let halves = seen.halves(seen.own_bytes(), given)?;
                    let length = halves.own.len() + halves.other.len();
                    (given[..length].to_vec(), length)
                }
                false => {
                    let given = given.get(..segment.area_bytes).ok_or(StatusCode::AT)?;
                    (area::new_data(segment, &seen.kind, given), segment.area_bytes)
                }
            };
            used += length;
            let place = match (codes.first, codes.last) {
                (true, _) => Some(InsertPlace::First),
                (_, true) => Some(InsertPlace::Last),
                _ => None,
            };
            let outcome = self.put_seen(seen, (&path, insertion.path[level]), &data, place)?;
            let (Put::There(rba, on) | Put::Taken(rba, on)) = outcome;
            anchor = if level == 0 { on } else { anchor };
            path.push(Place { segment: insertion.path[level], rba });
            keys.truncate(segment.key_offset);
            keys.extend_from_slice(&seen.key(&mut self.cursor(), rba)?);
            if matches!(outcome, Put::Taken(..)) {
                return Err(self.taken(path, keys, anchor));
            }
        }
        self.keep_parentage(&path);
        self.pcb.arrive(&path, &keys, anchor);
        self.pcb.spare = (path, keys);
        self.pcb.show(StatusCode::OK, Shown::Level(insertion.path.len()));
        Ok(StatusCode::OK)
    }

    /// Inserts a segment under the last one of a path.
    fn put_seen(
        &mut self,
        seen: &Seen,
        (path, segment): (&[Place], usize),
        data: &[u8],
        place: Option<InsertPlace>,
    ) -> Result<Put, Refused> {
        let view = self.pcb.view.clone();
        let db = self.pcb.db.clone();
        let halves = seen.halves(seen.own_bytes(), data)?;
        if !seen.shows_own || matches!(seen.way, Way::Inverted(_)) {
            return Err(StatusCode::AM.into());
        }
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        change_record(&mut writer, &view, path)?;
        let under = above(&mut writer, &view, path, segment)?;
        if let Some((end, rba)) = under {
            lock_end(&mut writer, end, rba)?;
        }
        let (parent, own) = match (under, seen.is_virtual) {
            (under, false) => {
                put_other(&mut writer, seen, halves.own, halves.other)?;
                (under.map(|(_, rba)| rba), halves.own.to_vec())
            }
            (Some((end, rba)), true) => {
                let parent = put_other(&mut writer, seen, halves.own, halves.other)?;
                let parent = match parent {
                    Some(parent) => parent,
                    None => find_physical_parent(&mut writer, seen, halves.own)?,
                };
                let keys = writer.cursor.concatenated_key(&end.db, end.kind(), rba)?;
                (Some(parent), [&keys, &halves.own[seen.seen_key_bytes()..]].concat())
            }
            (None, true) => return Err(StatusCode::AM.into()),
        };
        let outcome = put_own(&mut writer, seen, parent, &own, place)?;
        drop(writer);
        if let (Way::Root, Some(locker)) = (seen.way, self.locker) {
            locker.enter();
        }
        Ok(outcome)
    }
}

impl Seen {
    /// Bytes of the segment that it is, as a program gives them, where they are always as many.
    pub(super) fn own_bytes(&self) -> usize {
        let kind = self.own.kind();
        match kind.logical_parent().filter(|_| self.is_virtual) {
            Some(parent) => (kind.data_max + self.seen_key_bytes()).saturating_sub(parent.key_bytes),
            None => kind.data_max,
        }
    }

    /// Bytes of the concatenated key with which it begins: that of the parent at the other end.
    fn seen_key_bytes(&self) -> usize {
        match (self.is_virtual, self.own.kind().logical_parent()) {
            (true, _) => {
                self.own.kind().parent.map_or(0, |code| key_bytes(&End { code, ..self.own.clone() }))
            }
            (false, Some(parent)) => parent.key_bytes,
            (false, None) => 0,
        }
    }
}

/// Bytes of the keys from the root to a segment.
fn key_bytes(end: &End) -> usize {
    end.db.dmb.segment_of_code(end.code).map_or(0, |segment| segment.concatenated_key_bytes as usize)
}

fn lock_end(writer: &mut Writer<'_>, end: &End, rba: Rba) -> Result<(), Trouble> {
    // What does not know it is in the record of the path.
    if !end.knows_its_record() {
        return Ok(());
    }
    writer.in_database(&end.db, |writer| writer.change_record_of(end.kind(), rba))
}

/// What the insert rule of the parent at the other end makes of it: it has to be there, comes, or is replaced. Gives where
/// it is, where the segment has to go under it.
fn put_other(writer: &mut Writer<'_>, seen: &Seen, own: &[u8], data: &[u8]) -> Result<Option<Rba>, Trouble> {
    let Some(other) = seen.other.as_ref().filter(|_| seen.shows_other) else { return Ok(None) };
    let keys = own.get(..seen.seen_key_bytes()).unwrap_or_default().to_vec();
    let rule = rules(other).insert;
    writer.in_database(&other.db, |writer| {
        let kind = other.kind();
        let found = writer.cursor.find_by_keys(&other.db, kind, &keys)?;
        let has_key = kind.key.is_none_or(|key| keys.ends_with(key.of(data)));
        match (found, rule) {
            (None, PathRule::Physical) => Err(Trouble::Told(StatusCode::IX)),
            (_, PathRule::Virtual | PathRule::Logical)
                if !has_key && (found.is_none() || rule == PathRule::Virtual) =>
            {
                Err(Trouble::Told(StatusCode::IX))
            }
            (None, _) => insert_other(writer, other, &keys, data).map(Some),
            (Some(found), PathRule::Virtual) => {
                writer.change_record_of(kind, found)?;
                if writer.cursor.data(&other.db, kind, found)? != data {
                    writer.replace(kind, found, data)?;
                }
                Ok(Some(found))
            }
            (Some(found), _) => Ok(Some(found)),
        }
    })
}

/// Inserts the parent at the other end along its own physical path.
fn insert_other(writer: &mut Writer<'_>, other: &End, keys: &[u8], data: &[u8]) -> Result<Rba, Trouble> {
    let kind = other.kind();
    let parent = match kind.parent {
        Some(code) => {
            let own = kind.key.as_ref().map_or(0, |key| key.bytes);
            let above = &keys[..keys.len().saturating_sub(own)];
            let found = writer.cursor.find_by_keys(&other.db, other.db.kind(code), above)?;
            let found = found.ok_or(Trouble::Told(StatusCode::IX))?;
            writer.change_record_of(other.db.kind(code), found)?;
            Some(found)
        }
        None => None,
    };
    match put_at(writer, other, parent, data, None)? {
        Put::There(rba, _) => Ok(rba),
        Put::Taken(..) => Err(Trouble::Told(StatusCode::II)),
    }
}

/// Without the data of the parent at the other end it has to be there.
fn find_physical_parent(writer: &mut Writer<'_>, seen: &Seen, own: &[u8]) -> Result<Rba, Trouble> {
    let Some(code) = seen.own.kind().parent else { return Err(Trouble::Told(StatusCode::IX)) };
    let keys = own.get(..seen.seen_key_bytes()).unwrap_or_default();
    let db = &seen.own.db;
    let found = writer.in_database(db, |writer| writer.cursor.find_by_keys(db, db.kind(code), keys))?;
    found.ok_or(Trouble::Told(StatusCode::IX))
}

fn put_own(
    writer: &mut Writer<'_>,
    seen: &Seen,
    parent: Option<Rba>,
    data: &[u8],
    place: Option<InsertPlace>,
) -> Result<Put, Trouble> {
    if seen.way == Way::Root {
        return put_at(writer, &seen.own, parent, data, place);
    }
    writer.in_database(&seen.own.db, |writer| {
        if let (Some(parent), Some(code)) = (parent.filter(|_| seen.is_virtual), seen.own.kind().parent) {
            writer.change_record_of(seen.own.db.kind(code), parent)?;
        }
        put_at(writer, &seen.own, parent, data, place)
    })
}

/// Inserts a segment along its physical path, or brings back the one that lingers there.
fn put_at(
    writer: &mut Writer<'_>,
    end: &End,
    parent: Option<Rba>,
    data: &[u8],
    place: Option<InsertPlace>,
) -> Result<Put, Trouble> {
    let kind = end.kind();
    let rule = Rule { place: place.unwrap_or(kind.place), here: None };
    let room = match parent {
        Some(parent) => end.db.place_under(&mut writer.cursor, kind, parent, data, rule)?,
        None => end.db.place_root(&mut writer.cursor, data, rule)?,
    };
    match room {
        Room::At(spot) => put_there(writer, end, data, spot),
        Room::Taken(spot, twin) if writer.is_revived(kind, twin, data)? => {
            writer.revive(kind, twin, data)?;
            Ok(Put::There(twin, spot.anchor))
        }
        Room::Taken(spot, twin) => Ok(Put::Taken(twin, spot.anchor)),
    }
}

fn put_there(writer: &mut Writer<'_>, end: &End, data: &[u8], spot: Spot) -> Result<Put, Trouble> {
    let rba = put(writer, end.kind(), data, spot, &mut None, spot.parent)?;
    Ok(Put::There(rba, spot.anchor))
}
