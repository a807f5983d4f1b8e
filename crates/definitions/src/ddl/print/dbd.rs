//! A DBD as DDL.

use super::table;
use super::writer::{Writer, name, names, numbers, quoted};
use crate::model::dbd::{Access, CaptureExit, DataSet, Dbd, OsAccess, RecordFormat};

/// Writes the statements that make a database.
pub(super) fn write(writer: &mut Writer, dbd: &Dbd) {
    header(writer, dbd);
    for data_set in &dbd.data_sets {
        write_data_set(writer, dbd, data_set);
    }
    for area in &dbd.areas {
        writer.line(
            0,
            &format!("CREATE TABLESPACE {} IN {}", name(area.dd1.as_str()), name(dbd.name.as_str())),
        );
        writer.line(4, &format!("SIZE PRIMARY {}", area.size_bytes));
        let (unit, root) = (area.unit_of_work, area.root);
        writer.line(4, &format!("UOW({}, {}) ROOT({}, {});", unit.0, unit.1, root.0, root.1));
    }
    for segment in &dbd.segments {
        table::write(writer, dbd, segment);
    }
    comments(writer, dbd);
}

fn header(writer: &mut Writer, dbd: &Dbd) {
    let os_access = dbd.os_access.filter(|_| dbd.access.os_accesses().len() > 1).map_or("", OsAccess::name);
    let access =
        format!("CREATE DATABASE {} ACCESS {} {os_access}", name(dbd.name.as_str()), dbd.access.name());
    writer.line(0, access.trim_end());
    let flags = [
        (dbd.protected, "PROTYES"),
        (dbd.dos_compatible, "DOSCOMPYES"),
        (dbd.password, "PASSWDYES"),
        (dbd.data_conversion_exit, "DATXEXITYES"),
        (dbd.fast_path_index, "FPINDEXYES"),
    ];
    for (_, word) in flags.into_iter().filter(|(given, _)| *given) {
        writer.line(4, word);
    }
    if !dbd.shared_names.is_empty() {
        let shared = names(dbd.shared_names.iter().map(|name| name.as_str()));
        writer.line(4, &format!("SHAREDNAMES{shared}"));
    }
    if let Some(randomizer) = &dbd.randomizer {
        let options = numbers(&[
            ("RMANCH", randomizer.anchors),
            ("RMRBN", randomizer.block_max),
            ("RMBYTES", randomizer.record_bytes_max),
        ]);
        let extended = if randomizer.extended_call { " RMXCI" } else { "" };
        let text = format!("{} {options}{extended}", name(&randomizer.module));
        writer.line(4, &format!("RMNAME({})", text.trim_end()));
    }
    if let Some(routine) = &dbd.partition_selection {
        writer.line(4, &format!("PSNAME {}", name(routine)));
    }
    if let Some(version) = dbd.database_version {
        writer.line(4, &format!("DBVER {version}"));
    }
    if let Some(version) = &dbd.version {
        writer.line(4, &format!("VERSION {}", quoted(version)));
    }
    if !dbd.exits.is_empty() {
        writer.line(4, &data_capture(&dbd.exits));
    }
    writer.line(4, &format!("CCSID {};", quoted(&dbd.encoding)));
}

fn write_data_set(writer: &mut Writer, dbd: &Dbd, data_set: &DataSet) {
    let dd_name = data_set.dd1.map(|name| name.to_string()).unwrap_or_default();
    writer.line(0, &format!("CREATE TABLESPACE {} IN {}", name(&dd_name), name(dbd.name.as_str())));
    if let Some(output) = data_set.dd2 {
        writer.line(4, &format!("OUTPUT({})", name(output.as_str())));
    }
    if let Some(overflow) = data_set.overflow {
        writer.line(4, &format!("OVERFLOW({})", name(overflow.as_str())));
    }
    let sizes = numbers(&[
        ("BLOCK PRIMARY", data_set.blocks[0]),
        ("BLOCK SECONDARY", data_set.blocks[1]),
        ("SIZE PRIMARY", data_set.size_bytes[0]),
        ("SIZE SECONDARY", data_set.size_bytes[1]),
    ]);
    let nonzero = |number: u32| Some(number).filter(|&number| number > 0);
    let space = numbers(&[
        ("FREEBLOCK", nonzero(data_set.free_block_frequency)),
        ("FREESPACE", nonzero(data_set.free_space_percent)),
        ("SCAN", data_set.scan_cylinders),
        ("SEARCHA", data_set.search),
    ]);
    for line in [sizes, records(data_set), space].iter().filter(|line| !line.is_empty()) {
        writer.line(4, line);
    }
    if !data_set.relation.is_empty() {
        writer.line(4, &format!("RELATED{}", names(data_set.relation.iter().map(String::as_str))));
    }
    writer.append(";");
}

