//! The operator API: HTTP for the people who decide, on a listener of its own.
//!
//! Operators have tokens of their own, which work nowhere else, and no buyer's token works here.
//! The API shows tasks, takes decisions and shows who decided what when. It shows notifications to
//! buyers that are not delivered, and has those tried again that were set aside. It never shows
//! credentials, and it decides nothing itself: a decision goes to [`crate::tasks`] or
//! [`crate::webhooks`], which makes it and its audit entry in one commit.
//!
//! It speaks plain HTTP. Whoever opens it beyond this machine puts a reverse proxy with TLS before
//! it.

mod problem;
mod proposal;
mod view;
mod question;
mod tasks;
mod webhooks;
mod client;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use crate::auth::{Denied, Operators};
use crate::http::{Origins, REQUEST_ID, Requests};
use crate::identity::TenantId;
use crate::ops::Services;

pub(crate) use client::{Client, ClientError};
pub(crate) use problem::Problem;
pub(crate) use proposal::{AllocationView, ProposalView};
pub(crate) use view::{AuditList, TaskList, TaskView, WebhookList, WebhookView};

/// The id in a path, or that it can't be one.
type Id = Result<Path<String>, PathRejection>;

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Api {
    services: Arc<Services>,
    operators: Operators,
    origins: Origins,
    requests: Requests,
}

impl Api {
    /// An API that is reached at `url`.
    pub(crate) fn new(services: Arc<Services>, operators: Operators, url: &str) -> Self {
        Api {
            services,
            operators,
            origins: Origins::only(url),
            requests: Requests::new(),
        }
    }
}

/// The routes. Only `/healthz` is for everybody.
pub(crate) fn router(api: Api) -> Router {
    let api = Arc::new(api);
    Router::new()
        .route("/tasks", get(tasks::list))
        .route("/tasks/{id}", get(tasks::show))
        .route("/tasks/{id}/approve", post(tasks::approve))
        .route("/tasks/{id}/reject", post(tasks::reject))
        .route("/audit", get(tasks::audit))
        .route("/webhooks", get(webhooks::list))
        .route("/webhooks/{id}", get(webhooks::show))
        .route("/webhooks/{id}/replay", post(webhooks::replay))
        .fallback(|| async { Problem::nothing_here() })
        .method_not_allowed_fallback(|| async { Problem::wrong_method() })
        .layer(middleware::from_fn_with_state(Arc::clone(&api), admit))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(api)
}

/// Who is asking comes before anything else; then whether a web page may.
async fn admit(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let request_id = api.requests.next();
    let mut response = match api.operators.authenticate(request.headers()) {
        Err(denied) => unauthorized(denied),
        Ok(_) if !api.origins.allow(request.headers()) => Problem::foreign_page().into_response(),
        Ok(operator) => {
            tracing::info!(
                target: "adcp_seller::operator",
                request = request_id,
                operator = operator.name,
                method = %request.method(),
                path = request.uri().path(),
                "an operator asks"
            );
            request.extensions_mut().insert(operator.clone());
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    response
}

/// The same answer whatever is wrong with credentials.
fn unauthorized(denied: Denied) -> Response {
    tracing::info!(target: "adcp_seller::operator", ?denied, "an operator was turned away");
    // Who sent no credentials is told of no error (RFC 6750, section 3.1).
    let challenge = match denied {
        Denied::Missing => "Bearer realm=\"operators\"",
        Denied::Malformed | Denied::Unknown => {
            "Bearer realm=\"operators\", error=\"invalid_token\""
        }
    };
    let mut response = Problem::unauthorized().into_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// The seller whose operators these are.
fn tenant() -> TenantId {
    TenantId(TenantId::SINGLE.to_owned())
}

/// An answer in JSON.
fn json(answer: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(answer).map_err(crate::error::Error::internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
