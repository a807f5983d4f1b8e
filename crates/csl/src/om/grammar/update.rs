//! The keywords of UPDATE, IMPORT and DELETE MEMBER.

use super::{KeywordRow, Kind, What, optional, required};

const NAME: KeywordRow =
    required("NAME", Kind::Several(What::Generic), "which: names, * stands for any characters, % for one");

/// What is stopped is kept by each member for itself, so that there is no SCOPE(ALL).
const SCOPE: KeywordRow = optional(
    "SCOPE",
    Kind::One(What::Flag(&["ACTIVE"])),
    "the active members that the command is routed to, which are meant without it too",
);

const OPTION: KeywordRow = optional(
    "OPTION",
    Kind::Several(What::Flag(&["ALLRSP"])),
    "a row for each resource, which there is without it too",
);

pub(super) const DB: &[KeywordRow] = &[
    NAME,
    optional("START", Kind::One(What::Flag(&["ACCESS"])), "the database may be used again"),
    optional(
        "STOP",
        Kind::One(What::Flag(&["ACCESS", "SCHD", "UPDATES"])),
        "it is closed and nobody may use it, no program that uses it is scheduled, or it may only be read",
    ),
    optional("SET", Kind::Nested(DB_SET), "with START(ACCESS): what it is opened for from now on"),
    SCOPE,
    OPTION,
];

const DB_SET: &[KeywordRow] = &[required(
    "ACCTYPE",
    Kind::One(What::Flag(&["BRWS", "EXCL", "READ", "UPD"])),
    "read without integrity, alone, read, or update; UPD where nothing was ever said",
)];

/// `/DBRECOVERY DB name...`, `/DBDUMP DB name...`.
pub(super) const NAMES: &[KeywordRow] =
    &[required("NAME", Kind::Several(What::Generic), "which databases: names, * stands for any characters")];

/// `/START DB name... ACCESS=UP`.
pub(super) const START_DB: &[KeywordRow] = &[
    required("NAME", Kind::Several(What::Generic), "which databases: names, * stands for any characters"),
    optional(
        "ACCESS",
        Kind::One(What::Flag(&["EX", "RD", "RO", "UP"])),
        "what they are opened for from now on: alone, read, read without integrity, or update",
    ),
];

pub(super) const PGM: &[KeywordRow] = &[
    NAME,
    optional("START", Kind::One(What::Flag(&["SCHD"])), "the program may be scheduled again"),
    optional("STOP", Kind::One(What::Flag(&["SCHD"])), "the program is not scheduled from now on"),
    SCOPE,
    OPTION,
];

/// The parameters of UPDATE IMS that there are here: limits that a member keeps.
pub(super) const IMS: &[KeywordRow] = &[required("SET", Kind::Nested(SET), "which parameters")];

const SET: &[KeywordRow] =
    &[required("LCLPARM", Kind::Nested(LCLPARM), "limits of the routed members, until each ends")];

const LCLPARM: &[KeywordRow] = &[
    optional(
        "CMDWAIT",
        Kind::One(What::Number { least: 1, most: 59_999 }),
        "how many seconds OM collects answers where nobody says it",
    ),
    optional(
        "LOSTTIME",
        Kind::One(What::Number { least: 1, most: 3_600 }),
        "how many seconds a member that is out of reach stays in the roster as active",
    ),
    optional(
        "STAGEWAIT",
        Kind::One(What::Number { least: 1, most: 32_767 }),
        "how many seconds an import waits for the staging data set",
    ),
    optional(
        "STEPTIME",
        Kind::One(What::Number { least: 1, most: 32_767 }),
        "how many seconds members have for each step of an activation",
    ),
];

/// `IMPORT DEFN SOURCE(CATALOG) [OPTION(..)] [FOR(IMSID(..))]`. Which options go together is
/// [`ImportOptions`](crate::om::view::ImportOptions)' to say.
pub(super) const IMPORT_DEFN: &[KeywordRow] = &[
    required("SOURCE", Kind::One(What::Flag(&["CATALOG"])), "where the definitions come from"),
    optional(
        "OPTION",
        Kind::Several(What::Flag(&["DELPENDERR", "REFRESHPSB", "UPDATEPSB"])),
        "DELPENDERR empties staging when the prepare phase finds an error; UPDATEPSB activates staged programs \
         member by member; REFRESHPSB makes members use what was so activated",
    ),
    optional(
        "FOR",
        Kind::Nested(&[required("IMSID", Kind::Several(What::Member), "the members")]),
        "the members that use the programs at once",
    ),
];

/// Takes a member out of the plex for good. IMS has no such command, because its plex has no roster.
pub(super) const DELETE_MEMBER: &[KeywordRow] = &[required("NAME", Kind::One(What::Member), "who goes")];
