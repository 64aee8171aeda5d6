//! HTTP: routes, limits, and what is decided before a body is read.
//!
//! Routes are listed here and nowhere else. Every one that does anything for a buyer goes through
//! the [`gate`]; health, readiness and published documents are for everybody.

pub(crate) mod body;
mod content;
mod origin;
mod requests;
mod address;
mod turned;
mod gate;
mod entrance;
mod agent;
mod published;
mod metadata;
mod token;
mod probe;
mod connection;
mod server;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::dispatch::Dispatcher;
use crate::mcp::{Reply, Server};
use crate::ops::Services;
use crate::plain;

pub(crate) use address::{Addresses, Endpoint};
pub use body::LARGEST as LARGEST_BODY;
pub(crate) use content::check as check_content;
pub(crate) use entrance::Admitted;
pub(crate) use gate::Gate;
pub use origin::Origins;
pub(crate) use probe::Probe;
pub(crate) use published::{Published, brand_url};
pub(crate) use requests::{REQUEST_ID, Requests, name};
pub(crate) use server::serve;
pub(crate) use turned::Turned;

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) services: Arc<Services>,
    pub(crate) mcp: Server,
    /// Set when A2A is served.
    pub(crate) a2a: Option<crate::a2a::Server>,
    /// Set when AdCP is served as plain JSON, to whoever signs.
    pub(crate) plain: Option<Dispatcher>,
    /// Who comes in.
    pub(crate) gate: Gate,
    /// What everybody may know.
    pub(crate) published: Published,
    pub(crate) origins: Origins,
    /// Whether the store answers.
    pub(crate) probe: Probe,
    /// Set when the seller is about to stop, so that load balancers turn away.
    pub(crate) stopping: AtomicBool,
}

/// The routes of a seller.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .merge(mcp_routes(&front))
        .route("/healthz", get(probe::healthy))
        .route("/readyz", get(probe::ready))
        .route(published::JWKS, get(published::jwks))
        .route(published::BRAND, get(published::brand))
        .route(metadata::RESOURCES, get(metadata::resource))
        .route(metadata::SERVER, get(metadata::server))
        .route(metadata::KEYS, get(metadata::keys))
        .route(token::PATH, any(token::token))
        .merge(plain_routes(&front))
        .merge(agent::routes(&front))
        .fallback(nothing)
        .with_state(front)
}

impl Front {
    /// What is served to callers with a token.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        let mcp = self.services.profile.entry.mcp.then_some(Endpoint::Mcp);
        let a2a = self.a2a.is_some().then_some(Endpoint::A2a);
        mcp.into_iter().chain(a2a).collect()
    }
}

fn mcp_routes(front: &Front) -> Router<Arc<Front>> {
    if front.services.profile.entry.mcp {
        Router::new().route("/mcp", any(mcp))
    } else {
        Router::new()
    }
}

/// AdCP as plain JSON, below the address of each transport.
fn plain_routes(front: &Front) -> Router<Arc<Front>> {
    let mut routes = Router::new();
    if front.plain.is_none() {
        return routes;
    }
    if front.services.profile.entry.mcp {
        routes = routes.route("/mcp/adcp/{*operation}", any(adcp));
    }
    if front.a2a.is_some() {
        routes = routes.route("/a2a/adcp/{*operation}", any(adcp));
    }
    routes
}

async fn nothing() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "there is nothing at this address\n")
}

async fn mcp(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Admitted {
        caller,
        parts,
        body,
    } = match front.admit(Endpoint::Mcp, request).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let request_id = caller.request_id.clone();
    let answer = front
        .mcp
        .handle(&front.gate, caller, &parts.headers, &body)
        .await;
    let mut response = match answer {
        Ok(reply) => written(reply),
        Err(turned) => front.gate.turn(Endpoint::Mcp, &parts, &turned),
    };
    name(&mut response, &request_id);
    response
}

async fn adcp(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Admitted {
        caller,
        parts,
        body,
    } = match front.admit(Endpoint::Plain, request).await {
        Ok(admitted) => admitted,
        Err(response) => return response,
    };
    let Some(dispatcher) = &front.plain else {
        return nothing().await.into_response();
    };
    let request_id = caller.request_id.clone();
    let path = parts.uri.path();
    let operation = path.split_once("/adcp/").map_or(path, |(_, rest)| rest);
    let mut response = match plain::call(dispatcher, &front.gate, caller, operation, &body).await {
        Ok(reply) => written(reply),
        Err(turned) => front.gate.turn(Endpoint::Plain, &parts, &turned),
    };
    name(&mut response, &request_id);
    response
}

fn written(reply: Reply) -> Response {
    match reply.body {
        Some(body) => (reply.status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        None => reply.status.into_response(),
    }
}
