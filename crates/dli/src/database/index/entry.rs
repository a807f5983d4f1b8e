//! Entries: from a source segment to what its index holds of it.

use super::{From, Missing, Part, RBA_BYTES, Rules, STAMP_BYTES};
use crate::database::{Cursor, Database, SegmentType};
use crate::error::Trouble;
use crate::format::Rba;

/// The entry of a source segment, as far as the segment decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceEntry {
    /// Constant, search and subsequence fields.
    pub(crate) key: Vec<u8>,
    /// Duplicate data, and the concatenated key of the target.
    pub(crate) data: Vec<u8>,
    /// The target.
    pub(crate) target: Rba,
}

/// Where a source segment is: its own address, unless it is not there yet, and its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourcePlace {
    pub(crate) rba: Option<Rba>,
    pub(crate) parent: Option<Rba>,
}

pub(super) fn bytes_of(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.bytes).sum()
}

impl Database {
    /// The segment of a type that is above this one, or the segment itself.
    pub(crate) fn ancestor(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        rba: Rba,
        wanted: u8,
    ) -> Result<Rba, Trouble> {
        let (mut kind, mut rba) = (kind, rba);
        while kind.code != wanted {
            let parent = match kind.prefix.parent {
                Some(offset) => cursor.pointer(self, kind, rba, offset)?,
                None => None,
            };
            let (Some(parent), Some(code)) = (parent, kind.parent) else {
                let set = self.set_of(kind);
                let what = format!("segment {} does not point to its parent", kind.name);
                return Err(Trouble::broken(set.id, set.geometry.place(rba).0, what));
            };
            (kind, rba) = (self.kind(code), parent);
        }
        Ok(rba)
    }

    /// Bytes of the concatenated key of a type.
    pub(crate) fn key_bytes(&self, kind: &SegmentType) -> usize {
        let above = kind.parent.map_or(0, |code| self.key_bytes(self.kind(code)));
        above + kind.key.as_ref().map_or(0, |key| key.bytes)
    }

    /// The concatenated key of a segment.
    pub(crate) fn concatenated_key(
        &self,
        cursor: &mut Cursor<'_>,
        kind: &SegmentType,
        rba: Rba,
    ) -> Result<Vec<u8>, Trouble> {
        let mut key = match kind.parent {
            None => Vec::new(),
            Some(code) => {
                let parent = self.ancestor(cursor, kind, rba, code)?;
                self.concatenated_key(cursor, self.kind(code), parent)?
            }
        };
        if let Some(field) = &kind.key {
            key.extend_from_slice(field.of(cursor.data(self, kind, rba)?));
        }
        Ok(key)
    }

    /// What an index holds of a source segment with this data; none if it is not in it.
    pub(crate) fn entry_of(
        &self,
        cursor: &mut Cursor<'_>,
        rules: &Rules,
        data: &[u8],
        place: SourcePlace,
    ) -> Result<Option<SourceEntry>, Trouble> {
        let source = self.kind(rules.source);
        let Some(search) = rules.search_of(data, &[], place.rba) else { return Ok(None) };
        let needs_key = rules.needs_source_key();
        let path = if needs_key { self.key_of_source(cursor, source, data, place)? } else { Vec::new() };
        let search =
            if needs_key { rules.search_of(data, &path, place.rba).unwrap_or(search) } else { search };
        if rules.null.is_some_and(|null| search.iter().all(|&byte| byte == null)) {
            return Ok(None);
        }
        let mut key: Vec<u8> = rules.constant.into_iter().chain(search).collect();
        for part in &rules.subsequence {
            key.extend(part.value(data, &path, place.rba));
        }
        if rules.exit.as_ref().is_some_and(|exit| !exit.is_indexed(data, &key)) {
            return Ok(None);
        }
        let target = match (place.rba, source.parent) {
            _ if rules.target == rules.source => place.rba,
            (_, Some(code)) => match place.parent {
                Some(parent) => Some(self.ancestor(cursor, self.kind(code), parent, rules.target)?),
                None => None,
            },
            _ => None,
        };
        // A source that is not there yet is its own target: nobody looks at the address.
        let Some(target) = target.or(Rba::of_byte(2)) else { return Ok(None) };
        let mut rest = Vec::new();
        for part in &rules.duplicates {
            rest.extend(part.value(data, &path, place.rba));
        }
        if rules.symbolic && place.rba.is_some() {
            rest.extend(self.concatenated_key(cursor, self.kind(rules.target), target)?);
        }
        Ok(Some(SourceEntry { key, data: rest, target }))
    }

