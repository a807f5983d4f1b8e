//! A member in a simulated world: all that goes on in every member, with disks that the world has at its mercy, and over
//! its network. Operators and regions are whoever has its [`Inside`].

use super::at_work::Parts;
use super::core::Core;
use super::neighbours::Neighbours;
use super::performer::Ended;
use super::reach::Reach;
use super::surroundings::Surroundings;
use crate::config::{Config, ConfigError};
use crate::consensus::{Consensus, Machine, Standing};
use crate::files::fs;
use control_region::{ControlRegion, Course, Effect, Event, OpenOrder, ProgramOrder, RequestId, Settings};
use csl::envelope::Progress;
use csl::om::Answer;
use dasd::KeyedSet;
use sci::{Connection, DialError, Lane, Limits, Peer, Role};
use std::collections::BTreeSet;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use turmoil::net::{TcpListener, TcpStream};
use vocabulary::{DbdName, MemberName, Message, PlexName};

/// How long dialing takes where nothing gets through.
const UNANSWERED: Duration = Duration::from_secs(1);

/// What a member is made of.
pub struct SimulatedMember {
    /// Its configuration. Where it listens is `HOST:PORT` of the world.
    pub config: Config,
    /// What its control region is told, of which [`settings`] is most.
    pub settings: Settings,
    /// What its consensus is told.
    pub consensus: crate::consensus::Settings,
    /// Where on its disk what is stopped is kept.
    pub stops: PathBuf,
    /// What its shelf is on.
    pub shelf: Box<dyn KeyedSet>,
}

/// The world around a member.
pub trait World: Send + Sync + 'static {
    /// What consensus feeds, which has to feed the machine of the member in turn.
    fn machine(&self, inside: &Inside) -> Arc<dyn Machine>;

    /// The member has begun.
    fn begins(&self, inside: &Inside, consensus: &Arc<Consensus>);

    /// The member wants this. Whether it is to be carried out.
    fn wants(&self, inside: &Inside, effect: &Effect) -> bool;

    /// Whether there is a way to an address, and nobody there.
    fn is_gone(&self, from: MemberName, address: &str) -> bool;
}

/// What goes on inside a member. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Inside(Arc<Core>);

impl Inside {
    /// Tells the control region something.
    pub fn tell(&self, event: Event) {
        self.0.tell(event);
    }

    /// The control region, while nothing happens to it.
    pub fn region(&self) -> impl Deref<Target = ControlRegion> {
        self.0.region()
    }

    /// What has to be fed with the log.
    pub fn machine(&self) -> Arc<dyn Machine> {
        Arc::clone(&self.0) as _
    }
}

/// What a configuration file says.
pub fn config(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("the configuration"), text)
}

/// What the configuration says to the control region of a member.
pub fn settings(config: &Config, node: u64, cold: bool) -> Settings {
    super::settings(config, node, cold)
}

/// Runs it until it stops, or can't go on for the reason that is given.
pub async fn run(member: SimulatedMember, world: Arc<dyn World>) -> Result<(), String> {
    let SimulatedMember { config, settings, consensus, stops, shelf } = member;
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let name = settings.member;
    fs::create_dir_all(&consensus.folder).map_err(|error| text(&error))?;
    let stops = super::open_stops(&stops, settings.cold).map_err(|error| text(&error))?;
    let (effects, seen) = unbounded_channel();
    let core = Core::open(settings, shelf, stops, effects).map_err(|error| text(&error))?;
    let core = Arc::new(core);
    let inside = Inside(Arc::clone(&core));
    let port = config.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener: TcpListener = TcpListener::bind(("0.0.0.0", port)).await.map_err(|error| text(&error))?;
    let wire = Wire { own: name, plex: config.plex, limits: config.limits, world: Arc::clone(&world) };
    let (reach, machine) = (Reach::Simulated(wire.clone()), world.machine(&inside));
    let parts = Parts::start(config, consensus, reach, Arc::clone(&core), machine).await;
    let parts = parts.map_err(|error| text(&error))?;
    let (neighbours, consensus) = (parts.neighbours.clone(), Arc::clone(&parts.neighbours.consensus));
    world.begins(&inside, &consensus);
    let (ended, ending) = watch::channel(None);
    let (wants, wanted) = unbounded_channel();
    let mut tasks = parts.set_going(Alone { core }, wanted, ended);
    tasks.push(tokio::spawn(pass_on(inside, seen, wants, world)));
    tasks.push(tokio::spawn(accept(listener, wire, neighbours)));
    let outcome = ends(ending, consensus.standing()).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    consensus.hand_over().await;
    consensus.stop().await;
    outcome
}

/// Shows the world everything that is wanted, before it is carried out.
async fn pass_on(
    inside: Inside,
    mut seen: UnboundedReceiver<Effect>,
    wants: UnboundedSender<Effect>,
    world: Arc<dyn World>,
) {
    while let Some(effect) = seen.recv().await {
        if world.wants(&inside, &effect) && wants.send(effect).is_err() {
            return;
        }
    }
}

