//! What a buy goes through, from waiting to its end.

use adcp_seller::domain::PackageChange;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::with;
use crate::market::{AGENT_URL, banner, creative, order, sandbox};

#[tokio::test]
async fn a_buy_waits_for_creatives_then_for_its_flight_then_runs_and_ends() {
    let market = sandbox().await;
    let booked = market
        .book(json!([with(
            banner(100.0),
            json!({ "creative_assignments": [{ "creative_id": "late" }] })
        )]))
        .await;
    let id = &booked["media_buy_id"];
    assert_eq!(
        booked["status"], "pending_creatives",
        "a creative that nobody has synced shows nothing"
    );
    market.sync(json!([creative("late", "rectangle")])).await;
    assert_eq!(market.read(id).await["status"], "pending_start");
    market.clock.advance(TimeDelta::days(22));
    assert_eq!(market.read(id).await["status"], "active");
    market.clock.advance(TimeDelta::days(30));
    let read = market.read(id).await;
    assert_eq!(read["status"], "completed");
    assert_eq!(read["valid_actions"], json!([]));
    let actions: Vec<&str> = read["history"]
        .as_array()
        .expect("a history")
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(
        actions,
        ["completed", "activated", "creatives_received", "created"]
    );
    let revisions: Vec<u64> = read["history"]
        .as_array()
        .expect("a history")
        .iter()
        .filter_map(|entry| entry["revision"].as_u64())
        .collect();
    assert_eq!(revisions, [4, 3, 2, 1]);
    assert_eq!(read["revision"], 4);
    assert_eq!(
        market.change_refused(id, json!({ "paused": true })).await.0,
        "INVALID_STATE"
    );
    assert_eq!(
        market
            .change_refused(id, json!({ "canceled": true }))
            .await
            .0,
        "NOT_CANCELLABLE"
    );
}

#[tokio::test]
async fn an_update_assigns_only_creatives_that_exist_and_fit() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(100.0)])).await;
    let (id, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    market
        .sync(json!([
            creative("fits", "rectangle"),
            creative("too-long", "spot")
        ]))
        .await;
    let assign = |creative_id: &str| json!({ "packages": [{ "package_id": package, "creative_assignments": [{ "creative_id": creative_id, "weight": 50 }] }] });
    let field = "packages[0].creative_assignments[0].creative_id";
    for (creative_id, code) in [
        ("nobody", "CREATIVE_NOT_FOUND"),
        ("too-long", "VALIDATION_ERROR"),
    ] {
        assert_eq!(
            market.change_refused(id, assign(creative_id)).await,
            (code.to_owned(), Some(field.to_owned()))
        );
    }
    let changed = market.change(id, assign("fits")).await;
    assert_eq!(changed["status"], "pending_start");
    assert_eq!(
        changed["affected_packages"][0]["creative_assignments"],
        json!([{ "creative_id": "fits", "weight": 50 }])
    );
    assert_eq!(
        market.read(id).await["packages"][0]["creative_approvals"],
        json!([{ "creative_id": "fits", "approval_status": "pending_review" }])
    );
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "fits", "status": "rejected", "rejection_reason": "blurred" }),
        )
        .await;
    let approvals = market.read(id).await["packages"][0]["creative_approvals"].clone();
    assert_eq!(
        approvals,
        json!([{ "creative_id": "fits", "approval_status": "rejected", "rejection_reason": "blurred" }])
    );
    assert_eq!(
        market.change_refused(id, assign("fits")).await,
        ("CREATIVE_REJECTED".to_owned(), Some(field.to_owned()))
    );
}

#[tokio::test]
async fn a_rejected_or_archived_creative_does_not_make_a_buy_ready() {
    let market = sandbox().await;
    market.sync(json!([creative("bad", "rectangle")])).await;
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "bad", "status": "rejected" }),
        )
        .await;
    let refused = market
        .refused(
            "create_media_buy",
            order(json!([with(
                banner(1.0),
                json!({ "creative_assignments": [{ "creative_id": "bad" }] })
            )])),
        )
        .await;
    assert_eq!(refused.0, "CREATIVE_REJECTED");
    market
        .sync(json!([with(
            creative("bad", "rectangle"),
            json!({ "name": "Corrected" })
        )]))
        .await;
    let booked = market
        .book(json!([with(
            banner(1.0),
            json!({ "creative_assignments": [{ "creative_id": "bad" }] })
        )]))
        .await;
    assert_eq!(
        booked["status"], "pending_start",
        "a corrected creative is under review again"
    );
}

#[tokio::test]
async fn pausing_resuming_and_canceling_go_through_the_states() {
    let market = sandbox().await;
    let booked = market
        .book(json!([with(
            banner(10.0),
            json!({ "creatives": [creative("a", "rectangle")] })
        )]))
        .await;
    let id = &booked["media_buy_id"];
    market.clock.advance(TimeDelta::days(22));
    for (change, status, revision) in [
        (json!({ "paused": true }), "paused", 3),
        (json!({ "paused": true }), "paused", 3),
        (json!({ "paused": false }), "active", 4),
        (json!({ "paused": false }), "active", 4),
        (
            json!({ "canceled": true, "cancellation_reason": "no need" }),
            "canceled",
            5,
        ),
    ] {
        let changed = market.change(id, change.clone()).await;
        assert_eq!(
            (changed["status"].as_str(), changed["revision"].as_u64()),
            (Some(status), Some(revision)),
            "{change}"
        );
    }
    assert_eq!(
        market.ad_server.changes().len(),
        3,
        "what changes nothing is not told to the ad server"
    );
    let read = market.read(id).await;
    assert_eq!(read["cancellation"]["reason"], "no need");
    assert_eq!(read["packages"][0]["canceled"], true);
    for (change, code) in [
        (json!({ "paused": true }), "INVALID_STATE"),
        (json!({ "paused": false }), "INVALID_STATE"),
        (json!({ "canceled": true }), "NOT_CANCELLABLE"),
    ] {
        assert_eq!(market.change_refused(id, change).await.0, code);
    }
}

