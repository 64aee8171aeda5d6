//! Messages that are not what they claim to be: each is refused with its code at its step, and no
//! nonce is used up by it.

use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::{
    Edition, Failure, Fault, Head, KeyTrouble, SigningKey, Stamp, Terms, Usage, begin, digest,
    fresh_nonce, sign,
};
use axum::http::{HeaderMap, HeaderValue};
use futures_util::FutureExt;

use super::ring::{NOW, Ring, at, headers, rejection, verify, with};

pub(super) const URL: &str = "https://seller.example/mcp?x=1";
pub(super) const BODY: &[u8] = br#"{"plan_id":"plan_001"}"#;

/// A good request and everything that it takes to judge it.
pub(super) struct Request {
    pub(super) ring: Ring,
    pub(super) key: SigningKey,
    pub(super) headers: HeaderMap,
    pub(super) terms: Terms,
}

impl Request {
    pub(super) fn new() -> Self {
        let key = SigningKey::generate().expect("a key");
        let mut request = Request {
            ring: Ring::of([key.public_jwk(Usage::Request)]),
            key,
            headers: headers([
                ("content-type", "application/json"),
                ("host", "seller.example"),
            ]),
            terms: Terms::request(Edition::V3_0, DigestPolicy::Either, at(NOW)),
        };
        request.headers = request.signed(NOW);
        request
    }

    /// The headers, signed anew at an instant.
    pub(super) fn signed(&self, created: i64) -> HeaderMap {
        let mut plain = self.headers.clone();
        for name in ["signature", "signature-input", "content-digest"] {
            plain.remove(name);
        }
        let nonce = fresh_nonce().expect("random bytes");
        let stamp = Stamp::request(Edition::V3_0, true, at(created), nonce);
        let signed = sign(&stamp, &self.key, head(&plain), BODY).expect("a signature");
        with(&plain, &signed)
    }

    pub(super) fn text(&self, name: &str) -> String {
        let value = self.headers.get(name).expect("a header");
        value.to_str().expect("ASCII").to_owned()
    }

    pub(super) fn set(&mut self, name: &'static str, value: &str) -> &mut Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        self.headers.insert(name, value);
        self
    }

    pub(super) fn edit(&mut self, name: &'static str, from: &str, to: &str) -> &mut Self {
        let text = self.text(name);
        assert!(text.contains(from), "{text}");
        self.set(name, &text.replacen(from, to, 1))
    }

    pub(super) fn is_refused(&self, fault: Fault, step: u8) {
        self.is_refused_for(head(&self.headers), BODY, fault, step);
    }

    pub(super) fn is_refused_for(&self, head: Head<'_>, body: &[u8], fault: Fault, step: u8) {
        let refused = rejection(verify(self.terms, head, body, &self.ring));
        assert_eq!((refused.fault, refused.step), (fault, step), "{refused:?}");
        assert_eq!(self.ring.nonces(), 0);
    }
}

pub(super) fn head(headers: &HeaderMap) -> Head<'_> {
    Head {
        method: "POST",
        url: URL,
        headers,
    }
}

#[test]
fn a_good_request_passes() {
    let request = Request::new();
    let signer = verify(request.terms, head(&request.headers), BODY, &request.ring);
    let signer = signer.expect("a good signature");
    assert_eq!(signer.url.target_uri, URL);
    assert_eq!(signer.url.path(), "/mcp");
    assert_eq!(request.ring.nonces(), 1);
}

#[test]
fn parameters_are_all_there_and_in_bounds() {
    let names = ["created", "expires", "nonce", "keyid", "alg", "tag"];
    for name in names {
        let mut request = Request::new();
        request.edit("signature-input", &format!(";{name}="), ";x=");
        request.is_refused(Fault::ParamsIncomplete, 2);
    }
    let nonces = [
        "",
        "short",
        "AAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "AAAAAAAAAAAAAAAAAAAA+/",
        "AAAAAAAAAAAAAAAAAAAAAB",
        &"A".repeat(260),
    ];
    for nonce in nonces {
        let mut request = Request::new();
        let input = request.text("signature-input");
        let start = input.find(";nonce=\"").expect("a nonce") + 8;
        let length = input[start..].find('"').expect("an end");
        let input = format!("{}{nonce}{}", &input[..start], &input[start + length..]);
        request
            .set("signature-input", &input)
            .is_refused(Fault::HeaderMalformed, 2);
    }
    let mut request = Request::new();
    let long = format!("keyid=\"{}", "k".repeat(300));
    request
        .edit("signature-input", "keyid=\"", &long)
        .is_refused(Fault::HeaderMalformed, 2);
    let mut request = Request::new();
    request
        .edit("signature-input", "tag=\"adcp/", "tag=\"ADCP/")
        .is_refused(Fault::TagInvalid, 3);
    let mut request = Request::new();
    request
        .edit("signature-input", "signing/v1", "signing/v10")
        .is_refused(Fault::TagInvalid, 3);
    for alg in ["Ed25519", "none", "hmac-sha256", "rsa-v1_5-sha256", "EdDSA"] {
        let mut request = Request::new();
        request.edit("signature-input", "\"ed25519\"", &format!("\"{alg}\""));
        request.is_refused(Fault::AlgNotAllowed, 4);
    }
}