async fn ends(
    mut ending: watch::Receiver<Option<Ended>>,
    mut standing: watch::Receiver<Standing>,
) -> Result<(), String> {
    let consensus_failed = async {
        match standing.wait_for(|standing| standing.failed.is_some()).await {
            Ok(standing) => standing.failed.clone().unwrap_or_default(),
            Err(_) => "consensus has ended".to_string(),
        }
    };
    tokio::select! {
        reason = consensus_failed => Err(reason),
        ended = ending.wait_for(Option::is_some) => match ended.map(|ended| ended.clone()) {
            Ok(Some(Ended::Failed(reason) | Ended::Broken(reason))) => Err(reason),
            Ok(Some(Ended::InOrder) | None) | Err(_) => Ok(()),
        },
    }
}

/// Databases are open as soon as they are wanted. For the rest, the world sees what is wanted.
struct Alone {
    core: Arc<Core>,
}

impl Surroundings for Alone {
    fn answer(&self, _: RequestId, _: &Answer) {}

    fn progress(&self, _: RequestId, _: &Progress) {}

    fn scheduled(&self, _: RequestId, _: Result<Box<ProgramOrder>, String>) {}

    fn open_database(&self, order: Box<OpenOrder>) {
        self.core.tell(Event::DatabaseOpened { dbd: order.authorization.dbd(), outcome: Ok(Vec::new()) });
    }

    fn close_database(&self, dbd: DbdName) {
        self.core.tell(Event::DatabaseClosed { dbd, outcome: Ok(()) });
    }

    fn end_engine(&self) {
        self.core.tell(Event::EngineEnded { unrecovered: BTreeSet::new() });
    }

    fn issue(&self, _: &Message) {}

    fn observe(&self, _: &Course) {}
}

/// The network of the world, as one member uses it. Who dials says who it is and for what, as sci does under TLS.
#[derive(Clone)]
pub(super) struct Wire {
    own: MemberName,
    plex: PlexName,
    limits: Limits,
    world: Arc<dyn World>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Wire {
    pub(super) async fn dial(
        &self,
        address: &str,
        member: Option<MemberName>,
        lane: Lane,
    ) -> Result<Connection, DialError> {
        let within = Duration::from_millis(self.limits.handshake_ms);
        let greeted = timeout(within, self.greet(address, lane)).await;
        let greeted = greeted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let not_reached = |source| DialError::NotReached { address: address.to_string(), source };
        let (stream, found, at) = greeted.map_err(not_reached)?;
        match member.filter(|expected| found.member() != Some(*expected)) {
            None => Ok(self.connection(stream, found, lane, at)),
            Some(expected) => Err(DialError::WrongMember { address: address.to_string(), expected, found }),
        }
    }

    async fn greet(&self, address: &str, lane: Lane) -> io::Result<(TcpStream, Peer, SocketAddr)> {
        let mut stream = match TcpStream::connect(address).await {
            // What does not get through is told as if it were refused, and at once.
            Err(error) if !self.world.is_gone(self.own, address) => {
                sleep(UNANSWERED).await;
                return Err(io::Error::new(io::ErrorKind::TimedOut, error));
            }
            connected => connected?,
        };
        let at = stream.peer_addr()?;
        stream.write_u8(if lane == Lane::Raft { 0 } else { 1 }).await?;
        self.say_name(&mut stream).await?;
        let peer = self.hear_name(&mut stream).await?;
        Ok((stream, peer, at))
    }

    async fn welcome(&self, mut stream: TcpStream, at: SocketAddr) -> io::Result<(Connection, Peer, Lane)> {
        let lane = if stream.read_u8().await? == 0 { Lane::Raft } else { Lane::Member };
        let peer = self.hear_name(&mut stream).await?;
        self.say_name(&mut stream).await?;
        Ok((self.connection(stream, peer.clone(), lane, at), peer, lane))
    }

    async fn say_name(&self, stream: &mut TcpStream) -> io::Result<()> {
        let name = self.own.as_str().as_bytes();
        stream.write_all(&[&[name.len() as u8], name].concat()).await
    }

    async fn hear_name(&self, stream: &mut TcpStream) -> io::Result<Peer> {
        let mut name = vec![0; stream.read_u8().await?.into()];
        stream.read_exact(&mut name).await?;
        let name = String::from_utf8(name).map_err(io::Error::other)?;
        Ok(Peer { name, plex: self.plex, role: Role::Member })
    }

    fn connection(&self, stream: TcpStream, peer: Peer, lane: Lane, at: SocketAddr) -> Connection {
        Connection::over(stream, peer, lane, at, self.limits.frame_bytes_max(lane))
    }
}

async fn accept(listener: TcpListener, wire: Wire, neighbours: Neighbours) {
    while let Ok((stream, at)) = listener.accept().await {
        let (wire, neighbours) = (wire.clone(), neighbours.clone());
        tokio::spawn(async move {
            let within = Duration::from_millis(wire.limits.handshake_ms);
            let Ok(Ok((connection, peer, lane))) = timeout(within, wire.welcome(stream, at)).await else {
                return;
            };
            match (lane, peer.member()) {
                (Lane::Raft, _) => neighbours.serve_consensus(connection, peer).await,
                (_, Some(from)) => neighbours.serve_member(connection, from).await,
                (_, None) => {}
            }
        });
    }
    pending().await
}
