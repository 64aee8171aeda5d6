//! What may be booked and changed, and what it leads to.

use adcp_seller::domain::PackageChange;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{AGENT_URL, account, banner, creative, in_earnest, order, sandbox};
use crate::support::TOKEN;

/// A package with some members changed.
fn with(mut package: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        package[name] = value.clone();
    }
    package
}

#[tokio::test]
async fn packages_that_can_not_be_sold_are_refused_with_code_and_field() {
    let market = sandbox().await;
    let floor = |bid: f64| json!({ "product_id": "banner", "pricing_option_id": "floor", "budget": 500, "bid_price": bid });
    let terms = |terms: Value| with(banner(100.0), json!({ "measurement_terms": terms }));
    let video = |members: Value| {
        with(
            json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 100 }),
            members,
        )
    };
    let vendor = json!({ "domain": "counts.example" });
    let cases = [
        (banner(-1.0), "INVALID_REQUEST", "packages[0].budget"),
        (banner(0.0), "BUDGET_TOO_LOW", "packages[0].budget"),
        (
            with(banner(1.0), json!({ "product_id": "nothing" })),
            "PRODUCT_NOT_FOUND",
            "packages[0].product_id",
        ),
        (
            with(banner(1.0), json!({ "product_id": "sold_out" })),
            "PRODUCT_EXPIRED",
            "packages[0].product_id",
        ),
        (
            with(banner(1.0), json!({ "pricing_option_id": "nothing" })),
            "REFERENCE_NOT_FOUND",
            "packages[0].pricing_option_id",
        ),
        (floor(2.49), "VALIDATION_ERROR", "packages[0].bid_price"),
        (
            with(floor(3.0), json!({ "budget": 99.99 })),
            "BUDGET_TOO_LOW",
            "packages[0].budget",
        ),
        (
            with(banner(1.0), json!({ "pricing_option_id": "open" })),
            "INVALID_REQUEST",
            "packages[0].bid_price",
        ),
        (
            with(
                banner(1.0),
                json!({ "format_ids": [{ "agent_url": "http://127.0.0.1/mcp", "id": "spot" }] }),
            ),
            "VALIDATION_ERROR",
            "packages[0].format_ids[0]",
        ),
        (
            with(banner(1.0), json!({ "start_time": "2026-03-31T00:00:00Z" })),
            "VALIDATION_ERROR",
            "packages[0].start_time",
        ),
        (
            with(banner(1.0), json!({ "end_time": "2026-05-02T00:00:00Z" })),
            "VALIDATION_ERROR",
            "packages[0].end_time",
        ),
        (
            with(
                banner(1.0),
                json!({ "start_time": "2026-04-20T00:00:00Z", "end_time": "2026-04-10T00:00:00Z" }),
            ),
            "VALIDATION_ERROR",
            "packages[0].end_time",
        ),
        (
            terms(
                json!({ "billing_measurement": { "vendor": vendor, "max_variance_percent": 0 } }),
            ),
            "TERMS_REJECTED",
            "packages[0].measurement_terms.billing_measurement.max_variance_percent",
        ),
        (
            terms(
                json!({ "billing_measurement": { "vendor": vendor, "measurement_window": "c30" } }),
            ),
            "TERMS_REJECTED",
            "packages[0].measurement_terms.billing_measurement.measurement_window",
        ),
        (
            video(
                json!({ "measurement_terms": { "billing_measurement": { "vendor": vendor, "max_variance_percent": 4 } } }),
            ),
            "TERMS_REJECTED",
            "packages[0].measurement_terms.billing_measurement.max_variance_percent",
        ),
        (
            video(
                json!({ "measurement_terms": { "makegood_policy": { "available_remedies": ["additional_delivery"] } } }),
            ),
            "TERMS_REJECTED",
            "packages[0].measurement_terms.makegood_policy.available_remedies",
        ),
        (
            video(
                json!({ "creative_assignments": [{ "creative_id": "spot-1", "placement_ids": ["midroll"] }] }),
            ),
            "VALIDATION_ERROR",
            "packages[0].creative_assignments[0].placement_ids",
        ),
        (
            with(
                banner(1.0),
                json!({ "catalogs": [{ "type": "product" }, { "type": "product" }] }),
            ),
            "VALIDATION_ERROR",
            "packages[0].catalogs[1].type",
        ),
        (
            with(
                banner(1.0),
                json!({ "creative_assignments": [{ "creative_id": "a", "placement_ids": ["anywhere"] }] }),
            ),
            "VALIDATION_ERROR",
            "packages[0].creative_assignments[0].placement_ids",
        ),
        (banner(1e13 + 1.0), "VALIDATION_ERROR", "packages[0].budget"),
        (banner(1e308), "VALIDATION_ERROR", "packages[0].budget"),
        (floor(1e300), "VALIDATION_ERROR", "packages[0].bid_price"),
    ];
    for (package, code, field) in cases {
        let refused = market
            .refused("create_media_buy", order(json!([package.clone()])))
            .await;
        assert_eq!(
            (refused.0.as_str(), refused.1.as_deref()),
            (code, Some(field)),
            "{package}"
        );
    }
    let euro = json!({ "product_id": "banner", "pricing_option_id": "euro", "budget": 10 });
    let refused = market
        .refused("create_media_buy", order(json!([banner(1.0), euro])))
        .await;
    assert_eq!(
        refused,
        (
            "VALIDATION_ERROR".to_owned(),
            Some("packages[1].pricing_option_id".to_owned())
        ),
        "two currencies"
    );
    assert!(
        market.ad_server.orders().is_empty(),
        "nothing of this reached the ad server"
    );
}

