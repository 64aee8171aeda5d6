//! The signer: the headers that the verifier on the other side reads.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HeaderValue, InvalidHeaderValue};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

use super::base::{DERIVED, Message};
use super::binary;
use super::digest::{Digests, alphabets, content_digest};
use super::signing_key::{KeyError, SigningKey};
use super::url::{self, Malformed};
use super::usage::{Edition, Usage};
use super::{CONTENT_DIGEST, Head, LONGEST_WINDOW, SIGNATURE, SIGNATURE_INPUT};
use crate::clock::Timestamp;

/// What a signature says of itself, beside who signs and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What it is for.
    pub usage: Usage,
    /// The edition of the profile.
    pub edition: Edition,
    /// Whether it covers the body. Webhooks and the requests of 3.2 always do.
    pub covers_body: bool,
    /// The present instant; the signature is valid from then for [`LONGEST_WINDOW`].
    pub now: Timestamp,
    /// At least 16 random bytes in Base64url, never used before with the key: [`fresh_nonce`].
    pub nonce: String,
}

impl Stamp {
    /// For a webhook. Every delivery needs its own, a repeated one included.
    pub fn webhook(edition: Edition, now: Timestamp, nonce: String) -> Self {
        Stamp {
            usage: Usage::Webhook,
            edition,
            covers_body: true,
            now,
            nonce,
        }
    }

    /// For a request.
    pub fn request(edition: Edition, covers_body: bool, now: Timestamp, nonce: String) -> Self {
        Stamp {
            usage: Usage::Request,
            edition,
            covers_body: covers_body || edition >= Edition::V3_2,
            now,
            nonce,
        }
    }
}

/// The headers of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
    /// `Content-Digest`, where the signature covers the body.
    pub content_digest: Option<String>,
}

impl SignedHeaders {
    /// Puts them among others, in the place of those that are there.
    ///
    /// # Errors
    ///
    /// When a value holds what a header can't, as a `kid` might.
    pub fn write(&self, headers: &mut HeaderMap) -> Result<(), InvalidHeaderValue> {
        headers.insert(
            SIGNATURE_INPUT,
            HeaderValue::from_str(&self.signature_input)?,
        );
        headers.insert(SIGNATURE, HeaderValue::from_str(&self.signature)?);
        if let Some(digest) = &self.content_digest {
            headers.insert(CONTENT_DIGEST, HeaderValue::from_str(digest)?);
        }
        Ok(())
    }
}

/// Why a message can't be signed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CannotSign {
    /// Its URL is none.
    #[error(transparent)]
    Url(#[from] Malformed),
    /// It has a body and does not say of what type.
    #[error("the message has a body and no content-type")]
    NoContentType,
    /// It has a digest of another body.
    #[error("the message has a content-digest that is not that of its body")]
    OtherDigest,
    /// A header that has to be covered can't be.
    #[error("the message can't be signed: {0}")]
    Header(String),
    /// The key is for something else.
    #[error("the key {keyid:?} is for {purpose:?} and can't sign this")]
    OtherPurpose {
        /// The `kid`.
        keyid: String,
        /// Its `adcp_use`.
        purpose: String,
    },
    /// The name of the key holds characters that a header can't have.
    #[error("the kid or the nonce holds characters other than visible ASCII")]
    Name,
    /// No signature could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs a message. A `Content-Digest` that is already among the headers is covered as it stands.
///
/// # Errors
///
/// When a verifier could only refuse the signature.
pub fn sign(
    stamp: &Stamp,
    key: &SigningKey,
    head: Head<'_>,
    body: &[u8],
) -> Result<SignedHeaders, CannotSign> {
    if let Some(purpose) = key.purpose()
        && !stamp.usage.accepts(purpose, stamp.edition)
    {
        return Err(CannotSign::OtherPurpose {
            keyid: key.keyid().to_owned(),
            purpose: purpose.to_owned(),
        });
    }
    if !head.headers.contains_key(CONTENT_TYPE)
        && (!body.is_empty() || stamp.usage == Usage::Webhook)
    {
        return Err(CannotSign::NoContentType);
    }
    let url = url::canonical(head.url)?;
    let alphabets = alphabets(stamp.usage, stamp.edition);
    let mut components = DERIVED.to_vec();
    if head.headers.contains_key(CONTENT_TYPE) {
        components.push("content-type");
    }
    let mut headers = head.headers.clone();
    let mut digest = None;
    if stamp.covers_body {
        components.push(CONTENT_DIGEST);
        let header = |reason| CannotSign::Header(String::from(reason));
        match Digests::read(&headers, alphabets).map_err(header)? {
            Some(digests) if !digests.match_body(body) => return Err(CannotSign::OtherDigest),
            Some(_) => {}
            None => {
                let value = content_digest(stamp.usage, stamp.edition, body);
                let header = HeaderValue::from_str(&value).map_err(|_| CannotSign::Name)?;
                headers.insert(CONTENT_DIGEST, header);
                digest = Some(value);
            }
        }
    }
    let list = list(stamp, key, &components)?;
    let message = Message {
        method: head.method,
        url: &url,
        headers: &headers,
    };
    let base = message
        .base(components, &list)
        .map_err(|reason| CannotSign::Header(reason.into_owned()))?;
    let signature = binary::encode(&key.sign(base.as_bytes())?, alphabets);
    Ok(SignedHeaders {
        signature_input: format!("sig1={list}"),
        signature: format!("sig1=:{signature}:"),
        content_digest: digest,
    })
}

/// The list of components with its parameters.
fn list(stamp: &Stamp, key: &SigningKey, components: &[&str]) -> Result<String, CannotSign> {
    let created = stamp.now.timestamp();
    let expires = created + LONGEST_WINDOW;
    let components: Vec<_> = components
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect();
    Ok(format!(
        "({});created={created};expires={expires};nonce={};keyid={};alg={};tag={}",
        components.join(" "),
        quoted(&stamp.nonce)?,
        quoted(key.keyid())?,
        quoted(key.algorithm().name())?,
        quoted(stamp.usage.tag())?,
    ))
}

/// A string of RFC 8941.
fn quoted(text: &str) -> Result<String, CannotSign> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(CannotSign::Name);
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

/// A nonce of 16 random bytes.
///
/// # Errors
///
/// When the system has no random numbers.
pub fn fresh_nonce() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| KeyError::Random)?;
    Ok(binary::encode_url(&bytes))
}
