//! Buys that wait: for a person, or for an ad server that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adcp_seller::Seller;
use adcp_seller::auth::Callers;
use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::identity::{Principal, Scope, TenantId};
use adcp_seller::platform::Outcome;
use adcp_seller::profile::{Approval, Profile};
use adcp_seller::seller::Setting;
use adcp_seller::store::Key;
use adcp_seller::tasks::{self, Verdict};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Shop, accept, at, shop, with};
use crate::market::{Parts, account, banner, creative, order};
use crate::support::planner::{Asked, plan};
use crate::support::{line, operators};

/// A seller with proposals, whose sales need a person and whose finalizing does not.
static APPROVED: Profile = Profile {
    approval: Approval {
        finalize: false,
        create_media_buy: true,
        within_seconds: 604_800,
    },
    ..line::PROPOSALS
};

/// So often a test looks for something that another task does.
const LOOKS: usize = 400;

impl Shop {
    /// What is kept of a task of the first buyer's.
    async fn task(&self, task_id: &Value) -> Value {
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        let scope = Scope::principal(&tenant, &Principal("first".into()));
        let key = Key::new(scope, "task", task_id.as_str().expect("a task"));
        let found = self.store.get(&key).await.expect("the store answers");
        found.expect("the task is kept").body.as_ref().clone()
    }

