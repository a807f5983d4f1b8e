//! The member's one lock: its control region, and the shelf that keeps what the region has applied.

use super::keeper::{ShelfKeeper, Unshelved};
use crate::consensus::{Applied, Frozen, Machine};
use crate::logging;
use crate::work::in_place;
use control_region::{ControlRegion, Effect, Event, Settings, Stops};
use dasd::{Batch, KeyedSet};
use plex::{Plex, PlexChange};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use vocabulary::message::DISK108W;
use vocabulary::{Moment, encoding};

/// How often the lock is tried before its thread waits for it. Most turns are over in microseconds.
const SPINS: u32 = 200;

/// What the plex keeps is under this prefix, so that the marks beside it can't be taken for it.
const RECORD: u8 = b'r';
/// The position that the records reflect, as consensus gave it.
const POSITION: &[u8] = b"m/position";
/// The log index that the records reflect.
const INDEX: &[u8] = b"m/index";

/// The wall clock, read nowhere else.
pub(crate) fn now() -> Moment {
    Moment(u64::try_from(since_1970().as_micros()).unwrap_or(u64::MAX))
}

#[cfg(not(simulated))]
fn since_1970() -> Duration {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// A simulated world has a time of its own.
#[cfg(simulated)]
fn since_1970() -> Duration {
    turmoil::since_epoch().unwrap_or_default()
}

/// The control region with its shelf. Effects go out in the order in which they were wanted.
#[derive(Debug)]
pub(crate) struct Core {
    inner: Arc<Mutex<Inner>>,
    keeper: ShelfKeeper,
    effects: UnboundedSender<Effect>,
    opened: Instant,
    /// When it was told something last, in milliseconds since it was opened.
    told_ms: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    region: ControlRegion,
    /// Everything is another since the shelf was written, and not just the records that the plex names.
    replaced: bool,
    /// The position that the region reflects, as consensus gave it.
    position: Option<Vec<u8>>,
    /// The log index that the region reflects.
    index: u64,
}

impl Core {
    /// Brings the region back to what the shelf has.
    pub(super) fn open(
        settings: Settings,
        mut shelf: Box<dyn KeyedSet>,
        stops: Stops,
        effects: UnboundedSender<Effect>,
    ) -> io::Result<Self> {
        let Kept { plex, position, index } = match read_shelf(&*shelf) {
            Ok(kept) => kept,
            Err(error) => {
                logging::issue(&DISK108W.with(&[&error]));
                shelf.replace_all(&mut std::iter::empty()).map_err(io::Error::other)?;
                Kept::default()
            }
        };
        let region = ControlRegion::new(settings, plex, index, stops, now());
        let inner = Arc::new(Mutex::new(Inner { region, replaced: false, position, index }));
        let applied = Arc::clone(&inner);
        let keeper = ShelfKeeper::start(shelf, move || {
            let mut inner = applied.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut inner.replaced) { inner.whole() } else { inner.changes() }
        })?;
        Ok(Self { inner, keeper, effects, opened: Instant::now(), told_ms: AtomicU64::new(0) })
    }

    /// Waits until the shelf has everything that was applied.
    pub(super) fn settle(&self) -> io::Result<()> {
        self.keeper.settle()
    }

    /// Why the shelf can't be written any more.
    pub(crate) fn shelf_failure(&self) -> Option<String> {
        self.keeper.failure()
    }

    /// Tells the region an event.
    pub(super) fn tell(&self, event: Event) {
        let mut inner = self.lock();
        let effects = inner.region.step(now(), event);
        // Sent under the lock, so that effects of different turns stay in order.
        self.send(effects);
        drop(inner);
        self.told_ms.store(self.since_opened_ms(), Ordering::Relaxed);
    }

    /// For how long it was told nothing, not even the time.
    pub(crate) fn stood_still(&self) -> Duration {
        Duration::from_millis(self.since_opened_ms().saturating_sub(self.told_ms.load(Ordering::Relaxed)))
    }

    fn since_opened_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Looks at the region.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&ControlRegion) -> T) -> T {
        look(&self.lock().region)
    }

    /// The region, while nothing happens to it.
    #[cfg(simulated)]
    pub(super) fn region(&self) -> impl std::ops::Deref<Target = ControlRegion> {
        Held(self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        for _ in 0..SPINS {
            match self.inner.try_lock() {
                Ok(inner) => return inner,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        in_place(|| self.wait_for_lock())
    }

    fn wait_for_lock(&self) -> MutexGuard<'_, Inner> {
        // A panic inside a turn leaves the region as it was in the middle of it: the process is to end, and the
        // poisoned lock is how every other thread learns of it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, effects: Vec<Effect>) {
        for effect in effects {
            // Nobody takes effects any more only when the member is on its way out.
            let _ = self.effects.send(effect);
        }
    }
}

/// The lock, for whoever looks at the region alone.
#[cfg(simulated)]
struct Held<'a>(MutexGuard<'a, Inner>);

