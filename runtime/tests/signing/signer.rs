//! Our signatures: those of the vectors bit for bit, and good ones of our own.

use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::{
    CannotSign, Edition, Fault, Head, SigningKey, Stamp, Terms, Usage, fresh_nonce, sign,
};
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::ring::{NOW, Ring, at, headers, rejection, verify, with};
use super::vectors::{Corpus, Vector};

/// The private key of a vector's JWK.
pub(crate) fn private(jwk: &Value) -> SigningKey {
    let mut jwk = jwk.clone();
    jwk["d"] = jwk["_private_d_for_test_only"].take();
    SigningKey::from_jwk(&jwk.to_string()).expect("a key")
}

/// The value of a parameter in a `Signature-Input`.
fn parameter<'a>(input: &'a str, name: &str) -> &'a str {
    let at = input.find(&format!(";{name}=")).expect("a parameter") + name.len() + 2;
    let value = &input[at..];
    let value = &value[..value.find([';', ',']).unwrap_or(value.len())];
    value.trim_matches('"')
}

/// The first of several signatures.
fn first(header: &str) -> &str {
    header.split(", ").next().expect("a member")
}

fn reproduce(text: &str, usage: Usage, edition: Edition) -> usize {
    let corpus = Corpus::read(text);
    let positive = |(name, _): &(&String, &Vector)| name.starts_with("positive/");
    let mut reproduced = 0;
    for (name, vector) in corpus.vectors.iter().filter(positive) {
        let mut headers = vector.request.headers();
        let take = |headers: &mut HeaderMap, name| {
            let value = headers.remove(name).expect("a header");
            value.to_str().expect("ASCII").to_owned()
        };
        let input = take(&mut headers, "signature-input");
        let signature = take(&mut headers, "signature");
        let key = private(corpus.key(parameter(&input, "keyid")));
        let created: i64 = parameter(&input, "created").parse().expect("seconds");
        let stamp = Stamp {
            usage,
            edition,
            covers_body: first(&input).contains("content-digest"),
            now: at(created),
            nonce: parameter(&input, "nonce").to_owned(),
        };
        let head = Head {
            method: &vector.request.method,
            url: &vector.request.url,
            headers: &headers,
        };
        let body = vector.request.body.as_bytes();
        let signed = sign(&stamp, &key, head, body).expect("a signature");
        assert_eq!(signed.signature_input, first(&input), "{name}");
        if parameter(&input, "alg") == "ed25519" {
            assert_eq!(signed.signature, first(&signature), "{name}");
            reproduced += 1;
        } else {
            // A signature of ECDSA is another one every time; ours have to pass.
            let ring = Ring::of([key.public_jwk(usage)]);
            let headers = with(&headers, &signed);
            let head = Head {
                headers: &headers,
                ..head
            };
            let terms = match usage {
                Usage::Request => Terms::request(edition, DigestPolicy::Either, at(created)),
                Usage::Webhook => Terms::webhook(edition, at(created)),
            };
            verify(terms, head, body, &ring).expect("a good signature");
        }
        assert!(
            vector.expected_signature_base.is_some() || name.contains("004"),
            "{name}"
        );
    }
    reproduced
}

#[test]
fn signatures_of_the_vectors_are_reproduced() {
    let request = Usage::Request;
    let text = include_str!("vectors/request-3.0.json");
    assert_eq!(reproduce(text, request, Edition::V3_0), 11);
    let text = include_str!("vectors/request-3.1.json");
    assert_eq!(reproduce(text, request, Edition::V3_1), 14);
    let text = include_str!("vectors/request-3.2.json");
    assert_eq!(reproduce(text, request, Edition::V3_2), 13);
    let webhook = Usage::Webhook;
    let text = include_str!("vectors/webhook-3.0.json");
    assert_eq!(reproduce(text, webhook, Edition::V3_0), 6);
    let text = include_str!("vectors/webhook-3.2.json");
    assert_eq!(reproduce(text, webhook, Edition::V3_2), 7);
}

/// What is signed here is a base that the vectors state, so it is that base and no other.
#[test]
fn the_stated_bases_are_what_was_signed() {
    let corpus = Corpus::read(include_str!("vectors/request-3.0.json"));
    let vector = &corpus.vectors["positive/001-basic-post"];
    let key = private(corpus.key("test-ed25519-2026"));
    let ring = Ring::of([key.public_jwk(Usage::Request)]);
    let base = vector.expected_signature_base.as_deref().expect("a base");
    let token = first(&vector.request.headers["Signature"]);
    let token = token.trim_start_matches("sig1=:").trim_end_matches(':');
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token)
        .expect("a token");
    let key = ring.keys.get("test-ed25519-2026").expect("a key");
    assert!(key.has_signed("EdDSA", base.as_bytes(), &bytes));
    assert!(!key.has_signed("ES256", base.as_bytes(), &bytes));
    assert!(!key.has_signed("EdDSA", &base.as_bytes()[1..], &bytes));
}

