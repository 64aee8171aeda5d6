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
    let commands: [&[&str]; 11] = [
        &["new"],
        &["regenerate"],
        &["check"],
        &["verify"],
        &["spec"],
        &["spec", "add"],
        &["spec", "list"],
        &["spec", "remove"],
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
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
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

    let nonsense = json(&["regenarate"]);
    assert_eq!(
        nonsense["error"]["message"],
        "unrecognized subcommand 'regenarate'"
    );
    let seller = folder.path().join("seller");
    let made = json(&["new", seller.to_str().unwrap(), "--store", "memory"]);
    assert_eq!(made["warnings"][0]["code"], "M0024");
    assert_eq!(made["warnings"][0]["severity"], "warning");
    assert_eq!(made["warnings"].as_array().map(Vec::len), Some(1));
    let checked = json(&["check", seller.to_str().unwrap()]);
    assert_eq!(checked["in_step"], true);
    assert_eq!(checked["warnings"][0]["code"], "M0024");
}

/// Cargo would say it later, in a file that was generated.
#[test]
fn a_runtime_crate_that_is_not_there_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let warned = |seller: &str, path: &str| {
        let output = Command::new(PROGRAM)
            .args(["new", seller, "--runtime-path", path, "--json"])
            .current_dir(folder.path())
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .output()
            .unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        value["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| format!("{}: {}", warning["code"], warning["message"]))
            .collect::<Vec<_>>()
    };
    let crate_called = |place: &str, name: &str| {
        std::fs::create_dir(folder.path().join(place)).unwrap();
        std::fs::write(
            folder.path().join(place).join("Cargo.toml"),
            format!("[package]\nname = \"{name}\"\n"),
        )
        .unwrap();
    };
    crate_called("shop", "shop");
    crate_called("adcp-seller", "adcp-seller");
    assert_eq!(
        warned("one", "../nope"),
        [r#""M0026": "`../nope` holds no crate `adcp-seller`""#]
    );
    assert_eq!(
        warned("two", "../shop"),
        [r#""M0026": "`../shop` holds the crate `shop`, not `adcp-seller`""#]
    );
    assert!(warned("three", "../adcp-seller").is_empty());
}

/// From an older bundle to the built-in line and back.
#[test]
fn an_older_bundle_warns_and_can_be_removed_again() {
    let home = tempfile::tempdir().unwrap();
    let bundle = home.path().join("bundle");
    let good = format!("{}/tests/spec/good/bundle", env!("CARGO_MANIFEST_DIR"));
    copy(std::path::Path::new(&good), &bundle);
    let manifest = bundle.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("9.1.2", "3.0.6")).unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .env("ADCP_SCAFFOLD_HOME", home.path())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let (code, told) = run(&["spec", "add", bundle.to_str().unwrap(), "--label", "old"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains(
            "3.0.6 is older than the 3.0.18 that is built in, and is used instead of it from now on"
        ),
        "{told}"
    );
    assert!(
        told.contains("`adcp-scaffold spec remove 3.0` goes back to the built-in 3.0.18"),
        "{told}"
    );
    let (code, told) = run(&["spec", "remove", "3.0"]);
    assert_eq!(
        (code, told.as_str()),
        (
            Some(0),
            "removed your own AdCP 3.0; the built-in 3.0.18 is used again\n"
        )
    );
    let (code, told) = run(&["spec", "remove", "3.0"]);
    assert_eq!(code, Some(2));
    assert!(
        told.starts_with("error: you have added no AdCP line `3.0`\nhint: "),
        "{told}"
    );
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
