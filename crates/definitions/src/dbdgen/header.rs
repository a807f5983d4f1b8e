//! The DBD statement.

use super::{DbdDeck, or_unnamed};
use crate::arguments::{Arguments, Keywords, Token};
use crate::model::dbd::{Access, Dbd, OsAccess, Randomizer};
use crate::origin::Part;
use vocabulary::DbdName;
use vocabulary::message::*;

/// What its operands are called.
pub(super) const KEYWORDS: Keywords = &[
    &["NAME"],
    &["ACCESS"],
    &["RMNAME"],
    &["PASSWD"],
    &["EXIT"],
    &["VERSION"],
    &["DATXEXIT"],
    &["PSNAME"],
    &["ENCODING"],
    &["DBVER"],
    &["FPINDEX"],
    &["REMARKS"],
];

/// The most names of a shared secondary index.
const NAMES_MAX: usize = 16;
/// The encoding of a DBD that says nothing about it.
const ENCODING_DEFAULT: &str = "Cp1047";
/// The highest number that RMNAME= takes.
const RANDOMIZER_NUMBER_MAX: u32 = 16_777_215;

/// A DBD of this name that says nothing else.
pub(super) fn blank_dbd(name: DbdName) -> Dbd {
    Dbd {
        name,
        shared_names: Vec::new(),
        access: Access::Hdam,
        os_access: None,
        protected: false,
        dos_compatible: false,
        randomizer: None,
        password: false,
        data_conversion_exit: false,
        fast_path_index: false,
        partition_selection: None,
        exits: Vec::new(),
        version: None,
        database_version: None,
        encoding: ENCODING_DEFAULT.to_string(),
        remarks: None,
        data_sets: Vec::new(),
        areas: Vec::new(),
        segments: Vec::new(),
    }
}

impl DbdDeck {
    pub(super) fn header(&mut self, arguments: &mut Arguments<'_, '_>) {
        self.places.insert(Part::Whole, arguments.places());
        self.names(arguments);
        self.access(arguments);
        self.randomizer(arguments);
        self.dbd.password = arguments.yes_no("PASSWD").unwrap_or(false);
        self.dbd.data_conversion_exit = arguments.yes_no("DATXEXIT").unwrap_or(false);
        self.dbd.fast_path_index = arguments.yes_no("FPINDEX").unwrap_or(false);
        self.dbd.exits = super::capture::exits(arguments).unwrap_or_default();
        self.dbd.version = arguments.text("VERSION", 255);
        self.dbd.database_version = arguments.number("DBVER", 0, 2_147_483_647);
        if let Some(encoding) = arguments.text("ENCODING", 25) {
            self.dbd.encoding = encoding;
        }
        self.dbd.remarks = arguments.text("REMARKS", 256);
        if let Some(module) = arguments.word("PSNAME") {
            self.dbd.partition_selection = arguments.module("PSNAME", module);
            if self.access.is_some_and(|access| !access.is_haldb()) {
                arguments.report(&OPND043, "PSNAME", &[&"PSNAME", &self.dbd.access.name()]);
            }
        }
    }

    fn names(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("NAME");
        let tokens = arguments.words("NAME", NAMES_MAX);
        let mut names =
            tokens.into_iter().flatten().map(|token| arguments.parse_name::<DbdName>("NAME", token));
        if let Some(name) = or_unnamed(names.next().flatten()) {
            self.dbd.name = name;
        }
        self.dbd.shared_names = names.flatten().collect();
    }

    fn access(&mut self, arguments: &mut Arguments<'_, '_>) {
        if !arguments.require("ACCESS") {
            return;
        }
        let mut tokens = arguments.words("ACCESS", 5).into_iter();
        let Some(first) = tokens.next().flatten() else { return };
        self.access = arguments.parse_choice("ACCESS", first, Access::SPELLINGS);
        for token in tokens.flatten() {
            self.access_option(arguments, token);
        }
        let Some(access) = self.access else { return };
        self.dbd.access = access;
        if let Some(os_access) = self.dbd.os_access.filter(|given| !access.os_accesses().contains(given)) {
            let possible: Vec<&str> = access.os_accesses().iter().map(|access| access.name()).collect();
            let finding = arguments.report(&DBD104, "ACCESS", &[&access.name(), &os_access.name()]);
            if !possible.is_empty() {
                finding.hint(format!("{} can be kept with {}", access.name(), possible.join(" or ")));
            }
        }
        self.dbd.os_access = self.dbd.os_access.or(access.os_accesses().first().copied());
        if !self.dbd.shared_names.is_empty() && access != Access::Index {
            arguments.report(&DBD105, "NAME", &[&access.name()]);
        }
    }

    /// What follows the organization, in any order: the access method, PROT or NOPROT, DOSCOMP.
    fn access_option(&mut self, arguments: &mut Arguments<'_, '_>, token: Token<'_>) {
        match token.text.to_ascii_uppercase().as_str() {
            "PROT" => self.dbd.protected = true,
            "NOPROT" => self.dbd.protected = false,
            "DOSCOMP" => self.dbd.dos_compatible = true,
            _ => {
                let mut choices: Vec<(&str, Option<OsAccess>)> =
                    OsAccess::SPELLINGS.iter().map(|&(text, access)| (text, Some(access))).collect();
                choices.extend([("PROT", None), ("NOPROT", None), ("DOSCOMP", None)]);
                let os_access = arguments.parse_choice("ACCESS", token, &choices).flatten();
                self.dbd.os_access = os_access.or(self.dbd.os_access);
            }
        }
    }

    fn randomizer(&mut self, arguments: &mut Arguments<'_, '_>) {
        let mut tokens = arguments.words("RMNAME", 5);
        // XCI has no place of its own: it follows whatever was given.
        let is_xci =
            |token: &Option<Token<'_>>| token.is_some_and(|token| token.text.eq_ignore_ascii_case("XCI"));
        let extended_call = tokens.iter().skip(1).any(is_xci);
        tokens.retain(|token| !is_xci(token));
        let mut number = |at: usize, min: u32, max: u32| {
            let token = tokens.get(at).copied().flatten()?;
            arguments.parse_number("RMNAME", token, min, max)
        };
        let (anchors, block_max) = (number(1, 1, 255), number(2, 0, RANDOMIZER_NUMBER_MAX));
        let record_bytes_max = number(3, 0, RANDOMIZER_NUMBER_MAX);
        if let Some(token) = tokens.first().copied().flatten() {
            let module = arguments.module("RMNAME", token).unwrap_or_default();
            let randomizer = Randomizer { module, anchors, block_max, record_bytes_max, extended_call };
            self.dbd.randomizer = Some(randomizer);
        }
        self.check_randomizer(arguments);
    }

    fn check_randomizer(&self, arguments: &mut Arguments<'_, '_>) {
        let Some(access) = self.access else { return };
        let given = arguments.has("RMNAME");
        match access {
            Access::Hdam | Access::Dedb if !given => {
                arguments.report(&DBD103, "RMNAME", &[&access.name()]).hint(match access {
                    Access::Dedb => "RMNAME=(module)",
                    _ => "RMNAME=(module,anchors,blocks,bytes)",
                });
            }
            Access::Hdam | Access::Phdam | Access::Dedb => {}
            _ if given => {
                arguments.report(&OPND043, "RMNAME", &[&"RMNAME", &access.name()]);
            }
            _ => {}
        }
    }
}
