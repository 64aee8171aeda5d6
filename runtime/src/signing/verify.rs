//! The verifier's checklist.
//!
//! In the order of the specification and ending at the first failure: an attacker learns nothing
//! from later steps and makes the verifier do no cryptography for a key that is revoked or has
//! used up its room. Whether a message that isn't signed may pass is not asked here.

use axum::http::header::HOST;
use chrono::DateTime;

use super::base::Message;
use super::claim::{self, covers, covers_enough};
use super::digest::Digests;
use super::fields;
use super::keyring::{KeyTrouble, Keyring, Remembered, Standing, Unavailable};
use super::rejection::{Failure, Fault, Rejection};
use super::url::{self, Canonical};
use super::usage::{Edition, Usage};
use super::{Head, SIGNATURE_INPUT, SKEW};
use crate::clock::Timestamp;
use crate::profile::DigestPolicy;

/// How long after [`begin`] a message may be finished, in seconds, clocks that differ included. A
/// nonce is known for so much longer than its window: who has caught a message might open it again
/// in the last second and hold its body back until the nonce is forgotten.
pub(crate) const LONGEST_BODY: i64 = 120;

/// What signatures are held to.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What they are for.
    pub usage: Usage,
    /// The edition of the profile.
    pub edition: Edition,
    /// Whether they cover the body.
    pub digest: DigestPolicy,
    /// The present instant.
    pub now: Timestamp,
}

impl Terms {
    /// The terms for requests. From 3.2 on, a body is covered whatever the policy says.
    pub fn request(edition: Edition, digest: DigestPolicy, now: Timestamp) -> Self {
        let digest = if edition >= Edition::V3_2 {
            DigestPolicy::Required
        } else {
            digest
        };
        Terms {
            usage: Usage::Request,
            edition,
            digest,
            now,
        }
    }

    /// The terms for webhooks, which always cover their body.
    pub fn webhook(edition: Edition, now: Timestamp) -> Self {
        Terms {
            usage: Usage::Webhook,
            edition,
            digest: DigestPolicy::Required,
            now,
        }
    }

    pub(super) fn fail(&self, fault: Fault, step: u8, reason: impl std::fmt::Display) -> Failure {
        Rejection::new(self.usage, fault, step, reason).into()
    }
}

/// A message whose signature is genuine, before its body was looked at.
#[derive(Debug)]
pub struct Verified {
    terms: Terms,
    signer: Signer,
    covers_content_type: bool,
    /// What the covered `Content-Digest` says.
    digests: Option<Digests>,
}

/// Who signed a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The `kid` of the key.
    pub keyid: String,
    /// What makes the signature unlike any other of the key.
    pub nonce: String,
    /// The end of its window, in Unix seconds.
    pub expires: i64,
    /// The canonical form of the URL that was signed.
    pub url: Canonical,
    /// Whether the signature covers the body.
    pub covers_body: bool,
}

/// Steps 1 to 10: everything that needs no body.
///
/// # Errors
///
/// With the first thing that is wrong, or when the keyring can't answer.
pub async fn begin<K: Keyring + ?Sized>(
    terms: Terms,
    head: Head<'_>,
    keyring: &K,
) -> Result<Verified, Failure> {
    let malformed = |reason| terms.fail(Fault::HeaderMalformed, 1, reason);
    let text = fields::combined(head.headers, SIGNATURE_INPUT).map_err(malformed)?;
    let Some(text) = text else {
        return Err(malformed(format!("there is no {SIGNATURE_INPUT}").into()));
    };
    let claimed = claim::read(&terms, head, &text)?;

    let key = match keyring.key(&claimed.keyid).await {
        Ok(Some(key)) if key.keyid() == claimed.keyid => key,
        Ok(_) => {
            let reason = format!("nobody is known to sign with {:?}", claimed.keyid);
            return Err(terms.fail(Fault::KeyUnknown, 7, reason));
        }
        Err(KeyTrouble::Unavailable(reason)) => {
            return Err(terms.fail(Fault::JwksUnavailable, 7, reason));
        }
        Err(KeyTrouble::Untrusted(reason)) => {
            return Err(terms.fail(Fault::JwksUntrusted, 7, reason));
        }
    };
    let public = key
        .for_use(terms.usage, terms.edition, claimed.algorithm)
        .map_err(|reason| terms.fail(Fault::KeyPurposeInvalid, 8, reason))?;
    match keyring
        .standing(&claimed.keyid)
        .await
        .map_err(unavailable)?
    {
        Standing::Good => {}
        Standing::Revoked => {
            return Err(terms.fail(Fault::KeyRevoked, 9, "the key was revoked"));
        }
        Standing::Stale => {
            let reason = "the list of revoked keys is too old to be relied upon";
            return Err(terms.fail(Fault::RevocationStale, 9, reason));
        }
    }
    if !keyring
        .has_room(&claimed.keyid)
        .await
        .map_err(unavailable)?
    {
        return Err(out_of_room(&terms, 9));
    }

    let url = canonical(&terms, head)?;
    let message = Message {
        method: head.method,
        url: &url,
        headers: head.headers,
    };
    let names = claimed
        .input
        .components
        .iter()
        .map(|component| &*component.name);
    let base = message
        .base(names, claimed.input.raw)
        .map_err(|reason| terms.fail(Fault::Invalid, 10, reason))?;
    if !claimed
        .algorithm
        .verify(public, base.as_bytes(), &claimed.signature)
    {
        let reason = "the signature is not one of this message by this key";
        return Err(terms.fail(Fault::Invalid, 10, reason));
    }
    Ok(Verified {
        terms,
        covers_content_type: covers(&claimed.input, "content-type"),
        signer: Signer {
            keyid: claimed.keyid,
            nonce: claimed.nonce,
            expires: claimed.expires,
            url,
            covers_body: claimed.digests.is_some(),
        },
        digests: claimed.digests,
    })
}

