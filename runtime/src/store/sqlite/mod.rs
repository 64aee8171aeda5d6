//! A store in one SQLite file: the default, for a seller that runs on one machine.
//!
//! # How it works
//!
//! One thread writes. Batches that wait while it syncs are carried out together in the next
//! transaction, each in a savepoint of its own, so that many commits share one sync of the disk
//! and each is still all or nothing. Reads run beside it on connections of their own
//! (write-ahead log): a `get` on the caller's thread, because a few cached pages cost less than a
//! change of thread, everything longer on a blocking one.
//!
//! # Durability
//!
//! `synchronous = FULL`: a commit returns after the log is synced. `NORMAL` would be faster and
//! survive a crash of the process, but not a power cut, and an acknowledged `create_media_buy` is
//! a contract: if it were forgotten, the buyer's retry would book a second time. Group commit
//! pays for most of the difference.
//!
//! # Several processes
//!
//! May share the file on one machine: every write begins with SQLite's own lock. They may not
//! share it over a network file system, where that lock and the log's shared memory don't work.

mod group;
mod readers;
mod rows;
mod schema;
mod writer;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use super::open::OpenError;
use super::wake::Bells;
use super::{Batch, Key, LeaseRequest, Query, Record, Store, StoreError, StoreFuture};
use readers::Readers;
use writer::Writer;

/// A store in a SQLite file. Dropping it waits until what was asked of it is written.
#[derive(Debug)]
pub struct SqliteStore {
    // Declared, and so dropped, before the writer: the connection that closes last tidies the log
    // away, and a read-only one can't.
    readers: Arc<Readers>,
    writer: Writer,
    bells: Arc<Bells>,
}

impl SqliteStore {
    /// Opens the file, creating it (readable by its owner only) when it is not there and bringing
    /// it up to this version's schema.
    ///
    /// # Errors
    ///
    /// [`OpenError`] for a missing folder, a file that can't be written, that is no SQLite
    /// database, that belongs to another program or that a newer version has written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let connection = schema::open_for_writing(path)?;
        let readers = Arc::new(Readers::open(path)?);
        let bells = Arc::new(Bells::default());
        let writer = Writer::start(connection, bells.clone())
            .map_err(|error| schema::explain_io(path, error))?;
        Ok(SqliteStore {
            readers,
            writer,
            bells,
        })
    }
}

impl Store for SqliteStore {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            match self
                .readers
                .here(|connection| rows::get(connection, key))
                .await
            {
                // Rare: another process repairs the log. Waiting for it must not hold up others.
                Err(error) if error.is_busy() => {
                    let key = key.clone();
                    self.readers
                        .aside(move |connection| rows::get(connection, &key))
                        .await
                }
                answer => answer.map_err(rows::ReadError::into_store_error),
            }
        })
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let query = query.clone();
            self.readers
                .aside(move |connection| rows::list(connection, &query))
                .await
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.commit(batch))
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            // Looking costs no sync; most of the time nothing is due.
            let look = request.clone();
            let any = self
                .readers
                .aside(move |connection| rows::any_due(connection, &look))
                .await?;
            if any {
                self.writer.lease(request.clone()).await
            } else {
                Ok(Vec::new())
            }
        })
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(self.bells.wait(kind))
    }

    fn is_durable(&self) -> bool {
        true
    }
}

/// A failure of SQLite while the store was at work.
fn failed(what: &str, error: rusqlite::Error) -> StoreError {
    StoreError::backend(format!("the store could not {what}"), error)
}
