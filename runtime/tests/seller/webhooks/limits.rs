//! How much of what a buyer piles up is kept.

use adcp_seller::identity::Principal;
use adcp_seller::store::{Batch, Store as _};
use adcp_seller::tasks::TaskStatus;
use adcp_seller::webhooks::TaskEvent;
use adcp_seller::webhooks::{
    self, Event, LARGEST_BODY, MOST_DEAD, MOST_WAITING, Standing, Subscription,
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{FREE, Post, config, post, tenant};
use crate::support::{OTHER_TOKEN, TOKEN};

fn event(post: &Post, result: Value) -> Event {
    let task = TaskEvent {
        task_id: "task_1".to_owned(),
        tool: "create_media_buy".to_owned(),
        status: TaskStatus::Completed,
        message: None,
        result: Some(result),
    };
    Event::task(task, post.services().clock.now())
}

/// Writes notifications of the first buyer, as changes of its buys would.
async fn enqueue(post: &Post, url: &str, count: usize) {
    let receiver = Subscription::of_config(&config(url)).expect("a receiver");
    let principal = Principal("first".to_owned());
    let mut batch = Batch::new();
    for _ in 0..count {
        let event = event(post, json!({ "media_buy_id": "mb", "packages": [] }));
        webhooks::enqueue(
            post.services(),
            &mut batch,
            &tenant(),
            &principal,
            &receiver,
            &event,
        )
        .expect("it is written")
        .expect("the line has a payload for it");
    }
    post.store.commit(batch).await.expect("a commit");
}

#[tokio::test]
async fn whoever_lets_too_much_pile_up_registers_nothing_more() {
    let post = post(&FREE).await;
    // A port that nobody listens on.
    let gone = Receiver::well().await.url("/");
    enqueue(&post, &gone, MOST_WAITING).await;
    let error = post
        .send_as(TOKEN, "create_media_buy", post.order(config(&gone)))
        .await
        .expect_err("refused");
    assert_eq!(error["code"], "RATE_LIMITED", "{error}");
    assert!(error["retry_after"].is_number(), "{error}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("500 notifications")),
        "{error}"
    );
    assert!(
        post.planner.ad_server.orders().is_empty(),
        "nothing was booked"
    );
    let order = post.order(config(&gone));
    post.send_as(OTHER_TOKEN, "create_media_buy", order)
        .await
        .expect("another buyer has nothing to do with it");
    let order = post.order(Value::Null);
    post.call("create_media_buy", order).await;
}

#[tokio::test]
async fn of_what_was_set_aside_the_latest_are_kept() {
    let post = post(&FREE).await;
    enqueue(&post, "ftp://hooks.nova.example/", MOST_DEAD + 20).await;
    for _ in 0..1000 {
        let waiting = webhooks::list(post.services(), &tenant(), Some(Standing::Waiting), None, 1)
            .await
            .expect("a list");
        if waiting.deliveries.is_empty() && post.store.count("webhook") <= MOST_DEAD {
            break;
        }
        // There is room for a few at a time; the others have their turn a little later.
        post.clock.advance(TimeDelta::seconds(3));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(post.store.count("webhook"), MOST_DEAD);
    assert_eq!(post.store.count("webhook_parcel"), MOST_DEAD);
}

#[tokio::test]
async fn what_is_too_large_goes_without_its_result() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let receiver = Subscription::of_config(&config(&buyer.url("/"))).expect("a receiver");
    let huge = json!({ "media_buy_id": "x".repeat(LARGEST_BODY), "packages": [] });
    let mut batch = Batch::new();
    webhooks::enqueue(
        post.services(),
        &mut batch,
        &tenant(),
        &Principal("first".to_owned()),
        &receiver,
        &event(&post, huge),
    )
    .expect("it is written");
    post.store.commit(batch).await.expect("a commit");
    let [told] = buyer.once(1).await.try_into().expect("one");
    assert_eq!(told.json()["status"], "completed");
    assert!(told.json().get("result").is_none());
}

#[tokio::test]
async fn what_is_registered_has_bounds() {
    let post = post(&FREE).await;
    let long = "x".repeat(5000);
    for (field, config) in [
        (
            "url",
            json!({ "url": format!("https://hooks.nova.example/{long}") }),
        ),
        (
            "token",
            json!({ "url": "https://hooks.nova.example/", "token": long }),
        ),
        (
            "authentication.credentials",
            json!({ "url": "https://hooks.nova.example/", "authentication": { "schemes": ["Bearer"], "credentials": long } }),
        ),
    ] {
        let error = post
            .send_as(TOKEN, "create_media_buy", post.order(config))
            .await
            .expect_err("refused");
        assert_eq!(error["code"], "INVALID_REQUEST", "{error}");
        assert_eq!(error["field"], format!("push_notification_config.{field}"));
    }
}
