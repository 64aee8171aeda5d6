//! Parameters of methods.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::fault::Fault;
use crate::clock::Timestamp;

/// The longest text that a parameter may be, in bytes.
const LONGEST: usize = 1024;

/// A text; none where it is missing or empty, which Protocol Buffers can't tell apart.
pub(super) fn text<'p>(
    params: &'p Map<String, Value>,
    name: &str,
) -> Result<Option<&'p str>, Fault> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text)),
        Some(_) => Err(Fault::params(format!(
            "`params.{name}` must be a string of at most {LONGEST} bytes"
        ))),
    }
}

/// A text that has to be there.
pub(super) fn required<'p>(params: &'p Map<String, Value>, name: &str) -> Result<&'p str, Fault> {
    text(params, name)?.ok_or_else(|| Fault::params(format!("`params.{name}` is missing")))
}

/// A whole number that is not negative. Protocol Buffers may write it as `5.0`.
pub(super) fn number(params: &Map<String, Value>, name: &str) -> Result<Option<u64>, Fault> {
    let Some(value) = params.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && (0.0..=1e9).contains(&number) => {
            Ok(Some(number as u64))
        }
        _ => Err(Fault::params(format!(
            "`params.{name}` must be a whole number that is not negative"
        ))),
    }
}

/// An instant.
pub(super) fn instant(params: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Fault> {
    text(params, name)?
        .map(|text| {
            DateTime::parse_from_rfc3339(text)
                .map(|at| at.to_utc())
                .map_err(|_| {
                    Fault::params(format!("`params.{name}` must be an instant (RFC 3339)"))
                })
        })
        .transpose()
}