#[tokio::test]
async fn the_least_budget_is_named_where_there_is_one() {
    let market = sandbox().await;
    for (package, details) in [
        (banner(0.0), json!({ "currency": "USD" })),
        (
            json!({ "product_id": "banner", "pricing_option_id": "floor", "budget": 0 }),
            json!({ "currency": "USD", "minimum_budget": 100 }),
        ),
    ] {
        let error = market
            .error("create_media_buy", order(json!([package])))
            .await;
        assert_eq!(
            (&error["code"], &error["details"]),
            (&json!("BUDGET_TOO_LOW"), &details)
        );
    }
}

#[tokio::test]
async fn requests_that_contradict_themselves_are_refused() {
    let market = sandbox().await;
    let cases = [
        (
            json!({ "start_time": "2026-05-02T00:00:00Z" }),
            "INVALID_REQUEST",
            "end_time",
        ),
        (
            json!({ "start_time": "2020-01-01T00:00:00Z" }),
            "INVALID_REQUEST",
            "start_time",
        ),
        (
            json!({ "total_budget": { "amount": 99, "currency": "USD" } }),
            "VALIDATION_ERROR",
            "total_budget.amount",
        ),
        (
            json!({ "total_budget": { "amount": 100, "currency": "EUR" } }),
            "VALIDATION_ERROR",
            "total_budget.currency",
        ),
        (
            json!({ "proposal_id": "prop_1", "total_budget": { "amount": 100, "currency": "USD" } }),
            "UNSUPPORTED_FEATURE",
            "proposal_id",
        ),
        (
            json!({ "invoice_recipient": { "legal_name": "Somebody" } }),
            "VALIDATION_ERROR",
            "invoice_recipient",
        ),
    ];
    for (members, code, field) in cases {
        let refused = market
            .refused(
                "create_media_buy",
                with(order(json!([banner(100.0)])), members.clone()),
            )
            .await;
        assert_eq!(
            (refused.0.as_str(), refused.1.as_deref()),
            (code, Some(field)),
            "{members}"
        );
    }
}

