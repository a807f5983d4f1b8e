//! SQLite: a table for the roots and one for the children, clustered by their keys, with a write-ahead log.

use crate::work::{CHILDREN, Place, Session, Store, Work, bytes_of, child_key, root_key, segment};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits for another.
const BUSY: Duration = Duration::from_secs(60);

pub(crate) struct Sqlite {
    folder: PathBuf,
}

impl Sqlite {
    pub(crate) fn create(folder: &Path) -> Self {
        let store = Self { folder: folder.to_path_buf() };
        store
            .connect()
            .execute_batch(
                "CREATE TABLE root (key TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID;
                 CREATE TABLE child (root TEXT, key TEXT, data BLOB, PRIMARY KEY (root, key)) WITHOUT ROWID;",
            )
            .expect("tables");
        store
    }

    fn connect(&self) -> Connection {
        let connection = Connection::open(self.folder.join("data.db")).expect("a database");
        connection.busy_timeout(BUSY).expect("a timeout");
        connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
        connection.pragma_update(None, "synchronous", "FULL").expect("durable commits");
        connection.pragma_update(None, "cache_size", -1_000_000).expect("a cache");
        connection
    }
}

const INSERT_CHILD: &str = "INSERT OR IGNORE INTO child VALUES (?1, ?2, ?3)";

fn text(key: &[u8]) -> &str {
    std::str::from_utf8(key).expect("digits")
}

impl Store for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn load(&self, work: &Work) {
        let mut connection = self.connect();
        let transaction = connection.transaction().expect("a transaction");
        {
            let mut roots = transaction.prepare("INSERT INTO root VALUES (?1, ?2)").expect("a statement");
            let mut children = transaction.prepare(INSERT_CHILD).expect("a statement");
            for root in 0..work.roots {
                let key = root_key(root);
                roots.execute(params![text(&key), &segment(&key, root)[..]]).expect("a root");
                for child in 0..CHILDREN {
                    let number = child_key(child);
                    let data = segment(&number, root ^ child << 20);
                    children.execute(params![text(&key), text(&number), &data[..]]).expect("a child");
                }
            }
        }
        transaction.commit().expect("a commit");
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").expect("a checkpoint");
    }

    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(SqliteSession { connection: self.connect() })
    }

    fn bytes(&self) -> u64 {
        bytes_of(&self.folder, "data.db")
    }
}

struct SqliteSession {
    connection: Connection,
}

impl Session for SqliteSession {
    fn gets(&mut self, places: &[Place]) -> usize {
        let transaction = self.connection.unchecked_transaction().expect("a transaction");
        let mut get = transaction
            .prepare_cached("SELECT data FROM child WHERE root = ?1 AND key = ?2")
            .expect("a statement");
        let found = places.iter().filter(|place| {
            let (root, child) = (root_key(place.root), child_key(place.child));
            get.query_row(params![text(&root), text(&child)], |row| {
                row.get_ref(0).map(|data| data.as_blob().is_ok())
            })
            .expect("a child")
        });
        found.count()
    }

    fn scan(&mut self, work: &Work) -> u64 {
        let transaction = self.connection.unchecked_transaction().expect("a transaction");
        let mut children = transaction
            .prepare_cached("SELECT data FROM child WHERE root = ?1 ORDER BY key")
            .expect("a statement");
        let mut found = 0;
        for root in 0..work.roots {
            let mut rows = children.query([text(&root_key(root))]).expect("children");
            while let Some(row) = rows.next().expect("a child") {
                found += u64::from(row.get_ref(0).is_ok());
            }
        }
        found
    }

    fn update(&mut self, place: Place, new_child: u32) {
        // The lock is asked for at once: two readers that both want to write would refuse each other.
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        let (root, child, new) = (root_key(place.root), child_key(place.child), child_key(new_child));
        self.connection
            .prepare_cached("UPDATE child SET data = ?3 WHERE root = ?1 AND key = ?2")
            .and_then(|mut update| {
                update.execute(params![text(&root), text(&child), &segment(&child, new_child)[..]])
            })
            .expect("a replacement");
        self.connection
            .prepare_cached(INSERT_CHILD)
            .and_then(|mut insert| {
                insert.execute(params![text(&root), text(&new), &segment(&new, new_child)[..]])
            })
            .expect("an insertion");
        self.connection.execute_batch("COMMIT").expect("a commit");
    }
}
