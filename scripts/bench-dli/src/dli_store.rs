//! DL/I: an HDAM database, its data set and its log in files, as a batch region has them.

use crate::work::{
    CHILD_KEY, CHILDREN, Place, ROOT_KEY, SEGMENT_BYTES, Session, Store, Work, bytes_of, child_key, root_key,
    segment,
};
use dbrc::{Access, Recon, ShareLevel};
use definitions::report::{Input, Report, generate};
use dli::{DataSets, Ending, Engine, Program, Settings, StatusCode, block_bytes};
use host::files::BlockFile;
use host::log_folder::{Copies, OldsSizes, open_log_in};
use logger::{CheckpointKind, Log};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocabulary::{DbdName, Epoch, MemberName};

const BLOCK: usize = 8192;
/// Blocks of an online log data set: 64 MiB.
const LOG_BLOCKS: u32 = 16 * 1024;
/// Bytes of a record with its prefixes, and a little room.
const RECORD_BYTES: usize = 11 * (SEGMENT_BYTES + 16) + 60;

/// An engine on a folder.
pub(crate) struct DliStore {
    folder: PathBuf,
    report: Report,
    engine: Arc<Engine>,
    log: Arc<Log>,
    /// What a restart had to do again.
    pub(crate) redone: u64,
}

impl DliStore {
    /// Opens the database; after a crash it is made whole.
    pub(crate) fn open(folder: &Path, work: &Work, buffers: usize, copies: Copies) -> Self {
        let report = compile(work);
        let ims = MemberName::new("BENCH").expect("a name");
        let sizes = OldsSizes { pairs: 3, blocks: LOG_BLOCKS };
        let log = open_log_in(&folder.join("log"), ims, Epoch::default(), sizes, copies).expect("a log");
        let log = Arc::new(log);
        let settings = Settings { buffers, checkpoint_records: u64::MAX >> 1, ..Settings::default() };
        let (engine, _) = Engine::restart(settings, log.clone()).expect("a restart");
        let dbd: DbdName = "BENCHDB".parse().expect("a name");
        let dmb = Arc::new(report.dmbs[&dbd].clone());
        let mut sets = DataSets::new();
        for statement in &dmb.data_sets {
            let dd = statement.dd1.expect("a DD name");
            let file =
                BlockFile::open(&folder.join(dd.as_str()), block_bytes(statement)).expect("a data set");
            sets.insert(dd, Box::new(file));
        }
        let mut recon = Recon::new();
        recon.register(dbd, ShareLevel::One);
        let authorization = recon.authorize(ims, dbd, Access::Exclusive).expect("nobody else has it");
        let opened = engine.open(&authorization, dmb, None, sets).expect("a database");
        let folder = folder.to_path_buf();
        Self { folder, report, engine: Arc::new(engine), log, redone: opened.redone }
    }

    /// Buffers for the whole database.
    pub(crate) fn buffers_for(work: &Work) -> usize {
        blocks_for(work) * 5 / 4 + 1000
    }

    fn program(&self, psb: &str) -> Program {
        let psb = &self.report.psb_blocks[&psb.parse().expect("a name")];
        self.engine.schedule(psb).expect("a program")
    }

    /// Changes segments until so many bytes are in the archive of the log, and crashes. Gives how many there are.
    pub(crate) fn log_and_crash(self, work: &Work, bytes: u64) -> u64 {
        self.engine.checkpoint(CheckpointKind::Simple).expect("a checkpoint");
        let archive = self.folder.join("log/SLDS");
        let before = bytes_of(&archive, "");
        let mut program = self.program("UPDATES");
        let mut ssas = Ssas::new();
        let mut logged = 0;
        for number in 0.. {
            replace(&mut program, &mut ssas, work.place(number), number as u32);
            if number % 1000 == 999 {
                program.commit().expect("a commit");
                while self.log.archive().expect("an archive") {}
                logged = bytes_of(&archive, "") - before;
                if logged >= bytes {
                    break;
                }
            }
        }
        // No close: nothing of what was changed is written, and the next start has to do it again.
        logged
    }
}

fn blocks_for(work: &Work) -> usize {
    (work.roots as usize).div_ceil(BLOCK / RECORD_BYTES) * 10 / 9 + 10
}

