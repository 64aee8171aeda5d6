//! What was answered at once is told of, too: AdCP 3.0.

use std::collections::BTreeSet;
use std::time::Duration;

use adcp_seller::tasks::id_of;
use adcp_seller::webhooks::Standing;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{FREE, PROPOSING, Parts, config, line, post};
use crate::market::account;
use crate::support::TOKEN;

#[tokio::test]
async fn a_buy_that_is_answered_at_once_is_told_of_with_its_answer() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let order = post.order(json!({
        "url": buyer.url("/step/one?sig=abc"),
        "operation_id": "op-of-the-buyer",
        "token": "a-token-of-the-buyer",
    }));
    let answer = post.call("create_media_buy", order).await;
    let [told] = buyer.once(1).await.try_into().expect("one");
    assert_eq!(told.path, "/step/one?sig=abc");
    assert_eq!(told.header("content-type"), Some("application/json"));
    let body = told.json();
    assert_eq!(
        (
            &body["task_type"],
            &body["status"],
            &body["protocol"],
            &body["operation_id"],
            &body["token"],
            &body["result"]["media_buy_id"],
            &body["result"]["packages"],
        ),
        (
            &json!("create_media_buy"),
            &json!("completed"),
            &json!("media-buy"),
            &json!("op-of-the-buyer"),
            &json!("a-token-of-the-buyer"),
            &answer["media_buy_id"],
            &answer["packages"],
        )
    );
    let key = uuid::Uuid::parse_str(&told.key()).expect("a UUID");
    assert_eq!(key.get_version_num(), 4);
    let [operation] = post
        .planner
        .ad_server
        .orders()
        .into_keys()
        .collect::<Vec<_>>()
        .try_into()
        .expect("one order");
    assert_eq!(body["task_id"], id_of(&operation));
    assert_eq!(body["timestamp"], "2026-03-10T12:00:00Z");
    post.all_delivered().await;
}

#[tokio::test]
async fn the_same_request_again_is_told_of_no_second_time() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let order = post.order(config(&buyer.url("/")));
    let first = post.call("create_media_buy", order.clone()).await;
    for _ in 0..3 {
        let again = post.call("create_media_buy", order.clone()).await;
        assert_eq!(again["replayed"], true);
        assert_eq!(again["media_buy_id"], first["media_buy_id"]);
    }
    buyer.once(1).await;
    post.all_delivered().await;
    assert_eq!(buyer.received().len(), 1);
}

#[tokio::test]
async fn every_event_has_a_key_of_its_own() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    for _ in 0..5 {
        post.buy(&buyer.url("/")).await;
    }
    let keys: BTreeSet<String> = buyer.once(5).await.iter().map(|told| told.key()).collect();
    assert_eq!(keys.len(), 5);
}

#[tokio::test]
async fn changes_and_creatives_are_told_of_by_their_own_types() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let bought = post.call("create_media_buy", post.order(Value::Null)).await;
    let package = &bought["packages"][0]["package_id"];
    let change = json!({
        "idempotency_key": "a-change-of-the-budget",
        "account": account("nova"),
        "media_buy_id": bought["media_buy_id"],
        "packages": [{ "package_id": package, "budget": 700 }],
        "push_notification_config": config(&buyer.url("/change")),
    });
    post.call("update_media_buy", change).await;
    let [told] = buyer.once(1).await.try_into().expect("one");
    assert_eq!(told.json()["task_type"], "update_media_buy");
    assert_eq!(
        told.json()["result"]["media_buy_id"],
        bought["media_buy_id"]
    );
}

#[tokio::test]
async fn a_refusal_is_no_event() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let mut order = post.order(config(&buyer.url("/")));
    order["packages"][0]["product_id"] = json!("no-such-product");
    post.send_as(TOKEN, "create_media_buy", order)
        .await
        .expect_err("refused");
    assert_eq!(post.store.count("webhook"), 0);
}

#[tokio::test]
async fn a_tool_that_the_line_has_no_type_for_is_not_told_of() {
    let (post, buyer) = (post(&PROPOSING).await, Receiver::well().await);
    let request = json!({
        "buying_mode": "brief",
        "brief": "news",
        "account": account("nova"),
        "push_notification_config": config(&buyer.url("/")),
    });
    post.call("get_products", request).await;
    assert_eq!(post.store.count("webhook"), 0);
}

#[tokio::test]
async fn addresses_that_nobody_can_reach_don_t_fail_the_request() {
    for (url, reason) in [
        ("{{runner.webhook_url:trigger}}", "no URL"),
        ("ftp://127.0.0.1/hook", "not https"),
        ("http://10.1.2.3/hook", ""),
        ("https://169.254.169.254/latest", "169.254.169.254"),
    ] {
        let post = post(&FREE).await;
        let answer = post.buy(url).await;
        assert!(answer["media_buy_id"].is_string(), "{url}: {answer}");
        let dead = post.dead().await;
        let said = dead.reason.expect("a reason");
        assert!(said.contains(reason), "{url}: {said}");
        assert_eq!(dead.attempts, 1, "{url}");
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_exist_is_tried_until_the_horizon() {
    let post = post(&FREE).await;
    // A port that nobody listens on.
    let gone = Receiver::well().await.url("/");
    post.buy(&gone).await;
    let tried = post.delivery_once(|delivery| delivery.attempts == 1).await;
    assert_eq!(tried.standing, Standing::Waiting);
    assert_eq!(tried.tries.len(), 1);
    post.clock.advance(chrono::TimeDelta::minutes(61));
    let dead = post.dead().await;
    let reason = dead.reason.expect("a reason");
    assert!(reason.contains("not delivered in time"), "{reason}");
}

/// The same line under the name of a later one, whose webhooks need an `operation_id`.
fn later_line() -> &'static adcp_seller::spec::Spec {
    Box::leak(Box::new(adcp_seller::spec::Spec {
        line: "3.2",
        ..*line::spec()
    }))
}

#[tokio::test]
async fn later_lines_are_silent_about_what_was_answered_at_once() {
    let buyer = Receiver::well().await;
    let post = Parts {
        spec: later_line(),
        ..Parts::of(&FREE)
    }
    .open()
    .await;
    let config = json!({ "url": buyer.url("/"), "operation_id": "op-1" });
    post.call("create_media_buy", post.order(config)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(post.store.count("webhook"), 0);
    assert!(buyer.received().is_empty());
}

#[tokio::test]
async fn later_lines_take_no_webhook_without_an_operation_id() {
    let post = Parts {
        spec: later_line(),
        ..Parts::of(&FREE)
    }
    .open()
    .await;
    let order = post.order(config("https://hooks.nova.example/"));
    let error = post
        .send_as(TOKEN, "create_media_buy", order)
        .await
        .expect_err("refused");
    assert_eq!(
        (&error["code"], &error["field"]),
        (
            &json!("INVALID_REQUEST"),
            &json!("push_notification_config.operation_id")
        )
    );
    assert!(post.planner.ad_server.orders().is_empty());
}
