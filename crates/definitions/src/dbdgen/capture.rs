//! EXIT= of DBD and SEGM: data capture.

use crate::arguments::{Arguments, Token};
use crate::model::dbd::{CaptureExit, CascadeCapture};
use crate::operands::{Item, Value};
use std::collections::BTreeSet;
use vocabulary::message::*;

/// The words that switch an option on or off.
const OPTIONS: &[(&str, (&str, bool))] = &[
    ("KEY", ("KEY", true)),
    ("NOKEY", ("KEY", false)),
    ("DATA", ("DATA", true)),
    ("NODATA", ("DATA", false)),
    ("PATH", ("PATH", true)),
    ("NOPATH", ("PATH", false)),
    ("BEFORE", ("BEFORE", true)),
    ("NOBEFORE", ("BEFORE", false)),
    ("LOG", ("LOG", true)),
    ("NOLOG", ("LOG", false)),
    ("CASCADE", ("CASCADE", true)),
    ("NOCASCADE", ("CASCADE", false)),
    ("DLET", ("DLET", true)),
    ("NODLET", ("DLET", false)),
    ("FLD", ("FLD", true)),
    ("NOFLD", ("FLD", false)),
    ("INPOS", ("INPOS", true)),
    ("NOINPOS", ("INPOS", false)),
    ("SSPCMD", ("SSPCMD", true)),
    ("NOSSPCMD", ("SSPCMD", false)),
];

/// What is passed of a cascading delete when nothing is said about it.
const CASCADE_DEFAULT: CascadeCapture = CascadeCapture { key: true, data: true, path: false, before: false };

/// The exits that EXIT= names; none where it is absent. `EXIT=NONE` is an empty list.
pub(super) fn exits(arguments: &mut Arguments<'_, '_>) -> Option<Vec<CaptureExit>> {
    let item = arguments.item("EXIT")?;
    let Value::List(items) = &item.value else {
        let token = arguments.word_of("EXIT", item)?;
        return Some(match token.text.eq_ignore_ascii_case("NONE") {
            true => Vec::new(),
            false => exit(arguments, std::slice::from_ref(item)).into_iter().collect(),
        });
    };
    let lists: Vec<&[Item<'_>]> = match items.first().map(|item| &item.value) {
        Some(Value::List(_)) => items
            .iter()
            .map(|item| match &item.value {
                Value::List(items) => items.as_slice(),
                _ => std::slice::from_ref(item),
            })
            .collect(),
        _ => vec![items.as_slice()],
    };
    Some(lists.into_iter().filter_map(|items| exit(arguments, items)).collect())
}

/// One exit: a routine or an asterisk, and options.
fn exit(arguments: &mut Arguments<'_, '_>, items: &[Item<'_>]) -> Option<CaptureExit> {
    let (first, options) = items.split_first()?;
    let Some(routine) = arguments.word_of("EXIT", first) else {
        let place = arguments.place_of(first);
        arguments.findings.report(&DBD112, place, &[]);
        return None;
    };
    let mut exit = CaptureExit {
        routine: None,
        key: true,
        data: true,
        path: false,
        before: false,
        log: routine.text == "*",
        cascade: Some(CASCADE_DEFAULT),
        further: BTreeSet::new(),
    };
    if routine.text != "*" {
        exit.routine = Some(arguments.module("EXIT", routine)?);
    }
    for option in options {
        match &option.value {
            Value::List(items) => exit.cascade = cascade(arguments, items),
            _ => {
                if let Some(token) = arguments.word_of("EXIT", option) {
                    exit_option(arguments, &mut exit, token);
                }
            }
        }
    }
    Some(exit)
}

fn exit_option(arguments: &mut Arguments<'_, '_>, exit: &mut CaptureExit, token: Token<'_>) {
    let Some((option, on)) = arguments.parse_choice("EXIT", token, OPTIONS) else { return };
    match option {
        "KEY" => exit.key = on,
        "DATA" => exit.data = on,
        "PATH" => exit.path = on,
        "BEFORE" => exit.before = on,
        "LOG" => exit.log = on,
        "CASCADE" => exit.cascade = on.then_some(CASCADE_DEFAULT),
        _ if on => {
            exit.further.insert(option.to_string());
        }
        _ => {
            exit.further.remove(option);
        }
    }
}

/// `(CASCADE,KEY,DATA,NOPATH)` or `(NOCASCADE)`.
fn cascade(arguments: &mut Arguments<'_, '_>, items: &[Item<'_>]) -> Option<CascadeCapture> {
    let mut cascade = Some(CASCADE_DEFAULT);
    for item in items {
        let Some(token) = arguments.word_of("EXIT", item) else { continue };
        let Some((option, on)) = arguments.parse_choice("EXIT", token, OPTIONS) else { continue };
        match (option, &mut cascade) {
            ("CASCADE", _) => cascade = on.then_some(CASCADE_DEFAULT),
            ("KEY", Some(cascade)) => cascade.key = on,
            ("DATA", Some(cascade)) => cascade.data = on,
            ("PATH", Some(cascade)) => cascade.path = on,
            ("BEFORE", Some(cascade)) => cascade.before = on,
            _ => {}
        }
    }
    cascade
}
