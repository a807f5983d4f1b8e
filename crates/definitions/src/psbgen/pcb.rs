//! The PCB statement.

use super::PsbDeck;
use crate::arguments::{Arguments, Keywords};
use crate::model::procopt::ProcOpt;
use crate::model::psb::{DbPcb, GsamPcb, Pcb, PcbKind, ProcessingSequence, TpPcb};
use crate::names::or_unnamed;
use crate::operands::shown;
use crate::origin::Part;
use vocabulary::message::*;
use vocabulary::{DbdName, PcbName};

/// What its operands are called, whatever the type.
pub(super) const KEYWORDS: Keywords = &[
    &["TYPE"],
    &["DBDNAME", "NAME"],
    &["LTERM"],
    &["PCBNAME"],
    &["PROCOPT"],
    &["KEYLEN"],
    &["POS"],
    &["PROCSEQ"],
    &["PROCSEQD"],
    &["SB"],
    &["VIEW"],
    &["COPIES"],
    &["DBVER"],
    &["LIST"],
    &["ALTRESP"],
    &["SAMETRM"],
    &["MODIFY"],
    &["EXPRESS"],
    &["EXTERNALNAME"],
    &["REMARKS"],
];

/// The most PCBs of a PSB.
const PCBS_MAX: usize = 2500;
/// The longest concatenated key, in bytes: fifteen levels of 255.
const KEY_BYTES_MAX: u32 = 3825;

/// The types, in the order in which their PCBs stand in a PSB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Type {
    Tp,
    Db,
    Gsam,
}

impl Type {
    const SPELLINGS: &[(&str, Self)] = &[("DB", Self::Db), ("TP", Self::Tp), ("GSAM", Self::Gsam)];

    fn of(kind: &PcbKind) -> Self {
        match kind {
            PcbKind::Tp(_) => Self::Tp,
            PcbKind::Db(_) => Self::Db,
            PcbKind::Gsam(_) => Self::Gsam,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tp => "TYPE=TP",
            Self::Db => "TYPE=DB",
            Self::Gsam => "TYPE=GSAM",
        }
    }

    /// The operands that mean something for it, besides those that every type has.
    fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Tp => &["DBDNAME", "LTERM", "ALTRESP", "SAMETRM", "MODIFY", "EXPRESS"],
            Self::Db => &[
                "DBDNAME", "PROCOPT", "KEYLEN", "POS", "PROCSEQ", "PROCSEQD", "SB", "VIEW", "COPIES", "DBVER",
            ],
            Self::Gsam => &["DBDNAME", "PROCOPT", "COPIES"],
        }
    }
}

impl PsbDeck {
    pub(super) fn pcb(&mut self, arguments: &mut Arguments<'_, '_>) {
        arguments.require("TYPE");
        let kind = arguments.choice("TYPE", Type::SPELLINGS);
        self.places.insert(Part::Pcb(self.pcbs.len()), arguments.places());
        self.segments.clear();
        self.fields.clear();
        if let Some(kind) = kind {
            self.check_order(arguments, kind);
            check_keywords(arguments, kind);
        }
        let kind = match kind.unwrap_or(Type::Db) {
            Type::Tp => Some(PcbKind::Tp(tp(arguments))),
            Type::Db => db(arguments).map(PcbKind::Db),
            Type::Gsam => gsam(arguments).map(PcbKind::Gsam),
        };
        let Some(kind) = kind else { return };
        let name = self.pcb_name(arguments);
        let pcb = Pcb {
            name,
            external_name: arguments.external_name(name.as_ref().map(PcbName::as_str)),
            listed: arguments.yes_no("LIST").unwrap_or(true),
            remarks: arguments.text("REMARKS", 256),
            kind,
        };
        self.count(arguments, &pcb);
        self.pcbs.push(pcb);
    }

    fn check_order(&self, arguments: &mut Arguments<'_, '_>, kind: Type) {
        let before = self.pcbs.last().map(|pcb| Type::of(&pcb.kind));
        if let Some(before) = before.filter(|before| *before > kind) {
            arguments
                .report(&PCB801, "TYPE", &[&kind.name(), &before.name()])
                .hint("TYPE=TP first, then TYPE=DB, then TYPE=GSAM");
        }
    }

    /// PCBNAME=, or the label. Of both, the label counts, as it does in the catalog.
    fn pcb_name(&mut self, arguments: &mut Arguments<'_, '_>) -> Option<PcbName> {
        let label = arguments.label();
        let given = arguments.name::<PcbName>("PCBNAME");
        if let (Some(label), Some(given)) = (label, given) {
            arguments.report(&PCB805, "PCBNAME", &[&shown(label.text), &given]);
        }
        let labelled = label.and_then(|label| arguments.parse_name("PCBNAME", label));
        let name = labelled.or(given)?;
        if !self.names.insert(name) {
            arguments.report(&PCB806, "PCBNAME", &[&name]);
        }
        Some(name)
    }

