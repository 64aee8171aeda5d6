//! Keys and lists of revoked keys that a signer publishes.

use adcp_seller::auth::{Keys, Signer};
use adcp_seller::identity::Principal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::bureau::Bureau;
use super::pen::Pen;
use super::shop::{Plan, Shop, assert_turned, signer};

const KEYS: &str = "/jwks.json";
const LIST: &str = "/revoked.json";
const UNKNOWN: &str = "request_signature_key_unknown";
const STALE: &str = "request_signature_revocation_stale";

fn far(bureau: &Bureau) -> Signer {
    let url = bureau.url(KEYS);
    Signer::new(Principal("far".into()), Keys::Published(url))
}

fn publish(bureau: &Bureau, pens: &[&Pen]) {
    let keys: Vec<Value> = pens.iter().map(|pen| pen.jwk("request-signing")).collect();
    bureau.put(KEYS, json!({ "keys": keys }));
}

/// Sends something signed: its status, and the code if it was turned away.
async fn call(shop: &Shop, pen: &Pen) -> (u16, String) {
    let letter = shop.letter("create_media_buy", &json!({ "plan_id": "p" }));
    let response = shop.send(pen, &letter).await;
    let code = response
        .header("www-authenticate")
        .and_then(|challenge| challenge.split('"').nth(1))
        .unwrap_or_default();
    (response.status, code.to_owned())
}

#[track_caller]
fn assert_in((status, code): (u16, String)) {
    assert_eq!((status, code.as_str()), (200, ""));
}

#[track_caller]
fn assert_out((status, code): (u16, String), wanted: &str) {
    assert_eq!((status, code.as_str()), (401, wanted));
}

#[tokio::test]
async fn published_keys_are_fetched_once_and_rotation_is_noticed_at_once() {
    let bureau = Bureau::open().await;
    let (old, new) = (Pen::ed25519("far-1"), Pen::p256("far-2"));
    publish(&bureau, &[&old]);
    let shop = Plan::of([far(&bureau)]).open().await;
    for _ in 0..5 {
        assert_in(call(&shop, &old).await);
    }
    assert_eq!(bureau.asked(), 1);
    // The buyer rotates: its first request with the new key is taken.
    publish(&bureau, &[&old, &new]);
    assert_in(call(&shop, &new).await);
    assert_eq!(bureau.asked(), 2);
    // And in the end withdraws the old one.
    publish(&bureau, &[&new]);
    shop.clock.advance(TimeDelta::minutes(16));
    assert_in(call(&shop, &new).await);
    assert_out(call(&shop, &old).await, UNKNOWN);
}

#[tokio::test]
async fn unknown_key_ids_make_nobody_fetch_again_and_again() {
    let bureau = Bureau::open().await;
    let known = Pen::ed25519("far-1");
    publish(&bureau, &[&known]);
    let shop = Plan::of([far(&bureau)]).open().await;
    assert_in(call(&shop, &known).await);
    for count in 0..20 {
        let stranger = Pen::ed25519(&format!("stranger-{count}"));
        assert_out(call(&shop, &stranger).await, UNKNOWN);
    }
    // Once for the known one, once for the strangers.
    assert_eq!(bureau.asked(), 2);
    shop.clock.advance(TimeDelta::seconds(31));
    assert_out(call(&shop, &Pen::ed25519("stranger")).await, UNKNOWN);
    assert_eq!(bureau.asked(), 3);
}

#[tokio::test]
async fn keys_outlive_a_short_outage_and_no_long_one() {
    let bureau = Bureau::open().await;
    let pen = Pen::ed25519("far-1");
    publish(&bureau, &[&pen]);
    let shop = Plan::of([far(&bureau)]).open().await;
    assert_in(call(&shop, &pen).await);
    bureau.remove(KEYS);
    shop.clock.advance(TimeDelta::minutes(14));
    assert_in(call(&shop, &pen).await);
    shop.clock.advance(TimeDelta::minutes(2));
    assert_out(
        call(&shop, &pen).await,
        "request_signature_jwks_unavailable",
    );
    publish(&bureau, &[&pen]);
    shop.clock.advance(TimeDelta::seconds(31));
    assert_in(call(&shop, &pen).await);
}

#[tokio::test]
async fn a_key_id_of_somebody_else_takes_nothing_from_them() {
    let bureau = Bureau::open().await;
    let (mine, theirs) = (Pen::ed25519("shared-1"), Pen::ed25519("shared-1"));
    publish(&bureau, &[&theirs]);
    // The impostor's entry comes first, and still the keys that are known here go before.
    let shop = Plan::of([far(&bureau), signer("nova", &[&mine])])
        .open()
        .await;
    assert_in(call(&shop, &mine).await);
    assert_out(call(&shop, &theirs).await, "request_signature_invalid");
}

#[tokio::test]
async fn what_is_published_may_be_nonsense_without_end() {
    let bureau = Bureau::open().await;
    let pen = Pen::ed25519("far-1");
    for document in [
        "not json".to_owned(),
        json!({ "keys": "many" }).to_string(),
        format!("{{\"keys\":[{}]}}", " ".repeat(1024 * 1024)),
    ] {
        bureau.put(KEYS, document);
        let shop = Plan::of([far(&bureau)]).open().await;
        assert_out(
            call(&shop, &pen).await,
            "request_signature_jwks_unavailable",
        );
    }
}

