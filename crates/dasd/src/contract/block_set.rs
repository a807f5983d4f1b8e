//! What every block set promises.

use crate::{BlockSet, DataSetError};
use vocabulary::Epoch;

/// Runs the suite. `open` opens the same set each time, empty the first time.
pub fn block_set<S: BlockSet>(mut open: impl FnMut() -> S) {
    let set = open();
    assert_eq!(set.block_count(), 0, "a new set has no blocks");
    assert_eq!(content(&set, 7), filled(&set, 0), "a block that was never written reads as zeros");
    blocks_are_read_as_written(&set);
    drop(set);
    let set = open();
    assert_eq!(set.block_count(), 10, "blocks survive a restart");
    assert_eq!(content(&set, 9), filled(&set, 9), "as they were");
    assert_eq!(content(&set, 5), filled(&set, 0), "a gap reads as zeros");
    a_writer_from_the_past_is_refused(&set);
    drop(set);
    let set = open();
    assert_eq!(set.admitted(), Epoch(3), "who may write survives a restart");
    assert!(set.write(Epoch(2), 1, &filled(&set, 2)).is_err(), "a writer from the past stays refused");
}

fn blocks_are_read_as_written(set: &impl BlockSet) {
    for block in [3, 0, 9, 3] {
        set.write(Epoch(0), block, &filled(set, block as u8)).unwrap();
        assert_eq!(content(set, block), filled(set, block as u8), "a block is read as it was written");
    }
    set.write(Epoch(0), 3, &filled(set, 77)).unwrap();
    assert_eq!(content(set, 3), filled(set, 77), "the last write of a block counts");
    let run = [filled(set, 5), filled(set, 6)].concat();
    set.write_run(Epoch(0), 5, &run).unwrap();
    assert_eq!([content(set, 5), content(set, 6)].concat(), run, "blocks of a run lie one behind the other");
    set.write_run(Epoch(0), 5, &filled(set, 0)).unwrap();
    assert_eq!(set.block_count(), 10, "the highest block counts, not how many were written");
    set.sync().unwrap();
}

fn a_writer_from_the_past_is_refused(set: &impl BlockSet) {
    set.admit(Epoch(3)).unwrap();
    set.admit(Epoch(1)).unwrap();
    assert_eq!(set.admitted(), Epoch(3), "an epoch only rises");
    for refused in [set.write(Epoch(2), 1, &filled(set, 1)), set.write_run(Epoch(2), 1, &filled(set, 1))] {
        assert!(matches!(refused, Err(DataSetError::Fenced { .. })), "a lower epoch does not write");
    }
    assert_eq!(content(set, 1), filled(set, 0), "and changes nothing");
    set.write(Epoch(3), 1, &filled(set, 1)).unwrap();
    set.write(Epoch(4), 1, &filled(set, 4)).unwrap();
    assert_eq!(content(set, 1), filled(set, 4), "who is admitted writes");
    set.sync().unwrap();
}

fn content(set: &impl BlockSet, block: u32) -> Vec<u8> {
    let mut bytes = filled(set, 0xee);
    set.read(block, &mut bytes).unwrap();
    bytes
}

fn filled(set: &impl BlockSet, byte: u8) -> Vec<u8> {
    vec![byte; set.block_bytes()]
}
