//! A receiver can tell that it is this seller who sends, in the way that was agreed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use adcp_seller::clock::Timestamp;
use adcp_seller::outbound::Reach;
use adcp_seller::seller::Trust;
use adcp_seller::signing::{
    self, Edition, Head, KeySet, KeyTrouble, Keyring, PublicKey, Remembered, SigningKey, Standing,
    Terms, Unavailable, Usage,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::receiver::{Received, Receiver, Reply};
use super::{FREE, NOW, Parts, TOKEN, config, post};

/// What sender and receiver share.
const SECRET: &str = "a-secret-that-both-sides-have-0123";

/// A buyer that knows the seller's key and the nonces that it has seen.
#[derive(Default)]
struct Buyer {
    keys: KeySet,
    seen: Mutex<HashSet<String>>,
}

impl Buyer {
    fn who_knows(key: &SigningKey) -> Self {
        let document = json!({ "keys": [key.public_jwk(Usage::Webhook)] });
        Buyer {
            keys: KeySet::parse(document.to_string().as_bytes()).expect("a key set"),
            seen: Mutex::default(),
        }
    }

    async fn verify(&self, told: &Received, origin: &str) -> Result<String, String> {
        let now: Timestamp = NOW.parse().expect("an instant");
        let url = format!("{origin}{}", told.path);
        let head = Head {
            method: "POST",
            url: &url,
            headers: &told.headers,
        };
        let terms = Terms::webhook(Edition::V3_0, now);
        let verified = signing::begin(terms, head, self)
            .await
            .map_err(|failure| format!("{failure:?}"))?;
        let signer = verified
            .finish(&told.body, self)
            .await
            .map_err(|failure| format!("{failure:?}"))?;
        Ok(signer.keyid)
    }
}

impl Keyring for Buyer {
    async fn key(&self, keyid: &str) -> Result<Option<Arc<PublicKey>>, KeyTrouble> {
        Ok(self.keys.get(keyid).cloned())
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
        nonce: &str,
        _: Timestamp,
    ) -> Result<Remembered, Unavailable> {
        let fresh = self.seen.lock().expect("a lock").insert(nonce.to_owned());
        Ok(if fresh {
            Remembered::Fresh
        } else {
            Remembered::Seen
        })
    }
}

#[tokio::test]
async fn a_signature_verifies_on_every_attempt() {
    let key = Arc::new(SigningKey::generate().expect("a key"));
    let usual = Parts::of(&FREE);
    let post = Parts {
        trust: Trust {
            webhook_key: Some(Arc::clone(&key)),
            ..usual.trust.clone()
        },
        ..usual
    }
    .open()
    .await;
    let receiver = Receiver::well().await;
    receiver.then([Reply::Saying(503, "retry-after", "1".to_owned())]);
    post.buy(&receiver.url("/hook/1?step=a%2Fb")).await;
    post.delivery_once(|delivery| delivery.attempts == 1).await;
    // Within the window of the first signature, so that both are judged at one instant.
    post.clock.advance(chrono::TimeDelta::seconds(2));
    let received = receiver.once(2).await;
    let buyer = Buyer::who_knows(&key);
    for told in &received {
        let keyid = buyer.verify(told, &receiver.origin).await.expect("genuine");
        assert_eq!(keyid, key.keyid());
        assert!(told.header("authorization").is_none());
    }
    let again = buyer.verify(&received[0], &receiver.origin).await;
    assert!(again.is_err(), "its nonce was seen: {again:?}");
    let mut forged = received[1].clone();
    forged.body.push(b' ');
    let buyer = Buyer::who_knows(&key);
    assert!(buyer.verify(&forged, &receiver.origin).await.is_err());
}

#[tokio::test]
async fn a_bearer_token_is_sent_where_it_was_agreed() {
    let (post, receiver) = (post(&FREE).await, Receiver::well().await);
    let config = json!({
        "url": receiver.url("/"),
        "authentication": { "schemes": ["Bearer"], "credentials": SECRET },
    });
    post.call("create_media_buy", post.order(config)).await;
    let [told] = receiver.once(1).await.try_into().expect("one");
    let authorization = format!("Bearer {SECRET}");
    assert_eq!(told.header("authorization"), Some(authorization.as_str()));
    assert!(told.header("signature").is_none(), "one proof, not two");
    assert!(!told.json().to_string().contains(SECRET));
}

#[tokio::test]
async fn an_hmac_over_the_exact_bytes_is_sent_where_it_was_agreed() {
    let (post, receiver) = (post(&FREE).await, Receiver::well().await);
    let config = json!({
        "url": receiver.url("/"),
        "authentication": { "schemes": ["HMAC-SHA256"], "credentials": SECRET },
    });
    post.call("create_media_buy", post.order(config)).await;
    let [told] = receiver.once(1).await.try_into().expect("one");
    let timestamp = told.header("x-adcp-timestamp").expect("when");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(&told.body);
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!("sha256={hex}");
    assert_eq!(told.header("x-adcp-signature"), Some(expected.as_str()));
    assert!(told.header("signature").is_none(), "one proof, not two");
}

#[tokio::test]
async fn a_seller_without_a_key_says_so_and_takes_no_receiver_that_wants_a_signature() {
    let post = Parts {
        trust: Trust {
            reach: Reach::AndLoopback,
            ..Trust::default()
        },
        ..Parts::of(&FREE)
    }
    .open()
    .await;
    let said = post.call("get_adcp_capabilities", json!({})).await;
    assert_eq!(
        said["webhook_signing"],
        json!({ "supported": false, "legacy_hmac_fallback": true })
    );
    let receiver = Receiver::well().await;
    let order = post.order(config(&receiver.url("/")));
    let error = post
        .send_as(TOKEN, "create_media_buy", order)
        .await
        .expect_err("refused");
    assert_eq!(
        (&error["code"], &error["field"]),
        (
            &json!("UNSUPPORTED_FEATURE"),
            &json!("push_notification_config")
        )
    );
}

#[tokio::test]
async fn the_algorithm_of_the_key_is_declared() {
    let post = post(&FREE).await;
    let said = post.call("get_adcp_capabilities", json!({})).await;
    assert_eq!(
        said["webhook_signing"],
        json!({
            "supported": true,
            "profile": "adcp/webhook-signing/v1",
            "algorithms": ["ed25519"],
            "legacy_hmac_fallback": true,
        })
    );
}
