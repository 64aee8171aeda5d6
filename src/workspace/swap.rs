//! Staged writing. All new contents are written to `.adcp/staging` first; then a journal says
//! which renames follow; then the renames happen, the lock last. Before the journal is in place
//! nothing of the old tree has changed; from then on the run is committed, and whoever comes next
//! finishes it with the same code that does it now.
//!
//! It never overwrites a file that changed after it was looked at: the journal holds the hash of
//! what was found, and a file that no longer has it keeps its contents, its base and its lock entry.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, Mode};
use super::error::{Doing, WorkspaceError};
use super::lock::{Lock, is_hash};
use super::path::{
    BASE, IGNORE, JOURNAL, LOCK, MANIFEST, OWN, STAGING, base_of, is_emittable, is_portable, locate,
};
use super::text::sha256;
use super::tree::{Found, names_in, observe};

/// The format of the journal. A newer tool that changes it must still finish an older one.
const FORMAT: u32 = 1;

/// One change of the tree, decided and not yet made.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) path: String,
    /// SHA-256 of what was found there.
    pub(super) was: Option<String>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Put { contents: Vec<u8>, mode: Mode },
    Delete,
}

/// Whether a run waits for the disk. A fresh seller can be made again with one command, so only
/// runs over an adopter's edits pay for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Outlives a loss of power.
    Synced,
    /// Outlives the end of the process.
    Cached,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    format: u32,
    steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    was: Option<String>,
    /// The number of the staged file; without one the step deletes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    staged: Option<usize>,
}

/// What a swap did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Swapped {
    /// Files that changed between the look and the rename, left as they are.
    pub(super) skipped: Vec<String>,
}

/// Whether a run was interrupted here and waits to be finished.
pub(super) fn is_pending(root: &Path) -> Result<bool, WorkspaceError> {
    Ok(matches!(observe(root, JOURNAL)?, Found::File(_)))
}

/// Writes all operations so that the tree is old or new, never lost between.
pub(super) fn swap(
    root: &Path,
    disk: &dyn Disk,
    operations: &[Operation],
    durability: Durability,
) -> Result<Swapped, WorkspaceError> {
    if operations.is_empty() {
        return Ok(Swapped::default());
    }
    if let Err(error) = stage(root, disk, operations, durability) {
        // The old tree is whole. What was staged is of no use; if it cannot be removed either
        // (the disk may be gone), the next run removes it.
        let _ = clear(root, disk);
        return Err(error);
    }
    finish(root, disk, durability)
}

fn stage(
    root: &Path,
    disk: &dyn Disk,
    operations: &[Operation],
    durability: Durability,
) -> Result<(), WorkspaceError> {
    let staging = locate(root, STAGING);
    disk.create_directory(&staging).doing("create", &staging)?;
    let durable = durability == Durability::Synced;
    let mut steps = Vec::with_capacity(operations.len());
    for (number, operation) in operations.iter().enumerate() {
        let staged = match &operation.kind {
            Kind::Delete => None,
            Kind::Put { contents, mode } => {
                let place = staging.join(number.to_string());
                disk.write(&place, contents, mode, durable)
                    .doing("write", &place)?;
                Some(number)
            }
        };
        steps.push(Step {
            path: operation.path.clone(),
            was: operation.was.clone(),
            staged,
        });
    }
    let journal = locate(root, JOURNAL);
    let text = serde_json::to_vec_pretty(&Journal {
        format: FORMAT,
        steps,
    })
    .map_err(io::Error::other)
    .doing("describe", &journal)?;
    let draft = staging.join("draft.json");
    disk.write(&draft, &text, &Mode::Plain, durable)
        .doing("write", &draft)?;
    if durable {
        disk.sync_directory(&staging).doing("sync", &staging)?;
    }
    disk.rename(&draft, &journal).doing("rename", &draft)
}

