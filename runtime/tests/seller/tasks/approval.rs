//! Buys that a person has to agree to.

use std::time::Duration;

use adcp_seller::tasks::{self, DecideError, NOBODY, TaskFilter, TaskStatus};
use chrono::TimeDelta;
use serde_json::json;

use super::{FREE, WATCHED, World, stage, submitted, tenant};
use crate::support::planner::Planner;

#[tokio::test]
async fn an_approved_buy_is_booked_as_if_nobody_had_been_asked() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    assert_eq!(stage.task(&task_id).await["status"], "submitted");
    assert!(stage.planner.asked().is_empty() && stage.buys().await.is_empty());

    let decided = stage.decide(&task_id, true).await.expect("it is decided");
    assert_eq!(decided.status, TaskStatus::Working);
    let task = stage.task_once(&task_id, "completed").await;
    let buys = stage.buys().await;
    assert_eq!(buys.len(), 1);
    assert_eq!(task["result"]["media_buy_id"], buys[0]["media_buy_id"]);
    assert_eq!(stage.planner.asked().len(), 1);

    let audit = tasks::audit(stage.services(), &tenant(), None, None, 10)
        .await
        .expect("the audit");
    let [entry] = audit.entries.as_slice() else {
        panic!("one decision: {audit:?}");
    };
    assert_eq!(
        (
            entry.action.as_str(),
            entry.operator.as_str(),
            entry.task_id.as_deref().unwrap_or_default(),
            entry.tool.as_str(),
            entry.principal.0.as_str(),
            entry.reason.as_deref()
        ),
        (
            "approve",
            "ada",
            task_id.as_str(),
            "create_media_buy",
            "first",
            Some("because of the season")
        )
    );
    assert!(entry.account_id.is_some());
}

#[tokio::test]
async fn a_rejected_buy_is_never_booked_and_its_buyer_learns_why() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    stage.decide(&task_id, false).await.expect("it is decided");
    let task = stage.task(&task_id).await;
    assert_eq!(task["status"], "rejected");
    assert_eq!(task["error"]["message"], "because of the season");
    assert!(task["completed_at"].is_string());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(stage.planner.asked().is_empty() && stage.buys().await.is_empty());
}

#[tokio::test]
async fn nobody_decides_twice() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    stage.decide(&task_id, false).await.expect("it is decided");
    for approved in [true, false] {
        match stage.decide(&task_id, approved).await {
            Err(DecideError::Decided { by, approved, .. }) => {
                assert_eq!((by.as_str(), approved), ("ada", false));
            }
            other => panic!("it has been decided: {other:?}"),
        }
    }
    assert!(matches!(
        stage.decide("task_0000", true).await,
        Err(DecideError::Unknown)
    ));
    assert!(matches!(
        stage.decide(&"x".repeat(10_000), true).await,
        Err(DecideError::Unknown)
    ));
    let audit = tasks::audit(stage.services(), &tenant(), Some(&task_id), None, 10)
        .await
        .expect("the audit");
    assert_eq!(audit.entries.len(), 1);
}

