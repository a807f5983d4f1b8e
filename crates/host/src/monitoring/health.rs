//! Whether the member lives, and whether it is ready: checks with a name each, as Kubernetes and etcd have them.

use super::sight::Seen;
use std::time::Duration;

/// A member that was not told the time for so long does not turn any more. Time is told many times a second.
const TURN_LIMIT: Duration = Duration::from_secs(10);

/// A question about the member, and what is wrong if the answer is no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    name: &'static str,
    wrong: Option<String>,
}

impl Check {
    fn new(name: &'static str, wrong: Option<String>) -> Self {
        Self { name, wrong }
    }

    fn that(name: &'static str, holds: bool, wrong: &str) -> Self {
        Self::new(name, (!holds).then(|| wrong.to_string()))
    }
}

/// Whether the process turns. It is restarted where it does not, so nothing counts that a restart can't mend.
pub(super) fn live(stood_still: Duration) -> Vec<Check> {
    let wrong = (stood_still >= TURN_LIMIT)
        .then(|| format!("the member has not turned for {} s", stood_still.as_secs()));
    vec![Check::new("turns", wrong)]
}

/// Whether the member takes work and commands now.
pub(super) fn ready(seen: &Seen) -> Vec<Check> {
    let standing = &seen.standing;
    let consensus = match (&standing.failed, &standing.leader) {
        (Some(reason), _) => Some(format!("it has failed: {reason}")),
        (None, None) => Some("no master is known".to_string()),
        (None, Some(_)) => None,
    };
    vec![
        Check::new("consensus", consensus),
        Check::that("quorum", standing.quorum, "a majority of the members is out of reach"),
        Check::that("formed", seen.region.formed, "the plex is not formed yet"),
        Check::that("registered", seen.region.running, "the member does not take work yet, or stops"),
        Check::new("disk", standing.full.clone().or_else(|| seen.shelf_failure.clone())),
    ]
}

/// Whether all is well.
pub(super) fn all_well(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.wrong.is_none())
}

/// The checks in words. Where all is well and nobody asks for more, one word will do.
pub(super) fn told(checks: &[Check], verbose: bool) -> String {
    let well = all_well(checks);
    if well && !verbose {
        return "ok\n".to_string();
    }
    let mut text = String::new();
    for Check { name, wrong } in checks {
        match wrong {
            None => text += &format!("[+]{name} ok\n"),
            Some(reason) => text += &format!("[-]{name} failed: {reason}\n"),
        }
    }
    text + if well { "ok\n" } else { "not ok\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_still_is_not_alive() {
        assert!(all_well(&live(Duration::from_secs(1))));
        let still = live(Duration::from_secs(12));
        assert!(!all_well(&still));
        assert_eq!(told(&still, false), "[-]turns failed: the member has not turned for 12 s\nnot ok\n");
    }

    #[test]
    fn reasons_are_told_when_asked_for_or_when_something_is_wrong() {
        let well = [Check::that("quorum", true, ""), Check::that("formed", true, "")];
        assert_eq!(told(&well, false), "ok\n");
        assert_eq!(told(&well, true), "[+]quorum ok\n[+]formed ok\nok\n");
        let wrong = [Check::that("quorum", false, "nobody answers"), Check::that("formed", true, "")];
        assert_eq!(told(&wrong, false), "[-]quorum failed: nobody answers\n[+]formed ok\nnot ok\n");
    }
}
