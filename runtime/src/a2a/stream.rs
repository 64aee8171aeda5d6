//! Answers in pieces: server-sent events, one JSON-RPC message each.
//!
//! A stream is made by a task of its own and read by whoever called. When nobody reads any more, it
//! ends; a change that it was about runs on. It is bounded in time and in number, and counts until
//! its reader has everything or has gone. It says something now and then so that nothing between
//! takes the connection for dead, and it ends when the seller stops.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::shape::Event;
use super::version::Version;
use crate::identity::Principal;
use crate::jsonrpc::RpcError;

/// How many streams one caller may have open.
const MOST: usize = 16;
/// How many streams may be open in all.
const MOST_IN_ALL: usize = 1024;
/// How many events may wait for a reader.
const ROOM: usize = 8;
/// How often something is said where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream goes on at most. A client that wants more subscribes again.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The streams that are open.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    open: Arc<Mutex<HashMap<Principal, usize>>>,
}

/// One stream's place among them, given back when all that holds it has gone: the body, which may
/// still have events in it when nothing more is sent, and a call that goes on without a reader.
#[derive(Debug)]
pub(super) struct Place {
    streams: Streams,
    principal: Principal,
}

impl Streams {
    /// A place for one more stream of a caller.
    pub(super) fn enter(&self, principal: &Principal) -> Result<Arc<Place>, Fault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_all: usize = open.values().sum();
        let of_caller = open.entry(principal.clone()).or_default();
        if *of_caller >= MOST || of_all >= MOST_IN_ALL {
            let none = *of_caller == 0;
            if none {
                open.remove(principal);
            }
            let message = format!(
                "a caller may have {MOST} streams open at once; close one, or poll with tasks/get"
            );
            return Err(Fault::busy(message, None));
        }
        *of_caller += 1;
        Ok(Arc::new(Place {
            streams: self.clone(),
            principal: principal.clone(),
        }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .streams
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.principal) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.principal);
            }
        }
    }
}

/// Where the events of one stream go.
#[derive(Debug)]
pub(super) struct Sender {
    to: mpsc::Sender<Bytes>,
    id: Value,
    version: Version,
}

/// Nobody reads any more, or nothing can be written.
#[derive(Debug)]
pub(super) struct Gone;

impl Sender {
    /// Sends an event.
    pub(super) async fn event(&self, event: &Event<'_>) -> Result<(), Gone> {
        let result = event.write(self.version).map_err(|error| {
            tracing::error!(%error, "an event could not be written");
            Gone
        })?;
        self.send(&format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{result}}}",
            self.id
        ))
        .await
    }

    /// Ends the stream with an error.
    pub(super) async fn fail(&self, fault: Fault) -> Result<(), Gone> {
        let mut message = BytesMut::new();
        let error = fault.into_rpc(self.version);
        error.write(&self.id, &mut message).map_err(|_| Gone)?;
        self.send(&String::from_utf8_lossy(&message)).await
    }

    async fn send(&self, message: &str) -> Result<(), Gone> {
        let event = format!("data: {message}\n\n");
        self.to.send(event.into()).await.map_err(|_| Gone)
    }

    /// Awaits something, and says now and then that it still goes on.
    pub(super) async fn until<T>(&self, something: impl Future<Output = T>) -> Result<T, Gone> {
        tokio::pin!(something);
        loop {
            tokio::select! {
                done = &mut something => return Ok(done),
                () = self.to.closed() => return Err(Gone),
                () = tokio::time::sleep(HEARTBEAT) => {
                    self.to.send(Bytes::from_static(b": still here\n\n")).await.map_err(|_| Gone)?;
                }
            }
        }
    }
}

/// Answers with what `work` sends, for as long as it may. The body keeps the place. `stop` ends it
/// early where it is given.
pub(super) fn answer<F>(
    (id, version): (&Value, Version),
    place: Arc<Place>,
    stop: Option<CancellationToken>,
    work: impl FnOnce(Sender) -> F,
) -> Response
where
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let (to, from) = mpsc::channel(ROOM);
    let work = work(Sender {
        to,
        id: id.clone(),
        version,
    });
    tokio::spawn(async move {
        let bounded = tokio::time::timeout(LONGEST, work);
        let ended = match stop {
            Some(stop) => stop.run_until_cancelled(bounded).await,
            None => Some(bounded.await),
        };
        tracing::debug!(?ended, "a stream ended");
    });
    let events = stream::unfold((from, place), |(mut from, place)| async {
        let event = from.recv().await?;
        Some((Ok::<_, Infallible>(event), (from, place)))
    });
    respond(Body::from_stream(events))
}

/// A refusal, as clients that asked for a stream read it.
pub(super) fn refuse(error: &RpcError, id: &Value) -> serde_json::Result<Response> {
    let mut message = BytesMut::from(&b"data: "[..]);
    error.write(id, &mut message)?;
    message.extend_from_slice(b"\n\n");
    Ok(respond(Body::from(message.freeze())))
}

fn respond(body: Body) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let streams = Streams::default();
        let (one, other) = (Principal("one".into()), Principal("other".into()));
        let mut places: Vec<Arc<Place>> = (0..MOST)
            .map(|_| streams.enter(&one).expect("a place"))
            .collect();
        assert!(streams.enter(&one).is_err());
        assert!(streams.enter(&other).is_ok());
        places.pop();
        let again = streams.enter(&one).expect("a place was given back");
        drop((again, places));
        assert!(streams.open.lock().expect("a lock").is_empty());
    }

    #[tokio::test]
    async fn a_place_is_kept_until_the_reader_has_everything_or_has_gone() {
        let streams = Streams::default();
        let one = Principal("one".into());
        let taken = || streams.open.lock().expect("a lock").contains_key(&one);
        for reads in [true, false] {
            let place = streams.enter(&one).expect("a place");
            let (done, over) = tokio::sync::oneshot::channel();
            let response = answer(
                (&Value::Null, Version::V10),
                place,
                None,
                |sender| async move {
                    sender.fail(Fault::no_task()).await?;
                    done.send(()).map_err(|()| Gone)
                },
            );
            over.await.expect("everything is sent");
            tokio::task::yield_now().await;
            assert!(taken(), "nobody has read it yet");
            if reads {
                let body = axum::body::to_bytes(response.into_body(), 4096).await;
                assert!(body.expect("a body").starts_with(b"data: "));
            } else {
                drop(response);
            }
            assert!(!taken(), "read: {reads}");
        }
    }
}
