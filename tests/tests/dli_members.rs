//! Programs make DL/I calls at members: what was committed survives kill -9, definitions that are in use are not changed, and
//! a database is in one place at a time.

use end_to_end::{Binaries, Cluster};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A database with a root and a dependent, and a program that updates it.
const DEFINITIONS: &str = " DBD NAME=SHOPDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,20)
 DATASET DD1=SHOPDD,SIZE=1024
 SEGM NAME=ITEM,PARENT=0,BYTES=40
 FIELD NAME=(KEY,SEQ,U),BYTES=6,START=1
 SEGM NAME=SALE,PARENT=ITEM,BYTES=20
 FIELD NAME=(NUM,SEQ,U),BYTES=4,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=SHOPDB,PROCOPT=A,KEYLEN=10
 SENSEG NAME=ITEM,PARENT=0
 SENSEG NAME=SALE,PARENT=ITEM
 PSBGEN PSBNAME=CLERK
";

/// The programs of a story, beside its plex.
struct Shop {
    cluster: Cluster,
}

impl Shop {
    fn open(count: usize) -> Self {
        let cluster = Cluster::start(count);
        let shop = Self { cluster };
        shop.populate("setup", DEFINITIONS);
        shop
    }

    fn folder(&self) -> &Path {
        &self.cluster.layout().folder
    }

    fn populate(&self, mode: &str, source: &str) {
        let file = self.folder().join("shop.source");
        fs::write(&file, source).unwrap();
        self.cluster.populate(mode, &[file]).well();
    }

    fn command(&self, member: &str, psb: &str, deck: &str) -> Command {
        let input: PathBuf = self.folder().join(format!("deck-{member}"));
        fs::write(&input, deck).unwrap();
        let certificates = self.folder().join("certs");
        let mut ims = Command::new(&Binaries::for_stories().ims);
        ims.args(["ddlt0", "--member", &self.address(member), "--psb", psb, "--input"]).arg(input);
        ims.arg("--authority").arg(certificates.join("ca.pem"));
        ims.arg("--certificate").arg(certificates.join("operator.pem"));
        ims.arg("--key").arg(certificates.join("operator-key.pem"));
        ims
    }

    fn address(&self, member: &str) -> String {
        let config = fs::read_to_string(self.cluster.layout().config(member)).unwrap();
        let line = config.lines().find_map(|line| line.strip_prefix("address = ")).unwrap();
        line.trim_matches('"').to_string()
    }

    /// Runs a deck at a member, and follows every pointer afterwards.
    fn deck(&self, member: &str, deck: &str) -> Output {
        self.command(member, "CLERK", &format!("S 1 1 1 1 1    SHOPDB\n{deck}"))
            .arg("--check")
            .output()
            .unwrap()
    }

    fn well(&self, member: &str, deck: &str) -> String {
        let output = self.deck(member, deck);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }
}

fn insert(items: std::ops::Range<usize>) -> String {
    items.fold(String::new(), |mut deck, item| {
        let _ = write!(deck, "L        ISRT  ITEM\nL        DATA  {item:06} AN ITEM\n");
        deck
    })
}

const READ_ALL: &str = "L   9999 GN\n";

fn items(text: &str) -> Vec<usize> {
    let segments = text.lines().filter_map(|line| line.trim().strip_prefix("SEGMENT     =("));
    let mut items: Vec<usize> =
        segments.filter_map(|text| text.split_once(" AN ITEM")?.0.parse().ok()).collect();
    items.sort_unstable();
    items
}

#[test]
fn a_database_is_loaded_and_read_at_a_member_and_is_there_after_it_stopped() {
    let mut shop = Shop::open(1);
    shop.well("IMS1", &insert(0..20));
    assert_eq!(items(&shop.well("IMS1", READ_ALL)), (0..20).collect::<Vec<_>>());
    shop.cluster.end("IMS1");
    shop.cluster.restart("IMS1");
    assert_eq!(items(&shop.well("IMS1", READ_ALL)), (0..20).collect::<Vec<_>>());
    shop.cluster.finish();
}

/// A deck that commits each of its items, and goes on until it is stopped.
fn endless(from: usize) -> String {
    (from..from + 2_000).fold(String::new(), |mut deck, item| {
        let _ = write!(
            deck,
            "L        ISRT  ITEM\nL        DATA  {item:06} AN ITEM\nL        CHKP\nL        DATA  {item:08}\n"
        );
        deck
    })
}

/// The items that a run said were committed, whose output ended where its member did.
fn committed(text: &str) -> Vec<usize> {
    let upto = text.rfind("CALL=CHKP").unwrap_or(0);
    items(&text[..upto])
}

