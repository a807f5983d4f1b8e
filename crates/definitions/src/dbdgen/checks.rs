//! What DBDGEN checks when all statements of a database description are there.

use super::{DbdDeck, UNNAMED};
use crate::finding::Findings;
use crate::model::dbd::Access;
use crate::model::field::{Field, Map, Sequence, is_system_related};
use crate::model::relation::{IndexedField, LogicalChildPointer};
use crate::model::segment::Segment;
use crate::nearest::nearest;
use crate::operands::shown;
use crate::origin::Part;
use vocabulary::message::*;
use vocabulary::{FieldName, SegmentName};

/// The most areas of a DEDB.
const AREAS_MAX: usize = 2048;

impl DbdDeck {
    pub(super) fn check(&mut self, findings: &mut Findings) {
        self.check_maps(findings);
        self.check_indexed_fields(findings);
        let Some(access) = self.access else { return };
        self.check_data_sets(access, findings);
        self.check_segments(access, findings);
    }

    fn check_data_sets(&self, access: Access, findings: &mut Findings) {
        let place = self.place(&Part::Whole, "ACCESS");
        let (kind, count) = match access {
            Access::Dedb => ("AREA", self.dbd.areas.len()),
            _ => ("DATASET", self.dbd.data_sets.len()),
        };
        let (min, max) = data_sets(access);
        if max == 0 && count > 0 {
            findings.report(&DSET201, place, &[&access.name(), &count]);
        } else if count < min || count > max {
            findings.report(&DSET200, place, &[&access.name(), &min, &max, &kind, &count]);
        }
        if access == Access::Hisam && self.dbd.segments.len() > 1 {
            let overflow = self.dbd.data_sets.first().is_some_and(|data_set| data_set.overflow.is_none());
            if overflow {
                findings.report(&DSET204, self.place(&Part::DataSet(0), "OVFLW"), &[&self.dbd.name]);
            }
        }
        if access == Access::Hsam && self.dbd.data_sets.first().is_some_and(|data_set| data_set.dd2.is_none())
        {
            findings.report(&DSET206, self.place(&Part::DataSet(0), "DD2"), &[&self.dbd.name]);
        }
    }

    fn check_segments(&self, access: Access, findings: &mut Findings) {
        let place = self.place(&Part::Whole, "ACCESS");
        let count = self.dbd.segments.len();
        let expected = 1 + self.dbd.shared_names.len();
        match access {
            Access::Gsam if count > 0 => {
                let first = self.dbd.segments.first().map_or(UNNAMED, |segment| segment.name.as_str());
                findings.report(&DBD110, place, &[&first]);
            }
            Access::Gsam => {}
            _ if count == 0 => {
                findings.report(&DBD106, place, &[&self.dbd.name]);
            }
            Access::Index | Access::Psindex if count != expected => {
                findings.report(&DBD111, place, &[&access.name(), &expected, &count]);
            }
            Access::Shsam | Access::Shisam | Access::Msdb if count > 1 => {
                findings.report(&DBD113, place, &[&access.name(), &count]);
            }
            _ => {}
        }
        for (number, segment) in self.dbd.segments.iter().enumerate() {
            self.check_segment(access, segment, number == 0, findings);
        }
    }

    fn check_segment(&self, access: Access, segment: &Segment, is_first: bool, findings: &mut Findings) {
        let place = self.place(&Part::Segment(segment.name), "NAME");
        let is_root = segment.parent.is_none();
        if is_root && access.needs_unique_root_key() {
            let unique = segment.key().map(|key| key.sequence == Some(Sequence::Unique));
            // A secondary index may hold several entries of one key.
            let enough = unique == Some(true) || (access.is_index() && unique.is_some());
            if !enough {
                findings
                    .report(&SEGM308, place, &[&segment.name, &access.name()])
                    .hint("FIELD NAME=(name,SEQ,U),BYTES=n,START=n as the first field");
            }
        }
        if access.is_index() && segment.logical_children.len() != 1 {
            findings.report(&LCHD402, place, &[&segment.name, &segment.logical_children.len()]);
        }
        if access == Access::Hidam && is_first && !names_primary_index(segment) {
            findings
                .report(&LCHD403, place, &[&segment.name, &self.dbd.name])
                .hint("LCHILD NAME=(index segment,index dbd),POINTER=INDX");
        }
        self.check_index_children(access, segment, is_first, findings);
        let stands_for_others = access == Access::Logical || segment.pointers.paired;
        if !segment.sources.is_empty() && !stands_for_others {
            findings.report(&SEGM309, place, &[&segment.name, &access.name()]);
        }
    }

