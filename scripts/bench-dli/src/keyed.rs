//! LMDB and redb: one ordered map; the key of a child begins with that of its root.

use crate::work::{
    CHILD_KEY, CHILDREN, Place, ROOT_KEY, Session, Store, Work, bytes_of, child_key, root_key, segment,
};
use heed::types::Bytes;
use heed::{Env, EnvOpenOptions};
use redb::{ReadableDatabase, TableDefinition};
use std::path::{Path, PathBuf};

/// As large as the file can get.
const MAP_BYTES: usize = 16 << 30;
const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("segments");

fn key(place: Place) -> [u8; ROOT_KEY + CHILD_KEY] {
    let mut key = [0; ROOT_KEY + CHILD_KEY];
    key[..ROOT_KEY].copy_from_slice(&root_key(place.root));
    key[ROOT_KEY..].copy_from_slice(&child_key(place.child));
    key
}

/// Keys and segments of a root and its children, in order.
fn record(root: u32) -> impl Iterator<Item = (Vec<u8>, [u8; 100])> {
    let own = root_key(root);
    let children = (0..CHILDREN).map(move |child| {
        (key(Place { root, child }).to_vec(), segment(&child_key(child), root ^ child << 20))
    });
    std::iter::once((own.to_vec(), segment(&own, root))).chain(children)
}

pub(crate) struct Lmdb {
    folder: PathBuf,
    env: Env,
    segments: heed::Database<Bytes, Bytes>,
}

impl Lmdb {
    #[allow(unsafe_code, reason = "the file is this process's own, in a folder that was just made")]
    pub(crate) fn create(folder: &Path) -> Self {
        let env = unsafe { EnvOpenOptions::new().map_size(MAP_BYTES).max_readers(64).open(folder) };
        let env = env.expect("an environment");
        let mut writer = env.write_txn().expect("a transaction");
        let segments = env.create_database(&mut writer, None).expect("a database");
        writer.commit().expect("a commit");
        Self { folder: folder.to_path_buf(), env, segments }
    }
}

impl Store for Lmdb {
    fn name(&self) -> &'static str {
        "LMDB"
    }

    fn load(&self, work: &Work) {
        let mut writer = self.env.write_txn().expect("a transaction");
        for (key, data) in (0..work.roots).flat_map(record) {
            self.segments.put(&mut writer, &key, &data).expect("a segment");
        }
        writer.commit().expect("a commit");
    }

    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(LmdbSession { store: self })
    }

    fn bytes(&self) -> u64 {
        bytes_of(&self.folder, "data.mdb")
    }
}

struct LmdbSession<'s> {
    store: &'s Lmdb,
}

impl Session for LmdbSession<'_> {
    fn gets(&mut self, places: &[Place]) -> usize {
        let reader = self.store.env.read_txn().expect("a transaction");
        let get = |place: &&Place| self.store.segments.get(&reader, &key(**place)).expect("a read").is_some();
        places.iter().filter(get).count()
    }

    fn scan(&mut self, work: &Work) -> u64 {
        let reader = self.store.env.read_txn().expect("a transaction");
        let mut found = 0;
        for root in 0..work.roots {
            let own = root_key(root);
            let all = self.store.segments.prefix_iter(&reader, &own[..]).expect("a cursor");
            found +=
                all.skip(1).filter(|entry| entry.as_ref().is_ok_and(|(_, data)| !data.is_empty())).count()
                    as u64;
        }
        found
    }

    fn update(&mut self, place: Place, new_child: u32) {
        let mut writer = self.store.env.write_txn().expect("a transaction");
        for child in [place.child, new_child] {
            let data = segment(&child_key(child), new_child);
            self.store.segments.put(&mut writer, &key(Place { child, ..place }), &data).expect("a segment");
        }
        writer.commit().expect("a commit");
    }
}

pub(crate) struct Redb {
    folder: PathBuf,
    db: redb::Database,
}

impl Redb {
    pub(crate) fn create(folder: &Path) -> Self {
        let db = redb::Database::create(folder.join("data.redb")).expect("a database");
        Self { folder: folder.to_path_buf(), db }
    }
}

impl Store for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn load(&self, work: &Work) {
        let writer = self.db.begin_write().expect("a transaction");
        {
            let mut table = writer.open_table(TABLE).expect("a table");
            for (key, data) in (0..work.roots).flat_map(record) {
                table.insert(&key[..], &data[..]).expect("a segment");
            }
        }
        writer.commit().expect("a commit");
    }

    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(RedbSession { store: self })
    }

    fn bytes(&self) -> u64 {
        bytes_of(&self.folder, "data.redb")
    }
}

struct RedbSession<'s> {
    store: &'s Redb,
}

impl Session for RedbSession<'_> {
    fn gets(&mut self, places: &[Place]) -> usize {
        let reader = self.store.db.begin_read().expect("a transaction");
        let table = reader.open_table(TABLE).expect("a table");
        places.iter().filter(|place| table.get(&key(**place)[..]).expect("a read").is_some()).count()
    }

    fn scan(&mut self, work: &Work) -> u64 {
        let reader = self.store.db.begin_read().expect("a transaction");
        let table = reader.open_table(TABLE).expect("a table");
        let mut found = 0;
        for root in 0..work.roots {
            let (from, to) = (root_key(root), root_key(root + 1));
            let all = table.range(&from[..]..&to[..]).expect("a range");
            for entry in all.skip(1) {
                let (_, data) = entry.expect("a segment");
                found += u64::from(!data.value().is_empty());
            }
        }
        found
    }

    fn update(&mut self, place: Place, new_child: u32) {
        let writer = self.store.db.begin_write().expect("a transaction");
        {
            let mut table = writer.open_table(TABLE).expect("a table");
            for child in [place.child, new_child] {
                let data = segment(&child_key(child), new_child);
                table.insert(&key(Place { child, ..place })[..], &data[..]).expect("a segment");
            }
        }
        writer.commit().expect("a commit");
    }
}
