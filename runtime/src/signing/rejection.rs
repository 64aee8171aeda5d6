//! Why a signature is refused, by the step and the code of the specification.

use std::fmt;

use thiserror::Error;

use super::usage::Usage;

/// A refused signature. The reason is for logs: a sender is told the code and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code} (step {step}): {reason}")]
pub struct Rejection {
    /// What went wrong.
    pub fault: Fault,
    /// The code of the specification: `request_signature_invalid`.
    pub code: &'static str,
    /// The step of the checklist, from 1; 0 is what comes before it. Step 9a is 9.
    pub step: u8,
    /// What exactly.
    pub reason: String,
}

impl Rejection {
    /// A refusal at a step.
    pub fn new(usage: Usage, fault: Fault, step: u8, reason: impl fmt::Display) -> Self {
        Rejection {
            fault,
            code: fault.code(usage),
            step,
            reason: reason.to_string(),
        }
    }

    /// A call that has to be signed and is not.
    pub fn required(reason: impl fmt::Display) -> Self {
        Rejection::new(Usage::Request, Fault::Required, 0, reason)
    }
}

/// Why a message was not verified.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// Its signature is refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// What has to be known about keys and nonces can't be found out at the moment.
    #[error("signatures can't be verified at the moment: {0}")]
    Unavailable(String),
}

/// What is wrong with a signature. Its code depends on the usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// There is none where one is needed.
    Required,
    /// A header that belongs to it can't be read, or is ambiguous.
    HeaderMalformed,
    /// A parameter is missing.
    ParamsIncomplete,
    /// It is for something else.
    TagInvalid,
    /// The algorithm is not one of the profile's.
    AlgNotAllowed,
    /// It is too old, too young, or valid for too long.
    WindowInvalid,
    /// It covers too little.
    ComponentsIncomplete,
    /// It covers what it must not, or what nobody can check.
    ComponentsUnexpected,
    /// The URL is not one, or the authority belongs to another.
    TargetUriMalformed,
    /// Nobody knows the key.
    KeyUnknown,
    /// The keys of the signer can't be fetched at the moment.
    JwksUnavailable,
    /// The keys of the signer lie where nothing may be fetched from.
    JwksUntrusted,
    /// The key is for something else, or contradicts itself.
    KeyPurposeInvalid,
    /// The key was revoked.
    KeyRevoked,
    /// Whether the key was revoked has not been asked for too long.
    RevocationStale,
    /// The key has signed too much in too short a time.
    RateAbuse,
    /// The bytes are no signature of this message by this key.
    Invalid,
    /// The body is another one.
    DigestMismatch,
    /// It was used before.
    Replayed,
}

impl Fault {
    /// The code of the specification.
    pub const fn code(self, usage: Usage) -> &'static str {
        match usage {
            Usage::Request => match self {
                Fault::Required => "request_signature_required",
                Fault::HeaderMalformed => "request_signature_header_malformed",
                Fault::ParamsIncomplete => "request_signature_params_incomplete",
                Fault::TagInvalid => "request_signature_tag_invalid",
                Fault::AlgNotAllowed => "request_signature_alg_not_allowed",
                Fault::WindowInvalid => "request_signature_window_invalid",
                Fault::ComponentsIncomplete => "request_signature_components_incomplete",
                Fault::ComponentsUnexpected => "request_signature_components_unexpected",
                Fault::TargetUriMalformed => "request_target_uri_malformed",
                Fault::KeyUnknown => "request_signature_key_unknown",
                Fault::JwksUnavailable => "request_signature_jwks_unavailable",
                Fault::JwksUntrusted => "request_signature_jwks_untrusted",
                Fault::KeyPurposeInvalid => "request_signature_key_purpose_invalid",
                Fault::KeyRevoked => "request_signature_key_revoked",
                Fault::RevocationStale => "request_signature_revocation_stale",
                Fault::RateAbuse => "request_signature_rate_abuse",
                Fault::Invalid => "request_signature_invalid",
                Fault::DigestMismatch => "request_signature_digest_mismatch",
                Fault::Replayed => "request_signature_replayed",
            },
            Usage::Webhook => match self {
                Fault::Required => "webhook_signature_required",
                Fault::HeaderMalformed => "webhook_signature_header_malformed",
                Fault::ParamsIncomplete => "webhook_signature_params_incomplete",
                Fault::TagInvalid => "webhook_signature_tag_invalid",
                Fault::AlgNotAllowed => "webhook_signature_alg_not_allowed",
                Fault::WindowInvalid => "webhook_signature_window_invalid",
                Fault::ComponentsIncomplete => "webhook_signature_components_incomplete",
                Fault::ComponentsUnexpected => "webhook_signature_components_unexpected",
                Fault::TargetUriMalformed => "webhook_target_uri_malformed",
                Fault::KeyUnknown => "webhook_signature_key_unknown",
                Fault::JwksUnavailable => "webhook_signature_jwks_unavailable",
                Fault::JwksUntrusted => "webhook_signature_jwks_untrusted",
                Fault::KeyPurposeInvalid => "webhook_signature_key_purpose_invalid",
                Fault::KeyRevoked => "webhook_signature_key_revoked",
                Fault::RevocationStale => "webhook_signature_revocation_stale",
                Fault::RateAbuse => "webhook_signature_rate_abuse",
                Fault::Invalid => "webhook_signature_invalid",
                Fault::DigestMismatch => "webhook_signature_digest_mismatch",
                Fault::Replayed => "webhook_signature_replayed",
            },
        }
    }
}
