//! Commands as those who carry them out see them: typed, and with rules kept that a table can't state.
//!
//! The list of [`CommandView`] is what members carry out. A command of the grammar is served by a line in it: from
//! then on it is offered everywhere, and the compiler asks for whoever does it. Until then it is understood, and
//! refused by name.

mod catalog;
mod dbrc;
mod import;
mod member;
mod query;
mod update;

pub use catalog::{
    CatalogAction, CatalogInstances, Definitions, ExportDefn, Purge, RecoverDirectory, UpdateCatalog,
};
pub use dbrc::DbrcCommand;
pub use import::{ImportMode, ImportOptions};
pub use member::DeleteMember;
pub use query::{
    DisplayModify, QueryAudit, QueryIms, QueryImsplex, QueryMaster, QueryMember, QueryOlc, QueryResource,
};
pub use update::{AccessType, UpdateAction, UpdateIms, UpdateResource};

use super::command::Command;
use super::error::{Choice, CommandError, CommandProblem};
use super::generic::Generic;
use super::grammar::{COMMANDS, Resource, Verb, VerbRow};
use vocabulary::ResourceKind;

/// Declares what is served: `Variant(View): VERB RESOURCE, VERB RESOURCE;` a line.
macro_rules! served {
    ($($(#[$doc:meta])+ $variant:ident($view:ty): $($verb:ident $resource:ident),+;)+) => {
        /// A command with all its rules checked: what members carry out.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum CommandView {
            $($(#[$doc])+ $variant($view),)+
        }

        /// The commands that members carry out.
        pub const SERVED: &[(Verb, Resource)] = &[$($((Verb::$verb, Resource::$resource)),+),+];

        impl CommandView {
            /// The view of a command, or the rule that it breaks.
            pub fn of(command: &Command) -> Result<Self, CommandError> {
                match (command.verb, command.resource) {
                    $($((Verb::$verb, Resource::$resource))|+ => <$view>::of(command).map(Self::$variant),)+
                    _ => Err(command.error_at_keyword("", not_served(command))),
                }
            }
        }
    };
}

served! {
    /// The commands of DBRC.
    Dbrc(DbrcCommand):
        DbrcChange Db, DbrcChange Dbds, DbrcChange Ic, DbrcChange Prilog, DbrcChange Subsys, DbrcDelete Alloc,
        DbrcDelete Ca, DbrcGenjcl Recov, DbrcNotify Alloc, DbrcNotify Ca, DbrcNotify Prilog, DbrcDelete Bkout,
        DbrcDelete Cagrp, DbrcDelete Db, DbrcDelete Dbds, DbrcDelete Dbdsgrp, DbrcDelete Ic, DbrcDelete Log,
        DbrcDelete Recov, DbrcDelete Reorg, DbrcDelete Subsys, DbrcInit Cagrp, DbrcInit Db, DbrcInit Dbds,
        DbrcInit Dbdsgrp, DbrcList Bkout, DbrcList Cagrp, DbrcList Db, DbrcList Dbds, DbrcList Dbdsgrp,
        DbrcList Log, DbrcList Recon, DbrcList Subsys, DbrcNotify Ic, DbrcNotify Recov, DbrcNotify Reorg,
        DbrcInit Part, DbrcChange Part, DbrcDelete Part, DbrcList Part;
    /// `DELETE CATALOG`.
    DeleteCatalog(Purge): Delete Catalog;
    /// `DELETE MEMBER`.
    DeleteMember(DeleteMember): Delete Member;
    /// `DISPLAY MODIFY`.
    DisplayModify(DisplayModify): Display Modify;
    /// `EXPORT DEFN`.
    ExportDefn(ExportDefn): Export Defn;
    /// `IMPORT DEFN`.
    ImportDefn(ImportOptions): Import Defn;
    /// `QUERY AUDIT`.
    QueryAudit(QueryAudit): Query Audit;
    /// `QUERY CATALOG`.
    QueryCatalog(CatalogInstances): Query Catalog;
    /// `QUERY IMS`.
    QueryIms(QueryIms): Query Ims;
    /// `QUERY IMSPLEX`.
    QueryImsplex(QueryImsplex): Query Imsplex;
    /// `QUERY MASTER`.
    QueryMaster(QueryMaster): Query Master;
    /// `QUERY MEMBER`.
    QueryMember(QueryMember): Query Member;
    /// `QUERY OLC`.
    QueryOlc(QueryOlc): Query Olc;
    /// `QUERY DB`, `QUERY PGM`.
    QueryResource(QueryResource): Query Db, Query Pgm;
    /// `UPDATE CATALOG`.
    UpdateCatalog(UpdateCatalog): Update Catalog;
    /// `UPDATE DIRECTORY`.
    UpdateDirectory(RecoverDirectory): Update Directory;
    /// `UPDATE IMS`.
    UpdateIms(UpdateIms): Update Ims;
    /// `UPDATE DB`, `UPDATE PGM`, and the type-1 commands that do the same.
    UpdateResource(UpdateResource): Dbdump Db, Dbrecovery Db, Start Db, Update Db, Update Pgm;
}

/// What a parser says of such a command already.
fn not_served(command: &Command) -> CommandProblem {
    let verb = COMMANDS.iter().find(|row| row.verb == command.verb);
    let resource = verb.and_then(|row| row.resources.iter().find(|row| row.resource == command.resource));
    let offered = verb.into_iter().flat_map(VerbRow::offered).map(|row| row.name);
    CommandProblem::NotServed {
        verb: verb.map_or("", |row| row.name),
        word: resource.map_or("", |row| row.name),
        choice: Choice::of(offered),
    }
}

/// Whether `SHOW` asks for something, by name or by ALL; `default` is what no SHOW means.
fn shows(command: &Command, default: bool, what: &str) -> bool {
    let given = command.values("SHOW");
    (default && given.is_empty()) || given.contains(&"ALL") || given.contains(&what)
}

/// The names of NAME; without it every one is meant.
fn names_or_all(command: &Command) -> Vec<Generic> {
    match command.names("NAME") {
        names if names.is_empty() => vec![Generic::all()],
        names => names,
    }
}

/// The kind of definition that a resource type stands for.
fn kind(command: &Command) -> ResourceKind {
    if command.resource == Resource::Pgm { ResourceKind::Psb } else { ResourceKind::Dbd }
}

#[cfg(test)]
mod tests;