#[tokio::test]
async fn what_waits_for_nobody_can_not_be_decided() {
    let stage = stage(&FREE).await;
    stage
        .planner
        .on_booking(|context, _| Ok(context.hand_off("a moment").into()));
    let task_id = stage.submit().await;
    match stage.decide(&task_id, true).await {
        Err(DecideError::NotAwaiting { status }) => assert_eq!(status, TaskStatus::Submitted),
        other => panic!("nothing is to be decided: {other:?}"),
    }
    let verdict = tasks::Verdict {
        approved: true,
        operator: "ada".to_owned(),
        reason: Some("x".repeat(2001)),
    };
    assert!(matches!(
        tasks::decide(stage.services(), &tenant(), &task_id, verdict).await,
        Err(DecideError::Reason)
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deciders_one_wins() {
    let world = World::new();
    let planner = Planner::default();
    let here = world.process(&WATCHED, &planner).await;
    let there = world.process(&WATCHED, &planner).await;
    here.sync_accounts().await;
    for _ in 0..20 {
        let task_id = here.submit().await;
        let deciders = (0..8).map(|at| {
            let stage = if at % 2 == 0 { &here } else { &there };
            stage.decide(&task_id, at % 3 == 0)
        });
        let verdicts = futures_util::future::join_all(deciders).await;
        let won: Vec<bool> = verdicts
            .iter()
            .filter_map(|verdict| verdict.as_ref().ok())
            .map(|task| task.status == TaskStatus::Working)
            .collect();
        let [approved] = won.as_slice() else {
            panic!("one decision: {verdicts:?}");
        };
        assert!(verdicts.iter().all(|verdict| match verdict {
            Ok(_) => true,
            Err(DecideError::Decided {
                approved: theirs, ..
            }) => theirs == approved,
            Err(_) => false,
        }));
        let expected = if *approved { "completed" } else { "rejected" };
        here.task_once(&task_id, expected).await;
        let audit = tasks::audit(here.services(), &tenant(), Some(&task_id), None, 10)
            .await
            .expect("the audit");
        assert_eq!(audit.entries.len(), 1);
    }
}

#[tokio::test]
async fn what_nobody_decides_in_time_is_rejected() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    // The last instant still counts.
    stage.clock.advance(TimeDelta::seconds(3599));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(stage.task(&task_id).await["status"], "submitted");
    stage.clock.advance(TimeDelta::seconds(2));
    let task = stage.task_once(&task_id, "rejected").await;
    assert_eq!(task["error"]["message"], "nobody decided in time");
    let audit = tasks::audit(stage.services(), &tenant(), None, None, 10)
        .await
        .expect("the audit");
    assert_eq!(
        (
            audit.entries[0].action.as_str(),
            audit.entries[0].operator.as_str()
        ),
        ("expire", NOBODY)
    );
    match stage.decide(&task_id, true).await {
        Err(DecideError::Decided { by, .. }) => assert_eq!(by, NOBODY),
        other => panic!("it is too late: {other:?}"),
    }
    assert!(stage.planner.asked().is_empty());
}

#[tokio::test]
async fn a_decision_after_the_time_is_too_late_even_before_the_worker_has_looked() {
    let stage = stage(&WATCHED).await;
    let task_id = stage.submit().await;
    stage.clock.advance(TimeDelta::seconds(3601));
    match stage.decide(&task_id, true).await {
        Err(DecideError::Decided { by, approved, .. }) => {
            assert_eq!((by.as_str(), approved), (NOBODY, false));
        }
        other => panic!("it is too late: {other:?}"),
    }
    assert_eq!(stage.task(&task_id).await["status"], "rejected");
}

#[tokio::test]
async fn everything_about_an_approved_buy_is_judged_anew() {
    let stage = stage(&WATCHED).await;
    let mut order = stage.order();
    order["start_time"] = json!("2026-03-10T12:10:00Z");
    order["end_time"] = json!("2026-03-10T12:20:00Z");
    let answer = stage.call("create_media_buy", order).await;
    let task_id = submitted(&answer);
    stage.clock.advance(TimeDelta::minutes(30));
    stage.decide(&task_id, true).await.expect("it is decided");
    let task = stage.task_once(&task_id, "failed").await;
    assert!(
        task["error"]["code"].is_string() && stage.buys().await.is_empty(),
        "{task}"
    );
    assert!(stage.planner.asked().is_empty());
}

#[tokio::test]
async fn operators_find_the_tasks_of_all_buyers() {
    let stage = stage(&WATCHED).await;
    let mut task_ids = Vec::new();
    for token in [crate::support::TOKEN, crate::support::OTHER_TOKEN] {
        for _ in 0..2 {
            stage.clock.advance(TimeDelta::seconds(1));
            let answer = stage
                .call_as(token, "create_media_buy", stage.order())
                .await;
            task_ids.push(submitted(&answer));
        }
    }
    stage.decide(&task_ids[0], false).await.expect("decided");
    let listed = |filter: TaskFilter| {
        let stage = &stage;
        async move {
            let mut found = Vec::new();
            let mut cursor: Option<String> = None;
            loop {
                let page =
                    tasks::list(stage.services(), &tenant(), filter, cursor.as_deref(), 2).await;
                let page = page.expect("a page");
                assert!(page.tasks.len() <= 2);
                found.extend(page.tasks.into_iter().map(|task| task.task_id));
                cursor = page.next;
                if cursor.is_none() {
                    return found;
                }
            }
        }
    };
    let mut newest_first = task_ids.clone();
    newest_first.reverse();
    assert_eq!(listed(TaskFilter::default()).await, newest_first);
    let awaiting = TaskFilter {
        awaiting: true,
        ..TaskFilter::default()
    };
    assert_eq!(listed(awaiting).await, newest_first[..3]);
    let rejected = TaskFilter {
        status: Some(TaskStatus::Rejected),
        awaiting: false,
    };
    assert_eq!(listed(rejected).await, task_ids[..1]);
    let both = TaskFilter {
        awaiting: true,
        ..rejected
    };
    assert!(listed(both).await.is_empty());
    let opened = tasks::open(stage.services(), &tenant(), &task_ids[3])
        .await
        .expect("the store")
        .expect("a task");
    assert_eq!(
        (opened.principal.0.as_str(), opened.is_awaiting()),
        ("second", true)
    );
    assert_eq!(
        tasks::open(stage.services(), &tenant(), "task_unknown")
            .await
            .expect("the store"),
        None
    );
}

#[tokio::test]
async fn the_same_buy_after_its_task_has_ended_is_another_task_of_the_same_name() {
    let stage = stage(&WATCHED).await;
    let order = stage.order();
    let task_id = submitted(&stage.call("create_media_buy", order.clone()).await);
    stage.decide(&task_id, false).await.expect("decided");
    // The key is no longer known, the task still is.
    stage.clock.advance(TimeDelta::days(2));
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "IDEMPOTENCY_EXPIRED");
    stage.forget("idempotency").await;
    let again = submitted(&stage.call("create_media_buy", order).await);
    assert_eq!(again, task_id);
    assert_eq!(stage.task(&task_id).await["status"], "submitted");
    stage.decide(&task_id, true).await.expect("decided");
    stage.task_once(&task_id, "completed").await;
}
