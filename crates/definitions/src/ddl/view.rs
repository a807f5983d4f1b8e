//! Program views: PSBGEN, with PCB, SENSEG and SENFLD.

use super::clause::{self, Clause, Value, clause, says};
use super::cursor::{Cursor, Named};
use super::sheet::{Sheet, operand_text};
use super::statement::options;
use crate::cards::{Operation, Place};

/// CREATE PROGRAMVIEW.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) name: Named,
    /// PSBGEN.
    pub(super) sheet: Sheet,
    pub(super) schemas: Vec<Schema>,
}

/// CREATE SCHEMA: a PCB.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub(super) name: Named,
    pub(super) sheet: Sheet,
    /// What USING names.
    pub(super) using: Option<Named>,
    pub(super) segments: Vec<SegmentView>,
}

/// CREATE SENSEGVIEW: a SENSEG.
#[derive(Debug, Clone)]
pub(super) struct SegmentView {
    pub(super) name: Named,
    pub(super) sheet: Sheet,
    /// SENFLD, each with the name of its field.
    pub(super) fields: Vec<(Named, Sheet)>,
}

const VIEW: &[Clause] = &[
    says(&["DBLEVELCURR"], "DBLEVEL", 0, "CURR"),
    says(&["DBLEVELBASE"], "DBLEVEL", 0, "BASE"),
    says(&["CMPATYES"], "CMPAT", 0, "YES"),
    says(&["CMPATNO"], "CMPAT", 0, ""),
    says(&["GSROLBOKYES"], "GSROLBOK", 0, "YES"),
    says(&["GSROLBOKNO"], "GSROLBOK", 0, ""),
    says(&["OLICYES"], "OLIC", 0, "YES"),
    says(&["OLICNO"], "OLIC", 0, ""),
    clause(&["LOCKMAX"], "LOCKMAX", 0, Value::Number),
    clause(&["IOASIZE"], "IOASIZE", 0, Value::Number),
    clause(&["MAXQ"], "MAXQ", 0, Value::Number),
    clause(&["SSASIZE"], "SSASIZE", 0, Value::Number),
    says(&["LANGASSEM"], "LANG", 0, "ASSEM"),
    says(&["LANGCOBOL"], "LANG", 0, "COBOL"),
    says(&["LANGPLI"], "LANG", 0, "PLI"),
    says(&["LANGPASCAL"], "LANG", 0, "PASCAL"),
    says(&["LANGJAVA"], "LANG", 0, "JAVA"),
    says(&["LANGC"], "LANG", 0, "C"),
    clause(&["IOEROPN"], "IOEROPN", 0, Value::Number),
    says(&["WTORYES"], "IOEROPN", 1, "WTOR"),
    says(&["WTORNO"], "IOEROPN", 1, ""),
];

const SCHEMA: &[Clause] = &[
    clause(&["PROCOPT"], "PROCOPT", 0, Value::Any),
    clause(&["DBVER"], "DBVER", 0, Value::Number),
    clause(&["COPIES"], "COPIES", 0, Value::Number),
    clause(&["KEYLEN"], "KEYLEN", 0, Value::Number),
    clause(&["PROCSEQ"], "PROCSEQ", 0, Value::Name),
    clause(&["PROCSEQD"], "PROCSEQD", 0, Value::Name),
    says(&["LISTYES"], "LIST", 0, ""),
    says(&["LISTNO"], "LIST", 0, "NO"),
    says(&["POSSNGL"], "POS", 0, ""),
    says(&["POSMULT"], "POS", 0, "MULTIPLE"),
    says(&["SBCOND"], "SB", 0, "COND"),
    says(&["SBNO"], "SB", 0, ""),
    says(&["MSDBVIEW"], "VIEW", 0, "MSDB"),
    says(&["DEDBVIEW"], "VIEW", 0, ""),
    says(&["ALTRESPYES"], "ALTRESP", 0, "YES"),
    says(&["ALTRESPNO"], "ALTRESP", 0, ""),
    says(&["SAMETRMYES"], "SAMETRM", 0, "YES"),
    says(&["SAMETRMNO"], "SAMETRM", 0, ""),
    says(&["MODIFYYES"], "MODIFY", 0, "YES"),
    says(&["MODIFYNO"], "MODIFY", 0, ""),
    says(&["EXPRESSYES"], "EXPRESS", 0, "YES"),
    says(&["EXPRESSNO"], "EXPRESS", 0, ""),
    clause(&["AS"], "EXTERNALNAME", 0, Value::Name),
    clause(&["REMARKS"], "REMARKS", 0, Value::Text),
];

