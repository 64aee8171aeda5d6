//! The authorization server of a sandbox: client credentials in, short-lived token out (RFC 6749,
//! section 4.4; RFC 9068).
//!
//! A buyer whom the seller knows by a key exchanges it for a token, so that a sandbox behaves like
//! a live seller without anybody having set up a login. Its key is made at start-up and never
//! leaves the process. Outside a sandbox there is no such server: who may have a token there is not
//! for the seller to say.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use uuid::Uuid;

use super::keys::KeySet;
use crate::clock::Timestamp;

/// How long a token is good, in seconds.
pub(crate) const TOKEN_LIFETIME: i64 = 600;

/// Issues tokens.
pub(crate) struct AuthorizationServer {
    pair: EcdsaKeyPair,
    kid: String,
    document: Value,
    keys: Arc<KeySet>,
}

/// What a token is to say.
#[derive(Clone, Debug)]
pub(crate) struct Grant<'g> {
    /// The issuer: the seller's home, as the client knows it.
    pub(crate) issuer: &'g str,
    /// The client, which is also the subject.
    pub(crate) client: &'g str,
    /// The endpoints that it is good for.
    pub(crate) audience: &'g [String],
    /// What it allows, separated by spaces.
    pub(crate) scope: &'g str,
}

impl AuthorizationServer {
    /// A server with a key of its own.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness.
    pub(crate) fn new() -> Result<Self, ring::error::Unspecified> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random)
            .map_err(|_| ring::error::Unspecified)?;
        let kid = Uuid::new_v4().simple().to_string();
        // SEC 1, 2.3.3: 4, x, y.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let document = json!({ "keys": [{
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "alg": "ES256",
            "kid": kid,
            "x": URL_SAFE_NO_PAD.encode(x),
            "y": URL_SAFE_NO_PAD.encode(y),
        }] });
        let keys =
            KeySet::parse(document.to_string().as_bytes()).map_err(|_| ring::error::Unspecified)?;
        Ok(AuthorizationServer {
            pair,
            kid,
            document,
            keys: Arc::new(keys),
        })
    }

    /// The public key, as a JWKS document.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    pub(super) fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys)
    }

    /// A signed token.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness.
    pub(crate) fn issue(
        &self,
        grant: &Grant<'_>,
        now: Timestamp,
    ) -> Result<String, ring::error::Unspecified> {
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.kid });
        let now = now.timestamp();
        let mut claims = json!({
            "iss": grant.issuer,
            "sub": grant.client,
            "client_id": grant.client,
            "aud": grant.audience,
            "iat": now,
            "exp": now + TOKEN_LIFETIME,
            "jti": Uuid::new_v4().to_string(),
        });
        if !grant.scope.is_empty() {
            claims["scope"] = grant.scope.into();
        }
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl std::fmt::Debug for AuthorizationServer {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
