//! The member's machine as openraft wants it.

use super::{
    format::{LogIdRecord, MembershipRecord, PositionRecord, invalid},
    machine::{Applied, Frozen, Machine},
    snapshot::{SnapshotFile, Snapshots},
    types::{Blob, Entry, LogId, Snapshot, SnapshotMeta, StoredMembership, Types},
};
use crate::work::blocking;
use futures::{Stream, StreamExt};
use openraft::{
    EntryPayload, OptionalSend, RaftSnapshotBuilder,
    storage::{ApplyResponder, EntryResponder, RaftStateMachine},
};
use std::{io, sync::Arc, time::Duration};

/// The most entries that the machine is given at once.
const APPLY_MAX: usize = 1_000;

/// How long making a snapshot waits before it looks again whether there is room.
const ROOM_PAUSE: Duration = Duration::from_secs(1);

/// The machine, and where its snapshots are.
#[derive(Clone)]
pub(crate) struct State {
    machine: Arc<dyn Machine>,
    snapshots: Arc<Snapshots>,
    position: PositionRecord,
}

impl State {
    pub(super) fn open(machine: Arc<dyn Machine>, snapshots: Arc<Snapshots>) -> io::Result<Self> {
        let position = PositionRecord::from_bytes(&machine.position()?.unwrap_or_default())?;
        Ok(Self { machine, snapshots, position })
    }

    fn apply_chunk(&mut self, chunk: Vec<EntryResponder<Types>>) -> io::Result<()> {
        let mut position = self.position.clone();
        let (entries, responders): (Vec<Applied>, Vec<Option<ApplyResponder<Types>>>) =
            chunk.into_iter().map(|(entry, responder)| (applied(entry, &mut position), responder)).unzip();
        let replies = self.machine.apply(entries, position.to_bytes())?;
        if replies.len() != responders.len() {
            let (given, wanted) = (replies.len(), responders.len());
            return Err(invalid(format!("the machine gave {given} replies to {wanted} entries")));
        }
        self.position = position;
        for (responder, reply) in responders.into_iter().zip(replies) {
            if let Some(responder) = responder {
                responder.send(Blob(reply.into()));
            }
        }
        Ok(())
    }
}

/// What the machine is given of an entry, after which `position` stands at it.
fn applied(entry: Entry, position: &mut PositionRecord) -> Applied {
    let id = LogIdRecord::from(entry.log_id);
    position.last = Some(id);
    let payload = match entry.payload {
        EntryPayload::Normal(proposal) => Some(proposal.0.into()),
        EntryPayload::Blank => None,
        EntryPayload::Membership(membership) => {
            position.membership_at = Some(id);
            position.membership = MembershipRecord::from(&membership);
            None
        }
    };
    Applied { index: id.index, term: id.term, payload }
}

impl RaftStateMachine<Types> for State {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.position.last.map(LogId::from), self.position.membership()?))
    }

    async fn apply<S>(&mut self, entries: S) -> io::Result<()>
    where
        S: Stream<Item = io::Result<EntryResponder<Types>>> + Unpin + OptionalSend,
    {
        let mut chunks = entries.ready_chunks(APPLY_MAX);
        while let Some(chunk) = chunks.next().await {
            // The others wait to hear from the master what is agreed; what they are told goes out before it turns to
            // its own machine.
            tokio::task::yield_now().await;
            self.apply_chunk(chunk.into_iter().collect::<io::Result<_>>()?)?;
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder { machine: Arc::clone(&self.machine), snapshots: Arc::clone(&self.snapshots) }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: SnapshotFile) -> io::Result<()> {
        if snapshot.meta()? != *meta {
            return Err(invalid("the snapshot stands at another position than was announced"));
        }
        let (machine, snapshots) = (Arc::clone(&self.machine), Arc::clone(&self.snapshots));
        let position = snapshot.position.clone();
        blocking(move || {
            let adopted = snapshots.adopt(&snapshot)?;
            machine.install(adopted.position.to_bytes(), &mut adopted.records()?)
        })
        .await?;
        tracing::info!(index = position.last.map(|last| last.index), "a snapshot was installed");
        self.position = position;
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        let Some(snapshot) = self.snapshots.newest() else { return Ok(None) };
        Ok(Some(Snapshot { meta: snapshot.meta()?, snapshot }))
    }
}

/// Makes a snapshot while the machine goes on.
pub(crate) struct Builder {
    machine: Arc<dyn Machine>,
    snapshots: Arc<Snapshots>,
}

impl RaftSnapshotBuilder<Types> for Builder {
    type SnapshotData = SnapshotFile;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        loop {
            let (machine, snapshots) = (Arc::clone(&self.machine), Arc::clone(&self.snapshots));
            let built = blocking(move || {
                let frozen: Frozen = machine.freeze()?;
                snapshots.build(frozen)
            });
            match built.await {
                Ok(snapshot) => {
                    let index = snapshot.position.last.map(|last| last.index);
                    tracing::info!(index, bytes = snapshot.bytes()?, "a snapshot was made");
                    return Ok(Snapshot { meta: snapshot.meta()?, snapshot });
                }
                // An error would stop the node; a disk that is full may not stay so.
                Err(error) if is_full(&error) => {
                    tracing::warn!("a snapshot waits for room: {error}");
                    tokio::time::sleep(ROOM_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
