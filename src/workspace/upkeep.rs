//! The tool's own folder: what in it is no longer true although no file of the seller shows it, and
//! whether it was written by something newer than this tool. Looks, and writes nothing.

use std::cmp::Ordering;
use std::path::Path;

use super::change::{Drift, Problem, ProblemKind, REGENERATE};
use super::error::WorkspaceError;
use super::lock::{Lock, Stamp};
use super::path::{LOCK, base_of};
use super::reconcile::Reconciled;
use super::tree::{Found, observe};
use crate::render::Zone;

/// What stops this tool from touching the tree: it would take a newer one's work back.
pub(super) fn newer_than_here(lock: &Lock, stamp: &Stamp) -> Vec<Problem> {
    let was = &lock.stamp;
    let problem = |kind| Problem {
        path: LOCK.to_owned(),
        kind,
    };
    if is_newer(&was.tool, &stamp.tool) {
        // An older tool can't know whether its schemas are older as well.
        return vec![problem(ProblemKind::NewerTool {
            lock: was.tool.clone(),
            here: stamp.tool.clone(),
        })];
    }
    if was.spec == stamp.spec && is_newer(&was.spec_version, &stamp.spec_version) {
        return vec![problem(ProblemKind::NewerSpec {
            lock: was.spec_version.clone(),
            here: stamp.spec_version.clone(),
        })];
    }
    Vec::new()
}

/// What a run brings up to date in the tool's own folder and nowhere else.
pub(super) fn upkeep(
    root: &Path,
    lock: &Lock,
    stamp: &Stamp,
    reconciled: &Reconciled,
) -> Result<Vec<Drift>, WorkspaceError> {
    let mut drifts = Vec::new();
    let mut found = |path: String, cause: String| {
        drifts.push(Drift {
            path,
            cause,
            remedy: REGENERATE.to_owned(),
        });
    };
    for (path, expected) in &reconciled.lock.files {
        let Some(entry) = lock.files.get(path) else {
            continue;
        };
        let is_told = reconciled
            .problems
            .iter()
            .any(|problem| problem.path == *path && problem.kind == ProblemKind::BaseDamaged);
        if entry.zone != Zone::Seeded || expected.zone != Zone::Seeded || is_told {
            continue;
        }
        let base = base_of(path);
        match observe(root, &base)? {
            Found::File(stored)
                if stored.has_hash(&entry.sha256) || stored.has_hash(&expected.sha256) => {}
            Found::File(_) => found(base, "is not what the tool wrote".to_owned()),
            _ => found(
                base,
                "is missing: later runs merge your edits with it".to_owned(),
            ),
        }
    }
    for cause in lock_causes(lock, stamp, reconciled) {
        found(LOCK.to_owned(), cause);
    }
    Ok(drifts)
}

/// What the lock says that is no longer true.
fn lock_causes(lock: &Lock, stamp: &Stamp, reconciled: &Reconciled) -> Vec<String> {
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
    if (&was.spec, &was.spec_version) != (&stamp.spec, &stamp.spec_version) {
        causes.push(format!(
            "is for AdCP {} ({}), the manifest and this tool have {} ({})",
            was.spec, was.spec_version, stamp.spec, stamp.spec_version
        ));
    } else if was.spec_hash != stamp.spec_hash {
        causes.push(format!(
            "is for another bundle of AdCP {} than the one here",
            was.spec_version
        ));
    }
    if was.manifest_hash != stamp.manifest_hash {
        causes.push("is for other values in `seller.toml`".to_owned());
    }
    let expected = &reconciled.lock;
    let explained = |path: &str| {
        let changed = reconciled
            .changes
            .iter()
            .any(|change| change.path == path && change.action.is_change());
        changed
            || reconciled
                .problems
                .iter()
                .any(|problem| problem.path == path)
    };
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

/// Whether a version comes after another. What is no version comes after none.
fn is_newer(left: &str, right: &str) -> bool {
    match (parts(left), parts(right)) {
        (Some(left), Some(right)) => left.cmp(&right) == Ordering::Greater,
        _ => false,
    }
}

/// The numbers of `1.2.3-rc.1`, and whether it is a release: a draft comes before its release.
fn parts(version: &str) -> Option<(Vec<u64>, bool)> {
    let version = version.split('+').next()?;
    let (numbers, draft) = match version.split_once('-') {
        Some((numbers, _)) => (numbers, true),
        None => (version, false),
    };
    let numbers = numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    Some((numbers, !draft))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(is_newer("0.10.0", "0.9.0"));
        assert!(is_newer("1.0.0", "1.0.0-rc.1"));
        assert!(is_newer("3.0.18", "3.0.6"));
        for (left, right) in [("0.1.0", "0.1.0"), ("0.1.0", "0.2.0"), ("latest", "0.1.0")] {
            assert!(!is_newer(left, right), "{left} {right}");
        }
    }
}
