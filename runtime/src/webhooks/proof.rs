//! What shows a receiver who sends: headers, made anew for every attempt over the same body.
//!
//! Which proof is a switch (`core/push-notification-config.json`): a receiver that was registered
//! with `authentication` gets the older scheme and never a signature, one without gets the
//! signature and nothing else. There is no second choice when the first can't be had, since a
//! receiver must be able to refuse whatever comes in another way than was agreed.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ring::hmac::{HMAC_SHA256, Key, sign};

use super::{Authentication, Form, Scheme, Subscription};
use crate::clock::Timestamp;
use crate::jcs::hex;
use crate::outbound::Failed;
use crate::signing::{self, Edition, Head, SigningKey, Stamp};

/// Where the older signature stands: `sha256=` and the HMAC in hexadecimal.
const LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-adcp-signature");
/// When it was made, in seconds since 1970: the text that it covers before the body.
const LEGACY_TIMESTAMP: HeaderName = HeaderName::from_static("x-adcp-timestamp");
/// Where receivers of A2A look for the token that they registered.
const A2A_TOKEN: HeaderName = HeaderName::from_static("x-a2a-notification-token");
/// The shortest shared secret, in bytes (`core/push-notification-config.json`, `credentials`).
const SHORTEST_SECRET: usize = 32;

/// One attempt, as far as a proof covers it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// The target, as it goes over the wire.
    pub(super) url: &'a str,
    /// The body, byte for byte.
    pub(super) body: &'a [u8],
    /// The present instant.
    pub(super) now: Timestamp,
}

/// All headers of an attempt.
///
/// # Errors
///
/// When the proof that was agreed can't be given. Then nothing may be sent.
pub(super) fn headers(
    subscription: &Subscription,
    key: Option<&SigningKey>,
    edition: Edition,
    message: &Message<'_>,
) -> Result<HeaderMap, Failed> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let a2a = subscription.form != Form::Adcp;
    // AdCP's own payload carries the token inside, A2A's beside it.
    if let Some(token) = subscription.token.as_deref().filter(|_| a2a) {
        headers.insert(A2A_TOKEN, secret(token, "the token")?);
    }
    match (&subscription.authentication, key) {
        (Some(agreed), _) => shared(&mut headers, agreed, message)?,
        (None, Some(key)) => signature(&mut headers, key, edition, message)?,
        // A2A knows no signatures; its receivers go by the token.
        (None, None) if a2a => {}
        (None, None) => {
            return Err(unproved(
                "the seller has no key to sign with; give it one with --webhook-key",
            ));
        }
    }
    Ok(headers)
}

/// Proves it by a secret that both sides know.
fn shared(
    headers: &mut HeaderMap,
    agreed: &Authentication,
    message: &Message<'_>,
) -> Result<(), Failed> {
    let credentials = &agreed.credentials;
    match agreed.scheme {
        Scheme::Bearer => {
            let value = secret(&format!("Bearer {credentials}"), "the bearer token")?;
            headers.insert(AUTHORIZATION, value);
        }
        Scheme::HmacSha256 if credentials.len() < SHORTEST_SECRET => {
            return Err(unproved("the shared secret has fewer than 32 bytes"));
        }
        Scheme::HmacSha256 => {
            let timestamp = message.now.timestamp();
            let signature = hmac(credentials.as_bytes(), timestamp, message.body);
            let value = secret(&format!("sha256={signature}"), "the signature")?;
            headers.insert(LEGACY_SIGNATURE, value);
            headers.insert(LEGACY_TIMESTAMP, HeaderValue::from(timestamp));
        }
    }
    Ok(())
}

/// The HMAC over `<timestamp>.<body>`, in hexadecimal.
fn hmac(secret: &[u8], timestamp: i64, body: &[u8]) -> String {
    let covered = [format!("{timestamp}.").as_bytes(), body].concat();
    hex(sign(&Key::new(HMAC_SHA256, secret), &covered).as_ref())
}

