//! The table of commands.

use super::{
    Form, KeywordRow, Resource, ResourceRow, Verb, VerbRow, catalog, dbrc, elsewhere, query, update,
};

const fn command(
    resource: Resource,
    name: &'static str,
    keywords: &'static [KeywordRow],
    says: &'static str,
) -> ResourceRow {
    ResourceRow { resource, name, says, keywords }
}

const fn verb(
    verb: Verb,
    name: &'static str,
    abbreviation: &'static str,
    resources: &'static [ResourceRow],
) -> VerbRow {
    VerbRow { verb, form: Form::Type2, name, abbreviation, resources, instead: &[] }
}

/// A verb of DBRC has no short form.
const fn of_dbrc(verb: Verb, name: &'static str, resources: &'static [ResourceRow]) -> VerbRow {
    VerbRow { verb, form: Form::Dbrc, name, abbreviation: name, resources, instead: &[] }
}

const DBRC_CHANGE: &[ResourceRow] = &[
    command(Resource::Db, "DB", dbrc::CHANGE_DB, "changes the record of a database in RECON"),
    command(Resource::Dbds, "DBDS", dbrc::CHANGE_DBDS, "changes the record of a data set in RECON"),
    command(Resource::Ic, "IC", dbrc::CHANGE_IC, "says whether an image copy may be used"),
    command(Resource::Part, "PART", dbrc::CHANGE_PART, "changes the record of a partition in RECON"),
    command(
        Resource::Prilog,
        "PRILOG",
        dbrc::CHANGE_PRILOG,
        "says whether an archived part of a log can be read",
    ),
    command(Resource::Subsys, "SUBSYS", dbrc::CHANGE_SUBSYS, "says how a subsystem fares"),
];

const DBRC_DELETE: &[ResourceRow] = &[
    command(Resource::Alloc, "ALLOC", dbrc::DELETE_ALLOC, "takes an allocation of a data set out of RECON"),
    command(Resource::Bkout, "BKOUT", dbrc::SUBSYSTEM, "forgets what a subsystem has to back out"),
    command(Resource::Ca, "CA", dbrc::DELETE_CA, "takes a change accumulation out of RECON"),
    command(Resource::Cagrp, "CAGRP", dbrc::GROUP, "takes a change accumulation group out of RECON"),
    command(Resource::Db, "DB", dbrc::DELETE_DB, "takes a database with its data sets out of RECON"),
    command(Resource::Dbds, "DBDS", dbrc::DELETE_DBDS, "takes a data set out of RECON"),
    command(Resource::Dbdsgrp, "DBDSGRP", dbrc::GROUP, "takes a group of data sets out of RECON"),
    command(Resource::Ic, "IC", dbrc::DELETE_RUN, "takes an image copy out of RECON"),
    command(Resource::Log, "LOG", dbrc::DELETE_LOG, "takes logs out of RECON"),
    command(Resource::Part, "PART", dbrc::PARTITION, "takes a partition of a HALDB out of RECON"),
    command(Resource::Recov, "RECOV", dbrc::DELETE_RUN, "takes a recovery out of RECON"),
    command(Resource::Reorg, "REORG", dbrc::DELETE_RUN, "takes a reorganization out of RECON"),
    command(Resource::Subsys, "SUBSYS", dbrc::SUBSYSTEM, "takes a subsystem that ended out of RECON"),
];

const DBRC_INIT: &[ResourceRow] = &[
    command(Resource::Cagrp, "CAGRP", dbrc::INIT_CAGRP, "makes a group whose changes are accumulated"),
    command(Resource::Db, "DB", dbrc::INIT_DB, "registers a database in RECON"),
    command(Resource::Dbds, "DBDS", dbrc::INIT_DBDS, "registers a data set of a database in RECON"),
    command(Resource::Dbdsgrp, "DBDSGRP", dbrc::INIT_DBDSGRP, "makes a group of data sets"),
    command(Resource::Part, "PART", dbrc::INIT_PART, "registers a partition of a HALDB in RECON"),
];

