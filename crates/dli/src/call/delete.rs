//! DLET.

use super::view::ViewSegment;
use super::{Deleted, Effects, Refused, Request, Shown, writer};
use crate::database::{RootPlace, Roots, copy_key};
use crate::status::StatusCode;

impl Request<'_> {
    pub(super) fn delete(&mut self, held: bool, effects: &mut Effects) -> Result<StatusCode, Refused> {
        if !held {
            return Err(Refused::Status(StatusCode::DJ, Shown::Unchanged));
        }
        let outcome = self.delete_held(effects);
        self.pcb.is_held = outcome.is_err();
        outcome
    }

    fn delete_held(&mut self, effects: &mut Effects) -> Result<StatusCode, Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let (level, offset) = self.level_to_delete().map_err(unchanged)?;
        let db = self.pcb.db.clone();
        let place = self.pcb.position.path[level];
        let segment = &self.pcb.view.segments[place.segment];
        let kind = db.kind(segment.code);
        if !segment.options.delete {
            return Err(unchanged(StatusCode::AM));
        }
        self.change_record()?;
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        let data = writer.cursor.data(&db, kind, place.rba)?;
        if let Some(key) = &kind.key
            && !has_key(segment, (key.offset, key.of(data)), self.area.get(offset..).unwrap_or_default())
        {
            return Err(unchanged(StatusCode::DA));
        }
        let parent = level.checked_sub(1).map(|above| self.pcb.position.path[above].rba);
        let anchor = self.pcb.position.anchor;
        let spot = db.spot_of(&mut writer.cursor, kind, place.rba, parent, anchor)?;
        let mut next = writer.cursor.live(&db, kind, spot.after)?;
        let is_indexed = parent.is_none() && matches!(db.roots, Roots::Hidam(_));
        if is_indexed {
            let root = RootPlace { rba: place.rba, anchor };
            next = db.root_after(&mut writer.cursor, root)?.map(|root| root.rba);
        }
        if db.is_related() {
            writer.delete_under(kind, place.rba, parent)?;
            let status = writer.status();
            effects.gone = std::mem::take(&mut writer.gone);
            effects.deleted = Some(Deleted { kind: kind.code, rba: place.rba, next });
            return Ok(status);
        }
        if is_indexed {
            let mut key = [0; 255];
            let key = copy_key(&db, &mut writer.cursor, place.rba, &mut key)?;
            db.change_around_root(&mut writer.cursor, key, spot.before)?;
            writer.unindex(key, place.rba)?;
        }
        writer.delete(kind, place.rba, spot)?;
        let status = writer.status();
        effects.removed = std::mem::take(&mut writer.removed);
        effects.deleted = Some(Deleted { kind: kind.code, rba: place.rba, next });
        Ok(status)
    }

    /// The segment to be deleted: the one that an argument names, or the first that the get hold call returned. Gives
    /// its level from 0, and where it begins in the area.
    pub(super) fn level_to_delete(&mut self) -> Result<(usize, usize), StatusCode> {
        let mut arguments = std::mem::take(&mut self.pcb.arguments);
        let parsed = arguments.parse(&self.pcb.view, &self.pcb.db.types, self.ssas);
        let named = match (parsed, arguments.ssas()) {
            (Err(status), _) => Err(status),
            (Ok(()), []) => Ok(None),
            (Ok(()), [ssa]) if ssa.is_unqualified() => Ok(Some(ssa.segment)),
            _ => Err(StatusCode::AJ),
        };
        self.pcb.arguments = arguments;
        let named = named?;
        let mut offset = 0;
        for &(level, bytes) in &self.pcb.held {
            if named.is_none_or(|segment| self.pcb.position.path[level].segment == segment) {
                return Ok((level, offset));
            }
            offset += bytes;
        }
        Err(StatusCode::AC)
    }
}

/// Whether the segment in the area has the key still, as far as the program sees it.
pub(super) fn has_key(segment: &ViewSegment, (offset, key): (usize, &[u8]), area: &[u8]) -> bool {
    if segment.fields.is_empty() {
        return area.get(offset..offset + key.len()) == Some(key);
    }
    let seen = segment.fields.iter().find(|field| field.in_segment == offset && field.bytes == key.len());
    seen.is_none_or(|field| area.get(field.in_area..field.in_area + field.bytes) == Some(key))
}
