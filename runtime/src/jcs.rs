//! The canonical form of JSON (RFC 8785, JCS) and the hash over it that compares requests.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::json::{Segment, field};

/// Beyond this, two integers that differ have the same canonical form: JCS writes numbers as IEEE
/// 754 doubles, which hold integers exactly up to 2^53 - 1.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// The SHA-256 hash of the canonical form, in lower-case hexadecimal.
///
/// # Errors
///
/// `INVALID_REQUEST` at an integer that the canonical form can't tell from its neighbours.
pub fn hash(value: &Value) -> Result<String> {
    if let Some(path) = inexact(value) {
        return Err(Error::invalid_request(format!(
            "must be an integer between -{LARGEST_EXACT} and {LARGEST_EXACT}"
        ))
        .at(field(path.iter().rev())));
    }
    let mut digest = Sha256::new();
    let canonical = serde_json_canonicalizer::to_vec(value).map_err(Error::internal)?;
    digest.update(&canonical);
    Ok(hex(&digest.finalize()))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Where the first integer is that a double can't hold, if there is one: steps from the inside out.
fn inexact(value: &Value) -> Option<Vec<Segment>> {
    let step = |segment: &dyn Fn() -> Segment, member: &Value| {
        let mut path = inexact(member)?;
        path.push(segment());
        Some(path)
    };
    match value {
        Value::Number(number) => {
            let magnitude = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs))?;
            (magnitude > LARGEST_EXACT).then(Vec::new)
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, item)| step(&|| Segment::Item(at), item)),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, member)| step(&|| Segment::Member(name.clone()), member)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_and_number_forms_do_not_matter_but_values_do() {
        let same = hash(&json!({"b": 10000, "a": [1.5, "é"]})).expect("canonical");
        assert_eq!(
            same,
            hash(&json!({"a": [1.5, "é"], "b": 10000.0})).expect("canonical")
        );
        assert_ne!(
            same,
            hash(&json!({"a": [1.5, "é"], "b": 10001})).expect("canonical")
        );
        assert_eq!(
            hash(&json!({})).expect("canonical"),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }

    #[test]
    fn integers_beyond_doubles_are_refused_with_their_place() {
        let error =
            hash(&json!({"packages": [{"budget": 1}, {"budget": 9_007_199_254_740_993_u64}]}))
                .expect_err("inexact");
        assert_eq!(error.field.as_deref(), Some("packages[1].budget"));
        assert!(
            hash(&json!([
                9_007_199_254_740_991_u64,
                -9_007_199_254_740_991_i64
            ]))
            .is_ok()
        );
        assert!(hash(&json!(-9_007_199_254_740_993_i64)).is_err());
    }
}
