//! What was asked of an ad server without a definite answer: nobody else gets it, no buyer is told
//! no, and nothing stays open for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::{Context, Outcome};
use adcp_seller::profile::{Approval, Profile};
use adcp_seller::store::{Batch, Draft, Store};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{FREE, SHARED, Stage, WATCHED, World, finalize, stage, submitted};
use crate::market::{account, creative};
use crate::support::planner::{Asked, Planner};
use crate::support::{OTHER_TOKEN, TOKEN};

/// A person has thirty days to agree to a buy.
static PATIENT: Profile = Profile {
    approval: Approval {
        within_seconds: 30 * 86_400,
        ..WATCHED.approval
    },
    ..WATCHED
};
/// All buyers share one account, and a person has to agree.
static SHARED_AND_WATCHED: Profile = Profile {
    approval: WATCHED.approval,
    ..SHARED
};

/// The operations that were booked, one for each order that reached the ad server.
fn bookings(planner: &Planner) -> Vec<String> {
    let asked = planner.asked().into_iter();
    asked
        .filter_map(|asked| match asked {
            Asked::Booking(operation_id) => Some(operation_id),
            _ => None,
        })
        .collect()
}

/// An ad server that takes orders and hangs up, until it is told to be well.
fn hangs_up(planner: &Planner) -> Arc<AtomicBool> {
    let well = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&well);
    planner.on_booking(move |_, _| {
        if seen.load(Ordering::SeqCst) {
            return Ok(Outcome::Done(Booking::default()));
        }
        Err(Error::unavailable("it took the order and hung up"))
    });
    well
}

impl Stage {
    /// The one record of an operation.
    fn journal(&self) -> Value {
        let contents = self.store.contents();
        let mut journals = contents.into_iter().filter(|(key, _)| key.kind == "task");
        let (_, journal) = journals.next().expect("a journal");
        assert!(journals.next().is_none(), "there is one");
        journal
    }

    /// Waits until so many attempts have been made, and the last one is over.
    async fn attempted(&self, times: u64) {
        for _ in 0..500 {
            let journal = self.journal();
            if journal["attempt"].as_u64() >= Some(times) && journal.get("leased_until").is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it should have been tried again: {}", self.journal());
    }

    /// Writes over what is kept of the one operation.
    async fn tamper(&self, members: Value) {
        let contents = self.store.contents();
        let found = contents.into_iter().find(|(key, _)| key.kind == "task");
        let (key, mut body) = found.expect("a journal");
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        let due = body["due"].as_str().expect("it is due").parse();
        let mut batch = Batch::new();
        batch.put(key, Draft::new(body).due(due.expect("an instant")));
        self.store.commit(batch).await.expect("it is written");
    }

    /// Expects that nobody can buy a proposal, and that no other operation has reached the ad server.
    async fn is_out_of_reach(&self, proposal_id: &Value, booked: usize) {
        let error = self
            .error("create_media_buy", self.accept(proposal_id))
            .await;
        assert_eq!(error["code"], "PROPOSAL_NOT_COMMITTED", "{error}");
        let operations = bookings(&self.planner);
        assert_eq!(operations.len(), booked);
        assert!(operations.iter().all(|it| *it == operations[0]));
    }
}

#[tokio::test]
async fn a_rule_of_ours_does_not_free_what_may_be_booked() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    hangs_up(&stage.planner);
    let shown = creative("c1", "rectangle");
    let mut order = stage.accept(&proposal_id);
    order["packages"] = json!([
        { "product_id": "banner", "pricing_option_id": "fixed", "budget": 600, "creatives": [shown] },
        { "product_id": "video", "pricing_option_id": "fixed", "budget": 400 },
    ]);
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    let sync = json!({ "idempotency_key": "the-creative-of-this-test", "account": account("nova"), "creatives": [shown] });
    stage.call("sync_creatives", sync).await;

    // What the order brings is there by now, which our rules refuse. The ad server may have booked.
    stage.clock.advance(TimeDelta::seconds(11));
    stage.attempted(2).await;
    assert_eq!(stage.state(), "consuming");
    stage.is_out_of_reach(&proposal_id, 1).await;
    let error = stage.error("create_media_buy", order).await;
    assert_eq!(
        (&error["code"], &error["recovery"]),
        (&json!("SERVICE_UNAVAILABLE"), &json!("transient")),
        "no buyer is told no: {error}"
    );
    assert_eq!(stage.state(), "consuming");
}

