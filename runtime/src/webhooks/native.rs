//! Notifications in the forms of A2A itself, for receivers that a client of that protocol registered.
//!
//! A task that has ended is sent whole, with the AdCP payload as its artifact; one that has not is
//! sent as an update of its status, with the payload in the status' message. Version 0.3 sends either
//! bare, version 1.0 in a stream response. Neither has a place for a delivery's key, so it stands
//! beside what they define, in version 1.0 among the metadata, since receivers of that version may
//! refuse members that they don't know.

use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::Subscription;
use super::event::TaskEvent;
use crate::a2a::Name;
use crate::a2a::shape::{Artifact, Event, Named, Payload, Status, Task};
use crate::a2a::version::Version;
use crate::clock::Timestamp;

/// The name of the delivery's key.
const KEY: &str = "idempotency_key";

/// A task or an update of its status.
///
/// # Errors
///
/// None in practice: everything has string keys.
pub(super) fn of(
    version: Version,
    subscription: &Subscription,
    task: &TaskEvent,
    at: Timestamp,
    key: &str,
) -> serde_json::Result<Value> {
    let named = Named {
        id: &task.task_id,
        // Where the transport gave no conversation, the task is one of its own.
        context_id: subscription.context_id.as_deref().unwrap_or(&task.task_id),
    };
    let said = task.message.as_deref();
    let status = Status::new(version, task.status, at).saying(version, named, at, said);
    let text = match said {
        Some(said) => said.to_owned(),
        None => format!("{}: {}", task.tool, task.status.as_str()),
    };
    let ended = task.status.is_terminal();
    let data = task.result.as_ref().map(to_raw_value).transpose()?;
    let event = if ended {
        let payload = data.as_deref().map(|data| Payload {
            name: Name::Result.as_str(),
            data,
            text: &text,
            submitted: None,
        });
        let artifact = payload.map(|payload| Artifact::new(version, payload, false));
        Event::Task(Task::new(version, named, status, artifact))
    } else {
        Event::Status {
            of: named,
            status,
            last: false,
        }
    };
    let mut whole: Value = serde_json::from_str(&event.write(version)?)?;
    let body = match (version, ended) {
        (Version::V03, _) => &mut whole,
        (Version::V10, true) => &mut whole["task"],
        (Version::V10, false) => &mut whole["statusUpdate"],
    };
    let parts = body.pointer_mut("/status/message/parts");
    if let (false, Some(Value::Array(parts)), Some(data)) = (ended, parts, &task.result) {
        parts.push(match version {
            Version::V03 => json!({ "kind": "data", "data": data }),
            Version::V10 => json!({ "data": data }),
        });
    }
    match version {
        Version::V03 => body[KEY] = key.into(),
        Version::V10 => body["metadata"] = json!({ KEY: key }),
    }
    Ok(whole)
}
