//! HTTP: routes, limits, and what is decided before a body is read.
//!
//! The order matters: who is calling comes first, so that a stranger learns nothing else about the
//! seller, not even which methods a path takes.

pub(crate) mod body;
mod origin;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use crate::auth::{Callers, Denied};
use crate::dispatch::Caller;
use crate::identity::{Rights, Scope, TenantId};
use crate::mcp::{Reply, Server};
use crate::ops::Services;
use crate::store::Key;

pub use body::LARGEST as LARGEST_BODY;
pub use origin::Origins;
pub(crate) use server::serve;

/// Names a call in the answer and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long the store may take to show that it answers.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) services: Arc<Services>,
    pub(crate) mcp: Server,
    pub(crate) callers: Callers,
    pub(crate) origins: Origins,
    /// Where the MCP endpoint is, as buyers know it: the realm of the challenge.
    pub(crate) url: String,
    /// Names calls in the log.
    pub(crate) requests: Requests,
    /// Set when the seller is about to stop, so that load balancers turn away.
    pub(crate) stopping: AtomicBool,
}

/// Names for calls: unique among all processes, without asking the operating system for
/// randomness each time.
#[derive(Debug)]
pub(crate) struct Requests {
    process: String,
    count: AtomicU64,
}

impl Requests {
    pub(crate) fn new() -> Self {
        let mut process = Uuid::new_v4().simple().to_string();
        process.truncate(16);
        Requests {
            process,
            count: AtomicU64::new(1),
        }
    }

    pub(crate) fn next(&self) -> String {
        format!(
            "{}-{}",
            self.process,
            self.count.fetch_add(1, Ordering::Relaxed)
        )
    }
}

/// The routes of a seller.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route("/mcp", any(mcp))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async {
            (
                StatusCode::NOT_FOUND,
                "there is nothing here; MCP is served at /mcp\n",
            )
        })
        .with_state(front)
}

async fn mcp(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let principal = match front.callers.authenticate(&parts.headers) {
        Ok(principal) => principal.clone(),
        Err(denied) => return unauthorized(&front, denied),
    };
    if parts.method != Method::POST {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(ALLOW, "POST")],
            "MCP messages are sent by POST; this server keeps no streams and no sessions\n",
        )
            .into_response();
    }
    if !front.origins.allow(&parts.headers) {
        return (
            StatusCode::FORBIDDEN,
            "requests from this web origin are not accepted\n",
        )
            .into_response();
    }
    if let Err(refusal) = check_content(&parts.headers) {
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            [(CONNECTION, "close")],
            refusal,
        )
            .into_response();
    }
    let body = match body::read(&parts.headers, body, LARGEST_BODY).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let caller = Caller {
        tenant: TenantId(TenantId::SINGLE.to_owned()),
        principal,
        request_id: front.requests.next(),
        rights: Rights::Everything,
        signed: false,
        subscriptions: Vec::new(),
    };
    let request_id = HeaderValue::from_str(&caller.request_id);
    let mut response = json_response(front.mcp.handle(caller, &parts.headers, &body).await);
    if let Ok(request_id) = request_id {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    response
}

/// The body must be JSON in UTF-8 (RFC 8259, section 8.1), uncompressed.
pub(crate) fn check_content(headers: &HeaderMap) -> Result<(), &'static str> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err("the content type must be application/json\n");
    }
    let utf8 = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| {
            charset
                .trim()
                .trim_matches('"')
                .eq_ignore_ascii_case("utf-8")
        });
    if !utf8 {
        return Err("the body must be in UTF-8\n");
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err("compressed bodies are not accepted\n");
    }
    Ok(())
}

fn json_response(reply: Reply) -> Response {
    match reply.body {
        Some(body) => (
            reply.status,
            [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body,
        )
            .into_response(),
        None => (reply.status, Bytes::new()).into_response(),
    }
}

/// The same answer whatever is wrong with credentials. The body has the AdCP code for clients that
/// look there.
fn unauthorized(front: &Front, denied: Denied) -> Response {
    tracing::info!(?denied, "a caller was turned away");
    let message = "a valid bearer token is needed: send it as `Authorization: Bearer TOKEN`";
    let body = json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": -32001, "message": message, "data": { "adcp_error": { "code": "AUTH_REQUIRED", "message": message, "recovery": "correctable" } } },
    });
    let realm = format!("Bearer realm=\"{}\"", front.url);
    // Who sent no credentials is told of no error (RFC 6750, section 3.1).
    let challenge = match denied {
        Denied::Missing => realm,
        Denied::Malformed | Denied::Unknown => format!("{realm}, error=\"invalid_token\""),
    };
    let mut response = (
        StatusCode::UNAUTHORIZED,
        [(CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    // The body was not read: the connection can't be used for another request.
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Ready when the store answers and the seller is not about to stop.
async fn ready(State(front): State<Arc<Front>>) -> Response {
    if front.stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let tenant = TenantId(TenantId::SINGLE.to_owned());
    let key = Key::new(Scope::seller(&tenant), "probe", "ready");
    match tokio::time::timeout(READY_WITHIN, front.services.store.get(&key)).await {
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
                .into_response()
        }
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer in time\n",
        )
            .into_response(),
    }
}
