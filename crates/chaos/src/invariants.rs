//! What holds in every world, after every event and when all is calm.

use crate::world::cluster::{Cluster, Request, Sight};
use control_region::ControlRegion;
use csl::om::{Answer, MessageBody, ReasonCode, ReturnCode, Value};
use plex::{AbortReason, Finished, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use vocabulary::{DbdName, DirectoryLevel, InstanceStamp, MemberName, Message, PsbName, ResourceName};

type Directory = BTreeMap<ResourceName, InstanceStamp>;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    directories: BTreeMap<DirectoryLevel, Directory>,
    /// By command token: how often a survivor told that it took over, and what members told of the outcome.
    takeovers: BTreeMap<String, usize>,
    committed: BTreeSet<String>,
    backed_out: BTreeSet<String>,
}

impl Watch {
    /// Looks at the world after an event.
    pub(crate) fn look(&mut self, cluster: &mut Cluster) {
        for sight in std::mem::take(&mut cluster.sights) {
            if let Sight::Issued(_, message) = sight {
                self.note(&message);
            }
        }
        for node in cluster.nodes.values() {
            if let Some(region) = &node.region {
                self.directories_agree_level_by_level(region);
                no_program_has_its_definition_changed(region);
            }
        }
        self.no_activation_ends_both_ways();
        self.takeovers_are_told_once();
        requests_are_answered_once(&cluster.requests.values().collect::<Vec<_>>());
    }

    fn note(&mut self, message: &Message) {
        let Some(token) = token_of(&message.text()) else { return };
        match message.number() {
            "DFS4999I" | "DFS5000I" => *self.takeovers.entry(token).or_default() += 1,
            "DFS4897I" => drop(self.committed.insert(token)),
            "DFS4898E" => drop(self.backed_out.insert(token)),
            _ => {}
        }
    }

    /// All directories agree level by level: whoever has a level has the same active definitions.
    fn directories_agree_level_by_level(&mut self, region: &ControlRegion) {
        let catalog = region.plex().catalog();
        let active = |(name, record): (ResourceName, &catalog::Record)| Some((name, record.active?));
        let directory: Directory = catalog.records().filter_map(active).collect();
        let known = self.directories.entry(catalog.level().0).or_insert_with(|| directory.clone());
        assert_eq!(*known, directory, "two directories of level {}", catalog.level().0);
    }

    /// What is committed here is never backed out there.
    fn no_activation_ends_both_ways(&self) {
        let both: Vec<&String> = self.committed.intersection(&self.backed_out).collect();
        assert!(both.is_empty(), "committed and backed out: {both:?}");
    }

    /// No takeover is told of twice.
    fn takeovers_are_told_once(&self) {
        let twice: Vec<_> = self.takeovers.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "told more than once: {twice:?}");
    }

    /// Looks at the world when all faults have stopped for a while. `told` says that every survivor that took over
    /// was there to tell of it.
    pub(crate) fn look_when_calm(&self, cluster: &Cluster, told: bool) {
        everybody_is_there(cluster);
        the_group_is_what_the_roster_says(cluster);
        for request in cluster.requests.values() {
            requests_have_answers(request, cluster);
            for (_, answer) in &request.answers {
                an_answered_success_is_in_every_directory(answer, cluster);
                self.what_never_began_is_not_there(answer);
            }
        }
        let regions: Vec<&ControlRegion> =
            cluster.nodes.values().filter_map(|node| node.region.as_ref()).collect();
        for finished in regions.iter().take(1).flat_map(|region| region.plex().history()) {
            if told && was_taken_over(finished) {
                let count = self.takeovers.get(&finished.token.to_string()).copied().unwrap_or(0);
                assert_eq!(count, 1, "the takeover of {} was told {count} times", finished.token);
            }
        }
    }

    /// What an operator was told never began, did not.
    fn what_never_began_is_not_there(&self, answer: &Answer) {
        if let Some(rest) = answer.reason_text.strip_prefix("the master was lost before command ") {
            let token: String = rest.chars().take(16).collect();
            assert!(!self.committed.contains(&token), "{token} was committed after all");
        }
    }
}

fn was_taken_over(finished: &Finished) -> bool {
    matches!(finished.outcome, Outcome::BackedOut(AbortReason::MasterLost(_)))
        || !finished.takeovers.is_empty()
}

fn token_of(text: &str) -> Option<String> {
    let (_, token) = text.split_once("COMMAND TOKEN=")?;
    Some(token.chars().take(16).collect())
}

