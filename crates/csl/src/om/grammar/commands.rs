//! The table of commands.

use super::{Form, KeywordRow, Resource, ResourceRow, Verb, VerbRow, catalog, elsewhere, query, update};

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
    VerbRow { instead: elsewhere::TERMINATE, ..verb(Verb::Terminate, "TERMINATE", "TERM", &[]) },
    VerbRow { instead: elsewhere::UPDATE, ..verb(Verb::Update, "UPDATE", "UPD", UPDATE) },
];