fn compile(work: &Work) -> Report {
    let segments = format!(
        " SEGM NAME=ROOT,PARENT=0,BYTES={SEGMENT_BYTES}
 FIELD NAME=(KEY,SEQ,U),BYTES={ROOT_KEY},START=1
 SEGM NAME=CHILD,PARENT=ROOT,BYTES={SEGMENT_BYTES}
 FIELD NAME=(NUM,SEQ,U),BYTES={CHILD_KEY},START=1
 DBDGEN
"
    );
    let mut text = format!(
        " DBD NAME=BENCHDB,ACCESS=HDAM,RMNAME=(DFSHDC40,6,{})\n DATASET DD1=BENCHDD,SIZE={BLOCK}\n",
        blocks_for(work)
    );
    text += &segments;
    for (psb, options) in [("LOADS", "L"), ("READS", "G"), ("UPDATES", "A")] {
        text += &format!(
            " PCB TYPE=DB,DBDNAME=BENCHDB,PROCOPT={options},KEYLEN=12
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 PSBGEN PSBNAME={psb}
"
        );
    }
    let report = generate(&[Input { name: "bench", bytes: text.as_bytes() }]);
    assert!(report.return_code() <= 4, "{}", report.to_text());
    report
}

impl Store for DliStore {
    fn name(&self) -> &'static str {
        "DL/I"
    }

    fn load(&self, work: &Work) {
        let mut program = self.program("LOADS");
        for root in 0..work.roots {
            insert(&mut program, &mut segment(&root_key(root), root), b"ROOT    ");
            for child in 0..CHILDREN {
                insert(&mut program, &mut segment(&child_key(child), root ^ child << 20), b"CHILD   ");
            }
        }
        program.commit().expect("a load");
        drop(program);
        self.engine.checkpoint(CheckpointKind::Simple).expect("a checkpoint");
    }

    fn session(&self) -> Box<dyn Session + '_> {
        let (reads, updates) = (self.program("READS"), self.program("UPDATES"));
        Box::new(DliSession { reads, updates, ssas: Ssas::new() })
    }

    fn bytes(&self) -> u64 {
        bytes_of(&self.folder, "BENCHDD")
    }
}

struct DliSession {
    reads: Program,
    updates: Program,
    ssas: Ssas,
}

impl Session for DliSession {
    fn gets(&mut self, places: &[Place]) -> usize {
        let mut area = [0; SEGMENT_BYTES];
        let found = places.iter().filter(|place| {
            call(&mut self.reads, b"GU", &mut area, &self.ssas.of(**place)) == StatusCode::OK
        });
        let found = found.count();
        // The end of the unit of work: what it read is free to be changed.
        self.reads.commit().expect("nothing to commit");
        found
    }

    fn scan(&mut self, work: &Work) -> u64 {
        let mut area = [0; SEGMENT_BYTES];
        let mut found = 0;
        for root in 0..work.roots {
            let [root, _] = self.ssas.of(Place { root, child: 0 });
            call(&mut self.reads, b"GU", &mut area, &[root]);
            while call(&mut self.reads, b"GNP", &mut area, &[]) == StatusCode::OK {
                found += 1;
            }
        }
        self.reads.commit().expect("nothing to commit");
        found
    }

    fn update(&mut self, place: Place, new_child: u32) {
        replace(&mut self.updates, &mut self.ssas, place, new_child);
        let [root, _] = self.ssas.of(place);
        let mut area = segment(&child_key(new_child), new_child);
        let status = call(&mut self.updates, b"ISRT", &mut area, &[root, b"CHILD   "]);
        assert!([StatusCode::OK, StatusCode::II].contains(&status), "{status}");
        self.updates.commit().expect("a commit");
    }
}

fn replace(program: &mut Program, ssas: &mut Ssas, place: Place, salt: u32) {
    let mut area = [0; SEGMENT_BYTES];
    assert_eq!(call(program, b"GHU", &mut area, &ssas.of(place)), StatusCode::OK);
    area.copy_from_slice(&segment(&child_key(place.child), salt));
    assert_eq!(call(program, b"REPL", &mut area, &[]), StatusCode::OK);
}

fn insert(program: &mut Program, data: &mut [u8], ssa: &[u8]) {
    assert_eq!(call(program, b"ISRT", data, &[ssa]), StatusCode::OK);
}

/// The search arguments of a child. A program keeps them, and moves the keys that it wants into them.
struct Ssas {
    root: [u8; 28],
    child: [u8; 24],
}

impl Ssas {
    fn new() -> Self {
        Self { root: *b"ROOT    (KEY     = ........)", child: *b"CHILD   (NUM     = ....)" }
    }

    fn of(&mut self, place: Place) -> [&[u8]; 2] {
        self.root[19..27].copy_from_slice(&root_key(place.root));
        self.child[19..23].copy_from_slice(&child_key(place.child));
        [&self.root, &self.child]
    }
}

fn call(program: &mut Program, function: &[u8], area: &mut [u8], ssas: &[&[u8]]) -> StatusCode {
    loop {
        match program.call(2, function, area, ssas) {
            Ending::Continues(status) => return status,
            Ending::Waits => program.wait(),
            Ending::Abend(code) => unreachable!("one record is changed at a time, and U{code} came"),
        }
    }
}
