//! A short run of real processes under fire: enough to notice most of what breaks, in seconds.

use std::process::Command;

#[test]
fn real_members_under_fire_lose_nothing() {
    let run = Command::new(env!("CARGO_BIN_EXE_chaos")).args(["--processes", "--minutes", "0.1"]).output();
    let run = run.unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("lost              nothing"), "{said}");
}
