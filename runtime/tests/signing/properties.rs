//! What holds for all messages.

use adcp_seller::profile::DigestPolicy;
use adcp_seller::signing::url::canonical;
use adcp_seller::signing::{Edition, Head, SigningKey, Stamp, Terms, Usage, begin, sign};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use futures_util::FutureExt;
use proptest::prelude::*;

use super::ring::{NOW, Ring, at, headers, verify, with};
use super::signer::private;
use super::vectors::Corpus;

/// A message that can be signed.
#[derive(Clone, Debug)]
struct Message {
    method: String,
    url: String,
    content_type: String,
    body: Vec<u8>,
    edition: Edition,
    usage: Usage,
    covers_body: bool,
    is_p256: bool,
}

fn message() -> impl Strategy<Value = Message> {
    let url = (
        "https?",
        "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){0,3}|\\[2001:db8::[0-9a-f]{1,4}\\]",
        proptest::option::of(1_u16..),
        "(/([a-zA-Z0-9~._:@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){0,12}){0,4}",
        proptest::option::of("[a-zA-Z0-9%&=+/?._-]{0,24}"),
    )
        .prop_map(|(scheme, host, port, path, query)| {
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            let query = query.map_or(String::new(), |query| format!("?{query}"));
            format!("{scheme}://{host}{port}{path}{query}")
        })
        .prop_filter("hidden dot segments", |url| canonical(url).is_ok());
    (
        "[A-Z]{1,8}",
        url,
        "[a-z]{1,8}/[a-z+.-]{1,12}(; charset=\"[a-z, -]{1,8}\")?",
        proptest::collection::vec(any::<u8>(), 1..200),
        prop_oneof![
            Just(Edition::V3_0),
            Just(Edition::V3_1),
            Just(Edition::V3_2)
        ],
        prop_oneof![Just(Usage::Request), Just(Usage::Webhook)],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(method, url, content_type, body, edition, usage, covers_body, is_p256)| Message {
                method,
                url,
                content_type,
                body,
                edition,
                usage,
                covers_body,
                is_p256,
            },
        )
}

/// A signed message, with the verifier's side.
struct Signed {
    message: Message,
    headers: HeaderMap,
    terms: Terms,
    key: SigningKey,
}

impl Signed {
    fn new(message: Message) -> Self {
        let corpus = Corpus::read(include_str!("vectors/request-3.0.json"));
        let kid = ["test-ed25519-2026", "test-es256-2026"][usize::from(message.is_p256)];
        let mut jwk = corpus.key(kid).clone();
        jwk.as_object_mut().expect("a key").remove("adcp_use");
        let key = private(&jwk);
        let headers = headers([("content-type", &*message.content_type)]);
        let nonce = "KXYnfEfJ0PBRZXQyVXfVQA".to_owned();
        let (edition, now) = (message.edition, at(NOW));
        let (stamp, terms) = match message.usage {
            Usage::Request => (
                Stamp::request(edition, message.covers_body, now, nonce),
                Terms::request(edition, DigestPolicy::Either, now),
            ),
            Usage::Webhook => (
                Stamp::webhook(edition, now, nonce),
                Terms::webhook(edition, now),
            ),
        };
        let head = Head {
            method: &message.method,
            url: &message.url,
            headers: &headers,
        };
        let signed = sign(&stamp, &key, head, &message.body).expect("a signature");
        Signed {
            headers: with(&headers, &signed),
            message,
            terms,
            key,
        }
    }

    fn passes(&self) -> bool {
        let ring = Ring::of([self.key.public_jwk(self.message.usage)]);
        let head = Head {
            method: &self.message.method,
            url: &self.message.url,
            headers: &self.headers,
        };
        verify(self.terms, head, &self.message.body, &ring).is_ok()
    }
}

/// A text with one bit of one byte changed; `None` where that is no text of ASCII any more.
fn flipped(text: &str, at: usize, bit: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] ^= 1 << (bit % 7);
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_signed_verifies(message in message()) {
        prop_assert!(Signed::new(message).passes());
    }

    /// Any bit of any part that is covered, and of the signature itself.
    #[test]
    fn what_is_changed_does_not(message in message(), part in 0_u8..7, at in any::<usize>(), bit in any::<u8>()) {
        let mut signed = Signed::new(message);
        let header = |part| ["signature-input", "signature", "content-digest", "content-type"][part];
        match part {
            0 => {
                let Some(method) = flipped(&signed.message.method, at, bit) else { return Ok(()) };
                // Methods are compared in upper case.
                prop_assume!(!method.eq_ignore_ascii_case(&signed.message.method));
                signed.message.method = method;
            }
            1 => {
                let Some(url) = flipped(&signed.message.url, at, bit) else { return Ok(()) };
                // Another spelling of the same URL is the same URL.
                prop_assume!(canonical(&url) != canonical(&signed.message.url));
                signed.message.url = url;
            }
            2 => {
                prop_assume!(signed.headers.contains_key("content-digest"));
                let length = signed.message.body.len();
                signed.message.body[at % length] ^= 1 << (bit % 8);
            }
            _ => {
                let name = header(usize::from(part) - 3);
                let Some(value) = signed.headers.get(name) else { return Ok(()) };
                let text = value.to_str().expect("ASCII");
                let Some(changed) = flipped(text, at, bit) else { return Ok(()) };
                let Ok(changed) = HeaderValue::from_str(&changed) else { return Ok(()) };
                signed.headers.insert(HeaderName::from_static(name), changed);
            }
        }
        prop_assert!(!signed.passes());
    }

    /// Whatever the headers hold, there is an answer.
    #[test]
    fn arbitrary_headers_are_refused(
        input in proptest::collection::vec("[ -~]{0,60}|sig1=\\(( ?\"[@a-z-]{1,12}\"){0,5}\\)(;[a-z]{1,8}=(\"[ -~]{0,8}\"|[0-9]{1,18}|:[A-Za-z+/=_-]{0,12}:|\\?[01])){0,6}", 1..4),
        signature in proptest::collection::vec("[ -~]{0,60}|sig1=:[A-Za-z0-9+/=_-]{0,90}:", 1..4),
        url in "\\PC{0,40}|https://\\PC{0,30}",
        is_webhook in any::<bool>(),
    ) {
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, values: Vec<String>| {
            for value in values {
                headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
            }
        };
        add("signature-input", input);
        add("signature", signature);
        let head = Head { method: "POST", url: &url, headers: &headers };
        let terms = if is_webhook {
            Terms::webhook(Edition::V3_0, at(NOW))
        } else {
            Terms::request(Edition::V3_2, DigestPolicy::Either, at(NOW))
        };
        let ring = Ring::default();
        let answer = begin(terms, head, &ring).now_or_never().expect("an answer");
        prop_assert!(answer.is_err());
    }

    /// A canonical URL is its own canonical form.
    #[test]
    fn canonical_urls_stay_as_they_are(url in "https?://\\PC{0,40}|https://[a-z.]{1,12}(:[0-9]{0,5})?[!-~]{0,40}|\\PC{0,20}") {
        if let Ok(first) = canonical(&url) {
            let second = canonical(&first.target_uri);
            prop_assert_eq!(second, Ok(first));
        }
    }
}
