//! Records leave the store when nobody can ask for them any more.
//!
//! What is due is no longer kept: a record's `due` is the one thing that is looked at here, and
//! each sort of record sets it by its own rules. Removing happens over the revision that was
//! found, so that a record which somebody takes up at that moment stays.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::idempotency;
use crate::ops::Services;
use crate::ops::proposals::Proposal;
use crate::ops::records::Kept;
use crate::store::{Batch, Change, Expect, LeaseRequest, StoreError};

/// What is removed when it is due: answers to idempotency keys, and proposals that nobody bought.
const KINDS: [&str; 2] = [idempotency::KIND, Proposal::KIND];
/// How often the sweeper looks.
const PERIOD: Duration = Duration::from_secs(60);
/// How many records it takes at a time.
const PORTION: usize = 200;

/// Removes records that are due until it is told to stop.
pub(crate) async fn sweep(services: &Services, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(PERIOD))
        .await
        .is_some()
    {
        for kind in KINDS {
            while let Some(PORTION..) = portion(services, kind).await {}
        }
    }
}

/// Removes one portion and says how many records it had.
async fn portion(services: &Services, kind: &'static str) -> Option<usize> {
    let now = services.clock.now();
    let request = LeaseRequest {
        kind,
        now,
        until: now + TimeDelta::minutes(5),
        limit: PORTION,
    };
    let due = match services.store.lease(&request).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, kind, "records that are no longer kept could not be looked up");
            return None;
        }
    };
    let count = due.len();
    for record in due {
        let mut batch = Batch::new();
        batch.push(
            record.key,
            Expect::Revision(record.revision),
            Change::Delete,
        );
        match services.store.commit(batch).await {
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => {
                tracing::warn!(%error, kind, "a record that is no longer kept could not be removed")
            }
        }
    }
    Some(count)
}