    fn key_of_source(
        &self,
        cursor: &mut Cursor<'_>,
        source: &SegmentType,
        data: &[u8],
        place: SourcePlace,
    ) -> Result<Vec<u8>, Trouble> {
        let mut key = match (source.parent, place.parent) {
            (Some(code), Some(parent)) => self.concatenated_key(cursor, self.kind(code), parent)?,
            _ => Vec::new(),
        };
        key.extend_from_slice(source.key.as_ref().map_or(&[][..], |field| field.of(data)));
        Ok(key)
    }
}

impl Rules {
    /// Something of an entry is the concatenated key of its source.
    fn needs_source_key(&self) -> bool {
        let mut parts = self.search.iter().chain(&self.subsequence).chain(&self.duplicates);
        parts.any(|part| matches!(part.from, From::Key { .. }))
    }

    /// Whether the key has the address of the source in it, so that no two are the same.
    pub(super) fn has_address(&self) -> bool {
        self.search.iter().chain(&self.subsequence).any(|part| matches!(part.from, From::Address))
    }

    /// The search fields; none if the source is too short for one of them.
    fn search_of(&self, data: &[u8], path: &[u8], rba: Option<Rba>) -> Option<Vec<u8>> {
        let mut search = Vec::with_capacity(self.search_bytes);
        for part in &self.search {
            if let From::Field { offset, .. } = part.from
                && data.len() < offset + part.bytes
            {
                return None;
            }
            search.extend(part.value(data, path, rba));
        }
        Some(search)
    }

    /// An entry of the index.
    pub(super) fn record(&self, entry: &SourceEntry, stamp: u32, source: Rba, user: &[u8]) -> Vec<u8> {
        let mut record = entry.key.clone();
        if !self.unique {
            record.extend_from_slice(&stamp.to_be_bytes());
        }
        record.extend_from_slice(&source.stored());
        record.extend_from_slice(&entry.data);
        let end = self.source_at() + RBA_BYTES + self.data_bytes;
        let user_from = record.len();
        record.resize(end, 0);
        // What programs put behind what is maintained stays.
        if let Some(user) = user.get(user_from..end) {
            record[user_from..].copy_from_slice(user);
        }
        record
    }

    /// The stamp and the source of an entry.
    pub(crate) fn stamp_and_source(&self, record: &[u8]) -> (u32, Option<Rba>) {
        let word = |at: usize| {
            record.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).unwrap_or_default()
        };
        let at = self.source_at();
        let stamp = if self.unique { 0 } else { u32::from_be_bytes(word(at - STAMP_BYTES)) };
        (stamp, Rba::load(word(at)))
    }
}

impl Part {
    fn value(&self, data: &[u8], path: &[u8], rba: Option<Rba>) -> Vec<u8> {
        let padded = |bytes: &[u8]| {
            let mut value = bytes.to_vec();
            value.resize(self.bytes, 0);
            value
        };
        match self.from {
            From::Address => rba.map_or([0; 4], Rba::stored).to_vec(),
            From::Key { offset } => {
                padded(path.get(offset..path.len().min(offset + self.bytes)).unwrap_or_default())
            }
            From::Field { offset, missing } => match data.get(offset..offset + self.bytes) {
                Some(field) => field.to_vec(),
                None => missing.value(self.bytes),
            },
        }
    }
}

impl Missing {
    fn value(self, bytes: usize) -> Vec<u8> {
        let mut value = vec![if matches!(self, Self::Digits) { b'0' } else { 0 }; bytes];
        if let (Self::PackedZero, Some(last)) = (self, value.last_mut()) {
            *last = 0x0f;
        }
        value
    }
}