#[tokio::test]
async fn a_retry_is_judged_as_the_request_that_came_in_time() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let well = hangs_up(&stage.planner);
    let mut order = stage.accept(&proposal_id);
    order["start_time"] = json!("2026-03-10T12:00:02Z");
    order["end_time"] = json!("2026-03-10T12:01:20Z");
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    // No worker takes it up in this test.
    stage.tamper(json!({ "due": "2026-04-10T12:00:00Z" })).await;
    // Its start is past by more than clocks differ, and so is its end.
    stage.clock.advance(TimeDelta::seconds(90));
    well.store(true, Ordering::SeqCst);
    let answer = stage.call("create_media_buy", order).await;
    assert!(answer["media_buy_id"].is_string(), "{answer}");
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("consumed", 0)
    );
    stage.is_out_of_reach(&proposal_id, 2).await;
}

#[tokio::test]
async fn what_goes_on_as_a_task_is_not_judged_when_it_is_asked_for_again() {
    let stage = stage(&WATCHED).await;
    let mut order = stage.order();
    order["start_time"] = json!("2026-03-10T12:00:02Z");
    let task_id = submitted(&stage.call("create_media_buy", order.clone()).await);
    stage.clock.advance(TimeDelta::minutes(10));
    stage.forget("idempotency").await;
    let again = stage.call("create_media_buy", order).await;
    assert_eq!(submitted(&again), task_id);
}

#[tokio::test]
async fn an_order_whose_answer_can_not_be_given_is_not_ordered_again() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let too_much = |context: &Context| {
        let state = json!("x".repeat(adcp_seller::tasks::LARGEST_STATE));
        context.hand_off("booked").state(state)
    };
    stage
        .planner
        .on_booking(move |context, _| Ok(too_much(context).into()));
    let error = stage
        .error("create_media_buy", stage.accept(&proposal_id))
        .await;
    assert_eq!(error["code"], "INTERNAL_ERROR");
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("consumed", 0),
        "the ad server has it, and nothing stays open"
    );
    stage.is_out_of_reach(&proposal_id, 1).await;
}

#[tokio::test]
async fn a_key_stays_its_requests_while_nobody_knows_what_became_of_it() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let well = hangs_up(&stage.planner);
    let order = stage.accept(&proposal_id);
    stage.error("create_media_buy", order.clone()).await;
    let mut other = stage.order();
    other["idempotency_key"] = order["idempotency_key"].clone();
    let error = stage.error("create_media_buy", other.clone()).await;
    assert_eq!(error["code"], "IDEMPOTENCY_CONFLICT");
    // The same request need not wait for anything.
    let error = stage.error("create_media_buy", order.clone()).await;
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    well.store(true, Ordering::SeqCst);
    stage.clock.advance(TimeDelta::seconds(11));
    stage.settled("consumed").await;
    let answer = stage.call("create_media_buy", order).await;
    assert_eq!(answer["replayed"], true);
    let error = stage.error("create_media_buy", other).await;
    assert_eq!(error["code"], "IDEMPOTENCY_CONFLICT");
}

#[tokio::test]
async fn a_code_of_the_adapters_own_is_a_decision() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    stage
        .planner
        .on_booking(|_, _| Err(Error::new("SPONSOR_CLASH", "a rival has the week")));
    let error = stage
        .error("create_media_buy", stage.accept(&proposal_id))
        .await;
    assert_eq!(error["code"], "SPONSOR_CLASH");
    assert_eq!(
        (stage.state().as_str(), stage.store.count("task")),
        ("committed", 0)
    );
}

#[tokio::test]
async fn a_no_of_the_ad_server_counts_also_after_it_did_not_answer() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    hangs_up(&stage.planner);
    let order = stage.accept(&proposal_id);
    stage.error("create_media_buy", order).await;
    assert_eq!(stage.state(), "consuming");
    stage
        .planner
        .on_booking(|_, _| Err(Error::new("PRODUCT_UNAVAILABLE", "sold out")));
    stage.clock.advance(TimeDelta::seconds(11));
    stage.settled("committed").await;
    // The key is free with it.
    assert!(
        !stage
            .store
            .contents()
            .iter()
            .any(|(key, body)| key.kind == "idempotency" && body.get("answer").is_none())
    );
}

#[tokio::test]
async fn an_order_that_the_ad_server_works_on_is_not_given_up_by_our_rules() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    stage.planner.on_booking(move |context, _| {
        if seen.load(Ordering::SeqCst) {
            return Ok(Outcome::Done(Booking::default()));
        }
        Ok(context.hand_off("at it").into())
    });
    let mut order = stage.accept(&proposal_id);
    order["end_time"] = json!("2026-03-20T00:00:00Z");
    order["start_time"] = json!("2026-03-11T00:00:00Z");
    let task_id = submitted(&stage.call("create_media_buy", order).await);
    // Its flight is over before the ad server is done, and it can't even be reached for long.
    stage.clock.advance(TimeDelta::days(14));
    stage.attempted(2).await;
    stage
        .planner
        .on_booking(|_, _| Err(Error::unavailable("the connection was reset")));
    stage.tamper(json!({ "failures": 20 })).await;
    stage.clock.advance(TimeDelta::minutes(10));
    stage.attempted(3).await;
    assert_eq!(stage.task(&task_id).await["status"], "working");
    assert_eq!(stage.state(), "consuming");
    let booked = bookings(&stage.planner).len();
    stage.is_out_of_reach(&proposal_id, booked).await;
    stage
        .planner
        .on_booking(|_, _| Ok(Outcome::Done(Booking::default())));
    stage.clock.advance(TimeDelta::minutes(10));
    stage.task_once(&task_id, "completed").await;
    assert_eq!(stage.state(), "consumed");
}

