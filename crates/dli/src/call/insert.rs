//! ISRT.

use super::search::{Outcome, Search};
use super::ssa::{Arguments, Codes};
use super::view::View;
use super::{Gap, LEVELS_MAX, Place, Refused, Request, Shown, area, writer};
use crate::Rba;
use crate::database::{Database, Room, RootPlace, Roots, Rule, SegmentType, Spot, Wish, Writer};
use crate::error::Trouble;
use crate::status::StatusCode;
use definitions::model::segment::InsertPlace;

/// The segments that a call inserts: the levels from `first` to the last argument's.
pub(super) struct Insertion {
    /// The first level inserted, from 0.
    pub(super) first: usize,
    /// The sensitive segments, from the root to the last.
    pub(super) path: Vec<usize>,
}

impl Request<'_> {
    pub(super) fn insert(&mut self) -> Result<StatusCode, Refused> {
        let arguments = self.arguments()?;
        let outcome = self.insert_with(&arguments);
        self.pcb.arguments = arguments;
        outcome
    }

    fn insert_with(&mut self, arguments: &Arguments) -> Result<StatusCode, Refused> {
        let insertion = self.insertion(arguments)?;
        let view = self.pcb.view.clone();
        let inserted = &insertion.path[insertion.first..];
        let allowed = |&segment: &usize| view.segments[segment].options.insert;
        let path_allowed = inserted.len() == 1 || inserted.iter().all(|&at| view.segments[at].options.path);
        if !inserted.iter().all(allowed) || !path_allowed {
            return Err(StatusCode::AM.into());
        }
        let lengths = match view.is_concatenated {
            true => Vec::new(),
            false => self.lengths(inserted)?,
        };
        if let Some(&root_bytes) = lengths.first() {
            self.select_partition(&insertion, root_bytes)?;
        }
        if let Some(refused) = self.find_parent(&insertion, arguments)? {
            return Err(refused);
        }
        if view.is_concatenated {
            return self.put_concatenated(&insertion, arguments);
        }
        self.put_all(&insertion, &lengths, arguments)
    }

    /// What is inserted: the last argument's segment, or the path from the first D on.
    pub(super) fn insertion(&self, arguments: &Arguments) -> Result<Insertion, Refused> {
        let ssas = arguments.ssas();
        let last = ssas.last().ok_or(StatusCode::AH)?;
        let path = self.pcb.view.segments[last.segment].path.clone();
        let first_given = ssas.iter().position(|ssa| ssa.codes.path).unwrap_or(ssas.len() - 1);
        if ssas[first_given..].iter().any(|ssa| !ssa.is_unqualified()) {
            return Err(StatusCode::AJ.into());
        }
        let first = self.pcb.view.segments[ssas[first_given].segment].level - 1;
        // Every segment of a path that is inserted is named.
        if path.len() - first != ssas.len() - first_given {
            return Err(StatusCode::AC.into());
        }
        let says_key = |&segment: &usize| {
            let segment = &self.pcb.view.segments[segment];
            segment.sees_key(segment.seen_kind().unwrap_or_else(|| self.pcb.db.kind(segment.code)))
        };
        match path[first..].iter().all(says_key) {
            true => Ok(Insertion { first, path }),
            false => Err(StatusCode::AM.into()),
        }
    }

    /// How much of the area belongs to each segment.
    pub(super) fn lengths(&self, inserted: &[usize]) -> Result<Vec<usize>, Refused> {
        let mut used = 0;
        let mut lengths = Vec::with_capacity(inserted.len());
        for &segment in inserted {
            let segment = &self.pcb.view.segments[segment];
            let rest = self.area.get(used..).unwrap_or_default();
            let length = area::length(segment, self.pcb.db.kind(segment.code), rest)?;
            lengths.push(length);
            used += length;
        }
        Ok(lengths)
    }

    /// Finds the parent, and leaves its path in the spare buffer: by the arguments above, and by the position where
    /// there are none.
    fn find_parent(
        &mut self,
        insertion: &Insertion,
        arguments: &Arguments,
    ) -> Result<Option<Refused>, Refused> {
        let depth = insertion.first;
        let view = self.pcb.view.clone();
        let db = self.pcb.db.clone();
        let mut wants = Vec::with_capacity(LEVELS_MAX);
        arguments.wants(&view, self.ssas, &mut wants);
        wants.truncate(depth);
        let among = self.pcb.partitions.clone();
        let search = Search::new(&db, &view, self.cursor());
        let mut search = search.among(among.as_deref(), self.pcb.partition);
        let (path, keys) = std::mem::take(&mut self.pcb.spare);
        search.stand(&self.pcb.position_towards(insertion.path.last().copied(), 0), path, keys);
        let kept = search.keep_for_unique(&mut wants)?;
        search.begin_below(kept);
        if kept < depth
            && let Outcome::NotFound { gap, .. } = search.find(&wants, None, 0)?
        {
            return Ok(Some(self.parent_missing(gap, search)));
        }
        self.pcb.stand_in(search.at);
        self.pcb.insert_anchor = search.anchor;
        self.pcb.insert_entry = search.entry;
        self.pcb.spare = (search.path, search.keys);
        Ok(None)
    }

    fn parent_missing(&mut self, gap: Gap, search: Search<'_, '_>) -> Refused {
        let depth = search.path.len();
        self.pcb.stand_in(search.at);
        self.pcb.arrive(&search.path, &search.keys, search.anchor);
        self.pcb.position.entry = search.entry;
        self.pcb.spare = (search.path, search.keys);
        self.pcb.position.leave(depth, gap);
        self.pcb.parentage = None;
        Refused::Status(StatusCode::GE, Shown::Level(depth))
    }

    /// Inserts the segments under the parent in the spare buffer.
    fn put_all(
        &mut self,
        insertion: &Insertion,
        lengths: &[usize],
        arguments: &Arguments,
    ) -> Result<StatusCode, Refused> {
        let (mut path, mut keys) = std::mem::take(&mut self.pcb.spare);
        let mut anchor = self.pcb.insert_anchor;
        let db = self.pcb.db.clone();
        let view = self.pcb.view.clone();
        let codes = arguments.ssas().iter().find(|ssa| ssa.segment == insertion.path[insertion.first]);
        let codes = codes.map_or_else(Codes::default, |ssa| ssa.codes);
        let rule_here = self.here(insertion, &path);
        let mut series = self.pcb.series.take();
        if insertion.first > 0 {
            self.change_record()?;
        }
        let mut writer = writer(self.pool, &db, self.units, self.journal, self.locker);
        let mut used = 0;
        for (level, &length) in (insertion.first..).zip(lengths) {
            let segment = &view.segments[insertion.path[level]];
            let kind = db.kind(segment.code);
            let data = area::new_data(segment, kind, &self.area[used..used + length]);
            used += length;
            let is_first = level == insertion.first;
            let rule =
                if is_first { rule(kind, codes, rule_here) } else { rule(kind, Codes::default(), None) };
            let parent = path.last().map(|place: &Place| place.rba);
            let room = match parent {
                Some(parent) => db.place_under(&mut writer.cursor, kind, parent, &data, rule)?,
                None => db.place_root(&mut writer.cursor, &data, rule)?,
            };
            if let (None, Some(locker)) = (parent, self.locker) {
                locker.enter();
            }
            let spot = match room {
                Room::At(spot) => spot,
                Room::Taken(spot, twin) if writer.is_revived(kind, twin, &data)? => {
                    writer.revive(kind, twin, &data)?;
                    anchor = if parent.is_none() { spot.anchor } else { anchor };
                    path.push(Place { segment: insertion.path[level], rba: twin });
                    keys.truncate(segment.key_offset);
                    keys.extend_from_slice(kind.key.as_ref().map_or(&[][..], |key| key.of(&data)));
                    continue;
                }
                Room::Taken(spot, twin) => {
                    drop(writer);
                    let anchor = if parent.is_none() { spot.anchor } else { anchor };
                    path.push(Place { segment: insertion.path[level], rba: twin });
                    keys.truncate(segment.key_offset);
                    if let Some(key) = &kind.key {
                        // Where there may be one twin only it may have another key.
                        keys.extend_from_slice(key.of(self.cursor().data(&db, kind, twin)?));
                    }
                    return Err(self.taken(path, keys, anchor));
                }
            };
            if parent.is_none() {
                anchor = spot.anchor;
            }
            let rba = put(&mut writer, kind, &data, spot, &mut series, path.first().map(|root| root.rba))?;
            path.push(Place { segment: insertion.path[level], rba });
            keys.truncate(segment.key_offset);
            keys.extend_from_slice(kind.key.as_ref().map_or(&[][..], |key| key.of(&data)));
        }
        drop(writer);
        self.pcb.series = series;
        self.keep_parentage(&path);
        self.pcb.arrive(&path, &keys, anchor);
        self.pcb.position.entry = std::mem::take(&mut self.pcb.insert_entry);
        self.pcb.spare = (path, keys);
        let depth = insertion.path.len();
        self.pcb.show(StatusCode::OK, Shown::Level(depth));
        Ok(StatusCode::OK)
    }

    /// The twin that HERE inserts before: where the program stands on that chain.
    fn here(&self, insertion: &Insertion, parent: &[Place]) -> Option<Rba> {
        let position = self.pcb.position_towards(insertion.path.last().copied(), 0);
        let level = insertion.first;
        if position.path.get(..level) != Some(parent) {
            return None;
        }
        let wanted = insertion.path[level];
        match (position.path.get(level), position.gap) {
            (Some(place), _) => Some(place.rba).filter(|_| place.segment == wanted),
            (None, Some(gap)) => gap.next.filter(|_| gap.segment == Some(wanted)),
            (None, None) => None,
        }
    }

    /// The position is on the twin that is in the way.
    pub(super) fn taken(&mut self, path: Vec<Place>, keys: Vec<u8>, anchor: u32) -> Refused {
        let depth = path.len();
        self.keep_parentage(&path);
        self.pcb.arrive(&path, &keys, anchor);
        self.pcb.position.entry = std::mem::take(&mut self.pcb.insert_entry);
        self.pcb.spare = (path, keys);
        Refused::Status(StatusCode::II, Shown::Level(depth))
    }

    /// Parentage stays when the new position is under the same parent.
    pub(super) fn keep_parentage(&mut self, path: &[Place]) {
        let position = &self.pcb.position;
        let stays = |&level: &usize| {
            position.path.get(..level).is_some_and(|parent| path.get(..level) == Some(parent))
        };
        self.pcb.parentage = self.pcb.parentage.filter(stays);
    }
}

