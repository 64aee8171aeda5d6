//! HTTP message signatures (RFC 9421) in the profile of AdCP, on requests and on webhooks.
//!
//! [`begin`] runs the steps of the verifier's checklist that need no body, [`Verified::finish`]
//! the rest, in the order of the specification: what is cheap to refuse is refused before any
//! cryptography. [`sign`] makes the headers of the other side. Both usages share every rule and
//! differ in what [`Usage`] says.
//!
//! Nothing here opens a connection, reads a clock or keeps state: the instant is handed in, keys,
//! revocations and the nonces that were seen are asked of a [`Keyring`].

mod usage;
mod rejection;
mod binary;
mod fields;
pub mod url;
pub mod digest;
mod base;
mod algorithm;
mod public_key;
mod key_set;
mod keyring;
mod claim;
mod verify;
mod signing_key;
mod sign;

use axum::http::HeaderMap;

pub use algorithm::Algorithm;
pub use key_set::{KeySet, KeySetError};
pub use keyring::{KeyTrouble, Keyring, Remembered, Standing, Unavailable};
pub use public_key::PublicKey;
pub use rejection::{Failure, Fault, Rejection};
pub use sign::{CannotSign, SignedHeaders, Stamp, fresh_nonce, sign};
pub use signing_key::{KeyError, SigningKey};
pub use usage::{Edition, Usage};
pub use verify::{Signer, Terms, Verified, begin};

/// The header that says what is signed, and how.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// The header with the signature's bytes.
pub const SIGNATURE: &str = "signature";
/// The header with digests of the body (RFC 9530).
pub const CONTENT_DIGEST: &str = "content-digest";

/// The longest time between `created` and `expires`, in seconds.
pub const LONGEST_WINDOW: i64 = 300;
/// How far two clocks may differ, in seconds.
pub const SKEW: i64 = 60;
/// The largest value of one header that a signature is made of or covers, in bytes. Repeated lines
/// count together. The largest signature that the profile can need has less than a tenth.
pub const LARGEST_HEADER: usize = 4096;
/// The largest URL, in bytes.
pub const LARGEST_URL: usize = 8192;

/// The part of a message that comes before its body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The absolute URL, spelt as on the wire: `https://` or `http://`, the `Host` or
    /// `:authority` as it was received, path and query as they were received.
    pub url: &'a str,
    /// All headers. A `Host` among them has to name the authority of the URL.
    pub headers: &'a HeaderMap,
}

/// Whether a message claims to be signed. One of the two headers is enough: half a signature is
/// refused by [`begin`], never taken for none.
pub fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key(SIGNATURE_INPUT) || headers.contains_key(SIGNATURE)
}
