//! Every code of the table of signature errors, over HTTP, and the tricks that lead to them.

use serde_json::{Value, json};

use super::bureau::Bureau;
use super::pen::{Letter, Pen};
use super::shop::{Plan, Shop, VERIFIES, assert_turned, signer, with_keys};
use crate::support::line;
use adcp_seller::auth::{Keys, Signer};
use adcp_seller::identity::Principal;
use adcp_seller::profile::{DigestPolicy, Profile, RequestSigning};

const ORDER: &str = "create_media_buy";

fn anything() -> Value {
    json!({ "plan_id": "plan_001" })
}

async fn shop(pen: &Pen) -> Shop {
    Plan::of([signer("nova", &[pen])]).open().await
}

#[tokio::test]
async fn a_good_signature_lets_in_with_either_algorithm_and_either_cover() {
    let (first, second) = (Pen::ed25519("nova-1"), Pen::p256("nova-2"));
    let shop = Plan::of([signer("nova", &[&first, &second])]).open().await;
    for pen in [&first, &second] {
        let letter = shop.letter(ORDER, &anything());
        let bare = letter.clone().with(|letter| {
            letter.covered.pop();
            letter.nonce = super::pen::nonce();
        });
        for letter in [letter, bare] {
            let response = shop.send(pen, &letter).await;
            assert_eq!(response.status, 200, "{}", response.text());
            // The body is no order: that is said in the payload, by whoever was let in.
            assert_eq!(response.json()["adcp_error"]["code"], "INVALID_REQUEST");
        }
    }
}

#[tokio::test]
async fn any_path_below_the_endpoint_is_taken_and_signed_as_it_came() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    for operation in [
        "get_media_buy?b=2&a=1&c=3",
        "resource/%E2%98%83/item",
        "segment%2Fwith-encoded-slash/create_media_buy",
        "unheard_of",
    ] {
        let letter = shop.letter(operation, &json!({ "context": { "trace": 1 } }));
        let response = shop.send(&pen, &letter).await;
        assert_eq!(response.status, 200, "{operation}: {}", response.text());
        let payload = response.json();
        assert!(payload["adcp_error"]["code"].is_string(), "{payload}");
        assert_eq!(payload["context"], json!({ "trace": 1 }), "{operation}");
    }
    // A path that is canonicalised is signed in its canonical form.
    let letter = shop.letter("a%7Eb/create_media_buy", &anything());
    let canonical = letter.clone().with(|letter| {
        letter.url = letter.url.replace("%7E", "~");
    });
    let response = shop.post(&letter, pen.sign(&canonical)).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

/// What a letter is changed by, and the code that it is turned away with then.
type Case = (&'static str, fn(&mut Letter));

#[tokio::test]
async fn every_fault_of_a_signature_has_its_code() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let cases: [Case; 15] = [
        ("tag_invalid", |letter| {
            letter.tag = "example-org/signing/v1"
        }),
        ("window_invalid", |letter| {
            letter.created -= 600;
            letter.expires -= 600;
        }),
        ("window_invalid", |letter| letter.expires += 1),
        ("window_invalid", |letter| letter.expires = letter.created),
        ("window_invalid", |letter| {
            letter.created += 62;
            letter.expires += 62;
        }),
        ("alg_not_allowed", |letter| {
            letter.alg = Some("rsa-pss-sha512")
        }),
        ("components_incomplete", |letter| {
            letter.covered.retain(|name| *name != "@authority");
        }),
        ("components_incomplete", |letter| {
            letter.covered.retain(|name| *name != "content-type");
        }),
        ("key_unknown", |letter| {
            letter.keyid = Some("nobody-1".into())
        }),
        ("params_incomplete", |letter| {
            letter.without = vec!["expires"]
        }),
        ("params_incomplete", |letter| letter.without = vec!["nonce"]),
        ("digest_mismatch", |letter| {
            letter.digest = Some(format!("sha-256=:{}:", "A".repeat(43)));
        }),
        ("header_malformed", |letter| letter.nonce = "short".into()),
        ("key_purpose_invalid", |letter| {
            letter.alg = Some("ecdsa-p256-sha256");
        }),
        ("header_malformed", |letter| {
            letter.content_type = "application/json, text/plain".into();
        }),
    ];
    for (at, (code, change)) in cases.into_iter().enumerate() {
        let letter = shop.letter(ORDER, &anything()).with(change);
        let response = shop.send(&pen, &letter).await;
        assert_turned(&response, &format!("request_signature_{code}"));
        assert!(
            response.json()["adcp_error"]["code"].is_string(),
            "{at}: {}",
            response.text()
        );
    }
    assert!(shop.desk.booked().is_empty());
}

