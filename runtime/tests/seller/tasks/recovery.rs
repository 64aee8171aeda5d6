//! What a process that died, or an ad server that did not answer, has left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use chrono::TimeDelta;

use super::{FREE, Stage, World, finalize, stage};
use crate::support::planner::{Asked, Planner};

/// A process of its own, which can be killed at any instant.
fn kill_after(
    world: &World,
    planner: &Planner,
    work: impl FnOnce(Stage) -> KillPoint + Send + 'static,
) {
    let (world, planner) = (world.clone(), planner.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let stage = world.process(&FREE, &planner).await;
            tokio::spawn(work(stage));
            while planner.asked().is_empty() || !reached(&planner) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        runtime.shutdown_background();
    })
    .join()
    .expect("the process dies quietly");
}

type KillPoint = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Whether the adapter is at work on something that can't be asked twice.
fn reached(planner: &Planner) -> bool {
    planner
        .asked()
        .iter()
        .any(|asked| matches!(asked, Asked::Booking(_) | Asked::Finalize(..)))
}

#[tokio::test]
async fn a_buy_whose_process_died_is_finished_by_another_and_replayed() {
    let world = World::new();
    let planner = Planner::default();
    let first = world.process(&FREE, &planner).await;
    first.sync_accounts().await;
    let proposal_id = first.firm().await;
    let order = first.accept(&proposal_id);
    first.running.stop().await;

    let dying = Planner::default();
    dying.takes(Duration::from_secs(3600));
    let request = order.clone();
    kill_after(&world, &dying, |stage| {
        Box::pin(async move {
            stage.call("create_media_buy", request).await;
        })
    });

    let second = world.process(&FREE, &planner).await;
    assert_eq!(
        (second.state().as_str(), second.store.count("task")),
        ("consuming", 1)
    );
    second.clock.advance(TimeDelta::seconds(31));
    second.settled("consumed").await;
    assert_eq!(second.store.count("media_buy"), 1);
    let again = second.call("create_media_buy", order).await;
    assert_eq!(again["replayed"], true, "{again}");
    assert_eq!(
        second.buys().await[0]["media_buy_id"],
        again["media_buy_id"]
    );
    // The ad server was told of one operation, twice.
    let operations: Vec<Asked> = dying
        .asked()
        .into_iter()
        .chain(planner.asked())
        .filter(|asked| matches!(asked, Asked::Booking(_)))
        .collect();
    assert!(operations.len() == 2 && operations[0] == operations[1]);
}

#[tokio::test]
async fn a_finalize_whose_process_died_is_finished_by_another() {
    let world = World::new();
    let planner = Planner::default();
    let first = world.process(&FREE, &planner).await;
    first.sync_accounts().await;
    let proposal_id = first.draft().await;
    first.running.stop().await;

    let dying = Planner::default();
    dying.takes(Duration::from_secs(3600));
    let request = finalize(&proposal_id);
    kill_after(&world, &dying, |stage| {
        Box::pin(async move {
            stage.call("get_products", request).await;
        })
    });

    let second = world.process(&FREE, &planner).await;
    assert_eq!(second.state(), "finalizing");
    second.clock.advance(TimeDelta::seconds(31));
    second.settled("committed").await;
    assert_eq!(dying.finalized(), planner.finalized());
    let answer = second.call("get_products", finalize(&proposal_id)).await;
    assert_eq!(answer["proposals"][0]["proposal_status"], "committed");
    assert_eq!(planner.finalized().len(), 1, "it is not asked again");
}

#[tokio::test]
async fn a_task_whose_process_died_is_finished_by_another() {
    let world = World::new();
    let planner = Planner::default();
    planner.on_booking(|context, _| Ok(context.hand_off("a moment").into()));
    let first = world.process(&FREE, &planner).await;
    first.sync_accounts().await;
    let task_id = first.submit().await;
    first.running.stop().await;

    world.clock.advance(TimeDelta::seconds(6));
    let dying = Planner::default();
    dying.takes(Duration::from_secs(3600));
    kill_after(&world, &dying, |stage| {
        Box::pin(async move {
            stage.buys().await;
        })
    });

    let second = world.process(&FREE, &Planner::default()).await;
    assert_eq!(second.task(&task_id).await["status"], "working");
    second.clock.advance(TimeDelta::seconds(31));
    second.task_once(&task_id, "completed").await;
    assert_eq!(second.buys().await.len(), 1);
}

