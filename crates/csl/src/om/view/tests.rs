//! What the views make of commands.

use super::*;
use crate::om::parser;
use std::fmt::Debug;

/// What a view makes of a text, whether or not the command is served.
fn told<V: Debug>(view: impl Fn(&Command) -> Result<V, CommandError>, text: &str) -> String {
    let all: Vec<(Verb, Resource)> = COMMANDS
        .iter()
        .flat_map(|verb| verb.resources.iter().map(|resource| (verb.verb, resource.resource)))
        .collect();
    let told = parser::parse(COMMANDS, &all, text).and_then(|command| view(&command));
    told.map_or_else(|error| error.to_string(), |view| format!("{view:?}"))
}

#[test]
fn a_type_1_command_takes_blanks_commas_and_equals_signs_and_a_period_ends_it() {
    for text in [
        "/DISPLAY MODIFY ALL",
        "DIS MODIFY ALL.",
        "/dis mod=all",
        "DISP MODI, ALL .",
        "/DIS MODIFY ALL ROUTE(IMS1)",
    ] {
        assert_eq!(told(DisplayModify::of, text), "DisplayModify { all: true }", "{text}");
    }
    assert_eq!(told(DisplayModify::of, "/DIS MODIFY."), "DisplayModify { all: false }");
    assert_eq!(
        told(DisplayModify::of, "CMD((DIS MODIFY) OPTION=AOPOUTPUT) ROUTE(IMS1)"),
        "DisplayModify { all: false }"
    );
    assert_eq!(
        told(DisplayModify::of, "/DIS MODIFY ALLL"),
        "ALLL is not a parameter of MODIFY: did you mean ALL?"
    );
    assert_eq!(told(DisplayModify::of, "/DIS MODIFY (ALL)"), "( stands where a keyword is due");
}

#[test]
fn queries_of_the_plex_and_its_activations() {
    assert_eq!(told(QueryIms::of, "QRY IMS SHOW(STATUS)"), "QueryIms { attributes: false, status: true }");
    assert_eq!(
        told(QueryImsplex::of, "QRY IMSPLEX NAME(PLEX*) TYPE(SCI,OM) SHOW(STATUS,TYPE)"),
        "QueryImsplex { names: [Generic(\"PLEX*\")], types: [\"SCI\", \"OM\"], status: [], shown: [\"STATUS\", \"TYPE\"] }"
    );
    assert_eq!(
        told(QueryOlc::of, "QRY OLC LIBRARY(OLCSTAT)"),
        "QueryOlc { current: true, history: false, last: None }"
    );
    assert_eq!(
        told(QueryOlc::of, "QRY OLC LAST(5)"),
        "QueryOlc { current: false, history: true, last: Some(5) }"
    );
    assert_eq!(
        told(QueryOlc::of, "QRY OLC SHOW(HISTORY)"),
        "QueryOlc { current: false, history: true, last: None }"
    );
    assert_eq!(
        told(QueryOlc::of, "QRY OLC SHOW(ALL)"),
        "QueryOlc { current: true, history: true, last: None }"
    );
}

#[test]
fn the_audit_record() {
    assert_eq!(
        told(QueryAudit::of, "QRY AUDIT"),
        "QueryAudit { users: [Generic(\"*\")], verbs: [], changes: true, queries: true, since: None, last: 100 }"
    );
    let asked = "QRY AUDIT USER('jane.doe@example',OP*) COMMAND(IMPORT,UPDATE) TYPE(CHANGE) SINCE(2632512000000) LAST(5)";
    let told = told(QueryAudit::of, asked);
    assert!(told.contains("[Generic(\"JANE.DOE@EXAMPLE\"), Generic(\"OP*\")]"), "{told}");
    assert!(told.contains("verbs: [\"IMPORT\", \"UPDATE\"], changes: true, queries: false"), "{told}");
    assert!(told.ends_with("last: 5 }") && told.contains("since: Some("), "{told}");
}

#[test]
fn limits_are_set_one_at_least_and_what_means_nothing_here_is_refused_with_its_reason() {
    assert_eq!(
        told(UpdateIms::of, "UPD IMS SET(LCLPARM(STEPTIME(30),CMDWAIT(60)))"),
        "UpdateIms { command_wait_s: Some(60), member_lost_s: None, staging_wait_s: None, step_timeout_s: Some(30) }"
    );
    assert!(
        told(UpdateIms::of, "UPD IMS SET(PLEXPARM(GSTSDB(Y)))")
            .starts_with("PLEXPARM is not used in SET here: ")
    );
    assert!(
        told(UpdateIms::of, "UPD IMS SET(LCLPARM(LOCKTIME(30)))")
            .starts_with("LOCKTIME is not used in SET(LCLPARM) here: no program waits for a lock")
    );
    assert_eq!(told(UpdateIms::of, "UPD IMS"), "UPDATE IMS needs SET");
    assert!(told(UpdateIms::of, "UPD IMS SET(LCLPARM())").contains("LCLPARM"));
}

