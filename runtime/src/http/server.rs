//! Connections: accepted, bounded, and brought to an end when the seller stops.
//!
//! Nobody holds a connection by being slow: the first request must have arrived with all its
//! headers within a bound, and so must every later one. Bodies have their own bound where they are
//! read.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take to arrive, which is also how long an idle connection is
/// kept.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How much head is read at all, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// How many bytes the names and values of a request's headers may have. A token and a signature
/// need 3000.
const LARGEST_HEADERS: usize = 8 * 1024;
/// How many headers a request may have.
const MOST_HEADERS: usize = 64;
/// How many requests an HTTP/2 connection may have open.
const MOST_STREAMS: u32 = 128;
/// How often an idle HTTP/2 connection is asked whether its client is still there, and how long it
/// may take to say so. HTTP/1.1 connections are closed when idle.
const STILL_THERE: Duration = Duration::from_secs(20);
/// How many connections are open at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 8192;
/// How long to wait after a connection could not be accepted, for instance for want of descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Serves until it is told to stop, then lets what has begun finish within a bound.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(LARGEST_HEAD as u32)
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(STILL_THERE)
        .keep_alive_timeout(STILL_THERE);
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Some(Ok(place)) = stop
        .run_until_cancelled(Arc::clone(&places).acquire_owned())
        .await
    {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else {
            break;
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        // Answers are written whole; waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let begun = Arc::new(AtomicBool::new(false));
        let routes = TowerToHyperService::new(router.clone());
        let service = service_fn({
            let begun = Arc::clone(&begun);
            move |request: Request<Incoming>| {
                begun.store(true, Ordering::Relaxed);
                answer(routes.clone(), request)
            }
        });
        let connection = connections.watch(
            builder
                .serve_connection(TokioIo::new(stream), service)
                .into_owned(),
        );
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // Until hyper knows which version of HTTP it has before it, it keeps no time.
            let ended = match tokio::time::timeout(HEAD_WITHIN, &mut connection).await {
                Ok(ended) => ended,
                Err(_) if begun.load(Ordering::Relaxed) => connection.await,
                Err(_) => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some connections did not end in time and were cut");
    }
}

/// Answers one request, unless its headers are too large.
async fn answer(
    routes: TowerToHyperService<Router>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    if size(request.headers()) > LARGEST_HEADERS {
        return Ok((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            [(CONNECTION, "close")],
            format!("the headers have more than {LARGEST_HEADERS} bytes\n"),
        )
            .into_response());
    }
    routes.call(request).await
}

fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}
