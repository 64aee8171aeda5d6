//! MCP over streamable HTTP, without sessions and without streams.
//!
//! A seller needs six methods of MCP. Each POST holds one message or a batch and is answered with
//! JSON at once, whether or not the client opened with `initialize`, so that any process behind a
//! load balancer can answer any message. Nothing here knows a task of AdCP.

mod era;
mod tools;

use axum::http::{HeaderMap, StatusCode};
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use crate::dispatch::{Caller, Dispatcher};
use crate::http::{Gate, Turned};
use crate::json::{self, Defect};
use crate::jsonrpc::{Message, Request, RpcError, begin};
use era::Era;
use tools::ToolList;

/// How many messages a batch may hold.
const LARGEST_BATCH: usize = 32;
/// Room for an answer before the buffer has to grow, in bytes.
const ROOM: usize = 8 * 1024;

/// Answers MCP messages.
#[derive(Debug)]
pub struct Server {
    dispatcher: Dispatcher,
    tools: ToolList,
    name: &'static str,
}

/// The answer to one POST.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// One JSON message or a batch of them; `None` when nothing was asked.
    pub body: Option<Bytes>,
}

impl Server {
    /// A server over a dispatcher.
    ///
    /// # Errors
    ///
    /// When the line's tool list is not JSON.
    pub fn new(dispatcher: Dispatcher) -> Result<Self, serde_json::Error> {
        let tools = ToolList::new(&dispatcher)?;
        let name = dispatcher.services().profile.name;
        Ok(Server {
            dispatcher,
            tools,
            name,
        })
    }

