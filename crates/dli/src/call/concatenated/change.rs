//! REPL and DLET of segments that are made of others.

use super::seen::{Above, End, Seen, Way};
use crate::Rba;
use crate::call::delete::has_key;
use crate::call::search::Search;
use crate::call::{Effects, Gap, Place, Refused, Request, Shown, View, area, writer};
use crate::database::Writer;
use crate::error::Trouble;
use crate::format::block::halfword;
use crate::status::StatusCode;
use definitions::model::segment::PathRule;

/// What a program gives of a segment, apart: of the one that it is, and of the parent at the other end.
pub(super) struct Halves<'a> {
    pub(super) own: &'a [u8],
    pub(super) other: &'a [u8],
}

impl Seen {
    /// Takes apart what a program gives. `own_bytes` are those of the segment itself where they are always as many.
    pub(super) fn halves<'a>(&self, own_bytes: usize, area: &'a [u8]) -> Result<Halves<'a>, StatusCode> {
        let kind = self.own.kind();
        let own = match self.shows_own {
            true => half(kind.variable, (kind.data_min, kind.data_max), own_bytes, area)?,
            false => 0,
        };
        let rest = area.get(own..).unwrap_or_default();
        let other = match self.other.as_ref().filter(|_| self.shows_other).map(End::kind) {
            Some(kind) => half(kind.variable, (kind.data_min, kind.data_max), kind.data_max, rest)?,
            None => 0,
        };
        Ok(Halves { own: &area[..own], other: &rest[..other] })
    }
}

/// How many bytes of the area belong to a segment.
fn half(variable: bool, (min, max): (usize, usize), bytes: usize, area: &[u8]) -> Result<usize, StatusCode> {
    let length = match variable {
        true if area.len() < 2 => return Err(StatusCode::AT),
        true => usize::from(halfword(area, 0)),
        false => bytes,
    };
    match () {
        () if variable && !(min..=max).contains(&length) => Err(StatusCode::V1),
        () if length > area.len() => Err(StatusCode::AT),
        () => Ok(length),
    }
}

/// What a rule says of a replacement that does not come along the physical path.
fn allows(rule: Option<PathRule>) -> Result<bool, StatusCode> {
    match rule {
        Some(PathRule::Physical) => Err(StatusCode::RX),
        Some(PathRule::Logical) => Ok(false),
        _ => Ok(true),
    }
}

pub(super) fn rules(end: &End) -> definitions::model::segment::Rules {
    end.kind().logical.as_ref().map(|logical| logical.rules).unwrap_or_default()
}

