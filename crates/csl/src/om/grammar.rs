//! What commands look like, as a table. A new command is a row.

/// Commands of one verb.
#[derive(Debug)]
pub struct VerbRow {
    /// Which verb.
    pub verb: Verb,
    /// In full.
    pub name: &'static str,
    /// In short.
    pub abbreviation: &'static str,
    /// What it can be done to.
    pub resources: &'static [ResourceRow],
}

/// One command: a verb applied to a resource type.
#[derive(Debug)]
pub struct ResourceRow {
    /// Which resource type.
    pub resource: Resource,
    /// As typed.
    pub name: &'static str,
    /// The keywords of this command. Every command also takes those of [`COMMON`].
    pub keywords: &'static [KeywordRow],
}

/// A keyword of a command, or one nested in another keyword.
#[derive(Debug)]
pub struct KeywordRow {
    /// As typed.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether the command can't do without.
    pub required: bool,
}

/// What a keyword takes between its parentheses.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One parameter.
    One(What),
    /// One or more parameters, separated by commas.
    Several(What),
    /// Further keywords.
    Nested(&'static [KeywordRow]),
}

/// What a parameter is.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// A word of a set.
    Flag(&'static [&'static str]),
    /// A name that may be generic.
    Generic,
    /// A member.
    Member,
    /// A whole number of this range.
    Number {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A member, or `*` for all, or `%` for any one.
    Route,
    /// Seconds, or `mmm:ss`.
    Wait,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the word of that name")]
pub enum Verb {
    Create,
    Delete,
    Export,
    Import,
    Initiate,
    Query,
    Terminate,
    Update,
}

/// What it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Databases.
    Db,
    /// Definitions.
    Defn,
    /// Members of the plex.
    Member,
    /// Programs.
    Pgm,
}

const fn optional(name: &'static str, kind: Kind) -> KeywordRow {
    KeywordRow { name, kind, required: false }
}

const fn required(name: &'static str, kind: Kind) -> KeywordRow {
    KeywordRow { name, kind, required: true }
}

/// The keywords that OM itself takes with any command: who is asked, and how long OM collects their answers.
pub const COMMON: &[KeywordRow] =
    &[optional("ROUTE", Kind::Several(What::Route)), optional("WAIT", Kind::One(What::Wait))];

/// `IMPORT DEFN SOURCE(CATALOG) [OPTION(..)] [FOR(IMSID(..))]`. Which options go together is
/// [`ImportOptions`](super::view::ImportOptions)' to say.
const IMPORT_DEFN: &[KeywordRow] = &[
    required("SOURCE", Kind::One(What::Flag(&["CATALOG"]))),
    optional("OPTION", Kind::Several(What::Flag(&["DELPENDERR", "REFRESHPSB", "UPDATEPSB"]))),
    optional("FOR", Kind::Nested(&[required("IMSID", Kind::Several(What::Member))])),
];

const QUERY_MEMBER: &[KeywordRow] = &[
    required("TYPE", Kind::One(What::Flag(&["IMS"]))),
    optional("SHOW", Kind::Several(What::Flag(&["ALL", "ATTRIB", "STATUS"]))),
];

const SHOW_RESOURCE: Kind = Kind::Several(What::Flag(&["ALL", "DEFN", "STATUS", "TIMESTAMP", "WORK"]));

const QUERY_DB: &[KeywordRow] = &[
    optional("NAME", Kind::Several(What::Generic)),
    optional("SHOW", SHOW_RESOURCE),
    optional(
        "STATUS",
        Kind::Several(What::Flag(&[
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
        ])),
    ),
];

const QUERY_PGM: &[KeywordRow] = &[
    optional("NAME", Kind::Several(What::Generic)),
    optional("SHOW", SHOW_RESOURCE),
    optional(
        "STATUS",
        Kind::Several(What::Flag(&["DB-NOTAVL", "IOPREV", "LOCK", "NOTINIT", "REFP", "STOSCHD", "TRACE"])),
    ),
];

const UPDATE_DB: &[KeywordRow] = &[
    required("NAME", Kind::Several(What::Generic)),
    optional("START", Kind::One(What::Flag(&["ACCESS"]))),
    optional("STOP", Kind::One(What::Flag(&["ACCESS", "SCHD", "UPDATES"]))),
];

const UPDATE_PGM: &[KeywordRow] = &[
    required("NAME", Kind::Several(What::Generic)),
    optional("START", Kind::One(What::Flag(&["SCHD"]))),
    optional("STOP", Kind::One(What::Flag(&["SCHD"]))),
];

/// Takes a member out of the plex for good. IMS has no such command, because its plex has no roster.
const DELETE_MEMBER: &[KeywordRow] = &[required("NAME", Kind::One(What::Member))];

const fn db(keywords: &'static [KeywordRow]) -> ResourceRow {
    ResourceRow { resource: Resource::Db, name: "DB", keywords }
}

const fn defn(keywords: &'static [KeywordRow]) -> ResourceRow {
    ResourceRow { resource: Resource::Defn, name: "DEFN", keywords }
}

const fn member(keywords: &'static [KeywordRow]) -> ResourceRow {
    ResourceRow { resource: Resource::Member, name: "MEMBER", keywords }
}

const fn pgm(keywords: &'static [KeywordRow]) -> ResourceRow {
    ResourceRow { resource: Resource::Pgm, name: "PGM", keywords }
}

const fn verb(
    verb: Verb,
    name: &'static str,
    abbreviation: &'static str,
    resources: &'static [ResourceRow],
) -> VerbRow {
    VerbRow { verb, name, abbreviation, resources }
}

/// Every command, by verb. A verb without resource types is known to operators of IMS, and told apart from a
/// mistyped one.
pub const COMMANDS: &[VerbRow] = &[
    verb(Verb::Create, "CREATE", "CRE", &[]),
    verb(Verb::Delete, "DELETE", "DEL", &[member(DELETE_MEMBER)]),
    verb(Verb::Export, "EXPORT", "EXP", &[]),
    verb(Verb::Import, "IMPORT", "IMP", &[defn(IMPORT_DEFN)]),
    verb(Verb::Initiate, "INITIATE", "INIT", &[]),
    verb(Verb::Query, "QUERY", "QRY", &[db(QUERY_DB), member(QUERY_MEMBER), pgm(QUERY_PGM)]),
    verb(Verb::Terminate, "TERMINATE", "TERM", &[]),
    verb(Verb::Update, "UPDATE", "UPD", &[db(UPDATE_DB), pgm(UPDATE_PGM)]),
];