#[tokio::test]
async fn acceptable_terms_and_prices_are_booked_as_they_came() {
    let market = sandbox().await;
    let agreed = json!({ "billing_measurement": { "vendor": { "domain": "counts.example" }, "measurement_window": "c7", "max_variance_percent": 10 } });
    let booked = market
        .book(json!([
            with(banner(0.1), json!({ "measurement_terms": agreed, "bid_price": 1.0 })),
            { "product_id": "banner", "pricing_option_id": "floor", "budget": 100 },
            { "product_id": "banner", "pricing_option_id": "open", "budget": 100, "bid_price": 0.5, "start_time": "2026-04-10T00:00:00Z" },
        ]))
        .await;
    let packages = booked["packages"].as_array().expect("packages");
    assert_eq!(packages[0]["measurement_terms"], agreed);
    assert_eq!(
        packages[0]["bid_price"], 1,
        "a bid on a fixed price is kept"
    );
    assert_eq!(
        packages[1]["bid_price"], 2.5,
        "without a bid the floor is bid"
    );
    assert_eq!(packages[2]["start_time"], "2026-04-10T00:00:00Z");
    assert_eq!(
        packages[0]["start_time"], "2026-04-01T00:00:00Z",
        "an inherited flight is resolved"
    );
    let read = market.read(&booked["media_buy_id"]).await;
    assert_eq!(read["total_budget"], 200.1);
    assert_eq!(
        (&read["revision"], &read["history"][0]["action"]),
        (&json!(1), &json!("created"))
    );
}

