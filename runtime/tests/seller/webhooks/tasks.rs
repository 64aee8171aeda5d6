//! What becomes of a task is told of at every change that its buyer sees.

use std::time::Duration;

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::{Outcome, Progress};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::receiver::{Received, Receiver};
use super::{FREE, Post, WATCHED, config, post};
use crate::market::account;

fn statuses(received: &[Received]) -> Vec<Value> {
    received
        .iter()
        .map(|told| told.json()["status"].clone())
        .collect()
}

/// What has come, by the instant that it tells of.
async fn told(buyer: &Receiver, count: usize) -> Vec<Received> {
    let mut received = buyer.once(count).await;
    received.sort_by_key(|told| told.json()["timestamp"].to_string());
    received
}

#[tokio::test]
async fn an_approved_buy_is_told_of_when_it_goes_on_and_when_it_is_done() {
    let (post, buyer) = (post(&WATCHED).await, Receiver::well().await);
    let task_id = post.submit(&buyer.url("/")).await;
    assert_eq!(post.store.count("webhook"), 0, "the answer said it all");
    post.clock.advance(TimeDelta::seconds(5));
    post.decide(&task_id, true).await;
    buyer.once(2).await;
    post.all_delivered().await;
    let received = buyer.received();
    assert_eq!(received.len(), 2);
    let done = received
        .iter()
        .map(Received::json)
        .find(|body| body["status"] == "completed")
        .expect("the end");
    assert!(statuses(&received).contains(&json!("working")));
    assert_eq!(done["task_id"], task_id);
    let task = post.call("tasks/get", json!({ "task_id": task_id })).await;
    assert_eq!(done["result"], task["result"]);
    assert!(done["result"]["media_buy_id"].is_string());
    assert_ne!(received[0].key(), received[1].key());
}

#[tokio::test]
async fn a_rejection_is_told_of_with_its_reason() {
    let (post, buyer) = (post(&WATCHED).await, Receiver::well().await);
    let task_id = post.submit(&buyer.url("/")).await;
    post.decide(&task_id, false).await;
    let [told] = buyer.once(1).await.try_into().expect("one");
    let body = told.json();
    assert_eq!(
        (&body["status"], &body["message"]),
        (&json!("rejected"), &json!("because of the season"))
    );
    let error = &body["result"]["errors"][0];
    assert_eq!(
        (&error["code"], &error["recovery"]),
        (&json!("APPROVAL_REJECTED"), &json!("terminal"))
    );
}

#[tokio::test]
async fn that_nobody_decided_in_time_is_told_of() {
    let (post, buyer) = (post(&WATCHED).await, Receiver::well().await);
    post.submit(&buyer.url("/")).await;
    post.clock.advance(TimeDelta::seconds(7201));
    let [told] = buyer.once(1).await.try_into().expect("one");
    assert_eq!(told.json()["status"], "rejected");
    assert_eq!(told.json()["message"], "nobody decided in time");
}

#[tokio::test]
async fn a_buy_that_fails_after_approval_is_told_of_with_its_errors() {
    let (post, buyer) = (post(&WATCHED).await, Receiver::well().await);
    post.planner.on_booking(|_, _| {
        Err(Error::new(
            "BUDGET_TOO_LOW",
            "the ad server sells nothing that small",
        ))
    });
    let task_id = post.submit(&buyer.url("/")).await;
    post.decide(&task_id, true).await;
    let received = buyer.once(2).await;
    let failed = received
        .iter()
        .map(Received::json)
        .find(|body| body["status"] == "failed")
        .expect("the end");
    let error = &failed["result"]["errors"][0];
    assert_eq!(error["code"], "BUDGET_TOO_LOW");
    assert_eq!(failed["message"], "the ad server sells nothing that small");
}

/// Hands off, with these words, before it books.
fn hands_off(post: &Post, words: Vec<(&'static str, f64)>) {
    let turns = std::sync::Mutex::new(words.into_iter());
    post.planner.on_booking(move |context, _| {
        let Some((word, percentage)) = turns.lock().expect("a lock").next() else {
            return Ok(Outcome::Done(Booking::default()));
        };
        Ok(context
            .hand_off(word)
            .again_in(Duration::from_secs(60))
            .progress(Progress {
                percentage: Some(percentage),
                ..Progress::default()
            })
            .into())
    });
}

#[tokio::test]
async fn progress_is_told_of_when_there_is_news() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let words = [
        ("asked", 0.0),
        ("at it", 25.0),
        ("at it", 25.0),
        ("soon", 75.0),
    ];
    hands_off(&post, words.to_vec());
    post.submit(&buyer.url("/")).await;
    assert!(buyer.received().is_empty(), "the answer said it all");
    for turn in 2..=5 {
        post.clock.advance(TimeDelta::seconds(61));
        for _ in 0..500 {
            if post.planner.asked().len() >= turn {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let received = told(&buyer, 3).await;
    post.all_delivered().await;
    assert_eq!(
        statuses(&received),
        [json!("working"), json!("working"), json!("completed")]
    );
    let bodies: Vec<Value> = received.iter().map(Received::json).collect();
    assert_eq!(
        (&bodies[0]["message"], &bodies[0]["result"]),
        (&json!("at it"), &json!({ "percentage": 25.0 }))
    );
    assert_eq!(bodies[1]["message"], "soon");
    assert_eq!(buyer.received().len(), 3);
}

#[tokio::test]
async fn what_the_test_controller_ends_is_told_of() {
    let (post, buyer) = (post(&FREE).await, Receiver::well().await);
    let steer = |scenario: &str, params: Value| {
        let mut account = account("nova");
        account["sandbox"] = json!(true);
        json!({ "scenario": scenario, "params": params, "account": account })
    };
    let arm = json!({ "arm": "submitted", "task_id": "task_of_the_test" });
    post.call(
        "comply_test_controller",
        steer("force_create_media_buy_arm", arm),
    )
    .await;
    let task_id = post.submit(&buyer.url("/")).await;
    assert_eq!(task_id, "task_of_the_test");
    assert_eq!(post.store.count("webhook"), 0);
    let result = json!({ "media_buy_id": "mb-of-the-test", "packages": [] });
    let params = json!({ "task_id": task_id, "result": result });
    for _ in 0..2 {
        let request = steer("force_task_completion", params.clone());
        post.call("comply_test_controller", request).await;
    }
    let [told] = buyer.once(1).await.try_into().expect("one");
    assert_eq!(told.json()["status"], "completed");
    assert_eq!(told.json()["result"], result);
    post.all_delivered().await;
    assert_eq!(buyer.received().len(), 1, "the second word changes nothing");
}

#[tokio::test]
async fn the_decision_and_what_tells_of_it_are_one_commit() {
    let (post, buyer) = (post(&WATCHED).await, Receiver::well().await);
    let order = post.order(config(&buyer.url("/")));
    let answer = post.call("create_media_buy", order).await;
    let task_id = answer["task_id"].as_str().expect("a task").to_owned();
    let before = post.store.commits();
    post.decide(&task_id, false).await;
    let commit = post.store.commits()[before.len()..]
        .iter()
        .find(|commit| commit.iter().any(|key| key.kind == "audit"))
        .cloned()
        .expect("the decision");
    for kind in ["task", "task_entry", "webhook", "webhook_parcel"] {
        assert!(
            commit.iter().any(|key| key.kind == kind),
            "{kind}: {commit:?}"
        );
    }
}