/// Signs by RFC 9421, the body included, with an instant and a nonce of its own.
fn signature(
    headers: &mut HeaderMap,
    key: &SigningKey,
    edition: Edition,
    message: &Message<'_>,
) -> Result<(), Failed> {
    let nonce = signing::fresh_nonce().map_err(|error| unproved(&error.to_string()))?;
    let stamp = Stamp::webhook(edition, message.now, nonce);
    let head = Head {
        method: "POST",
        url: message.url,
        headers,
    };
    let signed = signing::sign(&stamp, key, head, message.body)
        .map_err(|error| unproved(&error.to_string()))?;
    signed
        .write(headers)
        .map_err(|error| unproved(&error.to_string()))
}

/// A header value that is never logged.
fn secret(text: &str, what: &str) -> Result<HeaderValue, Failed> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| unproved(&format!("{what} has characters that no header can carry")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unproved(reason: &str) -> Failed {
    Failed::Unproved(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::signing::{
        CONTENT_DIGEST, KeySet, KeyTrouble, Keyring, PublicKey, Remembered, SIGNATURE,
        SIGNATURE_INPUT, Standing, Terms, Unavailable, Usage,
    };

    const URL: &str = "https://hooks.buyer.example/adcp?op=1";
    const BODY: &[u8] = br#"{"idempotency_key":"k","status":"completed"}"#;
    const SECRET: &str = "a-shared-secret-of-thirty-two-by";

    fn subscription(scheme: Option<(Scheme, &str)>, form: Form) -> Subscription {
        Subscription {
            url: URL.to_owned(),
            token: Some("what-the-receiver-wants-to-find".to_owned()),
            operation_id: None,
            authentication: scheme.map(|(scheme, credentials)| Authentication {
                scheme,
                credentials: credentials.to_owned(),
            }),
            form,
            id: None,
            context_id: None,
            task_id: None,
        }
    }

    fn message() -> Message<'static> {
        Message {
            url: URL,
            body: BODY,
            now: "2026-09-21T14:13:20Z".parse().expect("an instant"),
        }
    }

    fn key() -> SigningKey {
        SigningKey::generate().expect("a key")
    }

    fn proof(subscription: &Subscription, key: Option<&SigningKey>) -> Result<HeaderMap, Failed> {
        headers(subscription, key, Edition::V3_0, &message())
    }

    #[test]
    fn the_hmac_covers_timestamp_and_bytes_as_they_are() {
        // The secret and three of the signatures that the specification publishes.
        let secret = "cc237f7fe354609bb41360c6530a2deb7926f3cc55e91df3ff90e37202950b6c";
        let published = [
            (
                1_700_000_000,
                "{}",
                "06338bfc687c7a3677ea16420e527469d6717bb966451d29c685de8f0270f073",
            ),
            (
                1_700_000_000,
                "{\"brand_name\":\"Caf\u{e9} M\u{fc}nch\u{eb}n\",\"tagline\":\"日本語テスト\"}",
                "0e445863247724694581d538497527218443961f15c9645d656b52d8fdca4f9c",
            ),
            (
                0,
                "{\"event\":\"test\"}",
                "e098ea1f745765614027918d988930b96c38a2f8e2b5d05560f4bffa53d77dcd",
            ),
        ];
        for (timestamp, body, signature) in published {
            let found = hmac(secret.as_bytes(), timestamp, body.as_bytes());
            assert_eq!(found, signature, "{body}");
        }
    }

    #[test]
    fn the_older_scheme_rules_out_the_signature() {
        let key = key();
        let agreed = subscription(Some((Scheme::HmacSha256, SECRET)), Form::Adcp);
        let headers = proof(&agreed, Some(&key)).expect("headers");
        let expected = hmac(SECRET.as_bytes(), 1_790_000_000, BODY);
        assert_eq!(headers["x-adcp-signature"], format!("sha256={expected}"));
        assert_eq!(headers["x-adcp-timestamp"], "1790000000");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers.len(), 3, "{headers:?}");

        let agreed = subscription(Some((Scheme::Bearer, SECRET)), Form::Adcp);
        let headers = proof(&agreed, Some(&key)).expect("headers");
        assert_eq!(headers["authorization"], format!("Bearer {SECRET}"));
        assert_eq!(headers.len(), 2, "{headers:?}");
    }

    #[tokio::test]
    async fn without_it_every_attempt_is_signed_anew_over_the_same_body() {
        let key = key();
        let unauthenticated = subscription(None, Form::Adcp);
        let one = proof(&unauthenticated, Some(&key)).expect("headers");
        let two = proof(&unauthenticated, Some(&key)).expect("headers");
        assert_eq!(one[CONTENT_DIGEST], two[CONTENT_DIGEST]);
        assert_ne!(one[SIGNATURE_INPUT], two[SIGNATURE_INPUT]);
        assert_ne!(one[SIGNATURE], two[SIGNATURE]);
        assert_eq!(one.len(), 4, "{one:?}");
        for headers in [one, two] {
            verify(&headers, &key).await;
        }
    }

    /// Does what a receiver does that has fetched the seller's published keys.
    async fn verify(headers: &HeaderMap, key: &SigningKey) {
        let message = message();
        let document = json!({ "keys": [key.public_jwk(Usage::Webhook)] });
        let receiver = Receiver(KeySet::parse(document.to_string().as_bytes()).expect("keys"));
        let head = Head {
            method: "POST",
            url: message.url,
            headers,
        };
        let terms = Terms::webhook(Edition::V3_0, message.now);
        let begun = signing::begin(terms, head, &receiver).await;
        let verified = begun.expect("the head is genuine");
        assert_eq!(verified.keyid(), key.keyid());
        let finished = verified.finish(message.body, &receiver).await;
        finished.expect("the body is genuine");
    }

    struct Receiver(KeySet);

    impl Keyring for Receiver {
        async fn key(&self, keyid: &str) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
            Ok(self.0.get(keyid).cloned())
        }

        async fn standing(&self, _: &str) -> Result<Standing, Unavailable> {
            Ok(Standing::Good)
        }

        async fn has_room(&self, _: &str) -> Result<bool, Unavailable> {
            Ok(true)
        }

        async fn remember(
            &self,
            _: &str,
            _: &str,
            _: Timestamp,
        ) -> Result<Remembered, Unavailable> {
            Ok(Remembered::Fresh)
        }
    }

    #[test]
    fn without_a_key_nothing_is_sent_unless_the_receiver_never_looks_for_a_signature() {
        let failed = proof(&subscription(None, Form::Adcp), None);
        assert!(matches!(failed, Err(Failed::Unproved(_))), "{failed:?}");
        for form in [Form::A2aV03, Form::A2aV10] {
            let headers = proof(&subscription(None, form), None).expect("headers");
            let token = &headers["x-a2a-notification-token"];
            assert_eq!(token, "what-the-receiver-wants-to-find");
            assert_eq!(headers.len(), 2, "{headers:?}");
        }
    }

    #[test]
    fn what_can_not_be_sent_or_is_too_weak_is_refused_without_being_repeated() {
        let weak = &SECRET[1..];
        let unsendable = "t0ps3cret\r\nx-forged: yes";
        for (scheme, credentials) in [(Scheme::HmacSha256, weak), (Scheme::Bearer, unsendable)] {
            let agreed = subscription(Some((scheme, credentials)), Form::Adcp);
            let failed = proof(&agreed, None).expect_err("no proof");
            assert!(matches!(failed, Failed::Unproved(_)), "{failed:?}");
            assert!(!failed.to_string().contains(credentials));
        }
    }

    #[test]
    fn secrets_are_not_logged_with_the_headers() {
        let agreed = subscription(Some((Scheme::Bearer, SECRET)), Form::A2aV03);
        let shown = format!("{:?}", proof(&agreed, None).expect("headers"));
        assert!(
            !shown.contains(SECRET) && !shown.contains("wants-to-find"),
            "{shown}"
        );
    }
}
