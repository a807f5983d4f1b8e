//! The clauses of CREATE and ALTER DATABASE, and of CREATE and ALTER TABLESPACE.

use super::capture::DATA_CAPTURE;
use super::clause::{Clause, Value, clause, says};
use super::cursor::Cursor;
use super::sheet::Sheet;
use crate::cards::Place;
use crate::model::dbd::{Access, OsAccess};
use crate::nearest::nearest;

/// What is said of a database: the DBD statement.
pub(super) const DATABASE: &[Clause] = &[
    clause(&["ACCESS"], "ACCESS", 0, Value::Read(access)),
    says(&["PROTYES"], "ACCESS", 2, "PROT"),
    says(&["PROTNO"], "ACCESS", 2, ""),
    says(&["DOSCOMPYES"], "ACCESS", 3, "DOSCOMP"),
    says(&["DOSCOMPNO"], "ACCESS", 3, ""),
    clause(&["RMNAME"], "RMNAME", 0, Value::Read(randomizer)),
    clause(&["CCSID"], "ENCODING", 0, Value::Text),
    clause(&["VERSION"], "VERSION", 0, Value::Text),
    clause(&["DBVER"], "DBVER", 0, Value::NumberOrNone),
    says(&["PASSWDYES"], "PASSWD", 0, "YES"),
    says(&["PASSWDNO"], "PASSWD", 0, ""),
    says(&["DATXEXITYES"], "DATXEXIT", 0, "YES"),
    says(&["DATXEXITNO"], "DATXEXIT", 0, ""),
    says(&["FPINDEXYES"], "FPINDEX", 0, "YES"),
    says(&["FPINDEXNO"], "FPINDEX", 0, ""),
    clause(&["PSNAME"], "PSNAME", 0, Value::Name),
    clause(&["SHAREDNAMES"], "NAME", 1, Value::Names),
    DATA_CAPTURE,
    USER_KEY,
];

/// What is said of a data set or an area: the DATASET or the AREA statement.
pub(super) const TABLESPACE: &[Clause] = &[
    clause(&["BLOCK", "PRIMARY"], "BLOCK", 0, Value::Number),
    clause(&["BLOCK", "SECONDARY"], "BLOCK", 1, Value::Number),
    clause(&["SIZE", "PRIMARY"], "SIZE", 0, Value::Number),
    clause(&["SIZE", "SECONDARY"], "SIZE", 1, Value::Number),
    clause(&["RECORD"], "RECORD", 0, Value::Numbers),
    clause(&["OVERFLOW"], "OVFLW", 0, Value::InParentheses),
    clause(&["OUTPUT"], "DD2", 0, Value::InParentheses),
    says(&["FORMAT", "FIXED"], "RECFM", 0, "F"),
    says(&["FORMAT", "FIXEDBLOCK"], "RECFM", 0, "FB"),
    says(&["FORMAT", "VARIABLE"], "RECFM", 0, "V"),
    says(&["FORMAT", "VARIABLEBLOCK"], "RECFM", 0, "VB"),
    says(&["FORMAT", "UNDEFINED"], "RECFM", 0, "U"),
    clause(&["FREEBLOCK"], "FRSPC", 0, Value::Number),
    clause(&["FREESPACE"], "FRSPC", 1, Value::Number),
    clause(&["SCAN"], "SCAN", 0, Value::NumberOrNone),
    clause(&["SEARCHA"], "SEARCHA", 0, Value::NumberOrNone),
    clause(&["UOW"], "UOW", 0, Value::Numbers),
    clause(&["ROOT"], "ROOT", 0, Value::Numbers),
    clause(&["RELATED"], "REL", 0, Value::Names),
];

/// USERKEY(key 'data'), which is for the programs of a user, and not kept.
pub(super) const USER_KEY: Clause = clause(&["USERKEY"], "USERKEY", 0, Value::Read(user_key));

/// The organization, and the access method below it where one is said.
fn access(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    let organization = cursor.word();
    let Some(&(name, access)) =
        Access::SPELLINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(organization))
    else {
        let names = || Access::SPELLINGS.iter().map(|&(name, _)| name);
        let finding = cursor.unexpected("A TYPE OF DATABASE");
        if let Some(nearest) = nearest(organization, names()).filter(|_| !organization.is_empty()) {
            finding.hint(format!("{nearest} is the nearest type"));
        }
        return None;
    };
    let place = cursor.take_words(&[name])?;
    sheet.set("ACCESS", 0, name, place);
    let given = OsAccess::SPELLINGS.iter().find(|(name, _)| cursor.is(&[name]));
    match given {
        Some((name, _)) => {
            let place = cursor.take_words(&[name])?;
            sheet.set("ACCESS", 1, *name, place);
        }
        // DDL assumes OSAM where DBDGEN assumes VSAM.
        None if access.os_accesses().contains(&OsAccess::Osam) => {
            sheet.set("ACCESS", 1, OsAccess::Osam.name(), place);
        }
        None => {}
    }
    Some(())
}

/// `(module RMANCH n RMRBN n RMBYTES n)`
fn randomizer(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    let module = cursor.name("THE NAME OF A ROUTINE")?;
    sheet.set("RMNAME", 0, module.operand(), module.place);
    while !cursor.take_sign(')') {
        let slot =
            [("RMANCH", 1), ("RMRBN", 2), ("RMBYTES", 3)].into_iter().find(|(word, _)| cursor.is(&[word]));
        if let Some(place) = cursor.take_words(&["RMXCI"]) {
            sheet.set("RMNAME", 4, "XCI", place);
        } else if let Some((word, slot)) = slot {
            cursor.take_words(&[word]);
            let (number, place) = cursor.number()?;
            sheet.set("RMNAME", slot, number, place);
        } else {
            cursor.unexpected("RMANCH, RMRBN, RMBYTES, RMXCI OR )");
            return None;
        }
    }
    Some(())
}

fn user_key(cursor: &mut Cursor<'_>, _: &mut Sheet, _: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    cursor.skip_list();
    Some(())
}
