//! PSB into PSB block.

use super::Library;
use super::dmb::assemble;
use super::dmb_block::Dmb;
use super::intent::{Intent, raise};
use super::psb_block::{DbBlock, GsamBlock, PcbBlock, PcbBlockKind, PsbBlock, SensitiveBlock};
use super::resolver::Resolver;
use super::sequence::View;
use crate::finding::Finding;
use crate::model::dbd::{Access, Dbd};
use crate::model::psb::{DbPcb, GsamPcb, PcbKind, Psb};
use crate::model::relation::LogicalChildPointer;
use crate::origin::Part;
use std::collections::{BTreeMap, btree_map::Entry};
use std::sync::Arc;
use vocabulary::message::*;
use vocabulary::{DbdName, ResourceName};

/// Builds the block of a PSB against the DBDs that it names.
///
/// # Errors
/// Everything that is wrong between this PSB and its DBDs.
pub fn build_psb(psb: &Psb, library: &dyn Library) -> Result<PsbBlock, Vec<Finding>> {
    let (block, findings) = build_psb_with_findings(psb, library);
    block.ok_or(findings)
}

/// As [`build_psb`], with the warnings about a block that is built.
pub fn build_psb_with_findings(psb: &Psb, library: &dyn Library) -> (Option<PsbBlock>, Vec<Finding>) {
    let mut builder = Builder {
        resolver: Resolver::of_psb(psb.name.into(), library),
        psb,
        dmbs: BTreeMap::new(),
        intents: BTreeMap::new(),
    };
    let pcbs: Vec<PcbBlock> =
        psb.pcbs.iter().enumerate().flat_map(|(number, _)| builder.pcb(number)).collect();
    builder.add_references();
    let usable = !builder.resolver.has_errors();
    let block = PsbBlock {
        name: psb.name,
        language: psb.language,
        compatible: psb.compatible,
        enqueues_max: psb.enqueues_max,
        locks_max: psb.locks_max,
        io_area_bytes: psb.io_area_bytes.unwrap_or(0).max(longest_path(&pcbs)),
        search_arguments_bytes: psb.search_arguments_bytes,
        online_image_copy: psb.online_image_copy,
        gsam_rollback: psb.gsam_rollback,
        database_level: psb.database_level,
        pcbs,
        intents: builder.intents,
    };
    (usable.then_some(block), builder.resolver.into_findings())
}

struct Builder<'a> {
    resolver: Resolver<'a>,
    psb: &'a Psb,
    /// The DMBs so far.
    dmbs: BTreeMap<DbdName, (Arc<Dmb>, Arc<Dbd>)>,
    intents: BTreeMap<DbdName, Intent>,
}

impl<'a> Builder<'a> {
    /// The blocks of a PCB: one, or as many as COPIES= says.
    fn pcb(&mut self, number: usize) -> Vec<PcbBlock> {
        let psb = self.psb;
        let Some(pcb) = psb.pcbs.get(number) else { return Vec::new() };
        let kind = match &pcb.kind {
            PcbKind::Tp(pcb) => Some(PcbBlockKind::Tp(pcb.clone())),
            PcbKind::Gsam(pcb) => self.gsam(pcb, &Part::Pcb(number)).map(PcbBlockKind::Gsam),
            PcbKind::Db(pcb) => self.db(pcb, number).map(PcbBlockKind::Db),
        };
        let copies = match &pcb.kind {
            PcbKind::Db(pcb) => pcb.copies.unwrap_or(1).max(1) as usize,
            _ => 1,
        };
        let block = kind.map(|kind| PcbBlock { name: pcb.name, listed: pcb.listed, kind });
        block.map(|block| vec![block; copies]).unwrap_or_default()
    }

    fn gsam(&mut self, pcb: &GsamPcb, part: &Part) -> Option<GsamBlock> {
        let dbd = self.resolver.dbd(&pcb.dbd, (part, "DBDNAME"))?;
        if !dbd.is_gsam() {
            let inserts: &[&dyn std::fmt::Display] = &[&dbd.name, &dbd.access.name(), &"TYPE=GSAM"];
            self.resolver.report(&PCB812, (part, "DBDNAME"), inserts);
            return None;
        }
        let intent = if pcb.options.loads() { Intent::Load } else { Intent::Read };
        raise(&mut self.intents, pcb.dbd, intent);
        Some(GsamBlock { dbd: pcb.dbd, options: pcb.options })
    }

    fn db(&mut self, pcb: &'a DbPcb, number: usize) -> Option<DbBlock> {
        let part = Part::Pcb(number);
        if pcb.segments.is_empty() {
            self.resolver.report(&DFS0945I, (&part, "DBDNAME"), &[&pcb.dbd]);
        }
        let (dmb, dbd) = self.dmb(pcb.dbd, &part)?;
        if dbd.is_gsam() {
            let inserts: &[&dyn std::fmt::Display] = &[&dbd.name, &dbd.access.name(), &"TYPE=DB"];
            self.resolver.report(&PCB812, (&part, "DBDNAME"), inserts).hint("TYPE=GSAM");
            return None;
        }
        self.check_options(pcb, &dbd, &part);
        let sequence = super::sequence::resolve(pcb, &dmb, &part, &mut self.resolver);
        let view = match &sequence {
            Some((index, _)) => View::through(&dmb, index),
            None => View::physical(&dmb),
        };
        let segments = super::sensitivity::resolve((pcb, number), &dmb, &view, &mut self.resolver);
        let key_bytes = self.key_bytes(pcb, &segments, &part);
        self.add_intents(pcb, &dbd, &dmb, &segments);
        Some(DbBlock {
            dbd: pcb.dbd,
            options: pcb.options,
            key_bytes,
            multiple_positioning: pcb.multiple_positioning,
            sequence: sequence.map(|(_, block)| block),
            sequential_buffering: pcb.sequential_buffering,
            msdb_view: pcb.msdb_view,
            database_version: pcb.database_version,
            segments,
        })
    }

