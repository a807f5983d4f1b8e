//! The definitions that a DDL job finds: what the catalog will have, or what the directory has, and what the units of the
//! job before have made of it.

use catalog::{Catalog, Instance};
use definitions::acb::{self, Library};
use definitions::ddl::{Change, Known};
use definitions::{Dbd, Definition, Finding, Psb};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vocabulary::{DbdName, InstanceStamp, PsbName, ResourceName};

/// Definitions by name. Nothing stands for one that was dropped, or was never there.
type Found<N, T> = RefCell<BTreeMap<N, Option<Arc<T>>>>;

type Lookup = fn(&Catalog, &ResourceName) -> Option<(InstanceStamp, Arc<Instance>)>;

/// The definitions of a catalog under the changes of a job.
pub(crate) struct Definitions<'a> {
    catalog: &'a Catalog,
    lookup: Lookup,
    dbds: Found<DbdName, Dbd>,
    psbs: Found<PsbName, Psb>,
    /// What the job has changed.
    changed: BTreeSet<ResourceName>,
}

/// What there was of a name before a change.
pub(super) enum Before {
    Dbd(DbdName, Option<Arc<Dbd>>),
    Psb(PsbName, Option<Arc<Psb>>),
}

impl<'a> Definitions<'a> {
    /// What the directory will have: what is pending, else what is active.
    pub(crate) fn coming(catalog: &'a Catalog) -> Self {
        Self::of(catalog, Catalog::coming)
    }

    /// What the directory has.
    pub(crate) fn active(catalog: &'a Catalog) -> Self {
        Self::of(catalog, Catalog::active)
    }

    fn of(catalog: &'a Catalog, lookup: Lookup) -> Self {
        let (dbds, psbs) = (RefCell::default(), RefCell::default());
        Self { catalog, lookup, dbds, psbs, changed: BTreeSet::new() }
    }

    fn in_catalog(&self, name: ResourceName) -> Option<Definition> {
        let (_, instance) = (self.lookup)(self.catalog, &name)?;
        instance.content.definition().ok()
    }

    /// Whether there is one of this name.
    pub(super) fn contains(&self, name: ResourceName) -> bool {
        match name {
            ResourceName::Dbd(name) => self.dbd(&name).is_some(),
            ResourceName::Psb(name) => self.psb(&name).is_some(),
        }
    }

    /// Whether a change would leave everything as it is.
    pub(super) fn has(&self, change: &Change) -> bool {
        match change {
            Change::Create(Definition::Dbd(dbd)) | Change::Replace(Definition::Dbd(dbd)) => {
                self.dbd(&dbd.name).is_some_and(|known| *known == *dbd)
            }
            Change::Create(Definition::Psb(psb)) | Change::Replace(Definition::Psb(psb)) => {
                self.psb(&psb.name).is_some_and(|known| *known == *psb)
            }
            Change::Drop(_) => false,
        }
    }

    /// Makes a change. Gives what there was before, so that it can be taken back.
    pub(super) fn make(&mut self, change: &Change) -> Before {
        self.changed.insert(change.name());
        match change {
            Change::Create(Definition::Dbd(dbd)) | Change::Replace(Definition::Dbd(dbd)) => {
                self.put_dbd(dbd.name, Some(Arc::new(dbd.clone())))
            }
            Change::Create(Definition::Psb(psb)) | Change::Replace(Definition::Psb(psb)) => {
                self.put_psb(psb.name, Some(Arc::new(psb.clone())))
            }
            Change::Drop(ResourceName::Dbd(name)) => self.put_dbd(*name, None),
            Change::Drop(ResourceName::Psb(name)) => self.put_psb(*name, None),
        }
    }

    /// Takes a change back.
    pub(super) fn restore(&mut self, before: Before) {
        match before {
            Before::Dbd(name, dbd) => drop(self.put_dbd(name, dbd)),
            Before::Psb(name, psb) => drop(self.put_psb(name, psb)),
        }
    }

    fn put_dbd(&mut self, name: DbdName, dbd: Option<Arc<Dbd>>) -> Before {
        let before = self.dbd(&name);
        self.dbds.borrow_mut().insert(name, dbd);
        Before::Dbd(name, before)
    }

    fn put_psb(&mut self, name: PsbName, psb: Option<Arc<Psb>>) -> Before {
        let before = self.psb(&name);
        self.psbs.borrow_mut().insert(name, psb);
        Before::Psb(name, before)
    }

    /// The definitions that name one of these DBDs, or a DBD that names it, and so on, with the DBDs that they name.
    pub(super) fn users_of(&self, dbds: &BTreeSet<DbdName>) -> BTreeMap<ResourceName, BTreeSet<DbdName>> {
        let references = self.references();
        let mut users: BTreeMap<DbdName, Vec<ResourceName>> = BTreeMap::new();
        for (user, named) in &references {
            named.iter().for_each(|dbd| users.entry(*dbd).or_default().push(*user));
        }
        let (mut reached, mut open) = (BTreeSet::new(), dbds.iter().copied().collect::<Vec<_>>());
        while let Some(dbd) = open.pop() {
            for user in users.get(&dbd).into_iter().flatten().filter(|user| reached.insert(**user)) {
                open.extend(match user {
                    ResourceName::Dbd(dbd) => Some(*dbd),
                    ResourceName::Psb(_) => None,
                });
            }
        }
        references.into_iter().filter(|(name, _)| reached.contains(name)).collect()
    }

    /// The DBDs that each definition names.
    fn references(&self) -> BTreeMap<ResourceName, BTreeSet<DbdName>> {
        let names = self.catalog.records().map(|(name, _)| name).filter(|name| !self.changed.contains(name));
        let kept = names
            .filter_map(|name| Some((name, (self.lookup)(self.catalog, &name)?.1.facts.references.clone())));
        let made = self.changed.iter().filter_map(|name| match name {
            ResourceName::Dbd(dbd) => Some((*name, self.dbd(dbd)?.references())),
            ResourceName::Psb(psb) => Some((*name, self.psb(psb)?.references())),
        });
        kept.chain(made).collect()
    }

    /// What keeps the block of a definition from being built.
    pub(super) fn findings_of(&self, name: ResourceName) -> Vec<Finding> {
        let found = match name {
            ResourceName::Dbd(name) => self.dbd(&name).and_then(|dbd| acb::build_dmb(&dbd, self).err()),
            ResourceName::Psb(name) => self.psb(&name).and_then(|psb| acb::build_psb(&psb, self).err()),
        };
        found.unwrap_or_default()
    }
}

impl Library for Definitions<'_> {
    fn dbd(&self, name: &DbdName) -> Option<Arc<Dbd>> {
        if let Some(known) = self.dbds.borrow().get(name) {
            return known.clone();
        }
        let found = self.in_catalog((*name).into()).and_then(|definition| match definition {
            Definition::Dbd(dbd) => Some(Arc::new(dbd)),
            Definition::Psb(_) => None,
        });
        self.dbds.borrow_mut().insert(*name, found.clone());
        found
    }
}

impl Known for Definitions<'_> {
    fn psb(&self, name: &PsbName) -> Option<Arc<Psb>> {
        if let Some(known) = self.psbs.borrow().get(name) {
            return known.clone();
        }
        let found = self.in_catalog((*name).into()).and_then(|definition| match definition {
            Definition::Psb(psb) => Some(Arc::new(psb)),
            Definition::Dbd(_) => None,
        });
        self.psbs.borrow_mut().insert(*name, found.clone());
        found
    }
}
