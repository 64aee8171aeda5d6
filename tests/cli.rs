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
    let commands: [&[&str]; 14] = [
        &["new"],
        &["regenerate"],
        &["check"],
        &["verify"],
        &["spec"],
        &["spec", "add"],
        &["spec", "list"],
        &["spec", "remove"],
        &["keys"],
        &["keys", "new"],
        &["keys", "show"],
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

/// The private part goes to its file and nowhere else.
#[test]
fn a_key_is_made_once_and_shown_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), printed, told)
    };
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (code, printed, told) = run(&["keys", "new"]);
    assert_eq!(code, Some(0), "{told}");
    let private = read("webhook-key.json");
    let public: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let secret = private["d"].as_str().unwrap();
    assert!(!printed.contains(secret) && !told.contains(secret));
    assert!(told.contains("--webhook-key webhook-key.json"), "{told}");
    for member in ["kid", "kty", "crv", "alg", "use", "adcp_use", "x"] {
        assert_eq!(public[member], private[member], "{member}");
    }
    assert_eq!(public["key_ops"], serde_json::json!(["verify"]));
    assert_eq!(private["key_ops"], serde_json::json!(["sign"]));
    assert_eq!(private["adcp_use"], "webhook-signing");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(folder.path().join("webhook-key.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }

    let (code, _, told) = run(&["keys", "new"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("never written over"), "{told}");
    assert_eq!(read("webhook-key.json"), private);
    let (code, printed, _) = run(&["keys", "show", "webhook-key.json"]);
    assert_eq!(code, Some(0));
    let shown: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(shown, public);
    for json in [&[][..], &["--json"]] {
        let shown = run(&[&["keys", "show", "--jwks", "webhook-key.json"], json].concat()).1;
        let set: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(set, serde_json::json!({ "keys": [public] }));
    }
    let (code, _, told) = run(&["keys", "new", "--out", "nowhere/key.json"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("folder of `nowhere/key.json`"), "{told}");

    // A line's own word for what webhooks are signed with: said, or that of the seller around.
    std::fs::write(folder.path().join("seller.toml"), "adcp = \"3.2\"\n").unwrap();
    for (args, used) in [
        (
            ["--out", "a.json", "--kid", "one"].as_slice(),
            "request-signing",
        ),
        (&["--out", "b.json", "--adcp", "3.1"], "webhook-signing"),
        (
            &["--out", "c.json", "--purpose", "request"],
            "request-signing",
        ),
    ] {
        let (code, printed, told) = run(&[["keys", "new", "--json"].as_slice(), args].concat());
        assert_eq!(code, Some(0), "{told}");
        let made: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(made["public"]["adcp_use"], used, "{args:?}");
        assert_eq!(made["kid"], made["public"]["kid"]);
        assert_eq!(made["public"]["d"], serde_json::Value::Null);
        assert_eq!(read(args[1])["adcp_use"], used);
    }
    assert_eq!(read("a.json")["kid"], "one");
    let (code, _, told) = run(&["keys", "new", "--out", "d.json", "--kid", "a b"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("can't be the id of a key"), "{told}");
    assert!(!folder.path().join("d.json").exists());
    let (code, _, told) = run(&["keys", "new", "--out", "d.json", "--adcp", "9.9"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("`9.9` is no AdCP line"), "{told}");
    assert!(!folder.path().join("d.json").exists());

    // A manifest that says no line is not passed over in silence.
    std::fs::write(folder.path().join("seller.toml"), "adcp = \"\n").unwrap();
    let (code, _, told) = run(&["keys", "new", "--out", "d.json"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the key is made for 3.0"), "{told}");
    assert_eq!(read("d.json")["adcp_use"], "webhook-signing");
}

/// What is asked for is said before anything is built.
#[test]
fn a_transport_that_the_seller_does_not_serve_is_not_verified() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .current_dir(folder.path())
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let (code, told) = run(&["new", "acme", "--transport", "mcp"]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = run(&["verify", "acme", "--transport", "a2a"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        told,
        "error: this seller does not serve a2a\nhint: its transports: `mcp`\n"
    );
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

/// A recipe's schema is the adopter's: it moves in with the manifest and is read from then on.
#[test]
fn the_schema_of_a_recipe_moves_into_the_seller() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .current_dir(folder.path())
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let given = format!(
        "{}/tests/manifest/right/recipe.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let schema = std::fs::read_to_string(given).unwrap();
    std::fs::create_dir_all(at("drafts/schemas")).unwrap();
    std::fs::write(at("drafts/schemas/acme.json"), &schema).unwrap();

    let (code, told) = run(&["new", "one", "--recipe-schema", "drafts/schemas/acme.json"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(
        std::fs::read_to_string(at("one/acme.json")).unwrap(),
        schema
    );
    let manifest = std::fs::read_to_string(at("one/seller.toml")).unwrap();
    assert!(manifest.contains("schema = \"acme.json\""), "{manifest}");

    let elsewhere = manifest.replace("\"acme.json\"", "\"schemas/acme.json\"");
    std::fs::write(at("drafts/two.toml"), elsewhere).unwrap();
    let (code, told) = run(&["new", "two", "--manifest", "drafts/two.toml"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(
        std::fs::read_to_string(at("two/schemas/acme.json")).unwrap(),
        schema
    );
    assert_eq!(run(&["check", "two"]).0, Some(0));

    // What the adopter changes there is what is generated.
    let changed = schema.replace("\"order_id\"", "\"line_item_id\"");
    std::fs::write(at("two/schemas/acme.json"), &changed).unwrap();
    assert_eq!(run(&["check", "two"]).0, Some(1));
    let (code, told) = run(&["regenerate", "two"]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(
        std::fs::read_to_string(at("two/schemas/acme.json")).unwrap(),
        changed
    );
    assert_eq!(run(&["check", "two"]).0, Some(0));

    std::fs::remove_file(at("two/schemas/acme.json")).unwrap();
    let (code, told) = run(&["regenerate", "two"]);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("M0035") && told.contains("no such file"),
        "{told}"
    );
}

/// The claims of a seller grow with its business.
#[test]
fn a_seller_of_products_becomes_one_of_proposals() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .current_dir(folder.path())
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let (code, told) = run(&["new", "acme", "--yes"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("tasks list"), "{told}");
    let path = folder.path().join("acme/seller.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    let grown = manifest.replace(
        "[\"sales-non-guaranteed\"]",
        "[\"sales-non-guaranteed\", \"sales-guaranteed\", \"sales-proposal-mode\"]",
    ) + "\n[approval]\noperations = [\"finalize\", \"create_media_buy\"]\n\
         \n[recipe]\npreset = \"gam\"\n";
    assert_ne!(grown, manifest);
    std::fs::write(&path, &grown).unwrap();
    assert_eq!(run(&["check", "acme"]).0, Some(1));
    let (code, told) = run(&["regenerate", "acme"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("nobody is asked about buys of `ros_display`, "),
        "{told}"
    );
    assert_eq!(run(&["check", "acme"]).0, Some(0));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), grown);
}

/// What the adopter has to do by hand is said where a list of files does not show it.
#[test]
fn proposals_come_and_go_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .current_dir(folder.path())
            .env("ADCP_SCAFFOLD_HOME", no_lines_of_ones_own())
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), told)
    };
    let seller = folder.path().join("acme");
    let read = |path: &str| std::fs::read_to_string(seller.join(path)).unwrap();
    let write = |path: &str, text: String| std::fs::write(seller.join(path), text).unwrap();

    let (code, told) = run(&["new", "acme", "--yes"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("nobody is asked"), "{told}");
    let sales = read("src/platform/sales.rs");
    let own = sales.replace("request.brief.as_deref()", "Some(\"my own matching\")");
    assert_ne!(own, sales);
    write("src/platform/sales.rs", own);
    let plain = read("seller.toml");
    let with_proposals = format!("{plain}\n[proposals]\n");

    write("seller.toml", with_proposals.clone());
    let (code, told) = run(&["regenerate", "acme"]);
    assert_eq!(code, Some(1), "{told}");
    let moved = "`get_products` is in `src/proposals.rs` from now on";
    assert!(told.contains(moved), "{told}");
    write(
        "src/platform/sales.rs",
        read(".adcp/base/src/platform/sales.rs"),
    );
    write(
        "src/proposals.rs",
        read("src/proposals.rs") + "// my own matching\n",
    );

    write("seller.toml", plain);
    let (code, told) = run(&["regenerate", "acme"]);
    assert_eq!(code, Some(0), "{told}");
    let released = "release `src/proposals.rs`: no longer emitted; you had edited it";
    assert!(told.contains(released), "{told}");

    write("seller.toml", with_proposals);
    let (code, told) = run(&["regenerate", "acme"]);
    assert_eq!(code, Some(0), "{told}");
    let kept = "keep yours `src/proposals.rs`: a file of yours lies where one would be seeded";
    assert!(told.contains(kept) && told.contains(moved), "{told}");
    let (code, told) = run(&["regenerate", "acme"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("proposals.rs"), "told once: {told}");
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