    fn count(&mut self, arguments: &mut Arguments<'_, '_>, pcb: &Pcb) {
        let copies = match &pcb.kind {
            PcbKind::Db(pcb) => pcb.copies.unwrap_or(1) as usize,
            _ => 1,
        };
        let before = self.pcb_count;
        self.pcb_count += copies.max(1);
        if before <= PCBS_MAX && self.pcb_count > PCBS_MAX {
            arguments.report(&PCB802, "", &[&PCBS_MAX]);
        }
    }
}

fn check_keywords(arguments: &mut Arguments<'_, '_>, kind: Type) {
    const ALWAYS: &[&str] = &["TYPE", "PCBNAME", "LIST", "EXTERNALNAME", "REMARKS"];
    for keyword in KEYWORDS.iter().filter_map(|spellings| spellings.first()) {
        let meant = ALWAYS.contains(keyword) || kind.keywords().contains(keyword);
        if !meant && arguments.has(keyword) {
            arguments.report(&OPND043, keyword, &[keyword, &kind.name()]);
        }
    }
}

fn tp(arguments: &mut Arguments<'_, '_>) -> TpPcb {
    let destination = match arguments.has("LTERM") {
        true => arguments.text("LTERM", 8),
        false => arguments.text("DBDNAME", 8),
    };
    let pcb = TpPcb {
        destination,
        alternate_response: arguments.yes_no("ALTRESP").unwrap_or(false),
        same_terminal: arguments.yes_no("SAMETRM").unwrap_or(false),
        modifiable: arguments.yes_no("MODIFY").unwrap_or(false),
        express: arguments.yes_no("EXPRESS").unwrap_or(false),
    };
    if pcb.destination.is_none() && !pcb.modifiable {
        arguments.report(&PCB800, "", &[]).hint("LTERM=name, or MODIFY=YES");
    }
    pcb
}

fn db(arguments: &mut Arguments<'_, '_>) -> Option<DbPcb> {
    // DDL has no KEYLEN=: the length is always worked out.
    if !arguments.has("KEYLEN") && !arguments.is_of_ddl() {
        arguments.report(&PCB807, "", &[]);
    }
    Some(DbPcb {
        dbd: dbd_name(arguments)?,
        options: options(arguments).unwrap_or(ProcOpt::ALL),
        key_bytes: arguments.number("KEYLEN", 0, KEY_BYTES_MAX),
        multiple_positioning: arguments
            .choice("POS", &[("SINGLE", false), ("S", false), ("MULTIPLE", true), ("M", true)])
            .unwrap_or(false),
        sequence: sequence(arguments),
        sequential_buffering: arguments.choice("SB", &[("COND", true), ("NO", false)]).unwrap_or(false),
        msdb_view: arguments.choice("VIEW", &[("MSDB", true)]).unwrap_or(false),
        copies: arguments.number("COPIES", 1, 2500),
        database_version: arguments.number("DBVER", 0, 2_147_483_647),
        segments: Vec::new(),
    })
}

fn gsam(arguments: &mut Arguments<'_, '_>) -> Option<GsamPcb> {
    arguments.require("PROCOPT");
    let options = options(arguments);
    if let Some(options) = options.filter(|options| !["G", "GS", "L", "LS"].contains(&options.as_str())) {
        arguments.report(&PCB804, "PROCOPT", &[&options]).hint("G, GS, L or LS");
    }
    Some(GsamPcb { dbd: dbd_name(arguments)?, options: options.unwrap_or(ProcOpt::ALL) })
}

/// DBDNAME=, or what stands for one that could not be read, so that the SENSEGs are checked all the same.
fn dbd_name(arguments: &mut Arguments<'_, '_>) -> Option<DbdName> {
    arguments.require("DBDNAME");
    or_unnamed(arguments.name("DBDNAME"))
}

/// PROCSEQ= is for full function, PROCSEQD= for DEDBs; there is one of them at most.
fn sequence(arguments: &mut Arguments<'_, '_>) -> Option<ProcessingSequence> {
    if arguments.has("PROCSEQ") && arguments.has("PROCSEQD") {
        arguments.report(&PCB808, "PROCSEQD", &[]);
    }
    let full_function = arguments.name("PROCSEQ").map(|index| ProcessingSequence { index, fast_path: false });
    let fast_path = arguments.name("PROCSEQD").map(|index| ProcessingSequence { index, fast_path: true });
    full_function.or(fast_path)
}

/// PROCOPT=
pub(super) fn options(arguments: &mut Arguments<'_, '_>) -> Option<ProcOpt> {
    let token = arguments.word("PROCOPT")?;
    match token.text.parse() {
        Ok(options) => Some(options),
        Err(error) => {
            arguments.report(&PCB803, "PROCOPT", &[&shown(token.text), &error]);
            None
        }
    }
}
