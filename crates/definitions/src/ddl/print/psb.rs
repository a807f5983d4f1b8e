//! A PSB as DDL.

use super::writer::{Writer, name, names, numbers, quoted};
use crate::model::psb::{DatabaseLevel, DbPcb, Language, Pcb, PcbKind, Psb, SensitiveSegment};

/// Whether a segment says its parent, which DDL leaves to the database.
pub(super) type SaysParent<'a> = &'a dyn Fn(&DbPcb, &SensitiveSegment) -> bool;

/// Writes the statement that makes a program view.
pub(super) fn write(writer: &mut Writer, psb: &Psb, says_parent: SaysParent<'_>) {
    let head = format!("CREATE PROGRAMVIEW {}", name(psb.name.as_str()));
    writer.line(0, if psb.pcbs.is_empty() { &head } else { "" }.trim_end());
    if !psb.pcbs.is_empty() {
        writer.append(&format!("{head} ("));
    }
    for (number, pcb) in psb.pcbs.iter().enumerate() {
        schema(writer, pcb, says_parent);
        if number + 1 < psb.pcbs.len() {
            writer.append(",");
        }
    }
    if !psb.pcbs.is_empty() {
        writer.line(0, ")");
    }
    options(writer, psb);
    writer.append(";");
    comments(writer, psb);
}

fn schema(writer: &mut Writer, pcb: &Pcb, says_parent: SaysParent<'_>) {
    let called = pcb.name.map(|name| name.to_string()).unwrap_or_default();
    let (kind, using) = match &pcb.kind {
        PcbKind::Tp(pcb) => ("TP ", pcb.destination.clone()),
        PcbKind::Gsam(pcb) => ("GSAM ", Some(pcb.dbd.to_string())),
        // A schema that is called as a type is has to say its own.
        PcbKind::Db(pcb) if ["", "TP", "DB", "GSAM"].contains(&called.as_str()) => {
            ("DB ", Some(pcb.dbd.to_string()))
        }
        PcbKind::Db(pcb) => ("", Some(pcb.dbd.to_string())),
    };
    let using = using.map(|using| format!(" USING {}", name(&using))).unwrap_or_default();
    let external =
        pcb.external_name.as_ref().map(|external| format!(" AS {}", name(external))).unwrap_or_default();
    writer.line(4, &format!("CREATE SCHEMA {kind}{}{using}{external}", name(&called)));
    if let PcbKind::Db(pcb) = &pcb.kind
        && !pcb.segments.is_empty()
    {
        writer.line(4, "(");
        for (number, segment) in pcb.segments.iter().enumerate() {
            let comma = if number + 1 < pcb.segments.len() { "," } else { "" };
            writer.line(8, &format!("{}{comma}", segment_view(segment, says_parent(pcb, segment))));
        }
        writer.line(4, ")");
    }
    let words = schema_options(pcb);
    if !words.is_empty() {
        writer.line(4, &words);
    }
}

fn segment_view(segment: &SensitiveSegment, says_parent: bool) -> String {
    let mut words = vec![format!("CREATE SENSEGVIEW {}", name(segment.name.as_str()))];
    if says_parent {
        words.push(match segment.parent {
            Some(parent) => format!("PARENT {}", name(parent.as_str())),
            None => "PARENT 0".to_string(),
        });
    }
    words.extend(segment.options.map(|options| format!("PROCOPT {}", quoted(options.as_str()))));
    if !segment.indices.is_empty() {
        words.push(format!("INDICES{}", names(segment.indices.iter().map(|index| index.as_str()))));
    }
    if !segment.subset_pointers.is_empty() {
        let pointers = segment.subset_pointers.iter();
        let pointers =
            pointers.map(|(number, updates)| format!("{number} {}", if *updates { "U" } else { "R" }));
        words.push(format!("SSPTR({})", pointers.collect::<Vec<_>>().join(", ")));
    }
    if !segment.fields.is_empty() {
        let fields = segment.fields.iter().map(|field| {
            let replace = if field.replaceable { "" } else { " REPLACENO" };
            format!("SENFLD {} START {}{replace}", name(field.name.as_str()), field.start)
        });
        words.push(format!("({})", fields.collect::<Vec<_>>().join(", ")));
    }
    words.join(" ")
}

