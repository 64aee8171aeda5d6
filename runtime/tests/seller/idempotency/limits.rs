//! How large a request may be, how long its answer is kept, and how many new keys a caller may use.

use adcp_seller::profile::{Entry, Profile, Rate};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{self, Market, Parts, banner};
use crate::support::OTHER_TOKEN;

async fn open(profile: &'static Profile) -> Market {
    let ad_server = market::AdServer::default();
    let parts = Parts {
        sandbox: true,
        ..Parts::of(profile)
    };
    parts.open(ad_server.clone(), ad_server).await
}

fn order(key: &str, note: &str) -> Value {
    let mut order = market::order(json!([banner(5000.0)]));
    order["idempotency_key"] = json!(key);
    order["ext"] = json!({ "note": note });
    order
}

#[tokio::test]
async fn a_request_larger_than_what_is_kept_for_replays_is_refused() {
    static SMALL: Profile = Profile {
        entry: Entry {
            largest_request: 1000,
            ..Entry::PLAIN
        },
        ..market::EXPLICIT
    };
    let market = open(&SMALL).await;
    let error = market
        .error(
            "create_media_buy",
            order("larger-than-kept-01", &"x".repeat(1000)),
        )
        .await;
    assert_eq!(error["code"], "INVALID_REQUEST");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("at most 1000"), "{message}");
    assert!(market.ad_server.orders().is_empty());
    // What is outside the hash does not count: the key, the context, how it is written.
    let mut fits = order("larger-than-kept-01", "x");
    fits["context"] = json!({ "trace": "y".repeat(2000) });
    market.call("create_media_buy", fits).await;
    // Nothing is kept of a read, so it may be as large as a body.
    let brief = json!({ "brief": "x".repeat(2000), "buying_mode": "brief" });
    market.call("get_products", brief).await;
}

#[tokio::test]
async fn answers_are_kept_as_long_as_the_manifest_says() {
    static HOUR: Profile = Profile {
        idempotency_ttl_seconds: 3600,
        ..market::EXPLICIT
    };
    let market = open(&HOUR).await;
    let capabilities = market.call("get_adcp_capabilities", json!({})).await;
    let said = &capabilities["adcp"]["idempotency"];
    assert_eq!(
        *said,
        json!({ "supported": true, "replay_ttl_seconds": 3600 })
    );
    let request = order("kept-for-one-hour-01", "x");
    market.call("create_media_buy", request.clone()).await;
    market.clock.advance(TimeDelta::seconds(3659));
    let late = market.call("create_media_buy", request.clone()).await;
    assert_eq!(late["replayed"], true);
    market.clock.advance(TimeDelta::seconds(2));
    for different in [request, order("kept-for-one-hour-01", "y")] {
        let refused = market.refused("create_media_buy", different).await;
        assert_eq!(refused.0, "IDEMPOTENCY_EXPIRED");
    }
    assert_eq!(market.ad_server.orders().len(), 1);
}

#[tokio::test]
async fn new_keys_are_bounded_and_replays_are_not() {
    static FEW: Profile = Profile {
        entry: Entry {
            fresh_keys: Rate {
                per_minute: 1,
                burst: 3,
            },
            ..Entry::PLAIN
        },
        ..market::EXPLICIT
    };
    let market = open(&FEW).await;
    let key = |at: usize| order(&format!("one-of-many-keys-{at:02}"), "x");
    for at in 0..3 {
        market.call("create_media_buy", key(at)).await;
    }
    let error = market.error("create_media_buy", key(3)).await;
    assert_eq!(error["code"], "RATE_LIMITED");
    let wait = error["retry_after"].as_u64().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(market.ad_server.orders().len(), 3);
    let again = market.call("create_media_buy", key(0)).await;
    assert_eq!(again["replayed"], true);
    market
        .call_as(OTHER_TOKEN, "create_media_buy", key(3))
        .await;
}
