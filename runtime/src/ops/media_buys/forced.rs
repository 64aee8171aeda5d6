//! A `create_media_buy` whose answer a test has asked for in advance.

use serde_json::{Map, json};

use super::super::records::{self, ForcedArm, Stored};
use super::super::request::Fill;
use super::super::{Call, Outcome, scope};
use crate::error::{Error, Result};
use crate::store::Batch;
use crate::tasks::{self, Task, TaskStatus};

/// The answer that a test has asked for in advance, which is then used up.
pub(super) async fn forced(call: &Call<'_>) -> Result<Option<Outcome>> {
    // A call that is carried out as a task is not the test's next one.
    if !call.services.sandbox || call.context.work.is_some() {
        return Ok(None);
    }
    let scope = scope::shared(call.context);
    let Some(stored) =
        records::find::<ForcedArm>(&call.services.store, &scope, ForcedArm::ID).await?
    else {
        return Ok(None);
    };
    let ForcedArm {
        task_id, message, ..
    } = &stored.value;
    let mut batch = Batch::new();
    stored.remove(&mut batch);
    let mut body = Map::new();
    if let Some(task_id) = task_id {
        register(call, task_id, message.as_deref(), &mut batch).await?;
        body.put("status", "submitted");
        body.put("task_id", task_id.as_str());
        body.put_some("message", message.clone());
    } else {
        let message = message
            .as_deref()
            .unwrap_or("the seller needs more from the buyer before it can book");
        body.put(
            "errors",
            json!([{ "code": "INPUT_REQUIRED", "message": message, "recovery": "correctable" }]),
        );
    }
    Ok(Some(Outcome::write(body, batch)))
}

/// Registers the task under the id that the test has chosen, in place of one of an earlier run. No
/// worker takes it up: it ends when the test says so. Lists show of several callers' tasks of one
/// chosen id the latest.
///
/// # Errors
///
/// `INVALID_STATE` when the id is that of a task of which there is more than a test's word.
async fn register(
    call: &Call<'_>,
    task_id: &str,
    message: Option<&str>,
    batch: &mut Batch,
) -> Result<()> {
    let context = call.context;
    let task = Task {
        task_id: task_id.to_owned(),
        announced: true,
        status: TaskStatus::Submitted,
        message: message.map(str::to_owned),
        attempt: 0,
        ..call.journal(context, context.now)
    };
    let scope = scope::of_principal(context);
    let earlier = records::find::<Task>(&call.services.store, &scope, task_id).await?;
    let listed = tasks::open(call.services, &context.tenant, task_id).await?;
    let known = earlier.iter().map(|earlier| &earlier.value).chain(&listed);
    if known.into_iter().any(|known| !known.is_made_up()) {
        return Err(Error::new(
            "INVALID_STATE",
            "the id that the test controller was given for the task is that of a real task",
        )
        .suggest(
            "register the answer anew with force_create_media_buy_arm, under another task_id",
        ));
    }
    match earlier {
        Some(earlier) => tasks::save(
            batch,
            &Stored {
                value: task,
                ..earlier
            },
        ),
        None => tasks::insert(batch, &context.tenant, &task),
    }
}