#[test]
fn a_made_up_key_signs_webhooks_for_every_line() {
    let key = SigningKey::generate().expect("a key");
    assert_eq!(key.keyid(), key.thumbprint());
    let ring = Ring::of([key.public_jwk(Usage::Webhook)]);
    let headers = headers([("content-type", "application/json")]);
    let head = Head {
        method: "POST",
        url: "https://buyer.example/hook?x=1",
        headers: &headers,
    };
    for edition in [Edition::V3_0, Edition::V3_1, Edition::V3_2] {
        let nonce = fresh_nonce().expect("random bytes");
        let stamp = Stamp::webhook(edition, at(NOW), nonce);
        let signed = sign(&stamp, &key, head, b"{}").expect("a signature");
        assert!(
            !signed.signature.contains(['+', '/']),
            "{}",
            signed.signature
        );
        let headers = with(&headers, &signed);
        let head = Head {
            headers: &headers,
            ..head
        };
        let terms = Terms::webhook(edition, at(NOW));
        let signer = verify(terms, head, b"{}", &ring).expect("a good signature");
        assert_eq!(signer.keyid, key.keyid());
        assert!(signer.covers_body);
        // It passes for nothing else.
        let terms = Terms::request(edition, DigestPolicy::Either, at(NOW));
        assert_eq!(
            rejection(verify(terms, head, b"{}", &ring)).fault,
            // From 3.2 on, requests write their bytes in another alphabet.
            if edition == Edition::V3_2 {
                Fault::HeaderMalformed
            } else {
                Fault::TagInvalid
            }
        );
    }
}

#[test]
fn what_nobody_could_verify_is_not_signed() {
    let key = SigningKey::generate().expect("a key");
    let plain = headers([("content-type", "application/json")]);
    let stamp = Stamp::webhook(Edition::V3_0, at(NOW), fresh_nonce().expect("random bytes"));
    let head = |url, headers| Head {
        method: "POST",
        url,
        headers,
    };
    let empty = HeaderMap::new();
    let other = headers([
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
        ),
    ]);
    let url = "https://buyer.example/hook";
    let refused = sign(&stamp, &key, head("https:///hook", &plain), b"{}");
    assert!(matches!(refused, Err(CannotSign::Url(_))), "{refused:?}");
    let refused = sign(&stamp, &key, head(url, &empty), b"{}");
    assert_eq!(refused, Err(CannotSign::NoContentType));
    let refused = sign(&stamp, &key, head(url, &other), b"{}");
    assert_eq!(refused, Err(CannotSign::OtherDigest));
    let twice = headers([
        ("content-type", "text/plain"),
        ("content-type", "text/html"),
    ]);
    let mut both = twice;
    both.append("content-type", "text/html".parse().expect("a value"));
    let refused = sign(&stamp, &key, head(url, &both), b"{}");
    assert!(matches!(refused, Err(CannotSign::Header(_))), "{refused:?}");
    let odd = Stamp {
        nonce: "a\nb".to_owned(),
        ..stamp.clone()
    };
    assert_eq!(
        sign(&odd, &key, head(url, &plain), b"{}"),
        Err(CannotSign::Name)
    );

    let corpus = Corpus::read(include_str!("vectors/request-3.0.json"));
    let requests = private(corpus.key("test-ed25519-2026"));
    let refused = sign(&stamp, &requests, head(url, &plain), b"{}");
    assert!(
        matches!(refused, Err(CannotSign::OtherPurpose { .. })),
        "{refused:?}"
    );
    let later = Stamp {
        edition: Edition::V3_1,
        ..stamp
    };
    sign(&later, &requests, head(url, &plain), b"{}").expect("from 3.1 on it may");
}

#[test]
fn a_kid_may_hold_any_visible_character() {
    let mut jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "kid": "a \"quoted\\kid\"; x=1, sig2=()",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    });
    let key = SigningKey::from_jwk(&jwk.to_string()).expect("a key");
    // RFC 8037, appendix A.3.
    assert_eq!(
        key.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    let headers = headers([("content-type", "application/json")]);
    let head = Head {
        method: "POST",
        url: "https://buyer.example/",
        headers: &headers,
    };
    let stamp = Stamp::webhook(Edition::V3_0, at(NOW), fresh_nonce().expect("random bytes"));
    let signed = sign(&stamp, &key, head, b"{}").expect("a signature");
    let with = with(&headers, &signed);
    let head = Head {
        headers: &with,
        ..head
    };
    let ring = Ring::of([key.public_jwk(Usage::Webhook)]);
    let terms = Terms::webhook(Edition::V3_0, at(NOW));
    verify(terms, head, b"{}", &ring).expect("a good signature");

    jwk["kid"] = json!("\u{fc}");
    let key = SigningKey::from_jwk(&jwk.to_string()).expect("a key");
    assert_eq!(sign(&stamp, &key, head, b"{}"), Err(CannotSign::Name));
}