    /// Waits until a task is in a status.
    async fn until(&self, task_id: &Value, status: &str) -> Value {
        for _ in 0..LOOKS {
            let task = self.task(task_id).await;
            if task["status"] == status {
                return task;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {status}: {}", self.task(task_id).await);
    }

    /// Waits for a status while the seller's clock goes on.
    pub(super) async fn progress(&self, task_id: &Value, status: &str) -> Value {
        for _ in 0..LOOKS {
            let task = self.task(task_id).await;
            if task["status"] == status {
                return task;
            }
            self.market.clock.advance(chrono::TimeDelta::seconds(2));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {status}: {}", self.task(task_id).await);
    }

    /// What `tasks/get` tells the buyer.
    async fn asked(&self, task_id: &Value) -> Value {
        let request = json!({ "task_id": task_id, "include_result": true });
        self.market.call("tasks/get", request).await
    }

    async fn submitted(&self, request: Value) -> Value {
        let answer = self.buy(request).await;
        assert_eq!(answer["status"], "submitted", "{answer}");
        assert!(answer.get("media_buy_id").is_none(), "{answer}");
        assert!(answer.get("packages").is_none(), "{answer}");
        let message = answer["message"].as_str().expect("a message");
        assert!(message.contains("tasks/get"), "{message}");
        answer["task_id"].clone()
    }

    /// A person decides, in another process of the same seller.
    async fn decide(&self, task_id: &Value, approved: bool) {
        let setting = Setting {
            store: self.store.clone(),
            clock: Arc::new(self.market.clock.clone()),
            callers: Callers::default(),
            catalog: Parts::of(&APPROVED).catalog,
            sandbox: false,
            operators: operators(),
            operator_addr: None,
            development: true,
            trust: Default::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let other = Seller::new(line::spec(), &APPROVED, self.planner.clone())
            .start(listener, setting)
            .await
            .expect("the seller starts");
        let tenant = TenantId(TenantId::SINGLE.to_owned());
        let verdict = Verdict {
            approved,
            operator: "approver".to_owned(),
            reason: (!approved).then(|| "the week is sold".to_owned()),
        };
        let task_id = task_id.as_str().expect("a task");
        tasks::decide(other.services(), &tenant, task_id, verdict)
            .await
            .expect("it is decided");
        other.stop().await;
    }
}

#[tokio::test]
async fn a_proposal_that_needs_a_person_is_held_for_its_buyer_meanwhile() {
    let shop = shop(&APPROVED).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let request = with(
        accept(&id, 1000.0),
        json!({ "idempotency_key": "the-key-of-this-buy" }),
    );
    let task_id = shop.submitted(request.clone()).await;
    assert!(
        shop.planner.ad_server.orders().is_empty(),
        "nobody has agreed yet"
    );
    assert_eq!(shop.kept(&id).await["state"], "consuming");
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id"),
        "nobody else gets it"
    );
    let again = shop.buy(request).await;
    assert_eq!(
        (&again["task_id"], &again["replayed"]),
        (&task_id, &json!(true))
    );

    // It was accepted in time; how long the person takes does not matter.
    shop.market.clock.advance(chrono::TimeDelta::hours(30));
    shop.decide(&task_id, true).await;
    shop.until(&task_id, "completed").await;
    let task = shop.asked(&task_id).await;
    assert_eq!(task["result"]["proposal_id"], json!(id), "{task}");
    let bought = shop.market.read(&task["result"]["media_buy_id"]).await;
    assert!(bought["confirmed_at"].is_string(), "{bought}");
    assert_eq!(bought["total_budget"], 1000);
    assert_eq!(shop.kept(&id).await["state"], "consumed");
    assert_eq!(shop.planner.ad_server.orders().len(), 1);
}

#[tokio::test]
async fn an_account_that_was_suspended_meanwhile_gets_nothing_firm() {
    let shop = shop(&line::PROPOSALS_WITH_APPROVAL).await;
    let id = shop.draft(plan("plan", 60.0)).await;
    let asked = shop.market.call("get_products", super::finalize(&id)).await;
    assert_eq!(asked["status"], "submitted", "{asked}");
    shop.put_account("suspended").await;
    shop.decide(&asked["task_id"], true).await;
    let task = shop.until(&asked["task_id"], "failed").await;
    assert_eq!(task["error"]["code"], "ACCOUNT_SUSPENDED", "{task}");
    assert_eq!(shop.kept(&id).await["state"], "draft");
    assert!(shop.planner.finalized().is_empty(), "nothing is held");
}

#[tokio::test]
async fn what_is_rejected_leaves_nothing_behind() {
    let shop = shop(&APPROVED).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let task_id = shop.submitted(accept(&id, 1000.0)).await;
    shop.decide(&task_id, false).await;
    shop.until(&task_id, "rejected").await;
    let task = shop.asked(&task_id).await;
    assert!(task.to_string().contains("the week is sold"), "{task}");
    assert_eq!(shop.kept(&id).await["state"], "committed");
    assert!(shop.planner.ad_server.orders().is_empty());
    shop.submitted(accept(&id, 1000.0)).await;
}

#[tokio::test]
async fn an_ordinary_buy_waits_for_a_person_too_and_is_judged_anew() {
    let shop = shop(&APPROVED).await;
    let brought = with(
        banner(500.0),
        json!({ "creatives": [creative("c1", "rectangle")] }),
    );
    let task_id = shop.submitted(order(json!([brought]))).await;
    assert!(
        shop.planner.ad_server.reviewed().is_empty(),
        "nothing reaches the ad server before"
    );
    let library = json!({ "account": account("nova") });
    let listed = shop.market.call("list_creatives", library).await;
    assert_eq!(listed["creatives"], json!([]));
    shop.decide(&task_id, true).await;
    let done = shop.until(&task_id, "completed").await;
    assert_eq!(done["result"]["packages"][0]["budget"], 500, "{done}");
    assert_eq!(shop.planner.ad_server.reviewed(), ["c1"]);

    // A flight that is over can't be bought any more, whoever agrees.
    let short = json!({ "start_time": "asap", "end_time": "2026-03-12T00:00:00Z" });
    let task_id = shop
        .submitted(with(order(json!([banner(500.0)])), short))
        .await;
    shop.market.clock.advance(chrono::TimeDelta::days(2));
    shop.decide(&task_id, true).await;
    let failed = shop.until(&task_id, "failed").await;
    assert_eq!(failed["error"]["field"], "end_time", "{failed}");
}

#[tokio::test]
async fn an_unfit_request_never_reaches_a_person() {
    let shop = shop(&APPROVED).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    assert_eq!(
        shop.refused(accept(&id, 0.0)).await,
        at("BUDGET_TOO_LOW", "total_budget.amount")
    );
    assert_eq!(
        shop.refused(order(json!([banner(0.0)]))).await,
        at("BUDGET_TOO_LOW", "packages[0].budget")
    );
    assert_eq!(shop.kept(&id).await["state"], "committed");
}

#[tokio::test]
async fn a_flight_that_has_begun_while_it_waited_is_booked_late() {
    let shop = shop(&APPROVED).await;
    let soon = json!({ "start_time": "2026-03-11T00:00:00Z" });
    let own = with(
        banner(500.0),
        json!({ "start_time": "2026-03-11T06:00:00Z" }),
    );
    let task_id = shop.submitted(with(order(json!([own])), soon)).await;
    shop.market.clock.advance(chrono::TimeDelta::days(2));
    shop.decide(&task_id, true).await;
    let done = shop.until(&task_id, "completed").await;
    assert_eq!(
        done["result"]["packages"][0]["start_time"], "2026-03-11T06:00:00Z",
        "as it was ordered: {done}"
    );
}

#[tokio::test]
async fn a_product_that_the_catalogue_exempts_is_booked_at_once() {
    let folder = super::booker::catalogue_with("banner", "approval = false");
    let shop = super::open(Parts {
        catalog: folder.path().to_owned(),
        ..Parts::of(&APPROVED)
    })
    .await;
    let bought = shop.buy(order(json!([banner(500.0)]))).await;
    assert!(bought["media_buy_id"].is_string(), "{bought}");
    let video = json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 100 });
    shop.submitted(order(json!([banner(500.0), video]))).await;
    let only_banner = super::proposing(
        "exempt",
        json!([{ "product_id": "banner", "allocation_percentage": 100.0, "pricing_option_id": "fixed" }]),
    );
    let id = shop.firm(only_banner).await;
    let bought = shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(bought["proposal_id"], json!(id));
}

#[tokio::test]
async fn an_update_spends_no_more_than_a_person_has_agreed_to() {
    let folder = super::booker::catalogue_with("video", "approval = false");
    let shop = super::open(Parts {
        catalog: folder.path().to_owned(),
        ..Parts::of(&APPROVED)
    })
    .await;
    let task_id = shop.submitted(order(json!([banner(500.0)]))).await;
    shop.decide(&task_id, true).await;
    let bought = shop.until(&task_id, "completed").await["result"].clone();
    let buy = &bought["media_buy_id"];
    let package = &bought["packages"][0]["package_id"];
    let budget = |package: &Value, amount: f64| json!({ "packages": [{ "package_id": package, "budget": amount }] });

    let mut more = budget(package, 9_000_000.0);
    more["media_buy_id"] = buy.clone();
    more["account"] = account("nova");
    let error = shop.market.error("update_media_buy", more).await;
    assert_eq!(error["code"], "REQUOTE_REQUIRED", "{error}");
    assert_eq!(error["recovery"], "correctable");
    assert_eq!(error["field"], "packages[0].budget");
    assert_eq!(
        error["details"]["envelope_field"],
        json!(["packages[0].budget"])
    );
    let remedy = error["suggestion"].as_str().expect("a remedy");
    assert!(remedy.contains("create_media_buy"), "{remedy}");
    let added = json!({ "new_packages": [banner(5_000_000.0)] });
    assert_eq!(
        shop.market.change_refused(buy, added).await,
        at("UNSUPPORTED_FEATURE", "new_packages[0].product_id")
    );
    let read = shop.market.read(buy).await;
    assert_eq!(read["total_budget"], 500);
    assert!(shop.planner.ad_server.changes().is_empty());

    // Everything else about it can be changed, and so can what needs nobody.
    let dates = json!({ "end_time": "2026-05-20T00:00:00Z" });
    shop.market.change(buy, dates).await;
    shop.market.change(buy, budget(package, 400.0)).await;
    assert_eq!(
        shop.market
            .change_refused(buy, budget(package, 500.0))
            .await
            .0,
        "REQUOTE_REQUIRED"
    );
    let overlay = json!({ "packages": [{ "package_id": package, "targeting_overlay": { "geo_countries": ["US"] } }] });
    shop.market.change(buy, overlay).await;
    let video = json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 100.0 });
    let changed = shop
        .market
        .change(buy, json!({ "new_packages": [video] }))
        .await;
    let video = &changed["affected_packages"][0]["package_id"];
    shop.market.change(buy, budget(video, 200.0)).await;
}

