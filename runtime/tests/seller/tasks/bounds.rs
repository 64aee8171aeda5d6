//! What one buyer, one ad server or one list can take of a seller.

use std::sync::Arc;
use std::time::Duration;

use adcp_seller::auth::Callers;
use adcp_seller::identity::{Principal, Scope};
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::{Batch, Draft, Key, Query, Store};
use adcp_seller::tasks::{self, LARGEST_OPEN, MOST_OPEN, TaskFilter};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{FREE, Stage, WATCHED, World, finalize, stage, submitted, tenant};
use crate::support::desk::{Desk, Mood};
use crate::support::planner::{Asked, Planner};
use crate::support::{self, OTHER_TOKEN, booking};

#[tokio::test(start_paused = true)]
async fn an_ad_server_that_never_answers_is_given_up_in_time() {
    let desk = Desk::default();
    desk.mood(Mood::Silent);
    let seller = support::offline(Arc::new(MemoryStore::new()), desk).await;
    let began = tokio::time::Instant::now();
    let call = seller.call("create_media_buy", booking("a-key-of-sixteen"));
    let answer = tokio::time::timeout(Duration::from_secs(600), call)
        .await
        .expect("it is given up");
    assert_eq!(
        answer["structuredContent"]["adcp_error"]["code"],
        "SERVICE_UNAVAILABLE"
    );
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(60) && took < Duration::from_secs(70),
        "{took:?}"
    );
}

/// As many buys as a process works on at a time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn time_goes_on_for_other_tasks_while_an_ad_server_hangs() {
    let stage = stage(&WATCHED).await;
    let rejected = stage.submit().await;
    stage.decide(&rejected, false).await.expect("decided");
    let mut hung = Vec::new();
    for _ in 0..AT_ONCE {
        hung.push(stage.submit().await);
    }
    let waiting = stage.submit().await;
    stage.planner.takes(Duration::from_secs(3600));
    for task_id in &hung {
        stage.decide(task_id, true).await.expect("decided");
    }
    for _ in 0..500 {
        if stage.planner.asked().len() == AT_ONCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(stage.planner.asked().len(), AT_ONCE);
    stage.clock.advance(TimeDelta::seconds(3601));
    stage.task_once(&waiting, "rejected").await;
    // And what nobody needs any more goes.
    stage.clock.advance(TimeDelta::days(30));
    for _ in 0..500 {
        if stage.store.count("task") == AT_ONCE {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} tasks are left", stage.store.count("task"));
}

#[tokio::test]
async fn a_list_does_not_read_the_tasks() {
    let stage = stage(&WATCHED).await;
    for _ in 0..5 {
        stage.submit().await;
    }
    let reads = |asked: Value| async {
        let before = stage.store.reads("task");
        let listed = stage.call("tasks/list", asked).await;
        assert_eq!(listed["query_summary"]["total_matching"], 5, "{listed}");
        stage.store.reads("task") - before
    };
    assert_eq!(reads(json!({})).await, 0);
    let page = json!({ "include_history": true, "pagination": { "max_results": 2 } });
    assert_eq!(reads(page).await, 2);
    let before = stage.store.reads("task");
    let page = tasks::list(
        stage.services(),
        &tenant(),
        TaskFilter::default(),
        None,
        100,
    )
    .await
    .expect("a page");
    assert_eq!(
        (page.tasks.len(), stage.store.reads("task") - before),
        (5, 0)
    );
}

/// Writes entries like that of the buyer's one task, changed, under other ids.
async fn multiply(stage: &Stage, times: usize, change: impl Fn(&mut Value)) {
    let scope = Scope::seller(&tenant());
    let query = Query {
        scope: scope.clone(),
        kind: "task_entry",
        tag: None,
        after: None,
        limit: 1,
    };
    let [entry] = &stage.store.list(&query).await.expect("a list")[..] else {
        panic!("there is one task");
    };
    let mut batch = Batch::new();
    for at in 0..times {
        let id = format!("task_{at}");
        let mut body = Value::clone(&entry.body);
        body["task_id"] = json!(id);
        change(&mut body);
        let draft = entry
            .tags
            .iter()
            .fold(Draft::new(body), |draft, tag| draft.tagged(tag));
        batch.insert(Key::new(scope.clone(), "task_entry", id), draft);
    }
    stage.store.commit(batch).await.expect("it is written");
}

#[track_caller]
fn is_too_much(error: &Value) {
    assert_eq!(
        (&error["code"], &error["recovery"], &error["retry_after"]),
        (&json!("RATE_LIMITED"), &json!("transient"), &json!(60)),
        "{error}"
    );
}

#[tokio::test]
async fn a_caller_has_so_many_open_tasks_and_no_more() {
    let stage = stage(&WATCHED).await;
    let proposal_id = stage.draft().await;
    let first = stage.submit().await;
    multiply(&stage, MOST_OPEN - 2, |_| {}).await;
    // One more is the last one.
    let last = stage.submit().await;
    let order = stage.order();
    is_too_much(&stage.error("create_media_buy", order.clone()).await);
    is_too_much(&stage.error("get_products", finalize(&proposal_id)).await);
    // Nothing is held for what was turned away, and nobody else is.
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("draft", 2)
    );
    let other = stage.order();
    submitted(&stage.call_as(OTHER_TOKEN, "create_media_buy", other).await);
    // Tasks that have ended do not count, and those that are open are carried out.
    stage.decide(&first, false).await.expect("decided");
    submitted(&stage.call("create_media_buy", order).await);
    stage.decide(&last, true).await.expect("decided");
    stage.task_once(&last, "completed").await;
}

