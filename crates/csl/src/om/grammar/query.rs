//! The keywords of QUERY, and of DISPLAY.

use super::{KeywordRow, Kind, What, optional, required};

pub(super) const NAME: KeywordRow =
    optional("NAME", Kind::Several(What::Generic), "which: names, * stands for any characters, % for one");

pub(super) const IMS: &[KeywordRow] =
    &[optional("SHOW", Kind::Several(What::Flag(&["ALL", "ATTRIB", "STATUS"])), "what is shown")];

pub(super) const IMSPLEX: &[KeywordRow] = &[
    optional("NAME", Kind::Several(What::Generic), "which plex"),
    optional(
        "TYPE",
        Kind::Several(What::Flag(COMPONENTS)),
        "which kinds of component; a plex has IMS, OM, RM and SCI, and none of the others",
    ),
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "JOB", "OS", "STATUS", "SUBTYPE", "TYPE", "VERSION"])),
        "what is shown",
    ),
    optional("STATUS", Kind::Several(What::Flag(&["ACTIVE", "READY"])), "only those in one of these states"),
];

/// The types of component that an IMSplex of IMS can have.
const COMPONENTS: &[&str] =
    &["AOP", "BATCH", "CQS", "DBRC", "IMS", "IMSCON", "ODBM", "OM", "OTHER", "REPO", "RM", "SCI"];

const MEMBER_STATUS: &[&str] = &[
    "ABENDED",
    "MASTER",
    "NOTSTARTED",
    "OLCCMT2C",
    "OLCCMT2I",
    "OLCMSTR",
    "OLCPREPC",
    "OLCPREPF",
    "OLCPREPI",
    "RSTWAIT",
    "SHUTDOWN",
    "STARTING",
];

pub(super) const MEMBER: &[KeywordRow] = &[
    required("TYPE", Kind::One(What::Flag(&["IMS"])), "which kind of member"),
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "ATTRIB", "STATUS"])),
        "what is shown; everything where it is left out",
    ),
    optional(
        "ATTRIB",
        Kind::Several(What::Flag(&["ACBSHR", "DIRECTORY", "GBLOLC"])),
        "only members with one of these attributes",
    ),
    optional("STATUS", Kind::Several(What::Flag(MEMBER_STATUS)), "only members in one of these states"),
];

pub(super) const MASTER: &[KeywordRow] = &[
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "CURRENT", "HISTORY"])),
        "how things stand now, or the changes of the master that are remembered; everything where it is left out",
    ),
    optional("LAST", Kind::One(What::Number { least: 1, most: 9_999 }), "so many of the latest changes"),
];

/// IMS tells from OLCSTAT which change came last; the directory tells it of every activation it remembers.
pub(super) const OLC: &[KeywordRow] = &[
    optional("LIBRARY", Kind::One(What::Flag(&["OLCSTAT"])), "what IMS calls the record of online changes"),
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "CURRENT", "HISTORY"])),
        "the state now, or the activations that led to it",
    ),
    optional("LAST", Kind::One(What::Number { least: 1, most: 9_999 }), "so many of the latest activations"),
];

/// IMS has no such command: its OM writes an audit trail to a z/OS log stream.
pub(super) const AUDIT: &[KeywordRow] = &[
    optional(
        "USER",
        Kind::Several(What::User),
        "only commands of these users; quotes around what is no word, * for any characters",
    ),
    optional("COMMAND", Kind::Several(What::Flag(AUDITED)), "only commands of these verbs"),
    optional(
        "TYPE",
        Kind::One(What::Flag(&["ALL", "CHANGE", "QUERY"])),
        "only commands that do something, or only those that look",
    ),
    optional("SINCE", Kind::One(What::Stamp), "only commands from this moment on"),
    optional(
        "LAST",
        Kind::One(What::Number { least: 1, most: 9_999 }),
        "so many of the latest; 100 where it is left out",
    ),
];

/// The verbs, and the utilities.
const AUDITED: &[&str] = &[
    "CHANGE",
    "CREATE",
    "DDL",
    "DELETE",
    "DISPLAY",
    "EXPORT",
    "GENJCL",
    "IMPORT",
    "INIT",
    "INITIATE",
    "LIST",
    "NOTIFY",
    "POPULATE",
    "QUERY",
    "QUEUE",
    "TERMINATE",
    "UPDATE",
];

const SHOW_SAYS: &str = "what is shown beside the names; STATUS and LOCAL are one";

const STATUS_SAYS: &str = "only those in one of these states";

const DB_STATUS: &[&str] = &[
    "ALLOCF",
    "ALLOCS",
    "BACKOUT",
    "EEQE",
    "LOCK",
    "NOTINIT",
    "NOTOPEN",
    "OLR",
    "OPEN",
    "QUIESCED",
    "QUIESCING",
    "RECALL",
    "RECOV",
    "RNL",
    "RREPL",
    "STOACC",
    "STOSCHD",
    "STOUPDS",
];

const PGM_STATUS: &[&str] = &["DB-NOTAVL", "IOPREV", "LOCK", "NOTINIT", "REFP", "STOSCHD", "TRACE"];

pub(super) const DB: &[KeywordRow] = &[
    NAME,
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ACCTYPE", "ALL", "DEFN", "LOCAL", "PGM", "STATUS", "TIMESTAMP", "WORK"])),
        SHOW_SAYS,
    ),
    optional("STATUS", Kind::Several(What::Flag(DB_STATUS)), STATUS_SAYS),
    optional("TYPE", Kind::Several(What::Flag(DB_TYPE)), "only databases of one of these types"),
];

const DB_TYPE: &[&str] =
    &["DEDB", "DHISNDX", "DLI", "GSAM", "LOGICAL", "MSDB", "PART", "PHDAM", "PHIDAM", "PSINDEX"];

pub(super) const PGM: &[KeywordRow] = &[
    NAME,
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "DB", "DEFN", "LOCAL", "STATUS", "TIMESTAMP", "WORK"])),
        SHOW_SAYS,
    ),
    optional("STATUS", Kind::Several(What::Flag(PGM_STATUS)), STATUS_SAYS),
];

/// `/DISPLAY MODIFY [ALL]`.
pub(super) const MODIFY: &[KeywordRow] = &[optional(
    "MODIFY",
    Kind::Several(What::Flag(&["ALL"])),
    "ALL shows what is added, changed and deleted, too",
)];
