//! PARENT= and SOURCE= of the SEGM statement: its place in this hierarchy, and its ties to others.

use super::{DbdDeck, UNNAMED};
use crate::arguments::{Arguments, Token};
use crate::model::dbd::Access;
use crate::model::relation::{LogicalParent, SourceSegment};
use crate::model::segment::{ChildPointer, PhysicalParent};
use crate::nearest::nearest;
use crate::operands::{Item, Value};
use vocabulary::SegmentName;
use vocabulary::message::*;

/// The most levels of a hierarchy.
const LEVELS_MAX: usize = 15;
/// The most segments that one of a logical database stands for: a logical child and its parent.
const SOURCES_MAX: usize = 2;

const CHILD_POINTERS: &[(&str, ChildPointer)] =
    &[("SNGL", ChildPointer::First), ("DBLE", ChildPointer::FirstAndLast)];

impl DbdDeck {
    /// The physical and the logical parent. Without PARENT= the segment is the root, as with PARENT=0.
    pub(super) fn parents(
        &mut self,
        arguments: &mut Arguments<'_, '_>,
    ) -> (Option<PhysicalParent>, Option<LogicalParent>) {
        let (physical, logical) = match arguments.item("PARENT").map(|item| (&item.value, item)) {
            None => (None, None),
            Some((Value::List(items), item)) => match items.as_slice() {
                // PARENT=(name,SNGL), which lacks the inner parentheses and is plain all the same.
                [Item { value: Value::Word(_), .. }, Item { value: Value::Word(_), .. }] => {
                    (Some(item), None)
                }
                items => (items.first(), items.get(1)),
            },
            Some((_, item)) => (Some(item), None),
        };
        let physical = physical.and_then(|item| self.physical_parent(arguments, item));
        let logical = logical.and_then(|item| self.logical_parent(arguments, item));
        self.check_root(arguments, physical.is_none(), logical.is_some());
        (physical, logical)
    }

    fn physical_parent(&self, arguments: &mut Arguments<'_, '_>, item: &Item<'_>) -> Option<PhysicalParent> {
        let tokens = words(arguments, "PARENT", item);
        let name = tokens.first().copied().flatten().filter(|token| token.text != "0")?;
        let pointer = tokens.get(1).copied().flatten();
        let pointer = pointer.and_then(|token| arguments.parse_choice("PARENT", token, CHILD_POINTERS));
        let parent: SegmentName = arguments.parse_name("PARENT", name)?;
        self.check_parent(arguments, parent, name);
        Some(PhysicalParent { name: parent, pointer: pointer.unwrap_or(ChildPointer::First) })
    }

    /// The parent has to be the segment before, or one above it: statements stand in hierarchical order.
    fn check_parent(&self, arguments: &mut Arguments<'_, '_>, parent: SegmentName, token: Token<'_>) {
        let path = self.path_of_last();
        if let Some(depth) = path.iter().position(|name| *name == parent) {
            if depth + 2 > LEVELS_MAX {
                arguments.findings.report(&SEGM303, token.place, &[&(depth + 2), &LEVELS_MAX]);
            }
            return;
        }
        // Behind a segment whose name or parent could not be made out, nothing is known.
        let unnamed = self.dbd.segments.iter().any(|segment| segment.name.as_str() == UNNAMED);
        if unnamed || self.dbd.segments.is_empty() {
            return;
        }
        let top = path.first().and_then(|name| self.dbd.segment(name));
        let torn = top.is_some_and(|top| top.parent.is_some());
        if self.dbd.segment(&parent).is_some() {
            if torn {
                return;
            }
            let last = self.dbd.segments.last().map_or(UNNAMED, |segment| segment.name.as_str());
            let finding = arguments.findings.report(&SEGM304, token.place, &[&parent, &last]);
            finding.hint(format!("put this statement after the last segment under {parent}"));
            return;
        }
        let finding = arguments.findings.report(&SEGM301, token.place, &[&parent, &self.dbd.name]);
        let names = self.dbd.segments.iter().map(|segment| segment.name.as_str());
        if let Some(nearest) = nearest(parent.as_str(), names) {
            finding.hint(format!("{nearest} is the nearest segment"));
        }
    }

    /// The segments from the root to the last one read.
    fn path_of_last(&self) -> Vec<SegmentName> {
        let mut path = Vec::new();
        let mut next = self.dbd.segments.last();
        while let Some(segment) = next {
            path.push(segment.name);
            // A cycle can't arise from parents that come first, unless names repeat.
            if path.len() > self.dbd.segments.len() {
                break;
            }
            next = segment.parent.and_then(|parent| self.dbd.segment(&parent.name));
        }
        path.reverse();
        path
    }

