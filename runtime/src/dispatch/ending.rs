//! How an operation's hold ends: with the answer, as a task that goes on, with a refusal, or not
//! yet, because nobody knows what the adapter did.
//!
//! What an answer ends is written in the same batch as the answer. What a failure ends is written
//! on its own, over the revision that is held, so that whoever has taken the operation over
//! meanwhile is not disturbed.

use serde_json::Value;

use super::ResponseBody;
use super::attempt::{self, Operation};
use crate::clock;
use crate::error::{Error, Result};
use crate::ops::hold;
use crate::ops::records::Stored;
use crate::ops::{Holds, Services, Submission};
use crate::platform::Context;
use crate::store::{Batch, StoreError};
use crate::tasks::{self, Asked, Failure, Task, TaskStatus};
use crate::webhooks::{self, TaskEvent};

/// How often a refusal is written anew because a proposal changed meanwhile.
const ATTEMPTS: usize = 8;

/// Adds to the batch of an answer that the operation is done.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the answer can't be kept.
pub(super) fn done(
    operation: &Operation<'_>,
    body: &ResponseBody,
    batch: &mut Batch,
) -> Result<()> {
    let (services, held) = (operation.services, operation.holds.held());
    let Some(mut held) = held.filter(|held| held.value.announced) else {
        if let Some(journal) = operation.holds.held() {
            journal.remove(batch);
        }
        return tell_of_answer(operation, body, batch);
    };
    let Value::Object(result) = body.to_value().map_err(Error::internal)? else {
        return Err(Error::internal("an answer that is not an object"));
    };
    held.value.complete(result, services.clock.now());
    save_and_tell(services, batch, &held)
}

/// Adds to the batch of an answer that was given at once whom it is told to. One that says that the
/// operation goes on as a task tells of no end, and of a refusal the buyer has heard.
fn tell_of_answer(operation: &Operation<'_>, body: &ResponseBody, batch: &mut Batch) -> Result<()> {
    let goes_on = body
        .get("status")
        .is_some_and(|status| status == "submitted");
    if goes_on || body.get("errors").is_some() {
        return Ok(());
    }
    let context = &operation.context;
    let event = || {
        Ok(TaskEvent {
            task_id: tasks::id_of(&context.operation_id),
            tool: operation.tool.name.to_owned(),
            status: TaskStatus::Completed,
            message: None,
            result: Some(body.to_value().map_err(Error::internal)?),
        })
    };
    webhooks::announce_answer(
        operation.services,
        batch,
        context,
        &operation.receivers,
        event,
    )
}

/// Adds to a batch that a task has changed, and that its buyer is told so.
fn save_and_tell(services: &Services, batch: &mut Batch, task: &Stored<Task>) -> Result<()> {
    tasks::save(batch, task)?;
    webhooks::announce(services, batch, &task.key.scope.tenant, &task.value)
}

/// Adds to the batch of a `submitted` answer that the operation goes on as a task.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the adapter goes on in a way that it may not.
pub(super) async fn submitted(
    operation: &Operation<'_>,
    (submission, body): (&Submission, &ResponseBody),
    batch: &mut Batch,
) -> Result<()> {
    let Operation {
        services,
        context,
        tool,
        request,
        subscriptions,
        holds,
        ..
    } = operation;
    let now = services.clock.now();
    let journal = || Task {
        subscriptions: subscriptions.clone(),
        ..Task::journal(context, tool.name, request, now)
    };
    let held = match holds.held() {
        Some(held) => Some(held),
        // Whoever has taken the task over goes on with it.
        None if context.work.is_some() => return Err(attempt::changed_meanwhile()),
        None => ended_before(services, context).await?.map(|ended| Stored {
            value: journal(),
            ..ended
        }),
    };
    let mut task = held
        .as_ref()
        .map_or_else(journal, |held| held.value.clone());
    match submission {
        Submission::Approval if task.work().approved_by.is_some() => {
            return Err(Error::internal(format!(
                "{} waits for a person who has agreed already",
                task.operation_id
            )));
        }
        Submission::Approval => {
            let until = clock::after(now, services.profile.approval.within_seconds);
            let operation = match tool.name {
                "get_products" => "finalize",
                other => other,
            };
            task.await_approval(operation, until, now);
            task.message = body
                .get("message")
                .and_then(Value::as_str)
                .map(tasks::shorten);
        }
        Submission::HandOff(hand_off) => {
            task.hand_off(hand_off, now)?;
            task.asked = holds.asked();
            if task.tells_of_progress(held.as_ref().map(|held| &held.value)) {
                webhooks::announce(services, batch, &context.tenant, &task)?;
            }
        }
    }
    if body.get("task_id").and_then(Value::as_str) != Some(&task.task_id) {
        return Err(Error::internal(format!(
            "the answer does not name the task {}",
            task.task_id
        )));
    }
    match held {
        Some(held) => tasks::save(
            batch,
            &Stored {
                value: task,
                ..held
            },
        ),
        None => tasks::insert(batch, &context.tenant, &task),
    }
}

