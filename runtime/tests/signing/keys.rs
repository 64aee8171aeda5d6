//! Keys: what is read, what is refused, and what never shows.

use adcp_seller::signing::{
    Algorithm, Edition, Fault, Head, KeyError, KeySet, KeySetError, SigningKey, Stamp, Terms,
    Usage, fresh_nonce, sign,
};
use serde_json::{Value, json};

use super::ring::{NOW, Ring, at, headers, rejection, verify, with};
use super::signer::private;
use super::vectors::Corpus;

fn corpus() -> Corpus {
    Corpus::read(include_str!("vectors/webhook-3.0.json"))
}

#[test]
fn public_halves_are_those_of_the_vectors() {
    let corpus = corpus();
    for jwk in &corpus.keys {
        let key = private(jwk);
        let public = key.public_jwk(Usage::Webhook);
        for member in [
            "kid", "kty", "crv", "alg", "use", "key_ops", "adcp_use", "x", "y",
        ] {
            assert_eq!(public.get(member), jwk.get(member), "{member}");
        }
        assert!(public.get("d").is_none());
        assert_eq!(key.algorithm().jwk_name(), jwk["alg"]);
    }
}

#[test]
fn a_private_key_never_shows() {
    let corpus = corpus();
    let jwk = corpus.key("test-es256-webhook-2026");
    let secret = jwk["_private_d_for_test_only"].as_str().expect("a key");
    let key = private(jwk);
    assert!(!format!("{key:?}").contains(secret));
    let broken = format!("{{\"kty\":\"EC\",\"d\":\"{secret}\"}}");
    let error = SigningKey::from_jwk(&broken).expect_err("not a key");
    assert!(!format!("{error:?} {error}").contains(secret));
}

#[test]
fn private_keys_that_contradict_themselves_are_refused() {
    let corpus = corpus();
    let ed25519 = corpus.key("test-ed25519-webhook-2026");
    let es256 = corpus.key("test-es256-webhook-2026");
    let read = |jwk: &Value, change: Value| {
        let mut jwk = jwk.clone();
        jwk["d"] = jwk["_private_d_for_test_only"].take();
        for (name, value) in change.as_object().expect("members") {
            jwk[name] = value.clone();
        }
        SigningKey::from_jwk(&jwk.to_string()).err()
    };
    assert_eq!(read(ed25519, json!({})), None);
    assert_eq!(read(es256, json!({})), None);
    let contradictory = Some(KeyError::Contradictory);
    assert_eq!(read(ed25519, json!({ "x": es256["x"] })), contradictory);
    assert_eq!(read(es256, json!({ "y": es256["x"] })), contradictory);
    assert_eq!(read(ed25519, json!({ "alg": "ES256" })), contradictory);
    assert_eq!(read(ed25519, json!({ "d": "AAAA" })), contradictory);
    let unsupported = Some(KeyError::Unsupported);
    assert_eq!(read(ed25519, json!({ "crv": "X25519" })), unsupported);
    assert_eq!(read(ed25519, json!({ "kty": "EC" })), unsupported);
    let unreadable = Some(KeyError::Unreadable);
    assert_eq!(read(ed25519, json!({ "d": "not base64url!" })), unreadable);
    assert_eq!(read(es256, json!({ "y": null })), unreadable);
    assert_eq!(SigningKey::from_jwk("").err(), unreadable);
    assert_eq!(
        read(ed25519, json!({ "kid": "k".repeat(257) })),
        Some(KeyError::LongName)
    );
}

