//! Which keys are taken, and what they belong to.

use serde_json::{Value, json};

use crate::market::{self, account, banner, in_earnest};
use crate::support::{assert_refused, booking, sandbox};

#[tokio::test]
async fn a_change_without_a_fit_key_is_refused_before_anything_else() {
    let bench = sandbox().await;
    let before = bench.store.contents();
    let long = "k".repeat(256);
    let unfit = [
        Value::Null,
        json!("too-short"),
        json!("a key with spaces in it"),
        json!("ключ-из-других-букв"),
        json!(long),
        json!(1_234_567_890_123_456_u64),
    ];
    for key in unfit {
        let mut request = booking("");
        request["idempotency_key"] = key.clone();
        let result = bench.call("create_media_buy", request).await;
        assert_refused(&result, &["INVALID_REQUEST"]);
        let error = &result["structuredContent"]["adcp_error"];
        assert_eq!(error["field"], "idempotency_key", "{key}: {error}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("idempotency_key"), "{message}");
    }
    let mut request = booking("");
    request
        .as_object_mut()
        .expect("an object")
        .remove("idempotency_key");
    let result = bench.call("create_media_buy", request).await;
    assert_refused(&result, &["INVALID_REQUEST"]);
    let error = &result["structuredContent"]["adcp_error"];
    assert_eq!(error["field"], "idempotency_key");
    assert_eq!(bench.store.contents(), before);
}

/// In a sandbox a key is the caller's alone; see `replays`.
#[tokio::test]
async fn in_earnest_a_key_belongs_to_one_account() {
    let market = in_earnest().await;
    let entry = |brand: &str| {
        let mut entry = account(brand);
        entry["billing"] = json!("operator");
        entry
    };
    let accounts = json!({ "accounts": [entry("nova"), entry("lumen")] });
    market.call("sync_accounts", accounts).await;
    let order = |brand: &str, budget: f64| {
        let mut order = market::order(json!([banner(budget)]));
        order["account"] = account(brand);
        order["idempotency_key"] = json!("one-key-of-two-accounts");
        order
    };
    let one = market.call("create_media_buy", order("nova", 5000.0)).await;
    let other = market
        .call("create_media_buy", order("lumen", 5000.0))
        .await;
    assert_eq!(other.get("replayed"), None);
    assert_ne!(one["media_buy_id"], other["media_buy_id"]);
    for brand in ["nova", "lumen"] {
        let again = market.call("create_media_buy", order(brand, 5000.0)).await;
        assert_eq!(again["replayed"], true);
        let conflict = market
            .refused("create_media_buy", order(brand, 6000.0))
            .await;
        assert_eq!(conflict, ("IDEMPOTENCY_CONFLICT".to_owned(), None));
    }
    assert_eq!(market.ad_server.orders().len(), 2);
}

#[tokio::test]
async fn numbers_that_no_two_systems_read_alike_are_refused() {
    let bench = sandbox().await;
    let mut request = booking("numbers-of-every-kind");
    request["ext"] = json!({ "count": 9_007_199_254_740_993_u64 });
    let result = bench.call("create_media_buy", request.clone()).await;
    assert_refused(&result, &["INVALID_REQUEST"]);
    let error = &result["structuredContent"]["adcp_error"];
    assert_eq!(error["field"], "ext.count", "{error}");
    // What was refused has not used the key up.
    request["ext"] = json!({ "count": 9_007_199_254_740_991_u64 });
    let first = bench.call("create_media_buy", request.clone()).await;
    assert_eq!(first["isError"], false, "{first}");
    request["ext"] = json!({ "count": 9_007_199_254_740_991.0 });
    let again = bench.call("create_media_buy", request).await;
    assert_eq!(again["structuredContent"]["replayed"], true);
}

#[tokio::test]
async fn a_missing_member_is_not_the_same_as_null() {
    let bench = sandbox().await;
    let mut request = booking("absent-is-not-null-01");
    request["ext"] = json!({ "note": null });
    bench.call("create_media_buy", request.clone()).await;
    request["ext"] = json!({});
    let result = bench.call("create_media_buy", request).await;
    assert_refused(&result, &["IDEMPOTENCY_CONFLICT"]);
}