/// A task of the same operation that has ended, in whose place another begins.
async fn ended_before(services: &Services, context: &Context) -> Result<Option<Stored<Task>>> {
    let Context {
        tenant,
        principal,
        operation_id,
        ..
    } = context;
    let found = tasks::of_operation(services, tenant, principal, operation_id).await?;
    Ok(found.filter(|found| found.value.status.is_terminal()))
}

/// How what a failed operation holds has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is given back, or there was nothing to give back.
    Settled,
    /// A worker goes on with the operation.
    Left,
}

/// Ends what a failed operation holds, according to what is known about the adapter: where it was
/// never asked, or has said no, a refusal settles the operation.
pub(super) async fn failed(services: &Services, holds: &Holds, error: &Error) -> Ending {
    if hold::is_refusal(services, error) && !holds.asked().may_have_happened() {
        refuse(services, holds, error).await
    } else {
        park(services, holds, error).await
    }
}

/// Ends an operation without success: its journal is gone, a task that its buyer knows of has failed,
/// and its proposals are free again, unless the ad server has taken the order on. What goes wrong is
/// only logged: the lease runs out, and a worker settles the operation.
pub(super) async fn refuse(services: &Services, holds: &Holds, error: &Error) -> Ending {
    let Some(mut held) = holds.held() else {
        return Ending::Settled;
    };
    holds.let_go();
    held.value.asked = holds.asked();
    for _ in 0..ATTEMPTS {
        let mut batch = Batch::new();
        let written = ended(services, &held, error, &mut batch).await;
        if let Err(error) = written {
            return not_ended(&held, &error);
        }
        match services.store.commit(batch).await {
            Ok(()) => return Ending::Settled,
            Err(StoreError::Conflict(key)) if *key == held.key => return Ending::Left,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return not_ended(&held, &error),
        }
    }
    not_ended(&held, "its proposals kept changing")
}

/// Adds to a batch what [`refuse`] writes. The journal comes first, so that a conflict about it is
/// told apart from one about a proposal.
async fn ended(
    services: &Services,
    held: &Stored<Task>,
    error: &Error,
    batch: &mut Batch,
) -> Result<()> {
    if held.value.announced {
        let mut failed = held.clone();
        failed
            .value
            .fail(Failure::from(error), services.clock.now());
        save_and_tell(services, batch, &failed)?;
    } else {
        held.remove(batch);
    }
    hold::settle(services, held, batch).await
}

/// Ends an operation that nobody tries again, though nobody knows what the adapter did.
pub(super) async fn give_up(services: &Services, holds: &Holds, error: &Error) -> Ending {
    if let Some(held) = holds.held() {
        tracing::error!(
            operation_id = held.value.operation_id,
            task_id = held.value.task_id,
            tool = held.value.tool,
            attempts = held.value.attempt,
            asked = ?holds.asked(),
            error = super::causes(error),
            "an operation is given up; look at the ad server whether it took effect"
        );
    }
    refuse(services, holds, error).await
}

/// Lets go of an operation of which nobody knows what the adapter did: a worker tries it again
/// under the same operation id, later each time, and gives it up at last.
async fn park(services: &Services, holds: &Holds, error: &Error) -> Ending {
    let Some(mut held) = holds.held() else {
        return Ending::Settled;
    };
    let now = services.clock.now();
    held.value.park(holds.asked(), now);
    let overdue = held.value.asked == Asked::Working && held.value.is_overdue(now);
    if held.value.is_hopeless() || overdue {
        return give_up(services, holds, error).await;
    }
    holds.let_go();
    let mut batch = Batch::new();
    if let Err(error) = tasks::save(&mut batch, &held) {
        return not_ended(&held, &error);
    }
    match services.store.commit(batch).await {
        Ok(()) | Err(StoreError::Conflict(_)) => Ending::Left,
        Err(error) => not_ended(&held, &error),
    }
}

fn not_ended(held: &Stored<Task>, error: impl std::fmt::Display) -> Ending {
    tracing::warn!(
        %error,
        operation_id = held.value.operation_id,
        "what an operation holds could not be given back; a worker will, when the lease has run out"
    );
    Ending::Left
}
