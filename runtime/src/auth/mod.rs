//! Who is calling. Nothing else about a request is looked at before this is settled.
//!
//! A caller proves who it is by a bearer token, in `Authorization` or, as older AdCP clients send
//! it, in `x-adcp-auth`. The process holds only SHA-256 digests of tokens and compares all of them
//! in constant time, so that neither a memory dump nor a stopwatch gives a token away.

mod keys;

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::identity::Principal;

pub use keys::{KeysError, read as read_keys};

/// The callers that a seller knows.
#[derive(Clone, Default)]
pub struct Callers {
    keys: Vec<([u8; 32], Principal)>,
}

/// Why a caller was turned away. The answer says only whether there was a token at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no token.
    Missing,
    /// What is there is not a bearer token, or there are two that differ.
    Malformed,
    /// The token is not known.
    Unknown,
}

impl Callers {
    /// Adds a caller by the token that it will present.
    pub fn allow(&mut self, token: &str, principal: Principal) {
        self.keys.push((Sha256::digest(token).into(), principal));
    }

    /// Adds a caller by the SHA-256 digest of its token.
    pub fn allow_digest(&mut self, digest: [u8; 32], principal: Principal) {
        self.keys.push((digest, principal));
    }

    /// Whether nobody could be let in.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The caller behind a request.
    ///
    /// # Errors
    ///
    /// Why there is none. All of them end in the same 401.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<&Principal, Denied> {
        let digest: [u8; 32] = Sha256::digest(token(headers)?).into();
        let mut found = None;
        for (known, principal) in &self.keys {
            // Every key is compared, also after a match.
            if bool::from(known.ct_eq(&digest)) {
                found = Some(principal);
            }
        }
        found.ok_or(Denied::Unknown)
    }
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.keys.iter().map(|(_, principal)| principal))
            .finish()
    }
}

/// The one token that a request presents (RFC 6750, section 2.1).
fn token(headers: &HeaderMap) -> Result<&[u8], Denied> {
    let bearer = single(headers, AUTHORIZATION.as_str())?.map(|value| {
        let (scheme, token) = value.split_at_checked(7).ok_or(Denied::Malformed)?;
        if scheme.eq_ignore_ascii_case(b"bearer ") {
            Ok(token.trim_ascii())
        } else {
            Err(Denied::Malformed)
        }
    });
    let plain = single(headers, "x-adcp-auth")?.map(<[u8]>::trim_ascii);
    match (bearer.transpose()?, plain) {
        (None, None) => Err(Denied::Missing),
        (Some(one), Some(other)) if one != other => Err(Denied::Malformed),
        (Some(token), _) | (None, Some(token)) if !token.is_empty() => Ok(token),
        _ => Err(Denied::Missing),
    }
}

/// The value of a header that may occur once.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h [u8]>, Denied> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes());
    if values.next().is_some() {
        Err(Denied::Malformed)
    } else {
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header value"));
        }
        headers
    }

    #[test]
    fn a_caller_is_known_by_its_token_in_either_header() {
        let mut callers = Callers::default();
        callers.allow("alpha-token", Principal("alpha".into()));
        callers.allow("beta-token", Principal("beta".into()));
        for (presented, expected) in [
            (&[("authorization", "Bearer beta-token")][..], Ok("beta")),
            (&[("authorization", "bearer  alpha-token ")], Ok("alpha")),
            (&[("x-adcp-auth", "alpha-token")], Ok("alpha")),
            (
                &[
                    ("authorization", "Bearer alpha-token"),
                    ("x-adcp-auth", "alpha-token"),
                ],
                Ok("alpha"),
            ),
            (
                &[
                    ("authorization", "Bearer alpha-token"),
                    ("x-adcp-auth", "beta-token"),
                ],
                Err(Denied::Malformed),
            ),
            (
                &[
                    ("authorization", "Bearer alpha-token"),
                    ("authorization", "Bearer beta-token"),
                ],
                Err(Denied::Malformed),
            ),
            (
                &[("authorization", "Basic alpha-token")],
                Err(Denied::Malformed),
            ),
            (
                &[("authorization", "Bearer alpha-token2")],
                Err(Denied::Unknown),
            ),
            (&[("authorization", "Bearer ")], Err(Denied::Missing)),
            (&[], Err(Denied::Missing)),
        ] {
            let caller = callers
                .authenticate(&headers(presented))
                .map(|principal| principal.0.as_str());
            assert_eq!(caller, expected, "{presented:?}");
        }
        assert_eq!(
            Callers::default().authenticate(&headers(&[("x-adcp-auth", "alpha-token")])),
            Err(Denied::Unknown)
        );
    }
}
