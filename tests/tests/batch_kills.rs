//! `ims ddlt0` is killed again and again while it works: what it said was committed is there, whole, and nothing that was
//! not.

use end_to_end::Binaries;
use end_to_end::heap::HEAP;
use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Units of work of a deck; leaves of each root.
const UNITS: usize = 400;
const LEAVES: usize = 3;

fn command(folder: &Path, deck: &str) -> Command {
    let input = folder.join("deck");
    fs::write(folder.join("source"), HEAP).unwrap();
    fs::write(&input, deck).unwrap();
    let mut ims = Command::new(&Binaries::for_stories().ims);
    ims.args(["ddlt0", "--psb", "HEAPER", "--buffers", "20", "--data"]).arg(folder.join("data"));
    ims.arg("--dbd").arg(folder.join("source")).arg("--psb-source").arg(folder.join("source"));
    ims.arg("--input").arg(input);
    ims
}

/// A root with its leaves in each unit of work; every second root is deleted in the unit after.
fn work(from: usize) -> String {
    let mut deck = String::from("S 1 1 1 1 1    HEAPDB\n");
    for root in from..from + UNITS {
        let data = format!("{root:06} A ROOT");
        let _ = write!(deck, "L        ISRT  ROOT\nL        DATA  {data}\n");
        for leaf in 0..LEAVES {
            let ssa = format!("L        ISRT  ROOT    (KEY     = {root:06})");
            let _ = write!(
                deck,
                "{ssa:<71}X\n               LEAF\nL        DATA  {leaf:02} A LEAF OF {root:06}\n"
            );
        }
        if root % 2 == 1 {
            let _ = write!(deck, "L        GHU   ROOT    (KEY     = {:06})\nL        DLET\n", root - 1);
        }
        let _ = write!(deck, "L        CHKP\nL        DATA  {root:08}\n");
    }
    deck
}

/// Runs the work, kills it when it has said of so many commit points that they are made, or a little later. Gives how many
/// it spoke of.
fn killed_after(folder: &Path, from: usize, commits: usize, later: Duration) -> usize {
    let mut child =
        command(folder, &work(from)).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut seen = 0;
    let output = child.stdout.take().unwrap();
    for line in BufReader::new(output).lines() {
        let Ok(line) = line else { break };
        seen += usize::from(line.contains("CALL=CHKP"));
        if seen == commits {
            std::thread::sleep(later);
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    seen
}

/// Everything in the database, through a deck, after every pointer was followed.
fn roots(folder: &Path) -> Vec<usize> {
    let deck = "S 1 1 1 1 1    HEAPDB\nL   9999 GN\n";
    let Output { status, stdout, stderr } = command(folder, deck).arg("--check").output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(0), "{stdout}\n{stderr}");
    let segments = stdout.lines().filter_map(|line| line.trim().strip_prefix("SEGMENT     =("));
    let mut roots = Vec::new();
    let mut leaves = LEAVES;
    for segment in segments {
        if let Some((key, _)) = segment.split_once(" A ROOT") {
            assert_eq!(leaves, LEAVES, "the root before {key} is whole");
            roots.push(key.parse().unwrap());
            leaves = 0;
        } else {
            leaves += 1;
        }
    }
    assert_eq!(leaves, LEAVES, "the last root is whole");
    roots
}

#[test]
fn what_a_killed_run_committed_is_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    for round in 0..12u64 {
        let later = Duration::from_micros(round * 700);
        let said = killed_after(folder.path(), next, 5 + round as usize * 23, later);
        let found = roots(folder.path());
        let last = found.last().copied();
        let reached = last.map_or(0, |last| last + 1);
        assert!(
            reached >= next + said,
            "round {round}: {said} units from {next} on were committed, and {last:?} is last"
        );
        let expected: Vec<usize> =
            (0..reached).filter(|root| root % 2 == 1 || *root + 1 == reached).collect();
        assert_eq!(found, expected, "round {round}: each unit of work is there whole");
        next = reached;
    }
    assert!(next > 100, "there was something to lose");
}

/// What `ims backout` says on standard error, and its return code.
fn backed_out(folder: &Path, dbd: &Path) -> (String, Option<i32>) {
    let mut ims = Command::new(&Binaries::for_stories().ims);
    ims.args(["backout", "--trim-log", "--data"]).arg(folder.join("data")).arg("--dbd").arg(dbd);
    let Output { status, stderr, .. } = ims.output().unwrap();
    (String::from_utf8_lossy(&stderr).into_owned(), status.code())
}

#[test]
fn what_a_killed_run_left_is_backed_out_without_running_anything() {
    let folder = tempfile::tempdir().unwrap();
    let said = killed_after(folder.path(), 0, 50, Duration::from_micros(500));
    let other = folder.path().join("other");
    fs::write(&other, HEAP.replace("HEAPDB", "OTHERDB").replace("HEAPIX", "OTHERIX")).unwrap();
    let (words, code) = backed_out(folder.path(), &other);
    assert_eq!(code, Some(4), "{words}");
    assert!(words.contains("LOG111W"), "nobody told what HEAPDB is: {words}");
    fs::write(&other, HEAP.replace("ACCESS=", "ACCES=")).unwrap();
    let (words, code) = backed_out(folder.path(), &other);
    assert_eq!(code, Some(4), "{words}");
    assert!(words.contains("ACCES") && words.contains("LOG111W"), "and why is told: {words}");
    let (words, code) = backed_out(folder.path(), &folder.path().join("source"));
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("LOG110I"), "it was made whole: {words}");
    let (words, code) = backed_out(folder.path(), &folder.path().join("source"));
    assert_eq!((words.as_str(), code), ("", Some(0)), "there is nothing left to do");
    let found = roots(folder.path());
    assert!(found.last().is_some_and(|last| *last + 1 >= said), "what was committed is there");
}
