//! The keywords of the catalog's utilities. In IMS these are batch jobs with control statements; here they are
//! commands, and the essay of each row names its utility.

use super::query::NAME;
use super::{KeywordRow, Kind, What, optional, required};

const TYPE: KeywordRow =
    optional("TYPE", Kind::Several(What::Flag(&["ALL", "DBD", "PSB"])), "which kinds of definition");

/// DFS3CATQ: DEFINITION=CURRENT, PENDING, BOTH.
pub(super) const QUERY: &[KeywordRow] = &[
    NAME,
    TYPE,
    optional(
        "SHOW",
        Kind::Several(What::Flag(&["ALL", "CURRENT", "PENDING", "PRIOR"])),
        "which instances: in the directory, in staging, neither any more",
    ),
];

/// DFS3CCE0.
pub(super) const EXPORT: &[KeywordRow] = &[
    required("SOURCE", Kind::One(What::Flag(&["CATALOG"])), "where the definitions are"),
    NAME,
    TYPE,
    optional("SHOW", Kind::Several(What::Flag(&["ALL", "CURRENT", "PENDING", "PRIOR"])), "which instances"),
    optional(
        "FORMAT",
        Kind::One(What::Flag(&["DDL", "MACRO"])),
        "what they are written in; DDL is of the CURRENT instances or of the PENDING ones",
    ),
];

/// DFS3PU10: MODE, and DELETE statements with a timestamp.
pub(super) const DELETE: &[KeywordRow] = &[
    required("NAME", Kind::Several(What::Generic), "which definitions"),
    TYPE,
    required(
        "MODE",
        Kind::One(What::Flag(&["ANALYSIS", "BOTH", "PURGE"])),
        "ANALYSIS tells what is past its retention, PURGE deletes it, BOTH does one after the other",
    ),
    optional("TIMESTAMP", Kind::One(What::Stamp), "this instance, whatever its retention is"),
];

/// DFS3PU10 UPDATE statements (retention), DFS3CM00 (timestamps of the headers).
pub(super) const UPDATE: &[KeywordRow] = &[
    required("NAME", Kind::Several(What::Generic), "which definitions"),
    TYPE,
    required("SET", Kind::Nested(SET), "what is set"),
];

const SET: &[KeywordRow] = &[
    optional("RETENTION", Kind::Nested(RETENTION), "what a purge leaves"),
    optional(
        "TIMESTAMP",
        Kind::One(What::Flag(&["CHECK", "REPAIR"])),
        "compare active and pending timestamps with directory and staging, or make them agree",
    ),
];

const RETENTION: &[KeywordRow] = &[
    required(
        "INSTANCES",
        Kind::One(What::Number { least: 1, most: 65_535 }),
        "the least number of instances",
    ),
    optional("DAYS", Kind::One(What::Number { least: 0, most: 65_535 }), "the least number of days"),
];

/// DFS3RU00.
pub(super) const DIRECTORY: &[KeywordRow] = &[required(
    "START",
    Kind::One(What::Flag(&["CLEANUP", "REBUILD"])),
    "CLEANUP finishes or backs out what an interrupted activation left; REBUILD makes the directory from the catalog",
)];
