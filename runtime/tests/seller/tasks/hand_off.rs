//! Work that an adapter hands off: called again until it is done, and committed like inline work.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::{Outcome, Products, Progress, WireProduct, Work};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{FREE, Stage, World, stage, submitted};
use crate::market::account;
use crate::support::planner::{Asked, Planner, offer};

/// An adapter that hands off so many times before it books.
fn hands_off(planner: &Planner, times: u32) -> Arc<Mutex<Vec<Option<Work>>>> {
    let seen: Arc<Mutex<Vec<Option<Work>>>> = Arc::default();
    let noted = Arc::clone(&seen);
    planner.on_booking(move |context, _| {
        let mut seen = noted.lock().expect("a lock");
        seen.push(context.work.clone());
        let turn = u32::try_from(seen.len()).expect("few turns");
        if turn > times {
            return Ok(Outcome::Done(Booking::default()));
        }
        Ok(context
            .hand_off("the ad server is at it")
            .again_in(Duration::from_secs(60))
            .progress(Progress {
                percentage: Some(f64::from(turn) * 25.0),
                current_step: Some("forecast".to_owned()),
                ..Progress::default()
            })
            .state(json!({ "turn": turn }))
            .into())
    });
    seen
}

/// Moves time on, and waits until the adapter was called so often.
async fn turn(stage: &Stage, turns: usize) {
    stage.clock.advance(TimeDelta::seconds(61));
    for _ in 0..500 {
        if stage.planner.asked().len() >= turns {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the adapter was not called again");
}

#[tokio::test]
async fn an_adapter_that_hands_off_is_called_again_until_it_is_done() {
    let stage = stage(&FREE).await;
    let seen = hands_off(&stage.planner, 2);
    let order = stage.order();
    let answer = stage.call("create_media_buy", order.clone()).await;
    let task_id = submitted(&answer);
    let task = stage.task(&task_id).await;
    assert_eq!(
        (&task["status"], &task["task_type"], &task["protocol"]),
        (
            &json!("submitted"),
            &json!("create_media_buy"),
            &json!("media-buy")
        )
    );
    assert_eq!(
        task["progress"],
        json!({ "percentage": 25.0, "current_step": "forecast" })
    );
    assert!(task.get("result").is_none() && stage.buys().await.is_empty());

    // Nothing happens before its time.
    stage.clock.advance(TimeDelta::seconds(59));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stage.planner.asked().len(), 1);

    turn(&stage, 2).await;
    let task = stage.task_once(&task_id, "working").await;
    assert_eq!(task["message"], "the ad server is at it");
    turn(&stage, 3).await;
    let task = stage.task_once(&task_id, "completed").await;
    let buys = stage.buys().await;
    assert_eq!(buys.len(), 1);
    assert_eq!(task["result"]["media_buy_id"], buys[0]["media_buy_id"]);
    assert!(task["result"]["packages"].is_array() && task["completed_at"].is_string());
    assert!(task["progress"].is_null(), "what is done is not half done");

    // One operation, whatever the number of calls, and each finds what the one before left.
    let operations: Vec<Asked> = stage.planner.asked();
    assert!(operations.iter().all(|asked| *asked == operations[0]));
    let seen = seen.lock().expect("a lock").clone();
    assert_eq!(seen[0], None);
    let states: Vec<(u32, Option<Value>)> = seen
        .iter()
        .flatten()
        .map(|work| (work.attempt, work.state.clone()))
        .collect();
    assert_eq!(
        states,
        [
            (1, Some(json!({ "turn": 1 }))),
            (2, Some(json!({ "turn": 2 })))
        ]
    );
    // The key was answered `submitted`, and stays so.
    let again = stage.call("create_media_buy", order).await;
    assert_eq!(
        (&again["task_id"], &again["replayed"]),
        (&json!(task_id), &json!(true))
    );
    assert_eq!(stage.buys().await.len(), 1);
}

#[tokio::test]
async fn another_process_goes_on_with_what_one_has_begun() {
    let world = World::new();
    let planner = Planner::default();
    hands_off(&planner, 2);
    let first = world.process(&FREE, &planner).await;
    first.sync_accounts().await;
    let task_id = first.submit().await;
    first.running.stop().await;

    let second = world.process(&FREE, &planner).await;
    turn(&second, 2).await;
    turn(&second, 3).await;
    let task = second.task_once(&task_id, "completed").await;
    assert_eq!(second.buys().await.len(), 1);
    assert!(task["result"]["media_buy_id"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_finish_each_task_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("seller.db").display());
    let file = || adcp_seller::store::open(&url).expect("a store");
    let here = World::over(file());
    let there = here.with(file());
    let planner = Planner::default();
    planner.on_booking(|context, _| {
        if context.work.is_none() {
            return Ok(context.hand_off("a moment").into());
        }
        Ok(Outcome::Done(Booking::default()))
    });
    let first = here.process(&FREE, &planner).await;
    let second = there.process(&FREE, &planner).await;
    first.sync_accounts().await;
    let mut task_ids = Vec::new();
    for _ in 0..30 {
        task_ids.push(first.submit().await);
    }
    first.clock.advance(TimeDelta::seconds(6));
    for task_id in &task_ids {
        second.task_once(task_id, "completed").await;
    }
    assert_eq!(first.buys().await.len(), task_ids.len());
    let asked = planner.asked().len();
    assert_eq!(asked, 2 * task_ids.len(), "a buyer and a worker each");
}

#[tokio::test]
async fn a_refusal_ends_the_task_with_what_the_buyer_may_know() {
    let stage = stage(&FREE).await;
    stage.planner.on_booking(|context, _| {
        if context.work.is_some() {
            return Err(Error::new("PRODUCT_UNAVAILABLE", "the inventory is gone")
                .at("packages[0].product_id")
                .suggest("take another product"));
        }
        Ok(context.hand_off("a moment").into())
    });
    let task_id = stage.submit().await;
    stage.clock.advance(TimeDelta::seconds(6));
    let task = stage.task_once(&task_id, "failed").await;
    assert_eq!(
        task["error"],
        json!({ "code": "PRODUCT_UNAVAILABLE", "message": "the inventory is gone", "recovery": "correctable", "field": "packages[0].product_id", "suggestion": "take another product" })
    );
    assert!(task["completed_at"].is_string() && task.get("result").is_none());
    assert!(stage.buys().await.is_empty());
}

#[tokio::test]
async fn what_the_adapter_reports_is_capped_and_what_is_too_large_ends_the_task() {
    let stage = stage(&FREE).await;
    stage.planner.on_booking(|context, _| {
        let hand_off = context
            .hand_off("é".repeat(5000))
            .progress(Progress {
                percentage: Some(250.0),
                total_steps: Some(0),
                ..Progress::default()
            })
            .again_in(Duration::from_millis(1));
        Ok(match context.work {
            None => hand_off.into(),
            Some(_) => hand_off
                .state(json!("x".repeat(adcp_seller::tasks::LARGEST_STATE)))
                .into(),
        })
    });
    let task_id = stage.submit().await;
    let task = stage.task(&task_id).await;
    let message = task["message"].as_str().expect("a message");
    assert_eq!(message.chars().count(), 2000);
    assert_eq!(task["progress"], json!({ "percentage": 100.0 }));
    // Not before a second has passed, however short the pause was meant to be.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stage.planner.asked().len(), 1);
    stage.clock.advance(TimeDelta::seconds(1));
    let task = stage.task_once(&task_id, "failed").await;
    assert_eq!(task["error"]["code"], "INTERNAL_ERROR");
    assert!(
        !task.to_string().contains("bytes of state"),
        "the cause is for the log: {task}"
    );
}

#[tokio::test]
async fn work_that_never_ends_is_ended_after_thirty_days() {
    let stage = stage(&FREE).await;
    hands_off(&stage.planner, u32::MAX);
    let mut order = stage.order();
    order["start_time"] = json!("2026-06-01T00:00:00Z");
    order["end_time"] = json!("2026-07-01T00:00:00Z");
    let task_id = submitted(&stage.call("create_media_buy", order).await);
    stage.clock.advance(TimeDelta::days(29));
    stage.task_once(&task_id, "working").await;
    stage.clock.advance(TimeDelta::days(2));
    let task = stage.task_once(&task_id, "failed").await;
    assert_eq!(task["error"]["code"], "INTERNAL_ERROR");

    // A month later nobody remembers it.
    stage.clock.advance(TimeDelta::days(29));
    stage.task(&task_id).await;
    stage.clock.advance(TimeDelta::days(2));
    for _ in 0..500 {
        if stage.store.count("task") + stage.store.count("task_entry") == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the task should be gone, and its entry with it");
}

#[tokio::test]
async fn an_outcome_that_is_no_answer_ends_the_task() {
    let stage = stage(&FREE).await;
    stage.planner.on_brief(|context, request| {
        if context.work.is_none() {
            return Ok(context.hand_off("forecasting").into());
        }
        let mut products: Products = offer(context, request, Vec::new());
        products
            .products
            .push(WireProduct::Made(json!({ "product_id": 7 })));
        Ok(Outcome::Done(products))
    });
    let request = json!({ "buying_mode": "brief", "brief": "news", "account": account("nova") });
    let answer = stage.call("get_products", request).await;
    assert_eq!(answer["products"], json!([]));
    let task_id = submitted(&answer);
    stage.clock.advance(TimeDelta::seconds(6));
    let task = stage.task_once(&task_id, "failed").await;
    assert_eq!(task["error"]["code"], "INTERNAL_ERROR");
    assert!(!task.to_string().contains("schema"), "{task}");
}

#[tokio::test]
async fn a_result_that_no_store_keeps_ends_the_task() {
    let stage = stage(&FREE).await;
    stage.planner.on_brief(|context, request| {
        if context.work.is_none() {
            return Ok(context.hand_off("forecasting").into());
        }
        let mut products: Products = offer(context, request, Vec::new());
        let banner = context.catalog.product("banner").expect("in the catalogue");
        let mut large = banner.value.clone();
        large["product_id"] = json!("large");
        large["ext"] = json!({ "blob": "x".repeat(17 * 1024 * 1024) });
        products.products.push(WireProduct::Made(large));
        Ok(Outcome::Done(products))
    });
    let request = json!({ "buying_mode": "brief", "brief": "news", "account": account("nova") });
    let task_id = submitted(&stage.call("get_products", request).await);
    stage.clock.advance(TimeDelta::seconds(6));
    let task = stage.task_once(&task_id, "failed").await;
    assert_eq!(task["error"]["code"], "INTERNAL_ERROR");
}
