//! The seller's folder on the disk: zones, lock, stored bases, three-way merge, staged writing.
//!
//! This is the only module of the generator's core that touches a disk. It takes rendered files
//! and a [`Stamp`] of what they were made from, and brings a tree in step with them without ever
//! losing what the adopter wrote: a file that was edited is merged or refused, a file that was
//! deleted stays deleted, and a run that is killed leaves a tree that is old and whole or that the
//! next run finishes by itself. It never prints, never follows a symbolic link below the folder,
//! and never reads a file of the adopter that is not in the way of an emitted one.

mod path;
mod text;
mod disk;
mod error;
mod tree;
mod lock;
mod change;
mod merge;
mod reconcile;
mod upkeep;
mod swap;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub use change::{Action, Change, Drift, Outcome, Problem, ProblemKind};
pub use disk::{Disk, LocalDisk, Mode};
pub use error::WorkspaceError;
pub use lock::Stamp;
pub use path::is_portable;
pub use text::sha256;

use crate::render::RenderedFile;
use change::REGENERATE;
use error::Doing;
use lock::Lock;
use path::{BASE, BUSY, LOCK, MANIFEST, OWN, STAGING, VERSION_CONTROL, locate};
use reconcile::{Reconciled, reconcile};
use swap::{Durability, Kind, Operation, Swapped, finish, is_pending, swap};
use tree::{Found, names_in, observe};
use upkeep::{newer_than_here, upkeep};

/// SHA-256 of what a manifest says: comments, layout and the order of its keys don't count, since
/// no emitted file depends on them.
pub fn manifest_hash(manifest: &str) -> String {
    match manifest.parse::<toml::Table>() {
        Ok(table) => sha256(table.to_string().as_bytes()),
        Err(_) => sha256(&text::with_line_feeds(manifest.as_bytes())),
    }
}

/// Whether `root` can become a seller: it does not exist, or holds nothing but a repository's own
/// folder. Asked before a wizard asks.
pub fn refuse_occupied(root: &Path) -> Result<(), WorkspaceError> {
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return match fs::symlink_metadata(root) {
                Ok(_) => Err(WorkspaceError::NotFolder {
                    path: root.to_path_buf(),
                    what: "is a symbolic link that leads nowhere",
                }),
                Err(_) => Ok(()),
            };
        }
        Err(error) => return Err(error).doing("look at", root),
    };
    if !metadata.is_dir() {
        return Err(WorkspaceError::NotFolder {
            path: root.to_path_buf(),
            what: "is not a folder",
        });
    }
    if is_seller(root) {
        return Err(WorkspaceError::AlreadySeller(root.to_path_buf()));
    }
    if is_pending(root)? {
        return Ok(());
    }
    if has_lost_its_lock(root) {
        return Err(WorkspaceError::LockLost(root.to_path_buf()));
    }
    // What an interrupted `new` staged before its journal was in place is no content.
    let own = names_in(&root.join(OWN))?;
    let is_leftover = own
        .iter()
        .all(|name| [BUSY, STAGING].contains(&format!("{OWN}/{name}").as_str()));
    let names = names_in(root)?;
    let is_free = |name: &String| name == VERSION_CONTROL || (name == OWN && is_leftover);
    if names.iter().all(is_free) {
        return Ok(());
    }
    Err(WorkspaceError::NotEmpty(root.to_path_buf()))
}

/// Whether `root` holds the lock of a seller.
pub fn is_seller(root: &Path) -> bool {
    root.join(LOCK).exists()
}

/// Whether a folder without a lock looks like a seller: emptying it would lose somebody's work.
fn has_lost_its_lock(root: &Path) -> bool {
    root.join(MANIFEST).exists() || root.join(BASE).exists()
}

/// What to say of a folder without a lock.
fn no_lock(root: &Path) -> WorkspaceError {
    if has_lost_its_lock(root) {
        WorkspaceError::LockLost(root.to_path_buf())
    } else {
        WorkspaceError::NotSeller(root.to_path_buf())
    }
}

