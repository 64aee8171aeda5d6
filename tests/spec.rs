//! Importing bundles: official ones as far as they are at hand, small ones with something wrong in
//! them as data, and archives that are damaged or hostile.
//!
//! A new case is a new folder below `tests/spec`: `bundle/` and the message in `error.txt`.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use adcp_scaffold::spec::{self, Keep, SpecError, SpecLine, import, store};
use sha2::{Digest, Sha256};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec")
}

fn import(path: &Path) -> Result<SpecLine, SpecError> {
    import::import(path, Keep::Descriptions, None, None)
}

#[test]
fn every_wrong_bundle_is_refused_with_its_message() {
    let mut seen = 0;
    let mut folders: Vec<PathBuf> = fs::read_dir(cases())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for folder in folders {
        let bundle = folder.join("bundle");
        let expected = folder.join("error.txt");
        if !expected.exists() {
            continue;
        }
        let error = import(&bundle)
            .expect_err(&folder.display().to_string())
            .to_string();
        let error = error.replace(&bundle.display().to_string(), "BUNDLE") + "\n";
        snapbox::Assert::new()
            .action_env("SNAPSHOTS")
            .eq(error, snapbox::Data::read_from(&expected, None));
        seen += 1;
    }
    assert_eq!(seen, 17);
}

#[test]
fn a_bundle_is_read_from_a_folder_a_package_and_an_archive_alike() {
    let bundle = cases().join("good/bundle");
    let scratch = tempfile::tempdir().unwrap();
    let package = scratch.path().join("package/dist/schemas/9.1");
    copy(&bundle, &package);
    let archive = archive_of(&bundle, "package/schemas/", scratch.path());
    let line = import(&bundle).unwrap();
    assert_eq!(
        (line.line.as_str(), line.version(), line.major()),
        ("9.1", "9.1.2", 9)
    );
    for other in [
        import(&scratch.path().join("package")).unwrap(),
        import(&archive).unwrap(),
    ] {
        assert_eq!(
            (&other.facts, &other.definitions),
            (&line.facts, &line.definitions)
        );
        assert_eq!(other.source.sha256, line.source.sha256);
    }
    // One spelling of references each, all rewritten.
    let response = &line.definitions.schemas["GetThingsResponse"];
    for pointer in [
        "/properties/thing/$ref",
        "/properties/same/$ref",
        "/properties/again/$ref",
    ] {
        assert_eq!(
            response.pointer(pointer).unwrap(),
            "#/definitions/Thing",
            "{pointer}"
        );
    }
    assert_eq!(
        response.pointer("/properties/part/$ref").unwrap(),
        "#/definitions/ThingPart"
    );
    // The bundle has one tool whose schemas it lacks; that is said, not passed over.
    assert_eq!(
        line.source.findings,
        ["tool lose_things is left out: the bundle has no things/lose-things-request.json"]
    );
    assert_eq!(line.facts.tools.keys().collect::<Vec<_>>(), ["get_things"]);
}

#[test]
fn prose_is_kept_for_a_users_own_lines_and_left_out_of_ours() {
    let bundle = cases().join("good/bundle");
    let thing = |keep| {
        import::import(&bundle, keep, None, None)
            .unwrap()
            .definitions
            .schemas["Thing"]
            .to_string()
    };
    assert!(thing(Keep::Descriptions).contains("What this is about"));
    let bare = thing(Keep::Structure);
    for prose in [
        "description",
        "What this is about",
        "title",
        "examples",
        "default",
        "x-note",
    ] {
        assert!(!bare.contains(prose), "{prose}");
    }
    for structure in ["minLength", "pattern", "required", "additionalProperties"] {
        assert!(bare.contains(structure), "{structure}");
    }
    let embedded = spec::embedded("3.0").unwrap();
    let prose = |schema: &serde_json::Value| schema.to_string().contains("\"description\":\"");
    assert!(!embedded.definitions.schemas.values().any(prose));
}

