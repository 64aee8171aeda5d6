//! An authorization server that a test runs: keys of every kind, metadata, and tokens as the test
//! wants them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The keys of the issuer. They are made once, but for RSA, of which ring makes none.
pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(Keys::new);

pub(super) struct Keys {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
    random: SystemRandom,
}

/// An issuer that runs.
pub(super) struct Issuer {
    pub(super) url: String,
    asked: Arc<AtomicUsize>,
}

impl Keys {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = STANDARD
            .decode(include_str!("rsa.pk8.txt").trim())
            .expect("Base64");
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let p256 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("randomness");
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).expect("randomness");
        Keys {
            rsa: RsaKeyPair::from_pkcs8(&pkcs8).expect("an RSA key"),
            p256: EcdsaKeyPair::from_pkcs8(algorithm, p256.as_ref(), &random).expect("a key"),
            ed25519: Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).expect("a key"),
            random,
        }
    }

    /// The modulus of the RSA key: public, so that anybody can use it as a secret.
    pub(super) fn modulus(&self) -> Vec<u8> {
        PublicKeyComponents::<Vec<u8>>::from(self.rsa.public()).n
    }

    /// What the issuer publishes. `rsa` is for any RSA algorithm, `pss` only for PS256.
    fn document(&self) -> Value {
        let rsa = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let rsa = json!({ "kty": "RSA", "use": "sig", "kid": "rsa", "n": encode(&rsa.n), "e": encode(&rsa.e) });
        let mut pss = rsa.clone();
        pss["kid"] = "pss".into();
        pss["alg"] = "PS256".into();
        let mut encryption = rsa.clone();
        encryption["kid"] = "enc".into();
        encryption["use"] = "enc".into();
        let (x, y) = self.p256.public_key().as_ref()[1..].split_at(32);
        let p256 =
            json!({ "kty": "EC", "crv": "P-256", "kid": "p256", "x": encode(x), "y": encode(y) });
        let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed25519", "alg": "EdDSA", "x": encode(self.ed25519.public_key().as_ref()) });
        let unknown = json!({ "kty": "AKP", "kid": "of the future", "pub": "x" });
        json!({ "keys": [unknown, rsa, pss, encryption, p256, ed25519] })
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        match algorithm {
            "RS256" => self
                .rsa
                .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                .expect("a signature"),
            "PS256" => self
                .rsa
                .sign(&RSA_PSS_SHA256, &self.random, message, &mut signature)
                .expect("a signature"),
            "ES256" => {
                let made = self.p256.sign(&self.random, message).expect("a signature");
                signature = made.as_ref().to_vec();
            }
            "EdDSA" => signature = self.ed25519.sign(message).as_ref().to_vec(),
            "HS256" => {
                let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.modulus());
                signature = ring::hmac::sign(&secret, message).as_ref().to_vec();
            }
            "none" => signature.clear(),
            other => panic!("no test signs with {other}"),
        }
        signature
    }

    /// A token of this header and these claims, signed by the key that fits the algorithm.
    pub(super) fn token(&self, header: &Value, claims: &Value) -> String {
        self.raw(header, &claims.to_string())
    }

    /// The same for claims that no JSON writer would write.
    pub(super) fn raw(&self, header: &Value, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let algorithm = header["alg"].as_str().expect("an algorithm");
        let signature = self.sign(algorithm, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Issuer {
    /// An issuer at its own port, at a path, since issuers often have one.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let url = format!("{origin}/tenant");
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{origin}/keys") }).to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let json = || [(CONTENT_TYPE, "application/json")];
        let routes = Router::new()
            .route(
                "/.well-known/oauth-authorization-server/tenant",
                get(move || async move { (json(), metadata) }),
            )
            .route(
                "/keys",
                get(move || async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    (json(), KEYS.document().to_string())
                }),
            );
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Issuer { url, asked }
    }

    /// How often the keys were fetched.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
