//! The columns of answers about definitions: what populate put into the catalog, what IMPORT activated, and what the
//! catalog holds.

use csl::om::Column;

/// One list for both, since a populate job may go over into an import. Columns that a command says nothing in are
/// left out.
pub(crate) fn of_definitions() -> Vec<Column> {
    vec![
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::member(),
        Column::completion(),
        Column::completion_text(),
        Column::text("ACT", "Action").skip_blank(),
        Column::text("TIMESTMP", "TimeStamp").skip_blank(),
        Column::text("PRIOR", "PriorTimeStamp").skip_blank(),
        Column::text("REFP", "RefreshPending").skip_blank(),
    ]
}

/// What every answer about instances begins with.
pub(crate) fn of_instances() -> Vec<Column> {
    vec![
        Column::name("NAME", "Name", 0),
        Column::text("TYP", "Type"),
        Column::completion(),
        Column::completion_text(),
        Column::text("INST", "Instance"),
        Column::text("TIMESTMP", "TimeStamp"),
    ]
}
