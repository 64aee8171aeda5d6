//! Idempotency records leave the store when nobody can ask for them any more.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::idempotency::KIND;
use crate::ops::Services;
use crate::store::{Batch, Change, Expect, LeaseRequest};

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
        while let Some(PORTION..) = portion(services).await {}
    }
}

/// Removes one portion and says how many records it had.
async fn portion(services: &Services) -> Option<usize> {
    let now = services.clock.now();
    let request = LeaseRequest {
        kind: KIND,
        now,
        until: now + TimeDelta::minutes(5),
        limit: PORTION,
    };
    let due = match services.store.lease(&request).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "expired idempotency records could not be looked up");
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
        if let Err(error) = services.store.commit(batch).await {
            tracing::warn!(%error, "an expired idempotency record could not be removed");
        }
    }
    Some(count)
}
