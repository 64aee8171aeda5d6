//! Notifications as operators look at them, and have them tried again.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::response::Response;

use super::problem::Problem;
use super::question::{self, Question};
use super::view::{WebhookList, WebhookView};
use super::{Api, Id, json, tenant};
use crate::auth::Operator;
use crate::webhooks::{self, REPLAY, ReplayError};

/// `GET /webhooks`.
pub(super) async fn list(State(api): State<Arc<Api>>, uri: Uri) -> Result<Response, Problem> {
    let question = Question::of(&uri, &["standing", "limit", "cursor"])?;
    let cursor = question.cursor.as_deref();
    let page = webhooks::list(
        &api.services,
        &tenant(),
        question.standing,
        cursor,
        question.limit,
    )
    .await?;
    json(&WebhookList {
        webhooks: page
            .deliveries
            .into_iter()
            .map(WebhookView::brief)
            .collect(),
        cursor: page.next,
    })
}

/// `GET /webhooks/{id}`.
pub(super) async fn show(State(api): State<Arc<Api>>, id: Id) -> Result<Response, Problem> {
    // What is no UTF-8 is no id.
    let Ok(Path(id)) = id else {
        return Err(Problem::unknown_webhook());
    };
    let (delivery, contents) = webhooks::open(&api.services, &tenant(), &id)
        .await?
        .ok_or_else(Problem::unknown_webhook)?;
    json(&WebhookView::whole(delivery, contents))
}

/// `POST /webhooks/{id}/replay`.
pub(super) async fn replay(
    State(api): State<Arc<Api>>,
    Extension(operator): Extension<Operator>,
    id: Id,
    request: Request,
) -> Result<Response, Problem> {
    question::nothing(request).await?;
    let Ok(Path(id)) = id else {
        return Err(Problem::unknown_webhook());
    };
    if !operator.may_decide(REPLAY) {
        return Err(Problem::no_right(&operator.name, REPLAY));
    }
    let delivery = webhooks::replay(&api.services, &tenant(), &id, &operator.name).await?;
    tracing::info!(
        target: "adcp_seller::operator",
        operator = operator.name,
        webhook_id = id,
        "a notification is tried again"
    );
    json(&WebhookView::brief(delivery))
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Unknown => Problem::unknown_webhook(),
            ReplayError::Waiting => Problem::nothing_to_replay(),
            ReplayError::Failed(error) => error.into(),
        }
    }
}