impl Request<'_> {
    /// Replaces what the get hold call returned. Gives the status, and how many bytes of the area each level has now.
    pub(in crate::call) fn replace_concatenated(&mut self, kept: &[usize]) -> Result<StatusCode, Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let view = self.pcb.view.clone();
        let mut used = 0;
        let mut held = Vec::with_capacity(self.pcb.held.len());
        for (level, got) in self.pcb.held.clone() {
            let place = self.pcb.position.path[level];
            let segment = &view.segments[place.segment];
            let Some(seen) = segment.seen.as_ref().filter(|_| !kept.contains(&place.segment)) else {
                used += got;
                held.push((level, got));
                continue;
            };
            let mut cursor = self.cursor();
            let own = if seen.shows_own { seen.own_data(&mut cursor, place.rba)? } else { Vec::new() };
            let other = if seen.shows_other { seen.other_data(&mut cursor, place.rba)? } else { Vec::new() };
            drop(cursor);
            let rest = self.area.get(used..).unwrap_or_default();
            let (new, length) = match segment.fields.is_empty() {
                true => {
                    let halves = seen.halves(own.len(), rest).map_err(unchanged)?;
                    let length = halves.own.len() + halves.other.len();
                    (rest[..length].to_vec(), length)
                }
                false => {
                    let given = rest.get(..segment.area_bytes).ok_or(unchanged(StatusCode::AT))?;
                    let old = [&own[..], &other].concat();
                    let new = area::changed_data(segment, &seen.kind, &old, given);
                    (new.ok_or(unchanged(StatusCode::DA))?, segment.area_bytes)
                }
            };
            used += length;
            held.push((level, length));
            let halves = seen.halves(own.len(), &new).map_err(unchanged)?;
            if (halves.own, halves.other) == (&own[..], &other[..]) {
                continue;
            }
            if !segment.options.replace {
                return Err(unchanged(StatusCode::AM));
            }
            let own_key = |data: &[u8]| seen.kind.key.map(|key| key.of(data).to_vec());
            if seen.shows_own && own_key(&own) != own_key(halves.own) {
                return Err(unchanged(StatusCode::DA));
            }
            if halves.own != own {
                self.replace_own(seen, level, &own, halves.own)?;
            }
            if halves.other != other {
                self.replace_other(seen, place.rba, &other, halves.other)?;
            }
        }
        self.pcb.held = held;
        Ok(StatusCode::OK)
    }

    fn replace_own(&mut self, seen: &Seen, level: usize, old: &[u8], new: &[u8]) -> Result<(), Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let rba = self.pcb.position.path[level].rba;
        let kind = seen.own.kind();
        if seen.is_virtual && !allows(Some(rules(&seen.own).replace)).map_err(unchanged)? {
            return Ok(());
        }
        self.change_record_at(level)?;
        let db = self.pcb.db.clone();
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        writer.in_database(&seen.own.db, |writer| {
            let stored = writer.cursor.data(&seen.own.db, kind, rba)?.to_vec();
            let data = match kind.logical_parent().filter(|_| seen.is_virtual) {
                Some(parent) => {
                    let keys = (old.len() + parent.key_bytes).saturating_sub(stored.len());
                    if old[..keys] != new[..keys] {
                        return Err(Trouble::Told(StatusCode::DA));
                    }
                    [&stored[..parent.key_bytes], &new[keys..]].concat()
                }
                None => new.to_vec(),
            };
            writer.replace(kind, rba, &data)
        })?;
        Ok(())
    }

    fn replace_other(&mut self, seen: &Seen, rba: Rba, old: &[u8], new: &[u8]) -> Result<(), Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let Some(other) = &seen.other else { return Ok(()) };
        let key = |data: &[u8]| other.kind().key.map(|key| key.of(data).to_vec());
        if key(old) != key(new) {
            return Err(unchanged(StatusCode::DA));
        }
        if !allows(Some(rules(other).replace)).map_err(unchanged)? {
            return Ok(());
        }
        let Some(to) = seen.other_end(&mut self.cursor(), rba)? else { return Ok(()) };
        let db = self.pcb.db.clone();
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        writer.in_database(&other.db, |writer| {
            writer.change_record_of(other.kind(), to)?;
            writer.replace(other.kind(), to, new)
        })?;
        Ok(())
    }

    /// Has the record alone that the segment on a level of the path is in.
    pub(super) fn change_record_at(&mut self, level: usize) -> Result<(), Refused> {
        let view = self.pcb.view.clone();
        let path = self.pcb.position.path.clone();
        let db = self.pcb.db.clone();
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        change_record(&mut writer, &view, &path[..=level])?;
        Ok(())
    }

    pub(in crate::call) fn delete_concatenated(
        &mut self,
        held: bool,
        effects: &mut Effects,
    ) -> Result<StatusCode, Refused> {
        if !held {
            return Err(Refused::Status(StatusCode::DJ, Shown::Unchanged));
        }
        let outcome = self.delete_seen(effects);
        self.pcb.is_held = outcome.is_err();
        outcome
    }

    fn delete_seen(&mut self, effects: &mut Effects) -> Result<StatusCode, Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let (level, offset) = self.level_to_delete().map_err(unchanged)?;
        let view = self.pcb.view.clone();
        let db = self.pcb.db.clone();
        let place = self.pcb.position.path[level];
        let segment = &view.segments[place.segment];
        let Some(seen) = &segment.seen else { return Err(unchanged(StatusCode::AM)) };
        if !segment.options.delete || matches!(seen.way, Way::Inverted(_)) {
            return Err(unchanged(StatusCode::AM));
        }
        let key = seen.key(&mut self.cursor(), place.rba)?;
        let key_at = seen.kind.key.as_ref().map_or(0, |key| key.offset);
        let given = self.area.get(offset..).unwrap_or_default();
        if seen.shows_own && !has_key(segment, (key_at, &key), given) {
            return Err(unchanged(StatusCode::DA));
        }
        let next = self.next_of(level)?;
        self.change_record_at(level)?;
        let parent = self.parent_of(level)?;
        let kind = seen.own.kind();
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        writer.in_database(&seen.own.db, |writer| match seen.is_virtual {
            true => writer.delete_logically(kind, place.rba),
            false => writer.delete_under(kind, place.rba, parent),
        })?;
        let status = writer.status();
        effects.gone = std::mem::take(&mut writer.gone);
        drop(writer);
        self.pcb.position.leave(level, Gap { segment: Some(place.segment), next });
        self.pcb.position.last = Some((level + 1, place.segment));
        self.pcb.parentage = self.pcb.parentage.filter(|&parent| parent <= level);
        Ok(status)
    }

    /// The twin after the segment on a level of the path.
    fn next_of(&mut self, level: usize) -> Result<Option<Rba>, Refused> {
        let (db, view) = (self.pcb.db.clone(), self.pcb.view.clone());
        let mut search = Search::new(&db, &view, self.cursor());
        search.stand(&self.pcb.position, Vec::new(), Vec::new());
        Ok(search.next_after(level)?)
    }

    /// The physical parent of the segment on a level of the path.
    fn parent_of(&mut self, level: usize) -> Result<Option<Rba>, Refused> {
        let view = self.pcb.view.clone();
        let path = self.pcb.position.path.clone();
        let db = self.pcb.db.clone();
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        Ok(above(&mut writer, &view, &path[..level], path[level].segment)?.map(|(_, rba)| rba))
    }
}

