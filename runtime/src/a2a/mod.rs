//! A2A over JSON-RPC, beside MCP and over the same dispatch: an envelope and nothing else.
//!
//! A message is one call of one tool, which A2A calls a skill ([`invocation`]), and is answered by a
//! task that is over ([`answer`]). What goes on is an AdCP task, which the methods about tasks find
//! under its AdCP id ([`found`]). Two versions are spoken, 0.3 and 1.0; what differs between them is
//! said where it differs, by [`version::Version`]. Nothing here knows a task of AdCP.

pub(crate) mod version;
mod fault;
mod method;
mod params;
mod invocation;
pub(crate) mod shape;
mod calls;
mod answer;
mod found;
mod lists;
mod configs;
mod stream;
mod follow;
mod card;

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, BytesMut};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::dispatch::{Caller, Dispatcher};
use crate::error::Error;
use crate::http::{Endpoint, Gate, Turned};
use crate::json::{self, Defect};
use crate::jsonrpc::{Message, Request, RpcError, begin};
use crate::spec::Tool;
use crate::tasks::TaskStatus;
use answer::carry_out;
use calls::Calls;
use card::Card;
use fault::Fault;
use found::Found;
use invocation::Invocation;
use method::Method;
use shape::{Event, Named, Status};
use stream::Streams;
use version::{Manner, Version};

pub(crate) use calls::{Call, Conversation, Name};

/// How long a card may be kept, in seconds: it changes only with a release.
const CARD_KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// Answers A2A messages.
#[derive(Debug)]
pub(crate) struct Server {
    dispatcher: Dispatcher,
    calls: Arc<Calls>,
    streams: Streams,
    card: Card,
    stop: CancellationToken,
}

/// Why a message is not answered with a result.
#[derive(Debug)]
enum Refusal {
    Fault(Fault),
    Turned(Turned),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Refusal::Fault(fault)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Fault(error.into())
    }
}

impl Server {
    /// A server over a dispatcher. `stop` ends streams that only follow something.
    ///
    /// # Errors
    ///
    /// When the line's tool list is not JSON.
    pub(crate) fn new(
        dispatcher: Dispatcher,
        stop: CancellationToken,
    ) -> Result<Self, serde_json::Error> {
        Ok(Server {
            card: Card::new(&dispatcher)?,
            dispatcher,
            calls: Arc::default(),
            streams: Streams::default(),
            stop,
        })
    }