/// Has the ad server hand a booking off twice, and end it as told.
fn slowly(shop: &Shop, end: fn() -> Result<Booking, Error>) {
    let asked = AtomicUsize::new(0);
    shop.planner.on_booking(move |context, _| {
        if asked.fetch_add(1, Ordering::SeqCst) < 2 {
            let hand_off = context.hand_off("the inventory desk is looking");
            return Ok(hand_off.again_in(Duration::from_secs(1)).into());
        }
        end().map(Outcome::Done)
    });
}

#[tokio::test]
async fn an_accept_that_is_handed_off_is_completed_the_same_way() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    slowly(&shop, || Ok(Booking::default()));
    let task_id = shop.submitted(accept(&id, 1000.0)).await;
    assert_eq!(shop.kept(&id).await["state"], "consuming");
    let done = shop.progress(&task_id, "completed").await;
    assert_eq!(done["result"]["proposal_id"], json!(id), "{done}");
    let kept = shop.kept(&id).await;
    assert_eq!(kept["state"], "consumed");
    assert_eq!(kept["media_buy_id"], done["result"]["media_buy_id"]);
    let bookings: Vec<_> = shop
        .planner
        .asked()
        .into_iter()
        .filter(|asked| matches!(asked, Asked::Booking(_)))
        .collect();
    assert_eq!(bookings.len(), 3);
    assert!(
        bookings.iter().all(|asked| *asked == bookings[0]),
        "one operation: {bookings:?}"
    );
}

#[tokio::test]
async fn an_accept_that_fails_as_a_task_gives_the_proposal_back() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    slowly(&shop, || {
        Err(Error::new("PRODUCT_UNAVAILABLE", "sold out by now"))
    });
    let task_id = shop.submitted(accept(&id, 1000.0)).await;
    let failed = shop.progress(&task_id, "failed").await;
    assert_eq!(failed["error"]["code"], "PRODUCT_UNAVAILABLE", "{failed}");
    assert_eq!(shop.kept(&id).await["state"], "committed");
}

#[tokio::test]
async fn an_ordinary_buy_that_is_handed_off_is_completed_too() {
    let shop = shop(&line::PROPOSALS).await;
    slowly(&shop, || Ok(Booking::default()));
    let task_id = shop.submitted(order(json!([banner(500.0)]))).await;
    let done = shop.progress(&task_id, "completed").await;
    let read = shop.market.read(&done["result"]["media_buy_id"]).await;
    assert_eq!(read["total_budget"], 500);
}