const DBRC_GENJCL: &[ResourceRow] = &[command(
    Resource::Recov,
    "RECOV",
    dbrc::GENJCL_RECOV,
    "tells what a data set is recovered from, in the order in which it is read; no JCL is made",
)];

const DBRC_NOTIFY: &[ResourceRow] = &[
    command(Resource::Alloc, "ALLOC", dbrc::NOTIFY_ALLOC, "tells RECON when a data set could be changed"),
    command(Resource::Ca, "CA", dbrc::NOTIFY_CA, "tells RECON of a change accumulation"),
    command(Resource::Ic, "IC", dbrc::NOTIFY_IC, "tells RECON of an image copy"),
    command(
        Resource::Prilog,
        "PRILOG",
        dbrc::NOTIFY_PRILOG,
        "tells RECON of a log, of a part of it, or of its end",
    ),
    command(Resource::Recov, "RECOV", dbrc::NOTIFY_RECOV, "tells RECON of a recovery"),
    command(Resource::Reorg, "REORG", dbrc::NOTIFY_REORG, "tells RECON of a reorganization"),
];

const DBRC_LIST: &[ResourceRow] = &[
    command(Resource::Bkout, "BKOUT", dbrc::LIST_SUBSYSTEM, "lists what has to be backed out"),
    command(Resource::Cagrp, "CAGRP", dbrc::LIST_GROUP, "lists change accumulation groups"),
    command(Resource::Db, "DB", dbrc::LIST_DB, "lists databases as RECON has them"),
    command(Resource::Dbds, "DBDS", dbrc::LIST_DBDS, "lists a data set as RECON has it"),
    command(Resource::Dbdsgrp, "DBDSGRP", dbrc::LIST_GROUP, "lists groups of data sets"),
    command(Resource::Log, "LOG", dbrc::LIST_SUBSYSTEM, "lists logs as RECON has them"),
    command(Resource::Part, "PART", dbrc::PARTITION, "lists a partition of a HALDB as RECON has it"),
    command(Resource::Recon, "RECON", dbrc::LIST_RECON, "lists all of RECON"),
    command(Resource::Subsys, "SUBSYS", dbrc::LIST_SUBSYSTEM, "lists who signed on"),
];

const DBDUMP: &[ResourceRow] = &[command(
    Resource::Db,
    "DB",
    update::NAMES,
    "stops updates of databases, which may be read from then on",
)];

const DBRECOVERY: &[ResourceRow] =
    &[command(Resource::Db, "DB", update::NAMES, "closes databases, and gives them back to RECON")];

const START: &[ResourceRow] =
    &[command(Resource::Db, "DB", update::START_DB, "lets programs have databases again")];

const DELETE: &[ResourceRow] = &[
    command(
        Resource::Catalog,
        "CATALOG",
        catalog::DELETE,
        "finds or deletes instances past their retention (DFS3PU10)",
    ),
    command(
        Resource::Member,
        "MEMBER",
        update::DELETE_MEMBER,
        "takes a member out of the plex for good; an extension",
    ),
];

const DISPLAY: &[ResourceRow] = &[command(
    Resource::Modify,
    "MODIFY",
    query::MODIFY,
    "shows what an activation waits for, on which member and since when",
)];

const EXPORT: &[ResourceRow] =
    &[command(Resource::Defn, "DEFN", catalog::EXPORT, "writes definitions out of the catalog (DFS3CCE0)")];

const IMPORT: &[ResourceRow] = &[command(
    Resource::Defn,
    "DEFN",
    update::IMPORT_DEFN,
    "activates what is staged, on every member together",
)];

