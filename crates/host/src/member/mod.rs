//! The member process: a control region with a real world around it.
//!
//! ```text
//!   listener ──▶ doors ──▶ ┌────────┐ ──▶ effects ──▶ performer ──▶ consensus, links, doors, log
//!   links    ──▶ letters   │  core  │
//!   clock    ──▶ ticks     │ (lock) │ ◀── applied entries ◀── consensus
//!   signals  ──▶ stop      └────────┘
//! ```
//!
//! Everything that happens becomes an event for the core; everything that is wanted becomes an effect, which the
//! performer carries out. Neither knows the other's business.

mod addresses;
mod at_work;
pub(crate) mod core;
mod doors;
mod engine_room;
mod formation;
mod keeper;
mod link_news;
mod links;
mod log_pages;
mod neighbours;
mod pace;
mod performer;
mod programs;
mod raft_lane;
mod reach;
mod room;
mod rotation;
#[cfg(simulated)]
pub mod simulated;
mod surroundings;
mod wire;
mod workroom;

use crate::config::Config;
use crate::consensus::{Consensus, ConsensusError};
use crate::files::{DataFolder, FolderError, KeyedFile};
use crate::logging;
use crate::messages::Messages;
use crate::monitoring::{self, Meters, MonitoringPort, Origin, Sight, Traces};
use crate::shelf::{Opened, SledSet};
use at_work::Parts;
use control_region::{ControlRegion, Event, Settings, Stops, StopsError};
use core::Core;
pub(crate) use core::now;
use dasd::DataSetError;
use doors::Doors;
use log_pages::LogPages;
use performer::Ended;
use plex::{Incarnation, Membership};
use reach::Reach;
use rotation::Rotation;
use rustix::process::Signal;
use sci::{BindError, Identity, IdentityError, Listener};
use std::{collections::BTreeSet, fmt::Display, io, path::Path, pin::pin, sync::Arc, time::Duration};
use surroundings::House;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use vocabulary::message::{
    CERT402E, DFS4160E, DFS4593E, DISK103E, DISK104E, DISK105E, DISK108W, START302E, START303E, START304E,
    START305E, START306E, START307E,
};
use vocabulary::{MemberName, Message};

/// Why a member can't start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// Its certificate or key can't be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Its certificate is for another.
    #[error(
        "the certificate is for {found}, and the configuration for {wanted}; give it the certificate of its own"
    )]
    OtherCertificate {
        /// Whom the certificate names.
        found: String,
        /// Whom the configuration names.
        wanted: String,
    },
    /// Its data folder can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its address can't be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Where it is to be watched can't be opened.
    #[error(
        "the monitoring address {address} can't be opened: {source}. Give another one under [monitoring], or end who listens there"
    )]
    Monitoring {
        /// What was to be opened.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// What it keeps is damaged, or its disk refuses.
    #[error("{0}")]
    Unusable(Message),
    /// The system failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// What happened.
        source: io::Error,
    },
    /// Something that the member rests on failed while it ran.
    #[error("{0}")]
    Failed(Message),
    /// A part of the member broke, which no input should bring about.
    #[error("{0}")]
    Broken(String),
    /// What is stopped on the member can't be read or written.
    #[error(
        "{0}. It tells which databases and programs are stopped here; started with --cold, the member begins without stops"
    )]
    Stops(#[from] StopsError),
    /// The data folder belongs to a catalog with other sharing.
    #[error("{0}")]
    Sharing(Message),
}

impl MemberError {
    /// The message that says it of this member.
    pub fn message(&self, member: MemberName) -> Message {
        let definition = match self {
            Self::Unusable(message) | Self::Failed(message) | Self::Sharing(message) => {
                return message.clone();
            }
            Self::Identity(_) | Self::OtherCertificate { .. } => &START302E,
            Self::Folder(_) => &START303E,
            Self::Bind(_) | Self::Monitoring { .. } => &START304E,
            Self::Stops(_) => &START305E,
            Self::Io { .. } => &START306E,
            Self::Broken(_) => &START307E,
        };
        definition.with(&[&member, self])
    }
}

