//! Targeting and goals that a seller can and can't honour.

use serde_json::{Value, json};

use super::with;
use crate::market::{order, sandbox};

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
