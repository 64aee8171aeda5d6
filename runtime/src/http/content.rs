//! What a body must be before it is read: JSON in UTF-8, uncompressed.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// The body must be JSON in UTF-8 (RFC 8259, section 8.1), uncompressed.
///
/// # Errors
///
/// A sentence about what it is instead.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), &'static str> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err("the content type must be application/json\n");
    }
    let utf8 = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| {
            charset
                .trim()
                .trim_matches('"')
                .eq_ignore_ascii_case("utf-8")
        });
    if !utf8 {
        return Err("the body must be in UTF-8\n");
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err("compressed bodies are not accepted\n");
    }
    Ok(())
}
