//! Tokens and who holds them, kept and compared as digests.

use std::fmt;

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Denied, token};

/// Who holds which token.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens<T> {
    known: Vec<([u8; 32], T)>,
}

impl<T> Tokens<T> {
    /// Lets somebody in by the token that will be presented.
    pub fn allow(&mut self, token: &str, holder: T) {
        self.known.push((Sha256::digest(token).into(), holder));
    }

    /// Lets somebody in by the SHA-256 digest of the token.
    pub fn allow_digest(&mut self, digest: [u8; 32], holder: T) {
        self.known.push((digest, holder));
    }

    /// Whether nobody could be let in.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Everybody who could be let in.
    pub fn holders(&self) -> impl Iterator<Item = &T> {
        self.known.iter().map(|(_, holder)| holder)
    }

    /// Who sent a request.
    ///
    /// # Errors
    ///
    /// Why nobody is let in. All of them end in the same 401.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<&T, Denied> {
        self.find(token(headers)?).ok_or(Denied::Unknown)
    }

    /// Who holds a token.
    pub(super) fn find(&self, token: &[u8]) -> Option<&T> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        for (known, holder) in &self.known {
            // Every key is compared, also after a match.
            if bool::from(known.ct_eq(&digest)) {
                found = Some(holder);
            }
        }
        found
    }

    /// Somebody here and somebody there who hold the same token.
    pub fn shared_with<'t, U>(&'t self, other: &'t Tokens<U>) -> Option<(&'t T, &'t U)> {
        self.known.iter().find_map(|(digest, holder)| {
            let same = other.known.iter().find(|(theirs, _)| theirs == digest)?;
            Some((holder, &same.1))
        })
    }
}

impl<T> Default for Tokens<T> {
    fn default() -> Self {
        Tokens { known: Vec::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Tokens<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.holders()).finish()
    }
}
