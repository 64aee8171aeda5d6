//! What lies at a path, seen without ever following a symbolic link below the seller's folder.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::path::Path;

use super::error::{Doing, WorkspaceError};
use super::path::locate;
use super::text::{sha256, with_line_feeds};

/// What was found at the path of one of our files.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing.
    Missing,
    /// A regular file.
    File(Content),
    /// Something that must not be written through or over; the words follow the path in a message.
    Unusable(String),
}

/// A file as it lies on the disk.
#[derive(Debug)]
pub(super) struct Content {
    /// Byte for byte.
    pub(super) bytes: Vec<u8>,
    /// As set by whoever wrote it last.
    pub(super) permissions: Permissions,
}

impl Content {
    /// Whether the text is `other`, line ends aside. `other` uses line feeds.
    pub(super) fn says(&self, other: &[u8]) -> bool {
        self.bytes == other || with_line_feeds(&self.bytes).as_ref() == other
    }

    /// Whether the text has this hash, line ends aside.
    pub(super) fn has_hash(&self, hash: &str) -> bool {
        sha256(&self.bytes) == hash || sha256(&with_line_feeds(&self.bytes)) == hash
    }

    /// Whether its owner may execute it. Always `false` where no such bit exists.
    pub(super) fn is_executable(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            self.permissions.mode() & 0o100 != 0
        }
        #[cfg(not(unix))]
        {
            false
        }
    }
}

/// Looks at a checked relative path.
pub(super) fn observe(root: &Path, path: &str) -> Result<Found, WorkspaceError> {
    let mut place = root.to_path_buf();
    let segments: Vec<&str> = path.split('/').collect();
    for (at, segment) in segments.iter().enumerate() {
        place.push(segment);
        let last = at + 1 == segments.len();
        let Some(metadata) = metadata(&place)? else {
            return Ok(Found::Missing);
        };
        let parent = || segments[..=at].join("/");
        if metadata.file_type().is_symlink() {
            return Ok(Found::Unusable(if last {
                "is a symbolic link".to_owned()
            } else {
                format!("lies below the symbolic link `{}`", parent())
            }));
        }
        if last && !metadata.is_file() {
            return Ok(Found::Unusable("is not a regular file".to_owned()));
        }
        if !last && !metadata.is_dir() {
            return Ok(Found::Unusable(format!(
                "cannot exist because `{}` is not a folder",
                parent()
            )));
        }
        if last {
            return Ok(Found::File(Content {
                bytes: fs::read(&place).doing("read", &place)?,
                permissions: metadata.permissions(),
            }));
        }
    }
    Ok(Found::Missing)
}

fn metadata(place: &Path) -> Result<Option<Metadata>, WorkspaceError> {
    match fs::symlink_metadata(place) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).doing("look at", place),
    }
}

/// Another path that is on the disk and differs from `path` only in upper and lower case. On a
/// file system that folds case the two are one file, so both must not be in one tree.
pub(super) fn case_variant(root: &Path, path: &str) -> Result<Option<String>, WorkspaceError> {
    let mut folder = String::new();
    for segment in path.split('/') {
        let names = names_in(&if folder.is_empty() {
            root.to_path_buf()
        } else {
            locate(root, &folder)
        })?;
        if !folder.is_empty() {
            folder.push('/');
        }
        if names.iter().any(|name| name == segment) {
            folder.push_str(segment);
            continue;
        }
        let folded = segment.to_lowercase();
        return Ok(names
            .into_iter()
            .find(|name| name.to_lowercase() == folded)
            .map(|name| format!("{folder}{name}")));
    }
    Ok(None)
}

/// The names in a folder, sorted; none when there is no such folder. Names that are not UTF-8 can
/// neither be ours nor differ from ours in case alone.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, WorkspaceError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).doing("list", folder),
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.doing("list", folder)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The nearest folder at or above the parent of `path` that exists and that nobody may write to.
pub(super) fn read_only_folder(root: &Path, path: &str) -> Result<Option<String>, WorkspaceError> {
    let mut folder = path;
    while let Some((parent, _)) = folder.rsplit_once('/') {
        folder = parent;
        if let Some(metadata) = metadata(&locate(root, folder))? {
            return Ok(metadata.permissions().readonly().then(|| folder.to_owned()));
        }
    }
    let read_only = metadata(root)?.is_some_and(|metadata| metadata.permissions().readonly());
    Ok(read_only.then(|| ".".to_owned()))
}
