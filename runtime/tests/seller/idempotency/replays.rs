//! The same request under the same key happens once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::desk::{Desk, Mood};
use crate::support::mirror::Mirror;
use crate::support::{self, OTHER_TOKEN, assert_refused, booking, sandbox};
use adcp_seller::store::memory::MemoryStore;
use chrono::TimeDelta;
use serde_json::{Value, json};

const KEY: &str = "idempotency-test-0001";

/// The members of an answer that must be the same whenever it is given.
fn essence(result: &Value) -> Value {
    let mut members = result["structuredContent"].clone();
    let object = members.as_object_mut().expect("an object");
    object.remove("replayed");
    object.remove("context");
    members
}

#[tokio::test]
async fn a_replay_gives_the_first_answer_with_the_new_context() {
    let bench = sandbox().await;
    let first = bench.call("create_media_buy", booking(KEY)).await;
    assert_eq!(first["isError"], false, "{first}");
    let structured = &first["structuredContent"];
    assert_eq!(structured["idempotency_key"], KEY);
    assert!(structured["media_buy_id"].is_string() && structured.get("replayed").is_none());
    assert_ne!(
        structured["status"], "completed",
        "on a media buy that would be a terminal state"
    );

    // Other members order, other number forms, other context, other credentials: the same request.
    let mut again = booking(KEY);
    again["context"] = json!({ "trace": "second" });
    again["packages"][0]["budget"] = json!(5000.0);
    let replay = bench.call("create_media_buy", again).await;
    assert_eq!(replay["structuredContent"]["replayed"], true);
    assert_eq!(
        replay["structuredContent"]["context"],
        json!({ "trace": "second" })
    );
    assert_eq!(essence(&replay), essence(&first));
    assert_eq!(bench.desk.booked().values().sum::<usize>(), 1);
    assert_eq!(bench.store.count("media_buy"), 1);
}

