//! A request body in memory, within bounds of size and time.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

/// The largest body that is read, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive.
const WITHIN: Duration = Duration::from_secs(15);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLarge,
    TooSlow,
    Broken,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Refusal::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {LARGEST} bytes\n"),
            ),
            Refusal::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                format!(
                    "the body did not arrive within {} seconds\n",
                    WITHIN.as_secs()
                ),
            ),
            Refusal::Broken => (
                StatusCode::BAD_REQUEST,
                "the body could not be read to its end\n".to_owned(),
            ),
        };
        // What is left of the body is not read, so nothing can follow it on this connection.
        (status, [(CONNECTION, "close")], message).into_response()
    }
}

/// Reads a body. One that announces too great a length is not even begun.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST) {
        return Err(Refusal::TooLarge);
    }
    tokio::time::timeout(WITHIN, collect(body))
        .await
        .unwrap_or(Err(Refusal::TooSlow))
}

async fn collect(body: Body) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let Some(first) = chunks.next().await else {
        return Ok(Bytes::new());
    };
    let first = first.map_err(|_| Refusal::Broken)?;
    // Most bodies come in one chunk, which then needs no copy.
    let mut whole: Option<BytesMut> = None;
    let mut length = first.len();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        length += chunk.len();
        if length > LARGEST {
            return Err(Refusal::TooLarge);
        }
        whole
            .get_or_insert_with(|| BytesMut::from(&first[..]))
            .extend_from_slice(&chunk);
    }
    if length > LARGEST {
        Err(Refusal::TooLarge)
    } else {
        Ok(whole.map_or(first, BytesMut::freeze))
    }
}
