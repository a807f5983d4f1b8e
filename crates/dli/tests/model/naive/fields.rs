//! Between segments and what a program sees of them.

use super::*;
use crate::schema::{Field, Seen};

/// What a field has that nobody gave a value.
fn empty(field: Field) -> Vec<u8> {
    let mut bytes = vec![if field.kind == 'C' { b' ' } else { 0 }; field.bytes];
    if field.kind == 'P' {
        bytes[field.bytes - 1] = 0x0c;
    }
    bytes
}

/// What a program sees of a field: byte by byte where it is there, or where it is of characters.
fn value(field: Field, data: &[u8]) -> Vec<u8> {
    let is_whole = field.at + field.bytes <= data.len();
    let empty = empty(field);
    let byte = |at: usize| match data.get(field.at + at) {
        Some(&byte) if is_whole || field.kind == 'C' => byte,
        _ => empty[at],
    };
    (0..field.bytes).map(byte).collect()
}

fn given(seen: &Seen, area: &[u8]) -> Vec<u8> {
    area[seen.in_area..seen.in_area + seen.field.bytes].to_vec()
}

impl Naive {
    pub(super) fn has_wrong_length(&self, kind: usize, data: &[u8]) -> bool {
        let kind = &self.schema.types[kind];
        kind.variable && kind.sees.is_none() && !(VARIABLE_MIN..=VARIABLE_MAX).contains(&data.len())
    }

    /// A segment as the program has it in its area.
    pub(super) fn shown(&self, id: Id) -> Vec<u8> {
        let node = &self.nodes[&id];
        let kind = &self.schema.types[node.kind];
        let (Some(fields), Some(bytes)) = (&kind.sees, kind.area_bytes()) else { return node.data.clone() };
        let mut area = vec![b' '; bytes];
        for seen in fields {
            let value = value(seen.field, &node.data);
            area[seen.in_area..seen.in_area + value.len()].copy_from_slice(&value);
        }
        area
    }

    /// A segment of so many bytes without any values.
    fn empty_data(&self, kind: usize, bytes: usize) -> Vec<u8> {
        let kind = &self.schema.types[kind];
        let byte = |at: usize| {
            let field =
                kind.fields().into_iter().find(|field| (field.at..field.at + field.bytes).contains(&at));
            field.map_or(0, |field| empty(field)[at - field.at])
        };
        let mut data: Vec<u8> = (0..bytes).map(byte).collect();
        if kind.variable {
            data[..2].copy_from_slice(&(bytes as u16).to_be_bytes());
        }
        data
    }

    pub(super) fn new_data(&self, kind: usize, area: &[u8]) -> Vec<u8> {
        let Some(fields) = &self.schema.types[kind].sees else { return area.to_vec() };
        let end = fields.iter().map(|seen| seen.field.at + seen.field.bytes).max().unwrap();
        let bytes = if self.schema.types[kind].variable { end.max(VARIABLE_MIN) } else { FIXED };
        let mut data = self.empty_data(kind, bytes);
        for seen in fields {
            data[seen.field.at..seen.field.at + seen.field.bytes].copy_from_slice(&given(seen, area));
        }
        data
    }

    /// None when a field was changed that may not be.
    pub(super) fn changed_data(&self, id: Id, area: &[u8]) -> Option<Vec<u8>> {
        let Node { kind, data: old, .. } = &self.nodes[&id];
        let Some(fields) = &self.schema.types[*kind].sees else { return Some(area.to_vec()) };
        let mut length = old.len();
        for seen in fields {
            let (field, new) = (seen.field, given(seen, area));
            if new == value(field, old) {
                continue;
            }
            if !seen.replaceable {
                return None;
            }
            let is_begun = field.at < old.len();
            let kept = match field.kind {
                'C' if is_begun => new.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1),
                _ => field.bytes,
            };
            length = length.max(field.at + kept);
        }
        let mut data = self.empty_data(*kind, length);
        data[2..old.len()].copy_from_slice(&old[2..]);
        if length == old.len() {
            data[..2].copy_from_slice(&old[..2]);
        }
        for seen in fields {
            let (field, new) = (seen.field, given(seen, area));
            // Without growing, what is there in part stays as it is unless it was changed.
            if length == old.len() && new == value(field, old) {
                continue;
            }
            for (at, byte) in new.into_iter().enumerate() {
                if let Some(place) = data.get_mut(field.at + at) {
                    *place = byte;
                }
            }
        }
        Some(data)
    }
}
