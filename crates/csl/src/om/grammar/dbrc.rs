//! The keywords of DBRC's commands, as far as RECON here has what they are about.

use super::{KeywordRow, Kind, What, alone, optional, required};

const DBD: KeywordRow = required("DBD", Kind::One(What::Dbd), "which database");
const DDN: KeywordRow = required("DDN", Kind::One(What::Dd), "which of its data sets, by its DD statement");

const ALL: KeywordRow = alone("ALL", "every one, which is meant without it too");

const SHARELVL_SAYS: &str = "how many subsystems may have it: 0 one, 1 one that updates beside others that read; 2 and \
                             3 allow what 1 does, without a lock manager for several; 0 where it is left out";
const RECOVABL: KeywordRow = alone("RECOVABL", "its changes are kept, so that it can be recovered");
const NONRECOV: KeywordRow = alone("NONRECOV", "they are not");
const RECOVPD: KeywordRow = optional(
    "RECOVPD",
    Kind::One(What::Number { least: 0, most: 999 }),
    "how many days an image copy is kept at least",
);

pub(super) const INIT_DB: &[KeywordRow] = &[
    DBD,
    optional("SHARELVL", Kind::One(What::Number { least: 0, most: 3 }), SHARELVL_SAYS),
    RECOVABL,
    NONRECOV,
    alone("TYPEIMS", "it is in one piece, which is so where nothing is said"),
    alone("TYPHALDB", "it is a HALDB, in partitions that INIT.PART registers"),
    optional(
        "PARTSEL",
        Kind::One(What::Dbd),
        "the routine that selects partitions of a HALDB; high keys do without it",
    ),
];

const PART: KeywordRow = required("PART", Kind::One(What::Dbd), "which of its partitions");
const KEYSTRNG: KeywordRow = optional(
    "KEYSTRNG",
    Kind::One(What::Text),
    "the high key in characters, or what the selection routine goes by; a short one takes all keys that begin so",
);
const KEYSTHEX: KeywordRow =
    optional("KEYSTHEX", Kind::One(What::Hex), "the same in hexadecimal digits, in place of KEYSTRNG");
const RANDOMZR: KeywordRow = optional(
    "RANDOMZR",
    Kind::One(What::Dbd),
    "the randomizing module; that of the DBD where it is left out",
);
const ANCHOR: KeywordRow = optional(
    "ANCHOR",
    Kind::One(What::Number { least: 1, most: 255 }),
    "how many root anchor points a block has; as the DBD says where it is left out",
);
const HIBLOCK: KeywordRow = optional(
    "HIBLOCK",
    Kind::One(What::Number { least: 1, most: 16_777_215 }),
    "the highest block of the root addressable area; as the DBD says where it is left out",
);
const BYTES: KeywordRow = optional(
    "BYTES",
    Kind::One(What::Number { least: 0, most: 16_777_215 }),
    "how many bytes of one record consecutive inserts put there; as the DBD says where it is left out",
);
const BLOCKSZE: KeywordRow = optional(
    "BLOCKSZE",
    Kind::Several(What::Number { least: 512, most: 32_768 }),
    "bytes of a block of the data sets A, B and so on; the last holds for all behind, and the primary index",
);
const FBFF: KeywordRow = optional(
    "FBFF",
    Kind::One(What::Number { least: 0, most: 100 }),
    "every so manieth block is left free by a load",
);
const FSPF: KeywordRow = optional(
    "FSPF",
    Kind::One(What::Number { least: 0, most: 99 }),
    "how many percent of each block a load leaves free",
);

pub(super) const INIT_PART: &[KeywordRow] = &[
    DBD,
    PART,
    required("DSNPREFX", Kind::One(What::DataSet), "what the names of its data sets begin with"),
    KEYSTRNG,
    KEYSTHEX,
    RANDOMZR,
    ANCHOR,
    HIBLOCK,
    BYTES,
    BLOCKSZE,
    FBFF,
    FSPF,
];

pub(super) const CHANGE_PART: &[KeywordRow] = &[
    DBD,
    PART,
    optional("DSNPREFX", Kind::One(What::DataSet), "what the names of its data sets begin with"),
    KEYSTRNG,
    KEYSTHEX,
    RANDOMZR,
    ANCHOR,
    HIBLOCK,
    BYTES,
    BLOCKSZE,
    FBFF,
    FSPF,
    alone("PINIT", "it has to be initialized before it is used"),
    alone("NOPINIT", "it was initialized"),
];

