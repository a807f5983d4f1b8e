//! QUERY CATALOG: current, pending and prior instances of definitions, as the catalog API of IMS lists them (DFS3CATQ).

use super::list;
use crate::region::ControlRegion;
use catalog::{Catalog, InstanceKind};
use csl::om::view::{CatalogInstances, Definitions};
use csl::om::{Answer, CC, CCTXT, CompletionCode, Generic, Row};
use vocabulary::ResourceName;

/// The instances that were asked for, and a row for each name that the catalog does not have.
pub(super) fn query(region: &ControlRegion, query: &CatalogInstances) -> Answer {
    let mut answer = list::listing(
        region,
        |resource| is_named(&query.definitions, resource),
        |kind| includes(query, kind),
    );
    answer.rows.extend(unknown(region, &query.definitions));
    answer.judge_by_rows();
    answer
}

/// Whether a definition is among those that were asked for.
pub(crate) fn is_named(asked: &Definitions, resource: &ResourceName) -> bool {
    asked.kind.is_none_or(|kind| kind == resource.kind()) && matches_any(&asked.names, resource)
}

fn matches_any(names: &[Generic], resource: &ResourceName) -> bool {
    names.iter().any(|name| name.matches(resource.as_str()))
}

/// Whether instances of this kind were asked for.
pub(super) fn includes(asked: &CatalogInstances, kind: InstanceKind) -> bool {
    match kind {
        InstanceKind::Active => asked.current,
        InstanceKind::Pending => asked.pending,
        InstanceKind::Prior => asked.prior,
    }
}

/// A row for each name that no definition of the catalog has.
pub(super) fn unknown(region: &ControlRegion, asked: &Definitions) -> Vec<Row> {
    unknown_names(region.plex.catalog(), asked).map(not_found).collect()
}

/// The names that no definition of the catalog has.
pub(crate) fn unknown_names<'a>(
    catalog: &Catalog,
    asked: &'a Definitions,
) -> impl Iterator<Item = &'a Generic> + use<'a> {
    let of_kind = |resource: &ResourceName| asked.kind.is_none_or(|kind| kind == resource.kind());
    let resources: Vec<ResourceName> =
        catalog.records().map(|(resource, _)| resource).filter(of_kind).collect();
    asked.names.iter().filter(move |name| !resources.iter().any(|resource| name.matches(resource.as_str())))
}

fn not_found(name: &Generic) -> Row {
    let code = CompletionCode::NOT_FOUND;
    Row::default().with("NAME", name.as_str()).with("TYP", "").with(CC, code).with(CCTXT, code.text())
}
