//! Which revision of MCP a message speaks, and what follows from it.
//!
//! Up to 2025-11-25 a client opens with `initialize` and may then say its revision in a header.
//! From 2026-07-28 there is no opening: every request carries its revision in `_meta` and repeats
//! revision, method and tool in headers, so that a gateway can route without reading the body
//! (SEP-2243, SEP-2567). This server keeps no session in either era, so it takes both on one path.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::jsonrpc::{Request, RpcError};

/// The first revision without an opening.
const MODERN: &str = "2026-07-28";
/// The first revision whose clients read `structuredContent`.
const STRUCTURED: &str = "2025-06-18";
/// What a client speaks that doesn't say (transports, 2025-06-18 and later).
const UNSAID: &str = "2025-03-26";
/// Every revision that is understood, oldest first.
pub(super) const REVISIONS: [&str; 5] = [
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    MODERN,
];

const META_REVISION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What the revision of a request changes in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era {
    /// Results say what they are, and lists say how long they may be kept.
    pub(super) modern: bool,
    /// The client reads `structuredContent`, so the text can be for people.
    pub(super) structured: bool,
}

/// The revision that `initialize` agrees on: the client's, if it has an opening, otherwise the
/// newest that has one.
pub(super) fn negotiate(requested: &str) -> &'static str {
    let newest_with_opening = REVISIONS[REVISIONS.len() - 2];
    REVISIONS
        .into_iter()
        .find(|known| *known == requested && *known < MODERN)
        .unwrap_or(newest_with_opening)
}

/// The era of a request other than `initialize`.
///
/// # Errors
///
/// When headers and body contradict each other, something the revision demands is missing, or the
/// revision is not understood. All of them are answered with HTTP 400.
pub(super) fn of(headers: &HeaderMap, request: &Request) -> Result<Era, RpcError> {
    let header = single(headers, "mcp-protocol-version")?;
    let meta = request.params.get("_meta");
    let inline = meta
        .and_then(|meta| meta.get(META_REVISION))
        .and_then(Value::as_str);
    let revision = match (inline, header) {
        (Some(inline), Some(header)) if inline != header => {
            return Err(RpcError::header_mismatch(format!(
                "the MCP-Protocol-Version header says {header}, the request's _meta says {inline}"
            )));
        }
        (Some(_), None) => {
            return Err(RpcError::header_mismatch(
                "a request that says its revision in _meta must repeat it in the MCP-Protocol-Version header",
            ));
        }
        (Some(revision), _) | (None, Some(revision)) => revision,
        (None, None) => UNSAID,
    };
    if !REVISIONS.contains(&revision) {
        return Err(RpcError::unsupported_revision(revision));
    }
    let modern = revision >= MODERN;
    if modern || request.method == "server/discover" {
        let missing: Vec<&str> = [
            (META_REVISION, inline.is_some()),
            (
                META_CAPABILITIES,
                meta.and_then(|meta| meta.get(META_CAPABILITIES))
                    .is_some_and(Value::is_object),
            ),
        ]
        .into_iter()
        .filter_map(|(key, present)| (!present).then_some(key))
        .collect();
        if !missing.is_empty() {
            return Err(RpcError::malformed(format!(
                "the request's _meta lacks {}",
                missing.join(" and ")
            )));
        }
    }
    if modern {
        check_routing(headers, request)?;
    }
    Ok(Era {
        modern,
        structured: revision >= STRUCTURED,
    })
}

/// The headers on which gateways route must say what the body says.
fn check_routing(headers: &HeaderMap, request: &Request) -> Result<(), RpcError> {
    agree(
        "Mcp-Method",
        single(headers, "mcp-method")?,
        &request.method,
    )?;
    if request.method == "tools/call" {
        let name = request
            .params
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let header = single(headers, "mcp-name")?.map(decoded).transpose()?;
        agree("Mcp-Name", header.as_deref(), name)?;
    }
    Ok(())
}

fn agree(name: &str, header: Option<&str>, body: &str) -> Result<(), RpcError> {
    match header {
        Some(header) if header == body => Ok(()),
        Some(header) => Err(RpcError::header_mismatch(format!(
            "the {name} header says `{header}`, the body says `{body}`"
        ))),
        None => Err(RpcError::header_mismatch(format!(
            "the {name} header is missing"
        ))),
    }
}

/// A header value in plain text, or wrapped as `=?base64?…?=`.
fn decoded(value: &str) -> Result<String, RpcError> {
    let Some(wrapped) = value
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="))
    else {
        return Ok(value.to_owned());
    };
    STANDARD
        .decode(wrapped)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| RpcError::header_mismatch("the Mcp-Name header is not valid Base64"))
}

/// The value of a header that may occur once: two readers must not see two values.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, RpcError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(value) if values.next().is_none() => Ok(Some(value)),
        _ => Err(RpcError::header_mismatch(format!(
            "the {name} header occurs twice or is not plain text"
        ))),
    }
}

impl RpcError {
    fn header_mismatch(message: impl Into<String>) -> Self {
        RpcError::bad_request(-32020, message)
    }

    fn malformed(message: impl Into<String>) -> Self {
        RpcError::bad_request(-32602, message)
    }

    fn unsupported_revision(revision: &str) -> Self {
        let error =
            RpcError::bad_request(-32022, format!("MCP revision {revision} is not supported"));
        RpcError {
            data: Some(json!({ "requested": revision, "supported": REVISIONS })),
            ..error
        }
    }
}