/// A partition that is removed, or listed.
pub(super) const PARTITION: &[KeywordRow] = &[DBD, PART];

pub(super) const INIT_DBDS: &[KeywordRow] = &[
    DBD,
    DDN,
    required("DSN", Kind::One(What::DataSet), "the name of the data set"),
    required("GENMAX", Kind::One(What::Number { least: 1, most: 255 }), "how many image copies are kept"),
    RECOVPD,
];

pub(super) const CHANGE_DB: &[KeywordRow] = &[
    DBD,
    optional("SHARELVL", Kind::One(What::Number { least: 0, most: 3 }), "how many subsystems may have it"),
    RECOVABL,
    NONRECOV,
    alone("AUTH", "subsystems may have it again"),
    alone("NOAUTH", "no subsystem gets it any more (PROHIBIT AUTHORIZATION)"),
    alone("READON", "subsystems get it only to read"),
    alone("READOFF", "they get it to update as well"),
    alone("BACKOUT", "a unit of work has to be backed out before it can be had"),
    alone("NOBACK", "none has to be any more"),
];

pub(super) const CHANGE_DBDS: &[KeywordRow] = &[
    DBD,
    DDN,
    optional("DSN", Kind::One(What::DataSet), "the name of the data set"),
    optional("GENMAX", Kind::One(What::Number { least: 1, most: 255 }), "how many image copies are kept"),
    RECOVPD,
    alone("ICON", "it has to be copied before it is updated (IC NEEDED)"),
    alone("ICOFF", "it need not be"),
    alone("RECOV", "it has to be recovered before it can be had (RECOVERY NEEDED)"),
    alone("NORECOV", "it need not be"),
    optional("ADDEQE", Kind::One(What::Rba), "the address of a block that can't be read or written (EEQE)"),
    optional("DELEQE", Kind::One(What::Rba), "the address of such a block that can be again"),
];

pub(super) const DELETE_DB: &[KeywordRow] = &[DBD];

pub(super) const DELETE_DBDS: &[KeywordRow] = &[DBD, DDN];

pub(super) const LIST_DB: &[KeywordRow] = &[
    optional("DBD", Kind::One(What::Dbd), "which database; every one where it is left out"),
    ALL,
    alone("DBDS", "with its data sets, and what they can be recovered from"),
    alone("NODBDS", "without them, which is so where nothing is said"),
];

pub(super) const LIST_DBDS: &[KeywordRow] = &[DBD, DDN];

pub(super) const LIST_RECON: &[KeywordRow] =
    &[alone("STATUS", "only how many records there are, and not the records")];

const GRPNAME: KeywordRow = required("GRPNAME", Kind::One(What::Group), "which group");
const SSID: KeywordRow = required("SSID", Kind::One(What::Member), "which subsystem");
const ONE_SSID: KeywordRow =
    optional("SSID", Kind::One(What::Member), "which subsystem; every one where it is left out");
const STARTIME: KeywordRow = required("STARTIME", Kind::One(What::Moment), "when the log began");
const RUNTIME: KeywordRow = required("RUNTIME", Kind::One(What::Moment), "when it was made");

pub(super) const INIT_DBDSGRP: &[KeywordRow] = &[
    GRPNAME,
    required("MEMBERS", Kind::Several(What::Pair), "the data sets, each as (database,DD statement)"),
];

pub(super) const INIT_CAGRP: &[KeywordRow] = &[
    GRPNAME,
    required("GRPMEM", Kind::Several(What::Pair), "the data sets, each as (database,DD statement)"),
    required("GRPMAX", Kind::One(What::Number { least: 1, most: 1_024 }), "how many accumulations are kept"),
];

pub(super) const CHANGE_IC: &[KeywordRow] =
    &[DBD, DDN, RUNTIME, alone("INVALID", "it is not to be used"), alone("VALID", "it may be used again")];

