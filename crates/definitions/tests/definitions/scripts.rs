//! The stories in `scripts/`.
//!
//! `>|` gives a card as it is; `>+` gives one with an X in column 72. Then:
//!
//! - `compile [file] [as=ebcdic|cards]` compiles the cards given, prints what was found and what was made, and keeps
//!   the source for `build`; `as` says how it is encoded.
//! - `source FILE` keeps the cards given for `build`, and compiles nothing.
//! - `show` prints what the last `compile` made, without what is empty.
//! - `build` generates from all sources kept, and prints the report.
//! - `json` prints the same report for programs.
//! - `dmb NAME` and `psb NAME` print a block of the last `build`, without what is empty; `dmb` does it for a logical
//!   database too, whose structure is resolved and not kept as an ACB.
//! - `forget` begins anew.

use definitions::report::{Input, Report, generate};
use definitions::{Compilation, Definition, compile};
use goldenscript::{Command, Context};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;

#[derive(Default)]
struct Runner {
    cards: Vec<String>,
    sources: Vec<(String, Vec<u8>)>,
    compilation: Option<Compilation>,
    report: Option<Report>,
}

impl goldenscript::Runner for Runner {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &Context) -> Result<String, Box<dyn Error>> {
        if let Some(card) = command.name.strip_prefix('|') {
            self.cards.push(card.to_string());
            return Ok(String::new());
        }
        if let Some(card) = command.name.strip_prefix('+') {
            self.cards.push(format!("{card:<71}X"));
            return Ok(String::new());
        }
        let mut arguments = command.consume_args();
        let output = match command.name.as_str() {
            "compile" => {
                let file = arguments.next_pos().unwrap_or("source").to_string();
                let encoding = arguments.take_key("as").map(str::to_string);
                self.compile(&file, encoding.as_deref())?
            }
            "source" => {
                let file = arguments.next_pos().ok_or("which?")?.to_string();
                let cards = std::mem::take(&mut self.cards);
                self.sources.push((file, cards.join("\n").into_bytes()));
                String::new()
            }
            "show" => self.show()?,
            "build" => self.build(),
            "json" => self.report.as_ref().ok_or("build first")?.to_json() + "\n",
            "dmb" => self.dmb(arguments.next_pos().ok_or("which?")?)?,
            "psb" => self.psb(arguments.next_pos().ok_or("which?")?)?,
            "forget" => {
                *self = Self::default();
                String::new()
            }
            name => return Err(format!("invalid command {name}").into()),
        };
        arguments.reject_next()?;
        Ok(output)
    }
}

impl Runner {
    fn compile(&mut self, file: &str, encoding: Option<&str>) -> Result<String, Box<dyn Error>> {
        let cards = std::mem::take(&mut self.cards);
        let bytes = match encoding {
            None => cards.join("\n").into_bytes(),
            Some("ebcdic") => crate::support::ebcdic_lines(&cards),
            Some("cards") => crate::support::ebcdic_cards(&cards),
            Some(encoding) => return Err(format!("invalid encoding {encoding}").into()),
        };
        let compilation = compile(file, &bytes);
        self.sources.push((file.to_string(), bytes));
        let mut output = String::new();
        for finding in &compilation.findings {
            writeln!(output, "{}", finding.render())?;
        }
        for definition in &compilation.definitions {
            writeln!(output, "{}", described(definition))?;
        }
        if compilation.rejected_count > 0 {
            writeln!(output, "{} rejected", compilation.rejected_count)?;
        }
        self.compilation = Some(compilation);
        Ok(output)
    }

    fn show(&self) -> Result<String, Box<dyn Error>> {
        let compilation = self.compilation.as_ref().ok_or("compile first")?;
        let mut output = String::new();
        for definition in &compilation.definitions {
            output.push_str(&pruned(definition)?);
        }
        Ok(output)
    }

    fn build(&mut self) -> String {
        let inputs: Vec<Input<'_>> = self.sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
        let report = generate(&inputs);
        let text = report.to_text();
        self.report = Some(report);
        text
    }

    fn dmb(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let report = self.report.as_ref().ok_or("build first")?;
        let name = name.parse()?;
        let dmb = report.dmbs.get(&name).or_else(|| report.logical_structures.get(&name));
        pruned(dmb.ok_or("no such DMB")?)
    }

    fn psb(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let report = self.report.as_ref().ok_or("build first")?;
        pruned(report.psb_blocks.get(&name.parse()?).ok_or("no such PSB")?)
    }
}

fn described(definition: &Definition) -> String {
    match definition {
        Definition::Dbd(dbd) => format!(
            "{} {}: {} segments, {} fields",
            definition.name(),
            dbd.access.name(),
            dbd.segment_count(),
            dbd.field_count()
        ),
        Definition::Psb(psb) => format!("{}: {} PCBs", definition.name(), psb.pcbs.len()),
    }
}

/// As indented lines, one value each, without what is empty, false or absent.
fn pruned(value: &impl serde::Serialize) -> Result<String, Box<dyn Error>> {
    let mut output = String::new();
    write_pruned(&mut output, 0, "", &serde_json::to_value(value)?)?;
    Ok(output)
}

fn write_pruned(output: &mut String, indent: usize, key: &str, value: &Value) -> std::fmt::Result {
    let pad = " ".repeat(indent);
    match value {
        Value::Null | Value::Bool(false) => Ok(()),
        Value::Object(object) if object.is_empty() => Ok(()),
        Value::Array(items) if items.is_empty() => Ok(()),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            writeln!(output, "{pad}{key}: [{}]", items.join(", "))
        }
        Value::Array(items) => items.iter().try_for_each(|item| write_pruned(output, indent, key, item)),
        Value::Object(object) => {
            let indent = if key.is_empty() {
                indent
            } else {
                writeln!(output, "{pad}{key}")?;
                indent + 2
            };
            object.iter().try_for_each(|(key, value)| write_pruned(output, indent, key, value))
        }
        value => writeln!(output, "{pad}{key}: {}", plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

macro_rules! stories {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() -> std::io::Result<()> {
                goldenscript::run(&mut Runner::default(), concat!("scripts/", stringify!($name)))
            }
        )+
    };
}

stories! {
    cards
    cards_broken
    cards_copied
    operands_broken
    dbd_kinds
    dbd_hidam
    dbd_fields
    dbd_checks
    dbd_segment_checks
    dbd_field_checks
    dbd_relation_checks
    psb
    psb_checks
    acb_logical_relationship
    acb_secondary_structure
    acb_shared_index
    acb_psb_checks
    acb_dbd_checks
    report
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the folder of this crate's own stories")]
fn every_story_is_told() -> std::io::Result<()> {
    let told = include_str!("scripts.rs");
    for entry in std::fs::read_dir("scripts")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        assert!(told.contains(&format!("    {name}\n")), "{name} is in no test");
    }
    Ok(())
}
