//! Recipes of what is bought: what they rule out, and that the adapter has them in every call.

use serde_json::{Value, json};

use super::booker::{Booker, shop_with_recipes};
use super::{Shop, accept, at, proposing, with};
use crate::market::{account, banner, creative, order};
use crate::support::planner::plan;

fn video(budget: f64) -> Value {
    json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": budget })
}

fn pairs(read: &[(&str, &str)]) -> Vec<(String, String)> {
    read.iter()
        .map(|(product, item)| ((*product).to_owned(), (*item).to_owned()))
        .collect()
}

/// Changes a buy of the usual account.
fn change(media_buy_id: &Value, members: Value) -> Value {
    with(
        json!({ "media_buy_id": media_buy_id, "account": account("nova") }),
        members,
    )
}

#[tokio::test]
async fn what_a_recipe_rules_out_is_not_booked() {
    let (shop, booker) = shop_with_recipes().await;
    let targeted =
        |package: Value, overlay: Value| with(package, json!({ "targeting_overlay": overlay }));
    let cases = [
        (
            with(banner(100.0), json!({ "pricing_option_id": "euro" })),
            "packages[0].pricing_option_id",
        ),
        (
            targeted(banner(100.0), json!({ "geo_countries_exclude": ["US"] })),
            "packages[0].targeting_overlay.geo_countries_exclude",
        ),
        (
            json!({ "product_id": "sponsorship", "pricing_option_id": "fixed", "budget": 30_000 }),
            "packages[0].product_id",
        ),
        (
            targeted(video(100.0), json!({ "axe_include_segment": "seg-1" })),
            "packages[0].targeting_overlay.axe_include_segment",
        ),
    ];
    for (package, field) in cases {
        assert_eq!(
            shop.refused(order(json!([package]))).await,
            at("INVALID_REQUEST", field),
            "{package}"
        );
    }
    assert!(shop.planner.ad_server.orders().is_empty());
    let allowed = targeted(banner(100.0), json!({ "geo_countries": ["US"] }));
    shop.buy(order(json!([video(50.0), allowed]))).await;
    assert_eq!(
        booker.read("create_media_buy"),
        pairs(&[("video", "li-video"), ("banner", "li-banner")])
    );
}

#[tokio::test]
async fn what_a_recipe_rules_out_is_not_changed_to() {
    let (shop, booker) = shop_with_recipes().await;
    let bought = shop.buy(order(json!([video(50.0), banner(100.0)]))).await;
    let (id, packages) = (&bought["media_buy_id"], &bought["packages"]);
    let named = |at: usize, members: Value| {
        let update = with(json!({ "package_id": packages[at]["package_id"] }), members);
        change(id, json!({ "packages": [update] }))
    };
    let cases = [
        (
            named(
                1,
                json!({ "targeting_overlay": { "geo_countries_exclude": ["US"] } }),
            ),
            "packages[0].targeting_overlay.geo_countries_exclude",
        ),
        (
            named(
                0,
                json!({ "targeting_overlay": { "axe_exclude_segment": "seg-1" } }),
            ),
            "packages[0].targeting_overlay.axe_exclude_segment",
        ),
        (
            change(
                id,
                json!({ "new_packages": [with(banner(10.0), json!({ "pricing_option_id": "euro" }))] }),
            ),
            "new_packages[0].pricing_option_id",
        ),
    ];
    for (request, field) in cases {
        let refused = shop.market.refused("update_media_buy", request).await;
        // A price in euros is no price of this buy, whatever the recipe says.
        let code = if field.starts_with("new_") {
            "VALIDATION_ERROR"
        } else {
            "INVALID_REQUEST"
        };
        assert_eq!(refused, at(code, field));
    }
    assert!(shop.planner.ad_server.changes().is_empty());
    let sponsorship =
        json!({ "product_id": "sponsorship", "pricing_option_id": "fixed", "budget": 30_000 });
    assert_eq!(
        shop.market
            .refused(
                "update_media_buy",
                change(id, json!({ "new_packages": [sponsorship] }))
            )
            .await,
        at("INVALID_REQUEST", "new_packages[0].product_id")
    );
    shop.market
        .call(
            "update_media_buy",
            named(
                1,
                json!({ "targeting_overlay": { "geo_countries": ["US"] } }),
            ),
        )
        .await;
    assert_eq!(
        booker.read("update_media_buy"),
        pairs(&[("video", "li-video"), ("banner", "li-banner")])
    );
}

/// Buys banners, and then writes into the store that their recipe allows no targeting any more.
async fn narrowed(shop: &Shop) -> Value {
    let package = with(
        banner(100.0),
        json!({ "targeting_overlay": { "geo_countries": ["US"] } }),
    );
    let bought = shop.buy(order(json!([package]))).await;
    let id = bought["media_buy_id"].as_str().expect("an id");
    let key = shop.key_of("media_buy", id);
    let mut recipes = shop.read(&key).await["recipes"].clone();
    recipes["banner"]["capability_overlap"]["targeting_dimensions"] = json!([]);
    shop.write(key, json!({ "recipes": recipes })).await;
    bought
}

