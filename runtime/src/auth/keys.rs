//! The file of API keys.
//!
//! ```toml
//! [[key]]
//! principal = "nova-trading-desk"
//! sha256 = "…"   # of the token: printf %s TOKEN | sha256sum
//! ```

use std::path::Path;

use serde::Deserialize;

use super::Callers;
use super::file::{self, Digests, KeysError};
use crate::identity::Principal;

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
    file::read("API keys", path, |file| admit(file, callers))
}

fn admit(file: File, callers: &mut Callers) -> Result<(), String> {
    if file.key.is_empty() {
        return Err("there is no [[key]] in it".to_owned());
    }
    let mut digests = Digests::default();
    for (at, key) in file.key.into_iter().enumerate() {
        let place = format!("[[key]] number {}", at + 1);
        if key.principal.trim().is_empty() {
            return Err(format!("{place} names no principal"));
        }
        let digest = digests.take(&place, &key.sha256)?;
        callers.allow_digest(digest, Principal(key.principal));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn parse(text: &str, callers: &mut Callers) -> Result<(), String> {
        file::parse(text).and_then(|file| admit(file, callers))
    }

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
