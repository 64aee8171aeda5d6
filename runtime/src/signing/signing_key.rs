//! The private key that a seller signs its webhooks with.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::algorithm::Algorithm;
use super::binary::{decode_url, encode_url};
use super::key_set::LONGEST_KEYID;
use super::usage::Usage;

/// A private key. It never leaves this value, and nothing prints it.
pub struct SigningKey {
    keyid: String,
    purpose: Option<String>,
    pair: Pair,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair, SystemRandom),
}

/// Why a text is no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is no JSON object with the members of a private JWK.
    #[error("the key is not a JSON Web Key with kty, crv, d and x")]
    Unreadable,
    /// Its type is not one of the profile.
    #[error("the key is neither Ed25519 (kty OKP) nor P-256 (kty EC)")]
    Unsupported,
    /// Its members contradict each other.
    #[error("the key contradicts itself: its public half is not that of its private half")]
    Contradictory,
    /// Its name is too long.
    #[error("the kid of the key has more than {LONGEST_KEYID} bytes")]
    LongName,
    /// The machine gave no random bytes, or a signature could not be made.
    #[error("the system's source of random numbers failed")]
    Random,
}

/// The members of a private JWK. Nothing derives `Debug` here.
#[derive(Deserialize)]
struct PrivateJwk {
    kid: Option<String>,
    kty: String,
    crv: String,
    alg: Option<String>,
    adcp_use: Option<String>,
    d: String,
    x: String,
    y: Option<String>,
}

impl SigningKey {
    /// Reads a private JWK: `kty` `OKP` with `crv` `Ed25519`, or `kty` `EC` with `crv` `P-256`.
    /// A key without `kid` is named by its thumbprint.
    ///
    /// # Errors
    ///
    /// When the text is none, or contradicts itself. The error never quotes the text.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let jwk: PrivateJwk = serde_json::from_str(text).map_err(|_| KeyError::Unreadable)?;
        let algorithm = [Algorithm::Ed25519, Algorithm::EcdsaP256]
            .into_iter()
            .find(|algorithm| jwk.kty == algorithm.key_type() && jwk.crv == algorithm.curve())
            .ok_or(KeyError::Unsupported)?;
        if jwk.alg.is_some_and(|alg| alg != algorithm.jwk_name()) {
            return Err(KeyError::Contradictory);
        }
        let secret = decode_url(&jwk.d).ok_or(KeyError::Unreadable)?;
        let x = decode_url(&jwk.x).ok_or(KeyError::Unreadable)?;
        let pair = match algorithm {
            Algorithm::Ed25519 => Ed25519KeyPair::from_seed_and_public_key(&secret, &x)
                .map(Pair::Ed25519)
                .map_err(|_| KeyError::Contradictory)?,
            Algorithm::EcdsaP256 => {
                let y = jwk.y.as_deref().and_then(decode_url);
                let y = y.ok_or(KeyError::Unreadable)?;
                let random = SystemRandom::new();
                let public = [vec![4], x, y].concat();
                EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &secret,
                    &public,
                    &random,
                )
                .map(|pair| Pair::EcdsaP256(pair, random))
                .map_err(|_| KeyError::Contradictory)?
            }
        };
        Self::named(jwk.kid, jwk.adcp_use, pair)
    }

    /// Makes up an Ed25519 key, named by its thumbprint, that lives as long as the value.
    ///
    /// # Errors
    ///
    /// When the system has no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| KeyError::Random)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Random)?;
        Self::named(None, None, Pair::Ed25519(pair))
    }

    fn named(keyid: Option<String>, purpose: Option<String>, pair: Pair) -> Result<Self, KeyError> {
        let keyid = keyid.unwrap_or_else(|| pair.thumbprint());
        if keyid.is_empty() || keyid.len() > LONGEST_KEYID {
            return Err(KeyError::LongName);
        }
        Ok(SigningKey {
            keyid,
            purpose,
            pair,
        })
    }

    /// The `kid`.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The `adcp_use`, where the key declares one.
    pub fn purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.pair.algorithm()
    }

    /// The SHA-256 thumbprint of the public half in Base64url (RFC 7638).
    pub fn thumbprint(&self) -> String {
        self.pair.thumbprint()
    }

    /// The public half as a JWK, as it is published for that usage.
    pub fn public_jwk(&self, usage: Usage) -> Value {
        let mut jwk = self.pair.required_members();
        jwk["kid"] = json!(self.keyid);
        jwk["alg"] = json!(self.algorithm().jwk_name());
        jwk["use"] = json!("sig");
        jwk["key_ops"] = json!(["verify"]);
        jwk["adcp_use"] = json!(self.purpose().unwrap_or(usage.purpose()));
        jwk
    }

    /// A signature over a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::EcdsaP256(pair, random) => pair
                .sign(random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Random),
        }
    }
}

impl Pair {
    fn algorithm(&self) -> Algorithm {
        match self {
            Pair::Ed25519(_) => Algorithm::Ed25519,
            Pair::EcdsaP256(..) => Algorithm::EcdsaP256,
        }
    }

    /// The members that a thumbprint is made of, in their order (RFC 7638, 3.2; RFC 8037, 2).
    fn required_members(&self) -> Value {
        let algorithm = self.algorithm();
        let (kty, crv) = (algorithm.key_type(), algorithm.curve());
        match self {
            Pair::Ed25519(pair) => {
                json!({ "crv": crv, "kty": kty, "x": encode_url(pair.public_key().as_ref()) })
            }
            Pair::EcdsaP256(pair, _) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "crv": crv, "kty": kty, "x": encode_url(x), "y": encode_url(y) })
            }
        }
    }

    fn thumbprint(&self) -> String {
        encode_url(&Sha256::digest(self.required_members().to_string()))
    }
}

impl fmt::Debug for SigningKey {
    /// The key's name, and nothing that is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("keyid", &self.keyid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
