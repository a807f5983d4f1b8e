//! A short run of real processes under fire.

use std::process::Command;

/// `cargo xtask chaos --processes` does the same for as long as one likes.
#[test]
fn members_under_fire_for_some_seconds_lose_nothing() {
    let mut chaos = Command::new(env!("CARGO_BIN_EXE_chaos"));
    let output = chaos.args(["--processes", "--minutes", "0.1", "--seed", "1"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let line = told.lines().find(|line| line.starts_with("faults ")).unwrap_or_default();
    let faults = line.split_whitespace().nth(1).and_then(|count| count.trim_end_matches(':').parse().ok());
    assert!(faults.is_some_and(|faults: u32| faults > 0), "nothing befell anybody:\n{told}");
}
