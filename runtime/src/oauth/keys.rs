//! The keys with which an issuer signs (JWKS, RFC 7517).
//!
//! Unlike the keys of signers (`crate::signing`), these follow no profile of AdCP: an issuer serves
//! many, has keys for other purposes beside, and what it does not say it leaves open. A key that is
//! of no use here is passed over (RFC 7517, section 5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::flaw::Flaw;
use super::jws::Algorithm;

/// The most keys of one issuer that are looked at.
const MOST: usize = 64;

/// The keys of one issuer.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

/// A public key.
#[derive(Debug)]
pub(super) struct Key {
    kid: Option<String>,
    material: Material,
    /// The one algorithm that it is for, where it says so.
    only: Option<Algorithm>,
}

#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWKS document.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(super) fn parse(document: &[u8]) -> serde_json::Result<Self> {
        let document: Document = serde_json::from_slice(document)?;
        let keys = document.keys.into_iter().take(MOST);
        let usable = keys
            .filter_map(|key| serde_json::from_value(key).ok())
            .filter_map(Key::of);
        Ok(KeySet(usable.collect()))
    }

    /// How many keys are of use.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The key that a token names. A token that names none is good only where there is no choice.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        match kid {
            Some(kid) => self.0.iter().find(|key| key.kid.as_deref() == Some(kid)),
            None => {
                let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
                let key = fitting.next();
                key.filter(|_| fitting.next().is_none())
            }
        }
    }
}

impl Key {
    /// The key, if it is one for verifying signatures of a kind that is accepted here.
    fn of(jwk: Jwk) -> Option<Self> {
        let purpose = jwk
            .purpose
            .as_deref()
            .is_none_or(|purpose| purpose == "sig");
        let operation = jwk
            .key_ops
            .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !purpose || !operation {
            return None;
        }
        let only = match jwk.alg.as_deref() {
            Some(alg) => Some(Algorithm::named(alg)?),
            None => None,
        };
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => Material::Rsa {
                n: number(jwk.n.as_deref()?)?,
                e: number(jwk.e.as_deref()?)?,
            },
            ("EC", Some("P-256")) => {
                let (x, y) = (
                    coordinate(jwk.x.as_deref()?)?,
                    coordinate(jwk.y.as_deref()?)?,
                );
                // SEC 1, 2.3.3: an uncompressed point.
                Material::P256([vec![4], x, y].concat())
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(coordinate(jwk.x.as_deref()?)?),
            _ => return None,
        };
        Some(Key {
            kid: jwk.kid,
            material,
            only,
        })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Material::P256(_), Algorithm::Es256)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        );
        kind && self.only.is_none_or(|only| only == algorithm)
    }

    /// Verifies a signature. The algorithm must be one of the key's: a token does not choose what
    /// its issuer's key is used for (RFC 8725, section 3.1).
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Flaw> {
        if !self.fits(algorithm) {
            return Err(Flaw::KeyMismatch);
        }
        match &self.material {
            Material::Rsa { n, e } => {
                let parameters = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
        }
        .map_err(|_| Flaw::Signature)
    }
}

/// An unsigned number, big-endian. Some issuers put zeros before it, which RFC 7518 (6.3.1.1)
/// forbids and ring refuses.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn coordinate(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len() == 32)
}