#[tokio::test]
async fn keys_for_something_else_and_revoked_keys_are_refused() {
    let (good, other, old) = (
        Pen::ed25519("nova-1"),
        Pen::ed25519("nova-webhooks"),
        Pen::ed25519("nova-old"),
    );
    let keys = [
        good.jwk("request-signing"),
        other.jwk("webhook-signing"),
        old.jwk("request-signing"),
    ];
    let mut nova = with_keys("nova", keys.into_iter());
    nova.revoked.insert("nova-old".into());
    let shop = Plan::of([nova]).open().await;
    for (pen, code) in [
        (&other, "request_signature_key_purpose_invalid"),
        (&old, "request_signature_key_revoked"),
    ] {
        let letter = shop.letter(ORDER, &anything());
        assert_turned(&shop.send(pen, &letter).await, code);
        // Before any cryptography: what is no signature at all ends in the same.
        let forged = Pen::ed25519(&pen.kid);
        let letter = shop.letter(ORDER, &anything());
        assert_turned(&shop.send(&forged, &letter).await, code);
    }
    let forged = Pen::ed25519("nova-1");
    let letter = shop.letter(ORDER, &anything());
    assert_turned(
        &shop.send(&forged, &letter).await,
        "request_signature_invalid",
    );
}

#[tokio::test]
async fn what_was_signed_for_one_request_does_not_pass_for_another() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let signed = shop.letter(ORDER, &anything());
    let headers = pen.sign(&signed);
    let changes: [fn(&mut Letter); 3] = [
        |letter| letter.url = letter.url.replace(ORDER, "update_media_buy"),
        |letter| letter.url.push_str("?x=1"),
        |letter| letter.method = "PUT".into(),
    ];
    for change in changes {
        let other = signed.clone().with(change);
        let response = shop.post(&other, headers.clone()).await;
        assert_turned(&response, "request_signature_invalid");
    }
    let other = signed.clone().with(|letter| letter.body.push(b' '));
    let response = shop.post(&other, headers.clone()).await;
    assert_turned(&response, "request_signature_digest_mismatch");
    // None of these has used the nonce up.
    assert_eq!(shop.post(&signed, headers).await.status, 200);
}

#[tokio::test]
async fn a_request_to_another_host_does_not_pass_here() {
    let pen = Pen::ed25519("nova-1");
    static HOME: Profile = Profile {
        url: Some("https://ads.press.example"),
        request_signing: VERIFIES,
        ..line::PROFILE
    };
    let shop = Plan {
        profile: &HOME,
        sandbox: false,
        ..Plan::of([signer("nova", &[&pen])])
    }
    .open()
    .await;
    let mine = |host: &str| {
        let local = shop.letter(ORDER, &anything());
        let path = local.url.split_once("/mcp").expect("a path").1.to_owned();
        let signed = local
            .clone()
            .with(|letter| letter.url = format!("https://{host}/mcp{path}"));
        (local, pen.sign(&signed))
    };
    // Somebody to whom the buyer did send this request sends it on, Host and all.
    for (host, status) in [("ads.rival.example", 401), ("ads.press.example", 200)] {
        let (letter, mut headers) = mine(host);
        headers.push(("host".to_owned(), host.to_owned()));
        let response = shop.post(&letter, headers).await;
        assert_eq!(response.status, status, "{host}: {}", response.text());
    }
}

#[tokio::test]
async fn smuggled_headers_are_refused() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let letter = || shop.letter(ORDER, &anything());
    let malformed = "request_signature_header_malformed";

    // Half a signature is none.
    for kept in ["signature", "signature-input"] {
        let letter = letter();
        let mut headers = pen.sign(&letter);
        headers.retain(|(name, _)| name == kept || name == "content-type");
        assert_turned(&shop.post(&letter, headers).await, malformed);
    }
    // The same label twice, in one line and in two.
    let one = letter();
    let mut headers = pen.sign(&one);
    let again = headers[0].1.clone();
    headers[0].1 = format!("{again}, {again}");
    assert_turned(&shop.post(&one, headers).await, malformed);
    let two = letter();
    let mut headers = pen.sign(&two);
    headers.insert(1, headers[0].clone());
    assert_turned(&shop.post(&two, headers).await, malformed);
    // A signature in two alphabets.
    let mixed = letter();
    let mut headers = pen.sign(&mixed);
    headers[1].1 = format!("sig1=:{}+_{}:", "A".repeat(42), "A".repeat(42));
    assert_turned(&shop.post(&mixed, headers).await, malformed);
    // Two types, two digests.
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-digest", "sha-256=:AAAA:"),
    ] {
        let twice = letter();
        let mut headers = pen.sign(&twice);
        headers.push((name.to_owned(), value.to_owned()));
        assert_turned(&shop.post(&twice, headers).await, malformed);
    }
    // Nothing that can be read.
    for input in [
        "sig1=not a structured field!!!",
        "sig1=(\"@method\";created=1",
        "",
    ] {
        let wrong = letter();
        let mut headers = pen.sign(&wrong);
        headers[0].1 = input.to_owned();
        assert_turned(&shop.post(&wrong, headers).await, malformed);
    }
    // A header without end: too long for a signature, too long for any seller.
    for (length, status) in [(5000, 401), (10_000, 431)] {
        let long = letter();
        let mut headers = pen.sign(&long);
        headers[0]
            .1
            .push_str(&format!(";x=\"{}\"", "y".repeat(length)));
        assert_eq!(shop.post(&long, headers).await.status, status);
    }
}

