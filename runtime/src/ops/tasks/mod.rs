//! `tasks/get` and `tasks/list`: how buyers follow what was answered `submitted`.
//!
//! A caller sees its own tasks and no others, and of its own only those that it was told of: another
//! caller's task and a journal are answered like an id that was never given out.

mod get;
mod list;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::request::{Fill, Members};
use super::{Call, Services};
use crate::clock::to_wire;
use crate::spec::Tool;
use crate::tasks::{Failure, Task, TaskEntry, without_secrets};

pub(super) use get::get;
pub(super) use list::list;

/// The tools of this module, in the names of all lines.
const TOOLS: [&str; 4] = ["tasks/get", "tasks/list", "get_task_status", "list_tasks"];
/// The protocol of every tool whose work can go on as a task.
pub(crate) const PROTOCOL: &str = "media-buy";
/// A task type that every line lists.
const LISTED: &str = "create_media_buy";

/// A request or an answer as its schema can judge it.
///
/// AdCP 3.0 lists the types of tasks without `get_products`, which its own schemas let be answered
/// `submitted`. A task of a tool that this seller offers is named by the tool all the same, by the
/// seller and by buyers who filter, and judged as one that the line lists; any other name still
/// breaks the schema.
pub(crate) fn as_the_line_has_it<'a>(
    services: &Services,
    tool: &Tool,
    value: &'a Value,
) -> Cow<'a, Value> {
    if !TOOLS.contains(&tool.name) {
        return Cow::Borrowed(value);
    }
    let mut judged = value.clone();
    rename(services, judged.get_mut("task_type"));
    for task in judged
        .get_mut("tasks")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        rename(services, task.get_mut("task_type"));
    }
    if let Some(filters) = judged.get_mut("filters") {
        rename(services, filters.get_mut("task_type"));
        let several = filters.get_mut("task_types").and_then(Value::as_array_mut);
        several
            .into_iter()
            .flatten()
            .for_each(|kind| rename(services, Some(kind)));
    }
    Cow::Owned(judged)
}

fn rename(services: &Services, kind: Option<&mut Value>) {
    let offered = |kind: &&mut Value| {
        kind.as_str()
            .is_some_and(|kind| services.spec.tool(kind).is_some())
    };
    if let Some(kind) = kind.filter(offered) {
        *kind = LISTED.into();
    }
}

/// Whether the call may see the task: a call that names an account sees that account's.
fn is_in_view(call: &Call<'_>, task: &TaskEntry) -> bool {
    match (&call.context.account, call.request.member("account")) {
        (Some(account), Some(_)) => task.account_id.as_ref() == Some(&account.account_id),
        _ => true,
    }
}

/// What both answers say of a task.
fn summary(task: &TaskEntry) -> Map<String, Value> {
    let mut members = Map::new();
    members.put("task_id", task.task_id.clone());
    members.put("task_type", task.tool.clone());
    members.put("status", task.status.as_str());
    members.put("created_at", to_wire(task.created_at));
    members.put("updated_at", to_wire(task.updated_at));
    members.put_some("completed_at", task.completed_at.map(to_wire));
    members.put("has_webhook", task.has_webhook);
    members
}

/// Why a task failed or was rejected, with the recovery class that the same refusal has when it is
/// answered at once.
pub(crate) fn reason(services: &Services, failure: &Failure) -> Map<String, Value> {
    let mut members = Map::new();
    members.put("code", failure.code.clone());
    members.put("message", failure.message.clone());
    members.put("recovery", services.spec.recovery(&failure.code).as_str());
    members.put_some("field", failure.field.clone());
    members.put_some("suggestion", failure.suggestion.clone());
    members
}

/// What was said about a task: the request, without anything secret, and the answer once there is
/// one. What failed or was rejected is answered with its error.
fn history(services: &Services, task: &Task) -> Value {
    let request = without_secrets(&task.request);
    let mut said =
        vec![json!({ "timestamp": to_wire(task.created_at), "type": "request", "data": request })];
    let error = task.error.as_ref();
    let answer = match &task.result {
        Some(result) => Some(result.clone()),
        None => error.map(|failure| {
            Map::from_iter([("errors".to_owned(), json!([reason(services, failure)]))])
        }),
    };
    if let (Some(answer), Some(at)) = (answer, task.completed_at) {
        said.push(json!({ "timestamp": to_wire(at), "type": "response", "data": answer }));
    }
    Value::Array(said)
}
