//! Names for calls, in the answer and in the log.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use uuid::Uuid;

/// Names a call in the answer and in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names for calls: unique among all processes, without asking the operating system for
/// randomness each time.
#[derive(Debug)]
pub(crate) struct Requests {
    process: String,
    count: AtomicU64,
}

impl Requests {
    pub(crate) fn new() -> Self {
        let mut process = Uuid::new_v4().simple().to_string();
        process.truncate(16);
        Requests {
            process,
            count: AtomicU64::new(1),
        }
    }

    pub(crate) fn next(&self) -> String {
        format!(
            "{}-{}",
            self.process,
            self.count.fetch_add(1, Ordering::Relaxed)
        )
    }
}

/// Tells the client how the log names its call.
pub(crate) fn name(response: &mut Response, request_id: &str) {
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
}
