//! Connections: accepted, bounded, and brought to an end when the seller stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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
/// How much head a connection may send, in bytes.
const LARGEST_HEAD: usize = 32 * 1024;
/// How many headers a request may have.
const MOST_HEADERS: usize = 64;
/// How many requests an HTTP/2 connection may have open.
const MOST_STREAMS: u32 = 128;
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
        .max_concurrent_streams(MOST_STREAMS);
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
        let service = TowerToHyperService::new(router.clone());
        let connection = connections.watch(
            builder
                .serve_connection(TokioIo::new(stream), service)
                .into_owned(),
        );
        tokio::spawn(async move {
            if let Err(error) = connection.await {
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