#[tokio::test]
async fn credentials_of_a_webhook_are_not_part_of_the_request() {
    let bench = sandbox().await;
    let with = |url: &str, credentials: &str| {
        let mut request = booking(KEY);
        request["push_notification_config"] = json!({ "url": url, "authentication": { "schemes": ["Bearer"], "credentials": credentials } });
        request
    };
    let hook = "https://buyer.example/hook";
    bench
        .call("create_media_buy", with(hook, &"a".repeat(32)))
        .await;
    let rotated = bench
        .call("create_media_buy", with(hook, &"b".repeat(32)))
        .await;
    assert_eq!(rotated["structuredContent"]["replayed"], true, "{rotated}");
    let elsewhere = bench
        .call(
            "create_media_buy",
            with("https://buyer.example/other", &"a".repeat(32)),
        )
        .await;
    assert_refused(&elsewhere, &["IDEMPOTENCY_CONFLICT"]);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_a_conflict_that_says_nothing_more() {
    let bench = sandbox().await;
    bench.call("create_media_buy", booking(KEY)).await;
    let before = bench.store.contents();
    let mut other = booking(KEY);
    other["packages"][0]["budget"] = json!(6000);
    // A key is the caller's, whatever account it names.
    other["account"] = json!({ "brand": { "domain": "other.example" }, "operator": "agency.example", "sandbox": true });
    let result = bench.call("create_media_buy", other).await;
    assert_refused(&result, &["IDEMPOTENCY_CONFLICT"]);
    let error = result["structuredContent"]["adcp_error"]
        .as_object()
        .expect("an object");
    assert_eq!(
        error.keys().collect::<BTreeSet<_>>(),
        ["code", "message"]
            .map(String::from)
            .iter()
            .collect::<BTreeSet<_>>()
    );
    assert_eq!(bench.store.contents(), before);
    assert_eq!(bench.desk.booked().values().sum::<usize>(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_caller_and_one_tool() {
    let bench = sandbox().await;
    let first = bench.call("create_media_buy", booking(KEY)).await;
    let second = bench
        .call_as(OTHER_TOKEN, "create_media_buy", booking(KEY))
        .await;
    assert_eq!(second["isError"], false, "{second}");
    assert!(second["structuredContent"].get("replayed").is_none());
    assert_ne!(
        essence(&first)["media_buy_id"],
        essence(&second)["media_buy_id"]
    );
    let accounts = json!({ "idempotency_key": KEY, "accounts": [{ "brand": { "domain": "nova.example" }, "operator": "agency.example", "billing": "operator" }] });
    let synced = bench.call("sync_accounts", accounts).await;
    assert_eq!(
        (
            &synced["isError"],
            synced["structuredContent"].get("replayed")
        ),
        (&json!(false), None),
        "{synced}"
    );
    assert_eq!(
        bench.desk.booked().len(),
        2,
        "two operations with different ids"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_equal_requests_at_once_book_once_and_are_answered_alike() {
    let bench = sandbox().await;
    bench.desk.mood(Mood::Slow);
    let calls = (0..50).map(|_| bench.call("create_media_buy", booking(KEY)));
    let answers = futures_util::future::join_all(calls).await;
    let distinct: BTreeSet<String> = answers
        .iter()
        .map(|answer| essence(answer).to_string())
        .collect();
    assert_eq!(distinct.len(), 1, "{distinct:?}");
    assert!(answers.iter().all(|answer| answer["isError"] == false
        && answer["structuredContent"]["context"] == support::context()));
    let fresh = answers
        .iter()
        .filter(|answer| answer["structuredContent"].get("replayed").is_none())
        .count();
    assert_eq!(fresh, 1);
    assert_eq!(bench.desk.booked().into_values().collect::<Vec<_>>(), [1]);
    assert_eq!(bench.store.count("media_buy"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_store_book_once() {
    let store = Arc::new(MemoryStore::new());
    let desk = Desk::default();
    desk.mood(Mood::Slow);
    let one = support::start(store.clone(), true, desk.clone()).await;
    let other = support::start(store, true, desk.clone()).await;
    let (first, second) = tokio::join!(
        one.call("create_media_buy", booking(KEY)),
        other.call("create_media_buy", booking(KEY))
    );
    assert_eq!(essence(&first), essence(&second));
    assert_eq!(desk.booked().into_values().collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn an_error_is_not_kept_and_a_retry_names_the_same_operation() {
    let bench = sandbox().await;
    let before = bench.store.contents();
    bench.desk.mood(Mood::Down);
    for _ in 0..2 {
        assert_refused(
            &bench.call("create_media_buy", booking(KEY)).await,
            &["SERVICE_UNAVAILABLE"],
        );
        assert_eq!(bench.store.contents(), before);
    }
    bench.desk.mood(Mood::Well);
    let result = bench.call("create_media_buy", booking(KEY)).await;
    assert_eq!(
        (
            &result["isError"],
            result["structuredContent"].get("replayed")
        ),
        (&json!(false), None),
        "{result}"
    );
    assert_eq!(
        bench.desk.booked().into_values().collect::<Vec<_>>(),
        [3],
        "three attempts at one operation"
    );
    // A request that was refused did not use its key up: a corrected one may have it.
    let mut wrong = booking("idempotency-test-0002");
    wrong["packages"][0]["product_id"] = json!("no-such-product");
    assert_eq!(bench.call("create_media_buy", wrong).await["isError"], true);
    assert_eq!(
        bench
            .call("create_media_buy", booking("idempotency-test-0002"))
            .await["isError"],
        false
    );
}

#[tokio::test]
async fn an_answer_that_is_no_longer_kept_is_not_given_a_second_time() {
    let bench = sandbox().await;
    bench.call("create_media_buy", booking(KEY)).await;
    // Clocks differ, so a minute more is granted.
    bench.clock.advance(TimeDelta::seconds(86_459));
    assert_eq!(
        bench.call("create_media_buy", booking(KEY)).await["structuredContent"]["replayed"],
        true
    );
    bench.clock.advance(TimeDelta::seconds(2));
    let late = bench.call("create_media_buy", booking(KEY)).await;
    assert_refused(&late, &["IDEMPOTENCY_EXPIRED"]);
    assert_eq!(bench.desk.booked().values().sum::<usize>(), 1);
}

/// A process that died in the middle leaves a lease. Here it is made by a platform that never
/// answers. No network: time stands still and jumps whenever nothing is left to do.
#[tokio::test(start_paused = true)]
async fn a_retry_after_a_crash_waits_for_the_lease_and_names_the_same_operation() {
    let store = Arc::new(MemoryStore::new());
    let desk = Desk::default();
    desk.mood(Mood::Silent);
    let died = support::offline(store.clone(), desk.clone()).await;
    let hung = tokio::time::timeout(
        Duration::from_secs(1),
        died.call("create_media_buy", booking(KEY)),
    )
    .await;
    assert!(hung.is_err(), "the ad server never answers");

    desk.mood(Mood::Well);
    let restarted = support::offline(store, desk.clone()).await;
    let busy = restarted.call("create_media_buy", booking(KEY)).await;
    assert_refused(&busy, &["SERVICE_UNAVAILABLE"]);
    assert!(busy["structuredContent"]["adcp_error"]["retry_after"].is_number());
    assert_eq!(desk.booked().into_values().collect::<Vec<_>>(), [1]);
    restarted.clock.advance(TimeDelta::seconds(31));
    let done = restarted.call("create_media_buy", booking(KEY)).await;
    assert_eq!(done["isError"], false, "{done}");
    assert_eq!(
        desk.booked().into_values().collect::<Vec<_>>(),
        [2],
        "two attempts at one operation"
    );
}

#[tokio::test(start_paused = true)]
async fn records_leave_the_store_once_nobody_can_ask_for_them() {
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let seller = support::offline(store.clone(), Desk::default()).await;
    assert_eq!(
        seller.call("create_media_buy", booking(KEY)).await["isError"],
        false
    );
    seller.clock.advance(TimeDelta::seconds(2 * 86_400 - 1));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(
        store.count("idempotency"),
        1,
        "a late retry must still be told that its answer is gone"
    );
    seller.clock.advance(TimeDelta::seconds(2));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(
        (store.count("idempotency"), store.count("media_buy")),
        (0, 1)
    );
}
