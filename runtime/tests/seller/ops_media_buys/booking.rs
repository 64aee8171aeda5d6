//! What may be booked, and how it is refused.

use serde_json::{Value, json};

use super::with;
use crate::market::{account, banner, creative, in_earnest, order, sandbox};
use crate::support::TOKEN;

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
