//! What stops the workspace from working at all. What a run finds in the tree and refuses is a
//! [`Problem`](super::Problem), which is a finding and no error.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the tree could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// `new` was pointed at a folder that holds something.
    #[error("{0}: the folder is not empty, choose another one or empty it first")]
    NotEmpty(PathBuf),
    /// `new` was pointed at a file or a dangling link.
    #[error("{path}: it {what}, choose another name or remove it first")]
    NotFolder {
        /// What `new` was to write.
        path: PathBuf,
        /// What it is, as a verb phrase.
        what: &'static str,
    },
    /// `new` was pointed at a seller.
    #[error("{0}: a seller is here already, use `adcp-scaffold regenerate` to bring it up to date")]
    AlreadySeller(PathBuf),
    /// There is no lock.
    #[error(
        "{0}: no seller here (`.adcp/lock.toml` is missing), make one with `adcp-scaffold new` or name its folder"
    )]
    NotSeller(PathBuf),
    /// There is a manifest or a stored base, but no lock.
    #[error(
        "{0}: `.adcp/lock.toml` is missing, restore it from version control; from a manifest alone `adcp-scaffold new DIR --manifest FILE` makes a seller in a folder of its own"
    )]
    LockLost(PathBuf),
    /// The lock cannot be used.
    #[error("{path}: {cause}, {remedy}")]
    Lock {
        /// Where the lock lies.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Another run holds the tree.
    #[error("{0}: another run of adcp-scaffold is writing here, wait until it has ended")]
    Busy(PathBuf),
    /// The list of outstanding renames cannot be used.
    #[error(
        "{path}: the interrupted run cannot be finished ({cause}), delete `.adcp/staging` and compare the tree with version control"
    )]
    Journal {
        /// Where the journal lies.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A rendered path would leave the folder or hit another file. A defect of the templates.
    #[error("`{path}` cannot be emitted: {cause}, please report it as a defect of adcp-scaffold")]
    Emitted {
        /// As rendered.
        path: String,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// One of the tool's own files cannot be written safely.
    #[error("{path}: the tool's own file {cause}, put a regular file in its place or delete it")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The operating system said no.
    #[error("{path}: could not {action}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a verb phrase.
        action: &'static str,
        /// What the system answered.
        source: io::Error,
    },
    /// The swap began and could not be finished; the journal keeps what is owed.
    #[error(
        "{source}; the run is half done and nothing is lost, remove the cause and run `adcp-scaffold regenerate` to finish it"
    )]
    Interrupted {
        /// What stopped the swap.
        source: Box<WorkspaceError>,
    },
}

/// Turns an I/O result into one that names place and action.
pub(super) trait Doing<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, WorkspaceError> {
        self.map_err(|source| WorkspaceError::Io {
            path: path.to_path_buf(),
            action,
            source,
        })
    }
}
