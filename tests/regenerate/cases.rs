//! Every folder of `cases/` is one case: `base` was generated, the adopter turned it into `ours`,
//! and the tool now emits `theirs`. `expect` is the tree afterwards; without it nothing may change.
//! `case.toml` says how the run ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use adcp_scaffold::render::{RenderedFile, Zone};
use adcp_scaffold::workspace::{self, Action, Outcome, ProblemKind, Workspace};
use serde::Deserialize;

use crate::tree::{self, Hasty, Tree, rendered, shown, stamp};

/// How a case runs and ends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case shows; for the reader.
    about: String,
    /// The exit code of `regenerate`.
    exit: i32,
    #[serde(default)]
    discard_edits: bool,
    /// What is said of each file that is not simply unchanged.
    #[serde(default)]
    actions: BTreeMap<String, String>,
    /// The causes that stop the run.
    #[serde(default)]
    problems: BTreeMap<String, String>,
    /// What `check` says before the run, by file.
    #[serde(default)]
    drift: BTreeMap<String, String>,
    /// Files of the tool's own folder that the run renews, the lock aside.
    #[serde(default)]
    upkeep: Vec<String>,
    /// Files that the adopter removed from the tool's own folder.
    #[serde(default)]
    removed_own: Vec<String>,
    /// Links that the adopter put in the place of files, with their targets.
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// Files that are executable before and after, or that become so.
    #[serde(default)]
    executable_before: Vec<String>,
    #[serde(default)]
    executable_after: Vec<String>,
    /// Files that `base` emitted in another zone than their folder says.
    #[serde(default)]
    base_zones: BTreeMap<String, String>,
}

#[test]
fn every_case_ends_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regenerate/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 15, "only {} cases were found", cases.len());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        run(&name, &case);
    }
}

fn run(name: &str, folder: &Path) {
    let text = fs::read_to_string(folder.join("case.toml")).unwrap();
    let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!case.about.is_empty(), "{name}");
    if cfg!(not(unix)) && !(case.links.is_empty() && case.executable_before.is_empty()) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("seller");
    let manifest = "name = \"a\"\n";
    let base = with_zones(
        rendered(&tree::read(&folder.join("base"))),
        &case.base_zones,
    );
    let theirs = rendered(&tree::read(&folder.join("theirs")));
    workspace::create(&root, &Hasty, &stamp("base"), &base, manifest, &[]).unwrap();

    let mut ours = tree::read(&folder.join("ours"));
    ours.insert("seller.toml".to_owned(), manifest.as_bytes().to_vec());
    tree::write(&root, &ours);
    for own in &case.removed_own {
        fs::remove_file(root.join(own)).unwrap();
    }
    for (path, target) in &case.links {
        link(&root.join(path), target);
    }
    for path in &case.executable_before {
        set_executable(&root.join(path));
    }
    let before = tree::read(&root);

    let preview = workspace::preview(&root, &stamp("theirs"), &theirs, case.discard_edits).unwrap();
    assert_eq!(
        tree::read(&root),
        before,
        "{name}: a dry run touches nothing"
    );
    let drift: BTreeMap<String, String> = workspace::check(&root, &stamp("base"), &theirs)
        .unwrap()
        .into_iter()
        .filter(|drift| drift.path != ".adcp/lock.toml")
        .map(|drift| (drift.path, drift.cause))
        .collect();
    assert_eq!(drift, case.drift, "{name}: drift");

    let outcome = regenerate(&root, &theirs, case.discard_edits);
    assert_eq!(
        (&preview.changes, &preview.problems),
        (&outcome.changes, &outcome.problems),
        "{name}: preview"
    );
    assert_eq!(actions(&outcome), case.actions, "{name}: actions");
    let problems: BTreeMap<String, String> = outcome
        .problems
        .iter()
        .map(|problem| (problem.path.clone(), problem.kind.cause()))
        .collect();
    assert_eq!(problems, case.problems, "{name}: problems");
    let upkeep: Vec<&str> = outcome
        .upkeep
        .iter()
        .map(|drift| drift.path.as_str())
        .filter(|path| *path != ".adcp/lock.toml")
        .collect();
    assert_eq!(upkeep, case.upkeep, "{name}: upkeep");
    assert_eq!(preview.upkeep, outcome.upkeep, "{name}: preview of upkeep");
    assert_eq!(
        i32::from(outcome.has_findings()),
        case.exit,
        "{name}: exit code"
    );
    assert_eq!(
        outcome.written,
        problems.is_empty(),
        "{name}: all or nothing"
    );

    let mut expected = if folder.join("expect").exists() {
        tree::read(&folder.join("expect"))
    } else {
        before
    };
    expected.insert("seller.toml".to_owned(), manifest.as_bytes().to_vec());
    assert_eq!(
        shown(&tree::read(&root)),
        shown(&expected),
        "{name}: the tree afterwards"
    );
    for path in &case.executable_after {
        assert!(
            is_executable(&root.join(path)),
            "{name}: {path} is executable"
        );
    }
    if outcome.written {
        again(name, &root, &theirs, &outcome, &ours);
    }
}