#[tokio::test]
async fn the_ids_of_a_buy_follow_from_its_request_alone() {
    let (one, other) = (sandbox().await, sandbox().await);
    let request = with(
        order(json!([banner(10.0), banner(20.0)])),
        json!({ "idempotency_key": "the-same-key-everywhere" }),
    );
    let first = one.call("create_media_buy", request.clone()).await;
    let second = other.call("create_media_buy", request.clone()).await;
    assert_eq!(
        first, second,
        "a seller that lost its answer books the same buy again"
    );
    assert_ne!(
        first["packages"][0]["package_id"],
        first["packages"][1]["package_id"]
    );
    let operations: Vec<String> = one.ad_server.orders().into_keys().collect();
    assert_eq!(
        operations,
        other.ad_server.orders().into_keys().collect::<Vec<_>>()
    );
    let fresh = one
        .call(
            "create_media_buy",
            with(
                request,
                json!({ "idempotency_key": "another-key-for-the-same" }),
            ),
        )
        .await;
    assert_ne!(first["media_buy_id"], fresh["media_buy_id"]);
}

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
async fn updates_are_judged_by_the_price_that_was_booked() {
    let market = sandbox().await;
    let booked = market.book(json!([{ "product_id": "banner", "pricing_option_id": "floor", "budget": 500, "bid_price": 3.0 }])).await;
    let (id, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    let update =
        |members: Value| json!({ "packages": [with(json!({ "package_id": package }), members)] });
    let cases = [
        (
            update(json!({ "bid_price": 2.0 })),
            "VALIDATION_ERROR",
            "packages[0].bid_price",
        ),
        (
            update(json!({ "bid_price": 1e300 })),
            "VALIDATION_ERROR",
            "packages[0].bid_price",
        ),
        (
            update(json!({ "budget": 1e300 })),
            "VALIDATION_ERROR",
            "packages[0].budget",
        ),
        (
            update(json!({ "budget": 50 })),
            "BUDGET_TOO_LOW",
            "packages[0].budget",
        ),
        (
            update(json!({ "end_time": "2026-06-01T00:00:00Z" })),
            "VALIDATION_ERROR",
            "packages[0].end_time",
        ),
        (
            json!({ "packages": [{ "package_id": "nobody", "budget": 1 }] }),
            "PACKAGE_NOT_FOUND",
            "packages[0].package_id",
        ),
        (
            json!({ "packages": [{ "package_id": package, "budget": 600 }, { "package_id": package, "budget": 700 }] }),
            "INVALID_REQUEST",
            "packages[1].package_id",
        ),
        (
            json!({ "end_time": "2026-03-31T00:00:00Z" }),
            "INVALID_REQUEST",
            "end_time",
        ),
        (
            json!({ "start_time": "2026-02-01T00:00:00Z" }),
            "INVALID_REQUEST",
            "start_time",
        ),
        (
            json!({ "revision": 7, "paused": true }),
            "CONFLICT",
            "revision",
        ),
        (
            json!({ "canceled": true, "paused": true }),
            "INVALID_REQUEST",
            "paused",
        ),
        (
            json!({ "new_packages": [{ "product_id": "banner", "pricing_option_id": "euro", "budget": 10 }] }),
            "VALIDATION_ERROR",
            "new_packages[0].pricing_option_id",
        ),
    ];
    for (change, code, field) in cases {
        let refused = market.change_refused(id, change.clone()).await;
        assert_eq!(
            (refused.0.as_str(), refused.1.as_deref()),
            (code, Some(field)),
            "{change}"
        );
    }
    assert!(
        market.ad_server.changes().is_empty(),
        "nothing of this reached the ad server"
    );
    assert_eq!(
        market.read(id).await["revision"],
        1,
        "and nothing was changed"
    );
    let changed = market.change(id, json!({ "revision": 1, "packages": [{ "package_id": package, "bid_price": 2.5, "budget": 100, "impressions": 9 }] })).await;
    assert_eq!(
        (
            &changed["revision"],
            &changed["affected_packages"][0]["bid_price"],
            &changed["affected_packages"][0]["impressions"]
        ),
        (&json!(2), &json!(2.5), &json!(9))
    );
    let unknown = market
        .refused(
            "update_media_buy",
            json!({ "account": account("nova"), "media_buy_id": "mb_0", "paused": true }),
        )
        .await;
    assert_eq!(
        unknown,
        (
            "MEDIA_BUY_NOT_FOUND".to_owned(),
            Some("media_buy_id".to_owned())
        )
    );
}

#[tokio::test]
async fn packages_are_added_held_and_called_off_one_by_one() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let (id, first) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    let changed = market.change(id, json!({ "new_packages": [banner(20.0)], "packages": [{ "package_id": first, "paused": true }] })).await;
    let added = &changed["affected_packages"][1]["package_id"];
    assert_eq!(changed["affected_packages"][0]["paused"], true);
    let told = market.ad_server.changes().pop().expect("a change");
    assert_eq!(
        told.packages,
        [
            PackageChange::Paused(first.as_str().expect("an id").into()),
            PackageChange::Added(added.as_str().expect("an id").into())
        ]
    );
    assert_eq!(told.before.packages.len() + 1, told.after.packages.len());
    let changed = market.change(id, json!({ "packages": [{ "package_id": first, "canceled": true, "cancellation_reason": "too dear" }] })).await;
    assert_eq!(
        changed["affected_packages"][0]["cancellation"],
        json!({ "canceled_at": "2026-03-10T12:00:00Z", "canceled_by": "buyer", "reason": "too dear" })
    );
    assert_eq!(changed["status"], "pending_creatives");
    for (change, code) in [
        (
            json!({ "package_id": first, "canceled": true }),
            "NOT_CANCELLABLE",
        ),
        (json!({ "package_id": first, "budget": 5 }), "INVALID_STATE"),
    ] {
        assert_eq!(
            market
                .change_refused(id, json!({ "packages": [change] }))
                .await
                .0,
            code
        );
    }
    let changed = market
        .change(
            id,
            json!({ "packages": [{ "package_id": added, "canceled": true }] }),
        )
        .await;
    assert_eq!(changed["status"], "canceled", "nothing is left of the buy");
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

#[tokio::test]
async fn targeting_and_goals_that_can_not_be_honoured_are_refused() {
    let market = sandbox().await;
    let target = |overlay: Value| json!({ "targeting_overlay": overlay });
    let goal = |goal: Value| json!({ "optimization_goals": [goal] });
    let views = |members: Value| {
        goal(with(
            json!({ "kind": "metric", "metric": "completed_views" }),
            members,
        ))
    };
    let dma = |value: &str| json!([{ "system": "nielsen_dma", "values": [value] }]);
    let shoes = json!({ "keyword": "shoes", "match_type": "broad" });
    let cases = [
        (
            target(json!({ "audience_include": ["crm-1"] })),
            "UNSUPPORTED_FEATURE",
            "targeting_overlay.audience_include",
        ),
        (
            target(json!({ "audience_exclude": ["crm-1"] })),
            "UNSUPPORTED_FEATURE",
            "targeting_overlay.audience_exclude",
        ),
        (
            target(json!({ "store_catchments": [{ "catalog_id": "stores" }] })),
            "UNSUPPORTED_FEATURE",
            "targeting_overlay.store_catchments",
        ),
        (
            target(json!({ "geo_countries": ["US", "CA"], "geo_countries_exclude": ["US"] })),
            "INVALID_REQUEST",
            "targeting_overlay.geo_countries_exclude",
        ),
        (
            target(json!({ "geo_metros": dma("501"), "geo_metros_exclude": dma("501") })),
            "INVALID_REQUEST",
            "targeting_overlay.geo_metros_exclude",
        ),
        (
            target(json!({ "keyword_targets": [shoes, shoes] })),
            "VALIDATION_ERROR",
            "targeting_overlay.keyword_targets[1]",
        ),
        (
            target(
                json!({ "property_list": { "agent_url": "https://lists.example", "list_id": "l" } }),
            ),
            "VALIDATION_ERROR",
            "targeting_overlay.property_list",
        ),
        (
            goal(
                json!({ "kind": "event", "event_sources": [{ "event_source_id": "pixel", "event_type": "purchase" }] }),
            ),
            "UNSUPPORTED_FEATURE",
            "optimization_goals[0].kind",
        ),
        (
            goal(json!({ "kind": "metric", "metric": "clicks" })),
            "UNSUPPORTED_FEATURE",
            "optimization_goals[0].metric",
        ),
        (
            views(json!({ "view_duration_seconds": 15 })),
            "UNSUPPORTED_FEATURE",
            "optimization_goals[0].view_duration_seconds",
        ),
        (
            views(json!({ "target": { "kind": "threshold_rate", "value": 0.7 } })),
            "UNSUPPORTED_FEATURE",
            "optimization_goals[0].target.kind",
        ),
    ];
    let video = |members: Value| {
        with(
            json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 100 }),
            members,
        )
    };
    let fine = with(
        views(
            json!({ "view_duration_seconds": 6, "target": { "kind": "cost_per", "value": 0.05 } }),
        ),
        target(
            json!({ "geo_countries": ["US"], "geo_regions_exclude": ["US-CA"], "geo_metros": dma("501"), "geo_metros_exclude": dma("803") }),
        ),
    );
    let booked = market.book(json!([video(fine.clone())])).await;
    let (id, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    for (members, code, field) in cases {
        let expected = (code.to_owned(), Some(format!("packages[0].{field}")));
        let order = order(json!([video(members.clone())]));
        assert_eq!(
            market.refused("create_media_buy", order).await,
            expected,
            "{members}"
        );
        let update = with(json!({ "package_id": package }), members.clone());
        assert_eq!(
            market
                .change_refused(id, json!({ "packages": [update] }))
                .await,
            expected,
            "{members}"
        );
    }
    let read = market.read(id).await;
    assert_eq!(read["revision"], 1);
    for (name, value) in fine.as_object().expect("members") {
        assert_eq!(&read["packages"][0][name], value, "kept as it came");
    }
}

