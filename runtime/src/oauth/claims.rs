//! What an access token says of itself (RFC 9068, section 2.2).

use serde::Deserialize;

use super::flaw::Flaw;
use crate::clock::Timestamp;

/// How far the clocks of issuer and seller may be apart, in seconds.
const LEEWAY: f64 = 60.0;
/// The longest subject, in bytes. It becomes part of a key in the store.
const LONGEST_SUBJECT: usize = 200;

/// The claims that matter. A member that occurs twice makes them unreadable.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    /// Who issued the token.
    pub(super) iss: String,
    /// Who may use it.
    pub(super) sub: String,
    aud: Words,
    /// Seconds since 1970, perhaps with a fraction (RFC 7519, section 2), like those below.
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    /// What the token allows, separated by spaces (RFC 8693, section 4.2).
    scope: Option<Words>,
    /// The same at issuers of before that RFC.
    scp: Option<Words>,
}

/// One string or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl Claims {
    pub(super) fn parse(claims: &[u8]) -> Result<Self, Flaw> {
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| Flaw::Claims)?;
        let subject = &claims.sub;
        let sound = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && !subject.chars().any(char::is_control);
        if sound {
            Ok(claims)
        } else {
            Err(Flaw::Subject)
        }
    }

    /// Whether the token is good now, and for this audience.
    pub(super) fn judge(&self, audience: &str, now: Timestamp) -> Result<(), Flaw> {
        if !self.aud.iter().any(|aud| aud == audience) {
            return Err(Flaw::Audience);
        }
        let now = now.timestamp_millis() as f64 / 1000.0;
        if now >= self.exp + LEEWAY {
            return Err(Flaw::Expired);
        }
        let begins = [self.nbf, self.iat];
        if begins.into_iter().flatten().any(|at| at > now + LEEWAY) {
            return Err(Flaw::NotYet);
        }
        Ok(())
    }

    /// What the token allows, by the issuer's words.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        [&self.scope, &self.scp]
            .into_iter()
            .flatten()
            .flat_map(Words::iter)
            .flat_map(str::split_whitespace)
    }
}
