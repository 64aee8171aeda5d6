//! JSON-RPC 2.0 messages.

use axum::http::StatusCode;
use bytes::{BufMut, BytesMut};
use serde_json::{Map, Value};

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something to be answered.
    Request(Request),
    /// Something that takes no answer: a notification, or an answer to a question that this server
    /// never asks.
    Silent,
    /// Not JSON-RPC.
    Invalid(Value, RpcError),
}

/// Something to be answered.
#[derive(Debug)]
pub(crate) struct Request {
    /// A string or an integer; comes back with the answer.
    pub(crate) id: Value,
    pub(crate) method: String,
    pub(crate) params: Map<String, Value>,
}

/// A failure of the protocol, as opposed to one of a task.
#[derive(Debug)]
pub(crate) struct RpcError {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
    /// The status of an HTTP answer that holds only this error.
    pub(crate) status: StatusCode,
}

impl RpcError {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        RpcError {
            code,
            message: message.into(),
            data: None,
            status: StatusCode::OK,
        }
    }

    /// An error that concerns the HTTP request as a whole.
    pub(crate) fn bad_request(code: i32, message: impl Into<String>) -> Self {
        RpcError {
            status: StatusCode::BAD_REQUEST,
            ..RpcError::new(code, message)
        }
    }

    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        RpcError::new(-32602, message)
    }

    /// Writes the message that carries this error.
    pub(crate) fn write(&self, id: &Value, out: &mut BytesMut) -> serde_json::Result<()> {
        begin(id, "error", out)?;
        out.extend_from_slice(b"{\"code\":");
        serde_json::to_writer(out.writer(), &self.code)?;
        out.extend_from_slice(b",\"message\":");
        serde_json::to_writer(out.writer(), &self.message)?;
        if let Some(data) = &self.data {
            out.extend_from_slice(b",\"data\":");
            serde_json::to_writer(out.writer(), data)?;
        }
        out.extend_from_slice(b"}}");
        Ok(())
    }
}

/// Writes a message up to its `result` or `error`; the caller writes that and a closing brace.
pub(crate) fn begin(id: &Value, member: &str, out: &mut BytesMut) -> serde_json::Result<()> {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    serde_json::to_writer(out.writer(), id)?;
    out.extend_from_slice(b",\"");
    out.extend_from_slice(member.as_bytes());
    out.extend_from_slice(b"\":");
    Ok(())
}

/// Whether an id can be answered as it came. MCP knows strings and integers; a number that fits no
/// 64 bits would come back in another spelling, which the client could not match with its own.
fn can_come_back(id: &Value) -> bool {
    id.is_string() || id.is_i64() || id.is_u64()
}

impl Message {
    /// Sorts a JSON value.
    pub(crate) fn of(value: Value) -> Self {
        let Value::Object(mut members) = value else {
            return Message::Invalid(
                Value::Null,
                RpcError::bad_request(-32600, "a message must be a JSON object"),
            );
        };
        let id = members.shift_remove("id");
        let readable = id.clone().filter(can_come_back).unwrap_or(Value::Null);
        let invalid = |message: &str| {
            Message::Invalid(readable.clone(), RpcError::bad_request(-32600, message))
        };
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return invalid("`jsonrpc` must be \"2.0\"");
        }
        let method = match members.shift_remove("method") {
            Some(Value::String(method)) => method,
            None if members.contains_key("result") || members.contains_key("error") => {
                return Message::Silent;
            }
            _ => return invalid("`method` must be a string"),
        };
        let params = match members.shift_remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => {
                return Message::Invalid(
                    readable,
                    RpcError::bad_request(-32602, "`params` must be an object"),
                );
            }
        };
        match id {
            None => Message::Silent,
            Some(id) if can_come_back(&id) => Message::Request(Request { id, method, params }),
            Some(_) => invalid("`id` must be a string or an integer of at most 64 bits"),
        }
    }
}
