//! A signature is good once, and one key for so many.

use std::sync::Arc;

use adcp_seller::identity::{Principal, TenantId};
use adcp_seller::store;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::pen::{Letter, Pen};
use super::shop::{Plan, assert_turned, signer};

const ORDER: &str = "create_media_buy";
const REPLAYED: &str = "request_signature_replayed";
const ABUSE: &str = "request_signature_rate_abuse";

fn anything() -> Value {
    json!({ "plan_id": "plan_001" })
}

#[tokio::test]
async fn the_same_signature_passes_once() {
    let pen = Pen::ed25519("nova-1");
    let shop = Plan::of([signer("nova", &[&pen])]).open().await;
    let letter = shop.letter(ORDER, &anything());
    let headers = pen.sign(&letter);
    assert_eq!(shop.post(&letter, headers.clone()).await.status, 200);
    assert_turned(&shop.post(&letter, headers).await, REPLAYED);
    // So does the nonce, whatever else it signs.
    let other = shop
        .letter("update_media_buy", &anything())
        .with(|other| other.nonce = letter.nonce.clone());
    assert_turned(&shop.send(&pen, &other).await, REPLAYED);
    // It is kept for as long as the signature could be good.
    shop.clock.advance(TimeDelta::seconds(355));
    let late = shop
        .letter(ORDER, &anything())
        .with(|late| late.nonce = letter.nonce.clone());
    assert_turned(&shop.send(&pen, &late).await, REPLAYED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_copies_at_once_one_passes() {
    let pen = Pen::ed25519("nova-1");
    let shop = Arc::new(Plan::of([signer("nova", &[&pen])]).open().await);
    let letter = shop.letter(ORDER, &anything());
    let headers = pen.sign(&letter);
    let copies = (0..24).map(|_| {
        let (shop, letter, headers) = (Arc::clone(&shop), letter.clone(), headers.clone());
        tokio::spawn(async move { shop.post(&letter, headers).await.status })
    });
    let mut statuses = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        statuses.push(copy.await.expect("an answer"));
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 23);
}

#[tokio::test]
async fn two_processes_on_one_file_know_each_others_nonces_and_share_the_cap() {
    const CAP: u64 = 12;
    let pen = Pen::ed25519("nova-1");
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite:{}", folder.path().join("seller.db").display());
    let open = async || {
        let mut nova = signer("nova", &[&pen]);
        nova.cap = CAP;
        let plan = Plan::of([nova]);
        let store = store::open(&file).expect("the file opens");
        Plan { store, ..plan }.open().await
    };
    // Each has a connection, caches and counts of its own.
    let (one, other) = (open().await, open().await);
    let letter = one.letter(ORDER, &anything());
    assert_eq!(one.send(&pen, &letter).await.status, 200);
    let copied = other
        .letter(ORDER, &anything())
        .with(|copied| copied.nonce = letter.nonce.clone());
    assert_turned(&other.send(&pen, &copied).await, REPLAYED);
    for count in 1..CAP {
        let shop = if count % 2 == 0 { &one } else { &other };
        let letter = shop.letter(ORDER, &anything());
        let response = shop.send(&pen, &letter).await;
        assert_eq!(response.status, 200, "{count}: {}", response.text());
    }
    for shop in [&one, &other] {
        let letter = shop.letter(ORDER, &anything());
        assert_turned(&shop.send(&pen, &letter).await, ABUSE);
    }
}

#[tokio::test]
async fn a_key_at_its_cap_is_refused_before_cryptography_and_others_are_not() {
    let (busy, calm) = (Pen::ed25519("busy-1"), Pen::ed25519("calm-1"));
    let mut hasty = signer("busy", &[&busy]);
    hasty.cap = 3;
    let shop = Plan::of([hasty, signer("calm", &[&calm])]).open().await;
    for _ in 0..3 {
        let letter = shop.letter(ORDER, &anything());
        assert_eq!(shop.send(&busy, &letter).await.status, 200);
    }
    let letter = shop.letter(ORDER, &anything());
    assert_turned(&shop.send(&busy, &letter).await, ABUSE);
    // Forged ones count for nothing and are not looked at any closer.
    let forger = Pen::ed25519("busy-1");
    let letter = shop.letter(ORDER, &anything());
    assert_turned(&shop.send(&forger, &letter).await, ABUSE);
    let letter = shop.letter(ORDER, &anything());
    assert_eq!(shop.send(&calm, &letter).await.status, 200);
    // Room comes back with time.
    shop.clock.advance(TimeDelta::seconds(541));
    let letter = shop.letter(ORDER, &anything());
    assert_eq!(shop.send(&busy, &letter).await.status, 200);
}

#[tokio::test]
async fn forged_signatures_use_nothing_up() {
    let pen = Pen::ed25519("nova-1");
    let mut nova = signer("nova", &[&pen]);
    nova.cap = 1;
    let shop = Plan::of([nova]).open().await;
    let forger = Pen::ed25519("nova-1");
    let letter = shop.letter(ORDER, &anything());
    for _ in 0..5 {
        assert_turned(
            &shop.send(&forger, &letter).await,
            "request_signature_invalid",
        );
    }
    assert_eq!(shop.store.count("nonce"), 0);
    assert_eq!(shop.send(&pen, &letter).await.status, 200);
    assert_eq!(shop.store.count("nonce"), 1);
}

#[tokio::test]
async fn a_nonce_leaves_a_trace_that_names_nobody() {
    let pen = Pen::ed25519("nova-1");
    let shop = Plan::of([signer("nova", &[&pen])]).open().await;
    let letter: Letter = shop.letter(ORDER, &anything());
    shop.send(&pen, &letter).await;
    let contents = shop.store.contents();
    let (key, body) = contents
        .iter()
        .find(|(key, _)| key.kind == "nonce")
        .expect("a record");
    assert_eq!(key.scope.tenant, TenantId(TenantId::SINGLE.to_owned()));
    assert!(body.is_null() && key.id.len() == 32, "{key:?} {body}");
    assert_ne!(Principal(key.id.clone()), Principal("nova".into()));
}
