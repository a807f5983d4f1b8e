//! `bench ddl`: how long a large DDL file takes, compiled alone, and staged and activated on three members.

use crate::client::Client;
use crate::sample::{Samples, ms};
use crate::{say, source};
use csl::envelope::{DdlOptions, SourceFile};
use definitions::Dbd;
use definitions::ddl::{Options, compile_ddl};
use end_to_end::{Binaries, Cluster};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vocabulary::DbdName;

/// How often each part is measured.
const RUNS: usize = 7;

/// The folder of real definitions, where there is one on this machine: the largest file of its folder `ddl` is measured.
const CORPUS: &str = "IMSPLEX_CORPUS";

/// Measures with these files of DDL, else with the one of the corpus, else with one made here, and prints the figures.
pub(crate) fn measure(files: &[&str]) {
    let sources: Vec<SourceFile> = match (files, largest_of_corpus()) {
        ([], None) => vec![source::ddl()],
        ([], Some(path)) => vec![read(&path)],
        (files, _) => files.iter().map(|file| read(Path::new(file))).collect(),
    };
    let bytes: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    say(&format!(
        "ddl: {bytes} bytes of {}; three processes on loopback, real disks, mutual TLS, release build",
        names.join(", ")
    ));
    let mut compiled = Samples::default();
    for _ in 0..RUNS {
        compiled.time(|| sources.iter().for_each(compile));
    }
    say(&format!("compiled: {} (target 200 ms)", compiled.report()));
    let binaries = Binaries::build(true).expect("release programs");
    let mut activated = Samples::default();
    for _ in 0..RUNS {
        let cluster = Cluster::start_with(binaries.clone(), 3);
        let mut client = Client::new(cluster.layout(), None);
        let options = DdlOptions { auto_activate: true, auto_commit: true, ..DdlOptions::default() };
        let answer = activated.time(|| client.ddl(options, sources.clone())).expect("DDL");
        let status = answer.exit_status();
        assert!(status <= 4, "DDL ended with {status}: {}", csl::om::render::table::render(&answer));
        drop(client);
        cluster.finish();
    }
    let target = "target 2000 ms";
    say(&format!(
        "compiled, checked, staged and activated on three members: {} ({target})",
        activated.report()
    ));
    say(&format!(
        "that is {} ms beside the compiler",
        ms(activated.median().saturating_sub(compiled.median()))
    ));
}

fn largest_of_corpus() -> Option<PathBuf> {
    let folder = Path::new(&std::env::var_os(CORPUS)?).join("ddl");
    let files = std::fs::read_dir(folder).expect("the folder ddl of the corpus").flatten();
    files.max_by_key(|file| file.metadata().map_or(0, |metadata| metadata.len())).map(|file| file.path())
}

fn read(file: &Path) -> SourceFile {
    let bytes = std::fs::read(file).expect("a file of DDL");
    SourceFile { name: file.display().to_string(), bytes }
}

fn compile(source: &SourceFile) {
    let known = BTreeMap::<DbdName, Arc<Dbd>>::new();
    let compilation = compile_ddl(&source.name, &source.bytes, &known, Options { auto_commit: true });
    assert!(!compilation.units.is_empty(), "{} has no unit of work", source.name);
}
