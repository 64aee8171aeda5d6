//! A buyer's key, and signatures made with it by the rules of RFC 9421 alone: nothing here is
//! shared with what verifies them.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The tag of a request.
pub(crate) const TAG: &str = "adcp/request-signing/v1";

/// A key pair and its name.
pub(crate) struct Pen {
    pub(crate) kid: String,
    pair: Pair,
}

enum Pair {
    Ed25519(Box<Ed25519KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// What is to be signed, and how. Every part can be made wrong.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) covered: Vec<&'static str>,
    pub(crate) created: i64,
    pub(crate) expires: i64,
    pub(crate) nonce: String,
    pub(crate) keyid: Option<String>,
    pub(crate) alg: Option<&'static str>,
    pub(crate) tag: &'static str,
    /// Parameters that are left out.
    pub(crate) without: Vec<&'static str>,
    /// The digest that is sent, if not that of the body.
    pub(crate) digest: Option<String>,
}

/// Headers, as they go on the wire.
pub(crate) type Headers = Vec<(String, String)>;

static NONCES: AtomicU64 = AtomicU64::new(0);

/// A nonce that no other signature of this process has.
pub(crate) fn nonce() -> String {
    let count = NONCES.fetch_add(1, Ordering::Relaxed);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&count.to_be_bytes());
    bytes[8..].copy_from_slice(&u64::from(std::process::id()).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Pen {
    pub(crate) fn ed25519(kid: &str) -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key");
        Pen {
            kid: kid.to_owned(),
            pair: Pair::Ed25519(Box::new(pair)),
        }
    }

    pub(crate) fn p256(kid: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("a key");
        Pen {
            kid: kid.to_owned(),
            pair: Pair::P256(Box::new(pair)),
        }
    }

    /// The public half, with a purpose.
    pub(crate) fn jwk(&self, purpose: &str) -> Value {
        let mut jwk = match &self.pair {
            Pair::Ed25519(pair) => json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
                "x": URL_SAFE_NO_PAD.encode(pair.public_key()),
            }),
            Pair::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "alg": "ES256",
                    "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                    "y": URL_SAFE_NO_PAD.encode(&point[33..]),
                })
            }
        };
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["key_ops"] = json!(["verify"]);
        jwk["adcp_use"] = purpose.into();
        jwk
    }

    /// The bytes of a signature.
    pub(crate) fn bytes(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::P256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .expect("a signature")
                .as_ref()
                .to_vec(),
        }
    }

    fn alg(&self) -> &'static str {
        match &self.pair {
            Pair::Ed25519(_) => "ed25519",
            Pair::P256(_) => "ecdsa-p256-sha256",
        }
    }

    /// The name of the algorithm in a JWS.
    pub(crate) fn jws_alg(&self) -> &'static str {
        match &self.pair {
            Pair::Ed25519(_) => "EdDSA",
            Pair::P256(_) => "ES256",
        }
    }

    /// The headers of a signed letter.
    pub(crate) fn sign(&self, letter: &Letter) -> Headers {
        let digest = letter.digest.clone().unwrap_or_else(|| {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&letter.body));
            format!("sha-256=:{digest}:")
        });
        let params = self.params(letter);
        let authority = letter
            .url
            .split_once("://")
            .map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default())
            .expect("an absolute URL");
        let mut base = String::new();
        for name in &letter.covered {
            let value = match *name {
                "@method" => &letter.method,
                "@target-uri" => &letter.url,
                "@authority" => authority,
                "content-type" => &letter.content_type,
                "content-digest" => &digest,
                other => panic!("{other}"),
            };
            base.push_str(&format!("\"{name}\": {value}\n"));
        }
        base.push_str(&format!("\"@signature-params\": {params}"));
        let signature = URL_SAFE_NO_PAD.encode(self.bytes(base.as_bytes()));
        let mut headers = vec![
            ("signature-input".to_owned(), format!("sig1={params}")),
            ("signature".to_owned(), format!("sig1=:{signature}:")),
        ];
        if !letter.body.is_empty() {
            headers.push(("content-type".to_owned(), letter.content_type.clone()));
        }
        if letter.covered.contains(&"content-digest") {
            headers.push(("content-digest".to_owned(), digest));
        }
        headers
    }

    fn params(&self, letter: &Letter) -> String {
        let covered: Vec<String> = letter
            .covered
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        let keyid = letter.keyid.as_deref().unwrap_or(&self.kid);
        let alg = letter.alg.unwrap_or(self.alg());
        let all = [
            ("created", letter.created.to_string()),
            ("expires", letter.expires.to_string()),
            ("nonce", format!("\"{}\"", letter.nonce)),
            ("keyid", format!("\"{keyid}\"")),
            ("alg", format!("\"{alg}\"")),
            ("tag", format!("\"{}\"", letter.tag)),
        ];
        let mut params = format!("({})", covered.join(" "));
        for (name, value) in all {
            if !letter.without.contains(&name) {
                params.push_str(&format!(";{name}={value}"));
            }
        }
        params
    }
}

impl Letter {
    /// A POST that a seller takes, signed now, with its body covered.
    pub(crate) fn post(url: String, body: &Value, now: i64) -> Self {
        Letter {
            method: "POST".to_owned(),
            url,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
            covered: vec![
                "@method",
                "@target-uri",
                "@authority",
                "content-type",
                "content-digest",
            ],
            created: now,
            expires: now + 300,
            nonce: nonce(),
            keyid: None,
            alg: None,
            tag: TAG,
            without: Vec::new(),
            digest: None,
        }
    }

    /// The same with something changed.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Letter)) -> Self {
        change(&mut self);
        self
    }
}
