//! What somebody is told who is not let in: a status, challenges, and the reason.
//!
//! Whatever is wrong with credentials, the answer says the same; what exactly it was stands in the
//! log. The challenges are those of RFC 6750 (section 3), RFC 9728 (section 5.1) and AdCP's
//! `Signature`.

use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::address::Endpoint;
use crate::error::Recovery;
use crate::spec::Spec;

/// The JSON-RPC code of every answer here. Both MCP and A2A leave it to the server.
const RPC_CODE: i32 = -32001;

/// Why somebody is not let in, and what is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turned {
    status: StatusCode,
    /// A code of AdCP.
    code: &'static str,
    message: String,
    bearer: Option<Bearer>,
    /// A code of AdCP's table of signature errors.
    signature: Option<&'static str>,
    /// Seconds to wait.
    retry_after: Option<u32>,
    /// The JSON-RPC id of the message that is refused, where it is known. Behind a pointer, because
    /// every result at the gate has room for an answer like this.
    id: Option<Box<Value>>,
}

/// The parameters of a `Bearer` challenge, beside where the endpoint is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bearer {
    error: Option<&'static str>,
    /// The scopes that would do, separated by spaces.
    scope: Option<String>,
}

impl Turned {
    /// No credentials, of which a challenge tells no error (RFC 6750, section 3.1).
    pub(crate) fn missing() -> Self {
        Turned::unauthorized("AUTH_MISSING", None)
    }

    /// Credentials that are not good.
    pub(crate) fn invalid_token() -> Self {
        Turned::unauthorized("AUTH_INVALID", Some("invalid_token"))
    }

    fn unauthorized(code: &'static str, error: Option<&'static str>) -> Self {
        Turned {
            bearer: Some(Bearer { error, scope: None }),
            ..Turned::new(
                StatusCode::UNAUTHORIZED,
                code,
                "a valid bearer token is needed: send it as `Authorization: Bearer TOKEN`",
            )
        }
    }

    /// A signature that is missing or not good, by the code of AdCP's table
    /// (`request_signature_required`, `request_signature_expired`, …).
    pub(crate) fn signature(code: &'static str, message: impl Into<String>) -> Self {
        Turned {
            signature: Some(code),
            ..Turned::new(StatusCode::UNAUTHORIZED, code, message)
        }
    }

    /// Good credentials that do not go so far (RFC 6750, section 3.1). `scopes` are those that
    /// would, if any scope would.
    pub(crate) fn insufficient(tool: &str, scopes: &[&str]) -> Self {
        Turned {
            bearer: Some(Bearer {
                error: Some("insufficient_scope"),
                scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
            }),
            ..Turned::new(
                StatusCode::FORBIDDEN,
                "PERMISSION_DENIED",
                format!("these credentials do not allow `{tool}`"),
            )
        }
    }

    /// Credentials that can't be looked at just now.
    pub(crate) fn unavailable(retry_after: u32) -> Self {
        Turned {
            retry_after: Some(retry_after),
            ..Turned::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "SERVICE_UNAVAILABLE",
                "the credentials can't be verified right now; try again",
            )
        }
    }

    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Turned {
            status,
            code,
            message: message.into(),
            bearer: None,
            signature: None,
            retry_after: None,
            id: None,
        }
    }

    /// The same, as the answer to the JSON-RPC message of that id.
    pub(crate) fn answering(self, id: &Value) -> Self {
        Turned {
            id: Some(Box::new(id.clone())),
            ..self
        }
    }

    /// The answer. `realm` is the URL of the endpoint, `metadata` that of its protected resource
    /// metadata (RFC 9728), where it has some.
    pub(super) fn render(
        &self,
        spec: &Spec,
        endpoint: Endpoint,
        realm: &str,
        metadata: Option<&str>,
    ) -> Response {
        let mut response = (
            self.status,
            [(CONTENT_TYPE, "application/json")],
            self.body(spec, endpoint).to_string(),
        )
            .into_response();
        let headers = response.headers_mut();
        let bearer = self
            .bearer
            .as_ref()
            .map(|bearer| bearer.challenge(realm, metadata));
        let signature = self
            .signature
            .map(|code| format!("Signature error=\"{code}\""));
        for challenge in bearer.into_iter().chain(signature) {
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Perhaps the body was not read: the connection can't be used for another request.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }

    fn body(&self, spec: &Spec, endpoint: Endpoint) -> Value {
        // Up to 3.0 one code stands for missing and for bad credentials (`enums/error-code.json`).
        let code = match self.code {
            "AUTH_MISSING" | "AUTH_INVALID" if spec.listed(self.code).is_none() => "AUTH_REQUIRED",
            code => code,
        };
        // The codes of signatures are in no line's table. Another request may be good.
        let recovery = spec.listed(code).unwrap_or(Recovery::Correctable).as_str();
        let mut error = json!({ "code": code, "message": self.message, "recovery": recovery });
        if let Some(seconds) = self.retry_after {
            error["retry_after"] = seconds.into();
        }
        match endpoint {
            Endpoint::Plain => json!({ "adcp_error": error }),
            Endpoint::Mcp | Endpoint::A2a => json!({
                "jsonrpc": "2.0",
                "id": self.id,
                "error": { "code": RPC_CODE, "message": self.message, "data": { "adcp_error": error } },
            }),
        }
    }
}

impl Bearer {
    fn challenge(&self, realm: &str, metadata: Option<&str>) -> String {
        let mut challenge = format!("Bearer realm={}", quoted(realm));
        let parameters = [
            ("error", self.error),
            ("scope", self.scope.as_deref()),
            ("resource_metadata", metadata),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                challenge.push_str(&format!(", {name}={}", quoted(value)));
            }
        }
        challenge
    }
}

/// A quoted string (RFC 9110, section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
