//! Definitions said in the other language, by `ims ddlgen`: what comes back is what was given.

use end_to_end::Binaries;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Names a folder of real definitions, where there is one on this machine: `dbd/`, `psb/` and `ddl/`. What is wrong in it has
/// a name that says so.
const CORPUS: &str = "IMSPLEX_CORPUS";
const WRONG: [&str; 4] = ["invalid", "empty", "mixed", "no_commit"];

/// A folder that goes when the test is over.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("plex-translations-").tempdir().unwrap()
}

fn put(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn ims<P: AsRef<OsStr>>(command: &str, options: &[&str], paths: &[P]) -> Output {
    let mut ims = Command::new(&Binaries::for_stories().ims);
    ims.arg(command).args(options).args(paths);
    ims.output().unwrap_or_else(|error| panic!("ims could not be run: {error}"))
}

/// What `ims ddlgen` prints, which has nothing to tell.
fn said<P: AsRef<OsStr>>(options: &[&str], paths: &[P]) -> Vec<u8> {
    let output = ims("ddlgen", options, paths);
    // None, of a program that a signal ended, is less than any code.
    let went_well = matches!(output.status.code(), Some(0..=4));
    assert!(went_well, "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The definitions of these files are the same when they were said in DDL, and when that was said in macros.
fn comes_back<P: AsRef<OsStr>>(folder: &Path, paths: &[P]) {
    let ddl = put(folder, "all.ddl", &said(&[], paths));
    let macros = put(folder, "all.dbd", &said(&["--macros"], paths));
    assert!(fs::read(&macros).unwrap() == said(&["--macros"], &[&ddl]), "DDL says something else");
    assert!(fs::read(&ddl).unwrap() == said(&[], &[&macros]), "the macros say something else");
}

fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-config/sample").join(part)
}

#[test]
fn the_sample_comes_back_from_ddl_and_builds() {
    let folder = folder();
    for parts in [&["dbd", "psb"][..], &["dbd", "change", "psb/INQUIRY.psb"], &["dbd", "change-psb"]] {
        let paths: Vec<PathBuf> = parts.iter().map(|part| sample(part)).collect();
        let ddl = put(folder.path(), "sample.ddl", &said(&[], &paths));
        let built = ims("acbgen", &[], &[&ddl]);
        assert_eq!(built.status.code(), Some(0), "{}", String::from_utf8_lossy(&built.stdout));
        comes_back(folder.path(), &paths);
    }
}

#[test]
fn what_is_wrong_is_told_beside_the_source_and_left_out() {
    let folder = folder();
    let wrong = put(
        folder.path(),
        "wrong.ddl",
        b"CREATE DATABASE A;\nCREATE TABLE T (K CHAR(2) PRIMARI KEY);\nCOMMIT DDL;\n",
    );
    let output = ims("ddlgen", &["--output", "json"], &[&wrong, &sample("dbd/BRANCH.dbd")]);
    assert_eq!(output.status.code(), Some(8));
    let source = String::from_utf8(output.stdout).unwrap();
    assert!(source.contains("CREATE DATABASE BRANCH ") && !source.contains("CREATE DATABASE A "), "{source}");
    let told: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(told["counts"], serde_json::json!({ "sources": 2, "dbds": 1, "psbs": 0, "left_out": 1 }));
    let mut findings = told["findings"].as_array().unwrap().iter();
    assert!(findings.any(|finding| finding["line"] == 2 && finding["column"] == 27), "{told:#}");
    assert_eq!(ims("ddlgen", &[], &[&folder.path().join("nowhere")]).status.code(), Some(12));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The folder of real definitions, else one like it made of the sample.
fn corpus(folder: &Path) -> PathBuf {
    if let Some(real) = std::env::var_os(CORPUS) {
        return real.into();
    }
    for kind in ["dbd", "psb", "ddl"] {
        fs::create_dir_all(folder.join(kind)).unwrap();
    }
    for kind in ["dbd", "psb"] {
        for file in files(&sample(kind)) {
            fs::copy(&file, folder.join(kind).join(file.file_name().unwrap())).unwrap();
        }
        put(folder, &format!("{kind}/empty"), b"");
    }
    let whole = said(&[], &[&sample("dbd"), &sample("psb")]);
    let open = String::from_utf8(whole.clone()).unwrap().replace("COMMIT DDL;", "");
    put(folder, "ddl/sample.ddl", &whole);
    put(folder, "ddl/no_commit.ddl", open.as_bytes());
    put(folder, "ddl/invalid.ddl", b"INVALID;\nCOMMIT DDL;\n");
    put(folder, "ddl/mixed.ddl", b"DROP DATABASE A IF EXISTS\nCOMMIT DDL;\n");
    folder.to_path_buf()
}

#[test]
fn a_whole_corpus_compiles_and_comes_back_and_what_is_wrong_in_it_is_refused_where_it_is_wrong() {
    let own = folder();
    let corpus = corpus(own.path());
    let is_wrong = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        WRONG.iter().any(|word| name.contains(word))
    };
    let all = ["dbd", "psb", "ddl"].iter().flat_map(|kind| files(&corpus.join(kind)));
    let (wrong, right): (Vec<PathBuf>, Vec<PathBuf>) = all.partition(is_wrong);
    for path in &wrong {
        let output = ims("ddlgen", &["--output", "json"], &[path]);
        let told: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(8), "{}: {told:#}", path.display());
        let worst = &told["findings"].as_array().unwrap()[0];
        assert!(worst["line"].is_number() && worst["column"].is_number(), "{}: {told:#}", path.display());
    }
    // What only drops defines nothing that could come back.
    for path in right.iter().filter(|path| !said(&[], &[path]).is_empty()) {
        comes_back(folder().path(), &[path]);
    }
}