impl Verified {
    /// Who signed, by the signature alone.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The `kid` of the key that signed.
    pub fn keyid(&self) -> &str {
        &self.signer.keyid
    }

    /// Steps 11 to 13: the body, and that the message was never seen before. Whether the body is
    /// JSON without repeated members is for whoever reads it.
    ///
    /// # Errors
    ///
    /// With the first thing that is wrong, or when the keyring can't answer.
    pub async fn finish<K: Keyring + ?Sized>(
        self,
        body: &[u8],
        keyring: &K,
    ) -> Result<Signer, Failure> {
        let terms = self.terms;
        if !body.is_empty() {
            // A body that no header announced.
            covers_enough(&terms, self.covers_content_type, self.signer.covers_body)?;
        }
        if let Some(digests) = &self.digests
            && !digests.match_body(body)
        {
            let reason = "the body is not the one whose digest was signed";
            return Err(terms.fail(Fault::DigestMismatch, 11, reason));
        }
        // The window was judged when the header came.
        let until = DateTime::from_timestamp(self.signer.expires + SKEW + LONGEST_BODY, 0)
            .unwrap_or(Timestamp::MAX_UTC);
        let remembered = keyring
            .remember(&self.signer.keyid, &self.signer.nonce, until)
            .await
            .map_err(unavailable)?;
        match remembered {
            Remembered::Fresh => Ok(self.signer),
            Remembered::Seen => {
                let reason = "the nonce was used before";
                Err(terms.fail(Fault::Replayed, 12, reason))
            }
            Remembered::Full => Err(out_of_room(&terms, 13)),
            Remembered::Late => {
                let reason = "the body came when the signature was no longer valid";
                Err(terms.fail(Fault::WindowInvalid, 12, reason))
            }
        }
    }
}

/// The first half of step 10: the URL, whose authority every `Host` has to name. Without that, a
/// message for one host could be replayed to another one behind the same address.
fn canonical(terms: &Terms, head: Head<'_>) -> Result<Canonical, Failure> {
    let malformed =
        |reason: &dyn std::fmt::Display| terms.fail(Fault::TargetUriMalformed, 10, reason);
    if url::has_foreign_host(head.url) {
        return Err(malformed(&"the host of the URL is not ASCII"));
    }
    let url = url::canonical(head.url).map_err(|error| malformed(&error))?;
    for host in head.headers.get_all(HOST) {
        let host = host
            .to_str()
            .map_err(|_| malformed(&"the header host is not ASCII"))?;
        let host = url::host_header(head.url, host).map_err(|error| malformed(&error))?;
        if host != url.authority {
            return Err(malformed(&"the header host names another authority"));
        }
    }
    Ok(url)
}

fn out_of_room(terms: &Terms, step: u8) -> Failure {
    let reason = "the key has signed more than is remembered of one key";
    terms.fail(Fault::RateAbuse, step, reason)
}

fn unavailable(error: Unavailable) -> Failure {
    Failure::Unavailable(error.0)
}
