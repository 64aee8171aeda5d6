//! What may be changed in a buy that is booked.

use adcp_seller::domain::PackageChange;
use serde_json::{Value, json};

use super::with;
use crate::market::{AGENT_URL, account, banner, sandbox};

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
