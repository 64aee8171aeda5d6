//! Finalizes that meet each other, wait for a person, or are handed off.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adcp_seller::domain::Finalized;
use adcp_seller::platform::Outcome;
use chrono::TimeDelta;
use serde_json::json;

use super::{FREE, SHARED, WATCHED, World, finalize, stage, submitted};
use crate::support::planner::{Planner, offer, plan};
use crate::support::{OTHER_TOKEN, TOKEN};

#[tokio::test]
async fn a_rejected_finalize_gives_the_draft_back_for_another_try() {
    let stage = stage(&WATCHED).await;
    let proposal_id = stage.draft().await;
    let first = stage.call("get_products", finalize(&proposal_id)).await;
    let task_id = first["task_id"].as_str().expect("a task").to_owned();
    assert_eq!(
        (&first["status"], &first["proposals"][0]["proposal_status"]),
        (&json!("submitted"), &json!("draft"))
    );
    // Asked again, it is the same task.
    let again = stage.call("get_products", finalize(&proposal_id)).await;
    assert_eq!(again["task_id"], first["task_id"]);
    let task = stage.task(&task_id).await;
    assert_eq!(
        (&task["status"], &task["task_type"]),
        (&json!("submitted"), &json!("get_products"))
    );

    stage.decide(&task_id, false).await.expect("decided");
    assert_eq!(stage.state(), "draft");
    let other = stage.call("get_products", finalize(&proposal_id)).await;
    assert_eq!(other["status"], "submitted", "{other}");
    assert_ne!(
        other["task_id"], first["task_id"],
        "what has ended stays ended"
    );
    assert_eq!(stage.task(&task_id).await["status"], "rejected");
    let other_id = other["task_id"].as_str().expect("a task");
    stage.decide(other_id, true).await.expect("decided");
    let task = stage.task_once(other_id, "completed").await;
    assert_eq!(
        task["result"]["proposals"][0]["proposal_status"], "committed",
        "{task}"
    );
    assert_eq!(stage.planner.finalized().len(), 1);
}

#[tokio::test]
async fn a_finalize_that_nobody_decides_about_frees_its_draft() {
    let stage = stage(&WATCHED).await;
    let proposal_id = stage.draft().await;
    let answer = stage.call("get_products", finalize(&proposal_id)).await;
    let task_id = answer["task_id"].as_str().expect("a task");
    assert_eq!(stage.state(), "finalizing");
    stage.clock.advance(TimeDelta::seconds(3601));
    stage.task_once(task_id, "rejected").await;
    assert_eq!(stage.state(), "draft");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_finalizes_at_once_reach_the_manager_once() {
    let world = World::new();
    let planner = Planner::default();
    let here = world.process(&FREE, &planner).await;
    let there = world.process(&FREE, &planner).await;
    here.sync_accounts().await;
    for round in 1..=10 {
        planner.offers(vec![plan(&format!("plan-{round}"), 60.0)]);
        let proposal_id = here.draft().await;
        planner.takes(Duration::from_millis(20));
        let calls = (0..8).map(|at| {
            let stage = if at % 2 == 0 { &here } else { &there };
            stage.call("get_products", finalize(&proposal_id))
        });
        let answers = futures_util::future::join_all(calls).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(planner.finalized().len(), round);
    }
    assert_eq!(here.store.count("task"), 0);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_a_finalize() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.draft().await;
    stage.planner.takes(Duration::from_millis(300));
    let call = stage.call("get_products", finalize(&proposal_id));
    tokio::time::timeout(Duration::from_millis(100), call)
        .await
        .expect_err("it takes longer");
    stage.settled("committed").await;
}

#[tokio::test]
async fn a_hand_off_of_a_finalize_goes_on_until_it_is_firm() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.draft().await;
    stage.planner.on_finalize(|context, draft| {
        if context.work.is_none() {
            return Ok(context.hand_off("the desk is asked").into());
        }
        Ok(Outcome::Done(Finalized::new(
            draft.proposal,
            draft.hold_until,
        )))
    });
    let answer = stage.call("get_products", finalize(&proposal_id)).await;
    let task_id = submitted(&answer);
    assert_eq!(stage.state(), "finalizing");
    stage.clock.advance(TimeDelta::seconds(6));
    let task = stage.task_once(&task_id, "completed").await;
    assert_eq!(
        task["result"]["proposals"][0]["proposal_status"],
        "committed"
    );
    assert_eq!(stage.state(), "committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_share_an_account_reach_the_manager_once() {
    let world = World::new();
    let planner = Planner::default();
    let stage = world.process(&SHARED, &planner).await;
    let brief = json!({ "buying_mode": "brief", "brief": "news" });
    let answer = stage.call("get_products", brief).await;
    let mut request = finalize(&answer["proposals"][0]["proposal_id"]);
    request
        .as_object_mut()
        .expect("an object")
        .remove("account");
    planner.takes(Duration::from_millis(100));
    let calls = [TOKEN, OTHER_TOKEN, TOKEN, OTHER_TOKEN]
        .map(|token| stage.call_as(token, "get_products", request.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0]["proposals"][0]["proposal_status"], "committed");
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_who_ask_at_the_same_moment_are_all_answered() {
    let world = World::new();
    let planner = Planner::default();
    let here = world.process(&FREE, &planner).await;
    let there = world.process(&FREE, &planner).await;
    here.sync_accounts().await;
    let count = AtomicUsize::new(0);
    planner.on_brief(move |context, request| {
        let share = 10 + count.fetch_add(1, Ordering::SeqCst) % 80;
        let share = f64::from(u32::try_from(share).expect("a percentage"));
        Ok(Outcome::Done(offer(
            context,
            request,
            vec![plan("plan", share)],
        )))
    });
    let drafts = (0..16).map(|at| {
        if at % 2 == 0 {
            here.draft()
        } else {
            there.draft()
        }
    });
    let drafts = futures_util::future::join_all(drafts).await;
    assert!(drafts.iter().all(|proposal_id| proposal_id == "plan"));
    assert_eq!(here.state(), "draft");
}