/// What a program may do with a database where nothing is said of it.
const PROCESSING_OPTIONS: &str = "AP";

const SEGMENT_VIEW: &[Clause] = &[
    clause(&["PROCOPT"], "PROCOPT", 0, Value::Any),
    clause(&["PARENT"], "PARENT", 0, Value::Any),
    clause(&["INDICES"], "INDICES", 0, Value::Names),
    clause(&["SSPTR"], "SSPTR", 0, Value::Read(subset_pointers)),
];

const FIELD_VIEW: &[Clause] = &[
    clause(&["START"], "START", 0, Value::Number),
    says(&["REPLACEYES"], "REPLACE", 0, ""),
    says(&["REPLACENO"], "REPLACE", 0, "NO"),
];

impl View {
    /// `name (CREATE SCHEMA ..., ...)`, and clauses
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let name = cursor.name("THE NAME OF A PROGRAM VIEW")?;
        let mut sheet = Sheet::new(Operation::Psbgen, name.place);
        sheet.set("PSBNAME", 0, name.operand(), name.place);
        let mut view = Self { name, sheet, schemas: Vec::new() };
        if cursor.take_sign('(') {
            while !cursor.take_sign(')') {
                view.schemas.push(Schema::read(cursor)?);
                if !cursor.take_sign(',') && !cursor.is_sign_at(0, ')') {
                    cursor.unknown("CREATE SCHEMA", &clause::phrases(&[SCHEMA]));
                    return None;
                }
            }
        }
        options(cursor, VIEW, &mut view.sheet, "CREATE PROGRAMVIEW");
        Some(view)
    }
}

impl View {
    /// Moves everything to one place, which stands for what no source at hand says.
    pub(super) fn relocate(&mut self, place: Place) {
        self.name.place = place;
        self.sheet.relocate(place);
        for schema in &mut self.schemas {
            schema.name.place = place;
            schema.sheet.relocate(place);
            schema.using.iter_mut().for_each(|using| using.place = place);
            for segment in &mut schema.segments {
                segment.name.place = place;
                segment.sheet.relocate(place);
                for (name, sheet) in &mut segment.fields {
                    name.place = place;
                    sheet.relocate(place);
                }
            }
        }
    }

    /// Puts a comment on the view or on what it has; none when it has no such thing.
    pub(super) fn comment(&mut self, kind: &str, names: &[Named], text: &str, place: Place) -> Option<()> {
        let schema = names
            .first()
            .and_then(|name| self.schemas.iter_mut().find(|schema| schema.name.name == name.name));
        let sheet = match (kind, names) {
            ("PROGRAMVIEW", _) => &mut self.sheet,
            ("SCHEMA", _) => &mut schema?.sheet,
            (_, [_, segment, rest @ ..]) => {
                let mut segments = schema?.segments.iter_mut();
                let segment = segments.find(|other| other.name.name == segment.name)?;
                match rest.first() {
                    None => &mut segment.sheet,
                    Some(field) => {
                        let mut fields = segment.fields.iter_mut();
                        fields.find(|(name, _)| name.name == field.name).map(|(_, sheet)| sheet)?
                    }
                }
            }
            _ => return None,
        };
        sheet.set("REMARKS", 0, operand_text(text), place);
        Some(())
    }
}

