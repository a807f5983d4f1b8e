//! What holds for all DBDs of a library together.

use crate::finding::Finding;
use crate::model::dbd::Dbd;
use crate::origin::{Part, Subject};
use std::collections::BTreeMap;
use vocabulary::message::*;
use vocabulary::{DbdName, DdName};

/// Checks that no two DBDs name the same data set, which would let one database overwrite the other.
pub fn check_library<'a>(dbds: impl IntoIterator<Item = &'a Dbd>) -> Vec<Finding> {
    let mut owners: BTreeMap<DdName, DbdName> = BTreeMap::new();
    let mut findings = Vec::new();
    // GSAM data sets belong to jobs, each of which may give a DD name another meaning.
    for dbd in dbds.into_iter().filter(|dbd| !dbd.is_gsam()) {
        for dd_name in dbd.dd_names() {
            let owner = *owners.entry(*dd_name).or_insert(dbd.name);
            if owner != dbd.name {
                let (part, keyword) = part_of(dbd, dd_name);
                let subject = Subject { definition: dbd.name.into(), part, keyword };
                findings.push(Finding::about(subject, &DSET210, &[dd_name, &dbd.name, &owner]));
            }
        }
    }
    findings
}

/// The statement that names a data set.
fn part_of(dbd: &Dbd, dd_name: &DdName) -> (Part, &'static str) {
    let area = dbd.areas.iter().position(|area| area.dd1 == *dd_name);
    let keyword_of = |set: &crate::model::dbd::DataSet| {
        [("DD1", set.dd1), ("DD2", set.dd2), ("OVFLW", set.overflow)]
            .into_iter()
            .find(|(_, name)| name.as_ref() == Some(dd_name))
            .map(|(keyword, _)| keyword)
    };
    let data_set = dbd.data_sets.iter().enumerate().find_map(|(at, set)| Some((at, keyword_of(set)?)));
    match (area, data_set) {
        (Some(area), _) => (Part::DataSet(area), "DD1"),
        (None, Some((at, keyword))) => (Part::DataSet(at), keyword),
        (None, None) => (Part::Whole, "NAME"),
    }
}
