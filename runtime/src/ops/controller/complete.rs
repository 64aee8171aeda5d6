//! `force_task_completion`: ends a task with the result that a test has chosen.
//!
//! The result is kept as it came, so it has to be an answer that the task's own tool could give.

use serde_json::Value;

use super::super::hold;
use super::super::records;
use super::super::{Call, scope};
use super::force::transition;
use super::{Answer, Failure, Params, Refusal};
use crate::error::Error;
use crate::schema::in_a_row;
use crate::store::Batch;
use crate::tasks::{self, Task, TaskStatus};
use crate::webhooks;

/// The largest result, in bytes of JSON text (`comply-test-controller-request.json`, `result`).
const LARGEST_RESULT: usize = 256 * 1024;

pub(super) async fn task(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let task_id = params.text("task_id")?;
    let result = params.object("result")?;
    let services = call.services;
    let scope = scope::of_principal(call.context);
    let mut stored = records::find::<Task>(&services.store, &scope, task_id)
        .await?
        .filter(|stored| stored.value.announced)
        .ok_or_else(|| Refusal::missing("task"))?;
    let tool = services.spec.tool(&stored.value.tool).ok_or_else(|| {
        Failure::Broken(Error::internal(format!(
            "the task {task_id} is of the tool {}, which is not offered",
            stored.value.tool
        )))
    })?;
    let whole = Value::Object(result.clone());
    if whole.to_string().len() > LARGEST_RESULT {
        return Err(Refusal::params(format!(
            "`result` has at most {LARGEST_RESULT} bytes"
        )));
    }
    if let Err(violations) = services.schemas.check(tool.response, &whole) {
        return Err(Refusal::params(format!(
            "`result` is no answer of {}: {}",
            tool.name,
            in_a_row(&violations)
        )));
    }
    let from = stored.value.status;
    let same = from == TaskStatus::Completed && stored.value.result.as_ref() == Some(result);
    if from.is_terminal() && !same {
        return Err(Refusal::transition(
            from.as_str(),
            TaskStatus::Completed.as_str(),
        ));
    }
    let mut batch = Batch::new();
    if !same {
        // What the operation held back for itself is free again: it will not be carried out.
        hold::release(services, &stored, &mut batch).await?;
        stored.value.proposals.clear();
        stored.value.complete(result.clone(), call.context.now);
        tasks::save(&mut batch, &stored)?;
        webhooks::announce(
            services,
            &mut batch,
            &stored.key.scope.tenant,
            &stored.value,
        )?;
    }
    let to = TaskStatus::Completed.as_str();
    Ok((transition(from.as_str(), to), batch))
}
