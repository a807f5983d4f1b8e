//! The keywords of UPDATE, IMPORT and DELETE MEMBER.

use super::{KeywordRow, Kind, What, optional, required};

const NAME: KeywordRow =
    required("NAME", Kind::Several(What::Generic), "which: names, * stands for any characters, % for one");

pub(super) const DB: &[KeywordRow] = &[
    NAME,
    optional("START", Kind::One(What::Flag(&["ACCESS"])), "the database may be used again"),
    optional(
        "STOP",
        Kind::One(What::Flag(&["ACCESS", "SCHD", "UPDATES"])),
        "nobody may use it, no program that uses it is scheduled, or STOUPDS is shown, which restricts nothing",
    ),
];

pub(super) const PGM: &[KeywordRow] = &[
    NAME,
    optional("START", Kind::One(What::Flag(&["SCHD"])), "the program may be scheduled again"),
    optional("STOP", Kind::One(What::Flag(&["SCHD"])), "the program is not scheduled from now on"),
];

/// The parameters of UPDATE IMS that mean something where nobody shares a coupling facility.
pub(super) const IMS: &[KeywordRow] = &[required("SET", Kind::Nested(SET), "which parameters")];

const SET: &[KeywordRow] = &[
    optional("LCLPARM", Kind::Nested(LCLPARM), "parameters of the routed members"),
    optional("PLEXPARM", Kind::Nested(PLEXPARM), "parameters of the plex"),
];

const LCLPARM: &[KeywordRow] = &[required(
    "LOCKTIME",
    Kind::One(What::Number { least: 0, most: 32_767 }),
    "how many seconds a program waits for a lock; 0 is without end",
)];

const PLEXPARM: &[KeywordRow] = &[optional(
    "GSTSDB",
    Kind::One(What::Flag(&["N", "Y"])),
    "whether the plex remembers that a database is stopped everywhere",
)];

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
