//! The token endpoint of a sandbox: client credentials in, access token out (RFC 6749, sections
//! 4.4 and 5).
//!
//! The client id is the name of a caller that the seller knows, the client secret its API key or
//! the token of the sandbox. A key that opens only some tools is not exchanged, since a token could
//! not say so.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Front, body, nothing};
use crate::identity::Rights;
use crate::oauth::{AuthorizationServer, Grant, Scopes, TOKEN_LIFETIME};

/// Where it is.
pub(super) const PATH: &str = "/oauth/token";
/// The largest request, in bytes.
const LARGEST: usize = 8 * 1024;

/// Why there is no token (RFC 6749, section 5.2; `invalid_target`: RFC 8707, section 2).
#[derive(Debug)]
struct Refusal {
    error: &'static str,
    description: &'static str,
}

impl Refusal {
    const fn new(error: &'static str, description: &'static str) -> Self {
        Refusal { error, description }
    }

    const fn request(description: &'static str) -> Self {
        Refusal::new("invalid_request", description)
    }

    const CLIENT: Refusal = Refusal::new(
        "invalid_client",
        "the client id or the client secret is wrong",
    );

    fn answer(&self, realm: &str) -> Response {
        let document = json!({ "error": self.error, "error_description": self.description });
        let mut response = written(StatusCode::BAD_REQUEST, &document);
        if self.error == Refusal::CLIENT.error {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            if let Ok(challenge) = HeaderValue::from_str(&format!("Basic realm=\"{realm}\"")) {
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }
}

/// Answers a request for a token.
pub(super) async fn token(State(front): State<Arc<Front>>, request: Request) -> Response {
    let Some(tokens) = front.gate.callers().tokens() else {
        return nothing().await.into_response();
    };
    let Some(server) = tokens.own() else {
        return nothing().await.into_response();
    };
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(ALLOW, "POST")],
            "tokens are asked for by POST\n",
        )
            .into_response();
    }
    let body = match body::read(&parts.headers, body, LARGEST).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let home = front.gate.addresses().home(&parts);
    let mut response = match grant(&front, server, tokens.scopes(), &parts, &body) {
        Ok(response) => response,
        Err(refusal) => {
            tracing::info!(
                error = refusal.error,
                reason = refusal.description,
                "no access token was issued"
            );
            refusal.answer(&home)
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

fn grant(
    front: &Front,
    server: &AuthorizationServer,
    scopes: Scopes,
    parts: &Parts,
    body: &[u8],
) -> Result<Response, Refusal> {
    let form = form(&parts.headers, body)?;
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(Refusal::new(
                "unsupported_grant_type",
                "the only grant type here is client_credentials",
            ));
        }
        None => return Err(Refusal::request("grant_type is missing")),
    }
    let (client, secret) = credentials(&parts.headers, &form)?;
    let now = front.services.clock.now();
    let known = front
        .gate
        .callers()
        .by_key(secret.as_bytes(), now)
        .filter(|known| known.principal.0 == client)
        .ok_or(Refusal::CLIENT)?;
    if known.rights != Rights::Everything {
        return Err(Refusal::new(
            "unauthorized_client",
            "this key opens only some tools, which a token of this server can't say; use it as it is",
        ));
    }
    let scope = scope(scopes, form.get("scope").map(String::as_str))?;
    let addresses = front.gate.addresses();
    let mut audience: Vec<String> = front
        .endpoints()
        .into_iter()
        .map(|endpoint| addresses.endpoint(endpoint, parts))
        .collect();
    if let Some(resource) = form.get("resource") {
        audience.retain(|endpoint| endpoint == resource);
        if audience.is_empty() {
            return Err(Refusal::new(
                "invalid_target",
                "the resource is no endpoint of this seller",
            ));
        }
    }
    let issued = server.issue(
        &Grant {
            issuer: &addresses.home(parts),
            client: &client,
            audience: &audience,
            scope: &scope,
        },
        now,
    );
    let Ok(token) = issued else {
        tracing::error!("the operating system has no randomness to sign with");
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    tracing::info!(client, "an access token was issued");
    let mut document = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME,
    });
    if !scope.is_empty() {
        document["scope"] = scope.into();
    }
    Ok(written(StatusCode::OK, &document))
}

fn written(status: StatusCode, document: &Value) -> Response {
    (
        status,
        [(CONTENT_TYPE, "application/json")],
        document.to_string(),
    )
        .into_response()
}

/// The parameters, none of which may occur twice (RFC 6749, section 3.2). Empty ones count as
/// missing.
fn form(headers: &HeaderMap, body: &[u8]) -> Result<HashMap<String, String>, Refusal> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::request(
            "the content type must be application/x-www-form-urlencoded",
        ));
    }
    let mut form = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if !value.is_empty() && form.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refusal::request("a parameter occurs twice"));
        }
    }
    Ok(form)
}

/// Who asks, by HTTP Basic or in the body, but not both (RFC 6749, section 2.3).
fn credentials(
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<(String, String), Refusal> {
    let mut basic = headers.get_all(AUTHORIZATION).iter();
    let posted = (form.get("client_id"), form.get("client_secret"));
    match (basic.next(), basic.next(), posted) {
        (Some(_), Some(_), _) => Err(Refusal::request("there are two Authorization headers")),
        (Some(_), None, (_, Some(_))) => Err(Refusal::request(
            "the client authenticates in two ways; use one",
        )),
        (Some(value), None, (named, None)) => {
            let found = basic_credentials(value).ok_or(Refusal::CLIENT)?;
            if named.is_some_and(|named| *named != found.0) {
                return Err(Refusal::request("the two client ids differ"));
            }
            Ok(found)
        }
        (None, _, (Some(client), Some(secret))) => Ok((client.clone(), secret.clone())),
        (None, _, _) => Err(Refusal::CLIENT),
    }
}

/// Client id and secret, each form-encoded, joined by a colon, in Base64 (RFC 6749, section 2.3.1).
fn basic_credentials(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let (client, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((unescaped(client)?, unescaped(secret)?))
}

/// One form-encoded value.
fn unescaped(text: &str) -> Option<String> {
    let pair = ["x=", text].concat();
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    let (_, value) = pairs.next()?;
    pairs.next().is_none().then(|| value.into_owned())
}

/// The scopes that are granted: those asked for, or all there are.
fn scope(scopes: Scopes, asked: Option<&str>) -> Result<String, Refusal> {
    let Some(asked) = asked else {
        return Ok(scopes.names().collect::<Vec<_>>().join(" "));
    };
    let asked: Vec<&str> = asked.split(' ').collect();
    if asked
        .iter()
        .all(|asked| scopes.names().any(|name| name == *asked))
    {
        Ok(asked.join(" "))
    } else {
        Err(Refusal::new(
            "invalid_scope",
            "a scope is none of this seller's",
        ))
    }
}
