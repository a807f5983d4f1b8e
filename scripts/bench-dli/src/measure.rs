//! What is measured, in which order, and how it is told.

use crate::dli_store::DliStore;
use crate::floor;
use crate::keyed::{Lmdb, Redb};
use crate::sqlite::Sqlite;
use crate::work::{CHILDREN, GETS, Place, Store, Work};
use crate::{progress, say};
use host::log_folder::Copies;
use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Instant;

const RUNS: usize = 5;
const STORES: [&str; 4] = ["DL/I", "SQLite", "LMDB", "redb"];
/// Units of gets of a run.
const GET_UNITS: u64 = 20_000;
/// The most commits of a run by one writer; each of several makes a third of that. Little work has fewer.
const COMMITS_MAX: u32 = 1000;
const ROOTS_PER_COMMIT: u32 = 10;
const WRITERS: u32 = 8;
/// A restart reads so much log; less of a small database.
const LOG_BYTES_MAX: u64 = 400 << 20;

/// What is measured of a store, with its target.
const LOAD: &str = "load, segments/s (at least SQLite)";
const GET: &str = "get unique in units of ten, calls/s (at least 2 x LMDB)";
const SCAN: &str = "get next within parent over all, segments/s (at least LMDB)";
const ONE: &str = "replace and insert, durable commits/s, one writer (at least 0.8 x the floor)";
const MANY: &str = "the same, eight writers (at least 4 x that)";
const ONE_DUAL: &str = "one writer, the log in two copies, each synced (a floor of two writes)";
const MANY_DUAL: &str = "eight writers, the log in two copies";
const BYTES: &str = "bytes per segment on disk (at most 1.15 x SQLite)";
const SMALL: &str = "get unique with buffers for a tenth of the database, calls/s";
const RESTART: &str = "emergency restart, MB of log/s (at least 200)";
const FLOOR: &str = "the floor: synced writes of a block/s";

/// Figures of all runs, by what they are of and by store.
#[derive(Default)]
struct Figures(BTreeMap<(&'static str, &'static str), Vec<f64>>);

impl Figures {
    fn add(&mut self, what: &'static str, store: &'static str, figure: f64) {
        self.0.entry((what, store)).or_default().push(figure);
    }

    fn median(&self, what: &'static str, store: &'static str) -> Option<f64> {
        let mut figures = self.0.get(&(what, store))?.clone();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }
}

/// What of it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything.
    All,
    /// Load and gets, of DL/I and LMDB.
    Reads,
    /// Load and commits, of DL/I.
    Commits,
}

impl Part {
    /// The part that is called so.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "reads" => Some(Self::Reads),
            "commits" => Some(Self::Commits),
            _ => None,
        }
    }
}

/// Measures everything or a part of it, and prints the medians.
pub(crate) fn measure(work: &Work, part: Part) {
    say(&format!("dli: {} segments of 100 bytes, medians of {RUNS} runs, release build", work.segments()));
    let mut figures = Figures::default();
    for number in 1..=RUNS {
        run(work, part, number, &mut figures);
    }
    let heads: String = STORES.iter().map(|store| format!("{store:>14}")).collect();
    say(&format!("{:78}{heads}", ""));
    for what in [LOAD, GET, SCAN, ONE, MANY, ONE_DUAL, MANY_DUAL, BYTES, SMALL, RESTART, FLOOR] {
        let shown = |store: &&'static str| match figures.median(what, store) {
            Some(figure) => format!("{figure:>14.1}"),
            None => format!("{:>14}", ""),
        };
        say(&format!("{what:78}{}", STORES.iter().map(shown).collect::<String>()));
    }
}

