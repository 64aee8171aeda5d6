//! The outside of an access token: three parts and a header (RFC 7515, section 7.1; RFC 8725).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::flaw::Flaw;

/// The longest token that is looked at, in bytes.
pub(super) const LONGEST: usize = 6 * 1024;

/// The algorithms that are accepted (RFC 7518, RFC 8037): asymmetric ones only, since a key that is
/// published can be no secret. `none` is not among them either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

/// A token, taken apart. Nothing in it is to be believed before its signature was verified.
pub(super) struct Jws<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// What the signature is over.
    pub(super) signed: &'t [u8],
    pub(super) claims: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The members of a header that matter. A key that the token itself brings or points to (`jwk`,
/// `jku`, `x5u`) is not looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Algorithm::Rs256),
            "PS256" => Some(Algorithm::Ps256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }
}

impl<'t> Jws<'t> {
    /// Whether a bearer token looks like a JWT, and not like an API key: three parts, of which the
    /// first is a JSON object in Base64url.
    pub(super) fn looks_like(token: &[u8]) -> bool {
        token.starts_with(b"eyJ") && token.iter().filter(|byte| **byte == b'.').count() == 2
    }

    /// Takes a token apart.
    pub(super) fn parse(token: &'t [u8]) -> Result<Self, Flaw> {
        if token.len() > LONGEST {
            return Err(Flaw::TooLong);
        }
        let mut parts = token.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Flaw::NotInParts);
        };
        let signed = &token[..header.len() + 1 + claims.len()];
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Flaw::Header)?;
        if header.crit {
            return Err(Flaw::Critical);
        }
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(Flaw::Type);
        }
        Ok(Jws {
            algorithm: Algorithm::named(&header.alg).ok_or(Flaw::Algorithm)?,
            kid: header.kid,
            signed,
            claims: decoded(claims)?,
            signature: decoded(signature)?,
        })
    }
}

/// Reads a member that matters by being there, whatever it holds, `null` as well.
pub(crate) fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// Whether a `typ` is that of an access token (RFC 9068, section 2.1) or the general one, which
/// issuers older than that use. With the general one, or none, only the audience tells an access
/// token from another of the same issuer: one that is for this seller must not be handed out for
/// anything else.
fn is_access_token(typ: &str) -> bool {
    let typ = match typ.split_at_checked(12) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    };
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("jwt")
}

fn decoded(part: &[u8]) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw::NotInParts)
}
