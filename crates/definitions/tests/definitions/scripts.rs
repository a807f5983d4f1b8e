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
//! - `ddl [file] [as=ebcdic|cards] [autocommit=yes]` compiles the cards given as DDL, against what the DDL before it has
//!   made and what `define` gave; prints what was found and the units of work, and keeps their changes.
//! - `define` compiles the cards given as macros, for `ddl` to find.
//! - `printed NAME` prints a definition as DDL, and `macros NAME` as macro source.
//! - `roundtrip` prints whether each definition is the same once it was printed and read, both ways.
//! - `translate [macros]` prints what all sources kept define as DDL, or as macros, and what is told of it.
//! - `forget` begins anew.

use definitions::acb::Library;
use definitions::ddl::{Change, Known, Options, compile_ddl, to_ddl, to_macros};
use definitions::report::{Input, Report, generate};
use definitions::translate::{Language, translate};
use definitions::{Dbd, Definition, Psb, compile};
use goldenscript::{Command, Context};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use vocabulary::{DbdName, PsbName, ResourceName};

#[derive(Default)]
struct Runner {
    cards: Vec<String>,
    sources: Vec<(String, Vec<u8>)>,
    made: Option<Vec<Definition>>,
    report: Option<Report>,
    catalog: Catalog,
}

/// What DDL finds.
#[derive(Default, Clone)]
struct Catalog(BTreeMap<ResourceName, Definition>);

impl Library for Catalog {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        match self.0.get(&(*name).into()) {
            Some(Definition::Dbd(dbd)) => Some(Arc::new(dbd.clone())),
            _ => None,
        }
    }
}

impl Known for Catalog {
    fn psb(&self, name: &PsbName) -> Option<Arc<Psb>> {
        match self.0.get(&(*name).into()) {
            Some(Definition::Psb(psb)) => Some(Arc::new(psb.clone())),
            _ => None,
        }
    }
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
            "ddl" => {
                let file = arguments.next_pos().unwrap_or("source").to_string();
                let encoding = arguments.take_key("as").map(str::to_string);
                let auto_commit = arguments.take_key("autocommit").is_some();
                self.ddl(&file, encoding.as_deref(), Options { auto_commit })?
            }
            "define" => {
                let output = self.compile("source", None)?;
                self.sources.pop();
                let made = self.made.clone().unwrap_or_default();
                self.catalog.0.extend(made.into_iter().map(|made| (made.name(), made)));
                output
            }
            "printed" => to_ddl([self.definition(arguments.next_pos().ok_or("which?")?)?], &self.catalog),
            "macros" => to_macros(self.definition(arguments.next_pos().ok_or("which?")?)?),
            "roundtrip" => self.round_trip()?,
            "translate" => self.translate(arguments.next_pos().is_some_and(|to| to == "macros")),
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
        let bytes = encoded(&cards, encoding)?;
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
        self.made = Some(compilation.definitions);
        Ok(output)
    }

    fn ddl(
        &mut self,
        file: &str,
        encoding: Option<&str>,
        options: Options,
    ) -> Result<String, Box<dyn Error>> {
        let bytes = encoded(&std::mem::take(&mut self.cards), encoding)?;
        let compilation = compile_ddl(file, &bytes, &self.catalog, options);
        self.sources.push((format!("{file}.ddl"), bytes));
        let mut output = String::new();
        for finding in &compilation.findings {
            writeln!(output, "{}", finding.render())?;
        }
        let mut made = Vec::new();
        for unit in compilation.units {
            writeln!(output, "{:?}: {} statements from line {}", unit.outcome, unit.statements, unit.line)?;
            for change in unit.changes {
                match change {
                    Change::Create(definition) | Change::Replace(definition)
                        if !self.catalog.0.contains_key(&definition.name()) =>
                    {
                        writeln!(output, "  create {}", described(&definition))?;
                        self.catalog.0.insert(definition.name(), definition.clone());
                        made.push(definition);
                    }
                    Change::Create(definition) | Change::Replace(definition) => {
                        writeln!(output, "  replace {}", described(&definition))?;
                        self.catalog.0.insert(definition.name(), definition.clone());
                        made.push(definition);
                    }
                    Change::Drop(name) => {
                        writeln!(output, "  drop {name}")?;
                        self.catalog.0.remove(&name);
                    }
                }
            }
        }
        self.made = Some(made);
        Ok(output)
    }

    fn translate(&self, macros: bool) -> String {
        let inputs: Vec<Input<'_>> = self.sources.iter().map(|(name, bytes)| Input { name, bytes }).collect();
        let translation = translate(&inputs, if macros { Language::Macros } else { Language::Ddl });
        format!("{}{}", translation.text, translation.to_text())
    }

    fn definition(&self, name: &str) -> Result<&Definition, Box<dyn Error>> {
        let found = self.catalog.0.iter().find(|(resource, _)| resource.as_str() == name);
        found.map(|(_, definition)| definition).ok_or_else(|| format!("no definition {name}").into())
    }

    fn round_trip(&self) -> Result<String, Box<dyn Error>> {
        let mut output = String::new();
        for (name, definition) in &self.catalog.0 {
            let mut others = self.catalog.clone();
            others.0.remove(name);
            let read =
                compile_ddl("printed", to_ddl([definition], &others).as_bytes(), &others, Options::default());
            let changes: Vec<&Change> = read.units.iter().flat_map(|unit| &unit.changes).collect();
            let by_ddl = changes == [&Change::Create(definition.clone())];
            let by_macros = compile("printed", to_macros(definition).as_bytes()).definitions;
            let same = |same: bool| if same { "same" } else { "other" };
            writeln!(
                output,
                "{name}: {} by DDL, {} by macros",
                same(by_ddl),
                same(by_macros == [definition.clone()])
            )?;
        }
        Ok(output)
    }

    fn show(&self) -> Result<String, Box<dyn Error>> {
        let made = self.made.as_ref().ok_or("compile first")?;
        let mut output = String::new();
        for definition in made {
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

fn encoded(cards: &[String], encoding: Option<&str>) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(match encoding {
        None => cards.join("\n").into_bytes(),
        Some("ebcdic") => crate::support::ebcdic_lines(cards),
        Some("cards") => crate::support::ebcdic_cards(cards),
        Some(encoding) => return Err(format!("invalid encoding {encoding}").into()),
    })
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
    ddl_database
    ddl_columns
    ddl_indexes
    ddl_records
    ddl_units
    ddl_alter
    ddl_views
    ddl_checks
    ddl_printed
    ddl_twice
    translated
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