    /// What leads to an index says what the index is of, except for the one primary index of a HIDAM root.
    fn check_index_children(
        &self,
        access: Access,
        segment: &Segment,
        is_first: bool,
        findings: &mut Findings,
    ) {
        let without_field = segment.logical_children.iter().enumerate().filter(|(_, child)| {
            child.pointer == LogicalChildPointer::Index && child.indexed_field.is_none()
        });
        let primary = usize::from(access == Access::Hidam && is_first);
        for (number, child) in without_field.skip(primary) {
            let place = self.place(&Part::LogicalChild(segment.name, number), "NAME");
            findings
                .report(&LCHD410, place, &[&child.segment, &child.dbd])
                .hint("XDFLD NAME=name,SRCH=fields");
        }
    }

    /// DEPENDINGON= names a field of this segment, or of the segment on the path that CTLSEGNM= names.
    fn check_maps(&self, findings: &mut Findings) {
        for (name, number, places) in &self.map_places {
            let Some(segment) = self.dbd.segment(name) else { continue };
            let Some(map) = segment.maps.get(*number) else { continue };
            match map.control_segment {
                None if field_called(segment, &map.depending_on).is_none() => {
                    let inserts: &[&dyn std::fmt::Display] =
                        &[&shown(&map.name), &shown(&map.depending_on), &segment.name];
                    let finding = findings.report(&MAP604, places.of("DEPENDINGON"), inserts);
                    if let Some(nearest) = nearest(&map.depending_on, called(segment)) {
                        finding.hint(format!("{nearest} is the nearest field"));
                    }
                }
                None => {}
                Some(control) => self.check_control(map, control, places, findings),
            }
        }
    }

    fn check_control(
        &self,
        map: &Map,
        control: SegmentName,
        places: &crate::origin::StatementPlaces,
        findings: &mut Findings,
    ) {
        let Some(segment) = self.dbd.segment(&control) else {
            let finding = findings.report(&FLD764, places.of("CTLSEGNM"), &[&control, &shown(&map.name)]);
            let names = self.dbd.segments.iter().map(|segment| segment.name.as_str());
            if let Some(nearest) = nearest(control.as_str(), names) {
                finding.hint(format!("{nearest} is the nearest segment"));
            }
            return;
        };
        let field = field_called(segment, &map.depending_on);
        if !field.is_some_and(|field| lies_in_key(segment, field)) {
            let finding = findings.report(
                &FLD765,
                places.of("DEPENDINGON"),
                &[&shown(&map.depending_on), &shown(&map.name), &control],
            );
            if let Some(nearest) = nearest(&map.depending_on, called(segment)).filter(|_| field.is_none()) {
                finding.hint(format!("{nearest} is the nearest field"));
            }
        }
    }

    fn check_indexed_fields(&self, findings: &mut Findings) {
        for segment in &self.dbd.segments {
            for (number, child) in segment.logical_children.iter().enumerate() {
                if let Some(field) = &child.indexed_field {
                    let part = Part::IndexedField(segment.name, number);
                    self.check_indexed_field(segment.name, field, &part, findings);
                }
            }
        }
    }