/// Makes a new seller in `root`: the rendered files, the manifest with the files that it names
/// (path and text of each), and the lock. Manifest and named files are the adopter's from then on.
pub fn create(
    root: &Path,
    disk: &dyn Disk,
    stamp: &Stamp,
    rendered: &[RenderedFile],
    manifest: &str,
    named: &[(&str, &str)],
) -> Result<Outcome, WorkspaceError> {
    refuse_occupied(root)?;
    make_root(root, disk)?;
    let _busy = occupy(root, disk)?;
    finish(root, disk, Durability::Cached)?;
    // An interrupted `new` that has just been finished left a whole seller.
    refuse_occupied(root)?;
    let mut reconciled = reconcile(root, None, stamp, rendered, false)?;
    let adopters = [(MANIFEST, manifest)]
        .into_iter()
        .chain(named.iter().copied());
    reconciled.operations.splice(
        0..0,
        adopters.map(|(path, text)| Operation {
            path: path.to_owned(),
            was: None,
            kind: Kind::Put {
                contents: text.as_bytes().to_vec(),
                mode: Mode::Plain,
            },
        }),
    );
    write(root, disk, reconciled, Vec::new(), Durability::Cached)
}

/// An existing seller, held so that no other run of the tool writes to it.
pub struct Workspace<'a> {
    root: PathBuf,
    disk: &'a dyn Disk,
    finished_interrupted_run: bool,
    _busy: File,
}

