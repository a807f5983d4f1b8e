//! What `ims ddlgen` prints: all sources compiled, and what they define said anew, in DDL or in macros.
//!
//! What is said is read again before it is given out. A definition that would come back as another one is left out, and a
//! finding names what the language can't say of it.

use crate::acb::Library;
use crate::compiler::compile;
use crate::ddl::{Change, END_OF_UNIT, Known, Options, compile_ddl, statements_of, to_macros};
use crate::finding::Finding;
use crate::model::Definition;
use crate::model::dbd::Dbd;
use crate::model::psb::Psb;
use crate::origin::{Part, Subject};
use crate::report::{Generation, Given, Input, finding_json, return_code};
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use vocabulary::message::DDL118;
use vocabulary::{DbdName, PsbName, ResourceName, Severity};

/// What definitions are said in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// CREATE DATABASE, CREATE PROGRAMVIEW and so on.
    Ddl,
    /// DBDGEN and PSBGEN.
    Macros,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ddl => "DDL",
            Self::Macros => "MACROS",
        })
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Translation {
    /// The definitions in the other language: the DBDs by name, then the PSBs.
    pub text: String,
    /// What was found in the sources, and what can't be said.
    pub findings: Vec<Finding>,
    /// The counts.
    pub counts: Counts,
}

/// How many of what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sources given.
    pub sources: usize,
    /// DBDs printed.
    pub dbds: usize,
    /// PSBs printed.
    pub psbs: usize,
    /// Definitions that have errors, or can't be said.
    pub left_out: usize,
}

/// Compiles every input, and says in the other language what it defines. Nothing of one definition keeps another out.
pub fn translate(inputs: &[Input<'_>], into: Language) -> Translation {
    let mut generation = Generation::of(inputs);
    let mut text = String::new();
    let mut counts =
        Counts { sources: inputs.len(), left_out: generation.rejected_sources(), ..Counts::default() };
    let (dbds, psbs) = generation.definitions();
    let given = Given::of(&dbds, &psbs);
    let all_dbds = dbds.values().map(|dbd| Definition::Dbd((**dbd).clone()));
    let all_psbs = psbs.values().map(|psb| Definition::Psb((**psb).clone()));
    let mut unsayable = Vec::new();
    for definition in all_dbds.chain(all_psbs) {
        match said(&definition, into, &given) {
            Ok(statements) => {
                text.push_str(&statements);
                let count = if definition.is_dbd() { &mut counts.dbds } else { &mut counts.psbs };
                *count += 1;
            }
            Err(what) => {
                let definition = definition.name();
                let subject = Subject { definition, part: Part::Whole, keyword: "NAME" };
                unsayable.push(Finding::about(subject, &DDL118, &[&definition, &into, &what]));
            }
        }
    }
    counts.left_out += unsayable.len();
    generation.locate_and_add(unsayable);
    if into == Language::Ddl && !text.is_empty() {
        text.push_str(END_OF_UNIT);
    }
    Translation { text, findings: generation.into_findings(), counts }
}

/// The statements that say a definition beside those that are known; else what of it they can't say.
pub fn said(definition: &Definition, into: Language, known: &dyn Known) -> Result<String, String> {
    let others = Others { known, without: definition.name() };
    let text = match into {
        Language::Ddl => statements_of(definition, &others),
        Language::Macros => to_macros(definition),
    };
    let (read, findings) = match into {
        Language::Ddl => {
            let unit = format!("{text}{END_OF_UNIT}");
            let read = compile_ddl("", unit.as_bytes(), &others, Options::default());
            let changes = read.units.into_iter().flat_map(|unit| unit.changes);
            (changes.filter_map(created).collect::<Vec<_>>(), read.findings)
        }
        Language::Macros => {
            let read = compile("", text.as_bytes());
            (read.definitions, read.findings)
        }
    };
    match read.as_slice() {
        [same] if same == definition => Ok(text),
        [other] => Err(difference_of(definition, other)),
        _ => {
            let error = findings.iter().find(|finding| finding.severity() >= Severity::Error);
            Err(error.map_or_else(|| "ITS NAME".to_string(), |error| error.message.to_string()))
        }
    }
}

fn created(change: Change) -> Option<Definition> {
    match change {
        Change::Create(definition) | Change::Replace(definition) => Some(definition),
        Change::Drop(_) => None,
    }
}

/// What is known besides the definition that is read again.
struct Others<'a> {
    known: &'a dyn Known,
    without: ResourceName,
}

impl Library for Others<'_> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        self.known.dbd(name).filter(|dbd| ResourceName::Dbd(dbd.name) != self.without)
    }
}

impl Known for Others<'_> {
    fn psb(&self, name: &PsbName) -> Option<Arc<Psb>> {
        self.known.psb(name).filter(|psb| ResourceName::Psb(psb.name) != self.without)
    }
}

/// The way to the first part of a definition that is not so in another one: `SEGMENTS.ACCOUNT.FIELDS.BALANCE.START`.
fn difference_of(one: &Definition, other: &Definition) -> String {
    let value = |definition: &Definition| match definition {
        Definition::Dbd(dbd) => serde_json::to_value(dbd),
        Definition::Psb(psb) => serde_json::to_value(psb),
    };
    let (Ok(one), Ok(other)) = (value(one), value(other)) else { return "ALL OF IT".to_string() };
    let mut path = Vec::new();
    find_difference(&one, &other, &mut path);
    path.join(".").to_ascii_uppercase()
}

fn find_difference(one: &Value, other: &Value, path: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let mut unlike = fields.iter().filter(|(key, value)| others.get(*key) != Some(value));
            if let Some((key, value)) = unlike.next() {
                path.push(key.clone());
                find_difference(value, others.get(key).unwrap_or(&Value::Null), path);
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            let at = items.iter().zip(others).position(|(item, other)| item != other);
            let at = at.unwrap_or(items.len().min(others.len()));
            let item = items.get(at).unwrap_or(&Value::Null);
            let names = ["name", "external_name"].iter().find_map(|key| item.get(key)?.as_str());
            path.push(names.map_or_else(|| (at + 1).to_string(), str::to_string));
            find_difference(item, others.get(at).unwrap_or(&Value::Null), path);
        }
        _ => {}
    }
}

impl Translation {
    /// 0 when all is well, 4 with warnings, 8 when something was left out, 12 when no source was given.
    pub fn return_code(&self) -> u8 {
        return_code(self.counts.sources, &self.findings)
    }

    /// The findings, each with its source line, and the counts, for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{}\n", finding.render());
        }
        let Counts { sources, dbds, psbs, left_out } = &self.counts;
        let _ = writeln!(text, "{sources} sources: {dbds} DBDs and {psbs} PSBs printed, {left_out} left out");
        let _ = writeln!(text, "return code {}", self.return_code());
        text
    }

    /// The same for programs: `return_code`, `counts`, `findings`.
    pub fn to_json(&self) -> String {
        let findings: Vec<Value> = self.findings.iter().map(finding_json).collect();
        let report = serde_json::json!({
            "return_code": self.return_code(),
            "counts": self.counts,
            "findings": findings,
        });
        format!("{report:#}\n")
    }
}