#[tokio::test]
async fn what_kills_every_process_is_given_up() {
    let stage = stage(&FREE).await;
    let proposal_id = stage.firm().await;
    hangs_up(&stage.planner);
    stage
        .error("create_media_buy", stage.accept(&proposal_id))
        .await;
    // So it is found when process after process has died of it.
    stage
        .tamper(json!({ "failures": 8, "crashes": 8, "leased_until": "2026-03-10T12:00:30Z" }))
        .await;
    stage.clock.advance(TimeDelta::seconds(31));
    stage.settled("committed").await;
    assert_eq!(bookings(&stage.planner).len(), 1, "it is not begun again");
}

#[tokio::test]
async fn the_time_to_hand_off_is_counted_from_the_decision() {
    let stage = stage(&PATIENT).await;
    stage
        .planner
        .on_booking(|context, _| Ok(context.hand_off("at it").into()));
    let mut order = stage.order();
    order["start_time"] = json!("2026-08-01T00:00:00Z");
    order["end_time"] = json!("2026-09-01T00:00:00Z");
    let task_id = submitted(&stage.call("create_media_buy", order).await);
    stage.clock.advance(TimeDelta::days(29));
    stage.decide(&task_id, true).await.expect("decided");
    stage.attempted(1).await;
    stage.clock.advance(TimeDelta::days(2));
    stage.attempted(2).await;
    assert_eq!(stage.task(&task_id).await["status"], "working");
    stage.clock.advance(TimeDelta::days(29));
    stage.task_once(&task_id, "failed").await;
}

#[tokio::test]
async fn a_caller_whose_neighbour_waits_for_a_person_is_told_so_at_once() {
    let world = World::new();
    let planner = Planner::default();
    let stage = world.process(&SHARED_AND_WATCHED, &planner).await;
    let brief = json!({ "buying_mode": "brief", "brief": "news" });
    let answer = stage.call("get_products", brief).await;
    let mut request = finalize(&answer["proposals"][0]["proposal_id"]);
    let members = request.as_object_mut().expect("an object");
    members.remove("account");
    let task_id = submitted(&stage.call_as(TOKEN, "get_products", request.clone()).await);

    let began = std::time::Instant::now();
    let error = stage
        .send_as(OTHER_TOKEN, "get_products", request.clone())
        .await
        .expect_err("it is the other's task");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("CONFLICT"),
            &json!("refine[0].proposal_id"),
            &json!("transient")
        )
    );
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("approve"), "{message}");

    stage.decide(&task_id, true).await.expect("decided");
    stage.task_once(&task_id, "completed").await;
    let firm = stage.call_as(OTHER_TOKEN, "get_products", request).await;
    assert_eq!(firm["proposals"][0]["proposal_status"], "committed");
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn whoever_makes_a_draft_firm_it_is_the_same_operation_until_the_manager_refuses() {
    let world = World::new();
    let planner = Planner::default();
    let stage = world.process(&SHARED, &planner).await;
    let brief = json!({ "buying_mode": "brief", "brief": "news" });
    let answer = stage.call("get_products", brief).await;
    let mut request = finalize(&answer["proposals"][0]["proposal_id"]);
    let members = request.as_object_mut().expect("an object");
    members.remove("account");
    let ask = |token| stage.send_as(token, "get_products", request.clone());

    // Given up without an answer: the manager may know of it, by its name.
    let times = Arc::new(AtomicUsize::new(0));
    planner.on_finalize(|_, _| Err(Error::unavailable("it hung up")));
    ask(TOKEN).await.expect_err("it hung up");
    stage.tamper(json!({ "failures": 8 })).await;
    stage.clock.advance(TimeDelta::seconds(31));
    stage.settled("draft").await;
    let counted = Arc::clone(&times);
    planner.on_finalize(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(Error::new("PRODUCT_UNAVAILABLE", "not just now"))
    });
    ask(OTHER_TOKEN).await.expect_err("refused");
    ask(TOKEN).await.expect_err("refused");
    assert_eq!(times.load(Ordering::SeqCst), 2);
    let [lost, refused, again] = &planner.finalized()[..] else {
        panic!("three: {:?}", planner.finalized());
    };
    assert_eq!(lost, refused);
    assert_ne!(refused, again, "what was refused is asked for anew");
}
