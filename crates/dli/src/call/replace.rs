//! REPL.

use super::{Refused, Request, Shown, area, writer};
use crate::Rba;
use crate::status::StatusCode;

impl Request<'_> {
    pub(super) fn replace(&mut self, held: bool) -> Result<StatusCode, Refused> {
        if !held {
            return Err(Refused::Status(StatusCode::DJ, Shown::Unchanged));
        }
        // The segment stays held: a program may replace it again, delete it, or mend what was wrong.
        self.pcb.is_held = true;
        self.replace_held()
    }

    fn replace_held(&mut self) -> Result<StatusCode, Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let mut arguments = std::mem::take(&mut self.pcb.arguments);
        let parsed = arguments.parse(&self.pcb.view, &self.pcb.db.types, self.ssas);
        let kept: Vec<usize> =
            arguments.ssas().iter().filter(|ssa| ssa.codes.not_replaced).map(|ssa| ssa.segment).collect();
        let qualified = arguments.ssas().iter().any(|ssa| !ssa.is_unqualified());
        self.pcb.arguments = arguments;
        parsed.map_err(unchanged)?;
        if qualified {
            return Err(unchanged(StatusCode::AJ));
        }
        if self.pcb.view.is_concatenated {
            return self.replace_concatenated(&kept);
        }
        let (changes, held) = self.changes(&kept)?;
        let db = self.pcb.db.clone();
        if !changes.is_empty() {
            self.change_record()?;
        }
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        for change in &changes {
            writer.replace(db.kind(change.code), change.rba, &change.data)?;
        }
        let status = writer.status();
        // A segment of another length moved those behind it in the area.
        self.pcb.held = held;
        Ok(status)
    }

    /// What has to be written, after everything was checked; and how many bytes of the area each level has now.
    fn changes(&self, kept: &[usize]) -> Result<(Vec<SegmentChange>, Held), Refused> {
        let unchanged = |status| Refused::Status(status, Shown::Unchanged);
        let mut cursor = self.cursor();
        let mut used = 0;
        let mut changes = Vec::new();
        let mut held = Vec::with_capacity(self.pcb.held.len());
        for &(level, got) in &self.pcb.held {
            let place = self.pcb.position.path[level];
            let segment = &self.pcb.view.segments[place.segment];
            let kind = self.pcb.db.kind(segment.code);
            if kept.contains(&place.segment) {
                used += got;
                held.push((level, got));
                continue;
            }
            let rest = self.area.get(used..).unwrap_or_default();
            let length = area::length(segment, kind, rest).map_err(unchanged)?;
            used += length;
            held.push((level, length));
            let old = cursor.data(&self.pcb.db, kind, place.rba)?;
            let new =
                area::changed_data(segment, kind, old, &rest[..length]).ok_or(unchanged(StatusCode::DA))?;
            if new == old {
                continue;
            }
            if !segment.options.replace {
                return Err(unchanged(StatusCode::AM));
            }
            if kind.key.is_some_and(|key| key.of(old) != key.of(&new)) {
                return Err(unchanged(StatusCode::DA));
            }
            changes.push(SegmentChange { code: segment.code, rba: place.rba, data: new });
        }
        Ok((changes, held))
    }
}

/// The levels that a get hold call returned, and how many bytes of each.
type Held = Vec<(usize, usize)>;

struct SegmentChange {
    code: u8,
    rba: Rba,
    data: Vec<u8>,
}
