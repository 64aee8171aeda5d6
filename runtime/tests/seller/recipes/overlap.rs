//! What a recipe allows, held against what a buyer asks for: on every axis, at the exact place, on
//! create and on every update, and before the ad server hears of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::press::{KEPT, LEAK, OWN, Press, recipe};
use crate::market::{Market, account, creative, order};

/// A package of a product, with further members.
fn package(product_id: &str, more: Value) -> Value {
    let mut package =
        json!({ "product_id": product_id, "pricing_option_id": "fixed", "budget": 500.0 });
    package
        .as_object_mut()
        .expect("an object")
        .extend(more.as_object().expect("an object").clone());
    package
}

fn targeting(overlay: Value) -> Value {
    json!({ "targeting_overlay": overlay })
}

/// Buys one package and expects to be refused: the field, and what is allowed.
async fn refused(market: &Market, package: Value) -> (String, Value) {
    judged(
        &market
            .error("create_media_buy", order(json!([package])))
            .await,
    )
}

fn judged(error: &Value) -> (String, Value) {
    assert_eq!(error["code"], "INVALID_REQUEST", "{error}");
    assert_eq!(error["recovery"], "correctable", "{error}");
    assert!(!error.to_string().contains(LEAK), "{error}");
    (
        error["field"].as_str().expect("a field").to_owned(),
        error["details"]["allowed"].clone(),
    )
}

#[tokio::test]
async fn every_axis_refuses_at_its_own_place_before_the_ad_server_is_asked() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    let agent = json!([{
        "signal_id": { "source": "agent", "agent_url": "https://data.example", "id": "s" },
        "value_type": "binary", "value": true,
    }]);
    let cases = [
        (
            package("limited", json!({ "pricing_option_id": "click" })),
            "packages[0].pricing_option_id",
            json!(["cpm"]),
        ),
        (
            package(
                "limited",
                targeting(json!({ "geo_countries": ["US"], "device_type": ["mobile"] })),
            ),
            "packages[0].targeting_overlay.device_type",
            json!(["geo_countries", "signal_targeting", "axe_include_segment"]),
        ),
        (
            package(
                "limited",
                targeting(json!({ "geo_countries_exclude": ["US"] })),
            ),
            "packages[0].targeting_overlay.geo_countries_exclude",
            json!(["geo_countries", "signal_targeting", "axe_include_segment"]),
        ),
        (
            package("limited", targeting(json!({ "signal_targeting": agent }))),
            "packages[0].targeting_overlay.signal_targeting[0]",
            json!(["marketplace"]),
        ),
        (
            package("limited", json!({ "ext": { "press": { "venue": "bar" } } })),
            "packages[0].ext.press.venue",
            json!(["station"]),
        ),
        // An empty list denies everything.
        (
            package("unpriced", json!({})),
            "packages[0].pricing_option_id",
            json!([]),
        ),
        (
            package("closed", targeting(json!({ "language": ["en"] }))),
            "packages[0].targeting_overlay.language",
            json!([]),
        ),
        (
            package(
                "closed",
                json!({ "ext": { "press": { "venue": "station" } } }),
            ),
            "packages[0].ext.press.venue",
            json!([]),
        ),
        (
            package("undelivered", json!({})),
            "packages[0].product_id",
            json!([]),
        ),
    ];
    for (package, field, allowed) in cases {
        assert_eq!(
            refused(&market, package.clone()).await,
            (field.to_owned(), allowed),
            "{package}"
        );
    }
    assert_eq!(press.planner.ad_server.orders().len(), 0);
    // The second package is judged like the first.
    let packages = json!([
        package("open", json!({})),
        package("closed", targeting(json!({ "language": ["en"] })))
    ]);
    let error = market.error("create_media_buy", order(packages)).await;
    assert_eq!(judged(&error).0, "packages[1].targeting_overlay.language");
}