/// Runs a member until it is told to stop.
pub async fn run(config: Config, cold: bool, messages: Messages) -> Result<(), MemberError> {
    outlive_file_limits()?;
    // Before anything else: without a listener the signal ends the process.
    let hangup = signal(SignalKind::hangup()).map_err(no_signals)?;
    // Before the files are read, so that no change of them is missed.
    let certificate_files = rotation::marks(&config);
    let identity = Identity::load(&config.tls)?;
    check_certificate(&config, &identity)?;
    let mut folder = DataFolder::open(&config.data, config.plex, config.member, rand::random)?;
    let mut listener = Listener::bind(&config.address, &identity, config.limits).await?;
    let monitored = open_monitoring(&config).await?;
    let (effects, wanted) = mpsc::unbounded_channel();
    let engine = engine_room::Started::open(&config, &folder)?;
    let unrecovered = engine.owed.databases.iter().copied().collect();
    let settings = Settings { unrecovered, ..settings(&config, folder.identity().node_id, cold) };
    let core = Arc::new(open_core(&config, &folder, settings, effects)?);
    check_sharing(&config, &core)?;
    let engine = engine.begin(&core)?;
    let (renewed, identities) = watch::channel(identity);
    let reach = Reach::Certified { identities: identities.clone(), limits: config.limits };
    let consensus_folder = folder.subfolder("consensus")?;
    let of_consensus = at_work::settings(&config, folder.identity().node_id, consensus_folder);
    let started = Parts::start(config.clone(), of_consensus, reach, Arc::clone(&core), core.clone()).await;
    let parts = started.map_err(|error| unusable(config.member, &error))?;
    let consensus = Arc::clone(&parts.neighbours.consensus);
    let meters = Meters::new(consensus.log_sync_times());
    let log_pages = LogPages {
        messages: messages.clone(),
        member: config.member,
        incarnation: core.look(ControlRegion::incarnation),
    };
    let doors = Doors::new(&config, parts.neighbours.clone(), meters.clone(), log_pages, engine.clone());
    let (ended, mut ending) = watch::channel(None);
    let house = House {
        core: Arc::clone(&core),
        doors: doors.clone(),
        engine: engine.clone(),
        meters: meters.clone(),
        traces: Traces::to(config.traces.clone(), Origin { member: config.member, plex: config.plex }),
    };
    let mut tasks = parts.set_going(house, wanted, ended.clone());
    tasks.push(tokio::spawn(engine.watch(Arc::clone(&core), ended.clone())));
    tasks.push(tokio::spawn(Rotation::new(config.clone(), certificate_files, renewed).run(hangup)));
    let sight = Sight {
        member: config.member,
        plex: config.plex,
        data: config.data.clone(),
        started: now(),
        identities: identities.clone(),
        core: Arc::clone(&core),
        consensus: Arc::clone(&consensus),
        messages,
        refused: listener.refused(),
    };
    let monitoring = tokio::spawn(async move {
        if let Some(port) = monitored {
            monitoring::serve(port, sight, meters).await;
        }
    });
    tracing::info!(member = %config.member, plex = %config.plex, address = %listener.address(), "started");
    let coming = Coming { listener: &mut listener, identities, doors: &doors };
    let outcome = serve(&config, coming, &core, &consensus, &mut ending, &mut folder).await;
    tasks.push(monitoring);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    consensus.hand_over().await;
    consensus.stop().await;
    if let Err(error) = core.settle() {
        tracing::debug!("the shelf is not complete, and the next start fills it from the log: {error}");
    }
    outcome
}

/// Opened before anything else is begun: an address that is wrong is better told at the start.
async fn open_monitoring(config: &Config) -> Result<Option<MonitoringPort>, MemberError> {
    let address = &config.monitoring;
    if address.is_empty() {
        return Ok(None);
    }
    let failed = |source| MemberError::Monitoring { address: address.clone(), source };
    let port = MonitoringPort::open(address).await.map_err(failed)?;
    tracing::info!(address = %port.address(), "serves /livez, /readyz and /metrics");
    Ok(Some(port))
}

fn check_certificate(config: &Config, identity: &Identity) -> Result<(), MemberError> {
    let peer = identity.peer();
    if peer.member() == Some(config.member) && peer.plex == config.plex {
        return Ok(());
    }
    Err(MemberError::OtherCertificate {
        found: format!("{} {} of plex {}", peer.role.as_str(), peer.name, peer.plex),
        wanted: format!("member {} of plex {}", config.member, config.plex),
    })
}

fn settings(config: &Config, node: u64, cold: bool) -> Settings {
    let neighbours = config.members.iter().filter(|(member, _)| **member != config.member);
    Settings {
        member: config.member,
        plex: config.plex,
        node,
        incarnation: Incarnation(rand::random()),
        address: config.address.clone(),
        membership: config.membership,
        cold,
        version: env!("CARGO_PKG_VERSION").to_string(),
        neighbours: neighbours.map(|(member, address)| (*member, address.clone())).collect(),
        step_timeout_ms: config.activation.step_timeout_s * 1_000,
        staging_wait_ms: config.activation.staging_wait_s * 1_000,
        command_wait_ms: 300_000,
        member_lost_ms: config.activation.member_lost_ms,
        retry_ms: 500,
        consensus_retry_ms: 25,
        canvass_wait_ms: 50,
        populate_idle_ms: config.activation.populate_idle_s * 1_000,
        auto_import: config.activation.autoimport_create,
        auto_create: config.activation.autocreate,
        staging_bytes_max: config.activation.staging_mib << 20,
        retention: config.retention,
        audit: config.audit,
        has_engine: true,
        unrecovered: BTreeSet::new(),
    }
}

fn open_core(
    config: &Config,
    folder: &DataFolder,
    settings: Settings,
    effects: mpsc::UnboundedSender<control_region::Effect>,
) -> Result<Core, MemberError> {
    let path = folder.subfolder("state")?.join("shelf");
    let refused = |error: &dyn Display| MemberError::Unusable(DISK105E.with(&[&config.member, error]));
    let (shelf, opened) = SledSet::open_or_rebuild(&path).map_err(|error| refused(&error))?;
    if let Opened::Rebuilt { why } = opened {
        logging::issue(&DISK108W.with(&[&why]));
    }
    let stops = open_stops(&folder.subfolder("state")?.join("stops"), settings.cold)?;
    Core::open(settings, Box::new(shelf), stops, effects).map_err(|error| refused(&error))
}

