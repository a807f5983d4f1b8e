//! Which disk a path is on.

use crate::disk::{Disk, Syncs};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A disk, which open files share with the mount.
pub(crate) type Shared = Arc<Mutex<Disk>>;

thread_local! {
    static MOUNTS: RefCell<BTreeMap<PathBuf, Shared>> = const { RefCell::new(BTreeMap::new()) };
}

/// Everything under `root` is on an empty disk from now on, for this thread. What it loses is drawn from `seed`.
pub fn mount(root: &Path, seed: u64) {
    let disk = Arc::new(Mutex::new(Disk::new(root, seed)));
    MOUNTS.with_borrow_mut(|mounts| mounts.insert(root.to_path_buf(), disk));
}

/// The disk under `root` loses power: every open file is at its end, and nothing can be opened until [`power_up`].
pub fn lose_power(root: &Path) {
    with(root, Disk::lose_power);
}

/// The disk under `root` can be used again.
pub fn power_up(root: &Path) {
    with(root, |disk| disk.is_on = true);
}

/// Power fails when the disk under `root` has been changed or synced so many times more: whatever is going on stops there.
/// What is left is known when it is told to have lost power ([`lose_power`]).
pub fn lose_power_after(root: &Path, changes: u64) {
    with(root, |disk| disk.fuse = Some(changes));
}

/// From now on no sync succeeds on the disk under `root`, until it loses power.
pub fn fail_syncs(root: &Path) {
    with(root, |disk| disk.syncs = Syncs::Fail);
}

/// The disk under `root` says from now on that it keeps what is synced, and does not.
pub fn lie(root: &Path) {
    with(root, |disk| disk.syncs = Syncs::Lie);
}

/// Whether the disk under `root` works, and is to go on so.
pub fn is_sound(root: &Path) -> bool {
    shared(root).is_ok_and(|disk| locked(&disk).is_sound())
}

fn with(root: &Path, change: impl FnOnce(&mut Disk)) {
    if let Ok(disk) = shared(root) {
        change(&mut locked(&disk));
    }
}

/// The disk that a path is on.
pub(crate) fn shared(path: &Path) -> io::Result<Shared> {
    let found = MOUNTS.with_borrow(|mounts| path.ancestors().find_map(|root| mounts.get(root).cloned()));
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no simulated disk is mounted there"))
}

/// The disk that a path is on, where it has power.
pub(crate) fn powered(path: &Path) -> io::Result<Shared> {
    let disk = shared(path)?;
    let is_on = locked(&disk).is_on;
    if is_on { Ok(disk) } else { Err(io::ErrorKind::NotConnected.into()) }
}

pub(crate) fn locked(disk: &Shared) -> MutexGuard<'_, Disk> {
    disk.lock().unwrap_or_else(PoisonError::into_inner)
}