#[tokio::test]
async fn what_is_listed_or_not_limited_is_sold() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    let marketplace = json!([{
        "signal_id": { "source": "catalog", "data_provider_domain": "data.example", "id": "s" },
        "value_type": "binary", "value": true,
    }]);
    for package in [
        package(
            "limited",
            targeting(
                json!({ "geo_countries": ["US"], "signal_targeting": marketplace, "axe_include_segment": "x", "ext": {} }),
            ),
        ),
        package(
            "limited",
            json!({ "ext": { "press": { "venue": "station" } } }),
        ),
        package(
            "open",
            json!({ "pricing_option_id": "click", "targeting_overlay": { "device_type": ["mobile"], "language": ["en"] } }),
        ),
        package("open", json!({ "ext": { "press": { "venue": "bar" } } })),
        package("closed", targeting(json!({}))),
        package("closed", json!({ "pricing_option_id": "click" })),
    ] {
        market.book(json!([package])).await;
    }
    assert_eq!(press.planner.ad_server.orders().len(), 6);
}

#[tokio::test]
async fn an_empty_list_of_signal_types_denies_every_segment() {
    let press = Press::default();
    press.keeps(|product_ids| {
        let mut limited = recipe("leak-a");
        limited["capability_overlap"] = json!({ "signal_types": [] });
        Ok(all(product_ids, &limited))
    });
    let market = press.open(&OWN).await;
    let banner = |more| package("banner", more);
    let (field, _) = refused(
        &market,
        banner(targeting(json!({ "axe_exclude_segment": "x" }))),
    )
    .await;
    assert_eq!(field, "packages[0].targeting_overlay.axe_exclude_segment");
    let (field, _) = refused(
        &market,
        banner(targeting(json!({ "signal_targeting_groups": { "operator": "all", "groups": [
            { "operator": "any", "signals": [] },
            { "operator": "none", "signals": [{ "signal_ref": { "scope": "product", "signal_id": "a" } }] },
        ] } }))),
    )
    .await;
    assert_eq!(
        field,
        "packages[0].targeting_overlay.signal_targeting_groups.groups[1].signals[0]"
    );
    market
        .book(json!([banner(targeting(json!({ "language": ["en"] })))]))
        .await;
}

fn all(product_ids: &[String], recipe: &Value) -> BTreeMap<String, Value> {
    let ids = product_ids.iter();
    ids.map(|id| (id.clone(), recipe.clone())).collect()
}

#[tokio::test]
async fn an_update_that_names_only_the_package_is_judged_as_well() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    let booked = market
        .book(json!([
            package("limited", json!({})),
            package("closed", json!({}))
        ]))
        .await;
    let (buy, first, second) = (
        &booked["media_buy_id"],
        booked["packages"][0]["package_id"].clone(),
        booked["packages"][1]["package_id"].clone(),
    );
    let cases = [
        (
            json!({ "packages": [{ "package_id": first, "targeting_overlay": { "device_type": ["mobile"] } }] }),
            "packages[0].targeting_overlay.device_type",
        ),
        (
            json!({ "packages": [
                { "package_id": first, "budget": 600.0 },
                { "package_id": second, "keyword_targets_add": [{ "keyword": "a", "match_type": "broad" }] },
            ] }),
            "packages[1].keyword_targets_add",
        ),
        (
            json!({ "packages": [{ "package_id": second, "negative_keywords_add": [{ "keyword": "a", "match_type": "broad" }] }] }),
            "packages[0].negative_keywords_add",
        ),
        (
            json!({ "packages": [{ "package_id": first, "ext": { "press": { "venue": "bar" } } }] }),
            "packages[0].ext.press.venue",
        ),
        (
            json!({ "new_packages": [package("limited", json!({ "pricing_option_id": "click" }))] }),
            "new_packages[0].pricing_option_id",
        ),
    ];
    for (mut change, field) in cases {
        change["media_buy_id"] = buy.clone();
        change["account"] = crate::market::account("nova");
        let error = market.error("update_media_buy", change.clone()).await;
        assert_eq!(judged(&error).0, field, "{change}");
    }
    assert!(press.planner.ad_server.changes().is_empty());
    let fine = json!({ "packages": [{ "package_id": first, "targeting_overlay": { "geo_countries": ["US"] } }] });
    market.change(buy, fine).await;
}

