//! What the seller publishes about itself for whoever verifies its notifications: its public keys
//! (RFC 7517) and its place in the world of agents (`brand.json`).
//!
//! A buyer goes from the agent's URL to `brand.json`, from there to the keys, and trusts no other
//! way (AdCP security, "Webhook callbacks"). The documents say what the process really signs with;
//! the same for everybody, so they need no credentials.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::Front;
use super::address::Endpoint;
use super::metadata;
use crate::profile::Profile;
use crate::signing::{Edition, SigningKey, Usage};

/// Where the public keys are.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";
/// Where the seller says who it is.
pub(crate) const BRAND: &str = "/.well-known/brand.json";
/// How long the documents may be kept. No longer than verifiers keep keys.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// The version of `brand.json` that the document follows.
const VERSION: &str = "1.0";
/// The longest id of an agent (`brand.json`, `brand_agent_entry.id`).
const LONGEST_ID: usize = 100;

/// The documents, as far as they don't depend on how the seller was reached.
#[derive(Debug)]
pub(crate) struct Published {
    jwks: Bytes,
    id: String,
    endpoints: Vec<Endpoint>,
    signs: bool,
    /// Whether an address without TLS may be named.
    plain: bool,
}

impl Published {
    /// What a seller publishes that signs with this key, if with any.
    pub(crate) fn new(
        profile: &Profile,
        edition: Edition,
        key: Option<&SigningKey>,
        sandbox: bool,
    ) -> Self {
        let keys: Vec<Value> = key
            .map(|key| key.public_jwk(purpose(edition)))
            .into_iter()
            .collect();
        let mut id = profile
            .name
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        id.make_ascii_lowercase();
        id.truncate(LONGEST_ID);
        let mut endpoints = Vec::new();
        endpoints.extend(profile.entry.mcp.then_some(Endpoint::Mcp));
        endpoints.extend(profile.entry.a2a.then_some(Endpoint::A2a));
        // Up to 3.1 there is one agent of a type, whatever it speaks (`brand.json`, `agents`).
        if edition < Edition::V3_2 {
            endpoints.truncate(1);
        }
        Published {
            signs: !keys.is_empty(),
            jwks: json!({ "keys": keys }).to_string().into(),
            id,
            endpoints,
            plain: sandbox,
        }
    }

    /// `brand.json` of a seller at home there; `None` where no verifier may believe it.
    fn brand(&self, home: &str) -> Option<Value> {
        if !self.plain && !home.starts_with("https://") {
            return None;
        }
        let agent = |endpoint: &Endpoint| {
            let mut agent = json!({
                "type": "sales",
                "url": format!("{home}{}", endpoint.path()),
                "id": self.id,
            });
            if self.signs {
                agent["jwks_uri"] = format!("{home}{JWKS}").into();
            }
            agent
        };
        let agents: Vec<Value> = self.endpoints.iter().map(agent).collect();
        Some(json!({ "version": VERSION, "agents": agents }))
    }
}

/// The usage that a key for webhooks declares. From 3.1 on that is the usage of requests; what it was
/// before is deprecated there.
fn purpose(edition: Edition) -> Usage {
    if edition >= Edition::V3_1 {
        Usage::Request
    } else {
        Usage::Webhook
    }
}

/// Where a seller says who it is, if it has a home that verifiers may believe.
pub(crate) fn brand_url(profile: &Profile) -> Option<String> {
    profile
        .url
        .filter(|home| home.starts_with("https://"))
        .map(|home| format!("{}{BRAND}", home.trim_end_matches('/')))
}

/// Answers for [`JWKS`].
pub(super) async fn jwks(State(front): State<Arc<Front>>) -> Response {
    document(front.published.jwks.clone())
}

/// Answers for [`BRAND`].
pub(super) async fn brand(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, _): (Parts, _) = request.into_parts();
    match front.published.brand(&front.gate.addresses().home(&parts)) {
        // In a sandbox the document depends on how the seller was reached.
        Some(brand) if front.published.plain => metadata::published(brand),
        Some(brand) => document(brand.to_string().into()),
        None => (
            StatusCode::NOT_FOUND,
            "this seller has no https address that it could be known by: its manifest has no `url`\n",
        )
            .into_response(),
    }
}

fn document(body: Bytes) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, json), (CACHE_CONTROL, KEPT)], body).into_response()
}
