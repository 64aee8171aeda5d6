//! The store: a handful of primitives under everything that lasts.
//!
//! Media buys, accounts, creatives, idempotency records, tasks and the outbox are views over
//! these five operations. A backend that passes [`conformance`] can carry a seller; memory,
//! SQLite and an adopter's own store all run the same suite.
//!
//! # Contract
//!
//! * **A record** is a JSON document under a [`Key`]: scope, kind, id. Its revision starts at 1 and
//!   grows by one with every write. Deleting it ends the count: a record that is written again
//!   under the same key starts at 1, so what is compared by revision is not deleted and re-made.
//! * **[`Store::commit`] is atomic and durable.** All preconditions hold and all writes happen, or
//!   nothing does. When it returns, a crash of the process does not undo it. Two commits whose
//!   preconditions exclude each other never both succeed, from whichever process they come.
//! * **Reads see every commit that returned before they began**, from any process.
//! * **[`Store::list`]** returns records of one scope and kind in ascending order of
//!   `(sort, id)`, resumes strictly after a cursor, and never repeats or leaves out a record that
//!   was there unchanged for the whole walk.
//! * **Order is that of the bytes** of `sort` and `id` in UTF-8, the same on every backend.
//! * **[`Store::lease`]** hands a due record to one caller at a time, across processes, until the
//!   lease runs out or the record is written. It is no write: the revision stays, so that of two
//!   holders in a row (the first too slow) only one can write over it. Who needs longer writes the
//!   record with a later `due`.
//! * Time comes from the caller, and is kept to the microsecond. A store never reads a clock.
//! * **Limits**: an id, tenant, owner, tag or sort has at most [`Key::MAX_ID`] bytes and no NUL, all but
//!   tag and sort are never empty, a body has at most [`Draft::MAX_BODY`] bytes and
//!   [`Draft::MAX_DEPTH`] levels. What is outside them is refused on writing with
//!   [`StoreError::Limit`] and is not found on reading.

pub mod conformance;
mod limits;
pub mod memory;
mod open;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod wake;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::identity::Scope;
pub use open::{OpenError, open};

/// The most records that one [`Store::list`] or [`Store::lease`] of the backends here returns, so
/// that no query can ask for the whole store at once. Who wants more walks on with a cursor.
pub const MAX_LIST: usize = 1000;

/// A store that is shared by everything in the process.
pub type SharedStore = Arc<dyn Store>;

/// What a store's operations return.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where a record lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Tenant and owner.
    pub scope: Scope,
    /// What sort of record it is: `media_buy`.
    pub kind: &'static str,
    /// Its name, unique within scope and kind. At most [`Key::MAX_ID`] bytes.
    pub id: String,
}

impl Key {
    /// The longest id that a store must take, in bytes.
    pub const MAX_ID: usize = 1024;

    /// A key.
    pub fn new(scope: Scope, kind: &'static str, id: impl Into<String>) -> Self {
        Key {
            scope,
            kind,
            id: id.into(),
        }
    }
}

/// A record as it stands in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it lives.
    pub key: Key,
    /// How often it has been written: 1 after the first time.
    pub revision: u64,
    /// What it says.
    pub body: Arc<Value>,
    /// Its place in lists; the empty string when nothing else was said.
    pub sort: String,
    /// The values under which [`Query::tag`] finds it.
    pub tags: Vec<String>,
    /// When work on it is due; see [`Store::lease`].
    pub due: Option<Timestamp>,
}

/// What a batch expects of a key before it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Anything,
    /// That no record is there.
    Absent,
    /// That the record there has this revision.
    Revision(u64),
}

/// What a batch does to a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Only the expectation is checked.
    Keep,
    /// The record is written whole.
    Put(Draft),
    /// The record is removed; removing what is not there is no error.
    Delete,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What it says.
    pub body: Value,
    /// Its place in lists.
    pub sort: String,
    /// The values under which lists find it. Each is at most [`Key::MAX_ID`] bytes.
    pub tags: Vec<String>,
    /// When work on it becomes due, if ever. Writing a record ends any lease on it.
    pub due: Option<Timestamp>,
}