#[test]
fn the_checksum_beside_an_archive_must_agree() {
    let scratch = tempfile::tempdir().unwrap();
    let archive = archive_of(&cases().join("good/bundle"), "9.1.2/", scratch.path());
    let beside = PathBuf::from(format!("{}.sha256", archive.display()));
    let right: String = Sha256::digest(fs::read(&archive).unwrap())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    fs::write(&beside, format!("{right}  9.1.2.tgz\n")).unwrap();
    import(&archive).unwrap();
    let other = "0f".repeat(32);
    fs::write(&beside, format!("{other}  9.1.2.tgz\n")).unwrap();
    assert!(
        matches!(import(&archive), Err(SpecError::Checksum { expected, found, .. })
        if expected == other && found == right)
    );
    for none in ["", "00ff  9.1.2.tgz\n", "<html>"] {
        fs::write(&beside, none).unwrap();
        assert!(
            matches!(import(&archive), Err(SpecError::NoChecksum { .. })),
            "{none:?}"
        );
    }
}

#[test]
fn a_damaged_archive_is_an_error_wherever_it_is_cut() {
    let scratch = tempfile::tempdir().unwrap();
    let archive = archive_of(&cases().join("good/bundle"), "9.1.2/", scratch.path());
    let whole = fs::read(&archive).unwrap();
    let mut cuts = 0;
    for length in 0..whole.len() {
        fs::write(&archive, &whole[..length]).unwrap();
        assert!(
            import(&archive).is_err(),
            "cut at {length} of {}",
            whole.len()
        );
        cuts += 1;
    }
    assert!(cuts > 500);
    fs::write(&archive, b"this is no archive").unwrap();
    assert!(matches!(import(&archive), Err(SpecError::Archive { .. })));
}

#[test]
fn an_archive_that_reaches_outside_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let hostile: [(&str, tar::EntryType); 3] = [
        ("../../outside.json", tar::EntryType::Regular),
        ("/etc/outside.json", tar::EntryType::Regular),
        ("inside.json", tar::EntryType::Symlink),
    ];
    for (name, kind) in hostile {
        let path = scratch.path().join("hostile.tgz");
        let file = fs::File::create(&path).unwrap();
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
            file,
            flate2::Compression::fast(),
        ));
        let mut header = tar::Header::new_gnu();
        // Written by hand: the crate refuses to write such a name.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(if kind == tar::EntryType::Regular {
            2
        } else {
            0
        });
        header.set_cksum();
        let contents: &[u8] = if kind == tar::EntryType::Regular {
            b"{}"
        } else {
            b""
        };
        archive.append(&header, contents).unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        assert!(
            matches!(import(&path), Err(SpecError::UnsafeEntry { .. })),
            "{name}: {:?}",
            import(&path)
        );
    }
    assert!(!scratch.path().join("../../outside.json").exists());
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_parsed() {
    let scratch = tempfile::tempdir().unwrap();
    copy(&cases().join("good/bundle"), scratch.path());
    let file = fs::File::create(scratch.path().join("core/huge.json")).unwrap();
    file.set_len(9 * 1024 * 1024).unwrap();
    assert!(
        matches!(import(scratch.path()), Err(SpecError::TooLarge { what, .. }) if what == "file core/huge.json")
    );
}

#[test]
fn a_link_in_a_folder_is_not_followed() {
    let scratch = tempfile::tempdir().unwrap();
    copy(&cases().join("good/bundle"), scratch.path());
    std::os::unix::fs::symlink(scratch.path(), scratch.path().join("core/loop")).unwrap();
    assert!(import(scratch.path()).is_ok());
}