impl<'a> Workspace<'a> {
    /// Takes hold of the seller in `root` and finishes the run that was interrupted here, if any.
    pub fn open(root: &Path, disk: &'a dyn Disk) -> Result<Workspace<'a>, WorkspaceError> {
        if !is_seller(root) && !is_pending(root)? {
            return Err(no_lock(root));
        }
        let busy = occupy(root, disk)?;
        let finished_interrupted_run = is_pending(root)?;
        finish(root, disk, Durability::Synced)?;
        Ok(Workspace {
            root: root.to_path_buf(),
            disk,
            finished_interrupted_run,
            _busy: busy,
        })
    }

    /// Whether [`Workspace::open`] finished an interrupted run; worth a line to the user.
    pub fn finished_interrupted_run(&self) -> bool {
        self.finished_interrupted_run
    }

    /// Brings the tree in step with what was rendered. With problems, nothing is written.
    pub fn regenerate(
        &self,
        stamp: &Stamp,
        rendered: &[RenderedFile],
        discard_edits: bool,
    ) -> Result<Outcome, WorkspaceError> {
        let lock = read_lock(&self.root)?;
        let newer = newer_than_here(&lock, stamp);
        if !newer.is_empty() {
            return Ok(Outcome::stopped(newer));
        }
        let reconciled = reconcile(&self.root, Some(&lock), stamp, rendered, discard_edits)?;
        let upkeep = upkeep(&self.root, &lock, stamp, &reconciled)?;
        write(
            &self.root,
            self.disk,
            reconciled,
            upkeep,
            Durability::Synced,
        )
    }
}

/// What [`Workspace::regenerate`] would do. Touches nothing.
pub fn preview(
    root: &Path,
    stamp: &Stamp,
    rendered: &[RenderedFile],
    discard_edits: bool,
) -> Result<Outcome, WorkspaceError> {
    if let Some(outcome) = preview_interrupted(root)? {
        return Ok(outcome);
    }
    let lock = read_lock(root)?;
    let newer = newer_than_here(&lock, stamp);
    if !newer.is_empty() {
        return Ok(Outcome::stopped(newer));
    }
    let reconciled = reconcile(root, Some(&lock), stamp, rendered, discard_edits)?;
    Ok(Outcome {
        upkeep: upkeep(root, &lock, stamp, &reconciled)?,
        changes: reconciled.changes,
        problems: reconciled.problems,
        written: false,
    })
}

/// What [`preview`] says of a tree in which a run was interrupted: nothing else is known of it.
/// Asked before the manifest is read, which the run may owe as well.
pub fn preview_interrupted(root: &Path) -> Result<Option<Outcome>, WorkspaceError> {
    Ok(interrupted(root)?.map(|problem| Outcome::stopped(vec![problem])))
}

/// Every reason why the tree is not what this tool would write now. Touches nothing.
pub fn check(
    root: &Path,
    stamp: &Stamp,
    rendered: &[RenderedFile],
) -> Result<Vec<Drift>, WorkspaceError> {
    if let Some(drifts) = check_interrupted(root)? {
        return Ok(drifts);
    }
    let lock = read_lock(root)?;
    let newer = newer_than_here(&lock, stamp);
    if !newer.is_empty() {
        return Ok(newer.into_iter().map(Drift::from).collect());
    }
    let reconciled = reconcile(root, Some(&lock), stamp, rendered, false)?;
    let mut drifts = upkeep(root, &lock, stamp, &reconciled)?;
    drifts.extend(
        reconciled
            .problems
            .into_iter()
            // Who only looks needs no right to write.
            .filter(|problem| problem.kind != ProblemKind::ReadOnlyFolder)
            .map(Drift::from),
    );
    drifts.extend(
        reconciled
            .changes
            .iter()
            .filter(|change| change.action.is_change())
            .map(|change| Drift {
                path: change.path.clone(),
                cause: match change.action {
                    Action::Create => "is missing: this tool emits it now".to_owned(),
                    Action::Restore => {
                        "is missing: it is generated and must not be deleted".to_owned()
                    }
                    Action::Remove | Action::Release => "is no longer emitted".to_owned(),
                    _ => "is stale: this tool emits another text now".to_owned(),
                },
                remedy: REGENERATE.to_owned(),
            }),
    );
    drifts.sort_by(|left, right| (&left.path, &left.cause).cmp(&(&right.path, &right.cause)));
    Ok(drifts)
}

/// What [`check`] says of a tree in which a run was interrupted, as [`preview_interrupted`].
pub fn check_interrupted(root: &Path) -> Result<Option<Vec<Drift>>, WorkspaceError> {
    Ok(interrupted(root)?.map(|problem| vec![problem.into()]))
}

fn interrupted(root: &Path) -> Result<Option<Problem>, WorkspaceError> {
    Ok(is_pending(root)?.then(|| Problem {
        path: STAGING.to_owned(),
        kind: ProblemKind::Interrupted,
    }))
}

fn read_lock(root: &Path) -> Result<Lock, WorkspaceError> {
    match observe(root, LOCK)? {
        Found::File(content) => Lock::parse(root, &content.bytes),
        Found::Missing => Err(no_lock(root)),
        Found::Unusable(cause) => Err(WorkspaceError::Unusable {
            path: locate(root, LOCK),
            cause,
        }),
    }
}

fn write(
    root: &Path,
    disk: &dyn Disk,
    reconciled: Reconciled,
    upkeep: Vec<Drift>,
    durability: Durability,
) -> Result<Outcome, WorkspaceError> {
    let Reconciled {
        changes,
        mut problems,
        operations,
        ..
    } = reconciled;
    if !problems.is_empty() {
        return Ok(Outcome {
            changes,
            problems,
            upkeep,
            written: false,
        });
    }
    let Swapped { skipped } = swap(root, disk, &operations, durability)?;
    problems.extend(skipped.into_iter().map(|path| Problem {
        path,
        kind: ProblemKind::ChangedMeanwhile,
    }));
    Ok(Outcome {
        changes,
        problems,
        upkeep,
        written: true,
    })
}

/// Makes the folder and those above it.
fn make_root(root: &Path, disk: &dyn Disk) -> Result<(), WorkspaceError> {
    let mut missing: Vec<&Path> = root
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    while let Some(folder) = missing.pop() {
        disk.create_directory(folder).doing("create", folder)?;
    }
    Ok(())
}

/// Holds the seller until the handle is dropped or the process ends, however it ends.
fn occupy(root: &Path, disk: &dyn Disk) -> Result<File, WorkspaceError> {
    if let Found::Unusable(cause) = observe(root, BUSY)? {
        return Err(WorkspaceError::Unusable {
            path: locate(root, BUSY),
            cause,
        });
    }
    let own = locate(root, OWN);
    disk.create_directory(&own).doing("create", &own)?;
    let place = locate(root, BUSY);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&place)
        .doing("open", &place)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WorkspaceError::Busy(root.to_path_buf())),
        Err(TryLockError::Error(error)) => Err(error).doing("lock", &place),
    }
}