#[tokio::test]
async fn an_ad_server_that_did_not_answer_is_asked_again_under_the_same_operation() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let down = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&down);
    stage.planner.on_booking(move |_, _| {
        if seen.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the connection was reset"));
        }
        Ok(Outcome::Done(Booking::default()))
    });
    let order = stage.accept(&proposal_id);
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("consuming", 1),
        "nobody knows whether it was booked"
    );
    // Nobody else gets it in the meantime.
    let error = stage
        .error("create_media_buy", stage.accept(&proposal_id))
        .await;
    assert_eq!(error["code"], "PROPOSAL_NOT_COMMITTED");

    down.store(false, Ordering::SeqCst);
    let answer = stage.call("create_media_buy", order).await;
    assert!(answer["media_buy_id"].is_string(), "{answer}");
    stage.settled("consumed").await;
    assert_eq!(stage.store.count("media_buy"), 1);
    let bookings: Vec<Asked> = stage.planner.asked();
    let [first, second] = &bookings[bookings.len() - 2..] else {
        panic!("two bookings: {bookings:?}");
    };
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_worker_asks_again_when_the_buyer_does_not() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    stage.planner.on_booking(move |_, _| {
        if counted.fetch_add(1, Ordering::SeqCst) < 2 {
            panic!("the adapter has a bug");
        }
        Ok(Outcome::Done(Booking::default()))
    });
    let order = stage.accept(&proposal_id);
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "INTERNAL_ERROR");
    stage.clock.advance(TimeDelta::seconds(6));
    for _ in 0..500 {
        if calls.load(Ordering::SeqCst) == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Later each time: not after the first pause again.
    stage.clock.advance(TimeDelta::seconds(6));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    stage.clock.advance(TimeDelta::seconds(6));
    stage.settled("consumed").await;
    let again = stage.call("create_media_buy", order).await;
    assert_eq!(again["replayed"], true);
}

#[tokio::test]
async fn what_keeps_failing_is_given_up_and_its_proposal_is_free() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.draft().await;
    stage
        .planner
        .on_finalize(|_, _| Err(Error::unavailable("the ad server is down")));
    stage.error("get_products", finalize(&proposal_id)).await;
    assert_eq!(stage.state(), "finalizing");
    for _ in 0..200 {
        if stage.store.count("task") == 0 {
            break;
        }
        stage.clock.advance(TimeDelta::seconds(301));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.settled("draft").await;
    assert_eq!(
        stage.planner.finalized().len(),
        9,
        "the buyer's call, and eight of workers"
    );
}

#[tokio::test]
async fn a_refusal_gives_the_proposal_back_at_once() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    stage
        .planner
        .on_booking(|_, _| Err(Error::new("PRODUCT_UNAVAILABLE", "sold out")));
    let error = stage
        .error("create_media_buy", stage.accept(&proposal_id))
        .await;
    assert_eq!(error["code"], "PRODUCT_UNAVAILABLE");
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("committed", 0)
    );
    stage
        .planner
        .on_booking(|_, _| Ok(Outcome::Done(Booking::default())));
    stage
        .call("create_media_buy", stage.accept(&proposal_id))
        .await;
    assert_eq!(stage.state(), "consumed");
}

#[tokio::test]
async fn a_process_that_was_too_slow_answers_with_what_another_did() {
    let world = World::new();
    let slow = Planner::default();
    let first = world.process(&FREE, &slow).await;
    first.sync_accounts().await;
    let proposal_id = first.firm().await;
    let order = first.accept(&proposal_id);
    slow.takes(Duration::from_secs(4));
    let call = first.call("create_media_buy", order);
    let other = async {
        while !slow
            .asked()
            .iter()
            .any(|asked| matches!(asked, Asked::Booking(_)))
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        slow.takes(Duration::ZERO);
        // For everybody else the lease has run out now.
        world.clock.advance(TimeDelta::seconds(31));
        world.process(&FREE, &Planner::default()).await
    };
    let (answer, second) = tokio::join!(call, other);
    assert_eq!(answer["replayed"], true, "{answer}");
    second.settled("consumed").await;
    assert_eq!(second.store.count("media_buy"), 1);
}

#[tokio::test]
async fn the_journal_is_renewed_while_the_adapter_works() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.draft().await;
    stage.planner.takes(Duration::from_secs(12));
    let leased_until = || {
        let contents = stage.store.contents();
        let journal = contents.iter().find(|(key, _)| key.kind == "task");
        journal.map(|(_, journal)| journal["leased_until"].clone())
    };
    let call = stage.call("get_products", finalize(&proposal_id));
    let watch = async {
        while leased_until().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let first = leased_until();
        stage.clock.advance(TimeDelta::seconds(25));
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        let renewed = leased_until();
        assert!(renewed.is_some() && renewed != first, "{renewed:?}");
        // By its first lease it would be free now.
        stage.clock.advance(TimeDelta::seconds(10));
    };
    let (answer, ()) = tokio::join!(call, watch);
    assert_eq!(answer["proposals"][0]["proposal_status"], "committed");
    assert_eq!(stage.planner.finalized().len(), 1);
}
