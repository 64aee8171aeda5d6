//! Connections that only read, lent to one caller at a time.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rows::ReadError;
use super::schema;
use crate::store::StoreError;
use crate::store::open::OpenError;

/// As many connections as reads can make progress at once.
#[derive(Debug)]
pub(super) struct Readers {
    free: Arc<Semaphore>,
    connections: Mutex<Vec<Connection>>,
}

/// A connection on loan; it goes back when this is dropped.
struct Loan {
    readers: Arc<Readers>,
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let count = std::thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, 8);
        let connections = (0..count)
            .map(|_| schema::open_for_reading(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Readers {
            free: Arc::new(Semaphore::new(count)),
            connections: Mutex::new(connections),
        })
    }

    /// Reads on the caller's own thread, without waiting for locks of other processes.
    pub(super) async fn here<T>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let loan = self.lend().await?;
        read(loan.connection()?)
    }

    /// Reads on a blocking thread, waiting for locks if need be.
    pub(super) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let loan = self.lend().await.map_err(ReadError::into_store_error)?;
        let work = move || {
            let connection = loan.connection()?;
            schema::set_patient(connection, true)?;
            let answer = read(connection);
            schema::set_patient(connection, false)?;
            answer
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer.map_err(ReadError::into_store_error),
            Err(error) => Err(StoreError::backend(
                "the store's reading thread stopped",
                error,
            )),
        }
    }

    async fn lend(self: &Arc<Self>) -> Result<Loan, ReadError> {
        let permit = self
            .free
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| ReadError::Closed)?;
        let connection = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        Ok(Loan {
            readers: self.clone(),
            connection,
            _permit: permit,
        })
    }
}

impl Loan {
    fn connection(&self) -> Result<&Connection, ReadError> {
        // There is one connection for each permit, so this fails only if that is broken.
        self.connection.as_ref().ok_or(ReadError::Closed)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.readers
                .connections
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}