#[test]
fn an_added_line_is_found_again_until_it_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let bundle = cases().join("good/bundle");
    let added = store::add(&bundle, home.path(), None).unwrap();
    assert_eq!(added.replaced, None);
    assert_eq!(added.line.source.label, bundle.display().to_string());
    let found = store::own("9.1", home.path()).unwrap().unwrap();
    assert_eq!(found, added.line);
    assert_eq!(store::own_lines(home.path()).unwrap(), ["9.1"]);
    assert_eq!(store::own("9.2", home.path()).unwrap(), None);
    // Adding the same again changes not a byte and leaves nothing beside it.
    let bytes = fs::read(home.path().join("9.1.json")).unwrap();
    store::add(&bundle, home.path(), None).unwrap();
    assert_eq!(fs::read(home.path().join("9.1.json")).unwrap(), bytes);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    let labelled = store::add(&bundle, home.path(), Some("npm things 9")).unwrap();
    assert_eq!(labelled.line.source.label, "npm things 9");

    assert!(store::remove("9.1", home.path()).unwrap());
    assert_eq!(store::own("9.1", home.path()).unwrap(), None);
    assert!(!store::remove("9.1", home.path()).unwrap());
    assert!(!store::remove("../9.1", home.path()).unwrap());
}

#[test]
fn a_kept_line_that_was_changed_or_renamed_is_refused_and_can_be_removed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("9.1.json");
    store::add(&cases().join("good/bundle"), home.path(), None).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let refused = |line: &str| store::own(line, home.path()).unwrap_err().to_string();
    for (changed, reason) in [
        (
            whole.replace("GetThingsResponse", "GetThingsAnswer"),
            "its contents are not those that were added",
        ),
        (whole[..whole.len() / 2].to_owned(), "EOF while parsing"),
        (String::new(), "EOF while parsing"),
    ] {
        fs::write(&path, changed).unwrap();
        let said = refused("9.1");
        assert!(
            said.starts_with("your own AdCP line 9.1 can't be used: "),
            "{said}"
        );
        assert!(said.contains(reason), "{said}");
        assert!(
            said.ends_with("or do without it: `adcp-scaffold spec remove 9.1`"),
            "{said}"
        );
    }
    // Other white space and line ends are no change.
    fs::write(&path, whole.replace('\n', "\r\n")).unwrap();
    assert!(store::own("9.1", home.path()).unwrap().is_some());
    fs::rename(&path, home.path().join("9.9.json")).unwrap();
    assert!(refused("9.9").contains("it holds AdCP 9.1.2"));
    assert!(store::remove("9.9", home.path()).unwrap());
}

/// Whatever stops an `add`, the line is as it was.
#[test]
fn a_failed_add_leaves_the_line_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    store::add(&cases().join("good/bundle"), home.path(), None).unwrap();
    let before = fs::read(home.path().join("9.1.json")).unwrap();
    assert!(store::add(&cases().join("cut-off-json/bundle"), home.path(), None).is_err());
    // What a killed run leaves beside it is nobody's line.
    fs::write(home.path().join(".tmpAbCdEf"), "{").unwrap();
    fs::write(home.path().join("notes.json"), "{").unwrap();
    assert_eq!(store::own_lines(home.path()).unwrap(), ["9.1"]);
    assert_eq!(fs::read(home.path().join("9.1.json")).unwrap(), before);
    // A folder in the place of the file can't be replaced; nothing is left beside it.
    let blocked = tempfile::tempdir().unwrap();
    fs::create_dir_all(blocked.path().join("9.1.json/x")).unwrap();
    let refused = store::add(&cases().join("good/bundle"), blocked.path(), None);
    assert!(matches!(refused, Err(SpecError::Unwritable { .. })));
    assert_eq!(fs::read_dir(blocked.path()).unwrap().count(), 1);
}

