//! The definitions of a small bank, in versions that differ.

use csl::envelope::SourceFile;

/// The source of `dbd/NAME/version`, `psb/NAME/version` or `gsam/POSTING/version`. A fourth part makes it special:
///
/// - `dbd/ACCTDB/2/small`: without segment HOLD, which TELLER uses.
/// - `dbd/BRANCH/2/broken`: does not compile.
/// - `dbd/BRANCH/2/copying`: copies its segment, which is `cpy/OFFICES/2`.
/// - `psb/CLERK/2/lost`: names a DBD that is nowhere.
///
/// `ddl/NAME/version` is DDL, which populate does not take.
pub(crate) fn source(specification: &str) -> Result<SourceFile, String> {
    let parts: Vec<&str> = specification.split('/').collect();
    let [kind, name, version, ..] = parts[..] else {
        return Err(format!("{specification} is not kind/NAME/version"));
    };
    let version: u32 = version.parse().map_err(|_| format!("{version} is no version"))?;
    let special = parts.get(3).copied().unwrap_or_default();
    let cards = match (kind, name) {
        ("dbd", "CUSTDB") => custdb(version),
        ("dbd", "CUSTNX") => custnx(version),
        ("dbd", "ACCTDB") => acctdb(version, special == "small"),
        ("dbd", "BRANCH") if special == "copying" => copying(&branch(version, false)),
        ("cpy", "OFFICES") => copied(&branch(version, false)),
        ("dbd", "BRANCH") => branch(version, special == "broken"),
        ("gsam", "POSTING") => posting(version),
        ("psb", "TELLER") => psb(name, version, &[("CUSTDB", "CUSTOMER"), ("ACCTDB", "ACCOUNT,HOLD")]),
        ("psb", "INQUIRY") => psb(name, version, &[("CUSTDB", "CUSTOMER")]),
        ("psb", "CLERK") if special == "lost" => psb(name, version, &[("NOWHERE", "NOTHING")]),
        ("psb", "CLERK") => psb(name, version, &[("BRANCH", "OFFICE")]),
        ("psb", "BATCHPST") => psb(name, version, &[("ACCTDB", "ACCOUNT"), ("POSTING", "")]),
        ("ddl", _) => format!("CREATE DATABASE {name};\n"),
        _ => return Err(format!("the bank has no {kind} {name}")),
    };
    Ok(SourceFile { name: format!("{}.{kind}", name.to_lowercase()), bytes: cards.into_bytes() })
}

/// Its programs.
pub(crate) const PSBS: [&str; 4] = ["TELLER", "INQUIRY", "CLERK", "BATCHPST"];

/// Everything, in version 1.
pub(crate) const WHOLE: [&str; 9] = [
    "dbd/CUSTDB/1",
    "dbd/CUSTNX/1",
    "dbd/ACCTDB/1",
    "dbd/BRANCH/1",
    "gsam/POSTING/1",
    "psb/TELLER/1",
    "psb/INQUIRY/1",
    "psb/CLERK/1",
    "psb/BATCHPST/1",
];

/// Customers have a secondary index, so that what changes the index changes the database.
fn custdb(version: u32) -> String {
    format!(
        "         DBD   NAME=CUSTDB,ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,1,100)
         DATASET DD1=CUSTDD
         SEGM  NAME=CUSTOMER,PARENT=0,BYTES={}
         FIELD NAME=(CUSTNO,SEQ,U),BYTES=8,START=1
         FIELD NAME=LASTNAME,BYTES=24,START=9
         LCHILD NAME=(CUSTNMS,CUSTNX),POINTER=INDX
         XDFLD NAME=XNAME,SRCH=LASTNAME
         DBDGEN
         END
",
        100 + version
    )
}

fn custnx(version: u32) -> String {
    format!(
        "         DBD   NAME=CUSTNX,ACCESS=(INDEX,VSAM)
         DATASET DD1=CUSTNXDD
         SEGM  NAME=CUSTNMS,PARENT=0,BYTES=24,FREQ={version}
         FIELD NAME=(NAMEKEY,SEQ,U),BYTES=24,START=1
         LCHILD NAME=(CUSTOMER,CUSTDB),INDEX=XNAME,POINTER=SNGL
         DBDGEN
         END
"
    )
}

fn acctdb(version: u32, small: bool) -> String {
    let hold = "         SEGM  NAME=HOLD,PARENT=ACCOUNT,BYTES=40\n";
    format!(
        "         DBD   NAME=ACCTDB,ACCESS=(HDAM,OSAM),RMNAME=(DFSHDC40,1,100)
         DATASET DD1=ACCTDD
         SEGM  NAME=ACCOUNT,PARENT=0,BYTES={}
         FIELD NAME=(ACCTNO,SEQ,U),BYTES=10,START=1
{}         DBDGEN
         END
",
        60 + version,
        if small { "" } else { hold }
    )
}

fn branch(version: u32, broken: bool) -> String {
    format!(
        "         DBD   NAME=BRANCH,ACCESS=({},OSAM),RMNAME=(DFSHDC40,1,100)
         DATASET DD1=BRANCHDD
         SEGM  NAME=OFFICE,PARENT=0,BYTES={}
         FIELD NAME=(OFFICENO,SEQ,U),BYTES=4,START=1
         DBDGEN
         END
",
        if broken { "HDAAM" } else { "HDAM" },
        80 + version
    )
}

fn posting(version: u32) -> String {
    format!(
        "         DBD   NAME=POSTING,ACCESS=(GSAM,BSAM)
         DATASET DD1=POSTIN,DD2=POSTOUT,RECORD={},RECFM=F
         DBDGEN
         END
",
        120 + version
    )
}

/// A PSB with a PCB for each database, sensitive to these segments, the first of them the root.
fn psb(name: &str, version: u32, databases: &[(&str, &str)]) -> String {
    let mut cards = String::new();
    for (dbd, segments) in databases {
        if segments.is_empty() {
            cards += &format!("         PCB   TYPE=GSAM,DBDNAME={dbd},PROCOPT=GS\n");
            continue;
        }
        cards += &format!("         PCB   TYPE=DB,DBDNAME={dbd},PROCOPT=A,KEYLEN=20\n");
        let mut parent = "0";
        for segment in segments.split(',') {
            cards += &format!("         SENSEG NAME={segment},PARENT={parent}\n");
            parent = segments.split(',').next().unwrap_or("0");
        }
    }
    cards + &format!("         PSBGEN PSBNAME={name},LANG=COBOL,LOCKMAX={version}\n         END\n")
}

fn is_of_segment(line: &&str) -> bool {
    line.contains("SEGM ") || line.contains("FIELD ")
}

/// These cards, with a COPY in the place of the segment.
fn copying(cards: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = cards
        .lines()
        .filter(|line| !is_of_segment(line))
        .partition(|line| !line.contains("DBDGEN") && line.trim() != "END");
    [before, vec!["         COPY  OFFICES"], after].concat().iter().map(|line| format!("{line}\n")).collect()
}

/// The segment of these cards.
fn copied(cards: &str) -> String {
    cards.lines().filter(is_of_segment).map(|line| format!("{line}\n")).collect()
}