#[tokio::test]
async fn half_a_signature_is_not_made_up_for_by_a_token() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let token = format!("Bearer {}", crate::support::TOKEN);
    let letter = shop.tool_letter("get_products", &json!({ "buying_mode": "wholesale" }));
    let mut headers = pen.sign(&letter);
    headers.retain(|(name, _)| name != "signature-input");
    headers.push(("authorization".to_owned(), token));
    assert_turned(
        &shop.post(&letter, headers).await,
        "request_signature_header_malformed",
    );
}

#[tokio::test]
async fn unsigned_requests_are_told_to_sign_even_with_a_token() {
    let shop = shop(&Pen::ed25519("nova-1")).await;
    let token = format!("Bearer {}", crate::support::TOKEN);
    for headers in [
        vec![("content-type", "application/json")],
        vec![
            ("content-type", "application/json"),
            ("authorization", token.as_str()),
        ],
    ] {
        let response = shop
            .client
            .send("POST", "/mcp/adcp/create_media_buy", &headers, b"{}")
            .await;
        assert_turned(&response, "request_signature_required");
    }
}

#[tokio::test]
async fn a_body_that_reads_in_two_ways_is_refused_although_it_was_signed() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let letter = shop.letter(ORDER, &anything()).with(|letter| {
        letter.body = br#"{"budget":1,"budget":1000000}"#.to_vec();
    });
    let headers = pen.sign(&letter);
    let response = shop.post(&letter, headers.clone()).await;
    assert_turned(&response, "request_body_malformed");
    // Its nonce is used up, so that nobody can have it verified again and again.
    let response = shop.post(&letter, headers).await;
    assert_turned(&response, "request_signature_replayed");
}

static COVERED: Profile = Profile {
    request_signing: RequestSigning {
        digest: DigestPolicy::Required,
        ..VERIFIES
    },
    ..line::PROFILE
};
static BARE: Profile = Profile {
    request_signing: RequestSigning {
        digest: DigestPolicy::Forbidden,
        ..VERIFIES
    },
    ..line::PROFILE
};

#[tokio::test]
async fn whether_the_body_is_covered_is_the_sellers_choice() {
    let pen = Pen::ed25519("nova-1");
    for (profile, covered, code) in [
        (&COVERED, true, None),
        (
            &COVERED,
            false,
            Some("request_signature_components_incomplete"),
        ),
        (&BARE, false, None),
        (&BARE, true, Some("request_signature_components_unexpected")),
    ] {
        let plan = Plan::of([signer("nova", &[&pen])]);
        let shop = Plan { profile, ..plan }.open().await;
        let letter = shop.letter(ORDER, &anything()).with(|letter| {
            if !covered {
                letter.covered.pop();
            }
        });
        let response = shop.send(&pen, &letter).await;
        match code {
            Some(code) => assert_turned(&response, code),
            None => assert_eq!(response.status, 200, "{}", response.text()),
        }
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_told_apart() {
    let bureau = Bureau::open().await;
    for (url, code) in [
        (
            bureau.url("/nothing-there"),
            "request_signature_jwks_unavailable",
        ),
        (
            "https://10.0.0.7/jwks.json".to_owned(),
            "request_signature_jwks_untrusted",
        ),
    ] {
        let far = Signer::new(Principal("far".into()), Keys::Published(url));
        let shop = Plan::of([far]).open().await;
        let letter = shop.letter(ORDER, &anything());
        let response = shop.send(&Pen::ed25519("far-1"), &letter).await;
        assert_turned(&response, code);
    }
}

#[tokio::test]
async fn methods_other_than_post_are_refused_after_the_signature() {
    let pen = Pen::ed25519("nova-1");
    let shop = shop(&pen).await;
    let get = |letter: &mut Letter| {
        letter.method = "GET".into();
        letter.body.clear();
        letter.covered = vec!["@method", "@target-uri", "@authority"];
    };
    let letter = shop.letter("get_products", &json!({})).with(get);
    let response = shop.send(&pen, &letter).await;
    assert_eq!(response.status, 405, "{}", response.text());
    let unsigned = shop.post(&letter, Vec::new()).await;
    assert_turned(&unsigned, "request_signature_required");
}

#[tokio::test]
async fn a_seller_that_does_not_verify_ignores_signatures() {
    let pen = Pen::ed25519("nova-1");
    let plan = Plan::of([signer("nova", &[&pen])]);
    let shop = Plan {
        profile: &line::PROFILE,
        ..plan
    }
    .open()
    .await;
    let letter = shop.tool_letter("get_adcp_capabilities", &json!({}));
    let mut headers = pen.sign(&letter);
    headers[1].1 = "nonsense".to_owned();
    headers.push((
        "authorization".to_owned(),
        format!("Bearer {}", crate::support::TOKEN),
    ));
    let response = shop.post(&letter, headers).await;
    assert_eq!(response.status, 200, "{}", response.text());
    let structured = response.json()["result"]["structuredContent"].clone();
    assert!(structured.get("request_signing").is_none(), "{structured}");
    let plain = shop.letter("get_adcp_capabilities", &json!({}));
    assert_ne!(shop.send(&pen, &plain).await.status, 200);
}
