//! The command line as a user sees it: transcripts, and what a transcript can't show.
//!
//! `TRYCMD=overwrite cargo test --test cli` writes what is expected.
#![allow(clippy::unwrap_used)]

use std::io::Read as _;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_adcp-scaffold");

/// A folder for the user's own AdCP lines that isn't there, so that only built-in ones are.
fn no_lines_of_ones_own() -> String {
    format!("{}/no-lines", env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
        .env("NO_COLOR", "1")
        .case("tests/cli/*.trycmd");
}

/// `adcp-scaffold completions bash | head -1` is no error.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(PROGRAM)
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the program has written more than a pipe holds.
    drop(child.stdout.take());
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(told, "");
}

#[test]
fn colours_appear_when_asked_for_and_never_by_themselves_in_a_pipe() {
    let stderr = |flags: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(["explain", "nonsense"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(stderr(&["--color", "always"]).contains('\u{1b}'));
    assert!(!stderr(&[]).contains('\u{1b}'));
    assert!(!stderr(&["--color", "never"]).contains('\u{1b}'));
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let commands: [&[&str]; 10] = [
        &["new"],
        &["regenerate"],
        &["check"],
        &["verify"],
        &["spec"],
        &["spec", "add"],
        &["spec", "list"],
        &["explain"],
        &["manifest-schema"],
        &["completions"],
    ];
    for command in commands {
        let output = Command::new(PROGRAM)
            .args(command)
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(help.contains("Example"), "{command:?} has no example");
    }
}

#[test]
fn the_manifest_schema_is_printed_as_it_is_written_into_sellers() {
    let output = Command::new(PROGRAM)
        .arg("manifest-schema")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, adcp_scaffold::manifest::json_schema());
}

#[test]
fn what_a_machine_reads_is_json() {
    let json = |args: &[&str]| -> serde_json::Value {
        let output = Command::new(PROGRAM)
            .args(args)
            .arg("--json")
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}"))
    };
    assert_eq!(json(&["explain", "M0007"])["code"], "M0007");
    assert_eq!(
        json(&["explain"]).as_array().map(Vec::len),
        Some(adcp_scaffold::manifest::CODES.len())
    );
    assert_eq!(json(&["spec", "list"])[0]["line"], "3.0");
    assert_eq!(
        json(&["explain", "M9999"])["error"]["message"],
        "no such code: `M9999`"
    );

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("seller.toml"),
        "name = \"acme\"\nstore = 1\n",
    )
    .unwrap();
    let rejected = json(&["check", folder.path().to_str().unwrap()]);
    let diagnostics = rejected["error"]["diagnostics"].as_array().unwrap().clone();
    let codes: Vec<&str> = diagnostics
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(codes, ["M0006", "M0006", "M0005"]);
    assert_eq!(diagnostics[2]["place"]["line"], 2);
    assert_eq!(diagnostics[2]["place"]["column"], 9);
    assert_eq!(diagnostics[2]["place"]["end_column"], 10);
}
