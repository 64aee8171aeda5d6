//! A person's word on a task, and what happens when nobody says it.
//!
//! A decision, what it does to the task and to the proposals that are reserved for it, and the
//! audit record are one batch over the revision that was read, so that of several people exactly
//! one decides.

use super::registry::{self, save};
use super::{Decision, Task, TaskStatus, audit};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::identity::TenantId;
use crate::ops::records::Stored;
use crate::ops::{Services, hold, work};
use crate::store::Batch;
use crate::webhooks;

/// Who has decided when the time ran out.
pub const NOBODY: &str = "nobody in time";
/// The longest reason, in characters.
pub const LONGEST_REASON: usize = super::LONGEST_MESSAGE;
/// How often a decision is tried anew because something else about the task changed meanwhile.
const ATTEMPTS: usize = 8;

/// What a person says about a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the operation may go on.
    pub approved: bool,
    /// Who says so. Anything but [`NOBODY`].
    pub operator: String,
    /// Why, at most [`LONGEST_REASON`] characters. The buyer is shown the reason of a rejection.
    pub reason: Option<String>,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such task.
    #[error("there is no task of that id; list the tasks to see which there are")]
    Unknown,
    /// The task needs no decision.
    #[error("the task is {} and waits for nobody's decision", .status.as_str())]
    NotAwaiting {
        /// Where it stands.
        status: TaskStatus,
    },
    /// It has been decided about.
    #[error("the task was {} at {}", in_words(.by, *.approved), crate::clock::to_wire(*.at))]
    Decided {
        /// Who decided.
        by: String,
        /// When.
        at: Timestamp,
        /// Whether the operation went on.
        approved: bool,
    },
    /// The reason is too long.
    #[error("the reason has more than {LONGEST_REASON} characters; shorten it")]
    Reason,
    /// The store failed, or something else kept changing the task.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Decides about a task. An approved one is carried out at once; a rejected one has ended, and
/// the proposals that were reserved for it are free again.
///
/// # Errors
///
/// When there is nothing to decide any more. Exactly one of several decisions is taken.
pub async fn decide(
    services: &Services,
    tenant: &TenantId,
    task_id: &str,
    verdict: Verdict,
) -> Result<Task, DecideError> {
    let too_long = |reason: &String| reason.chars().count() > LONGEST_REASON;
    if verdict.reason.as_ref().is_some_and(too_long) {
        return Err(DecideError::Reason);
    }
    for _ in 0..ATTEMPTS {
        let stored = registry::find(services, tenant, task_id)
            .await?
            .ok_or(DecideError::Unknown)?;
        let now = services.clock.now();
        let until = judge(&stored.value)?;
        let decision = if now > until {
            timed_out(now)
        } else {
            Decision {
                approved: verdict.approved,
                operator: verdict.operator.clone(),
                at: now,
                reason: verdict.reason.clone(),
            }
        };
        if let Some(decided) = commit(services, stored, decision).await? {
            if now > until {
                judge(&decided)?;
            }
            return Ok(decided);
        }
    }
    Err(Error::unavailable("the task kept changing while it was decided about").into())
}

/// A decision in a few words, with which `at` and an instant can follow: `approved by ada`, or that
/// the time ran out.
pub(crate) fn in_words(operator: &str, approved: bool) -> String {
    match (approved, operator) {
        (_, NOBODY) => "rejected, as nobody decided in time,".to_owned(),
        (true, operator) => format!("approved by {operator}"),
        (false, operator) => format!("rejected by {operator}"),
    }
}

/// Rejects a task about which nobody has decided in time, unless somebody just does.
pub(super) async fn expire(services: &Services, stored: Stored<Task>) -> Result<()> {
    let decision = timed_out(services.clock.now());
    commit(services, stored, decision).await.map(|_| ())
}

/// Until when the task can be decided about.
fn judge(task: &Task) -> Result<Timestamp, DecideError> {
    let decision = task
        .approval
        .as_ref()
        .and_then(|approval| approval.decision.as_ref());
    if let Some(decision) = decision {
        return Err(DecideError::Decided {
            by: decision.operator.clone(),
            at: decision.at,
            approved: decision.approved,
        });
    }
    match task.undecided() {
        Some(approval) if !task.status.is_terminal() => Ok(approval.until),
        _ => Err(DecideError::NotAwaiting {
            status: task.status,
        }),
    }
}

fn timed_out(now: Timestamp) -> Decision {
    Decision {
        approved: false,
        operator: NOBODY.to_owned(),
        at: now,
        reason: Some("nobody decided in time".to_owned()),
    }
}

/// Writes a decision; `None` when something has changed since the task was read.
async fn commit(
    services: &Services,
    mut stored: Stored<Task>,
    decision: Decision,
) -> Result<Option<Task>> {
    let mut batch = Batch::new();
    audit::record(
        &mut batch,
        &stored.key.scope.tenant,
        &stored.value,
        &decision,
    )?;
    if !decision.approved {
        hold::release(services, &stored, &mut batch).await?;
    }
    stored.value.decide(decision);
    save(&mut batch, &stored)?;
    webhooks::announce(
        services,
        &mut batch,
        &stored.key.scope.tenant,
        &stored.value,
    )?;
    let committed = work::commit(services, batch).await?;
    Ok(committed.then_some(stored.value))
}
