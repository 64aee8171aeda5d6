//! What an operator is told when something can't be done (RFC 9457).

use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::http::body;
use crate::tasks::{Decision, in_words};

/// Why a request was not carried out. The same shape is written by the API and read by the command
/// line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Problem {
    /// Names the sort of problem: `urn:adcp-seller:already-decided`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What sort of problem it is, in a few words.
    pub(crate) title: String,
    /// What is wrong with this request.
    pub(crate) detail: String,
    /// What to do about it.
    pub(crate) remedy: String,
    /// The decision that was made already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Box<Decision>>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: String, remedy: &str) -> Self {
        Problem {
            kind: format!("urn:adcp-seller:{kind}"),
            status: status.as_u16(),
            title: title.to_owned(),
            detail,
            remedy: remedy.to_owned(),
            decision: None,
        }
    }

    pub(super) fn unauthorized() -> Self {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "who are you",
            "a valid operator token is needed".to_owned(),
            "send it as `Authorization: Bearer TOKEN`; tokens of buyers don't work here",
        )
    }

    pub(super) fn foreign_page() -> Self {
        Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-page",
            "not from a web page",
            "requests from this web origin are not accepted".to_owned(),
            "call from a program, or from a page that is served at the operator API's own address",
        )
    }

    pub(super) fn no_right(operator: &str, operation: &str) -> Self {
        Problem::new(
            StatusCode::FORBIDDEN,
            "no-right",
            "not yours to decide",
            format!("{operator} may not decide the operation {operation}"),
            "ask an operator whose `may` in the operators file has it",
        )
    }

    pub(super) fn unknown_task() -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-task",
            "no such task",
            "there is no task of that id".to_owned(),
            "list the tasks with GET /tasks",
        )
    }

    pub(super) fn unknown_webhook() -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-webhook",
            "no such notification",
            "there is no notification of that id that is not delivered".to_owned(),
            "list the notifications with GET /webhooks",
        )
    }

    pub(super) fn nothing_to_replay() -> Self {
        Problem::new(
            StatusCode::CONFLICT,
            "nothing-to-replay",
            "nothing to replay",
            "the notification is not set aside; it is being tried".to_owned(),
            "list what was set aside with GET /webhooks?standing=dead",
        )
    }

    pub(super) fn nothing_here() -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "nothing-here",
            "nothing here",
            "the operator API has no such path".to_owned(),
            "tasks are at /tasks, decisions at /audit, notifications at /webhooks",
        )
    }

    pub(super) fn wrong_method() -> Self {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "wrong-method",
            "not by this method",
            "this path does not take the request's method".to_owned(),
            "see the `Allow` header for those it takes",
        )
    }

    pub(super) fn bad_request(detail: impl Into<String>, remedy: &str) -> Self {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "not understood",
            detail.into(),
            remedy,
        )
    }

    pub(super) fn unfit_content(detail: &str) -> Self {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unfit-content",
            "not JSON",
            detail.trim_end().to_owned(),
            "send JSON in UTF-8 with `Content-Type: application/json`",
        )
    }

    pub(super) fn already_decided(decision: Decision) -> Self {
        Problem {
            decision: Some(Box::new(decision.clone())),
            ..Problem::new(
                StatusCode::CONFLICT,
                "already-decided",
                "decided already",
                format!(
                    "the task was {} at {}",
                    in_words(&decision.operator, decision.approved),
                    decision.at.to_rfc3339_opts(SecondsFormat::Secs, true)
                ),
                "a decision stands; look at the task to see what came of it",
            )
        }
    }

    pub(super) fn nothing_to_decide(status: &str) -> Self {
        Problem::new(
            StatusCode::CONFLICT,
            "nothing-to-decide",
            "nothing to decide",
            format!("the task is {status} and waits for nobody's decision"),
            "list what waits with GET /tasks?awaiting=true",
        )
    }
}

impl From<body::Refusal> for Problem {
    fn from(refusal: body::Refusal) -> Self {
        Problem::new(
            refusal.status(),
            "unread-body",
            "body not read",
            refusal.to_string(),
            "send one small JSON object at once",
        )
    }
}

impl From<Error> for Problem {
    /// Errors of the runtime are for buyers; an operator learns of the cause from the log.
    fn from(error: Error) -> Self {
        if error.code == "INVALID_REQUEST" {
            return Problem::bad_request(
                error.message,
                "send the cursor of the page before unchanged, or leave it out",
            );
        }
        let cause = error.cause.as_ref().map(ToString::to_string);
        tracing::error!(target: "adcp_seller::operator", code = error.code, cause, "an operator's request failed");
        let (status, remedy) = match error.code {
            "SERVICE_UNAVAILABLE" | "CONFLICT" => {
                (StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
            }
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the cause is in the seller's log",
            ),
        };
        Problem::new(status, "failed", "could not be done", error.message, remedy)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Strings and one decision: this can't fail to become JSON.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        // Nobody has read the body that may have come along: nothing can follow it.
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
