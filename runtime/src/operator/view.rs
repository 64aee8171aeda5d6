//! What operators see of a task and of a notification. Written by the API and read by the command line.
//!
//! Everything that is needed to decide, and nothing that would let somebody act as the buyer: what
//! may be a credential is taken out of the request, and the idempotency key with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::proposal::ProposalView;
use crate::clock::Timestamp;
use crate::platform::Progress;
use crate::tasks::{
    About, AuditEntry, Decision, Failure, Task, TaskEntry, TaskStatus, without_secrets,
};
use crate::webhooks::{Contents, Delivery};

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskView {
    /// Its id.
    pub(crate) task_id: String,
    /// Where it stands.
    pub(crate) status: TaskStatus,
    /// Whether it waits for a decision.
    pub(crate) awaiting: bool,
    /// What has to be agreed to, where a person has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<String>,
    /// The tool that the buyer called.
    pub(crate) tool: String,
    /// Who called.
    pub(crate) principal: String,
    /// For which account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    /// When the operation began.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) completed_at: Option<Timestamp>,
    /// Until when it can be decided; after that it is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decide_until: Option<Timestamp>,
    /// What the buyer is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<Progress>,
    /// How often the work has been begun.
    pub(crate) attempts: u32,
    /// What it is about.
    #[serde(rename = "summary")]
    pub(crate) about: About,
    /// The proposals that are reserved for it, as their buyer sees them. Lists leave them out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) proposals: Vec<ProposalView>,
    /// The request, without credentials. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<Value>,
    /// The decision, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Decision>,
    /// Why it failed or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failure>,
}

/// One page of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskList {
    /// The tasks, newest first.
    pub(crate) tasks: Vec<TaskView>,
    /// Resumes after them; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}

/// One page of decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AuditList {
    /// The decisions, newest first.
    pub(crate) entries: Vec<AuditEntry>,
    /// Resumes after them; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}

/// One notification that is not delivered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebhookView {
    /// How far it is.
    #[serde(flatten)]
    pub(crate) delivery: Delivery,
    /// How it is proved who sends. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<String>,
    /// What it says, without credentials. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Value>,
}

/// One page of notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebhookList {
    /// The notifications, newest first.
    pub(crate) webhooks: Vec<WebhookView>,
    /// Resumes after them; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
}

impl WebhookView {
    /// A notification as a list shows it: without the attempts and what it says.
    pub(super) fn brief(delivery: Delivery) -> Self {
        WebhookView {
            delivery: Delivery {
                tries: Vec::new(),
                ..delivery
            },
            proof: None,
            payload: None,
        }
    }

    /// The whole notification.
    pub(super) fn whole(delivery: Delivery, contents: Contents) -> Self {
        WebhookView {
            delivery,
            proof: Some(contents.proof.to_owned()),
            payload: Some(contents.payload),
        }
    }
}

impl TaskView {
    /// A task as a list shows it: without the request and without what is reserved for it.
    pub(super) fn brief(task: TaskEntry) -> Self {
        let approval = task.approval.as_ref();
        TaskView {
            operation: approval.map(|approval| approval.operation.clone()),
            decide_until: approval.map(|approval| approval.until),
            decision: task.approval.and_then(|approval| approval.decision),
            task_id: task.task_id,
            status: task.status,
            awaiting: task.awaiting,
            tool: task.tool,
            principal: task.principal.0,
            account_id: task.account_id,
            created_at: task.created_at,
            updated_at: task.updated_at,
            completed_at: task.completed_at,
            message: task.message,
            progress: task.progress,
            attempts: task.attempt,
            about: task.about,
            proposals: Vec::new(),
            request: None,
            error: task.error,
        }
    }

    /// The whole task, with the proposals that are reserved for it.
    pub(super) fn whole(task: &Task, proposals: Vec<ProposalView>) -> Self {
        TaskView {
            proposals,
            request: Some(without_secrets(&task.request)),
            ..TaskView::brief(TaskEntry::of(task))
        }
    }
}