#[test]
fn what_was_committed_outlives_a_kill_and_what_was_not_does_not() {
    let mut shop = Shop::open(1);
    shop.well("IMS1", &insert(0..5));
    let mut known: Vec<usize> = (0..5).collect();
    for round in 1..=2 {
        let deck = format!("S 1 1 1 1 1    SHOPDB\n{}", endless(round * 10_000));
        let output = shop.folder().join("output");
        let mut child = shop
            .command("IMS1", "CLERK", &deck)
            .stdout(fs::File::create(&output).unwrap())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let text = || String::from_utf8_lossy(&fs::read(&output).unwrap()).into_owned();
        shop.cluster.wait_until("work goes on", LIMIT, || text().matches("CALL=CHKP").count() > 20);
        shop.cluster.kill("IMS1");
        assert_ne!(child.wait().unwrap().code(), Some(0), "the run was cut off");
        known.extend(committed(&text()));
        shop.cluster.restart("IMS1");
        let there = items(&shop.well("IMS1", READ_ALL));
        for item in &known {
            assert!(there.contains(item), "{item} was committed and is lost");
        }
        // One commit point may have been made that nobody was told of.
        assert!(there.len() <= known.len() + 1, "{} are there, {} were committed", there.len(), known.len());
        known = there;
    }
    shop.cluster.finish();
}

/// Runs a deck in a region that stays, until it is dropped.
#[test]
fn a_changed_psb_is_active_for_the_next_program_and_a_changed_dbd_needs_its_database_closed() {
    let mut shop = Shop::open(2);
    shop.well("IMS1", &insert(0..3));
    let region = shop.cluster.spoc_aside(["--member", "IMS1", "region", "--psb", "CLERK"]);
    shop.cluster.wait_until("CLERK is scheduled", LIMIT, || region.printed().contains("SCHEDULED"));
    let psb = DEFINITIONS.split_once("DBDGEN\n").unwrap().1;
    let reader = psb.replace("PROCOPT=A", "PROCOPT=G").replace("CLERK", "READER");
    shop.populate("stage", &reader);
    shop.cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]).well();
    let insert_as_reader = format!("S 1 1 1 1 1    SHOPDB\n{}", insert(9..10));
    let refused = shop.command("IMS1", "READER", &insert_as_reader).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stdout).contains("RET CODE=AM"), "a reader does not insert");
    shop.populate("stage", &reader.replace("PROCOPT=G", "PROCOPT=A"));
    shop.cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]).well();
    let taken = shop.command("IMS1", "READER", &insert_as_reader).output().unwrap();
    assert!(!String::from_utf8_lossy(&taken.stdout).contains("RET CODE=AM"), "the changed PSB inserts");

    let dbd = DEFINITIONS.split_once(" PCB").unwrap().0.replace("BYTES=20", "BYTES=24");
    shop.populate("stage", &dbd);
    let import = |shop: &Shop| shop.cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]);
    let running = import(&shop);
    assert!(running.stdout.contains("PROGRAM CLERK IS SCHEDULED"), "{}", running.stdout);
    let busy = shop.cluster.spoc(["/DBR DB SHOPDB ROUTE(IMS1)"]);
    assert_ne!(busy.status, Some(0), "a program has it: {}", busy.stdout);
    drop(region);
    shop.cluster.wait_until("the program has ended", LIMIT, || {
        let open = import(&shop);
        assert_eq!(open.status, Some(12), "{}", open.stdout);
        open.stdout.contains("DATABASE SHOPDB IS OPEN") && !open.stdout.contains("SCHEDULED IN REGION")
    });
    shop.cluster.spoc(["/DBR DB SHOPDB"]).well();
    import(&shop).well();
    shop.cluster.spoc(["/START DB SHOPDB"]).well();
    assert_eq!(items(&shop.well("IMS1", READ_ALL)), [0, 1, 2, 9]);
    for error in ["DFS4755E", "DFS4898E", "DFS4756E"] {
        shop.cluster.expect_error(error);
    }
    shop.cluster.finish();
}

#[test]
fn a_database_is_at_one_member_at_a_time_and_a_dead_one_keeps_it_until_it_is_back() {
    let mut shop = Shop::open(3);
    shop.cluster.spoc(["INIT.DB DBD(SHOPDB) SHARELVL(1)"]).well();
    shop.well("IMS2", &insert(0..3));
    let refused = shop.deck("IMS3", READ_ALL);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("IMS2 has database SHOPDB") && why.contains("C1000201"), "{why}");
    shop.cluster.kill("IMS2");
    let refused = shop.deck("IMS3", READ_ALL);
    assert_eq!(refused.status.code(), Some(12), "a member that was killed keeps what it had");
    shop.cluster.restart("IMS2");
    shop.cluster.wait_until("IMS2 has recovered", LIMIT, || {
        let rows = shop.cluster.rows(&["QUERY DB NAME(SHOPDB) SHOW(STATUS)"]);
        rows.iter().any(|row| row["MbrName"] == "IMS2" && row["LclStat"].as_str() == Some("ALLOCS,OPEN"))
    });
    shop.cluster.spoc(["/DBR DB SHOPDB ROUTE(IMS2)"]).well();
    shop.well("IMS3", &insert(0..1));
    let listed = shop.cluster.spoc(["LIST.DB DBD(SHOPDB)"]);
    assert!(listed.stdout.contains("IMS3"), "{}", listed.stdout);
    shop.cluster.expect_error("DFS047A");
    shop.cluster.finish();
}