impl Schema {
    /// `CREATE SCHEMA [DB|TP|GSAM] name USING what [AS name] [(...)]`, and clauses
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let start = cursor.expect_words(&["CREATE", "SCHEMA"])?;
        let mut sheet = Sheet::new(Operation::Pcb, start);
        // A schema may be called as a type is, and then USING follows at once.
        let typed = ["DB", "TP", "GSAM"].into_iter().find(|kind| {
            let alone = cursor.word_at(1).eq_ignore_ascii_case("USING") && !cursor.is_using_at(2);
            cursor.is(&[kind]) && !alone
        });
        let place = typed.and_then(|kind| cursor.take_words(&[kind])).unwrap_or(start);
        let kind = typed.unwrap_or("DB");
        sheet.set("TYPE", 0, kind, place);
        let name = cursor.name("THE NAME OF A SCHEMA")?;
        if !name.name.is_empty() {
            sheet.set("PCBNAME", 0, name.operand(), name.place);
        }
        let using = match cursor.take_words(&["USING"]) {
            Some(_) => Some(cursor.name("THE NAME OF WHAT IS USED")?),
            None if kind == "TP" => None,
            None => {
                cursor.unexpected("USING");
                return None;
            }
        };
        if let Some(using) = &using {
            let keyword = if kind == "TP" { "LTERM" } else { "DBDNAME" };
            sheet.set(keyword, 0, using.operand(), using.place);
        }
        let mut schema = Self { name, sheet, using, segments: Vec::new() };
        schema.read_rest(cursor)?;
        if kind == "DB" && schema.sheet.entry("PROCOPT", 0).is_none() {
            schema.sheet.set("PROCOPT", 0, PROCESSING_OPTIONS, start);
        }
        Some(schema)
    }

    /// The segments in parentheses, and clauses before and behind them.
    fn read_rest(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        loop {
            if cursor.take_sign('(') {
                self.read_segments(cursor)?;
            } else if !clause::read(cursor, &[SCHEMA], &mut self.sheet)? {
                return Some(());
            }
        }
    }

    fn read_segments(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        while !cursor.take_sign(')') {
            self.segments.push(SegmentView::read(cursor)?);
            if !cursor.take_sign(',') && !cursor.is_sign_at(0, ')') {
                cursor.unknown("CREATE SENSEGVIEW", &clause::phrases(&[SEGMENT_VIEW]));
                return None;
            }
        }
        Some(())
    }
}

impl SegmentView {
    /// `CREATE SENSEGVIEW segment [(SENFLD ...)]`, and clauses
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let start = cursor.expect_words(&["CREATE", "SENSEGVIEW"])?;
        let name = cursor.name("THE NAME OF A SEGMENT")?;
        let mut sheet = Sheet::new(Operation::Senseg, start);
        sheet.set("NAME", 0, name.operand(), name.place);
        let mut segment = Self { name, sheet, fields: Vec::new() };
        loop {
            if cursor.take_sign('(') {
                while !cursor.take_sign(')') {
                    segment.fields.push(field(cursor)?);
                    if !cursor.take_sign(',') && !cursor.is_sign_at(0, ')') {
                        cursor.unknown("SENFLD", &clause::phrases(&[FIELD_VIEW]));
                        return None;
                    }
                }
            } else if !clause::read(cursor, &[SEGMENT_VIEW], &mut segment.sheet)? {
                return Some(segment);
            }
        }
    }
}

/// `[CREATE] SENFLD field START n`
fn field(cursor: &mut Cursor<'_>) -> Option<(Named, Sheet)> {
    cursor.take_words(&["CREATE"]);
    let start = cursor.expect_words(&["SENFLD"])?;
    let name = cursor.name("THE NAME OF A FIELD")?;
    let mut sheet = Sheet::new(Operation::Senfld, start);
    sheet.set("NAME", 0, name.operand(), name.place);
    while clause::read(cursor, &[FIELD_VIEW], &mut sheet)? {}
    Some((name, sheet))
}

/// `(number R|U, ...)`
fn subset_pointers(cursor: &mut Cursor<'_>, sheet: &mut Sheet, _: Place) -> Option<()> {
    cursor.expect_sign('(')?;
    let (mut pointers, first) = (Vec::new(), cursor.place());
    loop {
        let (number, _) = cursor.number()?;
        let letter = ["R", "U"].into_iter().find(|letter| cursor.take_words(&[letter]).is_some());
        pointers.push(format!("({number},{})", letter.unwrap_or("R")));
        if !cursor.take_sign(',') {
            break;
        }
    }
    cursor.expect_sign(')')?;
    sheet.set("SSPTR", 0, format!("({})", pointers.join(",")), first);
    Some(())
}
