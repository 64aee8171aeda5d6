//! Who decided what, and when: a record for each decision, never changed and never removed. That a
//! notification is sent again is a person's decision, too.

use serde::{Deserialize, Serialize};

use super::registry::page;
use super::{Decision, NOBODY, Task};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::identity::{Principal, Scope, TenantId};
use crate::ops::Services;
use crate::ops::records::{self, Kept, newest_first};
use crate::store::Batch;

/// One decision about a task or a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Names the entry.
    pub audit_id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided; [`NOBODY`] when the time ran out.
    pub operator: String,
    /// What was done: `approve`, `reject` or `expire` a task, `replay` a notification.
    pub action: String,
    /// The task; that of which a notification tells, where it tells of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<String>,
    /// The tool that the buyer called, or what else a notification is about.
    pub tool: String,
    /// The buyer.
    pub principal: Principal,
    /// The account that the buyer's call acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One page of decisions, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// The decisions.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
}

impl Kept for AuditEntry {
    const KIND: &'static str = "audit";

    fn id(&self) -> &str {
        &self.audit_id
    }

    fn sort(&self) -> String {
        newest_first(self.at)
    }

    fn tags(&self) -> Vec<String> {
        self.task_id
            .iter()
            .map(|task_id| of_task(task_id))
            .collect()
    }
}

/// The decisions of a seller, newest first; with `task_id` those about one task. `after` is the
/// cursor of the page before; a page has at most `limit` entries, and never more than 100.
///
/// # Errors
///
/// `INVALID_REQUEST` at `pagination.cursor` when the cursor was not issued for this list;
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub async fn audit(
    services: &Services,
    tenant: &TenantId,
    task_id: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<AuditPage> {
    let tag = task_id.map(of_task);
    let purpose = format!(
        "operator/audit/{}/{}",
        tenant.0,
        tag.as_deref().unwrap_or_default()
    );
    let (entries, next) = page(
        services,
        &Scope::seller(tenant),
        tag,
        &purpose,
        after,
        limit,
    )
    .await?;
    Ok(AuditPage { entries, next })
}

/// Writes a decision down.
pub(super) fn record(
    batch: &mut Batch,
    tenant: &TenantId,
    task: &Task,
    decision: &Decision,
) -> Result<()> {
    let action = match (decision.approved, decision.operator.as_str()) {
        (true, _) => "approve",
        (false, NOBODY) => "expire",
        (false, _) => "reject",
    };
    let entry = AuditEntry {
        audit_id: format!("{}:{}", task.task_id, decision.at.timestamp_micros()),
        at: decision.at,
        operator: decision.operator.clone(),
        action: action.to_owned(),
        task_id: Some(task.task_id.clone()),
        webhook_id: None,
        tool: task.tool.clone(),
        principal: task.principal.clone(),
        account_id: task.account_id.clone(),
        reason: decision.reason.clone(),
    };
    records::insert(batch, &Scope::seller(tenant), &entry)
}

fn of_task(task_id: &str) -> String {
    records::tag("task:", task_id)
}
