//! What a verifier has to be told: keys, revocations, nonces that were seen.

use std::sync::Arc;

use thiserror::Error;

use super::public_key::PublicKey;
use crate::clock::Timestamp;

/// Whoever knows the signers. Asked in the order of the checklist, and never for more than a
/// message has earned by then: nonces are remembered only of signatures that are genuine.
pub trait Keyring: Send + Sync {
    /// The key of that id (step 7); `None` when no signer that is known here publishes it, even
    /// after asking again.
    fn key(
        &self,
        keyid: &str,
    ) -> impl Future<Output = Result<Option<Arc<PublicKey>>, KeyTrouble>> + Send;

    /// Whether the key may still be used (step 9).
    fn standing(&self, keyid: &str) -> impl Future<Output = Result<Standing, Unavailable>> + Send;

    /// Whether another nonce of the key could be remembered (step 9a).
    fn has_room(&self, keyid: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Takes note of a nonce, unless it is known already, in one indivisible step (12 and 13). It
    /// has to be known until that instant at least.
    fn remember(
        &self,
        keyid: &str,
        nonce: &str,
        until: Timestamp,
    ) -> impl Future<Output = Result<Remembered, Unavailable>> + Send;
}

/// Whether a key may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Good,
    /// It was revoked.
    Revoked,
    /// That is not known: the list of revoked keys is older than it may be.
    Stale,
}

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It was new and is known now.
    Fresh,
    /// It was known already.
    Seen,
    /// It was new, but the key has used up its room.
    Full,
    /// The instant until which it has to be known is over, so whether it is new can't be told.
    Late,
}

/// Why a key can't be told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyTrouble {
    /// The signer's keys can't be fetched at the moment.
    #[error("the keys can't be fetched: {0}")]
    Unavailable(String),
    /// They lie where nothing may be fetched from.
    #[error("the keys may not be fetched: {0}")]
    Untrusted(String),
}

/// The records of the verifier can't be read or written at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unavailable(pub String);
