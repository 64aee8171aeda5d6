//! Who is calling. Nothing else about a request is looked at before this is settled.
//!
//! A caller proves who it is by a bearer token, in `Authorization` or, as older AdCP clients send
//! it, in `x-adcp-auth`. The process holds only SHA-256 digests of tokens and compares all of them
//! in constant time, so that neither a memory dump nor a stopwatch gives a token away.

mod name;
mod tokens;
mod file;
mod keys;
mod key_file;
mod callers;
mod signers;
mod signature;
mod operators;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

pub(crate) use callers::Stranger;
pub use callers::{Callers, Known};
pub use file::KeysError;
pub use operators::{Operator, Operators, read as read_operators};
pub use signature::Signed;
pub(crate) use signature::{Pending as PendingSignature, Policy as SignaturePolicy, Signatures};
pub(crate) use signers::{COUNT_KIND, KIND as NONCE_KIND, Keyring};
pub use signers::{Keys, Signer, Signers, USUAL_CAP, read as read_signers};
pub use tokens::Tokens;

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
        let mut tokens = Tokens::default();
        tokens.allow("alpha-token", "alpha");
        tokens.allow("beta-token", "beta");
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
            let caller = tokens.authenticate(&headers(presented));
            assert_eq!(caller.copied(), expected, "{presented:?}");
        }
        assert_eq!(
            Tokens::<&str>::default().authenticate(&headers(&[("x-adcp-auth", "alpha-token")])),
            Err(Denied::Unknown)
        );
    }
}
