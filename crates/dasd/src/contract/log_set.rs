//! What every log set promises.

use crate::LogSet;

/// Runs the suite. `open` opens the same log each time, empty the first time. The records are small and few, so
/// a log that splits itself into pieces should be opened with small ones.
pub fn log_set<S: LogSet>(mut open: impl FnMut() -> S) {
    positions_rise_without_gaps(open());
    forced_records_survive_a_restart(&open());
    a_log_goes_on_where_it_was_truncated(&mut open);
    discarding_keeps_what_is_after(&mut open);
    a_log_can_go_on_further_up(&mut open);
    truncating_all_leaves_an_empty_log(&mut open);
}

fn positions_rise_without_gaps(mut log: impl LogSet) {
    assert_eq!((log.first_position(), log.next_position()), (1, 1), "a new log begins at 1");
    assert_eq!(log.read(1).unwrap(), None, "there is no record yet");
    for position in 1..=40 {
        assert_eq!(log.append(&record(position)).unwrap(), position, "positions rise by one");
        assert_eq!(log.read(position).unwrap(), Some(record(position)), "an accepted record can be read");
    }
    log.force().unwrap();
    log.force().unwrap();
    assert_eq!(log.read(0).unwrap(), None, "there is no position 0");
    assert_eq!(log.read(41).unwrap(), None, "nor one after the last");
}

fn forced_records_survive_a_restart(log: &impl LogSet) {
    assert_eq!((log.first_position(), log.next_position()), (1, 41), "forced records survive a restart");
    for position in 1..=40 {
        assert_eq!(log.read(position).unwrap(), Some(record(position)), "as they were");
    }
    assert_eq!(
        log.read_range(39, 50, usize::MAX).unwrap(),
        [record(39), record(40)],
        "a range ends at the end"
    );
    assert_eq!(log.read_range(1, 41, 1).unwrap(), [record(1)], "a range holds one record however long it is");
    let two = record(1).len() + record(2).len();
    assert_eq!(log.read_range(1, 41, two).unwrap(), [record(1), record(2)], "and as many as fit");
    assert!(log.read_range(7, 7, usize::MAX).unwrap().is_empty(), "an empty range is empty");
}

fn a_log_goes_on_where_it_was_truncated<S: LogSet>(open: &mut impl FnMut() -> S) {
    let mut log = open();
    log.truncate_after(25).unwrap();
    assert_eq!(log.next_position(), 26, "the next record takes the place of the first removed one");
    assert_eq!(log.read(26).unwrap(), None, "removed records are gone");
    drop(log);
    let mut log = open();
    assert_eq!(log.next_position(), 26, "a truncation survives a restart without a force");
    assert_eq!(log.append(b"other").unwrap(), 26, "the log goes on");
    log.force().unwrap();
    drop(log);
    let log = open();
    let end = log.read_range(25, 50, usize::MAX).unwrap();
    assert_eq!(end, [record(25), b"other".to_vec()], "no removed record comes back behind a new one");
}

fn discarding_keeps_what_is_after<S: LogSet>(open: &mut impl FnMut() -> S) {
    let mut log = open();
    log.discard_before(20).unwrap();
    log.discard_before(3).unwrap();
    assert!(log.first_position() <= 20, "a discard takes nothing at or after its position");
    drop(log);
    let log = open();
    assert!(log.first_position() <= 20, "nor when the log is opened again");
    for position in 20..=25 {
        assert_eq!(log.read(position).unwrap(), Some(record(position)), "what is after stays");
    }
}

fn a_log_can_go_on_further_up<S: LogSet>(open: &mut impl FnMut() -> S) {
    let mut log = open();
    log.discard_before(100).unwrap();
    assert_eq!(
        (log.first_position(), log.next_position()),
        (100, 100),
        "an empty log goes on at the position"
    );
    assert_eq!(log.read(26).unwrap(), None, "and holds nothing from before");
    drop(log);
    let mut log = open();
    assert_eq!((log.first_position(), log.next_position()), (100, 100), "that survives a restart");
    for position in 100..=105 {
        assert_eq!(log.append(&record(position)).unwrap(), position);
    }
    log.force().unwrap();
    drop(log);
    let log = open();
    assert_eq!((log.first_position(), log.next_position()), (100, 106));
    assert_eq!(log.read(99).unwrap(), None);
    assert_eq!(log.read(105).unwrap(), Some(record(105)));
}

fn truncating_all_leaves_an_empty_log<S: LogSet>(open: &mut impl FnMut() -> S) {
    let mut log = open();
    log.truncate_after(99).unwrap();
    assert_eq!((log.first_position(), log.next_position()), (100, 100), "all records can be removed");
    assert_eq!(log.append(b"").unwrap(), 100, "an empty record is a record");
    log.force().unwrap();
    drop(log);
    assert_eq!(open().read(100).unwrap(), Some(Vec::new()));
}

fn record(position: u64) -> Vec<u8> {
    let byte = (position % 251) as u8;
    vec![byte; 10 + (position as usize * 7) % 60]
}