/// A second run has nothing to do; after a conflict it waits for the adopter and then is content.
fn again(name: &str, root: &Path, theirs: &[RenderedFile], first: &Outcome, ours: &Tree) {
    let conflicts: Vec<&str> = first
        .changes
        .iter()
        .filter(|change| change.action == Action::Conflict)
        .map(|change| change.path.as_str())
        .collect();
    if !conflicts.is_empty() {
        let marked = tree::read(root);
        let waiting = regenerate(root, theirs, false);
        assert!(!waiting.written, "{name}: markers stop the next run");
        let found: Vec<&str> = waiting
            .problems
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        assert_eq!(found, conflicts, "{name}: markers");
        assert!(
            waiting
                .problems
                .iter()
                .all(|problem| matches!(problem.kind, ProblemKind::UnresolvedMarkers(_)))
        );
        assert_eq!(tree::read(root), marked, "{name}: and nothing is written");
        for path in conflicts {
            fs::write(root.join(path), &ours[path]).unwrap();
        }
    }
    let settled = tree::read(root);
    let second = regenerate(root, theirs, false);
    assert!(!second.has_findings(), "{name}: {:?}", second.problems);
    assert!(
        second
            .changes
            .iter()
            .all(|change| !change.action.is_change()),
        "{name}: {:?}",
        actions(&second)
    );
    assert!(second.is_in_step(), "{name}: {:?}", second.upkeep);
    assert_eq!(
        tree::read(root),
        settled,
        "{name}: the second run changes nothing"
    );
    let drift = workspace::check(root, &stamp("theirs"), theirs).unwrap();
    assert_eq!(drift, [], "{name}: in step afterwards");
}

fn regenerate(root: &Path, theirs: &[RenderedFile], discard_edits: bool) -> Outcome {
    Workspace::open(root, &Hasty)
        .unwrap()
        .regenerate(&stamp("theirs"), theirs, discard_edits)
        .unwrap()
}

fn actions(outcome: &Outcome) -> BTreeMap<String, String> {
    outcome
        .changes
        .iter()
        .filter(|change| change.action != Action::Unchanged)
        .map(|change| (change.path.clone(), change.action.word().to_owned()))
        .collect()
}

fn with_zones(mut files: Vec<RenderedFile>, zones: &BTreeMap<String, String>) -> Vec<RenderedFile> {
    for file in &mut files {
        if let Some(word) = zones.get(&file.path) {
            file.zone = Zone::from_word(word).unwrap();
        }
    }
    files
}

#[cfg(unix)]
fn link(place: &Path, target: &str) {
    if place.is_dir() {
        fs::remove_dir_all(place).unwrap();
    } else {
        fs::remove_file(place).unwrap();
    }
    std::os::unix::fs::symlink(target, place).unwrap();
}

#[cfg(unix)]
fn set_executable(place: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
fn is_executable(place: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(place).unwrap().permissions().mode() & 0o111 == 0o111
}

#[cfg(not(unix))]
fn link(_place: &Path, _target: &str) {}

#[cfg(not(unix))]
fn set_executable(_place: &Path) {}

#[cfg(not(unix))]
fn is_executable(_place: &Path) -> bool {
    true
}
