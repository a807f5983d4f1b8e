//! How fast a HALDB with eight partitions is loaded, beside one HIDAM database of the same size.

use crate::{database, say};
use dbrc::change::Init;
use dbrc::record::PartitionDefinition;
use dbrc::{Access, Recon, ReconChange, ShareLevel};
use definitions::report::{Input, generate};
use dli::{DataSets, Engine, PartitionBlocks, Settings, block_bytes};
use host::files::BlockFile;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use vocabulary::{DbdName, MemberName};

const PARTITIONS: u64 = 8;
/// Of each kind, one after the other; the best counts.
const RUNS: usize = 3;
/// The HALDB is to be loaded at least so fast.
const TARGET: f64 = 0.9;

const SOURCE: &str = " DBD NAME=BENCHPDB,ACCESS=(PHIDAM,OSAM)
 SEGM NAME=ROOT,PARENT=0,BYTES=100,PTR=TB
 FIELD NAME=(KEY,SEQ,U),BYTES=8,START=1
 SEGM NAME=CHILD,PARENT=ROOT,BYTES=100,PTR=T
 FIELD NAME=(NUM,SEQ,U),BYTES=4,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=BENCHPDB,PROCOPT=L,KEYLEN=12
 SENSEG NAME=ROOT,PARENT=0
 SENSEG NAME=CHILD,PARENT=ROOT
 PSBGEN PSBNAME=LOADER
";

/// Loads both, several times, and says how long that took.
pub(crate) fn measure(place: &Path, bytes: u64) {
    let (mut whole, mut parts) = (f64::MAX, f64::MAX);
    for run in 0..RUNS {
        whole = whole.min(timed(&place.join(format!("hidam{run}")), |folder| {
            database::load(folder, bytes);
        }));
        parts = parts.min(timed(&place.join(format!("haldb{run}")), |folder| load(folder, bytes)));
    }
    let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
    say(&format!("{:<28} {:>8.1} MB/s {whole:>8.2} s", "load of a HIDAM database", rate(whole)));
    say(&format!("{:<28} {:>8.1} MB/s {parts:>8.2} s", "load of a HALDB of eight", rate(parts)));
    say(&format!("as fast as one HIDAM database: {:.2} (target {TARGET})", whole / parts));
}

fn timed(folder: &Path, load: impl FnOnce(&Path)) -> f64 {
    let begun = Instant::now();
    load(folder);
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(folder).expect("it is removed");
    seconds
}

fn load(folder: &Path, bytes: u64) {
    std::fs::create_dir_all(folder).expect("a folder");
    let report = generate(&[Input { name: "bench", bytes: SOURCE.as_bytes() }]);
    assert!(report.return_code() <= 4, "{}", report.to_text());
    let name: DbdName = "BENCHPDB".parse().expect("a name");
    let dmb = Arc::new(report.dmbs[&name].clone());
    let mut recon = registered(name, database::roots_of(bytes));
    let bench = MemberName::new("BENCH").expect("a name");
    let engine = Arc::new(Engine::new(Settings { buffers: 4000, ..Settings::default() }));
    let authorization = recon.authorize(bench, name, Access::Exclusive).expect("nobody else has it");
    engine.open_haldb(&authorization, dmb.clone()).expect("a HALDB");
    let haldb = recon.haldb(&name).expect("it is registered").clone();
    for (name, partition) in haldb.in_order() {
        let blocks = PartitionBlocks::of(&dmb, name, partition).expect("a short name");
        let sets = || -> DataSets {
            let file = |dd: &str, bytes| BlockFile::open(&folder.join(dd), bytes).expect("a data set");
            let statements = blocks.data_sets().filter_map(|one| Some((one.dd1?, block_bytes(one))));
            statements.map(|(dd, bytes)| (dd, Box::new(file(dd.as_str(), bytes)) as _)).collect()
        };
        let authorization = recon.authorize(bench, name, Access::Exclusive).expect("nobody else has it");
        engine.initialize_partition(&authorization, sets(), 1).expect("an empty partition");
        engine.open_partition(&authorization, sets()).expect("a partition");
    }
    let psb = &report.psb_blocks[&"LOADER".parse().expect("a name")];
    let mut program = engine.schedule(psb).expect("a program");
    database::insert_all(&mut program, database::roots_of(bytes));
    drop(program);
    engine.close(&name).expect("it is closed");
}

/// Each partition takes as many roots as the others.
fn registered(dbd: DbdName, roots: u64) -> Recon {
    let mut recon = Recon::new();
    let mut apply = |init| recon.apply(ReconChange::Init(init)).expect("it is new");
    apply(Init::Haldb { dbd, share_level: ShareLevel::One, recoverable: true, selection: None });
    for number in 1..=PARTITIONS {
        let partition: DbdName = format!("BENCHP{number}").parse().expect("a name");
        let definition = PartitionDefinition {
            dsn_prefix: format!("BENCH.P{number}").parse().expect("a name"),
            key: format!("{:08}", roots * number / PARTITIONS).into_bytes(),
            randomizer: None,
            anchors: None,
            block_max: None,
            record_bytes_max: None,
            block_bytes: vec![8192, 4096],
            free_block_frequency: 0,
            free_space_percent: 0,
        };
        apply(Init::Partition { dbd, partition, definition: Box::new(definition) });
    }
    recon
}