/// A list of revoked keys as its owner signs it.
fn list(pen: &Pen, issuer: &str, updated: &str, next: &str, kids: &[&str]) -> Value {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let protected = encode(json!({
        "alg": pen.jws_alg(), "kid": pen.kid, "typ": "adcp-gov-revocation+jws",
    }));
    let payload = encode(json!({
        "version": 1, "issuer": issuer, "updated": updated, "next_update": next,
        "revoked_jtis": [], "revoked_kids": kids,
    }));
    let signature = URL_SAFE_NO_PAD.encode(pen.bytes(format!("{protected}.{payload}").as_bytes()));
    json!({ "payload": payload, "signatures": [{ "protected": protected, "signature": signature }] })
}

/// A signer with two keys and a list.
struct Careful {
    bureau: Bureau,
    first: Pen,
    second: Pen,
}

impl Careful {
    async fn open() -> Self {
        Careful {
            bureau: Bureau::open().await,
            first: Pen::ed25519("careful-1"),
            second: Pen::p256("careful-2"),
        }
    }

    async fn shop(&self) -> Shop {
        let mut careful = signer("careful", &[&self.first, &self.second]);
        careful.revocation_url = Some(self.bureau.url(LIST));
        Plan::of([careful]).open().await
    }

    fn put(&self, updated: &str, next: &str, kids: &[&str]) {
        let issuer = self.bureau.url("");
        self.bureau
            .put(LIST, list(&self.second, &issuer, updated, next, kids));
    }
}

const BEFORE: &str = "2026-03-10T11:50:00Z";
const T0: &str = "2026-03-10T12:00:00Z";
const T10: &str = "2026-03-10T12:10:00Z";
const T20: &str = "2026-03-10T12:20:00Z";

#[tokio::test]
async fn a_revoked_key_is_refused_and_stays_so() {
    let careful = Careful::open().await;
    careful.put(T0, T10, &["careful-1"]);
    let shop = careful.shop().await;
    let revoked = "request_signature_key_revoked";
    assert_out(call(&shop, &careful.first).await, revoked);
    assert_in(call(&shop, &careful.second).await);
    // Also when the list can't be had any more; the other key is not taken then, either.
    careful.bureau.remove(LIST);
    shop.clock.advance(TimeDelta::minutes(9));
    assert_in(call(&shop, &careful.second).await);
    shop.clock.advance(TimeDelta::minutes(60));
    assert_out(call(&shop, &careful.first).await, revoked);
    assert_out(call(&shop, &careful.second).await, STALE);
    // A new list ends that.
    careful.put(
        "2026-03-10T13:09:00Z",
        "2026-03-10T13:19:00Z",
        &["careful-1"],
    );
    shop.clock.advance(TimeDelta::seconds(31));
    assert_in(call(&shop, &careful.second).await);
}

#[tokio::test]
async fn who_has_stolen_a_key_takes_no_revocation_back() {
    let careful = Careful::open().await;
    careful.put(T0, T10, &["careful-1"]);
    let shop = careful.shop().await;
    let revoked = "request_signature_key_revoked";
    assert_out(call(&shop, &careful.first).await, revoked);
    // Nor does the owner, by a list that leaves the key out.
    careful.put(T10, T20, &[]);
    shop.clock.advance(TimeDelta::minutes(35));
    assert_in(call(&shop, &careful.second).await);
    assert_out(call(&shop, &careful.first).await, revoked);
    // A list by the stolen key is none, so the last one grows too old.
    let issuer = careful.bureau.url("");
    let forged = list(&careful.first, &issuer, T20, "2026-03-10T13:30:00Z", &[]);
    careful.bureau.put(LIST, forged);
    shop.clock.advance(TimeDelta::minutes(60));
    assert_out(call(&shop, &careful.second).await, STALE);
}

#[tokio::test]
async fn a_list_that_is_not_genuine_counts_as_none() {
    let careful = Careful::open().await;
    let issuer = careful.bureau.url("");
    let stranger = Pen::ed25519("careful-1");
    let mut tampered = list(&careful.second, &issuer, T0, T10, &["careful-1"]);
    tampered["payload"] = list(&careful.second, &issuer, T0, T10, &[])["payload"].clone();
    let unsigned = json!({ "issuer": issuer, "updated": T0, "next_update": T10, "revoked_kids": [], "revoked_jtis": [] });
    for document in [
        list(&stranger, &issuer, T0, T10, &[]),
        list(&careful.second, "https://elsewhere.example", T0, T10, &[]),
        list(&careful.second, &issuer, T10, T0, &[]),
        // It comes from the future, and would keep all others away until then.
        list(&careful.second, &issuer, T10, T20, &[]),
        tampered,
        unsigned,
    ] {
        careful.bureau.put(LIST, &document);
        let shop = careful.shop().await;
        let answer = call(&shop, &careful.second).await;
        assert_eq!(answer, (401, STALE.to_owned()), "{document}");
    }
}

#[tokio::test]
async fn a_list_is_read_in_its_compact_form_and_never_goes_back() {
    let careful = Careful::open().await;
    let issuer = careful.bureau.url("");
    let new = list(&careful.first, &issuer, T0, T10, &["careful-2"]);
    let part = |value: &Value| value.as_str().expect("text").to_owned();
    let compact = format!(
        "{}.{}.{}",
        part(&new["signatures"][0]["protected"]),
        part(&new["payload"]),
        part(&new["signatures"][0]["signature"])
    );
    careful.bureau.put(LIST, compact);
    let shop = careful.shop().await;
    let revoked = "request_signature_key_revoked";
    assert_out(call(&shop, &careful.second).await, revoked);
    // Whoever serves an older list can't take the revocation back.
    careful
        .bureau
        .put(LIST, list(&careful.first, &issuer, BEFORE, T20, &[]));
    shop.clock.advance(TimeDelta::minutes(25));
    let letter = shop.letter("create_media_buy", &json!({}));
    assert_turned(&shop.send(&careful.second, &letter).await, revoked);
}
