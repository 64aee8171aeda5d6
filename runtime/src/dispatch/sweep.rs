//! Records leave the store when nobody can ask for them any more.
//!
//! What is due is no longer kept: a record's `due` is the one thing that is looked at here, and
//! each sort of record sets it by its own rules. Removing happens over the revision that was
//! found, so that a record which somebody takes up at that moment stays.
//!
//! However much is due, calls come first: a portion is small, it is one commit, and after each the
//! sweeper rests for longer than it worked.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::idempotency;
use crate::a2a;
use crate::auth::{COUNT_KIND, NONCE_KIND};
use crate::ops::Services;
use crate::ops::proposals::Proposal;
use crate::ops::records::Kept;
use crate::store::{Batch, Change, Expect, LeaseRequest, StoreError};

/// What is removed when it is due: answers to idempotency keys, proposals that nobody bought, what
/// A2A remembers of calls, and the nonces of signatures.
const KINDS: [&str; 6] = [
    idempotency::KIND,
    Proposal::KIND,
    a2a::Call::KIND,
    a2a::Conversation::KIND,
    COUNT_KIND,
    // Last, because a busy signer may bring them as fast as they go.
    NONCE_KIND,
];
/// How often the sweeper looks.
const PERIOD: Duration = Duration::from_secs(60);
/// How many records it takes at a time.
const PORTION: usize = 50;
/// How many times as long as it worked the sweeper rests, and for how long at least.
const REST: (u32, Duration) = (3, Duration::from_millis(2));

/// Removes records that are due until it is told to stop.
pub(crate) async fn sweep(services: &Services, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(PERIOD))
        .await
        .is_some()
    {
        for kind in KINDS {
            loop {
                let began = Instant::now();
                let Some(PORTION..) = portion(services, kind).await else {
                    break;
                };
                let rest = (began.elapsed() * REST.0).max(REST.1);
                if stop
                    .run_until_cancelled(tokio::time::sleep(rest))
                    .await
                    .is_none()
                {
                    return;
                }
            }
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
    let mut removals = Batch::new();
    for record in due {
        let expect = Expect::Revision(record.revision);
        removals.push(record.key, expect, Change::Delete);
    }
    while !removals.is_empty() {
        match services.store.commit(removals.clone()).await {
            Ok(()) => break,
            // Somebody has taken this one up; the others go.
            Err(StoreError::Conflict(taken)) => {
                removals.writes.retain(|(key, ..)| *key != *taken);
            }
            Err(error) => {
                tracing::warn!(%error, kind, "records that are no longer kept could not be removed");
                return None;
            }
        }
    }
    Some(count)
}
