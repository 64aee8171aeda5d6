//! The file of API keys.
//!
//! ```toml
//! [[key]]
//! principal = "nova-trading-desk"
//! sha256 = "…"   # of the token: printf %s TOKEN | sha256sum
//! ```

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Callers;
use crate::identity::Principal;

/// Why a file of API keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file can't be read.
    #[error("the API keys in {} can't be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not the TOML that is expected.
    #[error("the API keys in {} are not understood: {reason}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Place and cause.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    principal: String,
    sha256: String,
}

/// Reads a file of API keys into the callers that a seller knows.
///
/// # Errors
///
/// When the file can't be read, names no key, or has an entry that is not usable.
pub fn read(path: &Path, callers: &mut Callers) -> Result<(), KeysError> {
    let text = std::fs::read_to_string(path).map_err(|source| KeysError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, callers).map_err(|reason| KeysError::Malformed {
        path: path.to_owned(),
        reason,
    })
}

fn parse(text: &str, callers: &mut Callers) -> Result<(), String> {
    let file: File =
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    if file.key.is_empty() {
        return Err("there is no [[key]] in it".to_owned());
    }
    let mut seen = HashSet::new();
    for (at, key) in file.key.iter().enumerate() {
        let place = format!("[[key]] number {}", at + 1);
        if key.principal.trim().is_empty() {
            return Err(format!("{place} names no principal"));
        }
        let digest = digest(&key.sha256).ok_or_else(|| {
            format!("{place}: sha256 must be the 64 hexadecimal digits of the token's SHA-256, as `printf %s TOKEN | sha256sum` prints them")
        })?;
        if !seen.insert(digest) {
            return Err(format!("{place} repeats the token of an earlier key"));
        }
        callers.allow_digest(digest, Principal(key.principal.clone()));
    }
    Ok(())
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    let mut digest = [0; 32];
    if text.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn keys_are_read_by_digest() {
        let digest = crate::jcs::hex(&Sha256::digest("a-token"));
        let mut callers = Callers::default();
        parse(
            &format!("[[key]]\nprincipal = \"nova\"\nsha256 = \"{digest}\"\n"),
            &mut callers,
        )
        .expect("a good file");
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("x-adcp-auth", "a-token".parse().expect("a header value"));
        assert_eq!(
            callers.authenticate(&headers),
            Ok(&Principal("nova".into()))
        );
    }

    #[test]
    fn bad_files_are_refused_with_the_place() {
        let digest = crate::jcs::hex(&Sha256::digest("a-token"));
        let good = format!("[[key]]\nprincipal = \"nova\"\nsha256 = \"{digest}\"\n");
        for (text, reason) in [
            (String::new(), "missing field `key`"),
            ("key = []".to_owned(), "no [[key]]"),
            (format!("{good}{good}"), "number 2 repeats"),
            (good.replace("nova", " "), "number 1 names no principal"),
            (good.replace(&digest, "abc"), "64 hexadecimal digits"),
            (
                good.replace(&digest, &"x".repeat(64)),
                "64 hexadecimal digits",
            ),
            (good.replace("sha256", "token"), "unknown field `token`"),
        ] {
            let error = parse(&text, &mut Callers::default()).expect_err(&text);
            assert!(error.contains(reason), "{error}");
        }
    }
}
