//! What every keyed set promises.

use crate::{Batch, DataSetError, KeyedSet, Record};

/// Runs the suite. `open` opens the same set each time, empty the first time.
pub fn keyed_set<S: KeyedSet>(mut open: impl FnMut() -> S) {
    let mut set = open();
    assert_eq!(content(&set, b""), [], "a new set is empty");
    assert_eq!(set.get(b"none").unwrap(), None, "a key that is not there has no value");
    records_come_in_key_order(&mut set);
    a_batch_changes_many_keys(&mut set);
    prefixes_end_where_they_end(&mut set);
    drop(set);
    let mut set = open();
    assert_eq!(content(&set, b"a"), [record("a1", "new")], "content survives a restart");
    a_replacement_leaves_nothing_old(&mut set);
    drop(set);
    assert_eq!(content(&open(), b""), [record("k1", "1"), record("k2", "")], "so does a replacement");
}

fn records_come_in_key_order(set: &mut impl KeyedSet) {
    for key in ["b", "a1", "c", "a2"] {
        let mut batch = Batch::new();
        batch.put(key, "old");
        set.apply(batch).unwrap();
    }
    let keys: Vec<_> = content(set, b"").into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [&b"a1"[..], b"a2", b"b", b"c"], "records come in key order");
}

fn a_batch_changes_many_keys(set: &mut impl KeyedSet) {
    let mut batch = Batch::new();
    batch.put("a1", "first").put("a1", "new").delete("a2").delete("never there").put("d", "").delete("c");
    set.apply(batch).unwrap();
    set.apply(Batch::new()).unwrap();
    set.sync().unwrap();
    let expected = [record("a1", "new"), record("b", "old"), record("d", "")];
    assert_eq!(content(set, b""), expected, "a batch changes all it names, the last change of a key counts");
    assert_eq!(set.get(b"d").unwrap(), Some(Vec::new()), "an empty value is a value");
}

fn prefixes_end_where_they_end(set: &mut impl KeyedSet) {
    let mut batch = Batch::new();
    batch.put(vec![0xff], "x").put(vec![0xff, 0xff], "y").put(vec![0xfe], "z");
    set.apply(batch).unwrap();
    assert_eq!(content(set, &[0xff]).len(), 2, "a prefix of the highest byte has an end, too");
    assert_eq!(content(set, b"b"), [record("b", "old")], "a key is a prefix of itself");
    assert_eq!(content(set, b"bb"), [], "a longer prefix than the key does not find it");
}

fn a_replacement_leaves_nothing_old(set: &mut impl KeyedSet) {
    let records = [record("k2", ""), record("k1", "1")];
    set.replace_all(&mut records.into_iter().map(Ok::<_, DataSetError>)).unwrap();
    assert_eq!(content(set, b""), [record("k1", "1"), record("k2", "")], "a replacement is all there is");
}

fn content(set: &impl KeyedSet, prefix: &[u8]) -> Vec<Record> {
    set.scan(prefix).collect::<Result<_, _>>().unwrap()
}

fn record(key: &str, value: &str) -> Record {
    (key.into(), value.into())
}