    /// Answers the body of one POST.
    ///
    /// # Errors
    ///
    /// When the caller may not use a tool that it calls. Then nothing in the body was carried out.
    pub(crate) async fn handle(
        &self,
        gate: &Gate,
        caller: Caller,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Reply, Turned> {
        let document = match json::parse(body) {
            Ok(document) => document,
            Err(error) => {
                return Ok(failure(RpcError::bad_request(
                    -32700,
                    format!("the body is not JSON: {error}"),
                )));
            }
        };
        match (document.value, document.defect) {
            (Value::Array(_), Some(defect)) => Ok(failure(refused(&defect))),
            (Value::Array(messages), None) => {
                if messages.is_empty() || messages.len() > LARGEST_BATCH {
                    return Ok(failure(RpcError::bad_request(
                        -32600,
                        format!("a batch must hold between 1 and {LARGEST_BATCH} messages"),
                    )));
                }
                let messages: Vec<Message> = messages.into_iter().map(Message::of).collect();
                for message in &messages {
                    self.permitted(gate, &caller, message)?;
                }
                Ok(self.batch(caller, headers, messages).await)
            }
            (value, defect) => {
                let message = Message::of(value);
                self.permitted(gate, &caller, &message)?;
                Ok(self.single(caller, headers, message, defect).await)
            }
        }
    }

    /// Whether the caller may use the tool that a message calls, if it calls one.
    fn permitted(&self, gate: &Gate, caller: &Caller, message: &Message) -> Result<(), Turned> {
        let Message::Request(request) = message else {
            return Ok(());
        };
        let name = request.params.get("name").and_then(Value::as_str);
        match name.and_then(|name| self.dispatcher.tool(name)) {
            Some(tool) if request.method == "tools/call" => gate
                .permits(
                    caller,
                    tool.name,
                    request.params.get("arguments").unwrap_or(&Value::Null),
                )
                .map_err(|turned| turned.answering(&request.id)),
            _ => Ok(()),
        }
    }

    async fn single(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        message: Message,
        defect: Option<Defect>,
    ) -> Reply {
        let mut out = BytesMut::with_capacity(ROOM);
        let status = match message {
            Message::Silent => {
                return Reply {
                    status: StatusCode::ACCEPTED,
                    body: None,
                };
            }
            Message::Invalid(id, error) => write_error(&error, &id, &mut out),
            Message::Request(request) => {
                self.request(caller, headers, request, defect, &mut out)
                    .await
            }
        };
        Reply {
            status,
            body: Some(out.freeze()),
        }
    }

    /// Answers the messages of a batch in turn. Revisions from 2025-06-18 have no batches, but
    /// older clients may send them.
    async fn batch(&self, caller: Caller, headers: &HeaderMap, messages: Vec<Message>) -> Reply {
        let mut out = BytesMut::with_capacity(ROOM);
        out.put_u8(b'[');
        for message in messages {
            let before = out.len();
            if before > 1 {
                out.put_u8(b',');
            }
            match message {
                Message::Silent => out.truncate(before),
                Message::Invalid(id, error) => {
                    write_error(&error, &id, &mut out);
                }
                Message::Request(request) => {
                    self.request(caller.clone(), headers, request, None, &mut out)
                        .await;
                }
            }
        }
        if out.len() == 1 {
            return Reply {
                status: StatusCode::ACCEPTED,
                body: None,
            };
        }
        out.put_u8(b']');
        Reply {
            status: StatusCode::OK,
            body: Some(out.freeze()),
        }
    }

    /// Writes the answer to one request and returns the HTTP status that fits it.
    async fn request(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        request: Request,
        defect: Option<Defect>,
        out: &mut BytesMut,
    ) -> StatusCode {
        let id = request.id.clone();
        let before = out.len();
        match self.answer(caller, headers, request, defect, out).await {
            Ok(()) => StatusCode::OK,
            Err(error) => {
                out.truncate(before);
                write_error(&error, &id, out)
            }
        }
    }

    async fn answer(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        request: Request,
        defect: Option<Defect>,
        out: &mut BytesMut,
    ) -> Result<(), RpcError> {
        let call = request.method == "tools/call";
        if let Some(defect) = defect.as_ref().filter(|_| !call) {
            return Err(refused(defect));
        }
        if request.method == "initialize" {
            return self.initialize(&request, out);
        }
        let era = era::of(headers, &request)?;
        match request.method.as_str() {
            "tools/call" => tools::call(&self.dispatcher, caller, era, request, defect, out).await,
            "tools/list" => self.tools.write(era, &request, out),
            "server/discover" => self.discover(&request, out),
            "ping" if !era.modern => write_result(&request, &json!({}), out),
            method => Err(unknown_method(method, era)),
        }
    }

    fn initialize(&self, request: &Request, out: &mut BytesMut) -> Result<(), RpcError> {
        let Some(requested) = request
            .params
            .get("protocolVersion")
            .and_then(Value::as_str)
        else {
            return Err(RpcError::invalid_params(
                "`params.protocolVersion` must be a string",
            ));
        };
        let result = json!({
            "protocolVersion": era::negotiate(requested),
            "capabilities": capabilities(),
            "serverInfo": self.info(),
        });
        write_result(request, &result, out)
    }

    fn discover(&self, request: &Request, out: &mut BytesMut) -> Result<(), RpcError> {
        let result = json!({
            "resultType": "complete",
            "supportedVersions": era::REVISIONS,
            "capabilities": capabilities(),
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": { "io.modelcontextprotocol/serverInfo": self.info() },
        });
        write_result(request, &result, out)
    }

    fn info(&self) -> Value {
        json!({ "name": self.name, "version": env!("CARGO_PKG_VERSION") })
    }
}

fn capabilities() -> Value {
    json!({ "tools": { "listChanged": false } })
}

fn write_result(request: &Request, result: &Value, out: &mut BytesMut) -> Result<(), RpcError> {
    begin(&request.id, "result", out)
        .and_then(|()| serde_json::to_writer((&mut *out).writer(), result))
        .map_err(tools::unwritable)?;
    out.put_u8(b'}');
    Ok(())
}

fn unknown_method(method: &str, era: Era) -> RpcError {
    let status = if era.modern {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::OK
    };
    RpcError {
        status,
        ..RpcError::new(-32601, format!("this server has no method `{method}`"))
    }
}

fn refused(defect: &Defect) -> RpcError {
    let place = defect.field_below(&[]).unwrap_or_default();
    RpcError::bad_request(
        -32600,
        format!(
            "the message can't be read unambiguously at `{place}`: {}",
            defect.kind
        ),
    )
}

/// The answer to a POST of which not even an id is known.
fn failure(error: RpcError) -> Reply {
    let mut out = BytesMut::new();
    let status = write_error(&error, &Value::Null, &mut out);
    Reply {
        status,
        body: Some(out.freeze()),
    }
}

fn write_error(error: &RpcError, id: &Value, out: &mut BytesMut) -> StatusCode {
    let before = out.len();
    if let Err(cause) = error.write(id, out) {
        // Strings, numbers and JSON values can be written; if not, the client still gets an answer.
        tracing::error!(%cause, "an error could not be written");
        out.truncate(before);
        out.extend_from_slice(
            br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"internal error"}}"#,
        );
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    error.status
}
