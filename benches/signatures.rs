//! What verifying a signed request costs, beside the bare verification of the same bytes by ring.
//!
//! `cargo bench --bench signatures`. The request is a `create_media_buy` of a usual size, signed
//! with Ed25519, once with and once without its body. The whole checklist is run, with a keyring
//! that answers from memory; what remains beyond the bare figure is parsing, the URL's canonical
//! form, the base, the digest and the nonce.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use adcp_seller::clock::Timestamp;
use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::{
    Edition, Head, KeySet, KeyTrouble, Keyring, PublicKey, Remembered, SigningKey, Stamp, Standing,
    Terms, Unavailable, Usage, begin, sign,
};
use axum::http::{HeaderMap, HeaderValue};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::FutureExt;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::json;

/// The key of RFC 8032, section 7.1, test 1.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];
/// The same key as a JWK (RFC 8037, appendix A.1).
const JWK: &str = r#"{"kid":"buyer-1","kty":"OKP","crv":"Ed25519",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
const URL: &str = "https://ads.seller.example/mcp";
const NOW: i64 = 1_776_520_800;
const NONCE: &str = "KXYnfEfJ0PBRZXQyVXfVQA";

/// One key, no revocations, and no memory of nonces: every message is new.
struct Ring(KeySet);

impl Keyring for Ring {
    async fn key(&self, keyid: &str) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
        Ok(self.0.get(keyid).cloned())
    }

    async fn standing(&self, _: &str) -> Result<Standing, Unavailable> {
        Ok(Standing::Good)
    }

    async fn has_room(&self, _: &str) -> Result<bool, Unavailable> {
        Ok(true)
    }

    async fn remember(&self, _: &str, _: &str, _: Timestamp) -> Result<Remembered, Unavailable> {
        Ok(Remembered::Fresh)
    }
}

/// A purchase of six packages in the envelope of MCP, about 2 kB.
fn body() -> Vec<u8> {
    let package = |at: u64| {
        json!({
            "product_id": format!("display_premium_{at}"), "pricing_option_id": "cpm_usd_fixed",
            "budget": 25_000.0, "format_ids": [{ "agent_url": "https://creative.seller.example", "id": "display_300x250" }],
            "targeting_overlay": { "geo_country_any_of": ["US", "CA"], "frequency_cap": { "suppress_minutes": 60 } },
        })
    };
    let arguments = json!({
        "idempotency_key": "7d2c3a52-61a8-4f05-9f0c-0a7f6b0f3c11",
        "account": { "brand": { "domain": "brand.example" }, "operator": "agency.example" },
        "brand": { "domain": "brand.example" },
        "start_time": "2026-06-01T00:00:00Z", "end_time": "2026-06-30T23:59:59Z",
        "packages": (0..6).map(package).collect::<Vec<_>>(),
    });
    let params = json!({ "name": "create_media_buy", "arguments": arguments });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    call.to_string().into_bytes()
}

fn verification(criterion: &mut Criterion) {
    let body = body();
    let key = SigningKey::from_jwk(JWK).expect("a key");
    let set = json!({ "keys": [key.public_jwk(Usage::Request)] }).to_string();
    let ring = Ring(KeySet::parse(set.as_bytes()).expect("a set"));
    let now = Timestamp::from_timestamp(NOW, 0).expect("an instant");
    let terms = Terms::request(Edition::V3_0, DigestPolicy::Either, now);
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a key");
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref().to_vec());

    let mut group = criterion.benchmark_group("signatures");
    group.throughput(Throughput::Elements(1));
    for (name, covers_body) in [("without body", false), ("with body", true)] {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("host", HeaderValue::from_static("ads.seller.example"));
        headers.insert(
            "accept",
            HeaderValue::from_static("application/json, text/event-stream"),
        );
        let plain = Head {
            method: "POST",
            url: URL,
            headers: &headers,
        };
        let stamp = Stamp::request(Edition::V3_0, covers_body, now, NONCE.to_owned());
        let signed = sign(&stamp, &key, plain, &body).expect("a signature");
        let digest = match &signed.content_digest {
            Some(digest) => format!("\"content-digest\": {digest}\n"),
            None => String::new(),
        };
        let list = &signed.signature_input["sig1=".len()..];
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": {URL}\n\"@authority\": ads.seller.example\n\"content-type\": application/json\n{digest}\"@signature-params\": {list}"
        );
        let signature = pair.sign(base.as_bytes());
        group.bench_function(format!("ring alone, {name}"), |bencher| {
            bencher.iter(|| {
                public
                    .verify(black_box(base.as_bytes()), signature.as_ref())
                    .expect("a good signature");
            });
        });
        let mut headers = headers.clone();
        signed.write(&mut headers).expect("headers");
        let head = Head {
            headers: &headers,
            ..plain
        };
        group.bench_function(format!("checklist, {name}"), |bencher| {
            bencher.iter(|| {
                let verified = begin(terms, black_box(head), &ring)
                    .now_or_never()
                    .expect("an answer")
                    .expect("a good signature");
                verified
                    .finish(black_box(&body), &ring)
                    .now_or_never()
                    .expect("an answer")
                    .expect("a good signature")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verification);
criterion_main!(benches);
