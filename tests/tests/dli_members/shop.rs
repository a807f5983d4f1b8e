//! A shop on a plex: its database, its program, and what they do in stories.

use end_to_end::{Binaries, Cluster, Layout};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A database with a root and a dependent, and a program that updates it.
pub(crate) const DEFINITIONS: &str = " DBD NAME=SHOPDB,ACCESS=HDAM,RMNAME=(DFSHDC40,2,20)
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
pub(crate) struct Shop {
    pub(crate) cluster: Cluster,
}

impl Shop {
    pub(crate) fn open(count: usize) -> Self {
        Self::open_configured(count, "")
    }

    pub(crate) fn open_configured(count: usize, sections: &str) -> Self {
        let cluster = Cluster::start_configured(Binaries::for_stories().clone(), count, sections);
        let shop = Self { cluster };
        shop.populate("setup", DEFINITIONS);
        shop
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.cluster.layout().folder
    }

    pub(crate) fn populate(&self, mode: &str, source: &str) {
        let file = self.folder().join("shop.source");
        fs::write(&file, source).unwrap();
        self.cluster.populate(mode, &[file]).well();
    }

    pub(crate) fn command(&self, member: &str, psb: &str, deck: &str) -> Command {
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

    /// Has a program commit one item after the other, from a number on, and waits until it is well under way.
    pub(crate) fn work_on(&self, member: &str, from: usize) -> Work {
        let deck = format!("S 1 1 1 1 1    SHOPDB\n{}", endless(from));
        let output = self.folder().join("output");
        let mut run = self.command(member, "CLERK", &deck);
        run.stdout(fs::File::create(&output).unwrap()).stderr(Stdio::null());
        let work = Work { run: run.spawn().unwrap(), output };
        let is_under_way = || work.printed().matches("CALL=CHKP").count() > 20;
        self.cluster.wait_until("work goes on", LIMIT, is_under_way);
        work
    }

    fn address(&self, member: &str) -> String {
        let config = fs::read_to_string(self.cluster.layout().config(member)).unwrap();
        let line = config.lines().find_map(|line| line.strip_prefix("address = ")).unwrap();
        line.trim_matches('"').to_string()
    }

    /// Runs a deck at a member, and follows every pointer afterwards.
    pub(crate) fn deck(&self, member: &str, deck: &str) -> Output {
        self.command(member, "CLERK", &format!("S 1 1 1 1 1    SHOPDB\n{deck}"))
            .arg("--check")
            .output()
            .unwrap()
    }

    /// The same, whatever becomes of it.
    pub(crate) fn unchecked(&self, psb: &str, deck: &str) -> String {
        let output = self.command("IMS1", psb, deck).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A file of a member.
    pub(crate) fn file(&self, member: &str, name: &str) -> PathBuf {
        data(self.cluster.layout(), member).join(name)
    }

    /// A utility on the databases and the log of a member that is not running.
    pub(crate) fn utility(&self, member: &str, name: &str, arguments: &[&str]) -> Output {
        let dbd = self.folder().join("shop.dbd");
        fs::write(&dbd, DEFINITIONS.split_once(" PCB").unwrap().0).unwrap();
        let mut ims = Command::new(&Binaries::for_stories().ims);
        ims.arg(name)
            .arg("--data")
            .arg(self.file(member, "databases"))
            .arg("--log")
            .arg(self.file(member, "log"));
        ims.arg("--dbd").arg(dbd).args(arguments).output().unwrap()
    }

    /// What a command that succeeds says.
    pub(crate) fn told(&self, command: &str) -> String {
        let output = self.cluster.spoc([command]);
        assert_eq!(output.status, Some(0), "{}{}", output.stdout, output.stderr);
        output.stdout
    }

    pub(crate) fn status(&self) -> String {
        let rows = self.cluster.rows(&["QUERY DB NAME(SHOPDB) SHOW(STATUS) ROUTE(IMS1)"]);
        rows[0]["LclStat"].as_str().unwrap_or_default().to_string()
    }

    pub(crate) fn well(&self, member: &str, deck: &str) -> String {
        let output = self.deck(member, deck);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }
}

/// A program at its work.
pub(crate) struct Work {
    run: Child,
    output: PathBuf,
}

impl Work {
    fn printed(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    /// What it printed until it ended because its member did.
    pub(crate) fn cut_off(mut self) -> String {
        assert_ne!(self.run.wait().unwrap().code(), Some(0), "the run was cut off");
        self.printed()
    }
}

/// The data folder of a member.
fn data(layout: &Layout, member: &str) -> PathBuf {
    let config = fs::read_to_string(layout.config(member)).unwrap();
    let line = config.lines().find_map(|line| line.strip_prefix("data = ")).unwrap();
    layout.folder.join(line.trim_matches('"'))
}

pub(crate) fn insert(items: std::ops::Range<usize>) -> String {
    items.fold(String::new(), |mut deck, item| {
        let _ = write!(deck, "L        ISRT  ITEM\nL        DATA  {item:06} AN ITEM\n");
        deck
    })
}

pub(crate) const READ_ALL: &str = "L   9999 GN\n";

pub(crate) fn items(text: &str) -> Vec<usize> {
    let segments = text.lines().filter_map(|line| line.trim().strip_prefix("SEGMENT     =("));
    let mut items: Vec<usize> =
        segments.filter_map(|text| text.split_once(" AN ITEM")?.0.parse().ok()).collect();
    items.sort_unstable();
    items
}

/// A deck that commits each of its items, and goes on until it is stopped.
pub(crate) fn endless(from: usize) -> String {
    (from..from + 2_000).fold(String::new(), |mut deck, item| {
        let _ = write!(
            deck,
            "L        ISRT  ITEM\nL        DATA  {item:06} AN ITEM\nL        CHKP\nL        DATA  {item:08}\n"
        );
        deck
    })
}

/// The items that a run said were committed, whose output ended where its member did.
pub(crate) fn committed(text: &str) -> Vec<usize> {
    let upto = text.rfind("CALL=CHKP").unwrap_or(0);
    items(&text[..upto])
}
