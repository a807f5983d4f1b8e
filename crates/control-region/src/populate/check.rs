//! What ACBGEN checks: every block can be built from the job and the catalog together.

use crate::library::CatalogLibrary;
use catalog::Catalog;
use definitions::{Definition, Finding, acb};
use std::sync::Arc;
use vocabulary::ResourceName;

/// What a check came to.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The definitions whose blocks can be built.
    pub(super) sound: Vec<Definition>,
    /// The others, with what is wrong with each.
    pub(super) wrong: Vec<(ResourceName, Vec<Finding>)>,
}

/// Leaves out the definitions whose blocks can't be built, and then those that name one of these.
pub(super) fn check(compiled: Vec<Definition>, catalog: &Catalog) -> Checked {
    let mut checked = Checked { sound: compiled, wrong: Vec::new() };
    loop {
        let before = checked.wrong.len();
        let definitions = std::mem::take(&mut checked.sound);
        let findings = findings_of(&definitions, catalog);
        for (definition, findings) in definitions.into_iter().zip(findings) {
            match findings {
                None => checked.sound.push(definition),
                Some(findings) => checked.wrong.push((definition.name(), findings)),
            }
        }
        if checked.wrong.len() == before {
            return checked;
        }
    }
}

fn findings_of(definitions: &[Definition], catalog: &Catalog) -> Vec<Option<Vec<Finding>>> {
    let dbds = definitions.iter().filter_map(|definition| match definition {
        Definition::Dbd(dbd) => Some(Arc::new(dbd.clone())),
        Definition::Psb(_) => None,
    });
    let library = CatalogLibrary::coming(catalog, dbds);
    let wrong = definitions.iter().map(|definition| match definition {
        Definition::Dbd(dbd) => acb::build_dmb(dbd, &library).err(),
        Definition::Psb(psb) => acb::build_psb(psb, &library).err(),
    });
    wrong.collect()
}
