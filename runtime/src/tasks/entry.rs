//! What lists of tasks are made of: everything about a task but what may be large.
//!
//! Beside each task that its buyer knows of lies an entry in the seller's own part of the store. It
//! is written in the same batch as the task, so that it never says anything else. The request, the
//! answer and the adapter's state stay with the task, so that a list of many tasks costs as much as
//! the list, not as much as the tasks.

use serde::{Deserialize, Serialize};

use super::{About, Approval, Failure, Task, TaskStatus};
use crate::clock::Timestamp;
use crate::identity::Principal;
use crate::ops::records::{self, Kept, newest_first};
use crate::platform::Progress;

/// The tag of tasks that wait for a person.
const AWAITING: &str = "awaiting";

/// A task as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskEntry {
    /// The task's id.
    pub task_id: String,
    /// The tool that was called.
    pub tool: String,
    /// Who called.
    pub principal: Principal,
    /// The account that the call acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Whether it waits for a person.
    pub awaiting: bool,
    /// Set when a person has to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What the buyer is told beside the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How often the work has been begun.
    pub attempt: u32,
    /// What it is about.
    pub about: About,
    /// Whether the buyer asked to be called back.
    pub has_webhook: bool,
    /// How large its request is, in bytes of JSON.
    pub request_size: usize,
    /// Why it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// When the operation began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When time alone changes it: nobody has decided about it, or nobody needs it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Timestamp>,
}

impl TaskEntry {
    /// The entry of a task.
    pub(crate) fn of(task: &Task) -> Self {
        TaskEntry {
            task_id: task.task_id.clone(),
            tool: task.tool.clone(),
            principal: task.principal.clone(),
            account_id: task.account_id.clone(),
            status: task.status,
            awaiting: task.is_awaiting(),
            approval: task.approval.clone(),
            message: task.message.clone(),
            progress: task.progress.clone(),
            attempt: task.attempt,
            about: About::of(&task.request),
            has_webhook: task.has_webhook(),
            request_size: task.request.to_string().len(),
            error: task.error.clone(),
            created_at: task.created_at,
            updated_at: task.updated_at,
            completed_at: task.completed_at,
            due: task.due.filter(|_| !task.is_work()),
        }
    }
}

impl Kept for TaskEntry {
    const KIND: &'static str = "task_entry";

    fn id(&self) -> &str {
        &self.task_id
    }

    fn sort(&self) -> String {
        newest_first(self.created_at)
    }

    fn tags(&self) -> Vec<String> {
        let mut tags = vec![of_status(self.status), of_caller(&self.principal)];
        if !self.status.is_terminal() {
            tags.push(open_of(&self.principal));
        }
        if self.awaiting {
            tags.push(awaiting(None));
            tags.push(awaiting(Some(self.status)));
        }
        tags
    }

    fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

/// The tag of tasks in a status.
pub(super) fn of_status(status: TaskStatus) -> String {
    format!("status:{}", status.as_str())
}

/// The tag of tasks that wait for a person, in whatever or in one status.
pub(super) fn awaiting(status: Option<TaskStatus>) -> String {
    match status {
        None => AWAITING.to_owned(),
        Some(status) => format!("{AWAITING}:{}", status.as_str()),
    }
}

/// The tag of a caller's tasks. Two callers of very long names can share it.
pub(super) fn of_caller(principal: &Principal) -> String {
    records::tag("caller:", &principal.0)
}

/// The tag of a caller's tasks that have not ended. As above.
pub(super) fn open_of(principal: &Principal) -> String {
    records::tag("open:", &principal.0)
}