#[tokio::test]
async fn a_patch_that_names_only_the_package_is_judged_too() {
    let (shop, _) = shop_with_recipes().await;
    let bought = narrowed(&shop).await;
    let package_id = &bought["packages"][0]["package_id"];
    let patch = |members: Value| {
        let package = with(json!({ "package_id": package_id }), members);
        change(&bought["media_buy_id"], json!({ "packages": [package] }))
    };
    assert_eq!(
        shop.market
            .refused("update_media_buy", patch(json!({ "budget": 200 })))
            .await,
        at("INVALID_REQUEST", "packages[0].package_id")
    );
    // Stopping is always allowed, and so is what mends it.
    for members in [
        json!({ "paused": true }),
        json!({ "targeting_overlay": {} }),
        json!({ "budget": 200 }),
        json!({ "canceled": true }),
    ] {
        shop.market.call("update_media_buy", patch(members)).await;
    }
}

#[tokio::test]
async fn a_bought_proposal_keeps_its_own_recipes() {
    let (shop, booker) = shop_with_recipes().await;
    let own = json!({ "recipe_kind": "press", "line_item": "li-negotiated" });
    let id = shop
        .firm(plan("plan", 60.0).with_recipe("banner", own))
        .await;
    let bought = shop.buy(accept(&id, 1000.0)).await;
    let both = pairs(&[("banner", "li-negotiated"), ("video", "li-video")]);
    assert_eq!(booker.read("create_media_buy"), both);
    let kept = shop.kept(&id).await;
    assert_eq!(kept["state"], "consumed");
    assert!(
        kept.get("recipes").is_none(),
        "the media buy has them now: {kept}"
    );

    let dates = json!({ "end_time": "2026-05-02T00:00:00Z" });
    shop.market
        .call("update_media_buy", change(&bought["media_buy_id"], dates))
        .await;
    assert_eq!(booker.read("update_media_buy"), both);
    let added = json!({ "new_packages": [{ "product_id": "banner", "pricing_option_id": "fixed", "budget": 10 }] });
    shop.market
        .call("update_media_buy", change(&bought["media_buy_id"], added))
        .await;
    assert_eq!(
        booker.read("update_media_buy")[2],
        ("banner".to_owned(), "li-negotiated".to_owned()),
        "more of the same is booked the same way"
    );
}

#[tokio::test]
async fn an_added_product_brings_its_recipe_into_the_buy() {
    let (shop, booker) = shop_with_recipes().await;
    let bought = shop.buy(order(json!([banner(100.0)]))).await;
    let id = bought["media_buy_id"].as_str().expect("an id");
    let added = json!({ "new_packages": [video(50.0)] });
    shop.market
        .call("update_media_buy", change(&bought["media_buy_id"], added))
        .await;
    assert_eq!(
        booker.read("update_media_buy"),
        pairs(&[("banner", "li-banner"), ("video", "li-video")])
    );
    assert_eq!(
        shop.read(&shop.key_of("media_buy", id)).await["recipes"]["video"]["line_item"],
        "li-video"
    );
}

#[tokio::test]
async fn delivery_knows_the_recipes_of_every_buy() {
    let (shop, booker) = shop_with_recipes().await;
    let own = json!({ "recipe_kind": "press", "line_item": "li-negotiated" });
    let id = shop
        .firm(plan("plan", 60.0).with_recipe("banner", own))
        .await;
    let first = shop.buy(order(json!([banner(100.0)]))).await;
    let second = shop.buy(accept(&id, 1000.0)).await;
    let third = shop.buy(order(json!([video(100.0)]))).await;
    let ids = [&first, &second, &third].map(|buy| buy["media_buy_id"].clone());
    let request = json!({ "media_buy_ids": ids, "account": account("nova") });
    let answer = shop.market.call("get_media_buy_delivery", request).await;
    assert_eq!(
        booker.read("get_media_buy_delivery"),
        pairs(&[
            ("banner", "li-banner"),
            ("banner", "li-negotiated"),
            ("video", "li-video"),
            ("video", "li-video"),
        ])
    );
    for answer in [&answer, &first, &second] {
        let text = answer.to_string();
        assert!(
            !text.contains("line_item") && !text.contains("li-"),
            "no recipe leaves the house: {text}"
        );
    }
}

#[tokio::test]
async fn assigning_by_sync_creatives_brings_the_recipes_along() {
    let (shop, booker): (Shop, Booker) = shop_with_recipes().await;
    let bought = shop.buy(order(json!([banner(100.0)]))).await;
    let request = json!({
        "account": account("nova"),
        "creatives": [creative("c1", "rectangle")],
        "assignments": [{ "creative_id": "c1", "package_id": bought["packages"][0]["package_id"] }],
    });
    shop.market.call("sync_creatives", request).await;
    assert_eq!(
        booker.read("update_media_buy"),
        pairs(&[("banner", "li-banner")])
    );
}

#[tokio::test]
async fn a_proposal_that_breaks_its_own_recipe_is_refused_at_the_proposal() {
    let (shop, _) = shop_with_recipes().await;
    let mornings = json!([{ "days": ["monday"], "start_hour": 6, "end_hour": 9 }]);
    let allocations = json!([{
        "product_id": "banner", "allocation_percentage": 100.0, "pricing_option_id": "fixed",
        "daypart_targets": mornings,
    }]);
    let id = shop.firm(proposing("mornings", allocations)).await;
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("INVALID_REQUEST", "proposal_id")
    );
    assert_eq!(shop.kept(&id).await["state"], "committed");
}
