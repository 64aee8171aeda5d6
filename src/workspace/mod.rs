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
mod swap;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

pub use change::{Action, Change, Drift, Outcome, Problem, ProblemKind};
pub use disk::{Disk, LocalDisk, Mode};
pub use error::WorkspaceError;
pub use lock::Stamp;
pub use text::sha256;

use crate::render::RenderedFile;
use error::Doing;
use lock::Lock;
use path::{BUSY, LOCK, MANIFEST, OWN, STAGING, locate};
use reconcile::{Reconciled, reconcile};
use swap::{Durability, Kind, Operation, Swapped, finish, is_pending, swap};
use tree::{Found, names_in, observe};

/// SHA-256 of a manifest, the same for every kind of line end.
pub fn manifest_hash(manifest: &str) -> String {
    sha256(&text::with_line_feeds(manifest.as_bytes()))
}

/// Whether `root` can become a seller: it does not exist or is empty. Asked before a wizard asks.
pub fn refuse_occupied(root: &Path) -> Result<(), WorkspaceError> {
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).doing("look at", root),
    };
    if !metadata.is_dir() {
        return Err(WorkspaceError::NotEmpty(root.to_path_buf()));
    }
    if root.join(LOCK).exists() {
        return Err(WorkspaceError::AlreadySeller(root.to_path_buf()));
    }
    if is_pending(root)? {
        return Ok(());
    }
    // What an interrupted `new` staged before its journal was in place is no content.
    let own = names_in(&root.join(OWN))?;
    let is_leftover = own
        .iter()
        .all(|name| [BUSY, STAGING].contains(&format!("{OWN}/{name}").as_str()));
    let names = names_in(root)?;
    if names.iter().all(|name| name == OWN && is_leftover) {
        return Ok(());
    }
    Err(WorkspaceError::NotEmpty(root.to_path_buf()))
}

/// Makes a new seller in `root`: the rendered files, the manifest and the lock.
pub fn create(
    root: &Path,
    disk: &dyn Disk,
    stamp: &Stamp,
    rendered: &[RenderedFile],
    manifest: &str,
) -> Result<Outcome, WorkspaceError> {
    refuse_occupied(root)?;
    make_root(root, disk)?;
    let _busy = occupy(root, disk)?;
    finish(root, disk, Durability::Cached)?;
    // An interrupted `new` that has just been finished left a whole seller.
    refuse_occupied(root)?;
    let mut reconciled = reconcile(root, None, stamp, rendered, false)?;
    reconciled.operations.insert(
        0,
        Operation {
            path: MANIFEST.to_owned(),
            was: None,
            kind: Kind::Put {
                contents: manifest.as_bytes().to_vec(),
                mode: Mode::Plain,
            },
        },
    );
    write(root, disk, reconciled, Durability::Cached)
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
        if !root.join(LOCK).exists() && !is_pending(root)? {
            return Err(WorkspaceError::NotSeller(root.to_path_buf()));
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
        let reconciled = reconcile(&self.root, Some(&lock), stamp, rendered, discard_edits)?;
        write(&self.root, self.disk, reconciled, Durability::Synced)
    }
}

/// What [`Workspace::regenerate`] would do. Touches nothing.
pub fn preview(
    root: &Path,
    stamp: &Stamp,
    rendered: &[RenderedFile],
    discard_edits: bool,
) -> Result<Outcome, WorkspaceError> {
    let lock = read_lock(root)?;
    let Reconciled {
        changes,
        mut problems,
        ..
    } = reconcile(root, Some(&lock), stamp, rendered, discard_edits)?;
    problems.extend(interrupted(root)?);
    Ok(Outcome {
        changes,
        problems,
        written: false,
    })
}

/// Every reason why the tree is not what this tool would write now. Touches nothing.
pub fn check(
    root: &Path,
    stamp: &Stamp,
    rendered: &[RenderedFile],
) -> Result<Vec<Drift>, WorkspaceError> {
    const REGENERATE: &str = "run `adcp-scaffold regenerate`";
    let lock = read_lock(root)?;
    let reconciled = reconcile(root, Some(&lock), stamp, rendered, false)?;
    let mut drifts: Vec<Drift> = reconciled
        .problems
        .into_iter()
        .chain(interrupted(root)?)
        .map(|problem| Drift {
            path: problem.path,
            cause: problem.kind.cause(),
            remedy: problem.kind.remedy().to_owned(),
        })
        .collect();
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
    drifts.extend(
        lock_drifts(&lock, stamp, &reconciled.lock, &drifts)
            .into_iter()
            .map(|cause| Drift {
                path: LOCK.to_owned(),
                cause,
                remedy: REGENERATE.to_owned(),
            }),
    );
    drifts.sort_by(|left, right| (&left.path, &left.cause).cmp(&(&right.path, &right.cause)));
    Ok(drifts)
}

/// What the lock says that is no longer true.
fn lock_drifts(lock: &Lock, stamp: &Stamp, expected: &Lock, drifts: &[Drift]) -> Vec<String> {
    let was = &lock.stamp;
    let mut causes = Vec::new();
    if was.tool != stamp.tool {
        causes.push(format!(
            "is from adcp-scaffold {}, this is {}",
            was.tool, stamp.tool
        ));
    }
    if was.runtime != stamp.runtime {
        causes.push(format!(
            "is for runtime {}, this tool has {}",
            was.runtime, stamp.runtime
        ));
    }
    if (&was.spec, &was.spec_version, &was.spec_hash)
        != (&stamp.spec, &stamp.spec_version, &stamp.spec_hash)
    {
        causes.push(format!(
            "is for AdCP {} ({}), the manifest and this tool have {} ({})",
            was.spec, was.spec_version, stamp.spec, stamp.spec_version
        ));
    }
    if was.manifest_hash != stamp.manifest_hash {
        causes.push("is for another text of `seller.toml`".to_owned());
    }
    let explained = |path: &str| drifts.iter().any(|drift| drift.path == path);
    for (path, entry) in &expected.files {
        match lock.files.get(path) {
            _ if explained(path) => {}
            None => causes.push(format!("has no entry for `{path}`")),
            Some(recorded) if recorded != entry => {
                causes.push(format!(
                    "has an entry for `{path}` that is not what the tool wrote"
                ));
            }
            Some(_) => {}
        }
    }
    for path in lock
        .files
        .keys()
        .filter(|path| !expected.files.contains_key(*path) && !explained(path))
    {
        causes.push(format!(
            "has an entry for `{path}`, which is no longer emitted"
        ));
    }
    causes
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
        Found::Missing => Err(WorkspaceError::NotSeller(root.to_path_buf())),
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