#[tokio::test]
async fn what_a_package_was_booked_with_stays() {
    let market = sandbox().await;
    let format = |id: &str| json!({ "agent_url": AGENT_URL, "id": id });
    let booked = market
        .book(json!([
            with(banner(10.0), json!({ "format_ids": [format("rectangle")] })),
            banner(10.0)
        ]))
        .await;
    let id = &booked["media_buy_id"];
    let update = |at: usize, members: Value| {
        let package = &booked["packages"][at]["package_id"];
        json!({ "packages": [with(json!({ "package_id": package }), members)] })
    };
    for (at, members, field) in [
        (0, json!({ "product_id": "video" }), "product_id"),
        (
            0,
            json!({ "pricing_option_id": "floor" }),
            "pricing_option_id",
        ),
        (
            0,
            json!({ "format_ids": [format("rectangle"), format("leaderboard")] }),
            "format_ids",
        ),
        (
            1,
            json!({ "format_ids": [format("rectangle")] }),
            "format_ids",
        ),
    ] {
        assert_eq!(
            market.change_refused(id, update(at, members)).await,
            (
                "INVALID_REQUEST".to_owned(),
                Some(format!("packages[0].{field}"))
            )
        );
    }
    let same = json!({ "product_id": "banner", "pricing_option_id": "fixed", "format_ids": [format("rectangle")], "budget": 11 });
    let changed = market.change(id, update(0, same)).await;
    assert_eq!(changed["affected_packages"][0]["budget"], 11);
}