/// No PSB that is scheduled has its definition, or one that it depends on, changed under it without being told
/// refresh-pending.
fn no_program_has_its_definition_changed(region: &ControlRegion) {
    let catalog = region.plex().catalog();
    let active = |name: ResourceName| catalog.record(&name).and_then(|record| record.active);
    for name in ["TELLER", "INQUIRY", "CLERK", "BATCHPST"] {
        let psb: PsbName = name.parse().unwrap();
        if region.resources().regions_of(psb).next().is_none() {
            continue;
        }
        let loaded = region.resources().loaded(psb).unwrap_or_else(|| panic!("{psb} runs and is not loaded"));
        let changed = |(dbd, stamp): (&DbdName, &InstanceStamp)| active((*dbd).into()) != Some(*stamp);
        let stale = active(psb.into()) != Some(loaded.stamp) || loaded.dbds.iter().any(changed);
        assert!(
            !stale || loaded.refresh_pending,
            "{psb} changed under a program of {:?}",
            region.leading_member()
        );
    }
}

/// A command that an operator gave is answered at most once.
fn requests_are_answered_once(requests: &[&Request]) {
    for request in requests {
        assert!(request.answers.len() <= 1, "answered {} times: {request:?}", request.answers.len());
    }
}

/// It is answered by its deadline, unless its entry member lost its operators.
fn requests_have_answers(request: &Request, cluster: &Cluster) {
    if request.cut_off {
        return;
    }
    let Some((at, _)) = request.answers.first() else { panic!("never answered: {request:?}") };
    let took_ms = at.ms_since(request.asked_at);
    assert!(took_ms <= cluster.limits.command_wait_ms + 250, "answered after {took_ms} ms: {request:?}");
}

/// An answered success is in every live directory.
fn an_answered_success_is_in_every_directory(answer: &Answer, cluster: &Cluster) {
    let done = (answer.rc, answer.rsn) == (ReturnCode::OK, ReasonCode::NONE)
        || (answer.rc, answer.rsn) == (ReturnCode::WARNING, ReasonCode::NOT_EVERYWHERE);
    let completed = answer.messages.iter().any(|message| match &message.body {
        MessageBody::Message(message) => message.number() == "DFS4897I",
        MessageBody::Line(_) => false,
    });
    if !done || !completed {
        return;
    }
    for row in &answer.rows {
        let text = |column| row.get(column).map(Value::to_string).filter(|text| !text.is_empty());
        let (Some(name), Some(typ), Some(stamp)) = (text("NAME"), text("TYP"), text("TIMESTMP")) else {
            continue;
        };
        let name: ResourceName = match typ.as_str() {
            "DB" => name.parse::<DbdName>().unwrap().into(),
            _ => name.parse::<PsbName>().unwrap().into(),
        };
        let stamp: InstanceStamp = stamp.parse().unwrap();
        for (member, node) in &cluster.nodes {
            let catalog = node.region.as_ref().unwrap().plex().catalog();
            let active = catalog.record(&name).and_then(|record| record.active);
            assert!(active >= Some(stamp), "{member} does not have {name} {stamp}");
        }
    }
}

/// Everybody is at work with the same state, no activation hangs, and nobody holds the staging data set.
fn everybody_is_there(cluster: &Cluster) {
    let last = cluster.groups[0].last();
    for (member, node) in &cluster.nodes {
        let region = node.region.as_ref().unwrap_or_else(|| panic!("{member} is down"));
        let plex = region.plex();
        assert_eq!(node.applied, last, "{member} is behind");
        assert!(plex.activation().is_none(), "an activation hangs: {:?}", plex.activation());
        assert!(plex.catalog().job().is_none(), "a job hangs: {:?}", plex.catalog().job());
        assert!(is_at_work(*member, region), "{member} is not at work: {:?}", plex.roster().get(member));
    }
}

/// The consensus group has the nodes of the roster, all with a vote, and no others.
fn the_group_is_what_the_roster_says(cluster: &Cluster) {
    for node in cluster.nodes.values().filter(|node| node.group == 0) {
        let Some(region) = &node.region else { continue };
        let roster: BTreeSet<u64> = region.plex().roster().values().map(|entry| entry.node).collect();
        assert_eq!(roster, cluster.groups[0].voters, "{} sees another group", node.member());
    }
}

fn is_at_work(member: MemberName, region: &ControlRegion) -> bool {
    let entry = region.plex().roster().get(&member);
    entry.is_some_and(|entry| {
        entry.state == plex::MemberState::Active && entry.incarnation == region.incarnation()
    })
}
