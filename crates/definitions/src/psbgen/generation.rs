//! The PSBGEN statement.

use super::PsbDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::psb::{DatabaseLevel, Language, Psb};
use crate::names::{UNNAMED, or_unnamed};
use crate::origin::Part;
use vocabulary::message::*;

/// What its operands are called.
pub(super) const KEYWORDS: Keywords = &[
    &["PSBNAME"],
    &["LANG"],
    &["CMPAT"],
    &["MAXQ"],
    &["LOCKMAX"],
    &["IOASIZE"],
    &["SSASIZE"],
    &["IOEROPN"],
    &["OLIC"],
    &["GSROLBOK"],
    &["DBLEVEL"],
    &["REMARKS"],
];

/// The largest I/O area, and the largest search arguments, in bytes.
const AREA_BYTES_MAX: u32 = 256_000;
/// The highest count of a halfword.
const COUNT_MAX: u32 = 32_767;
/// The highest return code of a program.
const RETURN_CODE_MAX: u32 = 4095;

const LANGUAGES: &[(&str, Language)] = &[
    ("COBOL", Language::Cobol),
    ("PL/I", Language::PlI),
    ("PLI", Language::PlI),
    ("ASSEM", Language::Assembler),
    ("PASCAL", Language::Pascal),
    ("C", Language::C),
    ("JAVA", Language::Java),
];

impl PsbDeck {
    pub(super) fn generation(&mut self, arguments: &mut Arguments<'_, '_>) {
        self.places.insert(Part::Whole, arguments.places());
        arguments.require("PSBNAME");
        let Some(name) = or_unnamed(arguments.name("PSBNAME")) else { return };
        let (io_error_code, io_error_asks) = io_error(arguments);
        self.psb = Some(Psb {
            name,
            language: arguments.choice("LANG", LANGUAGES),
            compatible: arguments.yes_no("CMPAT").unwrap_or(false),
            enqueues_max: arguments.number("MAXQ", 0, COUNT_MAX),
            locks_max: arguments.number("LOCKMAX", 0, COUNT_MAX),
            io_area_bytes: arguments.number("IOASIZE", 0, AREA_BYTES_MAX),
            search_arguments_bytes: arguments.number("SSASIZE", 0, AREA_BYTES_MAX),
            io_error_code,
            io_error_asks,
            online_image_copy: arguments.yes_no("OLIC").unwrap_or(false),
            gsam_rollback: arguments.yes_no("GSROLBOK").unwrap_or(false),
            database_level: arguments
                .choice("DBLEVEL", &[("CURR", DatabaseLevel::Current), ("BASE", DatabaseLevel::Base)]),
            pcbs: Vec::new(),
        });
        if self.pcbs.is_empty() && name.as_str() != UNNAMED {
            arguments.report(&PGEN901, "", &[&name]);
        }
    }
}

/// `IOEROPN=n` or `IOEROPN=(n,WTOR)`
fn io_error(arguments: &mut Arguments<'_, '_>) -> (Option<u32>, bool) {
    let tokens = arguments.words("IOEROPN", 2);
    let code = tokens.first().copied().flatten();
    let code = code.and_then(|token| arguments.parse_number("IOEROPN", token, 0, RETURN_CODE_MAX));
    let asks = tokens.get(1).copied().flatten();
    let asks = asks.and_then(|token| arguments.parse_choice("IOEROPN", token, &[("WTOR", true)]));
    (code, asks.unwrap_or(false))
}
