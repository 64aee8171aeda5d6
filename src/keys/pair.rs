//! A new pair of keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Map, json};

use super::{KeyError, Private, PublicKey, Purpose};

/// The algorithms of AdCP's profile of RFC 9421.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `ed25519`, EdDSA with the curve of that name (RFC 8032).
    Ed25519,
    /// `ecdsa-p256-sha256` (FIPS 186-5).
    EcdsaP256,
}

/// A key that was made.
pub struct Made {
    /// The whole key, for its one file.
    pub private: Private,
    /// What others may see.
    pub public: PublicKey,
}

/// Makes a key. Its id is its thumbprint (RFC 7638) unless another is given, so that two keys never
/// share one.
///
/// # Errors
/// The id can't be one, or the system has no randomness.
pub fn make(algorithm: Algorithm, purpose: Purpose, kid: Option<&str>) -> Result<Made, KeyError> {
    let random = SystemRandom::new();
    let (secret, mut jwk) = match algorithm {
        Algorithm::Ed25519 => ed25519(&random)?,
        Algorithm::EcdsaP256 => p256(&random)?,
    };
    let kid = match kid {
        Some(kid) if is_kid(kid) => kid.to_owned(),
        Some(kid) => return Err(KeyError::Kid(kid.to_owned())),
        None => super::public::thumbprint(&jwk),
    };
    jwk.insert("kid".to_owned(), json!(kid));
    jwk.insert("use".to_owned(), json!("sig"));
    jwk.insert("adcp_use".to_owned(), json!(purpose.word()));
    let public = PublicKey::of(&jwk);
    Ok(Made {
        private: Private::new(jwk, BASE64.encode(secret)),
        public,
    })
}

/// What a `keyid` may be without being quoted twice, and a line of a log can hold.
fn is_kid(kid: &str) -> bool {
    (1..=128).contains(&kid.len())
        && kid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

/// The secret and the public members of the key.
type Half = (Vec<u8>, Map<String, serde_json::Value>);

fn ed25519(random: &SystemRandom) -> Result<Half, KeyError> {
    let mut seed = [0; 32];
    random.fill(&mut seed).map_err(|_| KeyError::NoRandomness)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::NoRandomness)?;
    let x = BASE64.encode(pair.public_key());
    let members = [
        ("kty", "OKP"),
        ("crv", "Ed25519"),
        ("alg", "EdDSA"),
        ("x", x.as_str()),
    ];
    Ok((seed.to_vec(), of(&members)))
}

/// `ring` makes such keys as PKCS#8 only (RFC 5915 within RFC 5958): 138 bytes, of which those from
/// 36 on are the secret and the last 64 the public point. That these are the halves of one key is
/// checked by putting them together again.
fn p256(random: &SystemRandom) -> Result<Half, KeyError> {
    const LENGTH: usize = 138;
    const SECRET: std::ops::Range<usize> = 36..68;
    const POINT: std::ops::Range<usize> = 73..138;
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
        .map_err(|_| KeyError::NoRandomness)?;
    let bytes = document.as_ref();
    let (Some(secret), Some(point), LENGTH) = (bytes.get(SECRET), bytes.get(POINT), bytes.len())
    else {
        return Err(KeyError::NoRandomness);
    };
    EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        secret,
        point,
        random,
    )
    .map_err(|_| KeyError::NoRandomness)?;
    let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
    let members = [
        ("kty", "EC"),
        ("crv", "P-256"),
        ("alg", "ES256"),
        ("x", x.as_str()),
        ("y", y.as_str()),
    ];
    Ok((secret.to_vec(), of(&members)))
}

fn of(members: &[(&str, &str)]) -> Map<String, serde_json::Value> {
    members
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}
