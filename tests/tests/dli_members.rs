//! Programs make DL/I calls at members: what was committed survives kill -9, definitions that are in use are not changed, and
//! a database is in one place at a time.

mod shop;

use end_to_end::Binaries;
use shop::{DEFINITIONS, LIMIT, READ_ALL, Shop, committed, endless, insert, items};
use std::fs;
use std::path::Path;
use std::process::Command;

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

#[test]
fn what_was_committed_outlives_a_kill_and_what_was_not_does_not() {
    let mut shop = Shop::open(1);
    shop.well("IMS1", &insert(0..5));
    let mut known: Vec<usize> = (0..5).collect();
    for round in 1..=2 {
        let work = shop.work_on("IMS1", round * 10_000);
        shop.cluster.kill("IMS1");
        known.extend(committed(&work.cut_off()));
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
    assert!(String::from_utf8_lossy(&refused.stdout).contains("U3303"), "its first call ends the program");
    let working = shop.cluster.spoc(["CHANGE.SUBSYS SSID(IMS2) ABNORMAL"]);
    assert!(working.stdout.contains("IMS2 works"), "{}", working.stdout);
    shop.cluster.kill("IMS2");
    let refused = shop.deck("IMS3", READ_ALL);
    assert_ne!(refused.status.code(), Some(0), "a member that was killed keeps what it had");
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

/// A second database, and a program that reads both.
const SECOND: &str = " DBD NAME=BARNDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,20)
 DATASET DD1=BARNDD,SIZE=1024
 SEGM NAME=ITEM,PARENT=0,BYTES=40
 FIELD NAME=(KEY,SEQ,U),BYTES=6,START=1
 DBDGEN
 PCB TYPE=DB,DBDNAME=SHOPDB,PROCOPT=A,KEYLEN=10,PCBNAME=SHOP
 SENSEG NAME=ITEM,PARENT=0
 PCB TYPE=DB,DBDNAME=BARNDB,PROCOPT=A,KEYLEN=6,PCBNAME=BARN
 SENSEG NAME=ITEM,PARENT=0
 PSBGEN PSBNAME=BOTH
";

/// Turns bits of every block of segments in a data set.
fn spoil(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    // The file and the data set each begin with a block of their own.
    for block in bytes.chunks_mut(1024).skip(2) {
        block[200] ^= 0x55;
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_torn_block_stops_its_database_and_no_other_and_is_recovered_from_a_copy_and_the_log() {
    let mut shop = Shop::open(1);
    shop.populate("stage", &format!("{}{SECOND}", DEFINITIONS.split_once(" PCB").unwrap().0));
    shop.cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]).well();
    shop.cluster.spoc(["INIT.DB DBD(SHOPDB) SHARELVL(1)"]).well();
    shop.cluster.spoc(["INIT.DBDS DBD(SHOPDB) DDN(SHOPDD) DSN(SHOP.SHOPDD) GENMAX(2)"]).well();
    shop.well("IMS1", &insert(0..20));
    shop.cluster.end("IMS1");
    let copies = shop.folder().join("copies");
    fs::create_dir_all(&copies).unwrap();
    let copied =
        shop.utility("IMS1", "copy", &["--database", "SHOPDB", "--output", copies.to_str().unwrap()]);
    assert_eq!(copied.status.code(), Some(0), "{}", String::from_utf8_lossy(&copied.stderr));
    let copy = fs::read_dir(&copies).unwrap().next().unwrap().unwrap().path();
    shop.cluster.restart("IMS1");
    shop.cluster.spoc([String::from_utf8_lossy(&copied.stdout).trim()]).well();
    shop.well("IMS1", &insert(20..30));

    let listed = shop.told("LIST.DBDS DBD(SHOPDB) DDN(SHOPDD)");
    assert!(listed.contains("SSID=IMS1") && listed.contains("DEALLOC=*NULL"), "it may be changed: {listed}");
    let plan = shop.told("GENJCL.RECOV DBD(SHOPDB) DDN(SHOPDD)");
    assert!(plan.contains("OLDS SSID=IMS1 DSN=IMS1.DFSOLP00") && plan.contains("--log LOG"), "{plan}");

    shop.cluster.spoc(["/DBR DB SHOPDB"]).well();
    shop.cluster.wait_until("RECON knows that nobody changes it any more", LIMIT, || {
        !shop.told("LIST.DBDS DBD(SHOPDB) DDN(SHOPDD)").contains("DEALLOC=*NULL")
    });
    spoil(&shop.file("IMS1", "databases/SHOPDD"));
    shop.cluster.spoc(["/START DB SHOPDB"]).well();
    let both = format!(
        "S 1 1 1 1 1    SHOP\n{READ_ALL}S 1 1 1 1 1    BARN\n{}L        GU    ITEM    (KEY     = 000007)\n",
        insert(7..8)
    );
    let text = shop.unchecked("BOTH", &both);
    assert!(text.contains("RET CODE=AO"), "{text}");
    assert!(text.contains("SEGMENT     =(000007 AN ITEM"), "the other database goes on: {text}");
    shop.cluster
        .wait_until("IMS1 says which block", LIMIT, || shop.cluster.message_count("IMS1", "DFS451E") > 0);
    let said = shop.cluster.log("IMS1").lines_with("DFS451E");
    assert!(said[0].contains("DATABASE SHOPDB IS STOPPED: DATA SET SHOPDD, BLOCK"), "{said:?}");
    shop.cluster.wait_until("RECON knows", LIMIT, || shop.status().contains("EEQE"));
    assert!(shop.status().contains("RECOV"), "{}", shop.status());
    let listed = shop.told("LIST.DBDS DBD(SHOPDB) DDN(SHOPDD)");
    assert!(listed.contains("EEQE RBA=") && listed.contains("EEQE COUNT=1"), "{listed}");

    shop.cluster.end("IMS1");
    let recovered = shop.utility("IMS1", "recover", &["--image", copy.to_str().unwrap()]);
    assert_eq!(recovered.status.code(), Some(0), "{}", String::from_utf8_lossy(&recovered.stderr));
    shop.cluster.restart("IMS1");
    shop.cluster.spoc([String::from_utf8_lossy(&recovered.stdout).trim()]).well();
    shop.cluster.spoc(["/START DB SHOPDB"]).well();
    assert_eq!(items(&shop.well("IMS1", READ_ALL)), (0..30).collect::<Vec<_>>());
    assert_eq!(shop.status(), "ALLOCS,OPEN");
    for error in ["DFS451E", "DFS730E"] {
        shop.cluster.expect_error(error);
    }
    shop.cluster.finish();
}

#[test]
fn a_log_data_set_of_a_pair_that_is_lost_is_mended_from_its_copy() {
    let mut shop = Shop::open(1);
    shop.well("IMS1", &insert(0..10));
    shop.cluster.kill("IMS1");
    fs::remove_file(shop.file("IMS1", "log/DFSOLP00")).unwrap();
    shop.cluster.restart("IMS1");
    assert_eq!(items(&shop.well("IMS1", READ_ALL)), (0..10).collect::<Vec<_>>());
    let said = shop.cluster.log("IMS1").lines_with("LOG102I");
    assert!(said.iter().any(|line| line.contains("DFSOLP00")), "{said:?}");
    shop.cluster.finish();
}

/// Both copies of the log lie on one disk here, so that one fault is one of both.
#[test]
fn a_member_whose_log_can_not_be_written_says_so_and_ends_and_loses_nothing_that_was_committed() {
    let mut shop = Shop::open_configured(1, "[databases]\nolds_mib = 16\n");
    shop.well("IMS1", &insert(0..3));
    let work = shop.work_on("IMS1", 10_000);
    // Nothing but the log of the databases writes that far into a file.
    shop.cluster.limit_files("IMS1", 2 << 20);
    assert_eq!(shop.cluster.wait_ended("IMS1"), Some(8), "{}", shop.cluster.log("IMS1").tail(5));
    let text = work.cut_off();
    let log = shop.cluster.log("IMS1");
    assert_eq!(log.lines_with("LOG104A").len(), 1, "{}", log.tail(5));
    let why = log.lines_with("DISK103E");
    assert!(why.len() == 1 && why[0].contains("log of the databases has stopped"), "{why:?}");
    shop.cluster.restart("IMS1");
    let there = items(&shop.well("IMS1", READ_ALL));
    // The last checkpoint is the one that could not be made.
    let made = text.split_once("RUN ABORTED BY USER ABEND U0616").map(|(before, _)| before).unwrap();
    for item in committed(&made[..made.rfind("CALL=CHKP").unwrap()]) {
        assert!(there.contains(&item), "{item} was committed and is lost");
    }
    for error in ["LOG104A", "DISK103E", "DFS451E"] {
        shop.cluster.expect_error(error);
    }
    shop.cluster.finish();
}

#[test]
fn what_nobody_needs_of_the_archived_log_goes_and_recon_knows_what_is_left() {
    let shop =
        Shop::open_configured(1, "[databases]\nolds_mib = 1\nlog_kept_s = 1\ncheckpoint_records = 500\n");
    shop.cluster.spoc(["INIT.DB DBD(SHOPDB) SHARELVL(1)"]).well();
    shop.cluster.spoc(["INIT.DBDS DBD(SHOPDB) DDN(SHOPDD) DSN(SHOP.SHOPDD) GENMAX(1)"]).well();
    let listed = || shop.told("LIST.LOG");
    let work = |from| {
        let output = shop.deck(
            "IMS1",
            &endless(from).lines().take(4 * 300).fold(String::new(), |deck, line| deck + line + "\n"),
        );
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    work(10_000);
    shop.cluster.wait_until("a part is archived", LIMIT, || listed().contains("PRISLD DSN=IMS1.SLDS."));
    assert!(listed().contains("STATUS=ACTIVE"), "{}", listed());
    assert_eq!(shop.cluster.message_count("IMS1", "LOG112I"), 0, "without a copy all of it is needed");
    shop.cluster.spoc(["/DBR DB SHOPDB"]).well();
    let now = "NOTIFY.IC DBD(SHOPDB) DDN(SHOPDD) ICDSN(SHOP.COPY) RUNTIME('2099.001 00:00:00')";
    shop.cluster.spoc([now]).well();
    shop.cluster
        .wait_until("the log is trimmed", LIMIT, || shop.cluster.message_count("IMS1", "LOG112I") > 0);
    shop.cluster.finish();
}

#[test]
fn a_program_names_its_pcb_in_an_aib() {
    let shop = Shop::open(1);
    shop.populate("stage", &format!("{}{SECOND}", DEFINITIONS.split_once(" PCB").unwrap().0));
    shop.cluster.spoc(["IMPORT DEFN SOURCE(CATALOG)"]).well();
    let deck = format!(
        "S 111 1 1 1    BARN          AIB\n{}L        GU    ITEM    (KEY     = 000001)\nL        GU    ITEM    (KEY     = 000009)\nL        INQY  PROGRAM\n",
        insert(1..2)
    );
    let member = shop.unchecked("BOTH", &deck);
    assert!(member.contains("RETRN=00000900") && member.contains("SEGMENT     =(BOTH    )"), "{member}");
    let (folder, source, input) = ("batch", "both.source", "both.deck");
    let at = |name: &str| shop.folder().join(name);
    fs::create_dir_all(at(folder)).unwrap();
    let (dbds, psb) = SECOND.split_once(" PCB").unwrap();
    fs::write(at(source), format!("{}{dbds}", DEFINITIONS.split_once(" PCB").unwrap().0)).unwrap();
    fs::write(at("both.psb"), format!(" PCB{psb}")).unwrap();
    fs::write(at(input), deck).unwrap();
    let mut ims = Command::new(&Binaries::for_stories().ims);
    ims.args(["ddlt0", "--psb", "BOTH", "--data"]).arg(at(folder)).arg("--dbd").arg(at(source));
    ims.arg("--psb-source").arg(at("both.psb")).arg("--input").arg(at(input));
    let batch = ims.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&batch.stdout), member);
    shop.cluster.finish();
}
