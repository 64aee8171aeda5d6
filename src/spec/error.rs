//! What can be wrong with a bundle, said with the place, the cause and the remedy.

use std::path::PathBuf;

/// Why a bundle of AdCP schemas could not be read, imported, stored or found.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file system said no.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The result could not be stored.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nothing in there looks like AdCP schemas.
    #[error(
        "{path} holds no AdCP schemas: no manifest.json with `adcp_version` and `tools` in it or \
         below; give the schema folder of @adcp/sdk or adcp, or the protocol's own <version>.tgz"
    )]
    NotABundle {
        /// What was looked at.
        path: PathBuf,
    },
    /// More than one line in one place.
    #[error("{path} holds several AdCP versions ({found}); give the folder of the one to add")]
    Ambiguous {
        /// What was looked at.
        path: PathBuf,
        /// The folders that hold a manifest.
        found: String,
    },
    /// The archive can't be unpacked.
    #[error("{path} is not a whole .tgz archive: {reason}; fetch it again")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What the unpacker said.
        reason: String,
    },
    /// An archive entry that points outside of the archive, or a link.
    #[error("{path}: entry {entry} {reason}; this is no official bundle, do not use it")]
    UnsafeEntry {
        /// The archive.
        path: PathBuf,
        /// The entry's path as the archive gives it.
        entry: String,
        /// What is unsafe about it.
        reason: &'static str,
    },
    /// Larger than any official bundle by far.
    #[error("{path}: {what} exceeds the limit of {limit}; official bundles stay far below it")]
    TooLarge {
        /// The bundle.
        path: PathBuf,
        /// What is too large.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// The checksum file beside the archive disagrees with it.
    #[error("{path} has sha256 {found}, but {path}.sha256 says {expected}; fetch both again")]
    Checksum {
        /// The archive.
        path: PathBuf,
        /// What the file beside it says.
        expected: String,
        /// What the archive really has.
        found: String,
    },
    /// The file beside the archive holds no checksum.
    #[error(
        "{path}.sha256 holds no checksum (64 hexadecimal digits); fetch it again, or remove it"
    )]
    NoChecksum {
        /// The archive.
        path: PathBuf,
    },
    /// A file is not JSON.
    #[error("{file}:{line}:{column}: {reason}; the bundle is damaged, fetch it again")]
    Json {
        /// The file, below the schema root.
        file: String,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What the parser said.
        reason: String,
    },
    /// A schema says something that can't be followed.
    #[error("{file}#{pointer}: {reason}; {remedy}")]
    Schema {
        /// The file, below the schema root.
        file: String,
        /// JSON Pointer into the file.
        pointer: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// Two schemas would get the same type name.
    #[error(
        "{first} and {second} would both be named `{name}`; name one of them in names.toml: \
         under [files] add \"{second}\" = \"…\""
    )]
    Collision {
        /// The name.
        name: String,
        /// The schema that has it.
        first: String,
        /// The schema that wants it too.
        second: String,
    },
    /// The map of names is not valid.
    #[error("names.toml: {reason}")]
    Names {
        /// What is wrong, with the place.
        reason: String,
    },
    /// A stored line is damaged.
    #[error(
        "your own AdCP line {line} can't be used: {reason}; add it again with `adcp-scaffold spec add \
         PATH`, or do without it: `adcp-scaffold spec remove {line}`"
    )]
    Stored {
        /// The line.
        line: String,
        /// What is wrong.
        reason: String,
    },
    /// What we built into the tool can't be read.
    #[error(
        "adcp-scaffold's own {file} is damaged: {reason}; install it again, and report this if it stays"
    )]
    BuiltIn {
        /// The file in our repository.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// No such line.
    #[error(
        "AdCP line {line} is not known (known: {known}); add its official bundle with `spec add PATH`"
    )]
    Unknown {
        /// The line asked for.
        line: String,
        /// The lines there are.
        known: String,
    },
    /// There is no place for user-added lines.
    #[error("no data folder: set ADCP_SCAFFOLD_HOME, XDG_DATA_HOME or HOME")]
    NoHome,
}

impl SpecError {
    /// A fault in what is built in.
    pub(super) fn built_in(file: impl Into<String>, reason: &impl ToString) -> Self {
        Self::BuiltIn {
            file: file.into(),
            reason: reason.to_string(),
        }
    }

    /// A schema error with its place.
    pub(super) fn schema(
        file: &str,
        pointer: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Schema {
            file: file.to_owned(),
            pointer: pointer.to_owned(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}
