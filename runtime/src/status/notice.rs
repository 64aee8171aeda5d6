//! What followers are told: a notification for each thing that moved.

use serde_json::Value;

use super::followers::{self, Follower};
use super::ledger;
use super::moves::{Moved, What};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::ops::records::Stored;
use crate::ops::{Services, standing};
use crate::store::Batch;
use crate::tasks::TaskStatus;
use crate::webhooks::{self, Event, TaskEvent};

/// Adds to a batch what is to be told of moves that the batch makes. Says how much it is.
///
/// A thing that can't move any more is followed no longer.
pub(crate) async fn tell(
    services: &Services,
    moved: Vec<Moved>,
    now: Timestamp,
    batch: &mut Batch,
) -> Result<usize> {
    let mut told = 0;
    for Moved { scope, what } in moved {
        let store = &services.store;
        let follower = match &what {
            What::MediaBuy(buy) => followers::of(store, &scope, buy).await?,
            What::Creative(creative) => followers::of(store, &scope, creative).await?,
            What::Account(account) => followers::of(store, &scope, account).await?,
        };
        let Some(follower) = follower else { continue };
        let Stored {
            value:
                Follower {
                    principal,
                    tool,
                    task_id,
                    subscription,
                    ..
                },
            ..
        } = &follower;
        let (message, result, ended) = describe(services, &what);
        let task = TaskEvent {
            task_id: task_id.clone(),
            tool: tool.clone(),
            status: TaskStatus::Completed,
            message: Some(message),
            result: Some(result),
        };
        let event = Event::task(task, now);
        let (tenant, batch) = (&scope.tenant, &mut *batch);
        let sent = webhooks::enqueue(services, batch, tenant, principal, subscription, &event)?;
        told += usize::from(sent.is_some());
        if ended {
            ledger::remove(batch, &follower);
        }
    }
    Ok(told)
}

/// A sentence, the thing in the form of the answer that its follower knows, and whether it can move
/// any more.
fn describe(services: &Services, what: &What) -> (String, Value, bool) {
    match what {
        What::MediaBuy(buy) => (
            format!("the media buy is now {}", buy.status.as_str()),
            standing::media_buy(services, buy),
            buy.status.is_terminal(),
        ),
        What::Creative(creative) => (
            format!("the creative is now {}", creative.status.as_str()),
            standing::creative(creative),
            false,
        ),
        What::Account(account) => (
            format!("the account is now {}", account.status.as_str()),
            standing::account(services, account),
            account.status.is_terminal(),
        ),
    }
}
