//! The packages of a bought proposal: what its allocations say, and what a buyer may add.

use serde_json::{Value, json};

use super::{accept, at, proposing, shop, with};
use crate::market::creative;
use crate::support::line;
use crate::support::planner::plan;

fn package(product_id: &str, budget: f64) -> Value {
    json!({ "product_id": product_id, "pricing_option_id": "fixed", "budget": budget })
}

#[tokio::test]
async fn allocations_bring_their_flight_and_dayparts() {
    let shop = shop(&line::PROPOSALS).await;
    let evenings = json!([{ "days": ["monday"], "start_hour": 18, "end_hour": 22 }]);
    let allocations = json!([
        {
            "product_id": "banner", "allocation_percentage": 50.0, "pricing_option_id": "fixed",
            "start_time": "2026-04-10T00:00:00Z", "end_time": "2026-04-20T00:00:00Z",
            "daypart_targets": evenings,
        },
        { "product_id": "banner", "allocation_percentage": 50.0, "pricing_option_id": "fixed" },
    ]);
    let id = shop.firm(proposing("flights", allocations)).await;
    let late = json!({ "start_time": "2026-04-11T00:00:00Z" });
    assert_eq!(
        shop.refused(with(accept(&id, 100.0), late)).await,
        at("VALIDATION_ERROR", "start_time"),
        "the proposed flight has to fit into that of the buy"
    );
    let early = json!({ "end_time": "2026-04-19T00:00:00Z" });
    assert_eq!(
        shop.refused(with(accept(&id, 100.0), early)).await,
        at("VALIDATION_ERROR", "end_time")
    );
    let bought = shop.buy(accept(&id, 100.0)).await;
    let first = &bought["packages"][0];
    assert_eq!(first["start_time"], "2026-04-10T00:00:00Z");
    assert_eq!(first["end_time"], "2026-04-20T00:00:00Z");
    assert_eq!(first["targeting_overlay"]["daypart_targets"], evenings);
    let second = &bought["packages"][1];
    assert_eq!(second["start_time"], "2026-04-01T00:00:00Z");
    assert!(second.get("targeting_overlay").is_none(), "{second}");
}

#[tokio::test]
async fn packages_beside_a_proposal_say_more_about_it() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let packages = json!([
        with(
            package("video", 400.0),
            json!({ "targeting_overlay": { "geo_countries": ["US"] } })
        ),
        with(
            package("banner", 600.0),
            json!({ "creatives": [creative("c1", "rectangle")] })
        ),
    ]);
    let bought = shop
        .buy(with(accept(&id, 1000.0), json!({ "packages": packages })))
        .await;
    let packages = &bought["packages"];
    assert_eq!(packages[0]["product_id"], "video");
    assert_eq!(packages[0]["budget"], 400);
    assert_eq!(
        packages[0]["targeting_overlay"]["geo_countries"],
        json!(["US"])
    );
    assert_eq!(packages[1]["budget"], 600);
    assert_eq!(
        packages[1]["creative_assignments"][0]["creative_id"], "c1",
        "{bought}"
    );
    assert_eq!(bought["status"], "pending_start", "it has a creative");
}

#[tokio::test]
async fn packages_beside_a_proposal_are_its_products_and_prices() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let (banner, video) = (package("banner", 600.0), package("video", 400.0));
    let floor = json!({ "pricing_option_id": "floor" });
    let cases = [
        (json!([banner]), at("INVALID_REQUEST", "packages")),
        (
            json!([banner, video, package("sponsorship", 1.0)]),
            at("INVALID_REQUEST", "packages[2].product_id"),
        ),
        (
            json!([banner, video, package("banner", 1.0)]),
            at("INVALID_REQUEST", "packages[2].product_id"),
        ),
        (
            json!([with(banner.clone(), floor), video]),
            at("INVALID_REQUEST", "packages[0].pricing_option_id"),
        ),
        (
            json!([banner, package("video", 399.99)]),
            at("INVALID_REQUEST", "packages[1].budget"),
        ),
        (
            json!([package("banner", 1000.0), package("video", 0.0)]),
            at("INVALID_REQUEST", "packages[0].budget"),
        ),
        (
            json!([package("banner", 1.0), package("video", 999.0)]),
            at("INVALID_REQUEST", "packages[0].budget"),
        ),
        (
            json!([
                banner,
                with(
                    video.clone(),
                    json!({ "format_ids": [{ "agent_url": "https://elsewhere.example", "id": "spot" }] })
                )
            ]),
            at("VALIDATION_ERROR", "packages[1].format_ids[0]"),
        ),
    ];
    for (packages, refusal) in cases {
        let request = with(accept(&id, 1000.0), json!({ "packages": packages }));
        assert_eq!(shop.refused(request).await, refusal, "{packages}");
    }
    assert!(shop.planner.ad_server.orders().is_empty());
    // It is still there to be bought.
    shop.buy(with(
        accept(&id, 1000.0),
        json!({ "packages": [banner, video] }),
    ))
    .await;
}

#[tokio::test]
async fn a_product_that_is_proposed_twice_is_named_twice() {
    let shop = shop(&line::PROPOSALS).await;
    let part = |share: f64, from: &str, to: &str| json!({ "product_id": "banner", "allocation_percentage": share, "pricing_option_id": "fixed", "start_time": from, "end_time": to });
    let allocations = json!([
        part(70.0, "2026-04-01T00:00:00Z", "2026-04-15T00:00:00Z"),
        part(30.0, "2026-04-15T00:00:00Z", "2026-05-01T00:00:00Z"),
    ]);
    let id = shop.firm(proposing("parts", allocations)).await;
    let once = json!({ "packages": [package("banner", 70.0)] });
    assert_eq!(
        shop.refused(with(accept(&id, 100.0), once)).await,
        at("INVALID_REQUEST", "packages")
    );
    let twice = json!({ "packages": [package("banner", 30.0), package("banner", 70.0)] });
    let bought = shop.buy(with(accept(&id, 100.0), twice)).await;
    assert_eq!(
        bought["packages"][0]["start_time"], "2026-04-15T00:00:00Z",
        "in whatever order"
    );
    assert_eq!(bought["packages"][1]["end_time"], "2026-04-15T00:00:00Z");
}

#[tokio::test]
async fn a_listed_budget_is_exactly_its_share() {
    let shop = shop(&line::PROPOSALS).await;
    let third = 100.0 / 3.0;
    let allocations = json!([
        { "product_id": "banner", "allocation_percentage": third, "pricing_option_id": "fixed" },
        { "product_id": "video", "allocation_percentage": 100.0 - third, "pricing_option_id": "fixed" },
    ]);
    let id = shop.firm(proposing("thirds", allocations)).await;
    let listed = |banner: f64, video: f64| {
        let packages = json!([package("banner", banner), package("video", video)]);
        with(accept(&id, 100.0), json!({ "packages": packages }))
    };
    let request = listed(33.34, 66.66);
    let error = shop.market.error("create_media_buy", request).await;
    assert_eq!(error["field"], "packages[0].budget");
    assert_eq!(error["recovery"], "correctable");
    let belongs = error["details"]["budget"].as_f64().expect("a budget");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(&belongs.to_string()), "{message}");
    // What the refusals name is what is sold.
    let request = listed(belongs, 66.66);
    let error = shop.market.error("create_media_buy", request).await;
    assert_eq!(error["field"], "packages[1].budget");
    let rest = error["details"]["budget"].as_f64().expect("a budget");
    let bought = shop.buy(listed(belongs, rest)).await;
    assert_eq!(bought["packages"][0]["budget"], belongs);
}
