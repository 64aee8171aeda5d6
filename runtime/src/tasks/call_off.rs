//! A buyer calls a task off.
//!
//! Only what waits for a person can be called off: the adapter has not been asked for it yet, so
//! nothing has to be undone at an ad server. Between the buyer and the person who decides, whoever
//! commits first has done it.

use super::registry::save;
use super::{Task, TaskStatus};
use crate::error::{Error, Result};
use crate::ops::records::Stored;
use crate::ops::{Services, hold, work};
use crate::store::Batch;
use crate::webhooks;

/// Why a task was not called off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallOffError {
    /// It is not waiting for a person.
    #[error("the task is {} and can't be called off; only what waits for a person's approval can", .0.as_str())]
    TooLate(TaskStatus),
    /// Something else has changed it since it was read.
    #[error("the task has just changed")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Calls off a task that was read. It has ended then, what was reserved for it is free again, and its
/// subscribers are told.
///
/// # Errors
///
/// When it can't be called off, or changed since it was read.
pub(crate) async fn call_off(
    services: &Services,
    mut stored: Stored<Task>,
) -> Result<Task, CallOffError> {
    if !stored.value.is_awaiting() {
        return Err(CallOffError::TooLate(stored.value.status));
    }
    let mut batch = Batch::new();
    hold::release(services, &stored, &mut batch).await?;
    stored.value.call_off(services.clock.now());
    save(&mut batch, &stored)?;
    webhooks::announce(
        services,
        &mut batch,
        &stored.key.scope.tenant,
        &stored.value,
    )?;
    if !work::commit(services, batch).await? {
        return Err(CallOffError::Changed);
    }
    tracing::info!(task_id = stored.value.task_id, "called off by its buyer");
    Ok(stored.value)
}