/// Finishes the run whose journal lies in the staging folder, or throws away what was staged
/// without one. Safe to call at any time and any number of times.
pub(super) fn finish(
    root: &Path,
    disk: &dyn Disk,
    durability: Durability,
) -> Result<Swapped, WorkspaceError> {
    match observe(root, JOURNAL)? {
        Found::Missing => {
            clear(root, disk)?;
            Ok(Swapped::default())
        }
        Found::Unusable(cause) => Err(journal_error(root, cause)),
        Found::File(journal) => {
            let steps = parse(root, &journal.bytes)?;
            let swapped = roll_forward(root, disk, &steps, durability)
                .and_then(|swapped| clear(root, disk).map(|()| swapped));
            swapped.map_err(|source| WorkspaceError::Interrupted {
                source: Box::new(source),
            })
        }
    }
}

fn parse(root: &Path, bytes: &[u8]) -> Result<Vec<Step>, WorkspaceError> {
    let journal: Journal =
        serde_json::from_slice(bytes).map_err(|error| journal_error(root, error.to_string()))?;
    if journal.format != FORMAT {
        return Err(journal_error(
            root,
            format!("its format is {}", journal.format),
        ));
    }
    for step in &journal.steps {
        let path = step.path.as_str();
        let own = [LOCK, IGNORE, MANIFEST].contains(&path)
            || path
                .strip_prefix(BASE)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(is_emittable);
        if !is_portable(path) || !(own || is_emittable(path)) {
            return Err(journal_error(
                root,
                format!("`{path}` is no path that this tool writes"),
            ));
        }
        if step.was.as_deref().is_some_and(|was| !is_hash(was)) {
            return Err(journal_error(root, format!("`{path}` has no valid hash")));
        }
    }
    Ok(journal.steps)
}

fn journal_error(root: &Path, cause: String) -> WorkspaceError {
    WorkspaceError::Journal {
        path: locate(root, JOURNAL),
        cause,
    }
}

fn roll_forward(
    root: &Path,
    disk: &dyn Disk,
    steps: &[Step],
    durability: Durability,
) -> Result<Swapped, WorkspaceError> {
    let mut swapped = Swapped::default();
    let mut touched = BTreeSet::new();
    for step in steps {
        let of_skipped = step.path.strip_prefix(BASE).is_some_and(|rest| {
            swapped
                .skipped
                .iter()
                .any(|path| rest.strip_prefix('/') == Some(path))
        });
        if of_skipped {
            continue;
        }
        if step.path == LOCK && !swapped.skipped.is_empty() {
            keep_skipped_entries(root, disk, step, &swapped.skipped, durability)?;
        } else if !perform(root, disk, step)? {
            swapped.skipped.push(step.path.clone());
        }
        touched.insert(
            step.path
                .rsplit_once('/')
                .map_or(String::new(), |(folder, _)| folder.to_owned()),
        );
    }
    if durability == Durability::Synced {
        for folder in touched {
            let place = if folder.is_empty() {
                root.to_path_buf()
            } else {
                locate(root, &folder)
            };
            if place.is_dir() {
                disk.sync_directory(&place).doing("sync", &place)?;
            }
        }
    }
    Ok(swapped)
}

