//! The canonical form of JSON (RFC 8785, JCS) and the hash over it that compares requests.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::json::{Segment, field};

/// Beyond this, two integers that differ have the same canonical form: JCS writes numbers as IEEE
/// 754 doubles, which hold integers exactly up to 2^53 - 1.
const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// What is known of a canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// Its SHA-256 hash, in lower-case hexadecimal.
    pub hash: String,
    /// How long it is, in bytes.
    pub length: usize,
}

/// The SHA-256 hash of the canonical form, in lower-case hexadecimal.
///
/// # Errors
///
/// `INVALID_REQUEST` at an integer that the canonical form can't tell from its neighbours.
pub fn hash(value: &Value) -> Result<String> {
    canonical(value).map(|canonical| canonical.hash)
}

/// Hash and length of the canonical form.
///
/// # Errors
///
/// `INVALID_REQUEST` at an integer that the canonical form can't tell from its neighbours.
pub fn canonical(value: &Value) -> Result<Canonical> {
    if let Some(path) = inexact(value) {
        return Err(Error::invalid_request(format!(
            "must be an integer between -{LARGEST_EXACT} and {LARGEST_EXACT}"
        ))
        .at(field(path.iter().rev())));
    }
    let canonical = serde_json_canonicalizer::to_vec(value).map_err(Error::internal)?;
    Ok(Canonical {
        hash: hex(&Sha256::digest(&canonical)),
        length: canonical.len(),
    })
}

/// A digest of some texts in a row, which no other row of texts has.
pub(crate) fn digest_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// The name of a record that is found by several texts, which may be longer than a store's keys.
pub(crate) fn name_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    hex(&digest_of(parts)[..16])
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
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
