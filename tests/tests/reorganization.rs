//! `ims reload` and `ims recover` are killed, again and again, wherever they are, and find a full disk: the database is as it
//! was, or is refused with what to do, and going on gives what was committed.

use end_to_end::Binaries;
use end_to_end::faults::SmallDisk;
use end_to_end::heap::HEAP;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A folder with a database, and what is run there.
struct Shop {
    folder: PathBuf,
    data: PathBuf,
}

impl Shop {
    fn new(folder: &Path, data: &Path, roots: usize) -> Self {
        fs::write(folder.join("source"), HEAP).unwrap();
        let shop = Self { folder: folder.into(), data: data.into() };
        shop.insert(0, roots);
        shop
    }

    fn command(&self, what: &[&str]) -> Command {
        let mut ims = Command::new(&Binaries::for_stories().ims);
        ims.args(what).current_dir(&self.folder).arg("--data").arg(&self.data).args(["--dbd", "source"]);
        ims
    }

    /// Runs a utility, and gives its return code and what it said.
    fn run(&self, what: &[&str]) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.command(what).output().unwrap();
        (status.code(), String::from_utf8_lossy(&stderr).into_owned())
    }

    fn run_well(&self, what: &[&str]) {
        let (code, words) = self.run(what);
        assert_eq!(code, Some(0), "{what:?}: {words}");
    }

    /// Runs a utility, and kills it after a while.
    fn run_killed(&self, what: &[&str], after: Duration) {
        let mut child = self.command(what).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn deck(&self, deck: &str) -> Output {
        fs::write(self.folder.join("deck"), deck).unwrap();
        let options = ["ddlt0", "--psb", "HEAPER", "--psb-source", "source", "--input", "deck"];
        self.command(&options).output().unwrap()
    }

    fn insert(&self, from: usize, to: usize) {
        let mut deck = String::from("S 1 1 1 1 1    HEAPDB\n");
        for root in from..to {
            let _ = write!(deck, "L        ISRT  ROOT\nL        DATA  {root:06} A ROOT\n");
            let ssa = format!("L        ISRT  ROOT    (KEY     = {root:06})");
            let _ = write!(deck, "{ssa:<71}X\n               LEAF\nL        DATA  01 A LEAF\n");
        }
        let done = self.deck(&deck);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The segments of the database, or why it is not opened.
    fn segments(&self) -> Result<usize, String> {
        let Output { status, stdout, stderr } = self.deck("S 1 1 1 1 1    HEAPDB\nL   9999 GN\n");
        match status.code() {
            Some(0) => Ok(String::from_utf8_lossy(&stdout).matches("SEGMENT     =(").count()),
            _ => Err(String::from_utf8_lossy(&stderr).into_owned()),
        }
    }

    fn copies(&self, of: &str) -> Vec<String> {
        let names = fs::read_dir(self.folder.join("copies")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(of)).map(|name| format!("copies/{name}")).collect()
    }

    /// Nothing is left of what was made aside, and every pointer is right.
    fn is_whole(&self, segments: usize) {
        assert_eq!(self.segments(), Ok(segments), "all segments are there");
        self.run_well(&["check", "--database", "HEAPDB"]);
        let names = fs::read_dir(&self.data).unwrap().map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        assert!(names.iter().all(|name| !name.contains('.')), "{names:?}");
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    (folder, data)
}

const ROUNDS: u64 = 14;

#[test]
fn a_reload_that_is_killed_leaves_the_database_as_it_was_or_is_done_again() {
    let (folder, data) = folder();
    let shop = Shop::new(folder.path(), &data, 300);
    shop.run_well(&["unload", "--database", "HEAPDB", "--output", "unload"]);
    let reload = ["reload", "--database", "HEAPDB", "--input", "unload"];
    for round in 0..ROUNDS {
        shop.run_killed(&reload, Duration::from_millis(7 * round));
        match shop.segments() {
            Ok(segments) => assert_eq!(segments, 600, "round {round}"),
            Err(words) => assert!(words.contains("reloaded or recovered"), "round {round}: {words}"),
        }
    }
    shop.run_well(&reload);
    shop.is_whole(600);
}

#[test]
fn a_recovery_that_is_killed_is_done_again() {
    let (folder, data) = folder();
    let shop = Shop::new(folder.path(), &data, 100);
    shop.run_well(&["copy", "--database", "HEAPDB", "--output", "copies"]);
    shop.insert(100, 400);
    let segments = shop.copies("HEAPDD");
    let all = shop.copies("HEAP");
    for (lost, copies) in [(&["HEAPDD"][..], &segments), (&["HEAPDD", "HEAPXX"], &all)] {
        let mut recover = vec!["recover", "--image"];
        recover.extend(copies.iter().map(String::as_str));
        for round in 0..ROUNDS {
            for dd in lost {
                let _ = fs::remove_file(data.join(dd));
            }
            shop.run_killed(&recover, Duration::from_millis(7 * round));
            shop.run_well(&recover);
            assert_eq!(shop.segments(), Ok(800), "round {round}");
        }
        shop.is_whole(800);
    }
}

#[test]
fn a_full_disk_leaves_the_database_as_it_was() {
    let (folder, data) = folder();
    let Some(disk) = SmallDisk::under(&data, 64) else { return };
    let shop = Shop::new(folder.path(), &data, 3000);
    shop.run_well(&["unload", "--database", "HEAPDB", "--output", "unload"]);
    shop.run_well(&["copy", "--database", "HEAPDB", "--output", "copies"]);
    disk.fill();
    let all = shop.copies("HEAP");
    let mut recover = vec!["recover", "--image"];
    recover.extend(all.iter().map(String::as_str));
    for what in [&["reload", "--database", "HEAPDB", "--input", "unload"][..], &recover] {
        let (code, words) = shop.run(what);
        assert_eq!(code, Some(12), "{words}");
        assert!(words.contains("UTIL103E") && words.contains("full"), "{words}");
    }
    disk.make_room();
    assert_eq!(shop.segments(), Ok(6000));
    shop.run_well(&recover);
    shop.is_whole(6000);
}
