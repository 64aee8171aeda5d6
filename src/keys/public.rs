//! The two faces of a key: the whole, for its file, and what others may see.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::KeyError;

/// The largest file that is read as a key, in bytes.
const MAX_BYTES: u64 = 16 * 1024;

/// A whole key. It can be written to its file and nowhere else.
pub struct Private {
    jwk: Map<String, Value>,
}

impl Private {
    pub(super) fn new(mut jwk: Map<String, Value>, secret: String) -> Self {
        jwk.insert("key_ops".to_owned(), json!(["sign"]));
        jwk.insert("d".to_owned(), Value::String(secret));
        Private { jwk }
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        format!("{:#}\n", Value::Object(self.jwk.clone()))
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(…)")
    }
}

/// What others may see of a key, as a JWK set publishes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PublicKey(Map<String, Value>);

/// The members that are published, in this order.
const PUBLISHED: [&str; 9] = [
    "kid", "kty", "crv", "alg", "use", "key_ops", "adcp_use", "x", "y",
];

impl PublicKey {
    /// The public members of a key; no other member is taken over.
    pub(super) fn of(jwk: &Map<String, Value>) -> Self {
        let ops = json!(["verify"]);
        let member = |name: &str| match name {
            "key_ops" => Some(ops.clone()),
            name => jwk.get(name).cloned(),
        };
        PublicKey(
            PUBLISHED
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), member(name)?)))
                .collect(),
        )
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        self.0
            .get("kid")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// What it is for.
    pub fn purpose(&self) -> Option<&str> {
        self.0.get("adcp_use").and_then(Value::as_str)
    }

    /// The JWK as text, over several lines.
    pub fn text(&self) -> String {
        format!("{:#}\n", Value::Object(self.0.clone()))
    }
}

/// The public part of the private key in a file. That both parts belong together is checked.
///
/// # Errors
/// The file can't be read, or holds no key that signs for AdCP. What it holds is never quoted.
pub fn read(path: &Path) -> Result<PublicKey, KeyError> {
    use std::io::Read as _;
    let shown = || path.display().to_string();
    let unreadable = |source| KeyError::Io {
        what: "read",
        path: shown(),
        source,
    };
    let refuse = |reason| KeyError::NotAKey {
        path: shown(),
        reason,
    };
    let mut text = String::new();
    // A pipe that nobody writes to would never end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refuse("it is no file"));
    }
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(refuse("it is too large for one"));
    }
    let jwk = match serde_json::from_str(&text) {
        Ok(Value::Object(jwk)) => jwk,
        _ => return Err(refuse("it is no JSON object")),
    };
    belongs_together(&jwk).map_err(refuse)?;
    Ok(PublicKey::of(&jwk))
}

/// Whether a key is of a kind that signs for AdCP, and its public part that of its secret.
fn belongs_together(jwk: &Map<String, Value>) -> Result<(), &'static str> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| {
        text(name)
            .and_then(|text| BASE64.decode(text).ok())
            .filter(|bytes| bytes.len() == 32)
    };
    let lacks = "it needs `x` and `d` (and `y`, for P-256) of 32 bytes each in base64url";
    let apart = "its public and its private part belong to different keys";
    if text("kid").is_none_or(str::is_empty) {
        return Err("it has no `kid`");
    }
    if text("d").is_none() {
        return Err("it has no `d`: is it the public part?");
    }
    match (text("kty"), text("crv")) {
        (Some("OKP"), Some("Ed25519")) => {
            let (secret, x) = (bytes("d").ok_or(lacks)?, bytes("x").ok_or(lacks)?);
            Ed25519KeyPair::from_seed_and_public_key(&secret, &x).map_err(|_| apart)?;
        }
        (Some("EC"), Some("P-256")) => {
            let secret = bytes("d").ok_or(lacks)?;
            let mut point = vec![4];
            point.extend(bytes("x").ok_or(lacks)?);
            point.extend(bytes("y").ok_or(lacks)?);
            EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &secret,
                &point,
                &ring::rand::SystemRandom::new(),
            )
            .map_err(|_| apart)?;
        }
        _ => return Err("it is neither an Ed25519 nor a P-256 key"),
    }
    Ok(())
}

/// The thumbprint of a key (RFC 7638, 3): SHA-256 over its required members in the order of their
/// names, in base64url.
pub(super) fn thumbprint(jwk: &Map<String, Value>) -> String {
    let members: Vec<String> = ["crv", "kty", "x", "y"]
        .into_iter()
        .filter_map(|name| Some(format!("\"{name}\":{}", jwk.get(name)?)))
        .collect();
    BASE64.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::keys::{Algorithm, Purpose, make, write};

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for (algorithm, name) in [
            (Algorithm::Ed25519, "a.json"),
            (Algorithm::EcdsaP256, "b.json"),
        ] {
            let made = make(algorithm, Purpose::Webhook, None).unwrap();
            let path = folder.path().join(name);
            write(&path, &made.private).unwrap();
            assert_eq!(read(&path).unwrap(), made.public);
            assert_eq!(made.public.kid(), thumbprint(&made.public.0));
            assert_eq!(made.public.purpose(), Some("webhook-signing"));
            let shown = format!("{:?}{}", made.private, made.public.text());
            let secret = made.private.jwk["d"].as_str().unwrap();
            assert!(!shown.contains(secret) && !shown.contains("\"d\""));
        }
    }

    /// The example of RFC 8037, appendix A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        let jwk = json!({
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": "not counted",
        });
        assert_eq!(
            thumbprint(jwk.as_object().unwrap()),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn what_is_no_private_key_is_refused_without_being_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let reason = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let said = read(&path).unwrap_err().to_string();
            assert!(!said.contains("hunter2"), "{said}");
            said.rsplit_once(": ").unwrap().1.to_owned()
        };
        let one = make(Algorithm::Ed25519, Purpose::Webhook, None).unwrap();
        let other = make(Algorithm::Ed25519, Purpose::Webhook, None).unwrap();
        let changed = |change: &dyn Fn(&mut Map<String, Value>)| {
            let mut jwk = one.private.jwk.clone();
            change(&mut jwk);
            Value::Object(jwk).to_string()
        };
        assert_eq!(reason("hunter2"), "it is no JSON object");
        assert!(reason(&changed(&|jwk| drop(jwk.remove("kid")))).contains("no `kid`"));
        assert!(reason(&one.public.text()).contains("is it the public part?"));
        let foreign = other.private.jwk["d"].clone();
        let mixed = changed(&|jwk| drop(jwk.insert("d".to_owned(), foreign.clone())));
        assert!(reason(&mixed).contains("different keys"));
        let short = changed(&|jwk| drop(jwk.insert("d".to_owned(), json!("hunter2"))));
        assert!(reason(&short).contains("32 bytes"));
        let rsa = changed(&|jwk| drop(jwk.insert("kty".to_owned(), json!("RSA"))));
        assert!(reason(&rsa).contains("neither"));
        assert!(reason(&" ".repeat(20_000)).contains("too large"));
        assert!(
            read(folder.path())
                .unwrap_err()
                .to_string()
                .contains("no file")
        );
    }
}
