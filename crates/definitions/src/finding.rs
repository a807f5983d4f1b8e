//! Findings: what is wrong, how bad it is, where, and what would be right.

use crate::cards::{LAST_SHOWN_COLUMN, Place, Source};
use crate::origin::Subject;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use vocabulary::{Message, MessageDefinition, Severity};

/// One thing that a generator has to say about a source or a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The number and the text.
    pub message: Message,
    /// Where in a source; absent when a definition was checked without its source at hand.
    pub origin: Option<Origin>,
    /// What would be right, where that is known.
    pub hint: Option<String>,
    /// The part of a definition that an ACB check speaks of.
    #[serde(skip)]
    pub(crate) subject: Option<Subject>,
}

/// A stretch of a source line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The file, as it was named to the compiler.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
    /// In characters, at least 1.
    pub width: u32,
    /// The line, up to column 120.
    pub source_line: String,
}

impl Origin {
    pub(crate) fn new(source: &Source, place: Place) -> Self {
        let source_line = source.line(place.line).chars().take(LAST_SHOWN_COLUMN).collect();
        let (file, line) = source.file_and_line(place.line);
        Self { file: file.to_string(), line, column: place.column, width: place.width, source_line }
    }
}

impl Finding {
    /// A finding about a part of a definition.
    pub(crate) fn about(
        subject: Subject,
        definition: &'static MessageDefinition,
        inserts: &[&dyn fmt::Display],
    ) -> Self {
        Self { message: definition.with(inserts), origin: None, hint: None, subject: Some(subject) }
    }

    /// Adds what would be right.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) {
        self.hint = Some(hint.into());
    }

    /// The message number: `SEGM301`, `DFS0586I`.
    pub fn number(&self) -> &'static str {
        self.message.number()
    }

    /// How bad it is. [`Severity::Error`] keeps a definition out.
    pub fn severity(&self) -> Severity {
        self.message.severity()
    }

    /// The message, and below it the file, the line with the place marked, and the hint, each where known.
    pub fn render(&self) -> String {
        let mut text = self.message.to_string();
        if let Some(origin) = &self.origin {
            let line = origin.line.to_string();
            let indent = " ".repeat(line.len());
            let before = " ".repeat(origin.column.saturating_sub(1) as usize);
            let caret = "^".repeat(origin.width.max(1) as usize);
            let source_line = origin.source_line.replace(|c: char| c.is_control(), " ");
            text.push_str(&format!("\n{indent}--> {}:{}:{}", origin.file, origin.line, origin.column));
            text.push_str(&format!("\n{line} | {}", source_line.trim_end()));
            text.push_str(&format!("\n{indent} | {before}{caret}"));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\n    hint: {hint}"));
        }
        text
    }
}

/// The message on one line: number, a blank, text.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

/// The findings about one source, as they are made.
#[derive(Debug)]
pub(crate) struct Findings {
    source: Arc<Source>,
    list: Vec<(Place, Finding)>,
}

impl Findings {
    /// None yet.
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source, list: Vec::new() }
    }

    /// Adds one.
    pub(crate) fn report(
        &mut self,
        definition: &'static MessageDefinition,
        place: Place,
        inserts: &[&dyn fmt::Display],
    ) -> &mut Finding {
        let finding = Finding {
            message: definition.with(inserts),
            origin: Some(Origin::new(&self.source, place)),
            hint: None,
            subject: None,
        };
        self.list.push((place, finding));
        let last = self.list.len() - 1;
        &mut self.list[last].1
    }

    /// How many there are: a mark to look back to with [`Self::errors_since`].
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Whether an error was found after `mark` was taken.
    pub(crate) fn errors_since(&self, mark: usize) -> bool {
        self.list[mark.min(self.list.len())..]
            .iter()
            .any(|(_, finding)| finding.severity() >= Severity::Error)
    }

    /// Where each of them stands.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        self.list.iter().map(|(place, _)| *place)
    }

    /// All of them, in the order of the source.
    pub(crate) fn into_sorted(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|(place, _)| (place.line, place.column));
        self.list.into_iter().map(|(_, finding)| finding).collect()
    }
}