/// RECORD and FORMAT.
fn records(data_set: &DataSet) -> String {
    let [primary, secondary] = data_set.record_bytes.map(|bytes| bytes.map(|bytes| bytes.to_string()));
    let record = match (primary, secondary) {
        (None, None) => String::new(),
        (primary, None) => format!("RECORD({})", primary.unwrap_or_default()),
        (primary, Some(secondary)) => format!("RECORD({}, {secondary})", primary.unwrap_or_default()),
    };
    let format = data_set.record_format.map_or("", |format| match format {
        RecordFormat::Fixed => "FORMAT FIXED",
        RecordFormat::FixedBlocked => "FORMAT FIXEDBLOCK",
        RecordFormat::Variable => "FORMAT VARIABLE",
        RecordFormat::VariableBlocked => "FORMAT VARIABLEBLOCK",
        RecordFormat::Undefined => "FORMAT UNDEFINED",
    });
    format!("{record} {format}").trim().to_string()
}

/// DATA CAPTURE, with everything said that has a default.
pub(super) fn data_capture(exits: &[CaptureExit]) -> String {
    if exits.is_empty() {
        return "DATA CAPTURE NONE".to_string();
    }
    let exits: Vec<String> = exits.iter().map(capture_exit).collect();
    format!("DATA CAPTURE CHANGES({})", exits.join(", "))
}

fn capture_exit(exit: &CaptureExit) -> String {
    let word = |given: bool, word: &str| if given { word.to_string() } else { format!("NO{word}") };
    let mut words: Vec<String> = exit.routine.iter().map(|routine| format!("\"{routine}\"")).collect();
    words.extend([
        word(exit.log, "LOG"),
        word(exit.key, "KEY"),
        word(exit.data, "DATA"),
        word(exit.path, "PATH"),
        word(exit.before, "BEFORE"),
    ]);
    words.extend(exit.further.iter().cloned());
    match exit.cascade {
        None => words.push("NOCASCADE".to_string()),
        Some(cascade) => {
            let given = [
                (cascade.key, "KEY"),
                (cascade.data, "DATA"),
                (cascade.path, "PATH"),
                (cascade.before, "BEFORE"),
            ];
            words.extend(given.map(|(given, text)| format!("C{}", word(given, text))));
        }
    }
    words.join(" ")
}

fn comments(writer: &mut Writer, dbd: &Dbd) {
    let database = name(dbd.name.as_str());
    if let Some(text) = &dbd.remarks {
        writer.line(0, &format!("COMMENT ON DATABASE {database} IS {};", quoted(text)));
    }
    let data_sets = dbd.data_sets.iter().map(|set| (set.dd1, &set.remarks));
    for (dd_name, remarks) in data_sets.chain(dbd.areas.iter().map(|area| (Some(area.dd1), &area.remarks))) {
        if let Some(text) = remarks {
            let dd_name = name(&dd_name.map(|name| name.to_string()).unwrap_or_default());
            writer.line(0, &format!("COMMENT ON TABLESPACE {dd_name} IN {database} IS {};", quoted(text)));
        }
    }
    for segment in &dbd.segments {
        table::comments(writer, dbd, segment);
    }
}

/// `IN database.tablespace`, or the database alone where it has none to choose from.
pub(super) fn home(dbd: &Dbd, group: usize) -> String {
    let database = name(dbd.name.as_str());
    let data_set = dbd.data_sets.get(group).filter(|_| !dbd.access.is_haldb() && dbd.access != Access::Dedb);
    match data_set {
        Some(data_set) => {
            let dd_name = data_set.dd1.map(|name| name.to_string()).unwrap_or_default();
            format!("IN {database}.{}", name(&dd_name))
        }
        None => format!("IN DATABASE {database}"),
    }
}
