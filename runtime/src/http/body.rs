//! A request body in memory, within bounds of size and time.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

/// The largest body that is read from a buyer, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive.
const WITHIN: Duration = Duration::from_secs(15);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has more bytes than this.
    TooLarge(usize),
    TooSlow,
    Broken,
}

impl Refusal {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLarge(largest) => write!(f, "the body is larger than {largest} bytes"),
            Refusal::TooSlow => write!(
                f,
                "the body did not arrive within {} seconds",
                WITHIN.as_secs()
            ),
            Refusal::Broken => f.write_str("the body could not be read to its end"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // What is left of the body is not read, so nothing can follow it on this connection.
        (self.status(), [(CONNECTION, "close")], format!("{self}\n")).into_response()
    }
}

/// Reads a body of at most so many bytes. One that announces more is not even begun.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    largest: usize,
) -> Result<Bytes, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > largest) {
        return Err(Refusal::TooLarge(largest));
    }
    tokio::time::timeout(WITHIN, collect(body, largest))
        .await
        .unwrap_or(Err(Refusal::TooSlow))
}

async fn collect(body: Body, largest: usize) -> Result<Bytes, Refusal> {
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
        if length > largest {
            return Err(Refusal::TooLarge(largest));
        }
        whole
            .get_or_insert_with(|| BytesMut::from(&first[..]))
            .extend_from_slice(&chunk);
    }
    if length > largest {
        Err(Refusal::TooLarge(largest))
    } else {
        Ok(whole.map_or(first, BytesMut::freeze))
    }
}
