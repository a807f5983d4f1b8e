//! Several programs at once on the same databases, call by call in any order: each sees what was committed and what it
//! changed itself, and nothing else; what is left in the end is what the units of work did in the order of their commit
//! points, also when the power fails meanwhile.

#![allow(clippy::unwrap_used, reason = "what fails in the helpers of a test fails the test")]

mod support;

use dli::{Ending, Program};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::plant::{Plant, Started};

/// By database and key of the root.
type Content = BTreeMap<(usize, u8), Record>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    value: u8,
    leaves: Vec<u8>,
}

/// The databases: roots on few anchor points, roots that point to each other, roots that hang on their block.
const DATABASES: usize = 3;
const KEYS: u8 = 10;

fn source() -> Vec<String> {
    let segments = |pointer: &str, index: &str| {
        let child =
            if index.is_empty() { String::new() } else { format!(" LCHILD NAME=(ENTRY,{index}),PTR=INDX\n") };
        format!(
            " SEGM NAME=ROOT,PARENT=0,BYTES=20,PTR={pointer}
 FIELD NAME=(KEY,SEQ,U),BYTES=1,START=1
{child} SEGM NAME=LEAF,PARENT=ROOT,BYTES=30,PTR=TB
 DBDGEN
"
        )
    };
    let index = |name: &str, dd: &str, target: &str| {
        format!(
            " DBD NAME={name},ACCESS=INDEX
 DATASET DD1={dd},SIZE=512
 SEGM NAME=ENTRY,PARENT=0,BYTES=1
 FIELD NAME=(KEY,SEQ,U),BYTES=1,START=1
 LCHILD NAME=(ROOT,{target}),INDEX=KEY,PTR=SNGL
 DBDGEN
"
        )
    };
    let mut text = String::new();
    text += " DBD NAME=ADB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,2)\n DATASET DD1=ADD,SIZE=512\n";
    text += &segments("T", "");
    text += " DBD NAME=BDB,ACCESS=HIDAM\n DATASET DD1=BDD,SIZE=512\n";
    text += &segments("TB", "BIX");
    text += &index("BIX", "BXX", "BDB");
    text += " DBD NAME=CDB,ACCESS=HIDAM\n DATASET DD1=CDD,SIZE=512\n";
    text += &segments("T", "CIX");
    text += &index("CIX", "CXX", "CDB");
    for (psb, options) in [("WRITER", "A"), ("READER", "G"), ("DIRTY", "GOT")] {
        for dbd in ["ADB", "BDB", "CDB"] {
            text += &format!(" PCB TYPE=DB,DBDNAME={dbd},PROCOPT={options},KEYLEN=10\n");
            text += " SENSEG NAME=ROOT,PARENT=0\n SENSEG NAME=LEAF,PARENT=ROOT\n";
        }
        text += &format!(" PSBGEN PSBNAME={psb}\n");
    }
    text.lines().map(str::to_string).collect()
}

/// What a program is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Reads a record with all its leaves.
    Read,
    /// Reads the next root.
    Next,
    /// Replaces the root, or inserts it if it is not there.
    Put(u8),
    Delete,
    /// Inserts a leaf.
    AddLeaf(u8),
    Commit,
    RollBack,
}

/// Whose turn it is, and what he begins if he is not in the middle of something.
#[derive(Debug, Clone, Copy)]
struct Turn {
    who: usize,
    db: usize,
    key: u8,
    action: Action,
}

fn any_turn() -> impl Strategy<Value = Turn> {
    let action = prop_oneof![
        4 => Just(Action::Read),
        4 => Just(Action::Next),
        6 => (100u8..).prop_map(Action::Put),
        4 => Just(Action::Delete),
        4 => any::<u8>().prop_map(Action::AddLeaf),
        3 => Just(Action::Commit),
        1 => Just(Action::RollBack),
    ];
    (0usize..5, 0..DATABASES, 0..KEYS, action).prop_map(|(who, db, key, action)| Turn {
        who,
        db,
        key,
        action,
    })
}

/// A program, and what it has to see.
struct Actor {
    psb: &'static str,
    program: Program,
    /// What it changed since its last commit point; none for what it deleted.
    pending: BTreeMap<(usize, u8), Option<Record>>,
    /// What it is in the middle of, and how many calls of that were made.
    doing: Option<(Turn, usize)>,
    /// The root that it read last in each database, as long as it knows.
    stands_on: [Option<u8>; DATABASES],
    leaves: Vec<u8>,
}

/// What came of a call.
enum Called {
    Status([u8; 2], Vec<u8>),
    Waits,
    Abends(u16),
}

fn root(key: u8, value: u8) -> Vec<u8> {
    let mut data = vec![b'.'; 20];
    (data[0], data[1]) = (b'a' + key, value);
    data
}

fn path(key: u8) -> String {
    format!("ROOT    (KEY     = {})", char::from(b'a' + key))
}

impl Actor {
    fn new(started: &Started, plant: &Plant, psb: &'static str) -> Self {
        let program = started.engine.schedule(plant.psb(psb)).unwrap();
        Self {
            psb,
            program,
            pending: BTreeMap::new(),
            doing: None,
            stands_on: [None; DATABASES],
            leaves: Vec::new(),
        }
    }

