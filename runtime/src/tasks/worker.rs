//! Who carries tasks on: a loop in every process of the seller.
//!
//! The store hands each due task to one process at a time. The worker takes it up by writing over
//! the revision that it was handed, so that a lease which ran out costs at most a second attempt
//! under the same operation id, of which only one can be committed.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::registry::save;
use super::{Asked, Task};
use crate::auth::Callers;
use crate::dispatch;
use crate::error::{Error, Result};
use crate::ops::records::{Kept, Stored};
use crate::ops::{Services, work};
use crate::store::{Batch, Record};

/// So many tasks are carried on at the same time by one process.
const AT_ONCE: usize = 8;
/// How long the store keeps a task from others before it has been taken up.
const GLANCE: TimeDelta = TimeDelta::seconds(30);

/// Carries tasks on until it is told to stop. What is in progress then runs on under `running`; what
/// does not end in time is left to its lease. `callers` are those whom the seller knows.
pub(crate) async fn work(
    services: Arc<Services>,
    callers: Callers,
    running: TaskTracker,
    stop: CancellationToken,
) {
    let callers = Arc::new(callers);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while !stop.is_cancelled() {
        let mut taken = 0;
        for record in work::due::<Task>(&services, GLANCE, places.available_permits()).await {
            taken += 1;
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let (services, callers) = (Arc::clone(&services), Arc::clone(&callers));
            running.spawn(async move {
                attend(&services, &callers, record).await;
                drop(place);
            });
        }
        let pause = async {
            if taken == 0 {
                services.store.wake(Task::KIND).await;
            }
            // With no place free there is nothing to look for.
            drop(places.acquire().await);
        };
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// Does what is due about one task.
async fn attend(services: &Services, callers: &Callers, record: Record) {
    let key = record.key.clone();
    if let Err(error) = attempt(services, callers, record).await {
        tracing::error!(%key, %error, cause = error.cause, "a task could not be carried on");
    }
}

async fn attempt(services: &Services, callers: &Callers, record: Record) -> Result<()> {
    let mut stored = Stored::<Task>::from_record(record)?;
    // What the adapter may have begun has to be brought to an end, whoever asked for it.
    if stored.value.asked == Asked::Never && !callers.knows(&stored.value.principal) {
        let error = Error::new(
            "PERMISSION_DENIED",
            "the seller no longer admits the caller who asked for this; nothing was done about it",
        );
        dispatch::turn_down(services, stored, &error).await;
        return Ok(());
    }
    if stored.value.is_hopeless() {
        dispatch::give_up(services, stored).await;
        return Ok(());
    }
    let mut batch = Batch::new();
    stored.value.take_up(services.clock.now());
    save(&mut batch, &stored)?;
    if work::commit(services, batch).await? {
        stored.revision += 1;
        dispatch::carry_on(services, stored).await;
    }
    Ok(())
}
