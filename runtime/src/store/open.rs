//! From what an operator types (`SELLER_STORE`) to a store that is ready.

use super::SharedStore;
use super::memory::MemoryStore;

/// Why a store could not be opened: which one, why, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("can't open the store {place}: {cause}; {remedy}")]
pub struct OpenError {
    /// The store, without credentials.
    pub place: String,
    /// What is wrong.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
    /// What the backend said, if it said anything.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl OpenError {
    pub(super) fn new(
        place: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        OpenError {
            place: place.into(),
            cause: cause.into(),
            remedy: remedy.into(),
            source: None,
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}

const FORMS: &str = "say memory: or sqlite:PATH";

/// Opens the store that `url` names: `memory:` (forgets everything, for development) or
/// `sqlite:PATH`, where PATH is relative to the working folder. A missing folder of such a PATH is
/// made; one of an absolute PATH is an error, since that more likely is a volume that is not
/// mounted, and a store beside it would be forgotten. Blocks while a file is prepared, so it
/// belongs before the seller starts to serve.
///
/// # Errors
///
/// [`OpenError`], whose text is meant for the operator.
pub fn open(url: &str) -> Result<SharedStore, OpenError> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(OpenError::new(
            format!("{url:?}"),
            "it names no kind of store",
            FORMS,
        ));
    };
    match scheme {
        "memory" if rest.is_empty() => Ok(std::sync::Arc::new(MemoryStore::new())),
        "memory" => Err(OpenError::new(
            format!("{url:?}"),
            "a store in memory has no name",
            "say memory:",
        )),
        "sqlite" => open_sqlite(url, rest),
        // Only the scheme is repeated: the rest may hold a password, and this text is logged.
        "postgres" | "postgresql" => Err(OpenError::new(
            format!("{scheme}:"),
            "PostgreSQL is not supported yet",
            FORMS,
        )),
        _ => Err(OpenError::new(
            format!("{scheme}:"),
            "there is no such kind of store",
            FORMS,
        )),
    }
}

#[cfg(feature = "sqlite")]
fn open_sqlite(url: &str, rest: &str) -> Result<SharedStore, OpenError> {
    // Both sqlite:seller.db and sqlite:///var/lib/seller.db are common ways to write it.
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        return Err(OpenError::new(
            format!("{url:?}"),
            "it names no file",
            "say sqlite:PATH, for example sqlite:seller.db",
        ));
    }
    if path == ":memory:" {
        return Err(OpenError::new(
            format!("{url:?}"),
            "a SQLite database in memory is not offered",
            "say memory: for a store that forgets everything",
        ));
    }
    if path.contains('?') {
        return Err(OpenError::new(
            format!("{url:?}"),
            "options after the path are not understood",
            "say sqlite:PATH without a question mark",
        ));
    }
    if path.starts_with('~') {
        return Err(OpenError::new(
            format!("{url:?}"),
            "only a shell knows what ~ stands for",
            "write the whole path",
        ));
    }
    if path.ends_with(['/', std::path::MAIN_SEPARATOR]) {
        return Err(OpenError::new(
            format!("{url:?}"),
            "it names a folder",
            "name a file in it",
        ));
    }
    let store = super::sqlite::SqliteStore::open(path)?;
    Ok(std::sync::Arc::new(store))
}

#[cfg(not(feature = "sqlite"))]
fn open_sqlite(url: &str, _rest: &str) -> Result<SharedStore, OpenError> {
    Err(OpenError::new(
        format!("{url:?}"),
        "this seller was built without SQLite",
        "build adcp-seller with its feature sqlite, or say memory:",
    ))
}