impl Draft {
    /// The longest body that a store must take, in bytes of JSON text. Four times the largest
    /// request, since a record may hold a request and its answer.
    pub const MAX_BODY: usize = 16 * 1024 * 1024;

    /// How deep a body may be nested. serde_json reads no deeper, and what was written must be
    /// readable.
    pub const MAX_DEPTH: usize = 127;

    /// A draft that is found by its key alone.
    pub fn new(body: Value) -> Self {
        Draft {
            body,
            sort: String::new(),
            tags: Vec::new(),
            due: None,
        }
    }

    /// Gives it a place in lists.
    pub fn sorted(mut self, sort: impl Into<String>) -> Self {
        self.sort = sort.into();
        self
    }

    /// Adds a value under which lists find it.
    pub fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Says when work on it becomes due.
    pub fn due(mut self, at: Timestamp) -> Self {
        self.due = Some(at);
        self
    }
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Expectation and change, key by key. A key appears at most once.
    pub writes: Vec<(Key, Expect, Change)>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Batch::default()
    }

    /// Writes a record that must not be there yet.
    pub fn insert(&mut self, key: Key, draft: Draft) -> &mut Self {
        self.push(key, Expect::Absent, Change::Put(draft))
    }

    /// Writes a record over the revision that was read.
    pub fn replace(&mut self, key: Key, revision: u64, draft: Draft) -> &mut Self {
        self.push(key, Expect::Revision(revision), Change::Put(draft))
    }

    /// Writes a record whatever is there.
    pub fn put(&mut self, key: Key, draft: Draft) -> &mut Self {
        self.push(key, Expect::Anything, Change::Put(draft))
    }

    /// Adds one expectation and change.
    pub fn push(&mut self, key: Key, expect: Expect, change: Change) -> &mut Self {
        self.writes.push((key, expect, change));
        self
    }

    /// Adds everything that another batch holds.
    pub fn append(&mut self, other: Batch) -> &mut Self {
        self.writes.extend(other.writes);
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

/// Which records to list.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Whose.
    pub scope: Scope,
    /// Of what sort.
    pub kind: &'static str,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those strictly after this `(sort, id)`.
    pub after: Option<(String, String)>,
    /// At most so many. A store may cap it, but not below [`MAX_LIST`].
    pub limit: usize,
}

/// Due work to be leased.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseRequest {
    /// Records of which sort, in all scopes.
    pub kind: &'static str,
    /// The present instant: records whose `due` is not later are due.
    pub now: Timestamp,
    /// When the lease runs out. Until then no other call is handed the record.
    pub until: Timestamp,
    /// At most so many, those due longest first.
    pub limit: usize,
}

/// Why a store could not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expectation did not hold; nothing was written.
    #[error("the record {0} was changed meanwhile")]
    Conflict(Box<Key>),
    /// A key, tag or body is outside the store's limits; nothing was written.
    #[error("{0}")]
    Limit(String),
    /// The backend failed. Whether a commit happened is not known.
    #[error("{what}")]
    Backend {
        /// What was being done.
        what: String,
        /// What the backend said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// A failure of the backend: what was being done, and what it said.
    pub fn backend(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        StoreError::Backend {
            what: what.into(),
            source: source.into(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.scope.tenant.0, self.scope.owner, self.kind, self.id
        )
    }
}

/// The five primitives. See the module's contract.
pub trait Store: Send + Sync + 'static {
    /// The record under a key, if there is one.
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>>;

    /// Some records of one scope and kind, in order.
    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>>;

    /// Carries out a batch.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] names the first key whose expectation did not hold.
    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()>;

    /// Hands out due work.
    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>>;

    /// Returns when something of that kind may have become due through a commit, at the latest
    /// after a second. A hint, not a promise: callers look with [`Store::lease`] anyway.
    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// Whether what is committed outlives the process.
    fn is_durable(&self) -> bool;
}
