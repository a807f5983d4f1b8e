//! The catalog as the block builder sees it: DBDs by name, decoded once.

use catalog::{Catalog, Instance};
use definitions::acb::Library;
use definitions::{Dbd, Definition};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use vocabulary::{DbdName, InstanceStamp, ResourceName};

type Lookup = fn(&Catalog, &ResourceName) -> Option<(InstanceStamp, Arc<Instance>)>;

/// DBDs of a catalog.
pub(crate) struct CatalogLibrary<'a> {
    catalog: &'a Catalog,
    lookup: Lookup,
    // Definitions that are not in the catalog yet, and those that were decoded before.
    known: RefCell<BTreeMap<DbdName, Option<Arc<Dbd>>>>,
}

impl<'a> CatalogLibrary<'a> {
    /// The active instances: the directory.
    pub(crate) fn active(catalog: &'a Catalog) -> Self {
        Self { catalog, lookup: Catalog::active, known: RefCell::default() }
    }

    /// What the directory will have after an import: `job` first, then what is pending, then what is active.
    pub(crate) fn coming(catalog: &'a Catalog, job: impl Iterator<Item = Arc<Dbd>>) -> Self {
        let known = job.map(|dbd| (dbd.name, Some(dbd))).collect();
        Self { catalog, lookup: Catalog::coming, known: RefCell::new(known) }
    }
}

impl CatalogLibrary<'_> {
    /// The DBDs that were asked for and are there: what the blocks built so far depend on.
    pub(crate) fn used(&self) -> BTreeSet<DbdName> {
        self.known.borrow().iter().filter(|(_, dbd)| dbd.is_some()).map(|(name, _)| *name).collect()
    }
}

impl Library for CatalogLibrary<'_> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let found = (self.lookup)(self.catalog, &(*name).into())
            .and_then(|(_, instance)| instance.content.definition().ok())
            .and_then(|definition| match definition {
                Definition::Dbd(dbd) => Some(Arc::new(dbd)),
                Definition::Psb(_) => None,
            });
        self.known.borrow_mut().insert(*name, found.clone());
        found
    }
}
