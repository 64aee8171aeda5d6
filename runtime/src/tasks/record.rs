//! What is kept of a task.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::identity::{Owner, Principal, Scope, TenantId};
use crate::jcs;
use crate::ops::proposals::Proposal;
use crate::ops::records::{Kept, in_order_of};
use crate::platform::Progress;
use crate::store::Key;
use crate::webhooks::Subscription;

/// Where a task stands (`enums/task-status.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// Waiting: for a person, or for its turn.
    Submitted,
    /// Being worked on.
    Working,
    /// Waiting for the buyer.
    InputRequired,
    /// Done; the result is there.
    Completed,
    /// It could not be done.
    Failed,
    /// Called off.
    Canceled,
    /// A person decided against it, or nobody decided in time.
    Rejected,
}

impl TaskStatus {
    /// Whether nothing changes any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            TaskStatus::Completed
                | TaskStatus::Failed
                | TaskStatus::Canceled
                | TaskStatus::Rejected
        )
    }

    /// The word on the wire: `input-required`.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Submitted => "submitted",
            TaskStatus::Working => "working",
            TaskStatus::InputRequired => "input-required",
            TaskStatus::Completed => "completed",
            TaskStatus::Failed => "failed",
            TaskStatus::Canceled => "canceled",
            TaskStatus::Rejected => "rejected",
        }
    }
}

/// How far an adapter has been asked for what must not be asked for twice: to make a proposal firm,
/// or to book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Not yet.
    #[default]
    Never,
    /// Perhaps, and nobody knows what it made of it.
    Open,
    /// It has said no.
    Refused,
    /// It has taken the work on and is at it.
    Working,
    /// It has said that it is done.
    Done,
}

impl Asked {
    /// Whether the adapter may be doing it, or have done it.
    pub(crate) fn may_have_happened(self) -> bool {
        !matches!(self, Asked::Never | Asked::Refused)
    }
}

/// That a person has to agree, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// What has to be agreed to: `finalize` or `create_media_buy`.
    pub operation: String,
    /// Until when; after that the task is rejected.
    pub until: Timestamp,
    /// The decision, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// Who decided what, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the operation may go on.
    pub approved: bool,
    /// Who decided; `nobody in time` when the time ran out.
    pub operator: String,
    /// When.
    pub at: Timestamp,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a task failed, as the buyer may know it (`core/tasks-get-response.json`, `error`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// An error code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The offending field of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// A proposal that is reserved for an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// Its id.
    pub proposal_id: String,
    /// In whose part of the store it lies, as [`crate::identity::Owner`] writes itself.
    owner: String,
}

impl From<&Key> for Reserved {
    fn from(key: &Key) -> Self {
        Reserved {
            proposal_id: key.id.clone(),
            owner: key.scope.owner.to_string(),
        }
    }
}

impl Reserved {
    /// Where the proposal lies.
    pub(crate) fn key(&self, tenant: &TenantId) -> Option<Key> {
        let scope = Scope {
            tenant: tenant.clone(),
            owner: Owner::parse(&self.owner)?,
        };
        Some(Key::new(scope, Proposal::KIND, self.proposal_id.clone()))
    }
}

/// One operation that outlives its call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, which follows from the operation; see [`id_of`].
    pub task_id: String,
    /// The tool that was called: `create_media_buy`.
    pub tool: String,
    /// The operation, the same on every attempt.
    pub operation_id: String,
    /// Who called.
    pub principal: Principal,
    /// The account that the call acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The request as it came, without the buyer's `context`.
    pub request: Value,
    /// Whether the buyer has been told of it. Until then it is a journal.
    pub announced: bool,
    /// Where it stands.
    pub status: TaskStatus,
    /// What the buyer is told beside the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What the adapter wants to find when it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
    /// Set when a person has to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// How far the adapter has been asked. Written before it is asked, so that after a crash it
    /// says too much rather than too little.
    #[serde(default)]
    pub asked: Asked,
    /// How often the work has been begun.
    pub attempt: u32,
    /// How often a worker has taken it up since it was last known how it went.
    #[serde(default)]
    pub failures: u32,
    /// How often whoever was at work on it died, since it was last known how it went.
    #[serde(default)]
    pub crashes: u32,
    /// Until when whoever works on it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// When somebody has to look at it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The proposals that are reserved for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Reserved>,
    /// Where the transport was asked to send notifications about it, beside what the request says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Subscription>,
    /// How many notifications have told of its progress.
    #[serde(default)]
    pub told: u32,
    /// The answer, once it is completed: what an inline answer would have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Map<String, Value>>,
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
}

impl Kept for Task {
    const KIND: &'static str = "task";

    fn id(&self) -> &str {
        &self.task_id
    }

    fn sort(&self) -> String {
        in_order_of(self.created_at)
    }

    fn due(&self) -> Option<Timestamp> {
        // What time alone does to a task is due with its entry instead, so that it needs no place
        // among the work.
        self.due.filter(|_| self.is_work())
    }
}

/// The id of an operation, which follows from what makes it this operation and not another one.
pub(crate) fn operation_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    format!("op_{}", jcs::name_of(parts))
}

/// The id of an operation's task. It tells nothing about the operation and is the same on every
/// attempt.
pub fn id_of(operation_id: &str) -> String {
    let digest = Sha256::digest(format!("task\0{operation_id}"));
    format!("task_{}", jcs::hex(&digest[..12]))
}
