//! Something that buyers are told of.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::ops::{Services, reason};
use crate::tasks::{Task, TaskStatus};

/// Something that happened, of which a subscriber is told once, however often that has to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it is about: the tool whose task it is, or the type of the notification. Operators see it.
    pub(super) topic: String,
    /// When it happened.
    pub(super) at: Timestamp,
    /// What is said of it.
    pub(super) content: Content,
}

/// What is said of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// A task stands somewhere.
    Task(TaskEvent),
    /// Members of a payload that is no task's.
    Notice(Map<String, Value>),
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskEvent {
    /// The task.
    pub task_id: String,
    /// The tool that was called.
    pub tool: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// The same in a sentence.
    pub message: Option<String>,
    /// The AdCP payload: the answer, the errors, or how far it is.
    pub result: Option<Value>,
}

impl Event {
    /// That a task stands where it does.
    pub fn task(task: TaskEvent, at: Timestamp) -> Self {
        Event {
            topic: task.tool.clone(),
            at,
            content: Content::Task(task),
        }
    }

    /// Something else. `members` are those of the payload, without what every payload has: the
    /// `idempotency_key`, and the subscriber's `operation_id` and `token`.
    pub fn notice(topic: impl Into<String>, members: Map<String, Value>, at: Timestamp) -> Self {
        Event {
            topic: topic.into(),
            at,
            content: Content::Notice(members),
        }
    }

    /// The same, without the payload of the task.
    pub(super) fn without_result(&self) -> Self {
        let mut event = self.clone();
        if let Content::Task(task) = &mut event.content {
            task.result = None;
        }
        event
    }

    /// Where a task stands by its record.
    pub(super) fn of(services: &Services, task: &Task) -> Self {
        let result = match (&task.result, &task.error, &task.progress) {
            (Some(result), _, _) => Some(Value::Object(result.clone())),
            (None, Some(failure), _) => Some(json!({ "errors": [reason(services, failure)] })),
            (None, None, Some(progress)) => serde_json::to_value(progress).ok(),
            (None, None, None) => None,
        };
        let message = match (&task.message, &task.error) {
            (Some(message), _) => Some(message.clone()),
            (None, Some(failure)) => Some(failure.message.clone()),
            (None, None) => None,
        };
        let event = TaskEvent {
            task_id: task.task_id.clone(),
            tool: task.tool.clone(),
            status: task.status,
            message,
            result,
        };
        Event::task(event, task.updated_at)
    }
}
