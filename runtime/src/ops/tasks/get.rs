//! `tasks/get`: where one task stands, and what came of it.

use super::super::records;
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, scope};
use super::{PROTOCOL, history, is_in_view, reason, summary};
use crate::error::{Error, Result};
use crate::tasks::{Task, TaskEntry};

pub(in super::super) async fn get(call: &Call<'_>) -> Result<Outcome> {
    let task_id = call.request.text("task_id").unwrap_or_default();
    let found = records::find::<Task>(
        &call.services.store,
        &scope::of_principal(call.context),
        task_id,
    )
    .await?
    .map(|stored| stored.value)
    .filter(|task| task.announced)
    .map(|task| (TaskEntry::of(&task), task))
    .filter(|(entry, _)| is_in_view(call, entry));
    let Some((entry, task)) = found else {
        return Err(Error::new("REFERENCE_NOT_FOUND", "there is no such task")
            .at("task_id")
            .suggest("use a task_id from a submitted answer, or list your tasks with tasks/list"));
    };
    let mut body = summary(&entry);
    body.shift_insert(2, "protocol".to_owned(), PROTOCOL.into());
    if let Some(progress) = &task.progress {
        body.put(
            "progress",
            serde_json::to_value(progress).map_err(Error::internal)?,
        );
    }
    body.put_some("message", task.message.clone());
    if let Some(error) = &task.error {
        body.put("error", reason(call.services, error));
    }
    if call.request.truth("include_history") == Some(true) {
        body.put("history", history(call.services, &task));
    }
    // Buyers of every line ask for a result here, and only later lines say by include_result
    // whether they do.
    if call.request.truth("include_result") != Some(false) {
        body.put_some("result", task.result);
    }
    Ok(Outcome::read(body))
}