fn run(work: &Work, part: Part, number: usize, figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a folder");
    figures.add(FLOOR, "DL/I", floor::synced_writes(folder.path()));
    let place = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        path
    };
    let at = |store: &str| progress(&format!("run {number} of {RUNS}: {store}"));
    at("DL/I");
    let dli = place("dli");
    // The other stores write one log, too.
    let open = |folder: &Path, copies| DliStore::open(folder, work, DliStore::buffers_for(work), copies);
    common(&open(&dli, Copies::One), work, part, figures);
    if part == Part::All {
        at("DL/I, its restart and a small pool");
        own(&dli, work, figures);
    }
    if part != Part::Reads {
        at("DL/I, its log in two copies");
        let dual = open(&place("dual"), Copies::Two);
        dual.load(work);
        commits(&dual, work, figures, [ONE_DUAL, MANY_DUAL]);
    }
    if part == Part::All {
        at("SQLite");
        common(&Sqlite::create(&place("sqlite")), work, part, figures);
        at("redb");
        common(&Redb::create(&place("redb")), work, part, figures);
    }
    if part != Part::Commits {
        at("LMDB");
        common(&Lmdb::create(&place("lmdb")), work, part, figures);
    }
}

fn rate(count: u64, start: Instant) -> f64 {
    count as f64 / start.elapsed().as_secs_f64()
}

/// What every store is measured at.
fn common(store: &dyn Store, work: &Work, part: Part, figures: &mut Figures) {
    let name = store.name();
    let start = Instant::now();
    store.load(work);
    figures.add(LOAD, name, rate(work.segments(), start));
    figures.add(BYTES, name, store.bytes() as f64 / work.segments() as f64);
    if part != Part::Commits {
        reads(store, work, figures);
    }
    if part != Part::Reads {
        commits(store, work, figures, [ONE, MANY]);
    }
}

fn reads(store: &dyn Store, work: &Work, figures: &mut Figures) {
    let name = store.name();
    let mut session = store.session();
    // The first pass warms the buffers.
    assert_eq!(session.scan(work), u64::from(work.roots) * u64::from(CHILDREN), "{name} has all of it");
    let start = Instant::now();
    let found = session.scan(work);
    figures.add(SCAN, name, rate(found, start));
    let start = Instant::now();
    let found: usize = (0..GET_UNITS).map(|unit| session.gets(&work.unit(unit))).sum();
    assert_eq!(found, GET_UNITS as usize * GETS);
    figures.add(GET, name, rate(found as u64, start));
}

/// Durable commits by one writer and by several.
fn commits(store: &dyn Store, work: &Work, figures: &mut Figures, [one, many]: [&'static str; 2]) {
    let name = store.name();
    let mut session = store.session();
    let commits = (work.roots / ROOTS_PER_COMMIT).clamp(6, COMMITS_MAX);
    let start = Instant::now();
    for number in 0..commits {
        session.update(work.place(u64::from(number)), CHILDREN + number);
    }
    figures.add(one, name, rate(u64::from(commits), start));
    drop(session);
    let start = Instant::now();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut session = store.session();
                for number in 0..commits / 3 {
                    // Each has roots of its own.
                    let root = (number * WRITERS + writer) % (work.roots / WRITERS * WRITERS);
                    session.update(Place { root, child: number % CHILDREN }, CHILDREN + commits + number);
                }
            });
        }
    });
    figures.add(many, name, rate(u64::from(WRITERS * (commits / 3)), start));
}

/// What only DL/I is measured at: a pool that is too small, and a restart.
fn own(folder: &Path, work: &Work, figures: &mut Figures) {
    let whole = DliStore::open(folder, work, DliStore::buffers_for(work), Copies::One);
    let log_bytes = LOG_BYTES_MAX.min(work.segments() * 400);
    let logged = whole.log_and_crash(work, log_bytes);
    let start = Instant::now();
    let restarted = DliStore::open(folder, work, DliStore::buffers_for(work), Copies::One);
    let seconds = start.elapsed().as_secs_f64();
    assert!(restarted.redone > 0, "there was something to do again");
    figures.add(RESTART, "DL/I", logged as f64 / 1e6 / seconds);
    drop(restarted);
    let small = DliStore::open(folder, work, DliStore::buffers_for(work) / 10, Copies::One);
    let mut session = small.session();
    let units = GET_UNITS / 10;
    let start = Instant::now();
    let found: usize = (0..units).map(|unit| session.gets(&work.unit(unit))).sum();
    figures.add(SMALL, "DL/I", found as f64 / start.elapsed().as_secs_f64());
}