pub(super) const CHANGE_SUBSYS: &[KeywordRow] = &[
    SSID,
    alone("ABNORMAL", "it ended abnormally, and keeps what it has"),
    alone("STARTRCV", "it is being recovered"),
    alone("ENDRECOV", "it is recovered: what it had is given back"),
];

/// Of an image copy, a reorganization or a recovery.
pub(super) const DELETE_RUN: &[KeywordRow] = &[DBD, DDN, RUNTIME];

pub(super) const DELETE_ALLOC: &[KeywordRow] =
    &[DBD, DDN, required("ALLTIME", Kind::One(What::Moment), "when it began")];

pub(super) const GROUP: &[KeywordRow] = &[GRPNAME];

pub(super) const SUBSYSTEM: &[KeywordRow] = &[SSID];

pub(super) const DELETE_LOG: &[KeywordRow] = &[
    alone("INACTIVE", "every log that no recovery needs"),
    optional("STARTIME", Kind::One(What::Moment), "the log that began then, needed or not"),
    optional("SSID", Kind::One(What::Member), "whose log it is"),
];

pub(super) const LIST_GROUP: &[KeywordRow] =
    &[optional("GRPNAME", Kind::One(What::Group), "which group; every one where it is left out"), ALL];

pub(super) const LIST_SUBSYSTEM: &[KeywordRow] = &[ONE_SSID, ALL];

pub(super) const NOTIFY_IC: &[KeywordRow] = &[
    DBD,
    DDN,
    RUNTIME,
    required("ICDSN", Kind::One(What::DataSet), "where it is"),
    alone("BATCH", "nobody changed the data set meanwhile, which is so where nothing is said"),
    alone("CIC", "the data set was changed meanwhile"),
    alone("ONLINE", "an online program changed it meanwhile"),
    optional("STOPTIME", Kind::One(What::Moment), "when it was complete"),
    optional(
        "RECDCT",
        Kind::One(What::Number { least: 0, most: u32::MAX as u64 }),
        "how many records it has",
    ),
];

pub(super) const NOTIFY_REORG: &[KeywordRow] = &[DBD, DDN, RUNTIME];

pub(super) const NOTIFY_RECOV: &[KeywordRow] =
    &[DBD, DDN, RUNTIME, optional("RCVTIME", Kind::One(What::Moment), "what came after that was left out")];

pub(super) const NOTIFY_ALLOC: &[KeywordRow] = &[
    DBD,
    DDN,
    required("ALLTIME", Kind::One(What::Moment), "when the data set was allocated"),
    optional(
        "STARTIME",
        Kind::One(What::Moment),
        "when the log began that was written then: makes the record",
    ),
    optional("SSID", Kind::One(What::Member), "whose log it is; needed with STARTIME"),
    optional("DEALTIME", Kind::One(What::Moment), "when it was deallocated: completes the record"),
];

pub(super) const NOTIFY_CA: &[KeywordRow] = &[
    GRPNAME,
    RUNTIME,
    required("STOPTIME", Kind::One(What::Moment), "the end of the last log that went into it"),
    required("CADSN", Kind::One(What::DataSet), "where it is"),
];

pub(super) const NOTIFY_PRILOG: &[KeywordRow] = &[
    SSID,
    STARTIME,
    optional(
        "DSN",
        Kind::One(What::DataSet),
        "a data set that a part of the log was archived to, up to RUNTIME",
    ),
    optional("DSSTART", Kind::One(What::Moment), "where that part begins; with the log where it is left out"),
    optional("RUNTIME", Kind::One(What::Moment), "when the part ends, or without DSN the log"),
    alone("RLDS", "of a recovery log; there is one kind of archived log"),
    alone("SLDS", "of a system log; there is one kind of archived log"),
];

pub(super) const CHANGE_PRILOG: &[KeywordRow] = &[
    SSID,
    STARTIME,
    required("DSN", Kind::One(What::DataSet), "which data set of the log"),
    alone("ERROR", "it can't be read"),
    alone("NOERROR", "it can be read again"),
];

pub(super) const DELETE_CA: &[KeywordRow] = &[GRPNAME, RUNTIME];

pub(super) const GENJCL_RECOV: &[KeywordRow] = &[
    DBD,
    DDN,
    optional(
        "RCVTIME",
        Kind::One(What::Moment),
        "to which moment; to the end of the logs where it is left out",
    ),
];
