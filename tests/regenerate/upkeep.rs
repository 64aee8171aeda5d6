//! The tool's own folder, and the folders that `new` is pointed at: what is damaged, missing, newer
//! than this tool or in the way, and that looking and writing agree about it.

use std::fs;
use std::path::Path;

use adcp_scaffold::workspace::{
    self, Drift, Outcome, ProblemKind, Stamp, Workspace, WorkspaceError,
};

use crate::tree::{self, Hasty, Tree, rendered, shown, stamp};

fn files(text: &str) -> Tree {
    Tree::from([
        ("src/main.rs".to_owned(), text.as_bytes().to_vec()),
        ("wire/lib.rs".to_owned(), text.as_bytes().to_vec()),
    ])
}

fn seller(root: &Path) {
    let files = rendered(&files("one\n"));
    workspace::create(root, &Hasty, &stamp("old"), &files, "name = \"a\"\n", &[]).unwrap();
}

/// What `check`, a dry run and a run say of the same tree.
fn looks(root: &Path, stamp: &Stamp, text: &str) -> (Vec<Drift>, Outcome, Outcome) {
    let files = rendered(&files(text));
    let before = tree::read(root);
    let drifts = workspace::check(root, stamp, &files).unwrap();
    let preview = workspace::preview(root, stamp, &files, false).unwrap();
    assert_eq!(
        shown(&tree::read(root)),
        shown(&before),
        "looking is not writing"
    );
    let outcome = Workspace::open(root, &Hasty)
        .unwrap()
        .regenerate(stamp, &files, false)
        .unwrap();
    assert_eq!(preview.upkeep, outcome.upkeep);
    assert_eq!(preview.is_in_step(), drifts.is_empty());
    (drifts, preview, outcome)
}

fn said(drifts: &[Drift]) -> Vec<String> {
    let line = |drift: &Drift| format!("{} {}; {}", drift.path, drift.cause, drift.remedy);
    drifts.iter().map(line).collect()
}

#[test]
fn a_manifest_that_says_the_same_in_other_words_is_in_step() {
    let hash = workspace::manifest_hash;
    assert_eq!(hash("a = 1\nb = 2\n"), hash("# new\r\nb = 2\r\na=1\r\n"));
    assert_ne!(hash("a = 1\nb = 2\n"), hash("a = 1\nb = 3\n"));

    let folder = tempfile::tempdir().unwrap();
    seller(folder.path());
    // Other values that render the same: whoever looks is told what the run will do.
    let (drifts, preview, outcome) = looks(folder.path(), &stamp("new"), "one\n");
    assert_eq!(
        said(&drifts),
        [".adcp/lock.toml is for other values in `seller.toml`; run `adcp-scaffold regenerate`"]
    );
    assert_eq!(preview.upkeep, drifts);
    assert!(outcome.written && !outcome.is_in_step());
    let (drifts, _, outcome) = looks(folder.path(), &stamp("new"), "one\n");
    assert!(drifts.is_empty() && outcome.is_in_step());
}

#[test]
fn stored_bases_that_are_missing_or_changed_are_drift_and_are_renewed() {
    let base = ".adcp/base/src/main.rs";
    for damage in [None, Some("tampered\n")] {
        let folder = tempfile::tempdir().unwrap();
        seller(folder.path());
        match damage {
            None => fs::remove_file(folder.path().join(base)).unwrap(),
            Some(text) => fs::write(folder.path().join(base), text).unwrap(),
        }
        let (drifts, _, outcome) = looks(folder.path(), &stamp("old"), "one\n");
        assert_eq!(drifts.len(), 1, "{drifts:?}");
        assert_eq!(drifts[0].path, base);
        assert!(outcome.written, "{outcome:?}");
        assert_eq!(fs::read(folder.path().join(base)).unwrap(), b"one\n");
        assert!(looks(folder.path(), &stamp("old"), "one\n").0.is_empty());
    }
}

