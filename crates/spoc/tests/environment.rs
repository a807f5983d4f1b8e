//! What the environment says to the program, next to its arguments and its settings.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::process::{Command, Output};

/// What `spoc` says with these arguments and variables, beside a settings file that asks for JSON.
fn spoc(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spoc.toml"), "output = 'json'\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spoc"));
    command.current_dir(folder.path()).args(words).env_clear().envs(variables.iter().copied());
    command.output().unwrap()
}

/// The first characters of an answer to a command that is wrong.
fn begins(words: &[&str], variables: &[(&str, &str)]) -> String {
    let output = spoc(&[words, &["QRY NONSENSE"]].concat(), variables);
    assert_eq!(output.status.code(), Some(8), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().chars().take(5).collect()
}

#[test]
fn an_argument_goes_before_the_environment_and_that_before_the_settings() {
    assert_eq!(begins(&[], &[]), "{\n  \"");
    assert_eq!(begins(&[], &[("IMSPLEX_OUTPUT", "xml")]), "<?xml");
    assert_eq!(begins(&["--output", "table"], &[("IMSPLEX_OUTPUT", "xml")]), "Respo");
    assert_eq!(begins(&[], &[("IMSPLEX_CONFIG", "/nowhere/spoc.toml")]), "Respo");
}

#[test]
fn a_variable_that_is_set_to_nothing_is_as_one_that_is_not_set() {
    assert_eq!(
        begins(&[], &[("IMSPLEX_CONFIG", ""), ("IMSPLEX_OUTPUT", ""), ("IMSPLEX_WAIT", "")]),
        "{\n  \""
    );
}

#[test]
fn without_a_command_and_without_a_terminal_it_is_told_what_to_do() {
    let output = spoc(&[], &[]);
    assert_eq!(output.status.code(), Some(8));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("spoc: there is no command: "));
}