#[test]
fn the_utilities_of_the_catalog() {
    assert_eq!(
        told(ExportDefn::of, "EXP DEFN SOURCE(CATALOG) NAME(ACCT*) TYPE(DBD)"),
        "ExportDefn { instances: CatalogInstances { definitions: Definitions { names: [Generic(\"ACCT*\")], kind: Some(Dbd) }, current: true, pending: true, prior: false }, ddl: false }"
    );
    let ddl = |show: &str| told(ExportDefn::of, &format!("EXP DEFN SOURCE(CATALOG) FORMAT(DDL){show}"));
    assert!(ddl("").ends_with("current: true, pending: false, prior: false }, ddl: true }"), "{}", ddl(""));
    assert!(ddl(" SHOW(PENDING)").ends_with("current: false, pending: true, prior: false }, ddl: true }"));
    assert_eq!(
        ddl(" SHOW(CURRENT,PENDING)"),
        "SHOW(CURRENT,PENDING) can't be given together with FORMAT(DDL)"
    );
    assert_eq!(ddl(" SHOW(ALL)"), "SHOW(ALL) can't be given together with FORMAT(DDL)");
    assert_eq!(
        told(CatalogInstances::of, "QRY CATALOG SHOW(PRIOR)"),
        "CatalogInstances { definitions: Definitions { names: [Generic(\"*\")], kind: None }, current: false, pending: false, prior: true }"
    );
    let purge = told(Purge::of, "DEL CATALOG NAME(ACCTDB) MODE(PURGE) TIMESTAMP(1235612000000)");
    assert!(purge.contains("analyse: false, delete: true, instance: Some("), "{purge}");
    assert_eq!(
        told(Purge::of, "DEL CATALOG NAME(ACCTDB) MODE(BOTH) TIMESTAMP(noon)"),
        "\"noon\" is not an instance timestamp: it takes 13 digits, yydddhhmmssth"
    );
    let retained = told(UpdateCatalog::of, "UPD CATALOG NAME(*) SET(RETENTION(INSTANCES(3) DAYS(30)))");
    assert!(retained.ends_with("action: Retain { instances: 3, days: Some(30) } }"), "{retained}");
    let repaired = told(UpdateCatalog::of, "UPD CATALOG NAME(*) TYPE(ALL) SET(TIMESTAMP(REPAIR))");
    assert!(repaired.ends_with("kind: None }, action: RepairTimestamps }"), "{repaired}");
    assert_eq!(
        told(UpdateCatalog::of, "UPD CATALOG NAME(*) SET(RETENTION(INSTANCES(3)),TIMESTAMP(CHECK))"),
        "TIMESTAMP can't be given together with RETENTION"
    );
    assert_eq!(told(RecoverDirectory::of, "UPD DIRECTORY START(REBUILD)"), "Rebuild");
}

#[test]
fn a_command_that_is_not_served_has_no_view() {
    let command = Command { verb: Verb::Create, resource: Resource::Db, ..Command::parse("QRY DB").unwrap() };
    let error = CommandView::of(&command).unwrap_err();
    assert!(error.to_string().contains(" is not carried out by members of this release"), "{error}");
}

#[test]
fn a_command_that_is_not_served_is_refused_by_name_before_its_keywords_are_looked_at() {
    let served = &[(Verb::Update, Resource::Db)];
    let error = parser::parse(COMMANDS, served, "UPD DIRECTORY START(NONSENSE)").unwrap_err();
    assert_eq!(error.reason_code().0, 0x203C);
    assert_eq!(
        error.to_string(),
        "UPDATE DIRECTORY is not carried out by members of this release: it takes DB"
    );
}

#[test]
fn every_command_of_the_language_is_served() {
    for (verb, resource) in COMMANDS.iter().flat_map(|verb| verb.resources.iter().map(move |row| (verb, row)))
    {
        assert!(SERVED.contains(&(verb.verb, resource.resource)), "{} {}", verb.name, resource.name);
    }
}