const QUERY: &[ResourceRow] = &[
    command(
        Resource::Audit,
        "AUDIT",
        query::AUDIT,
        "shows the commands that were accepted, from whom, and how they went; an extension",
    ),
    command(Resource::Catalog, "CATALOG", catalog::QUERY, "lists what the catalog holds (DFS3CATQ)"),
    command(Resource::Db, "DB", query::DB, "shows databases: definition, state, work"),
    command(Resource::Ims, "IMS", query::IMS, "shows how each member is set up"),
    command(Resource::Imsplex, "IMSPLEX", query::IMSPLEX, "shows what belongs to the plex"),
    command(
        Resource::Master,
        "MASTER",
        query::MASTER,
        "shows who leads the plex, why that changed, and whom the member that answers is in touch with; an extension",
    ),
    command(Resource::Member, "MEMBER", query::MEMBER, "shows the plex, and each member"),
    command(Resource::Olc, "OLC", query::OLC, "shows the activations that were"),
    command(Resource::Pgm, "PGM", query::PGM, "shows programs: definition, state, regions"),
];

const UPDATE: &[ResourceRow] = &[
    command(
        Resource::Catalog,
        "CATALOG",
        catalog::UPDATE,
        "sets retention (DFS3PU10), checks or repairs timestamps (DFS3CM00)",
    ),
    command(Resource::Db, "DB", update::DB, "starts or stops databases on the routed members"),
    command(
        Resource::Directory,
        "DIRECTORY",
        catalog::DIRECTORY,
        "recovers the directory after an interrupted change (DFS3RU00)",
    ),
    command(Resource::Ims, "IMS", update::IMS, "sets parameters of members or of the plex"),
    command(Resource::Pgm, "PGM", update::PGM, "starts or stops programs on the routed members"),
];

/// Every command, by verb. A verb without resource types is known to operators of IMS, and told apart from a
/// mistyped one.
pub const COMMANDS: &[VerbRow] = &[
    VerbRow { instead: elsewhere::CREATE, ..verb(Verb::Create, "CREATE", "CRE", &[]) },
    VerbRow { form: Form::Type1, ..verb(Verb::Dbdump, "DBDUMP", "DBD", DBDUMP) },
    VerbRow { form: Form::Type1, ..verb(Verb::Dbrecovery, "DBRECOVERY", "DBR", DBRECOVERY) },
    VerbRow { instead: elsewhere::DELETE, ..verb(Verb::Delete, "DELETE", "DEL", DELETE) },
    VerbRow {
        form: Form::Type1,
        instead: elsewhere::DISPLAY,
        ..verb(Verb::Display, "DISPLAY", "DIS", DISPLAY)
    },
    verb(Verb::Export, "EXPORT", "EXP", EXPORT),
    verb(Verb::Import, "IMPORT", "IMP", IMPORT),
    VerbRow { instead: elsewhere::INITIATE, ..verb(Verb::Initiate, "INITIATE", "INIT", &[]) },
    VerbRow { instead: elsewhere::QUERY, ..verb(Verb::Query, "QUERY", "QRY", QUERY) },
    VerbRow { instead: elsewhere::QUEUE, ..verb(Verb::Queue, "QUEUE", "QUE", &[]) },
    VerbRow { form: Form::Type1, instead: elsewhere::START, ..verb(Verb::Start, "START", "STA", START) },
    VerbRow { instead: elsewhere::TERMINATE, ..verb(Verb::Terminate, "TERMINATE", "TERM", &[]) },
    VerbRow { instead: elsewhere::UPDATE, ..verb(Verb::Update, "UPDATE", "UPD", UPDATE) },
    of_dbrc(Verb::DbrcChange, "CHANGE", DBRC_CHANGE),
    of_dbrc(Verb::DbrcDelete, "DELETE", DBRC_DELETE),
    of_dbrc(Verb::DbrcGenjcl, "GENJCL", DBRC_GENJCL),
    of_dbrc(Verb::DbrcInit, "INIT", DBRC_INIT),
    of_dbrc(Verb::DbrcList, "LIST", DBRC_LIST),
    of_dbrc(Verb::DbrcNotify, "NOTIFY", DBRC_NOTIFY),
];
