//! Steps, one after the other, each told in one line: what stood the test, and what did not and why.

use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a step found wrong, as text for whoever has to mend it.
pub(crate) type Findings = String;

/// One check of the tree at a root folder.
pub(crate) struct Step {
    /// What it is called, in the report and in the summary.
    pub name: &'static str,
    /// Looks, changes nothing, and tells what it found.
    pub check: fn(&Path) -> Result<(), Findings>,
}

/// Runs every step, also after one has failed, and says for each how it went. Gives whether all passed.
pub(crate) fn run(steps: &[Step], root: &Path, mut say: impl FnMut(&dyn Display)) -> bool {
    let failed: Vec<_> = steps.iter().filter(|step| !passes(step, root, &mut say)).collect();
    let names: Vec<_> = failed.iter().map(|step| step.name).collect();
    if steps.len() == 1 {
        return failed.is_empty();
    }
    if failed.is_empty() {
        say(&format!("all {} steps passed", steps.len()));
    } else {
        say(&format!("{} of {} steps failed: {}", failed.len(), steps.len(), names.join(", ")));
    }
    failed.is_empty()
}

fn passes(step: &Step, root: &Path, say: &mut impl FnMut(&dyn Display)) -> bool {
    let start = Instant::now();
    let result = (step.check)(root);
    say(&line(step.name, result.is_ok(), start.elapsed()));
    if let Err(findings) = &result {
        say(&indented(findings));
    }
    result.is_ok()
}

fn line(name: &str, passed: bool, took: Duration) -> String {
    let verdict = if passed { "ok" } else { "failed" };
    format!("{verdict:<7} {name:<12} {:>7.1} s", took.as_secs_f64())
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(steps: &[Step]) -> (bool, String) {
        let mut text = String::new();
        let passed = run(steps, Path::new("."), |part| text.push_str(&format!("{part}\n")));
        (passed, text)
    }

    const GOOD: Step = Step { name: "good", check: |_| Ok(()) };
    const BAD: Step = Step { name: "bad", check: |_| Err("line one\nline two".into()) };

    #[test]
    fn a_failed_step_shows_its_findings_and_the_next_one_still_runs() {
        let (passed, text) = told(&[BAD, GOOD]);
        assert!(!passed);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("failed  bad"), "{text}");
        assert_eq!(&lines[1..3], ["    line one", "    line two"]);
        assert!(lines[3].starts_with("ok      good"), "{text}");
        assert_eq!(lines[4], "1 of 2 steps failed: bad");
    }

    #[test]
    fn steps_that_all_pass_take_a_line_each() {
        let (passed, text) = told(&[GOOD, GOOD]);
        assert!(passed);
        assert_eq!(text.lines().count(), 3);
        assert!(text.ends_with("all 2 steps passed\n"));
    }
}
