//! What time alone does to tasks: nobody decided in time, or nobody needs the task any more.
//!
//! It goes by the tasks' entries and asks no adapter anything, so that it happens in time however
//! busy the workers are. What it finds due it reads anew, since an entry that was handed out may have
//! changed meanwhile.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::{TaskEntry, decide, registry};
use crate::error::Result;
use crate::ops::records::{Kept, Stored};
use crate::ops::{Services, work};
use crate::store::{Batch, Record};

/// How many entries are looked at in one go.
const PORTION: usize = 100;
/// How long the store keeps an entry from others meanwhile.
const GLANCE: TimeDelta = TimeDelta::seconds(30);

/// Rejects tasks that nobody has decided about in time and removes those that nobody needs any more,
/// until it is told to stop.
pub(crate) async fn keep_house(services: Arc<Services>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let due = work::due::<TaskEntry>(&services, GLANCE, PORTION).await;
        if due.is_empty() {
            let pause = services.store.wake(TaskEntry::KIND);
            if stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
        for record in due {
            let key = record.key.clone();
            if let Err(error) = settle(&services, record).await {
                tracing::error!(%key, %error, cause = error.cause, "a task that was due could not be ended or removed");
            }
        }
    }
}

async fn settle(services: &Services, record: Record) -> Result<()> {
    let entry = Stored::<TaskEntry>::from_record(record)?;
    let tenant = &entry.key.scope.tenant;
    let TaskEntry {
        principal, task_id, ..
    } = &entry.value;
    let mut batch = Batch::new();
    match registry::of_principal(services, tenant, principal, task_id).await? {
        Some(task) if task.value.is_awaiting() => return decide::expire(services, task).await,
        Some(task) if task.value.status.is_terminal() => registry::remove(&mut batch, &task),
        // It has gone on since the entry was handed out.
        Some(_) => return Ok(()),
        None => entry.remove(&mut batch),
    }
    work::commit(services, batch).await.map(|_| ())
}