/// What a segment hangs on under a path: an end of the last segment there.
pub(super) fn above<'v>(
    writer: &mut Writer<'_>,
    view: &'v View,
    path: &[Place],
    segment: usize,
) -> Result<Option<(&'v End, Rba)>, Trouble> {
    let Some(place) = path.last() else { return Ok(None) };
    let (Some(seen), Some(parent)) = (&view.segments[segment].seen, &view.segments[place.segment].seen)
    else {
        return Ok(None);
    };
    match seen.way {
        Way::Root => Ok(None),
        Way::Child(Above::Own) | Way::Inverted(Above::Own) | Way::LogicalChild(Above::Own, _) => {
            Ok(Some((&parent.own, place.rba)))
        }
        _ => {
            let to = parent.other_end(&mut writer.cursor, place.rba)?;
            Ok(parent.other.as_ref().zip(to))
        }
    }
}

/// Has the record alone that the last segment of a path is in.
pub(super) fn change_record(writer: &mut Writer<'_>, view: &View, path: &[Place]) -> Result<(), Trouble> {
    let Some((place, parents)) = path.split_last() else { return Ok(()) };
    let Some(seen) = &view.segments[place.segment].seen else { return Ok(()) };
    if seen.own.knows_its_record() {
        return writer
            .in_database(&seen.own.db, |writer| writer.change_record_of(seen.own.kind(), place.rba));
    }
    // It is under an end of its parent, which is in the same record.
    match above(writer, view, parents, place.segment)? {
        Some((end, rba)) if end.knows_its_record() => {
            writer.in_database(&end.db, |writer| writer.change_record_of(end.kind(), rba))
        }
        _ => change_record(writer, view, parents),
    }
}
