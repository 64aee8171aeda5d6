//! What files of tokens have in common: they name digests, never tokens.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Why a file of tokens can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file can't be read.
    #[error("the {what} in {} can't be read", path.display())]
    Unreadable {
        /// What the file should hold: `API keys`, `operators`.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not the TOML that is expected.
    #[error("the {what} in {} are not understood: {reason}", path.display())]
    Malformed {
        /// What the file should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Place and cause.
        reason: String,
    },
}

/// Reads a file and has it interpreted.
pub(super) fn read<F: DeserializeOwned>(
    what: &'static str,
    path: &Path,
    interpret: impl FnOnce(F) -> Result<(), String>,
) -> Result<(), KeysError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
        .map_err(|source| KeysError::Unreadable {
            what,
            path: path.to_owned(),
            source,
        })?;
    if text.len() as u64 > LARGEST {
        return Err(KeysError::Malformed {
            what,
            path: path.to_owned(),
            reason: format!("the file has more than {LARGEST} bytes"),
        });
    }
    parse(&text)
        .and_then(interpret)
        .map_err(|reason| KeysError::Malformed {
            what,
            path: path.to_owned(),
            reason,
        })
}

/// Reads the text of a file.
pub(super) fn parse<F: DeserializeOwned>(text: &str) -> Result<F, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

/// The digests of one file, none of which may occur twice.
#[derive(Default)]
pub(super) struct Digests(HashSet<[u8; 32]>);

impl Digests {
    /// Takes the digest of one entry.
    ///
    /// # Errors
    ///
    /// When it is no SHA-256 digest or that of an earlier entry; `place` names the entry.
    pub(super) fn take(&mut self, place: &str, sha256: &str) -> Result<[u8; 32], String> {
        let digest = digest(sha256).ok_or_else(|| {
            format!("{place}: sha256 must be the 64 hexadecimal digits of the token's SHA-256, as `printf %s TOKEN | sha256sum` prints them")
        })?;
        if self.0.insert(digest) {
            Ok(digest)
        } else {
            Err(format!("{place} repeats the token of an earlier one"))
        }
    }
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