#[tokio::test]
async fn what_a_sync_assigns_is_judged_as_an_update_is() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    let booked = market.book(json!([package("limited", json!({}))])).await;
    let (buy, id) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    let creatives = ["at-bar", "at-station"].map(|id| creative(id, "rectangle"));
    market.sync(json!(creatives)).await;
    let update = json!({ "packages": [{ "package_id": id, "creative_assignments": [{ "creative_id": "at-bar" }] }] });
    assert_eq!(
        market.change_refused(buy, update).await.1.as_deref(),
        Some("packages[0].creative_assignments[0].creative_id")
    );
    let assign = |names: &[&str], mode: &str| {
        let assigned = names
            .iter()
            .map(|name| json!({ "creative_id": name, "package_id": id }));
        let creatives: Vec<Value> = names
            .iter()
            .map(|name| creative(name, "rectangle"))
            .collect();
        json!({
            "account": account("nova"),
            "creatives": creatives,
            "assignments": assigned.collect::<Vec<Value>>(),
            "validation_mode": mode,
        })
    };
    let error = market
        .error(
            "sync_creatives",
            assign(&["at-station", "at-bar"], "strict"),
        )
        .await;
    assert_eq!(
        judged(&error),
        ("assignments[1].package_id".to_owned(), json!(["station"]))
    );
    assert!(press.planner.ad_server.changes().is_empty());
    let request = assign(&["at-bar", "at-station"], "lenient");
    let answer = market.call("sync_creatives", request).await;
    let lines = &answer["creatives"];
    assert!(
        lines[0]["assignment_errors"][id.as_str().expect("an id")].is_string(),
        "{lines}"
    );
    assert_eq!(lines[1]["assigned_to"], json!([id]), "{lines}");
    let read = market.read(buy).await;
    let shown = read["packages"][0]["creative_approvals"].as_array();
    let shown = shown.expect("creatives").iter();
    let shown: Vec<_> = shown.map(|shown| shown["creative_id"].clone()).collect();
    assert_eq!(shown, [json!("at-station")], "{read}");
}

#[tokio::test]
async fn a_recipe_that_became_narrower_lets_a_buyer_stop_and_nothing_more() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    let overlay = targeting(json!({ "device_type": ["mobile"] }));
    let packages = json!([package("banner", overlay), package("banner", json!({}))]);
    let booked = market.book(packages).await;
    let (buy, first) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    press.keeps(|product_ids| {
        let mut narrower = recipe("leak-b");
        narrower["capability_overlap"] = json!({ "targeting_dimensions": ["geo_countries"] });
        Ok(all(product_ids, &narrower))
    });
    let budget = json!({ "packages": [{ "package_id": first, "budget": 700.0 }] });
    let refused = market.change_refused(buy, budget).await;
    assert_eq!(
        refused,
        (
            "INVALID_REQUEST".to_owned(),
            Some("packages[0].package_id".to_owned())
        )
    );
    market
        .change(
            buy,
            json!({ "packages": [{ "package_id": first, "paused": true }] }),
        )
        .await;
    let resumed = market
        .change_refused(
            buy,
            json!({ "packages": [{ "package_id": first, "paused": false }] }),
        )
        .await;
    assert_eq!(resumed.1.as_deref(), Some("packages[0].package_id"));
    market
        .change(
            buy,
            json!({ "packages": [{ "package_id": first, "canceled": true }] }),
        )
        .await;
    market.change(buy, json!({ "canceled": true })).await;
}