#[tokio::test]
async fn a_buy_that_waits_is_held_and_released_without_calling_it_active() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0), banner(20.0)])).await;
    let (id, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    let held = market.change(id, json!({ "paused": true })).await;
    assert_eq!(
        (&held["status"], &held["valid_actions"][0]),
        (&json!("pending_creatives"), &json!("resume"))
    );
    let told = market.ad_server.changes();
    assert!(told[0].after.is_held());
    assert_eq!(told[0].packages.len(), 2, "{:?}", told[0].packages);
    assert!(
        told[0]
            .packages
            .iter()
            .all(|change| matches!(change, PackageChange::Paused(_)))
    );
    assert_eq!(market.read(id).await["packages"][1]["paused"], true);
    let again = market.change(id, json!({ "paused": true })).await;
    assert_eq!(again["revision"], held["revision"], "nothing changed");

    market.sync(json!([creative("a", "rectangle")])).await;
    let assign = json!({ "packages": [{ "package_id": package, "creative_assignments": [{ "creative_id": "a" }] }] });
    assert_eq!(
        market.change(id, assign).await["status"],
        "pending_start",
        "held, but complete"
    );
    let released = market.change(id, json!({ "paused": false })).await;
    assert_eq!(
        (&released["status"], &released["valid_actions"][0]),
        (&json!("pending_start"), &json!("pause"))
    );
    assert_eq!(market.read(id).await["packages"][1]["paused"], false);

    market.change(id, json!({ "paused": true })).await;
    market.clock.advance(TimeDelta::days(22));
    let read = market.read(id).await;
    assert_eq!(read["status"], "paused", "the flight has begun without it");
    assert_eq!(read["history"][0]["action"], "paused");
    assert_eq!(
        market.change(id, json!({ "paused": false })).await["status"],
        "active"
    );
}

#[tokio::test]
async fn a_held_buy_that_gets_its_creatives_within_its_flight_is_paused() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let id = &booked["media_buy_id"];
    market.change(id, json!({ "paused": true })).await;
    market.clock.advance(TimeDelta::days(22));
    market.sync(json!([creative("a", "rectangle")])).await;
    let package = json!({ "package_id": booked["packages"][0]["package_id"], "creative_assignments": [{ "creative_id": "a" }] });
    let changed = market.change(id, json!({ "packages": [package] })).await;
    assert_eq!(changed["status"], "paused");
}

#[tokio::test]
async fn a_buy_that_is_paused_by_force_is_resumed_like_any_other() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let id = &booked["media_buy_id"];
    let force = |status: &str| json!({ "media_buy_id": id, "status": status });
    for status in ["active", "paused", "active"] {
        market.steer("force_media_buy_status", force(status)).await;
        assert_eq!(market.read(id).await["status"], status);
    }
    assert_eq!(market.read(id).await["packages"][0]["paused"], false);
    market
        .steer("force_media_buy_status", force("paused"))
        .await;
    let changed = market.change(id, json!({ "paused": false })).await;
    assert_eq!(changed["status"], "active");
}

#[tokio::test]
async fn a_buy_says_which_of_its_creatives_are_gone() {
    let market = sandbox().await;
    let rectangle = json!({ "agent_url": AGENT_URL, "id": "rectangle" });
    let leaderboard = json!({ "agent_url": AGENT_URL, "id": "leaderboard" });
    let named = with(
        banner(10.0),
        json!({ "format_ids": [rectangle, leaderboard], "creatives": [creative("a", "rectangle")] }),
    );
    let any = with(
        banner(10.0),
        json!({ "creatives": [creative("b", "leaderboard")] }),
    );
    let booked = market.book(json!([named, any])).await;
    let id = &booked["media_buy_id"];
    let pending =
        |read: &Value| [0, 1].map(|at| read["packages"][at].get("format_ids_pending").cloned());
    let read = market.read(id).await;
    assert_eq!(read["status"], "pending_start");
    assert_eq!(pending(&read), [Some(json!([leaderboard])), None]);
    for creative_id in ["a", "b"] {
        market
            .steer(
                "force_creative_status",
                json!({ "creative_id": creative_id, "status": "rejected", "rejection_reason": "blurred" }),
            )
            .await;
    }
    let read = market.read(id).await;
    assert_eq!(read["status"], "pending_start", "no edge leads back");
    let both = Some(json!([rectangle, leaderboard]));
    assert_eq!(pending(&read), [both.clone(), both]);
    assert_eq!(
        read["packages"][1]["creative_approvals"],
        json!([{ "creative_id": "b", "approval_status": "rejected", "rejection_reason": "blurred" }])
    );
    market.change(id, json!({ "canceled": true })).await;
    assert_eq!(pending(&market.read(id).await), [None, None]);
}