    /// The source is the target or lies under it, and has the fields.
    fn check_indexed_field(
        &self,
        target: SegmentName,
        field: &IndexedField,
        part: &Part,
        findings: &mut Findings,
    ) {
        let place = self.place(part, "SEGMENT");
        let Some(source) = self.dbd.segment(&field.source) else {
            let finding = findings.report(&XDFL506, place, &[&field.name, &field.source, &self.dbd.name]);
            let names = self.dbd.segments.iter().map(|segment| segment.name.as_str());
            if let Some(nearest) = nearest(field.source.as_str(), names) {
                finding.hint(format!("{nearest} is the nearest segment"));
            }
            return;
        };
        if !self.lies_under(source, target) {
            findings.report(&XDFL507, place, &[&field.name, &field.source, &target]);
        }
        if source.logical_parent.is_some() && source.name != target {
            findings.report(&XDFL508, place, &[&field.name, &field.source]);
        }
        let lists = [
            ("SRCH", &field.search, false),
            ("SUBSEQ", &field.subsequence, true),
            ("DDATA", &field.duplicate_data, true),
        ];
        for (keyword, names, system_related) in lists {
            for name in names {
                self.check_source_field(source, name, system_related, (part, keyword), findings);
            }
        }
    }

    fn check_source_field(
        &self,
        source: &Segment,
        name: &FieldName,
        system_related_allowed: bool,
        (part, keyword): (&Part, &str),
        findings: &mut Findings,
    ) {
        let place = self.place(part, keyword);
        if is_system_related(name) && !system_related_allowed {
            findings
                .report(&XDFL509, place, &[name, &keyword])
                .hint("SUBSEQ= and DDATA= take system-related fields");
        } else if source.field(name).is_none() {
            let finding = findings.report(&XDFL510, place, &[&keyword, name, &source.name]);
            let names = source.fields.iter().filter_map(|field| field.name.as_ref().map(FieldName::as_str));
            if let Some(nearest) = nearest(name.as_str(), names) {
                finding.hint(format!("{nearest} is the nearest field"));
            }
        }
    }

    fn lies_under(&self, segment: &Segment, ancestor: SegmentName) -> bool {
        let mut next = Some(segment);
        for _ in 0..=self.dbd.segments.len() {
            let Some(segment) = next else { return false };
            if segment.name == ancestor {
                return true;
            }
            next = segment.parent.and_then(|parent| self.dbd.segment(&parent.name));
        }
        false
    }
}

/// How many data sets or areas a database of this organization has at least and at most.
fn data_sets(access: Access) -> (usize, usize) {
    match access {
        Access::Hdam | Access::Hidam => (1, 10),
        Access::Dedb => (1, AREAS_MAX),
        Access::Phdam | Access::Phidam | Access::Psindex | Access::Logical => (0, 0),
        Access::Msdb => (0, 1),
        _ => (1, 1),
    }
}

/// The root of a HIDAM database is found through an index that is not a secondary one.
fn names_primary_index(root: &Segment) -> bool {
    root.logical_children
        .iter()
        .any(|child| child.pointer == LogicalChildPointer::Index && child.indexed_field.is_none())
}

fn called(segment: &Segment) -> impl Iterator<Item = &str> {
    segment.fields.iter().map(Field::called)
}

/// The field that a map means by a name: an external one, or that of a field without an external one.
fn field_called<'a>(segment: &'a Segment, name: &str) -> Option<&'a Field> {
    segment.fields.iter().find(|field| match &field.external_name {
        Some(external_name) => external_name == name,
        None => field.name.is_some_and(|field| field.as_str() == name),
    })
}

fn lies_in_key(segment: &Segment, field: &Field) -> bool {
    let Some(key) = segment.key() else { return false };
    let extent = |field: &Field| Some((field.start?, field.start?.saturating_add(field.bytes?)));
    match (extent(key), extent(field)) {
        (Some((key_start, key_end)), Some((start, end))) => start >= key_start && end <= key_end,
        // What could not be read was reported there.
        _ => true,
    }
}