#[tokio::test]
async fn a_caller_has_so_much_in_open_tasks_and_no_more() {
    let stage = stage(&WATCHED).await;
    stage.submit().await;
    multiply(&stage, 1, |entry| {
        entry["request_size"] = json!(LARGEST_OPEN - 3000);
    })
    .await;
    submitted(&stage.call("create_media_buy", stage.order()).await);
    let mut large = stage.order();
    large["ext"] = json!({ "note": "x".repeat(3000) });
    is_too_much(&stage.error("create_media_buy", large).await);
}

#[tokio::test]
async fn questions_that_go_on_as_tasks_are_bounded_too() {
    let stage = stage(&FREE).await;
    stage
        .planner
        .on_brief(|context, _| Ok(context.hand_off("a moment").into()));
    let brief = json!({ "buying_mode": "brief", "brief": "news" });
    submitted(&stage.call("get_products", brief.clone()).await);
    multiply(&stage, MOST_OPEN - 1, |_| {}).await;
    is_too_much(&stage.error("get_products", brief).await);
}

/// A process that knows the second buyer only.
async fn without_the_first(world: &World, planner: &Planner) -> Stage {
    let mut callers = Callers::default();
    callers.allow(OTHER_TOKEN, Principal("second".into()));
    world.process_of(&WATCHED, planner, callers).await
}

#[tokio::test]
async fn nothing_is_begun_for_a_caller_who_is_no_longer_known() {
    let world = World::new();
    let planner = Planner::default();
    let before = world.process(&WATCHED, &planner).await;
    before.sync_accounts().await;
    let task_id = before.submit().await;
    before.running.stop().await;

    let after = without_the_first(&world, &planner).await;
    after.decide(&task_id, true).await.expect("decided");
    let mut task = None;
    for _ in 0..500 {
        task = tasks::open(after.services(), &tenant(), &task_id)
            .await
            .expect("the store");
        if task.as_ref().is_some_and(|task| task.status.is_terminal()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = task.and_then(|task| task.error).expect("it has failed");
    assert_eq!(error.code, "PERMISSION_DENIED");
    assert_eq!(planner.asked(), []);
}

#[tokio::test]
async fn what_was_begun_is_ended_whoever_asked_for_it() {
    let world = World::new();
    let planner = Planner::default();
    planner.on_booking(|context, _| Ok(context.hand_off("a moment").into()));
    let before = world.process(&WATCHED, &planner).await;
    before.sync_accounts().await;
    let task_id = before.submit().await;
    before.decide(&task_id, true).await.expect("decided");
    before.task_once(&task_id, "working").await;
    for _ in 0..500 {
        if before.planner.asked().len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    before.running.stop().await;

    let after = without_the_first(&world, &Planner::default()).await;
    after.clock.advance(TimeDelta::seconds(31));
    for _ in 0..500 {
        if after.store.count("media_buy") == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(after.store.count("media_buy"), 1);
    assert!(matches!(after.planner.asked()[..], [Asked::Booking(_)]));
}
