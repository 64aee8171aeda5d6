//! The body of a notification, in the form that its receiver knows.
//!
//! A body is made once for each notification and kept, so nothing in it may depend on the attempt.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::event::{Content, Event, TaskEvent};
use super::{Form, Subscription, line, native};
use crate::a2a::version::Version;
use crate::clock::to_wire;
use crate::ops::{self, Services};

/// The body of a notification; `None` where the line has no payload for it.
///
/// # Errors
///
/// None in practice: everything has string keys.
pub(super) fn of(
    services: &Services,
    subscription: &Subscription,
    event: &Event,
    key: Uuid,
) -> serde_json::Result<Option<Value>> {
    let (key, at) = (key.to_string(), event.at);
    match (&event.content, subscription.form) {
        (Content::Task(task), Form::Adcp) => {
            let named = line::names(services, &task.tool);
            Ok(named.then(|| envelope(services, subscription, event, task, key)))
        }
        (Content::Task(task), Form::A2aV03) => {
            native::of(Version::V03, subscription, task, at, &key).map(Some)
        }
        (Content::Task(task), Form::A2aV10) => {
            native::of(Version::V10, subscription, task, at, &key).map(Some)
        }
        (Content::Notice(members), _) => {
            let mut payload = Map::new();
            payload.insert("idempotency_key".to_owned(), key.into());
            payload.extend(members.clone());
            echo(subscription, &mut payload);
            Ok(Some(Value::Object(payload)))
        }
    }
}

/// AdCP's own envelope (`core/mcp-webhook-payload.json`).
fn envelope(
    services: &Services,
    subscription: &Subscription,
    event: &Event,
    task: &TaskEvent,
    key: String,
) -> Value {
    let mut payload = json!({
        "idempotency_key": key,
        "task_id": task.task_id,
        "task_type": task.tool,
        "protocol": ops::PROTOCOL,
        "status": task.status,
        "timestamp": to_wire(event.at),
    });
    let Value::Object(members) = &mut payload else {
        return payload;
    };
    echo(subscription, members);
    if let Some(context_id) = &subscription.context_id {
        members.insert("context_id".to_owned(), context_id.as_str().into());
    }
    if let Some(message) = &task.message {
        members.insert("message".to_owned(), message.as_str().into());
    }
    if let Some(result) = task
        .result
        .as_ref()
        .filter(|result| line::takes(services, result))
    {
        members.insert("result".to_owned(), result.clone());
    }
    payload
}

/// What the buyer wants to find again in every payload.
fn echo(subscription: &Subscription, payload: &mut Map<String, Value>) {
    let echoed = [
        ("operation_id", &subscription.operation_id),
        ("token", &subscription.token),
    ];
    for (name, value) in echoed {
        if let Some(value) = value {
            payload.insert(name.to_owned(), value.as_str().into());
        }
    }
}
