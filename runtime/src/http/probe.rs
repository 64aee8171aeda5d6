//! Whether the process lives, and whether it is of use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Front;
use crate::identity::{Scope, TenantId};
use crate::store::Key;

/// How long the store may take to show that it answers.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Alive.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// Ready when the store answers and the seller is not about to stop.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> Response {
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
