//! Tasks as operators look at them, and decide them.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::response::Response;
use std::sync::Arc;

use super::problem::Problem;
use super::question::{self, Question};
use super::view::{AuditList, TaskList, TaskView};
use super::{Api, Id, json, proposal, tenant};
use crate::auth::Operator;
use crate::tasks::{self, DecideError, Decision, Task, TaskFilter, Verdict};

/// `GET /tasks`.
pub(super) async fn list(State(api): State<Arc<Api>>, uri: Uri) -> Result<Response, Problem> {
    let question = Question::of(&uri, &["status", "awaiting", "limit", "cursor"])?;
    let filter = TaskFilter {
        status: question.status,
        awaiting: question.awaiting,
    };
    let cursor = question.cursor.as_deref();
    let page = tasks::list(&api.services, &tenant(), filter, cursor, question.limit).await?;
    json(&TaskList {
        tasks: page.tasks.into_iter().map(TaskView::brief).collect(),
        cursor: page.next,
    })
}

/// `GET /tasks/{id}`.
pub(super) async fn show(State(api): State<Arc<Api>>, id: Id) -> Result<Response, Problem> {
    let task = open(&api, id).await?;
    whole(&api, &task).await
}

/// `POST /tasks/{id}/approve`.
pub(super) async fn approve(
    State(api): State<Arc<Api>>,
    Extension(operator): Extension<Operator>,
    id: Id,
    request: Request,
) -> Result<Response, Problem> {
    let note = question::note(request).await?;
    decide(&api, &operator, id, true, note).await
}

/// `POST /tasks/{id}/reject`.
pub(super) async fn reject(
    State(api): State<Arc<Api>>,
    Extension(operator): Extension<Operator>,
    id: Id,
    request: Request,
) -> Result<Response, Problem> {
    let reason = question::reason(request).await?;
    decide(&api, &operator, id, false, Some(reason)).await
}

/// `GET /audit`.
pub(super) async fn audit(State(api): State<Arc<Api>>, uri: Uri) -> Result<Response, Problem> {
    let question = Question::of(&uri, &["task_id", "limit", "cursor"])?;
    let page = tasks::audit(
        &api.services,
        &tenant(),
        question.task_id.as_deref(),
        question.cursor.as_deref(),
        question.limit,
    )
    .await?;
    json(&AuditList {
        entries: page.entries,
        cursor: page.next,
    })
}

async fn decide(
    api: &Api,
    operator: &Operator,
    id: Id,
    approved: bool,
    reason: Option<String>,
) -> Result<Response, Problem> {
    let task = open(api, id).await?;
    if let Some(approval) = &task.approval
        && !operator.may_decide(&approval.operation)
    {
        return Err(Problem::no_right(&operator.name, &approval.operation));
    }
    let verdict = Verdict {
        approved,
        operator: operator.name.clone(),
        reason,
    };
    let decided = tasks::decide(&api.services, &tenant(), &task.task_id, verdict).await?;
    tracing::info!(
        target: "adcp_seller::operator",
        operator = operator.name,
        task_id = task.task_id,
        approved,
        "a task was decided"
    );
    whole(api, &decided).await
}

/// Everything about a task.
async fn whole(api: &Api, task: &Task) -> Result<Response, Problem> {
    let proposals = proposal::reserved_for(&api.services, task).await?;
    json(&TaskView::whole(task, proposals))
}

async fn open(api: &Api, id: Id) -> Result<Task, Problem> {
    // What is no UTF-8 is no id.
    let Ok(Path(id)) = id else {
        return Err(Problem::unknown_task());
    };
    tasks::open(&api.services, &tenant(), &id)
        .await?
        .ok_or_else(Problem::unknown_task)
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Unknown => Problem::unknown_task(),
            DecideError::NotAwaiting { status } => Problem::nothing_to_decide(status.as_str()),
            DecideError::Decided { by, at, approved } => Problem::already_decided(Decision {
                approved,
                operator: by,
                at,
                reason: None,
            }),
            error @ DecideError::Reason => {
                Problem::bad_request(error.to_string(), "say it shorter")
            }
            DecideError::Failed(error) => error.into(),
        }
    }
}
