//! POINTER=, RULES= and COMPRTN= of the SEGM statement.

use super::DbdDeck;
use crate::arguments::{Arguments, Token};
use crate::model::dbd::Access;
use crate::model::segment::{
    Compression, InsertPlace, LogicalTwinPointer, PathRule, PhysicalPointer, Pointers, Rules,
};
use vocabulary::message::*;

/// The longest that a compression routine may make a segment.
const GROWTH_MAX: u32 = 32_767;

/// One word of POINTER=.
#[derive(Debug, Clone, Copy)]
enum Pointer {
    Physical(PhysicalPointer),
    LogicalTwin(LogicalTwinPointer),
    LogicalParent,
    Counter,
    Paired,
}

const POINTERS: &[(&str, Pointer)] = &[
    ("HIER", Pointer::Physical(PhysicalPointer::Hierarchic)),
    ("H", Pointer::Physical(PhysicalPointer::Hierarchic)),
    ("HIERBWD", Pointer::Physical(PhysicalPointer::HierarchicBackward)),
    ("HB", Pointer::Physical(PhysicalPointer::HierarchicBackward)),
    ("TWIN", Pointer::Physical(PhysicalPointer::Twin)),
    ("T", Pointer::Physical(PhysicalPointer::Twin)),
    ("TWINBWD", Pointer::Physical(PhysicalPointer::TwinBackward)),
    ("TB", Pointer::Physical(PhysicalPointer::TwinBackward)),
    ("NOTWIN", Pointer::Physical(PhysicalPointer::NoTwin)),
    ("NT", Pointer::Physical(PhysicalPointer::NoTwin)),
    ("LTWIN", Pointer::LogicalTwin(LogicalTwinPointer::Forward)),
    ("LT", Pointer::LogicalTwin(LogicalTwinPointer::Forward)),
    ("LTWINBWD", Pointer::LogicalTwin(LogicalTwinPointer::Backward)),
    ("LTB", Pointer::LogicalTwin(LogicalTwinPointer::Backward)),
    ("LPARNT", Pointer::LogicalParent),
    ("LP", Pointer::LogicalParent),
    ("CTR", Pointer::Counter),
    ("C", Pointer::Counter),
    ("PAIRED", Pointer::Paired),
];

/// The words of RULES= that say where a twin goes; XDFLD's LCHILD has them too.
pub(super) const INSERT_PLACES: &[(&str, InsertPlace)] =
    &[("FIRST", InsertPlace::First), ("LAST", InsertPlace::Last), ("HERE", InsertPlace::Here)];

impl DbdDeck {
    pub(super) fn pointers(&self, arguments: &mut Arguments<'_, '_>) -> Pointers {
        let mut pointers = Pointers::default();
        for token in arguments.words("POINTER", 5).into_iter().flatten() {
            if let Some(pointer) = arguments.parse_choice("POINTER", token, POINTERS)
                && !add(&mut pointers, pointer)
            {
                arguments.findings.report(&SEGM306, token.place, &[&token.text.to_ascii_uppercase()]);
            }
        }
        let hierarchic = [Some(PhysicalPointer::Hierarchic), Some(PhysicalPointer::HierarchicBackward)]
            .contains(&pointers.physical);
        if let Some(access) = self.access.filter(|access| access.is_haldb() && hierarchic) {
            arguments.report(&SEGM317, "POINTER", &[&access.name()]).hint("TWIN, TWINBWD or NOTWIN");
        }
        pointers
    }

    /// `(idr,where)`; either may be left out, and a single word may be either.
    pub(super) fn rules(&self, arguments: &mut Arguments<'_, '_>) -> Rules {
        let tokens = arguments.words("RULES", 2);
        let (mut letters, mut place) = (tokens.first().copied().flatten(), tokens.get(1).copied().flatten());
        let is_place =
            |token: Token<'_>| INSERT_PLACES.iter().any(|(text, _)| text.eq_ignore_ascii_case(token.text));
        if place.is_none() && letters.is_some_and(is_place) {
            (letters, place) = (None, letters);
        }
        let mut rules = Rules::default();
        if let Some(letters) = letters {
            path_rules(arguments, letters, &mut rules);
        }
        if let Some(place) = place {
            rules.place = arguments.parse_choice("RULES", place, INSERT_PLACES).unwrap_or_default();
        }
        rules
    }

    /// `(routine,DATA|KEY,INIT,MAX,n,PAD)`
    pub(super) fn compression(&self, arguments: &mut Arguments<'_, '_>) -> Option<Compression> {
        let mut tokens = arguments.words("COMPRTN", 7).into_iter();
        let routine = tokens.next().flatten()?;
        let routine = arguments.module("COMPRTN", routine)?;
        let mut compression =
            Compression { routine, key: false, init: false, growth_bytes_max: None, pad: false };
        for token in tokens.flatten() {
            match token.text.to_ascii_uppercase().as_str() {
                "DATA" => compression.key = false,
                "KEY" => compression.key = true,
                "INIT" => compression.init = true,
                "MAX" => compression.pad = false,
                "PAD" => compression.pad = true,
                text if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    compression.growth_bytes_max = arguments.parse_number("COMPRTN", token, 1, GROWTH_MAX);
                }
                _ => {
                    let choices = [("DATA", ()), ("KEY", ()), ("INIT", ()), ("MAX", ()), ("PAD", ())];
                    arguments.parse_choice("COMPRTN", token, &choices);
                }
            }
        }
        // The index is searched by key, so that a key can't be compressed there.
        if compression.key && matches!(self.access, Some(Access::Hisam | Access::Shisam)) {
            arguments.report(&SEGM313, "COMPRTN", &[&self.dbd.access.name()]);
        }
        Some(compression)
    }
}

/// Whether the pointer goes with those given before it.
fn add(pointers: &mut Pointers, pointer: Pointer) -> bool {
    match pointer {
        Pointer::Physical(physical) => pointers.physical.replace(physical).is_none(),
        Pointer::LogicalTwin(twin) => pointers.logical_twin.replace(twin).is_none(),
        Pointer::LogicalParent => !std::mem::replace(&mut pointers.logical_parent, true),
        Pointer::Counter => !std::mem::replace(&mut pointers.counter, true),
        Pointer::Paired => !std::mem::replace(&mut pointers.paired, true),
    }
}

/// Three letters: insert, delete, replace. Only a delete rule can be B.
fn path_rules(arguments: &mut Arguments<'_, '_>, token: Token<'_>, rules: &mut Rules) {
    let letters: Vec<Option<PathRule>> = token.text.chars().take(4).map(path_rule).collect();
    match letters.as_slice() {
        [Some(insert), Some(delete), Some(replace)]
            if ![*insert, *replace].contains(&PathRule::BidirectionalVirtual) =>
        {
            (rules.insert, rules.delete, rules.replace) = (*insert, *delete, *replace);
        }
        _ => {
            let text = crate::operands::shown(token.text);
            arguments.findings.report(&SEGM307, token.place, &[&text]).hint(
                "P, L or V for insert, P, L, V or B for delete, P, L or V for replace: RULES=(LLL,LAST)",
            );
        }
    }
}

fn path_rule(letter: char) -> Option<PathRule> {
    match letter.to_ascii_uppercase() {
        'P' => Some(PathRule::Physical),
        'L' => Some(PathRule::Logical),
        'V' => Some(PathRule::Virtual),
        'B' => Some(PathRule::BidirectionalVirtual),
        _ => None,
    }
}
