//! Whether the process lives, and whether it is of use.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Front;
use crate::identity::{Scope, TenantId};
use crate::store::Key;

/// How long the store may take to show that it answers.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Alive.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// How long what the store has said is believed, so that probes by strangers cost it nothing.
const BELIEVED: Duration = Duration::from_secs(1);

/// What the store last said to a probe.
#[derive(Debug, Default)]
pub(crate) struct Probe(Mutex<Option<(Instant, Result<(), &'static str>)>>);

/// Ready when the store answers and the seller is not about to stop.
pub(super) async fn ready(State(front): State<Arc<Front>>) -> Response {
    if front.stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    // Held while the store is asked, so that a rush asks once.
    let mut said = front.probe.0.lock().await;
    let known = said.filter(|(at, _)| at.elapsed() < BELIEVED);
    let answer = match known {
        Some((_, answer)) => answer,
        None => ask(&front).await,
    };
    if known.is_none() {
        *said = Some((Instant::now(), answer));
    }
    match answer {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

async fn ask(front: &Front) -> Result<(), &'static str> {
    let tenant = TenantId(TenantId::SINGLE.to_owned());
    let key = Key::new(Scope::seller(&tenant), "probe", "ready");
    match tokio::time::timeout(READY_WITHIN, front.services.store.get(&key)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store does not answer");
            Err("the store does not answer\n")
        }
        Err(_) => Err("the store does not answer in time\n"),
    }
}
