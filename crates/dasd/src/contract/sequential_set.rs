//! What every sequential set promises.

use crate::SequentialSet;

/// Runs the suite. `open` opens the same set each time, empty the first time.
pub fn sequential_set<S: SequentialSet>(mut open: impl FnMut() -> S) {
    what_is_added_comes_behind_what_is_there(open());
    a_sync_survives_a_restart(&open());
    what_is_removed_is_gone(&mut open);
}

fn what_is_added_comes_behind_what_is_there(mut set: impl SequentialSet) {
    assert_eq!((set.byte_count(), read(&set, 0, 10)), (0, Vec::new()), "a new set is empty");
    set.append(b"first ").unwrap();
    set.append(b"").unwrap();
    set.append(b"second").unwrap();
    assert_eq!(set.byte_count(), 12);
    assert_eq!(read(&set, 0, 12), b"first second");
    assert_eq!(read(&set, 6, 3), b"sec", "a part can be read");
    assert_eq!(read(&set, 9, 100), b"ond", "there is nothing behind the end");
    assert_eq!(read(&set, 12, 1), b"", "nor at it");
    assert_eq!(read(&set, u64::MAX, 1), b"", "nor far behind it");
    set.sync().unwrap();
    set.sync().unwrap();
}

fn a_sync_survives_a_restart(set: &impl SequentialSet) {
    assert_eq!(read(set, 0, 100), b"first second", "what was synced is there");
}

fn what_is_removed_is_gone<S: SequentialSet>(open: &mut impl FnMut() -> S) {
    let mut set = open();
    set.truncate(100).unwrap();
    assert_eq!(set.byte_count(), 12, "a set does not grow by being cut off behind its end");
    set.truncate(6).unwrap();
    assert_eq!(read(&set, 0, 100), b"first ");
    set.append(b"third").unwrap();
    set.sync().unwrap();
    drop(set);
    assert_eq!(read(&open(), 0, 100), b"first third", "what comes then comes behind what was left");
}

fn read(set: &impl SequentialSet, at: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    let count = set.read(at, &mut bytes).unwrap();
    bytes.truncate(count);
    bytes
}