#[test]
fn the_window_is_five_minutes_and_clocks_differ_by_one() {
    let request = Request::new();
    let passes = |created: i64| {
        let headers = request.signed(created);
        let ring = Ring::of([request.key.public_jwk(Usage::Request)]);
        match verify(request.terms, head(&headers), BODY, &ring) {
            Ok(_) => true,
            refused => {
                assert_eq!(rejection(refused).fault, Fault::WindowInvalid);
                false
            }
        }
    };
    assert!(passes(NOW + 60));
    assert!(!passes(NOW + 61));
    assert!(passes(NOW - 360));
    assert!(!passes(NOW - 361));
    for (created, expires) in [
        (NOW, NOW),
        (NOW, NOW - 1),
        (NOW, NOW + 301),
        (-1, 300),
        (0, 999_999_999_999_999),
        (-999_999_999_999_999, 999_999_999_999_999),
        (999_999_999_999_999, -999_999_999_999_999),
    ] {
        let mut request = Request::new();
        let input = request.text("signature-input");
        let input = input
            .replace(&format!("created={NOW}"), &format!("created={created}"))
            .replace(
                &format!("expires={}", NOW + 300),
                &format!("expires={expires}"),
            );
        request
            .set("signature-input", &input)
            .is_refused(Fault::WindowInvalid, 5);
    }
}

#[test]
fn what_has_to_be_covered_is() {
    for name in ["@method", "@target-uri", "@authority", "content-type"] {
        let mut request = Request::new();
        let quoted = format!("\"{name}\" ");
        request
            .edit("signature-input", &quoted, "")
            .is_refused(Fault::ComponentsIncomplete, 6);
        // Not what it looks like.
        let mut request = Request::new();
        let qualified = format!("\"{name}\";req ");
        request.edit("signature-input", &quoted, &qualified);
        request.is_refused(Fault::ComponentsIncomplete, 6);
    }
    let mut request = Request::new();
    request.terms.digest = DigestPolicy::Required;
    request.edit("signature-input", " \"content-digest\"", "");
    request.is_refused(Fault::ComponentsIncomplete, 6);
    let mut request = Request::new();
    request.terms.digest = DigestPolicy::Forbidden;
    request.is_refused(Fault::ComponentsUnexpected, 6);
    for name in [
        "@path",
        "@query",
        "@status",
        "@request-target",
        "content-digest\";bs \"x",
    ] {
        let mut request = Request::new();
        let more = format!("\"@method\" \"{name}\" ");
        request.edit("signature-input", "\"@method\" ", &more);
        request.is_refused(Fault::ComponentsUnexpected, 6);
    }
    let mut request = Request::new();
    request.edit(
        "signature-input",
        "\"@method\" ",
        "\"@method\" \"x-absent\" ",
    );
    request.is_refused(Fault::ComponentsIncomplete, 6);
}

/// HTTP/2 needs no header that speaks of a body, so nobody can say that there is none.
#[test]
fn a_body_that_nothing_announced_is_held_to_the_same_rules() {
    let mut request = Request::new();
    let plain = headers([("host", "seller.example")]);
    let nonce = fresh_nonce().expect("random bytes");
    let stamp = Stamp::request(Edition::V3_0, false, at(NOW), nonce);
    let signed = sign(&stamp, &request.key, head(&plain), b"").expect("a signature");
    request.headers = with(&plain, &signed);
    request.is_refused(Fault::ComponentsIncomplete, 6);
    let answer = verify(request.terms, head(&request.headers), b"", &request.ring);
    let signer = answer.expect("a good signature without a body");
    assert!(!signer.covers_body);
    // Headers that do speak of one are believed at once.
    for (name, value) in [("content-length", "1"), ("transfer-encoding", "chunked")] {
        let mut headers = request.headers.clone();
        headers.insert(name, HeaderValue::from_static(value));
        let begun = begin(request.terms, head(&headers), &request.ring);
        let begun = begun.now_or_never().expect("an answer");
        let Err(Failure::Rejected(refused)) = begun else {
            panic!("{begun:?}");
        };
        assert_eq!(refused.fault, Fault::ComponentsIncomplete);
    }
}

