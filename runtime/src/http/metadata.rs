//! The documents by which a client finds out where tokens for this seller come from: protected
//! resource metadata (RFC 9728) and, in a sandbox, authorization server metadata (RFC 8414).
//!
//! Where no access tokens are taken, neither exists: a document that promises a login which nobody
//! runs sends clients into the void.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::address::Endpoint;
use super::{Front, nothing, token};
use crate::oauth::Verifier;

/// What precedes the path of a resource in the path of its metadata (RFC 9728, section 3.1).
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Where metadata about resources are.
pub(super) const RESOURCES: &str = "/.well-known/oauth-protected-resource/{*path}";
/// Where an issuer without a path describes itself (RFC 8414, section 3).
pub(super) const SERVER: &str = "/.well-known/oauth-authorization-server";
/// Where the sandbox's authorization server has its public key.
pub(super) const KEYS: &str = "/oauth/jwks.json";

/// The URL of the metadata about the resource at a URL.
pub(super) fn url(resource: &str) -> String {
    let (origin, path) = split(resource);
    format!("{origin}{RESOURCE}{path}")
}

/// The origin of a URL, and its path.
fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[authority..]
        .find('/')
        .map_or(url.len(), |path| authority + path);
    url.split_at(end)
}

/// Protected resource metadata about the endpoint whose path follows.
pub(super) async fn resource(
    State(front): State<Arc<Front>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let Some(tokens) = front.gate.callers().tokens() else {
        return nothing().await.into_response();
    };
    let endpoints = front.endpoints();
    let wanted = endpoints.into_iter().find(|endpoint| {
        let resource = front.gate.addresses().endpoint(*endpoint, &parts);
        // Behind a proxy the endpoint may have a longer path than here.
        path == endpoint.path()[1..] || split(&resource).1.strip_prefix('/') == Some(&path)
    });
    match wanted {
        Some(endpoint) => published(about(&front, tokens, endpoint, &parts)),
        None => nothing().await.into_response(),
    }
}

fn about(front: &Front, tokens: &Verifier, endpoint: Endpoint, parts: &Parts) -> Value {
    let addresses = front.gate.addresses();
    let mut document = json!({
        "resource": addresses.endpoint(endpoint, parts),
        "authorization_servers": tokens.issuers(&addresses.home(parts)),
        "bearer_methods_supported": ["header"],
        "resource_name": front.services.profile.name,
    });
    with_scopes(&mut document, tokens);
    document
}

/// Metadata about the sandbox's own authorization server.
pub(super) async fn server(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(tokens) = front
        .gate
        .callers()
        .tokens()
        .filter(|tokens| tokens.own().is_some())
    else {
        return nothing().await.into_response();
    };
    let home = front.gate.addresses().home(&parts);
    let mut document = json!({
        "issuer": home,
        "token_endpoint": format!("{home}{}", token::PATH),
        "jwks_uri": format!("{home}{KEYS}"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    });
    with_scopes(&mut document, tokens);
    published(document)
}

/// The public key of the sandbox's own authorization server.
pub(super) async fn keys(State(front): State<Arc<Front>>) -> Response {
    match front
        .gate
        .callers()
        .tokens()
        .and_then(|tokens| tokens.own())
    {
        Some(server) => published(server.document().clone()),
        None => nothing().await.into_response(),
    }
}

fn with_scopes(document: &mut Value, tokens: &Verifier) {
    if !tokens.scopes().is_empty() {
        document["scopes_supported"] = tokens.scopes().names().collect();
    }
}

/// In a sandbox a document depends on how the seller was reached, so nobody may keep it for others.
pub(super) fn published(document: Value) -> Response {
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-cache"),
            (VARY, "host"),
        ],
        document.to_string(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_stands_between_host_and_path() {
        for (resource, metadata) in [
            (
                "https://ads.example/agent/mcp",
                "https://ads.example/.well-known/oauth-protected-resource/agent/mcp",
            ),
            (
                "http://127.0.0.1:3001/a2a",
                "http://127.0.0.1:3001/.well-known/oauth-protected-resource/a2a",
            ),
            (
                "https://ads.example",
                "https://ads.example/.well-known/oauth-protected-resource",
            ),
        ] {
            assert_eq!(url(resource), metadata);
        }
    }
}
