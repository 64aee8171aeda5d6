//! The routes of A2A: the endpoint, and the card that says where it is.
//!
//! The card is public and found where clients look for it: below the endpoint, below the root, and
//! under the name that it had before A2A 0.3.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use super::{Admitted, Endpoint, Front, name};

/// Where the card lies.
const CARDS: [&str; 4] = [
    "/a2a/.well-known/agent-card.json",
    "/a2a/.well-known/agent.json",
    "/.well-known/agent-card.json",
    "/.well-known/agent.json",
];

/// The routes of a seller that serves A2A; none of one that does not.
pub(super) fn routes(front: &Front) -> Router<Arc<Front>> {
    if front.a2a.is_none() {
        return Router::new();
    }
    let routes = Router::new().route(Endpoint::A2a.path(), any(message));
    CARDS
        .into_iter()
        .fold(routes, |routes, path| routes.route(path, get(card)))
}

async fn card(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let url = front.gate.addresses().endpoint(Endpoint::A2a, &parts);
    match &front.a2a {
        Some(a2a) => a2a.card(&parts.headers, &url),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn message(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Some(a2a) = &front.a2a else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Admitted {
        caller,
        parts,
        body,
    } = match front.admit(Endpoint::A2a, request).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let request_id = caller.request_id.clone();
    let mut response = match a2a.handle(&front.gate, caller, &parts, &body).await {
        Ok(response) => response,
        Err(turned) => front.gate.turn(Endpoint::A2a, &parts, &turned),
    };
    name(&mut response, &request_id);
    response
}