/// Makes one step. `false` when the file is not the one that was looked at.
fn perform(root: &Path, disk: &dyn Disk, step: &Step) -> Result<bool, WorkspaceError> {
    let place = locate(root, &step.path);
    let staged = step
        .staged
        .map(|number| locate(root, STAGING).join(number.to_string()));
    if let Some(staged) = &staged
        && !staged.exists()
    {
        // Renamed by an earlier attempt; what lies there now may have been edited since.
        return Ok(true);
    }
    let found = match observe(root, &step.path)? {
        Found::Missing => None,
        Found::File(content) => Some(sha256(&content.bytes)),
        Found::Unusable(_) => return Ok(false),
    };
    match staged {
        Some(staged) if found == step.was => {
            make_folders(root, disk, &step.path)?;
            disk.rename(&staged, &place).doing("write", &place)?;
            Ok(true)
        }
        None if found.is_none() => Ok(true),
        None if found == step.was => {
            disk.remove_file(&place).doing("remove", &place)?;
            remove_empty_folders(root, disk, &step.path)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Writes the new lock with the old entries of the files that were skipped, so that the next run
/// merges them from the base that they really have.
fn keep_skipped_entries(
    root: &Path,
    disk: &dyn Disk,
    step: &Step,
    skipped: &[String],
    durability: Durability,
) -> Result<(), WorkspaceError> {
    let Some(number) = step.staged else {
        return Ok(());
    };
    let staged = locate(root, STAGING).join(number.to_string());
    let new = fs::read(&staged).doing("read", &staged)?;
    let mut lock = Lock::parse(root, &new)?;
    let place = locate(root, LOCK);
    let old = match observe(root, LOCK)? {
        Found::File(content) => Some(Lock::parse(root, &content.bytes)?),
        _ => None,
    };
    for path in skipped {
        match old.as_ref().and_then(|old| old.files.get(path)) {
            Some(entry) => lock.files.insert(path.clone(), entry.clone()),
            None => lock.files.remove(path),
        };
    }
    let adjusted = locate(root, STAGING).join("lock.toml");
    disk.write(
        &adjusted,
        lock.text().as_bytes(),
        &Mode::Plain,
        durability == Durability::Synced,
    )
    .doing("write", &adjusted)?;
    disk.rename(&adjusted, &place).doing("write", &place)
}

fn make_folders(root: &Path, disk: &dyn Disk, path: &str) -> Result<(), WorkspaceError> {
    let Some((folder, _)) = path.rsplit_once('/') else {
        return Ok(());
    };
    if locate(root, folder).is_dir() {
        return Ok(());
    }
    make_folders(root, disk, folder)?;
    let place = locate(root, folder);
    disk.create_directory(&place).doing("create", &place)
}

/// Removes the folders that a deleted file leaves empty, up to the seller's own.
fn remove_empty_folders(root: &Path, disk: &dyn Disk, path: &str) -> Result<(), WorkspaceError> {
    let mut folder = path;
    while let Some((parent, _)) = folder.rsplit_once('/') {
        folder = parent;
        let place = locate(root, folder);
        let is_empty = fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_none());
        if folder == OWN || !is_empty {
            break;
        }
        disk.remove_directory(&place).doing("remove", &place)?;
    }
    Ok(())
}

/// Removes the staging folder, the journal first, so that no half of it is ever taken for a whole.
fn clear(root: &Path, disk: &dyn Disk) -> Result<(), WorkspaceError> {
    let staging = locate(root, STAGING);
    let journal = locate(root, JOURNAL);
    if fs::symlink_metadata(&journal).is_ok() {
        disk.remove_file(&journal).doing("remove", &journal)?;
    }
    for name in names_in(&staging)? {
        let place = staging.join(name);
        disk.remove_file(&place).doing("remove", &place)?;
    }
    if staging.is_dir() {
        disk.remove_directory(&staging).doing("remove", &staging)?;
    }
    Ok(())
}

/// The operation that brings the base of `path` to `contents`, if it is not there yet.
pub(super) fn base_operation(
    root: &Path,
    path: &str,
    contents: Option<&str>,
) -> Result<Option<Operation>, WorkspaceError> {
    own_operation(root, &base_of(path), contents)
}

/// The operation that brings a file of the tool's own folder to `contents`, if it is not there yet.
pub(super) fn own_operation(
    root: &Path,
    path: &str,
    contents: Option<&str>,
) -> Result<Option<Operation>, WorkspaceError> {
    let found = match observe(root, path)? {
        Found::Missing => None,
        Found::File(content) => Some(content),
        Found::Unusable(cause) => {
            return Err(WorkspaceError::Unusable {
                path: locate(root, path),
                cause,
            });
        }
    };
    let is_there = match (&found, contents) {
        (Some(content), Some(contents)) => content.says(contents.as_bytes()),
        (None, None) => true,
        _ => false,
    };
    if is_there {
        return Ok(None);
    }
    let kind = match contents {
        Some(contents) => Kind::Put {
            contents: contents.as_bytes().to_vec(),
            mode: Mode::Plain,
        },
        None => Kind::Delete,
    };
    Ok(Some(Operation {
        path: path.to_owned(),
        was: found.map(|content| sha256(&content.bytes)),
        kind,
    }))
}