/// F and L overrule the insert rule.
fn rule(kind: &SegmentType, codes: Codes, here: Option<Rba>) -> Rule {
    let place = match (codes.first, codes.last) {
        (true, _) => InsertPlace::First,
        (_, true) => InsertPlace::Last,
        _ => kind.place,
    };
    Rule { place, here }
}

/// Inserts one segment, where it would best be.
pub(super) fn put(
    writer: &mut Writer<'_>,
    kind: &SegmentType,
    data: &[u8],
    spot: Spot,
    series: &mut Option<(Rba, usize)>,
    root: Option<Rba>,
) -> Result<Rba, Trouble> {
    let db = writer.db.clone();
    let bytes = kind.stored_bytes(data.len());
    let before = series.filter(|(record, _)| Some(*record) == root).map_or(0, |(_, bytes)| bytes);
    let spilled = match &db.roots {
        Roots::Hdam(hdam) => hdam.record_bytes_max.is_some_and(|most| before + bytes > most),
        Roots::Hidam(_) => false,
    };
    let wish =
        if spilled && spot.parent.is_some() && kind.group == 0 { Wish::End } else { wish(&db, kind, spot) };
    let rba = writer.insert(kind, data, spot, wish)?;
    if spot.parent.is_none() && matches!(db.roots, Roots::Hidam(_)) {
        let key = kind.key.as_ref().map_or(&[][..], |key| key.of(data));
        writer.index(key, RootPlace { rba, anchor: 0 })?;
    }
    *series = Some((root.unwrap_or(rba), before + bytes));
    Ok(rba)
}

/// Near the twin before, or the parent where that is in the same data set; a root in the block of its anchor point.
fn wish(db: &Database, kind: &SegmentType, spot: Spot) -> Wish {
    let parent_group = kind.parent.map(|code| db.kind(code).group);
    match (&db.roots, spot.before, spot.parent) {
        (Roots::Hdam(hdam), _, None) => Wish::Block(hdam.place_of(spot.anchor).0),
        (_, Some(before), _) => Wish::Near(before),
        (_, None, Some(parent)) if parent_group == Some(kind.group) => Wish::Near(parent),
        _ => Wish::End,
    }
}

/// The sensitive segments of the path that leads to one.
pub(super) fn is_on_path(view: &View, path: &[Place], wanted: &[usize]) -> bool {
    debug_assert!(wanted.iter().all(|&segment| segment < view.segments.len()));
    path.len() >= wanted.len() && path.iter().zip(wanted).all(|(place, segment)| place.segment == *segment)
}
