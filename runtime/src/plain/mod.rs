//! AdCP as plain JSON over HTTP: the operation in the path, its arguments in the body, the payload
//! in the answer.
//!
//! Only a signature opens this binding, and it is where signatures are graded: what a signature
//! covers here (method, path, query, body) is all there is to a call. Below the endpoint any path
//! is taken; its last segment names the operation. An operation that fails, or that there is none
//! of, is answered with `adcp_error` under HTTP 200, as MCP and A2A do inside their envelopes.
//! Nothing here knows a task of AdCP.

use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::dispatch::{Caller, Dispatcher};
use crate::error::Error;
use crate::http::{Gate, Turned};
use crate::json::{self, DefectKind};
use crate::mcp::Reply;

/// Room for an answer before the buffer has to grow, in bytes.
const ROOM: usize = 8 * 1024;
/// The longest operation that is named in an answer, in characters.
const LONGEST_NAME: usize = 100;

/// Answers one call. `path` is what follows the endpoint, as on the wire.
///
/// # Errors
///
/// What to answer a caller who may not do this, or whose body reads in two ways.
pub(crate) async fn call(
    dispatcher: &Dispatcher,
    gate: &Gate,
    caller: Caller,
    path: &str,
    body: &[u8],
) -> Result<Reply, Turned> {
    let name = operation(path);
    let document = match json::parse(if body.is_empty() { b"{}" } else { body }) {
        Ok(document) => document,
        Err(error) => {
            let error = Error::invalid_request(format!("the body is not JSON: {error}"));
            return Ok(failed(dispatcher, &error, None));
        }
    };
    // The signature is good for both readings of such a body (AdCP security, verifier checklist,
    // body well-formedness).
    if let Some(defect) = &document.defect
        && defect.kind == DefectKind::Duplicate
    {
        tracing::info!(
            principal = caller.principal.0,
            request = caller.request_id,
            bytes = body.len(),
            "a signed body has the same member twice"
        );
        return Err(Turned::signature(
            "request_body_malformed",
            "the signed body has the same member twice",
        ));
    }
    let arguments = document.value;
    if !arguments.is_object() {
        let error = Error::invalid_request("the body must be a JSON object, the arguments");
        return Ok(failed(dispatcher, &error, None));
    }
    let Some(tool) = dispatcher.tool(name) else {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let error = Error::unsupported(format!("this seller has no operation `{name}`"));
        return Ok(failed(dispatcher, &error, arguments.get("context")));
    };
    gate.permits(&caller, tool.name, &arguments)?;
    let defect = document.defect.map(|defect| {
        let field = defect.field_below(&[]);
        (defect, field)
    });
    let answer = dispatcher.call(caller, tool, arguments, defect).await;
    let mut out = BytesMut::with_capacity(ROOM);
    Ok(match answer.write(dispatcher.services().spec, &mut out) {
        Ok(()) => reply(out.freeze()),
        Err(error) => failed(dispatcher, &Error::internal(error), None),
    })
}

/// The operation that a path names: `tasks/get` or `tasks/list` whole, otherwise the last segment.
fn operation(path: &str) -> &str {
    let path = path.trim_matches('/');
    match path {
        "tasks/get" | "tasks/list" => path,
        _ => path.rsplit('/').next().unwrap_or_default(),
    }
}

/// The answer to a call that reached no operation.
fn failed(dispatcher: &Dispatcher, error: &Error, context: Option<&Value>) -> Reply {
    if let Some(cause) = &error.cause {
        tracing::error!(%cause, "an answer could not be written");
    }
    let recovery = dispatcher.services().spec.recovery(error.code).as_str();
    let mut payload = json!({ "adcp_error": { "code": error.code, "message": error.message, "recovery": recovery } });
    if let Some(context) = context.filter(|context| context.is_object()) {
        payload["context"] = context.clone();
    }
    reply(payload.to_string().into())
}

fn reply(body: Bytes) -> Reply {
    Reply {
        status: StatusCode::OK,
        body: Some(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segment_names_the_operation() {
        for (path, name) in [
            ("create_media_buy", "create_media_buy"),
            ("/create_media_buy/", "create_media_buy"),
            ("a%7Eb/create_media_buy", "create_media_buy"),
            ("resource/%E2%98%83/item", "item"),
            ("tasks/get", "tasks/get"),
            ("x/tasks/get", "get"),
            ("", ""),
        ] {
            assert_eq!(operation(path), name, "{path}");
        }
    }
}
