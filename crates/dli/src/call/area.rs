//! Between segments and the I/O area: whole segments, or the fields that the program sees.

use super::view::ViewSegment;
use crate::database::SegmentType;
use crate::format::block::halfword;
use crate::status::StatusCode;

/// Puts a segment into the area, and gives how many bytes of it are used.
pub(super) fn give(segment: &ViewSegment, data: &[u8], area: &mut [u8]) -> Result<usize, StatusCode> {
    if segment.fields.is_empty() {
        area.get_mut(..data.len()).ok_or(StatusCode::AT)?.copy_from_slice(data);
        return Ok(data.len());
    }
    let area = area.get_mut(..segment.area_bytes).ok_or(StatusCode::AT)?;
    area.fill(b' ');
    for field in &segment.fields {
        // A field beyond the end of a short segment is shown as blanks.
        if let Some(value) = data.get(field.in_segment..field.in_segment + field.bytes) {
            area[field.in_area..field.in_area + field.bytes].copy_from_slice(value);
        }
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

/// The data of a new segment: what the program does not see is blank.
pub(super) fn new_data(segment: &ViewSegment, kind: &SegmentType, area: &[u8]) -> Vec<u8> {
    if segment.fields.is_empty() {
        return area.to_vec();
    }
    let mut data = vec![b' '; kind.data_max];
    if kind.variable {
        data[..2].copy_from_slice(&(kind.data_max as u16).to_be_bytes());
    }
    for field in &segment.fields {
        data[field.in_segment..field.in_segment + field.bytes]
            .copy_from_slice(&area[field.in_area..field.in_area + field.bytes]);
    }
    data
}

/// The data of a segment after a replacement; none when a field was changed that may not be.
pub(super) fn changed_data(segment: &ViewSegment, old: &[u8], area: &[u8]) -> Option<Vec<u8>> {
    if segment.fields.is_empty() {
        return Some(area.to_vec());
    }
    let mut data = old.to_vec();
    for field in &segment.fields {
        let value = &area[field.in_area..field.in_area + field.bytes];
        let Some(place) = data.get_mut(field.in_segment..field.in_segment + field.bytes) else { continue };
        if !field.replaceable && *place != *value {
            return None;
        }
        place.copy_from_slice(value);
    }
    Some(data)
}
