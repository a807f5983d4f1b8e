//! What ACBGEN checks: every block can be built from the job and the catalog together.

use crate::library::CatalogLibrary;
use catalog::Catalog;
use definitions::{Definition, Finding, acb};
use std::sync::Arc;

/// What a check came to.
pub(super) struct Checked {
    /// The definitions whose blocks can be built.
    pub(super) sound: Vec<Definition>,
    /// What is wrong with the others.
    pub(super) lines: Vec<String>,
}

/// Leaves out the definitions whose blocks can't be built, and then those that name one of these.
pub(super) fn check(compiled: Vec<Definition>, catalog: &Catalog) -> Checked {
    let (mut sound, mut lines) = (compiled, Vec::new());
    loop {
        let count = sound.len();
        let findings: Vec<Option<Vec<Finding>>> = findings_of(&sound, catalog);
        sound =
            sound.into_iter().zip(&findings).filter(|(_, wrong)| wrong.is_none()).map(|(d, _)| d).collect();
        let rendered = findings.iter().flatten().flatten().map(Finding::render);
        lines.extend(rendered.flat_map(|text| text.lines().map(str::to_string).collect::<Vec<_>>()));
        if sound.len() == count {
            return Checked { sound, lines };
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
