//! The rule of the floors: a crate names crates on lower floors only, in its tests and build scripts too.

use super::metadata::Crate;
use std::collections::BTreeMap;

/// A place where the rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// A manifest without a floor.
    #[error("{0} has no floor: add `floor = n` under [package.metadata] of its manifest")]
    NoFloor(String),
    /// A dependency that stays level or goes up.
    #[error(
        "{name} (floor {floor}) names {needs} (floor {needs_floor}): dependencies go strictly down. Move what \
         both need to a lower floor, or hand it in"
    )]
    NotDown {
        /// The crate that names.
        name: String,
        /// Its floor.
        floor: u64,
        /// The crate that is named.
        needs: String,
        /// The floor of that one.
        needs_floor: u64,
    },
}

/// Every place where the rule does not hold, in the order of the crates.
pub(crate) fn violations(crates: &[Crate]) -> Vec<Violation> {
    let floors: BTreeMap<_, _> = crates.iter().filter_map(|c| Some((c.name.as_str(), c.floor?))).collect();
    crates.iter().flat_map(|one| of_crate(one, &floors)).collect()
}

fn of_crate(one: &Crate, floors: &BTreeMap<&str, u64>) -> Vec<Violation> {
    let Some(floor) = one.floor else {
        return vec![Violation::NoFloor(one.name.clone())];
    };
    // A named crate without a floor is told once, where it lacks it.
    let named = one.needs.iter().filter_map(|needs| Some((needs, *floors.get(needs.as_str())?)));
    named
        .filter(|&(_, needs_floor)| needs_floor >= floor)
        .map(|(needs, needs_floor)| Violation::NotDown {
            name: one.name.clone(),
            floor,
            needs: needs.clone(),
            needs_floor,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(name: &str, floor: Option<u64>, needs: &[&str]) -> Crate {
        let needs = needs.iter().map(ToString::to_string).collect();
        Crate { name: name.into(), floor, needs, entries: Vec::new() }
    }

    #[test]
    fn dependencies_that_go_down_are_right() {
        let crates =
            [on("plex", Some(4), &["catalog", "vocabulary"]), on("catalog", Some(3), &["vocabulary"])];
        assert_eq!(violations(&crates), []);
    }

    #[test]
    fn a_dependency_that_goes_up_is_found() {
        let found = violations(&[on("catalog", Some(3), &["plex"]), on("plex", Some(4), &[])]);
        let expected = "catalog (floor 3) names plex (floor 4): dependencies go strictly down.";
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with(expected), "{}", found[0]);
    }

    #[test]
    fn a_dependency_on_the_same_floor_is_found() {
        let found = violations(&[on("dli", Some(4), &["plex"]), on("plex", Some(4), &[])]);
        assert!(matches!(&found[..], [Violation::NotDown { floor: 4, needs_floor: 4, .. }]));
    }

    #[test]
    fn a_crate_without_a_floor_is_found_once() {
        let found = violations(&[on("plex", Some(4), &["new"]), on("new", None, &["plex"])]);
        assert_eq!(found, [Violation::NoFloor("new".into())]);
    }
}