#[cfg(simulated)]
impl std::ops::Deref for Held<'_> {
    type Target = ControlRegion;

    fn deref(&self) -> &ControlRegion {
        &self.0.region
    }
}

/// What the shelf kept.
#[derive(Default)]
struct Kept {
    plex: Plex,
    position: Option<Vec<u8>>,
    index: u64,
}

fn read_shelf(shelf: &dyn KeyedSet) -> io::Result<Kept> {
    let records = shelf.scan(&[RECORD]).map(|record| match record {
        Ok((key, value)) => Ok((key[1..].to_vec(), value)),
        Err(error) => Err(Unreadable(error.to_string())),
    });
    let plex = Plex::restored(records).map_err(|error| io::Error::other(error.0))?;
    let position = shelf.get(POSITION).map_err(io::Error::other)?;
    let index = shelf.get(INDEX).map_err(io::Error::other)?;
    let index = index.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
    Ok(Kept { plex, position, index })
}

/// A record that can't be read back.
struct Unreadable(String);

impl From<encoding::DecodeError> for Unreadable {
    fn from(error: encoding::DecodeError) -> Self {
        Self(error.to_string())
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

fn on_shelf(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(key.len() + 1);
    stored.push(RECORD);
    stored.extend_from_slice(key);
    stored
}

impl Machine for Core {
    fn position(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().position.clone())
    }

    fn apply(&self, entries: Vec<Applied>, position: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        let mut inner = self.lock();
        let mut replies = Vec::with_capacity(entries.len());
        for entry in entries {
            let change = entry.payload.as_deref().map(decode_change).transpose()?;
            let (reply, effects) = inner.region.apply(now(), (entry.term, entry.index), change);
            replies.push(encoding::encode(&reply));
            inner.index = entry.index;
            self.send(effects);
        }
        inner.position = Some(position);
        drop(inner);
        self.keeper.fell_behind()?;
        Ok(replies)
    }

    fn freeze(&self) -> io::Result<Frozen> {
        let inner = self.lock();
        let position = inner.position.clone().unwrap_or_default();
        // The index rides along as a record with an empty key, which no record of the plex has.
        let index = (Vec::new(), inner.index.to_be_bytes().to_vec());
        let records = std::iter::once(index).chain(FrozenRecords::of(inner.region.plex().clone()));
        Ok(Frozen { position, records: Box::new(records.map(Ok)) })
    }

    fn install(
        &self,
        position: Vec<u8>,
        records: &mut dyn Iterator<Item = io::Result<(Vec<u8>, Vec<u8>)>>,
    ) -> io::Result<()> {
        let mut index = 0;
        let own = records.filter_map(|record| match record {
            Ok((key, value)) if key.is_empty() => {
                index = value.try_into().map_or(0, u64::from_be_bytes);
                None
            }
            Ok(record) => Some(Ok(record)),
            Err(error) => Some(Err(Unreadable::from(error))),
        });
        let plex = Plex::restored(own).map_err(|error| io::Error::other(error.0))?;
        let mut inner = self.lock();
        let effects = inner.region.install(now(), index, plex);
        (inner.position, inner.index, inner.replaced) = (Some(position), index, true);
        self.send(effects);
        drop(inner);
        self.keeper.fell_behind()
    }
}

impl Inner {
    /// The records that changed since this was asked last.
    fn changes(&mut self) -> Unshelved {
        let mut batch = Batch::new();
        for (key, value) in self.region.plex_mut().take_changed() {
            match value {
                Some(value) => batch.put(on_shelf(&key), value),
                None => batch.delete(on_shelf(&key)),
            };
        }
        for (key, value) in self.marks() {
            batch.put(key, value);
        }
        Unshelved::Changes(batch)
    }

    /// All records.
    fn whole(&mut self) -> Unshelved {
        drop(self.region.plex_mut().take_changed());
        let records = self.region.plex().records().map(|(key, value)| (on_shelf(&key), value));
        Unshelved::Whole(records.chain(self.marks()).collect())
    }

    /// What says which entry the records beside it reflect.
    fn marks(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + use<> {
        let position = self.position.clone().map(|position| (POSITION.to_vec(), position));
        position.into_iter().chain([(INDEX.to_vec(), self.index.to_be_bytes().to_vec())])
    }
}

fn decode_change(payload: &[u8]) -> io::Result<PlexChange> {
    encoding::decode("plex change", payload).map_err(io::Error::other)
}

/// The records of a plex that stands still, taken one by one, so that a snapshot needs no second copy of it.
struct FrozenRecords {
    plex: Plex,
    keys: std::vec::IntoIter<plex::stored::PlexKey>,
}

impl FrozenRecords {
    fn of(plex: Plex) -> Self {
        let keys = plex.keys().collect::<Vec<_>>().into_iter();
        Self { plex, keys }
    }
}

impl Iterator for FrozenRecords {
    type Item = (Vec<u8>, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        self.keys.find_map(|key| self.plex.stored(&key).map(|value| (encoding::encode(&key), value)))
    }
}