#[tokio::test]
async fn the_flight_of_a_package_moves_only_ahead() {
    let market = sandbox().await;
    let booked = market
        .book(json!([
            banner(10.0),
            with(
                banner(10.0),
                json!({ "start_time": "2026-04-20T00:00:00Z" })
            )
        ]))
        .await;
    let id = &booked["media_buy_id"];
    let update = |at: usize, members: Value| {
        let package = &booked["packages"][at]["package_id"];
        json!({ "packages": [with(json!({ "package_id": package }), members)] })
    };
    // The second package is held back in the request that lets the buy begin at once.
    let mut at_once = update(0, json!({ "start_time": "2026-04-02T00:00:00Z" }));
    at_once["start_time"] = json!("asap");
    market.change(id, at_once).await;
    market.clock.advance(TimeDelta::days(30));
    for (at, members, code, field) in [
        (
            0,
            json!({ "start_time": "2026-04-15T00:00:00Z" }),
            "INVALID_STATE",
            "start_time",
        ),
        (
            0,
            json!({ "end_time": "2026-04-05T00:00:00Z" }),
            "INVALID_REQUEST",
            "end_time",
        ),
        (
            1,
            json!({ "start_time": "2026-04-05T00:00:00Z" }),
            "INVALID_REQUEST",
            "start_time",
        ),
    ] {
        assert_eq!(
            market.change_refused(id, update(at, members)).await,
            (code.to_owned(), Some(format!("packages[0].{field}")))
        );
    }
    let late = with(
        banner(10.0),
        json!({ "start_time": "2026-04-05T00:00:00Z" }),
    );
    assert_eq!(
        market
            .change_refused(id, json!({ "new_packages": [late] }))
            .await,
        (
            "INVALID_REQUEST".to_owned(),
            Some("new_packages[0].start_time".to_owned())
        )
    );
    let same = json!({ "start_time": "2026-04-02T00:00:00Z", "end_time": "2026-04-28T00:00:00Z" });
    let changed = market.change(id, update(0, same)).await;
    assert_eq!(
        changed["affected_packages"][0]["end_time"], "2026-04-28T00:00:00Z",
        "a start that is repeated is no change"
    );
    market
        .change(
            id,
            update(1, json!({ "start_time": "2026-04-25T00:00:00Z" })),
        )
        .await;
}

#[tokio::test]
async fn a_flight_is_moved_as_a_whole_or_not_at_all() {
    let market = sandbox().await;
    let booked = market
        .book(json!([with(
            banner(10.0),
            json!({ "end_time": "2026-04-30T00:00:00Z" })
        )]))
        .await;
    let id = &booked["media_buy_id"];
    let (code, field) = market
        .change_refused(id, json!({ "end_time": "2026-04-20T00:00:00Z" }))
        .await;
    assert_eq!(
        (code.as_str(), field.as_deref()),
        ("VALIDATION_ERROR", Some("packages")),
        "the package would stick out"
    );
    market
        .change(
            id,
            json!({ "start_time": "2026-03-20T00:00:00Z", "end_time": "2026-06-01T00:00:00Z" }),
        )
        .await;
    let read = market.read(id).await;
    assert_eq!(
        (&read["start_time"], &read["end_time"]),
        (
            &json!("2026-03-20T00:00:00Z"),
            &json!("2026-06-01T00:00:00Z")
        )
    );
    market.clock.advance(TimeDelta::days(20));
    assert_eq!(
        market
            .change_refused(id, json!({ "start_time": "2026-05-01T00:00:00Z" }))
            .await,
        ("INVALID_STATE".to_owned(), Some("start_time".to_owned()))
    );
    market
        .change(
            id,
            json!({ "start_time": "2026-03-20T00:00:00Z", "end_time": "2026-06-02T00:00:00Z" }),
        )
        .await;
}