#[test]
fn sets_are_bounded_and_name_every_key_once() {
    let key = |kid: &str| json!({ "kid": kid, "kty": "OKP" });
    let set = |keys: Vec<Value>| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes());
    let many = |count: usize| (0..count).map(|at| key(&at.to_string())).collect();
    assert_eq!(set(many(64)).expect("a set").len(), 64);
    assert!(matches!(set(many(65)), Err(KeySetError::TooMany)));
    let twice = set(vec![key("a"), key("a")]);
    assert!(matches!(twice, Err(KeySetError::Duplicate(kid)) if kid == "a"));
    let long = set(vec![key(&"k".repeat(257))]);
    assert!(matches!(long, Err(KeySetError::LongName)));
    let large = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(KeySet::LARGEST));
    let large = KeySet::parse(large.as_bytes());
    assert!(matches!(large, Err(KeySetError::TooLarge)));
    for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[{\"kid\":1}]}"] {
        let read = KeySet::parse(text.as_bytes());
        assert!(matches!(read, Err(KeySetError::Unreadable(_))), "{text}");
    }
    // A member twice means different things to different readers.
    let twice = br#"{"keys":[{"kid":"a","kid":"b"}]}"#;
    assert!(matches!(
        KeySet::parse(twice),
        Err(KeySetError::Unreadable(_))
    ));
    // Nobody can name a key without a kid.
    assert!(
        set(vec![json!({ "kty": "OKP" })])
            .expect("a set")
            .is_empty()
    );
}

/// A published key that is unfit is found and refused for what it is.
#[test]
fn unfit_keys_are_refused_at_step_8() {
    let key = SigningKey::generate().expect("a key");
    let fit = key.public_jwk(Usage::Webhook);
    let lines = headers([("content-type", "application/json")]);
    let head = Head {
        method: "POST",
        url: "https://buyer.example/hook",
        headers: &lines,
    };
    let stamp = Stamp::webhook(Edition::V3_0, at(NOW), fresh_nonce().expect("random bytes"));
    let lines = with(
        &lines,
        &sign(&stamp, &key, head, b"{}").expect("a signature"),
    );
    let head = Head {
        headers: &lines,
        ..head
    };
    let terms = Terms::webhook(Edition::V3_0, at(NOW));
    let judge = |jwk: Value| verify(terms, head, b"{}", &Ring::of([jwk]));
    judge(fit.clone()).expect("a good signature");
    let changes = [
        ("adcp_use", json!(null)),
        ("adcp_use", json!("governance-signing")),
        ("adcp_use", json!("request-signing")),
        ("use", json!("enc")),
        ("use", json!(null)),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!(null)),
        ("alg", json!("ES256")),
        ("alg", json!(null)),
        ("alg", json!("RS256")),
        ("kty", json!("EC")),
        ("crv", json!("P-256")),
        ("x", json!("AAAA")),
        ("x", json!(null)),
        ("d", json!("AAAA")),
    ];
    for (member, value) in changes {
        let mut jwk = fit.clone();
        jwk[member] = value;
        let refused = rejection(judge(jwk.clone()));
        assert_eq!(
            (refused.fault, refused.step),
            (Fault::KeyPurposeInvalid, 8),
            "{jwk}"
        );
    }
    // A key of the other algorithm under the same name.
    let corpus = corpus();
    let mut other = private(corpus.key("test-es256-webhook-2026")).public_jwk(Usage::Webhook);
    other["kid"] = json!(key.keyid());
    assert_eq!(rejection(judge(other)).fault, Fault::KeyPurposeInvalid);
    // Another key of the same algorithm.
    let mut other = SigningKey::generate()
        .expect("a key")
        .public_jwk(Usage::Webhook);
    other["kid"] = json!(key.keyid());
    assert_eq!(rejection(judge(other)).fault, Fault::Invalid);
}

#[test]
fn algorithms_have_two_names() {
    assert_eq!(Algorithm::named("ed25519"), Some(Algorithm::Ed25519));
    assert_eq!(
        Algorithm::named("ecdsa-p256-sha256"),
        Some(Algorithm::EcdsaP256)
    );
    for name in ["EdDSA", "ES256", "ED25519", "hmac-sha256", "none", ""] {
        assert_eq!(Algorithm::named(name), None, "{name}");
    }
}