    /// The DMB of a DBD, built once for the PSB. One with errors serves for checking alone.
    fn dmb(&mut self, name: DbdName, part: &Part) -> Option<(Arc<Dmb>, Arc<Dbd>)> {
        let library = self.resolver.library();
        if let Some(known) = self.dmbs.get(&name) {
            return Some(known.clone());
        }
        let built = library.dbd(&name).map(|dbd| {
            let mut resolver = Resolver::of_dbd(&dbd, library);
            let dmb = Arc::new(assemble(&dbd, &mut resolver));
            (dmb, resolver.has_errors(), Arc::clone(&dbd))
        });
        let Some((dmb, has_errors, dbd)) = built else {
            self.resolver.report(&DFS0586I, (part, "DBDNAME"), &[&ResourceName::from(name)]);
            return None;
        };
        if has_errors {
            self.resolver.report(&PCB813, (part, "DBDNAME"), &[&name]);
        }
        self.dmbs.insert(name, (Arc::clone(&dmb), Arc::clone(&dbd)));
        Some((dmb, dbd))
    }

    fn check_options(&mut self, pcb: &DbPcb, dbd: &Dbd, part: &Part) {
        if pcb.options.has('H') && dbd.access != Access::Dedb {
            self.resolver.report(&DFS964I, (part, "PROCOPT"), &[&pcb.dbd, &dbd.access.name()]);
        }
        if pcb.msdb_view && dbd.access != Access::Dedb {
            self.resolver.report(&PCB811, (part, "VIEW"), &[&pcb.dbd, &dbd.access.name()]);
        }
    }

    /// The key feedback area has to hold the longest concatenated key.
    fn key_bytes(&mut self, pcb: &DbPcb, segments: &[SensitiveBlock], part: &Part) -> u32 {
        let longest = segments.iter().max_by_key(|segment| segment.concatenated_key_bytes);
        let needed = longest.map_or(0, |segment| segment.concatenated_key_bytes);
        if let (Some(given), Some(longest)) = (pcb.key_bytes, longest)
            && given < needed
        {
            self.resolver
                .report(&PCB810, (part, "KEYLEN"), &[&given, &longest.name, &needed])
                .hint(format!("KEYLEN={needed}"));
        }
        pcb.key_bytes.unwrap_or(needed).max(needed)
    }

    /// Adds what this PCB intends with its database, and with those that its segments stand for or are tied to.
    fn add_intents(&mut self, pcb: &DbPcb, dbd: &Dbd, dmb: &Dmb, segments: &[SensitiveBlock]) {
        let intent_of = |segment: &SensitiveBlock| Intent::of(segment.options);
        let whole = segments.iter().map(intent_of).max().unwrap_or(Intent::Reference);
        let own = if dbd.access == Access::Logical { Intent::Reference } else { whole };
        self.add_intent(dbd, own);
        if let Some(sequence) = &pcb.sequence {
            raise(&mut self.intents, sequence.index, Intent::Read.min(whole));
        }
        for segment in segments {
            let Some(block) = dmb.segment_of_code(segment.code) else { continue };
            let intent = intent_of(segment);
            let tied = block.logical_parent.iter().map(|parent| parent.dbd);
            let tied = tied.chain(block.logical_children.iter().map(|child| child.dbd));
            let tied = tied.filter(|_| intent.changes()).map(|dbd| (dbd, Intent::Update));
            let sources = block.sources.iter().map(|source| (source.dbd, intent));
            for (name, intent) in sources.chain(tied) {
                if let Some(dbd) = self.resolver.look(&name) {
                    self.add_intent(&dbd, intent);
                }
            }
        }
    }

    /// Raises the intent for a database. Its indexes change with it, and its primary index is read with it.
    fn add_intent(&mut self, dbd: &Dbd, intent: Intent) {
        raise(&mut self.intents, dbd.name, intent);
        for child in dbd.segments.iter().flat_map(|segment| &segment.logical_children) {
            let index = child.indexed_field.is_some() || child.pointer == LogicalChildPointer::Index;
            let used = child.indexed_field.is_none() || intent.changes();
            raise(&mut self.intents, child.dbd, if index && used { intent } else { Intent::Reference });
        }
    }

    /// Adds every database that those of the intent list refer to: they are there together, or not at all.
    fn add_references(&mut self) {
        let mut next: Vec<DbdName> = self.intents.keys().copied().collect();
        while let Some(name) = next.pop() {
            let references = self.resolver.look(&name).map(|dbd| dbd.references()).unwrap_or_default();
            for name in references {
                if let Entry::Vacant(entry) = self.intents.entry(name) {
                    entry.insert(Intent::Reference);
                    next.push(name);
                }
            }
        }
    }
}

/// Bytes of the I/O area that a path call to the longest path needs.
fn longest_path(pcbs: &[PcbBlock]) -> u32 {
    let paths = pcbs.iter().filter_map(|pcb| match &pcb.kind {
        PcbBlockKind::Db(pcb) => Some(&pcb.segments),
        _ => None,
    });
    paths.flat_map(|segments| (0..segments.len()).map(|at| path_bytes(segments, at))).max().unwrap_or(0)
}

fn path_bytes(segments: &[SensitiveBlock], at: usize) -> u32 {
    let path = std::iter::successors(segments.get(at), |segment| segments.get(segment.parent?));
    path.map(|segment| segment.io_area_bytes).fold(0, u32::saturating_add)
}