    fn sees(&self, committed: &Content, db: usize, key: u8) -> Option<Record> {
        match self.pending.get(&(db, key)) {
            Some(own) => own.clone(),
            None => committed.get(&(db, key)).cloned(),
        }
    }

    fn call(&mut self, db: usize, function: &str, data: &[u8], ssas: &[&str]) -> Called {
        let mut area = vec![b' '; 100];
        area[..data.len()].copy_from_slice(data);
        let ssas: Vec<&[u8]> = ssas.iter().map(|ssa| ssa.as_bytes()).collect();
        match self.program.call(db + 2, function.as_bytes(), &mut area, &ssas) {
            Ending::Continues(status) => Called::Status(status.bytes(), area),
            Ending::Waits => Called::Waits,
            Ending::Abend(code) => Called::Abends(code),
        }
    }

    fn forget_unit(&mut self) {
        self.pending.clear();
        self.doing = None;
        self.stands_on = [None; DATABASES];
    }

    /// Makes the next call of what it is doing.
    fn go_on(&mut self, committed: &mut Content) -> Result<(), TestCaseError> {
        let Some((turn, step)) = self.doing else { return Ok(()) };
        let called = self.make(turn, step);
        match called {
            Called::Waits => Ok(()),
            Called::Abends(code) => {
                prop_assert_eq!(code, 777, "{:?}", turn);
                self.forget_unit();
                Ok(())
            }
            Called::Status(status, area) => self.take(turn, step, status, &area, committed),
        }
    }

    fn make(&mut self, Turn { db, key, action, .. }: Turn, step: usize) -> Called {
        let ssa = path(key);
        match (action, step) {
            (Action::Read, 0) => self.call(db, "GU", b"", &[&ssa]),
            (Action::Read, _) => self.call(db, "GNP", b"", &["LEAF"]),
            (Action::Next, _) => self.call(db, "GN", b"", &["ROOT"]),
            (Action::Put(_) | Action::Delete, 0) => self.call(db, "GHU", b"", &[&ssa]),
            (Action::Put(value), 1) => self.call(db, "REPL", &root(key, value), &[]),
            (Action::Put(value), _) => self.call(db, "ISRT", &root(key, value), &["ROOT"]),
            (Action::Delete, _) => self.call(db, "DLET", &root(key, 0), &[]),
            (Action::AddLeaf(leaf), _) => self.call(db, "ISRT", &[leaf], &[&ssa, "LEAF"]),
            (Action::Commit | Action::RollBack, _) => Called::Status(*b"  ", Vec::new()),
        }
    }

    /// Compares what came back with what has to be there, and decides what comes next.
    fn take(
        &mut self,
        turn: Turn,
        step: usize,
        status: [u8; 2],
        area: &[u8],
        committed: &mut Content,
    ) -> Result<(), TestCaseError> {
        let Turn { db, key, action, .. } = turn;
        let seen = self.sees(committed, db, key);
        self.doing = None;
        let said = String::from_utf8_lossy(&status).into_owned();
        if self.psb == "DIRTY" {
            let may = ["  ", "GE", "GB", "GG", "AM", "GP", "DJ"].contains(&said.as_str());
            prop_assert!(may, "{} came back from {:?}", said, turn);
            return Ok(());
        }
        let agrees = match (action, step) {
            (Action::Read | Action::Put(_) | Action::Delete, 0) => {
                let as_seen = (said == "  ") == seen.is_some()
                    && seen.as_ref().is_none_or(|record| area[1] == record.value);
                self.stands_on[db] = seen.is_some().then_some(key);
                self.leaves.clear();
                self.doing = match (action, seen.is_some()) {
                    (Action::Put(_), false) => Some((turn, 2)),
                    (Action::Read, false) | (Action::Delete, false) => None,
                    _ => Some((turn, 1)),
                };
                as_seen || said == "AM"
            }
            (Action::Read, _) if said == "  " => {
                self.leaves.push(area[0]);
                self.doing = Some((turn, step + 1));
                true
            }
            (Action::Read, _) => seen.is_some_and(|record| record.leaves == self.leaves) && said == "GE",
            (Action::Next, _) => self.next_agrees(turn, &said, area, committed),
            (Action::Put(value), at) => self.put(db, key, seen.as_ref(), (value, at, &said)),
            (Action::Delete, _) => {
                let allowed = self.psb == "WRITER";
                if allowed {
                    self.pending.insert((db, key), None);
                    self.stands_on[db] = None;
                }
                said == if allowed { "  " } else { "AM" }
            }
            (Action::AddLeaf(leaf), _) => {
                self.stands_on[db] = None;
                match seen {
                    _ if said == "AM" => self.psb == "READER",
                    Some(mut record) => {
                        record.leaves.push(leaf);
                        self.pending.insert((db, key), Some(record));
                        said == "  "
                    }
                    None => said == "GE",
                }
            }
            (Action::Commit, _) => {
                self.program.commit().unwrap();
                for (place, record) in std::mem::take(&mut self.pending) {
                    match record {
                        Some(record) => committed.insert(place, record),
                        None => committed.remove(&place),
                    };
                }
                self.forget_unit();
                true
            }
            (Action::RollBack, _) => {
                self.program.back_out();
                self.forget_unit();
                true
            }
        };
        prop_assert!(
            agrees,
            "{:?} of {} gave {} and {:?}; it sees {:?}",
            (turn, step),
            self.psb,
            said,
            area.get(..2),
            self.sees(committed, db, key)
        );
        Ok(())
    }

