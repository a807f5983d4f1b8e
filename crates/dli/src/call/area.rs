//! Between segments and the I/O area: whole segments, or the fields that the program sees.
//!
//! A program that sees fields sees them at the places that its SENFLDs say, and no length. A segment of variable length
//! may end before a field does: then the program sees what there is of its characters, filled up with blanks, and else
//! what a field of its type has without a value. Such a segment grows when the program gives the field another value.

use super::view::{ViewField, ViewSegment};
use crate::database::{Fill, SegmentType};
use crate::format::block::halfword;
use crate::status::StatusCode;
use std::borrow::Cow;

/// Puts a segment into the area, and gives how many bytes of it are used.
pub(super) fn give(segment: &ViewSegment, data: &[u8], area: &mut [u8]) -> Result<usize, StatusCode> {
    if segment.fields.is_empty() {
        area.get_mut(..data.len()).ok_or(StatusCode::AT)?.copy_from_slice(data);
        return Ok(data.len());
    }
    let area = area.get_mut(..segment.area_bytes).ok_or(StatusCode::AT)?;
    area.fill(b' ');
    for field in &segment.fields {
        area[field.in_area..field.in_area + field.bytes].copy_from_slice(&field.shown(data));
    }
    Ok(segment.area_bytes)
}

/// How many bytes of the area belong to a segment that is inserted or replaced.
pub(super) fn length(segment: &ViewSegment, kind: &SegmentType, area: &[u8]) -> Result<usize, StatusCode> {
    let length = match segment.fields.is_empty() && kind.variable {
        true if area.len() < 2 => return Err(StatusCode::AT),
        true => usize::from(halfword(area, 0)),
        false => segment.area_bytes,
    };
    if kind.variable && segment.fields.is_empty() && !(kind.data_min..=kind.data_max).contains(&length) {
        return Err(StatusCode::V1);
    }
    if length > area.len() { Err(StatusCode::AT) } else { Ok(length) }
}

/// The data of a new segment: as long as the fields need that the program sees.
pub(super) fn new_data(segment: &ViewSegment, kind: &SegmentType, area: &[u8]) -> Vec<u8> {
    if segment.fields.is_empty() {
        return area.to_vec();
    }
    let needed = segment.fields.iter().map(ViewField::end).max().unwrap_or(0);
    let mut data =
        without_values(kind, if kind.variable { needed.max(kind.data_min) } else { kind.data_max });
    for field in &segment.fields {
        data[field.in_segment..field.end()].copy_from_slice(field.given(area));
    }
    note_length(kind, &mut data);
    data
}

/// The data of a segment after a replacement; none when a field was changed that may not be.
pub(super) fn changed_data(
    segment: &ViewSegment,
    kind: &SegmentType,
    old: &[u8],
    area: &[u8],
) -> Option<Vec<u8>> {
    if segment.fields.is_empty() {
        return Some(area.to_vec());
    }
    let is_changed = |field: &&ViewField| *field.given(area) != *field.shown(old);
    let changed: Vec<&ViewField> = segment.fields.iter().filter(is_changed).collect();
    if changed.iter().any(|field| !field.replaceable) {
        return None;
    }
    let needed = changed.iter().map(|field| field.bytes_needed(old, area)).max().unwrap_or(0);
    if needed <= old.len() {
        let mut data = old.to_vec();
        changed.iter().for_each(|field| field.put(area, &mut data));
        return Some(data);
    }
    let mut data = without_values(kind, needed);
    data[..old.len()].copy_from_slice(old);
    // What was there in part, or not at all, is there now as the program sees it.
    segment.fields.iter().for_each(|field| field.put(area, &mut data));
    note_length(kind, &mut data);
    Some(data)
}

/// A segment whose fields nobody gave a value. What belongs to no field is zeros.
fn without_values(kind: &SegmentType, bytes: usize) -> Vec<u8> {
    let mut data = vec![0; kind.data_max.max(bytes)];
    for field in &kind.fields {
        field.fill.put(&mut data[field.offset..field.offset + field.bytes]);
    }
    data.truncate(bytes);
    data
}

/// A segment of variable length begins with its length.
fn note_length(kind: &SegmentType, data: &mut [u8]) {
    if kind.variable {
        let length = data.len() as u16;
        data[..2].copy_from_slice(&length.to_be_bytes());
    }
}

impl ViewField {
    /// Where it ends in the segment.
    fn end(&self) -> usize {
        self.in_segment + self.bytes
    }

    /// What the program gives.
    fn given<'a>(&self, area: &'a [u8]) -> &'a [u8] {
        &area[self.in_area..self.in_area + self.bytes]
    }

    /// What the program sees.
    fn shown<'d>(&self, data: &'d [u8]) -> Cow<'d, [u8]> {
        if let Some(value) = data.get(self.in_segment..self.end()) {
            return Cow::Borrowed(value);
        }
        let mut value = vec![0; self.bytes];
        self.fill.put(&mut value);
        if self.fill == Fill::Blanks {
            let there = data.get(self.in_segment..).unwrap_or_default();
            value[..there.len()].copy_from_slice(there);
        }
        Cow::Owned(value)
    }

    /// How long the segment has to be for what the program gives.
    fn bytes_needed(&self, data: &[u8], area: &[u8]) -> usize {
        let begins = self.in_segment < data.len();
        match self.fill {
            // Blanks behind characters that are there in part are there without being kept.
            Fill::Blanks if begins => {
                let last = self.given(area).iter().rposition(|&byte| byte != b' ');
                self.in_segment + last.map_or(0, |last| last + 1)
            }
            _ => self.end(),
        }
    }

    /// Puts what the program gives into the segment, as far as that goes.
    fn put(&self, area: &[u8], data: &mut [u8]) {
        if let Some(place) = data.get_mut(self.in_segment..) {
            let bytes = self.bytes.min(place.len());
            place[..bytes].copy_from_slice(&self.given(area)[..bytes]);
        }
    }
}
