//! Work that is due: how any process of the seller is handed it, and how it writes what came of it.

use chrono::TimeDelta;

use super::Services;
use super::records::Kept;
use crate::error::{Error, Result};
use crate::store::{Batch, LeaseRequest, Record, StoreError};

/// What is due of one kind, at most so much, kept from others for a while. A store that fails has
/// nothing due: whoever asks asks again.
pub(crate) async fn due<T: Kept>(
    services: &Services,
    kept_for: TimeDelta,
    limit: usize,
) -> Vec<Record> {
    if limit == 0 {
        return Vec::new();
    }
    let now = services.clock.now();
    let request = LeaseRequest {
        kind: T::KIND,
        now,
        until: now + kept_for,
        limit,
    };
    services
        .store
        .lease(&request)
        .await
        .unwrap_or_else(|error| {
            tracing::warn!(%error, kind = T::KIND, "what is due could not be looked up");
            Vec::new()
        })
}

/// Commits, unless somebody else was faster; says whether.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store fails; `INTERNAL_ERROR` when it can't keep what is written.
pub(crate) async fn commit(services: &Services, batch: Batch) -> Result<bool> {
    match services.store.commit(batch).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error @ StoreError::Limit(_)) => Err(Error::internal(error)),
        Err(error) => Err(Error::unavailable(error)),
    }
}
