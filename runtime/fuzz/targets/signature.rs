//! A signed message out of any bytes: there is an answer, its code is one of the usage, and nothing
//! but a genuine signature gets further than step 10.
//!
//! The first byte chooses the terms. Then come lines, each a letter for what it sets and the rest
//! of the line for its value; see `read`.
#![no_main]

use std::sync::{Arc, LazyLock};

use adcp_seller::clock::Timestamp;
use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::{
    Edition, Failure, Head, KeySet, KeyTrouble, Keyring, PublicKey, Remembered, Standing, Terms,
    Unavailable, Usage, begin,
};
use axum::http::{HeaderMap, HeaderValue};
use chrono::DateTime;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;

/// The key of RFC 8037, appendix A, for either usage.
const KEYS: &str = r#"{"keys":[
    {"kid":"q","kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","key_ops":["verify"],
     "adcp_use":"request-signing","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    {"kid":"w","kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","key_ops":["verify"],
     "adcp_use":"webhook-signing","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
]}"#;
/// 2026-04-18T14:00:00Z.
const NOW: i64 = 1_776_520_800;

static RING: LazyLock<Ring> =
    LazyLock::new(|| Ring(KeySet::parse(KEYS.as_bytes()).expect("two keys")));

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

/// A message, and the headers that it has.
struct Message {
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn read(lines: &[u8]) -> Message {
    let mut message = Message {
        url: "https://seller.example/mcp".to_owned(),
        headers: HeaderMap::new(),
        body: Vec::new(),
    };
    for line in lines.split(|&byte| byte == b'\n') {
        let Some((letter, value)) = line.split_first() else {
            continue;
        };
        let name = match letter {
            b'i' => "signature-input",
            b's' => "signature",
            b'd' => "content-digest",
            b't' => "content-type",
            b'l' => "content-length",
            b'h' => "host",
            b'x' => "x-other",
            b'u' => {
                message.url = String::from_utf8_lossy(value).into_owned();
                continue;
            }
            b'b' => {
                message.body = value.to_vec();
                continue;
            }
            _ => continue,
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            message.headers.append(name, value);
        }
    }
    message
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, lines)) = data.split_first() else {
        return;
    };
    let message = read(lines);
    let now = DateTime::from_timestamp(NOW, 0).expect("an instant");
    let edition = [Edition::V3_0, Edition::V3_1, Edition::V3_2][usize::from(choice % 3)];
    let digest = [
        DigestPolicy::Either,
        DigestPolicy::Required,
        DigestPolicy::Forbidden,
    ][usize::from(choice / 3 % 3)];
    let terms = if choice / 9 % 2 == 0 {
        Terms::request(edition, digest, now)
    } else {
        Terms::webhook(edition, now)
    };
    let head = Head {
        method: "POST",
        url: &message.url,
        headers: &message.headers,
    };
    let begun = begin(terms, head, &*RING)
        .now_or_never()
        .expect("an answer");
    let ended = match begun {
        Ok(verified) => {
            assert!(verified.keyid() == "q" || verified.keyid() == "w");
            let ended = verified.finish(&message.body, &*RING);
            ended.now_or_never().expect("an answer")
        }
        Err(failure) => {
            if let Failure::Rejected(rejection) = &failure {
                assert!((1..=10).contains(&rejection.step));
            }
            Err(failure)
        }
    };
    match ended {
        Ok(signer) => assert!(
            message.body.is_empty() || terms.digest != DigestPolicy::Required || signer.covers_body
        ),
        Err(Failure::Rejected(rejection)) => {
            let prefix = match terms.usage {
                Usage::Request => "request_",
                Usage::Webhook => "webhook_",
            };
            assert!(rejection.code.starts_with(prefix));
            assert!(!rejection.reason.is_empty());
        }
        Err(Failure::Unavailable(reason)) => panic!("{reason}"),
    }
});