#[tokio::test]
async fn a_start_that_is_brought_forward_to_now_begins_the_flight() {
    let market = sandbox().await;
    let package = with(
        banner(10.0),
        json!({ "creatives": [creative("a", "rectangle")] }),
    );
    let booked = market.book(json!([package])).await;
    assert_eq!(booked["status"], "pending_start");
    let changed = market
        .change(&booked["media_buy_id"], json!({ "start_time": "asap" }))
        .await;
    assert_eq!(changed["status"], "active");
    let read = market.read(&booked["media_buy_id"]).await;
    assert_eq!(read["start_time"], "2026-03-10T12:00:00Z");
}

#[tokio::test]
async fn a_buy_that_only_waited_for_creatives_keeps_its_flight() {
    let market = sandbox().await;
    let mut request = order(json!([banner(10.0)]));
    request["start_time"] = json!("asap");
    let booked = market.call("create_media_buy", request).await;
    assert_eq!(booked["status"], "pending_creatives");
    market.clock.advance(TimeDelta::days(3));
    market.sync(json!([creative("a", "rectangle")])).await;
    let package = json!({ "package_id": booked["packages"][0]["package_id"], "creative_assignments": [{ "creative_id": "a" }] });
    let changed = market
        .change(&booked["media_buy_id"], json!({ "packages": [package] }))
        .await;
    assert_eq!(changed["status"], "active");
}

#[tokio::test]
async fn inline_creatives_enter_the_library_with_the_buy() {
    let market = sandbox().await;
    let package = with(
        banner(10.0),
        json!({ "creatives": [with(creative("inline", "rectangle"), json!({ "weight": 70 }))] }),
    );
    let booked = market.book(json!([package.clone()])).await;
    assert_eq!(booked["status"], "pending_start");
    assert_eq!(
        booked["packages"][0]["creative_assignments"],
        json!([{ "creative_id": "inline", "weight": 70 }])
    );
    assert_eq!(market.ad_server.reviewed(), ["inline"]);
    let listed = market
        .call("list_creatives", json!({ "account": account("nova") }))
        .await;
    assert_eq!(
        listed["creatives"][0]["assignments"]["assigned_packages"][0]["package_id"],
        booked["packages"][0]["package_id"]
    );
    let refused = market
        .refused("create_media_buy", order(json!([package])))
        .await;
    assert_eq!(
        refused,
        (
            "VALIDATION_ERROR".to_owned(),
            Some("packages[0].creatives[0].creative_id".to_owned())
        )
    );
}

#[tokio::test]
async fn unknown_ids_are_named_beside_those_that_were_found() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let found = market.call("get_media_buys", json!({ "account": account("nova"), "media_buy_ids": ["mb_0", booked["media_buy_id"]] })).await;
    assert_eq!(found["media_buys"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&found["errors"][0]["code"], &found["errors"][0]["field"]),
        (&json!("MEDIA_BUY_NOT_FOUND"), &json!("media_buy_ids[0]"))
    );
    assert_eq!(found["pagination"], json!({ "has_more": false }));
}

#[tokio::test]
async fn account_details_of_the_buyer_are_asked_for_in_earnest() {
    let market = in_earnest().await;
    let refused = market
        .refused_as(TOKEN, "create_media_buy", order(json!([banner(10.0)])))
        .await;
    assert_eq!(
        refused,
        ("ACCOUNT_NOT_FOUND".to_owned(), Some("account".to_owned()))
    );
}