#[test]
fn what_a_newer_tool_or_newer_schemas_made_is_not_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    seller(folder.path());
    let older_tool = Stamp {
        tool: "0.0.9".to_owned(),
        ..stamp("old")
    };
    let older_spec = Stamp {
        spec_version: "3.0.6".to_owned(),
        ..stamp("old")
    };
    let lock = fs::read(folder.path().join(".adcp/lock.toml")).unwrap();
    for (stamp, expected) in [
        (
            older_tool,
            ".adcp/lock.toml is from adcp-scaffold 0.1.0, this is 0.0.9; update adcp-scaffold",
        ),
        (
            older_spec,
            ".adcp/lock.toml is for AdCP 3.0.18, here is 3.0.6; add that bundle with `adcp-scaffold spec add`, or update adcp-scaffold",
        ),
    ] {
        let (drifts, preview, outcome) = looks(folder.path(), &stamp, "two\n");
        assert_eq!(said(&drifts), [expected]);
        assert!(preview.is_refused() && outcome.is_refused());
        assert_eq!(preview.problems, outcome.problems);
        assert_eq!(
            fs::read(folder.path().join(".adcp/lock.toml")).unwrap(),
            lock
        );
        assert_eq!(tree::read(folder.path())["wire/lib.rs"], b"one\n");
    }
    // Another line is the manifest's own wish, and a newer tool is what updates are for.
    let newer = Stamp {
        tool: "0.2.0".to_owned(),
        spec: "2.9".to_owned(),
        spec_version: "2.9.1".to_owned(),
        ..stamp("old")
    };
    assert!(looks(folder.path(), &newer, "two\n").2.written);
}

#[test]
fn a_lost_lock_is_to_be_restored_and_never_to_be_emptied_away() {
    let folder = tempfile::tempdir().unwrap();
    seller(folder.path());
    fs::remove_file(folder.path().join(".adcp/lock.toml")).unwrap();
    let files = rendered(&files("one\n"));
    let errors = [
        workspace::refuse_occupied(folder.path()).unwrap_err(),
        workspace::check(folder.path(), &stamp("old"), &files).unwrap_err(),
        Workspace::open(folder.path(), &Hasty).err().unwrap(),
    ];
    for error in errors {
        assert!(matches!(error, WorkspaceError::LockLost(_)), "{error}");
        assert!(
            error
                .to_string()
                .contains("restore it from version control")
        );
    }
    let empty = tempfile::tempdir().unwrap();
    let error = Workspace::open(empty.path(), &Hasty).err().unwrap();
    assert!(matches!(error, WorkspaceError::NotSeller(_)), "{error}");
}

#[test]
fn only_a_free_folder_becomes_a_seller() {
    let folder = tempfile::tempdir().unwrap();
    let free = folder.path().join("cloned");
    fs::create_dir_all(free.join(".git")).unwrap();
    seller(&free);
    assert!(free.join(".git").exists() && free.join(".adcp/lock.toml").exists());

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = workspace::refuse_occupied(&file).unwrap_err();
    assert!(error.to_string().contains("is not a folder"), "{error}");

    let full = folder.path().join("full");
    fs::create_dir_all(full.join(".git")).unwrap();
    fs::write(full.join("notes.txt"), "").unwrap();
    let error = workspace::refuse_occupied(&full).unwrap_err();
    assert!(matches!(error, WorkspaceError::NotEmpty(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let error = workspace::refuse_occupied(&link).unwrap_err();
    assert!(error.to_string().contains("leads nowhere"), "{error}");
}

#[cfg(unix)]
#[test]
fn who_only_looks_needs_no_right_to_write() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    seller(folder.path());
    let wire = folder.path().join("wire");
    fs::set_permissions(&wire, fs::Permissions::from_mode(0o555)).unwrap();
    let files = rendered(&files("two\n"));
    let drifts = workspace::check(folder.path(), &stamp("old"), &files).unwrap();
    let preview = workspace::preview(folder.path(), &stamp("old"), &files, false).unwrap();
    fs::set_permissions(&wire, fs::Permissions::from_mode(0o755)).unwrap();
    let paths: Vec<&str> = drifts.iter().map(|drift| drift.path.as_str()).collect();
    assert_eq!(paths, ["src/main.rs", "wire/lib.rs"]);
    // A run would be refused, and the dry run says so.
    assert!(preview.is_refused());
    assert_eq!(preview.problems[0].kind, ProblemKind::ReadOnlyFolder);
}
