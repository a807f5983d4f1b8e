//! What a member tells of itself in numbers, for whoever watches it. Looking changes nothing.

use crate::event::LinkState;
use crate::region::ControlRegion;
use plex::MemberState;
use std::collections::BTreeMap;
use vocabulary::{MemberName, Moment};

/// One member in numbers, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Whether its plex is formed.
    pub formed: bool,
    /// Whether it takes work.
    pub running: bool,
    /// Level of the directory that it works with.
    pub directory_level: u64,
    /// Definitions that wait for an IMPORT.
    pub staged_definitions: u64,
    /// How much of the staging data set they take up, in bytes.
    pub staging_bytes: u64,
    /// How much the staging data set holds, in bytes.
    pub staging_bytes_max: u64,
    /// Programs that go on with an old copy here.
    pub refresh_pending: u64,
    /// Dependent regions that have a PSB scheduled.
    pub regions_scheduled: u64,
    /// Links to other members that are up.
    pub links_up: u64,
    /// Links that are wanted.
    pub links_wanted: u64,
    /// Commands of operators of this member that are not answered yet.
    pub commands_waiting: u64,
    /// When the activation under way began, if there is one.
    pub activation_began: Option<Moment>,
    /// How many members are in which state, as the roster has it.
    pub members: BTreeMap<MemberState, u64>,
    /// Whose node is which, of the members that share the catalog.
    pub nodes: BTreeMap<u64, MemberName>,
}

impl ControlRegion {
    /// This member in numbers.
    pub fn sample(&self) -> Sample {
        let catalog = self.plex.catalog();
        let mut sample = Sample {
            formed: self.plex.identity().is_some(),
            running: self.is_running(),
            directory_level: catalog.level().0.0,
            staged_definitions: catalog.staged_count(),
            staging_bytes: catalog.staged_bytes(),
            staging_bytes_max: self.settings.staging_bytes_max,
            refresh_pending: self.resources.refresh_pending().count() as u64,
            regions_scheduled: self.resources.busy_region_count(),
            links_up: self.links.count(|state| state == LinkState::Up),
            links_wanted: self.links.count(|_| true),
            commands_waiting: self.desk.waiting(),
            activation_began: self.plex.activation().map(|activation| activation.began),
            ..Sample::default()
        };
        for (member, entry) in self.plex.roster() {
            *sample.members.entry(entry.state).or_default() += 1;
            if entry.membership == plex::Membership::Sharer {
                sample.nodes.insert(entry.node, *member);
            }
        }
        sample
    }
}