fn open_stops(path: &Path, cold: bool) -> Result<Stops, MemberError> {
    // A cold start asks for nothing of what was there, so that it need not be readable.
    let set = if cold { KeyedFile::anew(path) } else { KeyedFile::open(path).map_err(StopsError::from)? };
    Ok(Stops::open(Box::new(set), cold)?)
}

/// A data folder belongs to a catalog that is shared, or to one that is not (DFSIMSL in IMS).
fn check_sharing(config: &Config, core: &Core) -> Result<(), MemberError> {
    let shared = core.look(|region| region.plex().identity().map(|identity| identity.shared));
    match (config.membership, shared) {
        (Membership::Sharer, Some(false)) => Err(MemberError::Sharing(DFS4593E.with(&[&config.member]))),
        (Membership::Guest, Some(true)) => Err(MemberError::Sharing(DFS4160E.with(&[&config.member]))),
        _ => Ok(()),
    }
}

/// Damage needs another copy of what was kept; anything else that is in the way, only to be put right.
fn unusable(member: MemberName, error: &ConsensusError) -> MemberError {
    let damage = match error {
        ConsensusError::Log(DataSetError::Corrupt { .. }) | ConsensusError::State { .. } => true,
        ConsensusError::File { source, .. } => source.kind() == io::ErrorKind::InvalidData,
        ConsensusError::Log(_) | ConsensusError::Settings { .. } => false,
    };
    let message = if damage { &DISK104E } else { &DISK105E };
    MemberError::Unusable(message.with(&[&member, error]))
}

/// Whoever writes beyond the file size limit of its process is killed without a word, unless it listens for the
/// signal. Then the write fails, and there is somebody to say so.
fn outlive_file_limits() -> Result<(), MemberError> {
    let listening = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
    listening.map(drop).map_err(no_signals)
}

/// Where connections come in.
struct Coming<'a> {
    listener: &'a mut Listener,
    identities: watch::Receiver<Identity>,
    doors: &'a Doors,
}

impl Coming<'_> {
    /// Serves those that come, and takes what their certificates are checked with when it changes.
    async fn next(&mut self) {
        tokio::select! {
            accepted = self.listener.accept() => self.doors.open(accepted),
            Ok(()) = self.identities.changed() => {
                let identity = self.identities.borrow_and_update().clone();
                if let Err(error) = self.listener.renew(&identity) {
                    logging::issue(&CERT402E.with(&[&identity.peer().name, &error]));
                }
            }
        }
    }
}

fn no_signals(source: io::Error) -> MemberError {
    MemberError::Io { what: "signals can't be had", source }
}

async fn serve(
    config: &Config,
    mut coming: Coming<'_>,
    core: &Arc<Core>,
    consensus: &Arc<Consensus>,
    ending: &mut watch::Receiver<Option<Ended>>,
    folder: &mut DataFolder,
) -> Result<(), MemberError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut standing = consensus.standing();
    let room_wait = Duration::from_millis(config.activation.member_lost_ms);
    let mut no_room = pin!(room::without_room_for(room_wait, consensus.standing()));
    loop {
        tokio::select! {
            () = coming.next() => {}
            _ = terminate.recv() => core.tell(Event::Stop),
            _ = interrupt.recv() => core.tell(Event::Stop),
            _ = ending.changed() => return match ending.borrow_and_update().clone() {
                Some(Ended::Failed(reason)) => Err(failed_member(folder, &reason)),
                Some(Ended::Broken(reason)) => Err(MemberError::Broken(reason)),
                Some(Ended::InOrder) | None => Ok(()),
            },
            // The others count on a member that answers, and it would keep them waiting in every activation.
            reason = &mut no_room => return Err(failed_member(folder, &reason)),
            changed = standing.changed() => {
                let failure = standing.borrow_and_update().failed.clone();
                let ended = || changed.is_err().then(|| "consensus has ended".to_string());
                if let Some(reason) = failure.or_else(ended) {
                    let reason = core.shelf_failure().unwrap_or(reason);
                    return Err(failed_member(folder, &reason));
                }
                // The shelf may have lost what the log has.
                check_sharing(config, core)?;
                settle_plex(core, folder)?;
            }
        }
    }
}

fn failed_member(folder: &DataFolder, reason: &str) -> MemberError {
    MemberError::Failed(DISK103E.with(&[&folder.identity().member, &reason]))
}

/// Once the plex is formed, the data folder belongs to it and to no other of its name.
fn settle_plex(core: &Core, folder: &mut DataFolder) -> Result<(), MemberError> {
    if let Some(id) = core.look(|region| region.plex().identity().map(|identity| identity.id)) {
        folder.settle_plex_id(id)?;
    }
    Ok(())
}
