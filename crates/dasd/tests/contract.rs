//! The sets in memory keep the contracts that they are used to test others against.

use dasd::{
    Batch, BlockSet, DataSetError, Fault, Faulty, KeyedSet, LogSet, contract,
    memory::{MemoryBlockSet, MemoryKeyedSet, MemoryLogSet, MemorySequentialSet, Torn},
};

#[test]
fn a_keyed_set_in_memory_keeps_the_contract() {
    let set = MemoryKeyedSet::new();
    contract::keyed_set(|| set.clone());
}

#[test]
fn a_log_in_memory_keeps_the_contract() {
    let log = MemoryLogSet::new();
    contract::log_set(|| log.clone());
}

#[test]
fn a_sequential_set_in_memory_keeps_the_contract() {
    let set = MemorySequentialSet::default();
    contract::sequential_set(|| set.clone());
}

#[test]
fn a_block_set_in_memory_keeps_the_contract() {
    let set = MemoryBlockSet::new(512);
    contract::block_set(|| set.clone());
}

#[test]
fn a_crash_takes_back_the_latest_writes_and_may_tear_one() {
    let set = MemoryBlockSet::new(4);
    let write = |block, text: &[u8; 4]| set.write(vocabulary::Epoch(0), block, text).unwrap();
    let read = |block| {
        let mut bytes = [9; 4];
        set.read(block, &mut bytes).unwrap();
        bytes
    };
    write(1, b"aaaa");
    set.sync().unwrap();
    write(2, b"bbbb");
    write(1, b"cccc");
    write(2, b"dddd");
    assert_eq!(set.unsynced_count(), 3);
    set.crash(1, Torn::After(2));
    assert_eq!((&read(1), &read(2)), (b"ccaa", b"bbbb"), "one write kept, the next torn, the last lost");
    write(3, b"eeee");
    set.crash(0, Torn::No);
    assert_eq!((&read(1), &read(3)), (b"ccaa", &[0; 4]), "what a crash left is durable");
}

#[test]
fn a_faulty_set_without_a_fault_keeps_the_contracts() {
    let (set, log) = (MemoryKeyedSet::new(), MemoryLogSet::new());
    contract::keyed_set(|| Faulty::new(set.clone()));
    contract::log_set(|| Faulty::new(log.clone()));
    let blocks = MemoryBlockSet::new(512);
    contract::block_set(|| Faulty::new(blocks.clone()));
}

#[test]
fn a_crash_takes_back_the_latest_batches_only() {
    let mut set = MemoryKeyedSet::new();
    let put = |set: &mut MemoryKeyedSet, value: &str| {
        let mut batch = Batch::new();
        batch.put("key", value).put(value, "");
        set.apply(batch).unwrap();
    };
    put(&mut set, "synced");
    set.sync().unwrap();
    put(&mut set, "kept");
    put(&mut set, "lost");
    set.crash(1);
    assert_eq!(set.get(b"key").unwrap(), Some(b"kept".to_vec()));
    assert_eq!(set.get(b"lost").unwrap(), None);
    put(&mut set, "lost");
    set.replace_all(&mut std::iter::empty()).unwrap();
    set.crash(0);
    assert_eq!(set.get(b"key").unwrap(), Some(b"kept".to_vec()), "what a crash left is durable");
}

#[test]
fn a_full_set_refuses_once_and_changes_nothing() {
    let log = MemoryLogSet::new();
    let mut faulty = Faulty::new(log.clone());
    faulty.fail_after(1, Fault::Full);
    assert_eq!(faulty.append(b"one"), Ok(1));
    assert!(matches!(faulty.append(b"two"), Err(DataSetError::Full { .. })));
    assert_eq!(log.next_position(), 2);
    assert_eq!(faulty.append(b"two"), Ok(2));
}

#[test]
fn a_failed_force_poisons_for_good() {
    let mut faulty = Faulty::new(MemoryLogSet::new());
    faulty.append(b"one").unwrap();
    faulty.fail_after(0, Fault::Io);
    assert!(matches!(faulty.force(), Err(DataSetError::Io { .. })));
    assert!(matches!(faulty.force(), Err(DataSetError::Poisoned { .. })));
    assert!(matches!(faulty.append(b"two"), Err(DataSetError::Poisoned { .. })));
    assert!(matches!(faulty.read(1), Err(DataSetError::Poisoned { .. })));
}