    fn put(
        &mut self,
        db: usize,
        key: u8,
        seen: Option<&Record>,
        (value, at, said): (u8, usize, &str),
    ) -> bool {
        if self.psb != "WRITER" {
            return said == "AM";
        }
        // Somebody may have inserted it since it was looked for; a record that is there stays there.
        match (at, seen) {
            (1, Some(record)) => {
                self.pending.insert((db, key), Some(Record { value, ..record.clone() }));
                said == "  "
            }
            (2, None) => {
                self.pending.insert((db, key), Some(Record { value, leaves: Vec::new() }));
                self.stands_on[db] = None;
                said == "  "
            }
            (2, Some(_)) => {
                self.stands_on[db] = None;
                said == "II"
            }
            _ => false,
        }
    }

    /// The root that comes next is one that it sees, and in an index the next that it sees.
    fn next_agrees(&mut self, Turn { db, .. }: Turn, said: &str, area: &[u8], committed: &Content) -> bool {
        let before = self.stands_on[db];
        self.stands_on[db] = None;
        let following = |from: u8| (from..KEYS).find(|&key| self.sees(committed, db, key).is_some());
        let expected = before.map(|key| following(key + 1)).filter(|_| db > 0);
        if said == "GB" {
            return expected.is_none_or(|expected| expected.is_none());
        }
        let key = area[0].wrapping_sub(b'a');
        self.stands_on[db] = Some(key);
        let is_seen = self.sees(committed, db, key).is_some_and(|record| record.value == area[1]);
        said == "  " && is_seen && expected.is_none_or(|expected| expected == Some(key))
    }
}

/// Everything in the databases.
fn read(started: &Started, plant: &Plant) -> Content {
    let mut program = started.engine.schedule(plant.psb("READER")).unwrap();
    let mut content = Content::new();
    for db in 0..DATABASES {
        let mut area = [0; 100];
        let mut root = 0;
        while let Ending::Continues(status) = program.call(db + 2, b"GN", &mut area, &[]) {
            if status.bytes() == *b"GB" {
                break;
            }
            assert!(status.is_good(), "{status}");
            if &program.mask(db + 2).unwrap().segment()[..4] == b"ROOT" {
                root = area[0] - b'a';
                content.insert((db, root), Record { value: area[1], leaves: Vec::new() });
            } else {
                content.get_mut(&(db, root)).unwrap().leaves.push(area[0]);
            }
        }
    }
    content
}

fn check(turns: &[Turn]) -> Result<(), TestCaseError> {
    let mut plant = Plant::new(&source());
    plant.buffers = 40;
    let started = plant.start().map_err(TestCaseError::fail)?;
    let psbs = ["WRITER", "WRITER", "WRITER", "READER", "DIRTY"];
    let mut actors: Vec<Actor> = psbs.iter().map(|psb| Actor::new(&started, &plant, psb)).collect();
    let mut committed = Content::new();
    for (db, key) in (0..DATABASES).flat_map(|db| (0..KEYS).step_by(2).map(move |key| (db, key))) {
        let filler = &mut actors[0];
        prop_assert!(matches!(
            filler.call(db, "ISRT", &root(key, key), &["ROOT"]),
            Called::Status([b' ', b' '], _)
        ));
        prop_assert!(matches!(filler.call(db, "ISRT", &[key], &["LEAF"]), Called::Status([b' ', b' '], _)));
        committed.insert((db, key), Record { value: key, leaves: vec![key] });
    }
    actors[0].program.commit().unwrap();
    for turn in turns {
        let actor = &mut actors[turn.who];
        if actor.doing.is_none() {
            actor.doing = Some((*turn, 0));
        }
        actor.go_on(&mut committed)?;
        // Who reads without integrity never waits.
        let mut locking = actors.iter().filter(|actor| actor.psb != "DIRTY");
        prop_assert!(locking.any(|actor| !actor.program.waits()), "everybody waits");
    }
    for name in plant.databases() {
        prop_assert!(started.engine.stop_message(&name).is_none(), "nothing is broken");
    }
    // The power fails in the middle of it all.
    plant.give(0);
    drop(actors);
    drop(started);
    plant.crash(|| 0);
    let started = plant.start().map_err(TestCaseError::fail)?;
    for name in plant.databases() {
        prop_assert_eq!(started.engine.check(&name), []);
    }
    prop_assert_eq!(read(&started, &plant), committed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_time: 30_000, ..ProptestConfig::default() })]

    #[test]
    fn programs_do_not_see_what_others_have_not_committed(turns in prop::collection::vec(any_turn(), 1..400)) {
        check(&turns)?;
    }
}