    /// The public card, for an agent that is called at `url`.
    pub(crate) fn card(&self, headers: &HeaderMap, url: &str) -> Response {
        let newer = headers.contains_key(version::HEADER)
            && Version::of(headers).is_ok_and(|version| version == Version::V10);
        let card = if newer {
            self.card
                .of(Version::V10, url, &crate::identity::Rights::Everything)
        } else {
            self.card.public(url)
        };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, CARD_KEPT),
            (VARY, HeaderValue::from_static("A2A-Version, Host")),
        ];
        (headers, card.to_string()).into_response()
    }

    /// Answers the body of one POST.
    ///
    /// # Errors
    ///
    /// When the caller may not use the tool that it calls.
    pub(crate) async fn handle(
        &self,
        gate: &Gate,
        caller: Caller,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Response, Turned> {
        let document = match json::parse(body) {
            Ok(document) => document,
            Err(error) => {
                let error = format!("the body is not JSON: {error}");
                return Ok(failure(&RpcError::bad_request(-32700, error), &Value::Null));
            }
        };
        if document.value.is_array() {
            let error = RpcError::bad_request(-32600, "A2A has no batches: send one message");
            return Ok(failure(&error, &Value::Null));
        }
        let request = match Message::of(document.value) {
            Message::Silent => return Ok(StatusCode::ACCEPTED.into_response()),
            Message::Invalid(id, error) => return Ok(failure(&error, &id)),
            Message::Request(request) => request,
        };
        let id = request.id.clone();
        let manner = match Manner::of(&parts.headers, self.card.profile) {
            Ok(manner) => manner,
            Err(fault) => return Ok(failure(&fault.into_rpc(Version::V10), &id)),
        };
        let version = manner.version;
        let method = match Method::of(version, &request.method) {
            Ok(method) => method,
            Err(fault) => return Ok(failure(&fault.into_rpc(version), &id)),
        };
        let answered = self
            .answer(
                gate,
                caller,
                parts,
                (manner, method),
                request,
                document.defect,
            )
            .await;
        let mut response = match answered {
            Ok(response) => response,
            Err(Refusal::Turned(turned)) => return Err(turned.answering(&id)),
            Err(Refusal::Fault(fault)) => {
                let error = fault.into_rpc(version);
                if method.streams() {
                    stream::refuse(&error, &id).unwrap_or_else(|_| failure(&error, &id))
                } else {
                    failure(&error, &id)
                }
            }
        };
        if manner.profile {
            response
                .headers_mut()
                .insert("a2a-extensions", HeaderValue::from_static(version::PROFILE));
        }
        Ok(response)
    }

    async fn answer(
        &self,
        gate: &Gate,
        caller: Caller,
        parts: &Parts,
        (manner, method): (Manner, Method),
        mut request: Request,
        defect: Option<Defect>,
    ) -> Result<Response, Refusal> {
        let (services, version) = (self.dispatcher.services(), manner.version);
        if matches!(method, Method::Send | Method::Stream) {
            let (caller, tool, invocation, context_id) = self
                .prepare(gate, caller, manner, &mut request.params, defect)
                .await?;
            let call = (tool, invocation, context_id);
            return if method == Method::Stream {
                Ok(self.stream(&request.id, caller, manner, call)?)
            } else {
                Ok(self.send(&request.id, caller, manner, call).await?)
            };
        }
        gate.trusts(&caller).map_err(Refusal::Turned)?;
        // Dispatch counts calls; whatever else is asked counts alike.
        self.dispatcher.count(&caller)?;
        if let Some(defect) = &defect {
            return Err(invocation::ambiguous(defect).into());
        }
        let params = &request.params;
        let result = match method {
            Method::Get => {
                params::number(params, "historyLength")?;
                let found = found::find(services, &caller, params::required(params, "id")?).await?;
                written(&found, manner)?
            }
            Method::Cancel => self.cancel(&caller, manner, params).await?,
            Method::Subscribe => {
                let found = found::find(services, &caller, params::required(params, "id")?).await?;
                let follower = (caller, gate.callers().clone());
                return Ok(self.subscribe(&request.id, follower, manner, found)?);
            }
            Method::List => lists::list(services, &caller, manner, params)
                .await?
                .to_string(),
            Method::SetConfig => {
                let asked = (request.method.as_str(), params);
                configs::set(services, gate, &caller, version, asked)
                    .await?
                    .to_string()
            }
            Method::GetConfig => configs::get(services, &caller, version, params)
                .await?
                .to_string(),
            Method::ListConfigs => configs::list(services, &caller, version, params)
                .await?
                .to_string(),
            Method::DeleteConfig => configs::delete(services, &caller, version, params)
                .await?
                .to_string(),
            Method::Card => {
                let url = gate.addresses().endpoint(Endpoint::A2a, parts);
                self.card.of(version, &url, &caller.rights).to_string()
            }
            Method::Send | Method::Stream => {
                return Err(Fault::internal("a message was taken for something else").into());
            }
        };
        Ok(success(&request.id, &result)?)
    }

    /// Reads a message, and asks whether the caller may do what it asks for.
    async fn prepare(
        &self,
        gate: &Gate,
        mut caller: Caller,
        manner: Manner,
        params: &mut Map<String, Value>,
        defect: Option<Defect>,
    ) -> Result<(Caller, &'static Tool, Invocation, String), Refusal> {
        let invocation = Invocation::of(manner, params, defect)?;
        let tool = self
            .dispatcher
            .tool(&invocation.skill)
            .ok_or_else(|| Fault::no_skill(&invocation.skill))?;
        gate.permits(&caller, tool.name, &invocation.arguments)
            .map_err(Refusal::Turned)?;
        let services = self.dispatcher.services();
        let of_task = match &invocation.task_id {
            Some(task_id) => Some(self.goes_on(&caller, task_id).await?),
            None => None,
        };
        let context_id = invocation
            .context_id
            .clone()
            .or(of_task)
            .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        if let Some(config) = params.get("configuration").and_then(Value::as_object) {
            params::number(config, "historyLength")?;
        }
        if let Some(wanted) = configs::of_message(manner.version, params, &context_id)? {
            configs::judge(gate, &caller, tool.name, &wanted)?;
            caller.subscriptions.push(wanted);
        }
        tracing::debug!(
            tool = tool.name,
            seller = services.profile.name,
            "a message over A2A"
        );
        Ok((caller, tool, invocation, context_id))
    }

    /// The conversation of the task that a message goes on with. No task here ever waits for its
    /// buyer, so it is merely what the new call is about. AdCP's client names the AdCP task that it
    /// follows with every message.
    async fn goes_on(&self, caller: &Caller, task_id: &str) -> Result<String, Fault> {
        let found = found::find(self.dispatcher.services(), caller, task_id).await?;
        if found.is_call {
            return Err(Fault::unsupported(
                "the call is over and takes no further message; send it without `taskId`",
            ));
        }
        Ok(found.context_id)
    }

    async fn send(
        &self,
        id: &Value,
        mut caller: Caller,
        manner: Manner,
        (tool, invocation, context_id): (&'static Tool, Invocation, String),
    ) -> Result<Response, Fault> {
        let call = self.calls.name();
        name_call(&mut caller, &call);
        let named = Named {
            id: &call,
            context_id: &context_id,
        };
        let answered = carry_out(
            &self.dispatcher,
            &self.calls,
            caller,
            tool,
            (named, invocation),
        )
        .await
        .map_err(Fault::internal)?;
        let result = answered
            .task(manner)
            .write(manner.version)
            .map_err(Fault::internal)?;
        success(id, &result)
    }

    fn stream(
        &self,
        id: &Value,
        mut caller: Caller,
        manner: Manner,
        (tool, invocation, context_id): (&'static Tool, Invocation, String),
    ) -> Result<Response, Fault> {
        let place = self.streams.enter(&caller.principal)?;
        let held = Arc::clone(&place);
        let call = self.calls.name();
        name_call(&mut caller, &call);
        let (dispatcher, calls) = (self.dispatcher.clone(), Arc::clone(&self.calls));
        let now = dispatcher.services().clock.now();
        Ok(stream::answer(
            (id, manner.version),
            place,
            None,
            move |sender| async move {
                let named = Named {
                    id: &call,
                    context_id: &context_id,
                };
                let status = Status::new(manner.version, TaskStatus::Working, now);
                let begun = shape::Task::new(manner.version, named, status, None);
                sender.event(&Event::Task(begun)).await?;
                let (call, context_id) = (call.clone(), context_id.clone());
                // A task of its own: what was begun is kept when the reader has gone.
                let work = tokio::spawn(async move {
                    let named = Named {
                        id: &call,
                        context_id: &context_id,
                    };
                    let call = (named, invocation);
                    let answered = carry_out(&dispatcher, &calls, caller, tool, call).await;
                    drop(held);
                    answered
                });
                let answered = match sender.until(work).await? {
                    Ok(Ok(answered)) => answered,
                    Ok(Err(error)) => return sender.fail(Fault::internal(error)).await,
                    Err(error) => return sender.fail(Fault::internal(error)).await,
                };
                for event in answered.updates(manner) {
                    sender.event(&event).await?;
                }
                Ok(())
            },
        ))
    }
}

/// Has notifications about what is answered at once name the call as its client does.
fn name_call(caller: &mut Caller, call: &str) {
    for subscription in &mut caller.subscriptions {
        subscription.task_id = Some(call.to_owned());
    }
}

fn written(found: &Found, manner: Manner) -> Result<String, Fault> {
    serde_json::to_string(&found.shape(manner, true)).map_err(Fault::internal)
}

fn success(id: &Value, result: &str) -> Result<Response, Fault> {
    let mut out = BytesMut::with_capacity(result.len() + 64);
    begin(id, "result", &mut out).map_err(Fault::internal)?;
    out.extend_from_slice(result.as_bytes());
    out.put_u8(b'}');
    Ok(respond(StatusCode::OK, out))
}

fn failure(error: &RpcError, id: &Value) -> Response {
    let mut out = BytesMut::new();
    if let Err(cause) = error.write(id, &mut out) {
        // Strings, numbers and JSON values can be written; if not, the client still gets an answer.
        tracing::error!(%cause, "an error could not be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    respond(error.status, out)
}

fn respond(status: StatusCode, body: BytesMut) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.freeze()).into_response()
}
