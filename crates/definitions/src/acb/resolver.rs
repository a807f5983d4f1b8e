//! Names into definitions, with a finding for every name that leads nowhere.

use super::Library;
use crate::finding::Finding;
use crate::model::dbd::Dbd;
use crate::nearest::nearest;
use crate::origin::{Part, Subject};
use std::{fmt, ops::Deref, sync::Arc};
use vocabulary::message::*;
use vocabulary::{DbdName, MessageDefinition, ResourceName, SegmentName, Severity};

/// Looks up what the definition being built refers to, and collects what is wrong with it.
pub(super) struct Resolver<'a> {
    definition: ResourceName,
    own: Option<&'a Dbd>,
    library: &'a dyn Library,
    findings: Vec<Finding>,
}

/// A DBD: the one being built, or one of the library.
pub(super) enum Found<'a> {
    Own(&'a Dbd),
    Other(Arc<Dbd>),
}

impl Deref for Found<'_> {
    type Target = Dbd;

    fn deref(&self) -> &Dbd {
        match self {
            Self::Own(dbd) => dbd,
            Self::Other(dbd) => dbd,
        }
    }
}

impl<'a> Resolver<'a> {
    /// For building the DMB of this DBD, which is found under its own name.
    pub(super) fn of_dbd(dbd: &'a Dbd, library: &'a dyn Library) -> Self {
        Self { definition: dbd.name.into(), own: Some(dbd), library, findings: Vec::new() }
    }

    /// For building the block of a PSB.
    pub(super) fn of_psb(name: ResourceName, library: &'a dyn Library) -> Self {
        Self { definition: name, own: None, library, findings: Vec::new() }
    }

    /// Where the other DBDs are.
    pub(super) fn library(&self) -> &'a dyn Library {
        self.library
    }

    /// Reports about an operand of a part of the definition.
    pub(super) fn report(
        &mut self,
        definition: &'static MessageDefinition,
        (part, keyword): (&Part, &'static str),
        inserts: &[&dyn fmt::Display],
    ) -> &mut Finding {
        let subject = Subject { definition: self.definition, part: part.clone(), keyword };
        self.findings.push(Finding::about(subject, definition, inserts));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// The DBD of this name, without a finding when there is none.
    pub(super) fn look(&self, name: &DbdName) -> Option<Found<'a>> {
        match self.own {
            Some(own) if own.name == *name || own.shared_names.contains(name) => Some(Found::Own(own)),
            _ => self.library.dbd(name).map(Found::Other),
        }
    }

    /// The DBD of this name.
    pub(super) fn dbd(&mut self, name: &DbdName, at: (&Part, &'static str)) -> Option<Found<'a>> {
        let found = self.look(name);
        if found.is_none() {
            self.report(&DFS0586I, at, &[&ResourceName::from(*name)]);
        }
        found
    }

    /// The segment code of a segment of that DBD; one that is not there breaks the structure of `of`.
    pub(super) fn code(
        &mut self,
        dbd: &Dbd,
        segment: SegmentName,
        of: SegmentName,
        at: (&Part, &'static str),
    ) -> Option<u8> {
        let code = code_of(dbd, segment);
        if code.is_none() {
            let reason = format!("DBD {} HAS NO SEGMENT {segment}", dbd.name);
            let finding = self.report(&DFS0935I, at, &[&of, &reason]);
            let names = dbd.segments.iter().map(|segment| segment.name.as_str());
            if let Some(nearest) = nearest(segment.as_str(), names) {
                finding.hint(format!("{nearest} is the nearest segment"));
            }
        }
        code
    }

    /// Whether any of it keeps the block from being built.
    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity() >= Severity::Error)
    }

    /// What was found.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// The code of a segment: its place in hierarchical order, counted from 1.
pub(super) fn code_of(dbd: &Dbd, segment: SegmentName) -> Option<u8> {
    let place = dbd.segments.iter().position(|other| other.name == segment)?;
    u8::try_from(place + 1).ok()
}