    fn check_root(&self, arguments: &mut Arguments<'_, '_>, is_root: bool, is_logical_child: bool) {
        if is_logical_child && is_root {
            arguments.report(&SEGM315, "PARENT", &[]);
        }
        if let Some(access) =
            self.access.filter(|access| is_logical_child && !can_hold_logical_child(*access))
        {
            arguments.report(&SEGM316, "PARENT", &[&access.name()]);
        }
        match self.dbd.segments.first() {
            // Each segment of a shared secondary index is a root.
            Some(_) if is_root && self.dbd.shared_names.is_empty() && !arguments.has("PARENT") => {
                arguments.require("PARENT");
            }
            Some(root) if is_root && self.dbd.shared_names.is_empty() && self.parent_is_zero(arguments) => {
                arguments.report(&SEGM302, "PARENT", &[&root.name]);
            }
            None if !is_root => {
                arguments.report(&SEGM318, "PARENT", &[]).hint("PARENT=0");
            }
            _ => {}
        }
    }

    /// PARENT=0 is written, rather than a parent that could not be read.
    fn parent_is_zero(&self, arguments: &Arguments<'_, '_>) -> bool {
        arguments.item("PARENT").is_some_and(|item| arguments.raw(item).trim_matches(['(', ')']) == "0")
    }

    /// `(segment,VIRTUAL|PHYSICAL,dbd)`; without a third value the second may be the database.
    fn logical_parent(&self, arguments: &mut Arguments<'_, '_>, item: &Item<'_>) -> Option<LogicalParent> {
        const KEYS: &[(&str, bool)] = &[("VIRTUAL", false), ("V", false), ("PHYSICAL", true), ("P", true)];
        let tokens = words(arguments, "PARENT", item);
        let at = |index: usize| tokens.get(index).copied().flatten();
        let segment = at(0)?;
        let key = |token: Token<'_>| KEYS.iter().find(|(text, _)| text.eq_ignore_ascii_case(token.text));
        let (key_stored, dbd) = match (at(1), at(2)) {
            (Some(second), None) if tokens.len() == 2 && key(second).is_none() => (None, Some(second)),
            (second, third) => {
                (second.and_then(|token| arguments.parse_choice("PARENT", token, KEYS)), third)
            }
        };
        let dbd = match dbd {
            Some(token) => arguments.parse_name("PARENT", token)?,
            None => self.dbd.name,
        };
        let segment = arguments.parse_name("PARENT", segment)?;
        Some(LogicalParent { segment, dbd, key_stored: key_stored.unwrap_or(false) })
    }

    /// SOURCE=((segment,KEY|DATA,dbd)[,(segment,KEY|DATA,dbd)])
    pub(super) fn sources(&mut self, arguments: &mut Arguments<'_, '_>) -> Vec<SourceSegment> {
        let Some(item) = arguments.item("SOURCE") else {
            if self.access == Some(Access::Logical) {
                arguments.require("SOURCE");
            }
            return Vec::new();
        };
        let inner: Vec<&Item<'_>> = match &item.value {
            Value::List(items) => items.iter().filter(|item| item.value != Value::Empty).collect(),
            _ => vec![item],
        };
        let nested = inner.iter().all(|item| matches!(item.value, Value::List(_)));
        if !nested || inner.is_empty() || inner.len() > SOURCES_MAX {
            arguments.report(&DFS0937I, "SOURCE", &[]).hint("SOURCE=((segment,DATA,dbd))");
            return Vec::new();
        }
        inner.into_iter().filter_map(|item| self.source(arguments, item)).collect()
    }

    fn source(&self, arguments: &mut Arguments<'_, '_>, item: &Item<'_>) -> Option<SourceSegment> {
        let tokens = words(arguments, "SOURCE", item);
        let at = |index: usize| tokens.get(index).copied().flatten();
        let data = at(1)
            .and_then(|token| arguments.parse_choice("SOURCE", token, &[("KEY", false), ("DATA", true)]))
            .unwrap_or(true);
        let dbd = match at(2) {
            Some(token) => arguments.parse_name("SOURCE", token)?,
            None if self.access == Some(Access::Logical) => {
                arguments.report(&DFS0937I, "SOURCE", &[]).hint("SOURCE=((segment,DATA,dbd))");
                return None;
            }
            None => self.dbd.name,
        };
        let segment = arguments.parse_name("SOURCE", at(0)?)?;
        Some(SourceSegment { segment, data, dbd })
    }
}

/// The words of one item, with or without parentheses, three at most.
fn words<'i>(
    arguments: &mut Arguments<'_, '_>,
    keyword: &'static str,
    item: &Item<'i>,
) -> Vec<Option<Token<'i>>> {
    match &item.value {
        Value::List(items) => {
            if items.len() > 3 {
                let place = arguments.place_of(item);
                arguments.findings.report(&OPND037, place, &[&keyword, &3, &items.len()]);
            }
            items.iter().take(3).map(|item| arguments.word_of(keyword, item)).collect()
        }
        _ => vec![arguments.word_of(keyword, item)],
    }
}

fn can_hold_logical_child(access: Access) -> bool {
    access.is_hierarchical_direct() || access == Access::Hisam
}