#[test]
fn keys_are_judged_before_any_cryptography() {
    // The signature is garbage throughout: who looks at it too early answers something else.
    let garbage = format!("sig1=:{}:", "A".repeat(86));
    let mut request = Request::new();
    request
        .set("signature", &garbage)
        .is_refused(Fault::Invalid, 10);
    let keyid = request.key.keyid().to_owned();
    request.ring.full.insert(keyid.clone());
    request.is_refused(Fault::RateAbuse, 9);
    request.ring.is_stale = true;
    request.is_refused(Fault::RevocationStale, 9);
    request.ring.is_stale = false;
    request.ring.revoked.insert(keyid);
    request.is_refused(Fault::KeyRevoked, 9);
    request.ring.keys = Ring::of([request.key.public_jwk(Usage::Webhook)]).keys;
    request.is_refused(Fault::KeyPurposeInvalid, 8);
    request.ring.keys = Ring::default().keys;
    request.is_refused(Fault::KeyUnknown, 7);
    request.ring.trouble = Some(KeyTrouble::Unavailable("it is down".to_owned()));
    request.is_refused(Fault::JwksUnavailable, 7);
    request.ring.trouble = Some(KeyTrouble::Untrusted("it is here".to_owned()));
    request.is_refused(Fault::JwksUntrusted, 7);
}

#[test]
fn a_verifier_that_cannot_look_things_up_refuses_nobody_for_good() {
    let mut request = Request::new();
    request.ring.is_broken = true;
    let answer = verify(request.terms, head(&request.headers), BODY, &request.ring);
    assert_eq!(
        answer,
        Err(Failure::Unavailable("the disk is full".to_owned()))
    );
}

#[test]
fn the_room_of_a_key_is_bounded_at_the_last_step_too() {
    let mut request = Request::new();
    request.ring.is_full_at_last = true;
    request.is_refused(Fault::RateAbuse, 13);
}

#[test]
fn another_message_is_refused() {
    let request = Request::new();
    let good = head(&request.headers);
    let other = |url| Head { url, ..good };
    let invalid = |head| request.is_refused_for(head, BODY, Fault::Invalid, 10);
    invalid(Head {
        method: "PUT",
        ..good
    });
    invalid(other("https://seller.example/mcp?x=2"));
    invalid(other("https://seller.example/mcp?x=1&"));
    invalid(other("https://seller.example//mcp?x=1"));
    invalid(other("https://seller.example/mcp/?x=1"));
    invalid(other("https://seller.example/MCP?x=1"));
    invalid(other("http://seller.example/mcp?x=1"));
    request.is_refused_for(
        good,
        br#"{"plan_id":"plan_002"}"#,
        Fault::DigestMismatch,
        11,
    );
    request.is_refused_for(good, b"", Fault::DigestMismatch, 11);
    // The same one in another spelling is the same one.
    let same = other("HTTPS://user@SELLER.example:443/./%6dcp?x=1#part");
    verify(request.terms, same, BODY, &request.ring).expect("a good signature");
}

#[test]
fn every_digest_that_is_known_has_to_be_right() {
    let body = b"{}";
    let sha256 = "sha-256=:RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o:";
    assert_eq!(
        digest::content_digest(Usage::Webhook, Edition::V3_2, body),
        sha256
    );
    let plain = digest::content_digest(Usage::Request, Edition::V3_2, body);
    assert_eq!(
        plain,
        "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"
    );
    let sha512 = "sha-512=:J8dGcK23UHX60FjVzq97IMTneGyDuuijL2Jvl4KvNMmjPCBG72D9Knh403jin-yFGAa72aZ4ePOp8c2kgwdj_Q:";
    let wrong = "sha-512=:AAdGcK23UHX60FjVzq97IMTneGyDuuijL2Jvl4KvNMmjPCBG72D9Knh403jin-yFGAa72aZ4ePOp8c2kgwdj_Q:";
    let judge = |value: &str| {
        let key = SigningKey::generate().expect("a key");
        let plain = headers([
            ("content-type", "application/json"),
            ("content-digest", value),
        ]);
        // Signed as it stands, whether it is right or not: by a signer that does not look.
        let request = Request {
            ring: Ring::of([key.public_jwk(Usage::Webhook)]),
            headers: plain,
            terms: Terms::webhook(Edition::V3_0, at(NOW)),
            key,
        };
        let stamp = Stamp::webhook(Edition::V3_0, at(NOW), fresh_nonce().expect("random bytes"));
        let signed = sign(&stamp, &request.key, head(&request.headers), body);
        signed.map(|signed| {
            let headers = with(&request.headers, &signed);
            verify(request.terms, head(&headers), body, &request.ring).is_ok()
        })
    };
    assert_eq!(judge(sha256), Ok(true));
    assert_eq!(judge(sha512), Ok(true));
    assert_eq!(judge(&format!("{sha256}, {sha512}, md5=:AAAA:")), Ok(true));
    judge(&format!("{sha256}, {wrong}")).expect_err("one is wrong");
    judge("md5=:AAAA:").expect_err("none is known");
    judge("sha-256=:AAAA:").expect_err("it is too short");
}
