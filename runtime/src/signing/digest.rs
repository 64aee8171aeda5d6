//! Digests of a body in `Content-Digest` (RFC 9530).

use axum::http::HeaderMap;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::CONTENT_DIGEST;
use super::binary::{self, Alphabets};
use super::fields::{self, Malformed};
use super::usage::{Edition, Usage};

/// The digests that a header names. Algorithms that are not known here are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digests {
    sha256: Option<Vec<u8>>,
    sha512: Option<Vec<u8>>,
}

impl Digests {
    /// What a `Content-Digest` says; `None` when there is none.
    pub(super) fn read(
        headers: &HeaderMap,
        alphabets: Alphabets,
    ) -> Result<Option<Self>, Malformed> {
        let Some(text) = fields::combined(headers, CONTENT_DIGEST)? else {
            return Ok(None);
        };
        let mut digests = Digests::default();
        for (algorithm, bytes) in fields::byte_sequences(&text, alphabets)? {
            match algorithm {
                "sha-256" => digests.sha256 = Some(bytes),
                "sha-512" => digests.sha512 = Some(bytes),
                _ => {}
            }
        }
        Ok(Some(digests))
    }

    /// Whether there is a digest that we can compute, and all of those are the body's.
    pub(super) fn match_body(&self, body: &[u8]) -> bool {
        let sha256 = self
            .sha256
            .as_ref()
            .map(|digest| digest.as_slice().ct_eq(&Sha256::digest(body)));
        let sha512 = self
            .sha512
            .as_ref()
            .map(|digest| digest.as_slice().ct_eq(&Sha512::digest(body)));
        let known: Vec<_> = [sha256, sha512].into_iter().flatten().collect();
        !known.is_empty() && known.into_iter().all(bool::from)
    }
}

/// The value of a `Content-Digest` header for a body, as that edition of the profile writes it.
pub fn content_digest(usage: Usage, edition: Edition, body: &[u8]) -> String {
    let alphabets = alphabets(usage, edition);
    format!(
        "sha-256=:{}:",
        binary::encode(&Sha256::digest(body), alphabets)
    )
}

/// How byte sequences are read and written.
pub(super) fn alphabets(usage: Usage, edition: Edition) -> Alphabets {
    if edition.is_plain_base64(usage) {
        Alphabets::Plain
    } else {
        Alphabets::Either
    }
}