fn schema_options(pcb: &Pcb) -> String {
    let mut words: Vec<String> = Vec::new();
    match &pcb.kind {
        PcbKind::Gsam(pcb) => words.push(format!("PROCOPT {}", quoted(pcb.options.as_str()))),
        PcbKind::Db(pcb) => words.extend(db_options(pcb)),
        PcbKind::Tp(pcb) => {
            let flags = [
                (pcb.alternate_response, "ALTRESPYES"),
                (pcb.same_terminal, "SAMETRMYES"),
                (pcb.modifiable, "MODIFYYES"),
                (pcb.express, "EXPRESSYES"),
            ];
            words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, word)| (*word).to_string()));
        }
    }
    if !pcb.listed {
        words.push("LISTNO".to_string());
    }
    // COMMENT ON needs a name to speak of.
    if let Some(text) = pcb.remarks.as_ref().filter(|_| pcb.name.is_none()) {
        words.push(format!("REMARKS {}", quoted(text)));
    }
    words.join(" ")
}

fn db_options(pcb: &DbPcb) -> Vec<String> {
    let mut words = vec![format!("PROCOPT {}", quoted(pcb.options.as_str()))];
    words.extend(pcb.sequence.map(|sequence| {
        let word = if sequence.fast_path { "PROCSEQD" } else { "PROCSEQ" };
        format!("{word} {}", name(sequence.index.as_str()))
    }));
    let flags = [
        (pcb.multiple_positioning, "POSMULT"),
        (pcb.sequential_buffering, "SBCOND"),
        (pcb.msdb_view, "MSDBVIEW"),
    ];
    words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, word)| (*word).to_string()));
    let given =
        numbers(&[("KEYLEN", pcb.key_bytes), ("COPIES", pcb.copies), ("DBVER", pcb.database_version)]);
    words.extend(Some(given).filter(|given| !given.is_empty()));
    words
}

fn options(writer: &mut Writer, psb: &Psb) {
    let language = psb.language.map(|language| match language {
        Language::Cobol => "LANGCOBOL",
        Language::PlI => "LANGPLI",
        Language::Assembler => "LANGASSEM",
        Language::Pascal => "LANGPASCAL",
        Language::C => "LANGC",
        Language::Java => "LANGJAVA",
    });
    let level = psb.database_level.map(|level| match level {
        DatabaseLevel::Current => "DBLEVELCURR",
        DatabaseLevel::Base => "DBLEVELBASE",
    });
    let flags = [
        (psb.compatible, "CMPATYES"),
        (psb.gsam_rollback, "GSROLBOKYES"),
        (psb.online_image_copy, "OLICYES"),
        (psb.io_error_asks, "WTORYES"),
    ];
    let mut words: Vec<&str> = language.into_iter().chain(level).collect();
    words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, word)| word));
    let given = numbers(&[
        ("LOCKMAX", psb.locks_max),
        ("IOASIZE", psb.io_area_bytes),
        ("MAXQ", psb.enqueues_max),
        ("SSASIZE", psb.search_arguments_bytes),
        ("IOEROPN", psb.io_error_code),
    ]);
    words.extend(Some(given.as_str()).filter(|given| !given.is_empty()));
    if !words.is_empty() {
        writer.line(4, &words.join(" "));
    }
}

fn comments(writer: &mut Writer, psb: &Psb) {
    for pcb in &psb.pcbs {
        if let (Some(text), Some(called)) = (&pcb.remarks, pcb.name) {
            let (schema, psb) = (name(called.as_str()), name(psb.name.as_str()));
            writer.line(0, &format!("COMMENT ON SCHEMA {schema} IN {psb} IS {};", quoted(text)));
        }
    }
}
