//! The keys of one signer (JWKS, RFC 7517, section 5).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

use super::public_key::{Jwk, PublicKey};

/// The most keys of one signer.
const MOST_KEYS: usize = 64;
/// The longest `kid`, in bytes.
pub(super) const LONGEST_KEYID: usize = 256;

/// The keys of one signer, by their `kid`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(BTreeMap<String, Arc<PublicKey>>);

/// Why a document is no set of keys.
#[derive(Debug, Error)]
pub enum KeySetError {
    /// The document is larger than [`KeySet::LARGEST`].
    #[error("the document has more than {} bytes", KeySet::LARGEST)]
    TooLarge,
    /// The document is not JSON, or has no list of keys.
    #[error("the document is not a JSON Web Key Set: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// There are too many keys.
    #[error("the set has more than {MOST_KEYS} keys")]
    TooMany,
    /// Two keys have the same name.
    #[error("the set has two keys of the kid {0:?}")]
    Duplicate(String),
    /// A name is too long.
    #[error("a kid of the set has more than {LONGEST_KEYID} bytes")]
    LongName,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

impl KeySet {
    /// The largest document that is read, in bytes.
    pub const LARGEST: usize = 64 * 1024;

    /// Reads a JWKS document. Keys without a `kid` are passed over: no signature can name them.
    ///
    /// # Errors
    ///
    /// When the document is none, is too large, or names two keys alike.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        if document.len() > Self::LARGEST {
            return Err(KeySetError::TooLarge);
        }
        let document: Document =
            serde_json::from_slice(document).map_err(KeySetError::Unreadable)?;
        if document.keys.len() > MOST_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut keys = BTreeMap::new();
        for jwk in document.keys {
            let Some(keyid) = jwk.kid.clone() else {
                continue;
            };
            if keyid.len() > LONGEST_KEYID {
                return Err(KeySetError::LongName);
            }
            let key = Arc::new(PublicKey::new(keyid.clone(), &jwk));
            if keys.insert(keyid.clone(), key).is_some() {
                return Err(KeySetError::Duplicate(keyid));
            }
        }
        Ok(KeySet(keys))
    }

    /// The key of that `kid`.
    pub fn get(&self, keyid: &str) -> Option<&Arc<PublicKey>> {
        self.0.get(keyid)
    }

    /// The keys, by their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PublicKey>> {
        self.0.values()
    }

    /// The set without the keys whose ids are not wanted.
    pub(crate) fn filter(mut self, mut wanted: impl FnMut(&str) -> bool) -> Self {
        self.0.retain(|keyid, _| wanted(keyid));
        self
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
