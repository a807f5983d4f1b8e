//! What goes on in every member all the while, wherever its disks and its network are.

use super::addresses::AddressBook;
use super::core::Core;
use super::formation::form_or_join;
use super::links::LinkKeeper;
use super::neighbours::Neighbours;
use super::performer::{Ended, Performer};
use super::raft_lane::RaftLane;
use super::reach::Reach;
use super::surroundings::Surroundings;
use super::{room, workroom};
use crate::config::Config;
use crate::consensus::{Consensus, ConsensusError, Machine, Settings, SnapshotBounds, Standing, Timers};
use crate::files::SegmentBounds;
use control_region::{Effect, Event};
use std::path::PathBuf;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often time is told to the control region.
const TICK: Duration = Duration::from_millis(20);

/// What the parts of a member have in common.
pub(super) struct Parts {
    pub(super) config: Config,
    /// The number of its node.
    pub(super) node: u64,
    pub(super) reach: Reach,
    pub(super) neighbours: Neighbours,
}

impl Parts {
    /// Starts consensus, which feeds `machine`, and so in the end the core.
    pub(super) async fn start(
        config: Config,
        settings: Settings,
        reach: Reach,
        core: Arc<Core>,
        machine: Arc<dyn Machine>,
    ) -> Result<Self, ConsensusError> {
        let (node, book) = (settings.node_id, AddressBook::default());
        let lane = RaftLane { reach: reach.clone(), core: Arc::clone(&core), book: book.clone() };
        let consensus = Arc::new(Consensus::start(settings, machine, Arc::new(lane)).await?);
        let links = LinkKeeper::new(reach.clone(), Arc::clone(&core), book);
        Ok(Self { config, node, reach, neighbours: Neighbours { core, consensus, links } })
    }

    /// Sets everything going: whoever wants this to end ends the tasks.
    pub(super) fn set_going(
        self,
        surroundings: impl Surroundings,
        wanted: UnboundedReceiver<Effect>,
        ended: watch::Sender<Option<Ended>>,
    ) -> Vec<JoinHandle<()>> {
        let Neighbours { core, consensus, links } = self.neighbours;
        let (orders, ordered) = unbounded_channel();
        let performer = Performer {
            core: Arc::clone(&core),
            consensus: Arc::clone(&consensus),
            links,
            surroundings,
            orders,
            ended: ended.clone(),
        };
        vec![
            tokio::spawn(performer.run(wanted)),
            tokio::spawn(workroom::work(Arc::clone(&core), ordered, ended)),
            tokio::spawn(tell_time(Arc::clone(&core))),
            tokio::spawn(tell_standing(Arc::clone(&core), consensus.standing())),
            tokio::spawn(room::lead_only_with_room(Arc::clone(&consensus))),
            tokio::spawn(form_or_join(self.config, self.node, self.reach, core, consensus)),
        ]
    }
}

/// What the configuration says to consensus, which keeps its files in `folder`.
pub(super) fn settings(config: &Config, node: u64, folder: PathBuf) -> Settings {
    let mut settings = Settings::new(node, folder);
    settings.timers = Timers {
        heartbeat_ms: config.consensus.heartbeat_ms,
        election_min_ms: config.consensus.election_min_ms,
        election_max_ms: config.consensus.election_max_ms,
        ..Timers::default()
    };
    let (entries, log_bytes) = (config.consensus.snapshot_entries, config.consensus.snapshot_mib << 20);
    settings.snapshots = SnapshotBounds { entries, log_bytes, keep_entries: entries / 10 };
    // A segment goes only as a whole, so it must be a small part of what the log may hold.
    let segment_bytes = (log_bytes / 4).clamp(1 << 18, SegmentBounds::default().segment_bytes);
    settings.log = SegmentBounds { segment_bytes, ..SegmentBounds::default() };
    settings
}

async fn tell_time(core: Arc<Core>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        core.tell(Event::Tick);
    }
}

async fn tell_standing(core: Arc<Core>, mut standing: watch::Receiver<Standing>) {
    let mut told = None;
    loop {
        let now = {
            let standing = standing.borrow_and_update();
            control_region::Standing {
                leader: standing.leader.as_ref().map(|(node, _)| *node),
                term: standing.term,
                quorum: standing.quorum,
                voters: standing.voters.keys().copied().collect(),
                learners: standing.learners.keys().copied().collect(),
            }
        };
        if told.as_ref() != Some(&now) {
            told = Some(now.clone());
            core.tell(Event::Standing(now));
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}
