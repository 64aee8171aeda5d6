//! A public key as its owner publishes it (JWK, RFC 7517, with the member `adcp_use`).
//!
//! A key that contradicts itself is kept, not skipped: a signature by it has to be refused for the
//! key's fault, and not as one of a key that nobody knows.

use serde::Deserialize;

use super::algorithm::Algorithm;
use super::binary::decode_url;
use super::usage::{Edition, Usage};

/// A published key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    keyid: String,
    purpose: Option<String>,
    material: Result<(Algorithm, Vec<u8>), &'static str>,
}

/// The members of a JWK that matter here.
#[derive(Deserialize)]
pub(super) struct Jwk {
    pub(super) kid: Option<String>,
    kty: Option<String>,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    adcp_use: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

impl PublicKey {
    pub(super) fn new(keyid: String, jwk: &Jwk) -> Self {
        PublicKey {
            keyid,
            purpose: jwk.adcp_use.clone(),
            material: material(jwk),
        }
    }

    /// The `kid`.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The `adcp_use`: `request-signing`.
    pub fn purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }

    /// Whether the key's owner has signed these bytes with it, by an algorithm of that name in JOSE:
    /// for documents that are no messages, whatever the key is for.
    pub fn has_signed(&self, alg: &str, bytes: &[u8], signature: &[u8]) -> bool {
        self.material.as_ref().is_ok_and(|(algorithm, public)| {
            algorithm.jwk_name() == alg && algorithm.verify(public, bytes, signature)
        })
    }

    /// Step 8: whether the key may verify such a signature, and with what.
    pub(super) fn for_use(
        &self,
        usage: Usage,
        edition: Edition,
        algorithm: Algorithm,
    ) -> Result<&[u8], String> {
        match self.purpose() {
            Some(purpose) if usage.accepts(purpose, edition) => {}
            Some(purpose) => return Err(format!("the key is for {purpose:?}")),
            None => return Err("the key has no adcp_use".to_owned()),
        }
        let (declared, bytes) = self
            .material
            .as_ref()
            .map_err(|&defect| defect.to_owned())?;
        if *declared != algorithm {
            return Err(format!(
                "the key is one of {}, the signature of {}",
                declared.name(),
                algorithm.name()
            ));
        }
        Ok(bytes)
    }
}

/// The key's algorithm and its bytes as ring takes them, or what is wrong with it.
fn material(jwk: &Jwk) -> Result<(Algorithm, Vec<u8>), &'static str> {
    if jwk.d.is_some() {
        return Err("the private half of the key is published with it");
    }
    if jwk.purpose.as_deref() != Some("sig") {
        return Err("the key's use is not sig");
    }
    let operations = jwk.key_ops.as_deref().unwrap_or_default();
    if !operations.iter().any(|operation| operation == "verify") {
        return Err("the key's key_ops lack verify");
    }
    let algorithm = [Algorithm::Ed25519, Algorithm::EcdsaP256]
        .into_iter()
        .find(|algorithm| jwk.alg.as_deref() == Some(algorithm.jwk_name()))
        .ok_or("the key's alg is neither EdDSA nor ES256")?;
    if jwk.kty.as_deref() != Some(algorithm.key_type())
        || jwk.crv.as_deref() != Some(algorithm.curve())
    {
        return Err("the key's kty and crv are not those of its alg");
    }
    let x = coordinate(jwk.x.as_deref())?;
    let bytes = match algorithm {
        Algorithm::Ed25519 => x,
        // SEC 1, 2.3.3: an uncompressed point.
        Algorithm::EcdsaP256 => [vec![4], x, coordinate(jwk.y.as_deref())?].concat(),
    };
    Ok((algorithm, bytes))
}

fn coordinate(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    text.and_then(decode_url)
        .filter(|bytes| bytes.len() == 32)
        .ok_or("a coordinate of the key is not 32 bytes in Base64url")
}
