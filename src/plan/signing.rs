//! Signatures on requests, and how long notifications are tried.
//!
//! What the words of `[signing]` and `[webhooks]` mean once they are checked. Nothing here reads a
//! manifest.

use std::ops::RangeInclusive;

/// Signatures on the requests of buyers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningPlan {
    /// Whether signatures are verified at all.
    pub verify: bool,
    /// Whether a signature has to cover the body.
    pub digest: DigestPolicy,
    /// The tools that an unsigned request is refused for, in the manifest's order.
    pub required: Vec<String>,
    /// The tools for which a bad signature is logged and let pass, in the manifest's order.
    pub warn: Vec<String>,
}

/// Whether a signature covers the body, by `content-digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestPolicy {
    /// It must.
    Required,
    /// It must not.
    Forbidden,
    /// The signer chooses.
    Either,
}

impl DigestPolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Required, Self::Forbidden, Self::Either];

    /// The manifest's word, which is the wire's.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Forbidden => "forbidden",
            Self::Either => "either",
        }
    }
}

/// How buyers are told of what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhooksPlan {
    /// How long a notification is tried before it is set aside, in seconds: within [`RETRY`], and
    /// within what the line allows.
    pub retry_seconds: u64,
}

/// How long a notification may be tried, in seconds. Below an hour a receiver that is being moved
/// loses what happened meanwhile; above a week nobody waits for it.
pub const RETRY: RangeInclusive<u64> = 3_600..=7 * 86_400;
