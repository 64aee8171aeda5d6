//! A run that is killed, or a disk that fills up, at every single step of a run. Whatever the step,
//! the tree is old and whole or the next run finishes it, and no edit of the adopter is lost.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

use adcp_scaffold::workspace::{self, Disk, Mode, Outcome, ProblemKind, Workspace, WorkspaceError};

use crate::tree::{self, Hasty, Tree, rendered, shown, stamp};

/// How the disk behaves at the chosen step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The process dies: this step and all later ones do not happen.
    Killed,
    /// The process dies in the middle of writing.
    Torn,
    /// This one step fails, as on a full disk, and the process lives.
    Full,
}

/// A disk that counts steps and breaks at one of them.
struct Breaking {
    fault: Fault,
    at: usize,
    steps: Cell<usize>,
}

impl Breaking {
    fn new(fault: Fault, at: usize) -> Self {
        Breaking {
            fault,
            at,
            steps: Cell::new(0),
        }
    }

    fn step(&self) -> io::Result<()> {
        let step = self.steps.replace(self.steps.get() + 1);
        let broken = match self.fault {
            Fault::Killed | Fault::Torn => step >= self.at,
            Fault::Full => step == self.at,
        };
        if broken {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

impl Disk for Breaking {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Hasty.create_directory(path)
    }
    fn write(&self, path: &Path, contents: &[u8], mode: &Mode, durable: bool) -> io::Result<()> {
        let at = self.steps.get();
        if let Err(error) = self.step() {
            if self.fault != Fault::Killed && at == self.at {
                fs::write(path, &contents[..contents.len() / 2])?;
            }
            return Err(error);
        }
        Hasty.write(path, contents, mode, durable)
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Hasty.sync_directory(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Hasty.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Hasty.remove_file(path)
    }
    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Hasty.remove_directory(path)
    }
}

fn tree(files: &[(&str, &str)]) -> Tree {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

/// One of every kind of change.
fn before() -> Tree {
    tree(&[
        (
            "Cargo.toml",
            "[package]\nname = \"a\"\n\n[dependencies]\nx = \"1\"\n",
        ),
        ("src/main.rs", "one\ntwo\nthree\nfour\n"),
        ("src/gone/old.rs", "old\n"),
        ("src/plain.rs", "plain\n"),
        ("wire/lib.rs", "lib\n"),
        ("wire/old/x.rs", "x\n"),
    ])
}

fn edits() -> [(&'static str, &'static str); 3] {
    [
        (
            "Cargo.toml",
            "[package]\nname = \"a\"\n\n[dependencies]\nx = \"1\"\nmine = \"1\"\n",
        ),
        ("src/main.rs", "zero\none\ntwo\nthree\nfour\n"),
        ("src/mine.rs", "mine\n"),
    ]
}

fn after() -> Tree {
    tree(&[
        (
            "Cargo.toml",
            "[package]\nname = \"b\"\n\n[dependencies]\nx = \"2\"\n",
        ),
        ("src/main.rs", "one\ntwo\nthree\nFOUR\n"),
        ("src/new/fresh.rs", "fresh\n"),
        ("src/plain.rs", "plainer\n"),
        ("wire/lib.rs", "lib 2\n"),
        ("wire/types/y.rs", "y\n"),
    ])
}

/// A seller that its adopter has edited.
fn edited_seller(root: &Path) -> Tree {
    workspace::create(
        root,
        &Hasty,
        &stamp("old"),
        &rendered(&before()),
        "name = \"a\"\n",
        &[],
    )
    .unwrap();
    for (path, text) in edits() {
        fs::write(root.join(path), text).unwrap();
    }
    tree::read(root)
}

fn regenerate(root: &Path, disk: &dyn Disk) -> Result<Outcome, WorkspaceError> {
    Workspace::open(root, disk)?.regenerate(&stamp("new"), &rendered(&after()), false)
}

/// What an undisturbed run makes of [`edited_seller`].
fn expected() -> (Tree, usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("seller");
    edited_seller(&root);
    let counting = Breaking::new(Fault::Full, usize::MAX);
    let outcome = regenerate(&root, &counting).unwrap();
    assert!(outcome.written && !outcome.has_findings(), "{outcome:?}");
    assert!(
        workspace::check(&root, &stamp("new"), &rendered(&after()))
            .unwrap()
            .is_empty()
    );
    let tree = tree::read(&root);
    assert_eq!(tree["src/main.rs"], b"zero\none\ntwo\nthree\nFOUR\n");
    assert!(!root.join("src/gone").exists() && !root.join("wire/old").exists());
    (tree, counting.steps.get())
}

#[test]
fn a_run_that_breaks_at_any_step_is_repaired_by_the_next() {
    let (expected, steps) = expected();
    assert!(
        steps > 40,
        "every kind of change takes its steps, this run took {steps}"
    );
    for fault in [Fault::Killed, Fault::Torn, Fault::Full] {
        let mut committed = 0;
        for at in 0..steps {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("seller");
            let old = edited_seller(&root);
            let result = regenerate(&root, &Breaking::new(fault, at));
            assert!(result.is_err(), "{fault:?} at step {at} must be told");

            let halfway = tree::read(&root);
            if !root.join(".adcp/staging/journal.json").exists() {
                let whole = halfway == old || halfway == expected;
                assert!(whole, "{fault:?} at step {at}: {:#?}", shown(&halfway));
            } else {
                committed += 1;
                // Even a half-swapped tree holds every byte that the adopter wrote.
                assert_eq!(halfway["src/mine.rs"], b"mine\n");
                let main = &halfway["src/main.rs"];
                assert!(*main == old["src/main.rs"] || *main == expected["src/main.rs"]);
                let drifts = workspace::check(&root, &stamp("new"), &rendered(&after())).unwrap();
                let causes: Vec<&str> = drifts.iter().map(|drift| drift.cause.as_str()).collect();
                assert_eq!(causes, ["was left by an interrupted run"]);
                let preview =
                    workspace::preview(&root, &stamp("new"), &rendered(&after()), false).unwrap();
                assert_eq!(preview.problems.len(), 1, "{preview:?}");
                assert!(preview.changes.is_empty() && preview.is_refused());
            }

            let outcome = regenerate(&root, &Hasty).unwrap();
            assert!(
                outcome.written && !outcome.has_findings(),
                "{fault:?} at step {at}: {outcome:?}"
            );
            assert_eq!(
                shown(&tree::read(&root)),
                shown(&expected),
                "{fault:?} at step {at}"
            );
            assert!(
                !root.join(".adcp/staging").exists(),
                "{fault:?} at step {at}"
            );
            let drifts = workspace::check(&root, &stamp("new"), &rendered(&after())).unwrap();
            assert!(drifts.is_empty(), "{fault:?} at step {at}: {drifts:?}");
        }
        assert!(
            committed > 10,
            "{fault:?}: the journal was there at {committed} steps only"
        );
    }
}

#[test]
fn an_edit_between_the_kill_and_the_repair_is_kept_and_merged() {
    let (_, steps) = expected();
    let mut kept = 0;
    for at in 0..steps {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("seller");
        edited_seller(&root);
        regenerate(&root, &Breaking::new(Fault::Killed, at)).unwrap_err();
        let text = fs::read_to_string(root.join("src/main.rs")).unwrap();
        fs::write(root.join("src/main.rs"), format!("late edit\n{text}")).unwrap();

        // Finishes the interrupted run, and merges what that had to leave out.
        let outcome = regenerate(&root, &Hasty).unwrap();
        assert!(!outcome.has_findings(), "step {at}: {outcome:?}");
        let main = fs::read_to_string(root.join("src/main.rs")).unwrap();
        assert_eq!(
            main, "late edit\nzero\none\ntwo\nthree\nFOUR\n",
            "step {at}"
        );
        kept += 1;
    }
    assert_eq!(kept, steps);
}

#[test]
fn a_new_seller_that_breaks_at_any_step_is_made_by_the_next_attempt() {
    let create = |root: &Path, disk: &dyn Disk| {
        workspace::create(
            root,
            disk,
            &stamp("new"),
            &rendered(&after()),
            "name = \"b\"\n",
            &[("schemas/recipe.json", "{}\n")],
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let counting = Breaking::new(Fault::Full, usize::MAX);
    create(&folder.path().join("whole"), &counting).unwrap();
    let whole = tree::read(&folder.path().join("whole"));
    assert_eq!(whole["seller.toml"], b"name = \"b\"\n");

    for fault in [Fault::Killed, Fault::Torn, Fault::Full] {
        for at in 0..counting.steps.get() {
            let root = folder.path().join(format!("{fault:?}-{at}"));
            assert!(
                create(&root, &Breaking::new(fault, at)).is_err(),
                "{fault:?} at step {at}"
            );
            match create(&root, &Hasty) {
                Ok(outcome) => assert!(outcome.written, "{fault:?} at step {at}"),
                // The first attempt had got so far that only the repair was left.
                Err(WorkspaceError::AlreadySeller(_)) => {}
                Err(error) => panic!("{fault:?} at step {at}: {error}"),
            }
            let opened = Workspace::open(&root, &Hasty).unwrap();
            drop(opened);
            assert_eq!(
                shown(&tree::read(&root)),
                shown(&whole),
                "{fault:?} at step {at}"
            );
        }
    }
}

#[test]
fn two_runs_at_once_do_not_interleave() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("seller");
    edited_seller(&root);
    let held = Workspace::open(&root, &Hasty).unwrap();
    let refused = regenerate(&root, &Hasty).unwrap_err();
    assert!(matches!(refused, WorkspaceError::Busy(_)), "{refused}");
    drop(held);
    assert!(regenerate(&root, &Hasty).unwrap().written);
}

#[test]
fn a_run_over_an_unchanged_tree_takes_no_step() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("seller");
    edited_seller(&root);
    regenerate(&root, &Hasty).unwrap();
    let counting = Breaking::new(Fault::Full, usize::MAX);
    let before = fs::metadata(root.join("wire/lib.rs"))
        .unwrap()
        .modified()
        .unwrap();
    regenerate(&root, &counting).unwrap();
    // The folder of the busy file is all that a run asks for before it knows.
    assert_eq!(counting.steps.get(), 1);
    assert_eq!(
        fs::metadata(root.join("wire/lib.rs"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
}

#[test]
fn a_journal_from_elsewhere_cannot_reach_outside_the_folder() {
    for path in [
        "../outside",
        "/outside",
        ".adcp/../../outside",
        ".adcp/busy",
        "src/../../outside",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("seller");
        edited_seller(&root);
        let staging = root.join(".adcp/staging");
        fs::create_dir(&staging).unwrap();
        fs::write(staging.join("0"), "evil").unwrap();
        let journal = format!("{{\"format\":1,\"steps\":[{{\"path\":\"{path}\",\"staged\":0}}]}}");
        fs::write(staging.join("journal.json"), journal).unwrap();
        let error = regenerate(&root, &Hasty).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("is no path that this tool writes"),
            "{error}"
        );
        assert!(!folder.path().join("outside").exists());
    }
}

#[cfg(unix)]
#[test]
fn links_in_the_tools_own_folder_are_never_written_through() {
    use std::os::unix::fs::symlink;
    for own in [
        ".adcp/lock.toml",
        ".adcp/base/src/main.rs",
        ".adcp/busy",
        ".adcp/.gitignore",
        ".adcp/base",
        ".adcp/staging",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("seller");
        edited_seller(&root);
        let outside = folder.path().join("outside");
        let place = root.join(own);
        if place.is_dir() {
            fs::rename(&place, &outside).unwrap();
        } else if own == ".adcp/staging" {
            fs::create_dir(&outside).unwrap();
        } else {
            fs::rename(&place, &outside).unwrap();
        }
        symlink(&outside, &place).unwrap();
        let before = if outside.is_dir() {
            tree::read(&outside)
        } else {
            Tree::from([(String::new(), fs::read(&outside).unwrap())])
        };
        match regenerate(&root, &Hasty) {
            Err(_) => {}
            Ok(outcome) => assert!(!outcome.written, "{own}: {outcome:?}"),
        }
        let after = if outside.is_dir() {
            tree::read(&outside)
        } else {
            Tree::from([(String::new(), fs::read(&outside).unwrap())])
        };
        assert_eq!(before, after, "{own}");
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_found_before_the_first_write() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("seller");
    let old = edited_seller(&root);
    fs::set_permissions(root.join("wire"), fs::Permissions::from_mode(0o555)).unwrap();
    let outcome = regenerate(&root, &Hasty).unwrap();
    assert!(!outcome.written);
    assert_eq!(outcome.problems.len(), 1, "{outcome:?}");
    assert_eq!(outcome.problems[0].path, "wire");
    assert_eq!(outcome.problems[0].kind, ProblemKind::ReadOnlyFolder);
    assert_eq!(tree::read(&root), old);
    fs::set_permissions(root.join("wire"), fs::Permissions::from_mode(0o755)).unwrap();
}