#[test]
fn what_an_added_line_takes_the_place_of_is_said() {
    let home = tempfile::tempdir().unwrap();
    let bundle = tempfile::tempdir().unwrap();
    copy(&cases().join("good/bundle"), bundle.path());
    let versioned = |version: &str| {
        let path = bundle.path().join("manifest.json");
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        manifest["adcp_version"] = version.into();
        fs::write(&path, manifest.to_string()).unwrap();
        store::add(bundle.path(), home.path(), None)
            .unwrap()
            .replaced
    };
    let built_in = versioned("3.0.6").unwrap();
    assert_eq!(
        (built_in.version.as_str(), built_in.embedded, built_in.newer),
        ("3.0.18", true, true)
    );
    assert!(
        built_in
            .lost_tools
            .contains(&"comply_test_controller".to_owned())
    );
    let own = versioned("3.0.7").unwrap();
    assert_eq!(
        (own.version.as_str(), own.embedded, own.newer),
        ("3.0.6", false, false)
    );
}

#[test]
fn names_of_a_users_own_settle_a_collision() {
    let bundle = cases().join("same-name-twice/bundle");
    let home = tempfile::tempdir().unwrap();
    assert!(matches!(
        store::add(&bundle, home.path(), None),
        Err(SpecError::Collision { .. })
    ));
    fs::write(
        home.path().join("names.toml"),
        "[files]\n\"things/thing.json\" = \"OtherThing\"\n",
    )
    .unwrap();
    let line = store::add(&bundle, home.path(), None).unwrap().line;
    assert!(line.definitions.schemas.contains_key("OtherThing"));
}

#[test]
fn every_built_in_line_is_whole() {
    let mut lines = 0;
    for name in store::embedded_lines() {
        let line = store::embedded(name).unwrap().unwrap();
        assert_eq!(line.line, name);
        for tool in line.facts.tools.values() {
            assert!(
                line.definitions.schemas.contains_key(&tool.request),
                "{}",
                tool.request
            );
            assert!(
                line.definitions.schemas.contains_key(&tool.response),
                "{}",
                tool.response
            );
        }
        lines += 1;
    }
    assert_eq!(lines, 1);
    let line = spec::embedded("3.0").unwrap();
    assert_eq!(
        (
            line.version(),
            line.facts.tools.len(),
            line.facts.error_codes.len()
        ),
        ("3.0.18", 59, 45)
    );
    assert_eq!(
        line.facts.tools["list_creative_formats"]
            .other_requests
            .len(),
        1
    );
    assert!(line.facts.specialisms.contains_key("sales-non-guaranteed"));
    // The line's manifest lists no tool for tasks; its schemas describe them all the same.
    let tool = &line.facts.tools["tasks/get"];
    assert_eq!(
        (tool.request.as_str(), tool.response.as_str(), tool.mutating),
        ("TasksGetRequest", "TasksGetResponse", false)
    );
    assert!(line.facts.tools.contains_key("tasks/list"));
}

#[test]
fn every_tool_is_described_in_a_sentence_or_two_and_no_description_is_left_over() {
    let mut tools: Vec<String> = spec::store::embedded_lines()
        .flat_map(|line| spec::embedded(line).unwrap().facts.tools.into_keys())
        .collect();
    tools.sort();
    tools.dedup();
    let described = spec::descriptions::read().unwrap();
    assert_eq!(
        described.keys().collect::<Vec<_>>(),
        tools.iter().collect::<Vec<_>>()
    );
    for (tool, text) in described {
        let sentences = text.matches(". ").count() + 1;
        assert!(text.ends_with('.') && sentences <= 2, "{tool}: {text}");
        assert!(
            (30..=220).contains(&text.len()),
            "{tool}: {} bytes",
            text.len()
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).map(drop).unwrap()
        }
    }
}

/// An archive `9.1.2.tgz` with the folder's files below `prefix`.
fn archive_of(folder: &Path, prefix: &str, into: &Path) -> PathBuf {
    let path = into.join("9.1.2.tgz");
    let file = fs::File::create(&path).unwrap();
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(
        file,
        flate2::Compression::default(),
    ));
    archive.append_dir_all(prefix, folder).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    path
}
