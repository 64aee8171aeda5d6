//! Products, formats and capabilities: what is found and how it is shown.

use serde_json::{Value, json};

use crate::market::{AGENT_URL, Market, in_earnest, sandbox};

async fn found(market: &Market, request: Value) -> Vec<String> {
    let answer = market.call("get_products", request).await;
    answer["products"]
        .as_array()
        .expect("products")
        .iter()
        .map(|product| product["product_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_brief_brings_what_shares_words_with_it_best_first() {
    let market = sandbox().await;
    let brief = |text: &str| json!({ "buying_mode": "brief", "brief": text });
    assert_eq!(
        found(&market, brief("A takeover of the front page")).await[0],
        "sponsorship"
    );
    assert_eq!(
        found(&market, brief("Sports highlights with banners")).await,
        ["video", "banner"]
    );
    assert_eq!(
        found(&market, brief("zzz")).await.len(),
        4,
        "other words bring everything"
    );
}

#[tokio::test]
async fn filters_leave_out_what_does_not_fit() {
    let market = sandbox().await;
    let cases = [
        (
            json!({ "delivery_type": "guaranteed" }),
            vec!["sponsorship"],
        ),
        (json!({ "channels": ["olv", "ctv"] }), vec!["video"]),
        (json!({ "is_fixed_price": false }), vec!["banner"]),
        (
            json!({ "is_fixed_price": true, "delivery_type": "non_guaranteed" }),
            vec!["banner", "video", "sold_out"],
        ),
        (
            json!({ "format_ids": [{ "agent_url": format!("{AGENT_URL}/"), "id": "leaderboard" }] }),
            vec!["banner", "sponsorship"],
        ),
        (
            json!({ "budget_range": { "max": 1000, "currency": "USD" } }),
            vec!["banner", "video", "sold_out"],
        ),
        (
            json!({ "budget_range": { "max": 1000, "currency": "EUR" } }),
            vec!["banner"],
        ),
        (json!({ "exclusivity": "exclusive" }), vec![]),
        // What no product of this seller promises.
        (
            json!({ "required_performance_standards": [{ "metric": "ivt", "threshold": 0.05, "vendor": { "domain": "counts.example" } }] }),
            vec![],
        ),
        (
            json!({ "signal_targeting": [{ "signal_id": { "source": "catalog", "data_provider_domain": "data.example", "id": "cyclists" }, "value_type": "binary", "value": true }] }),
            vec![],
        ),
        (
            json!({ "trusted_match": { "response_types": ["activation"] } }),
            vec![],
        ),
        // What the seller as a whole does not have.
        (
            json!({ "required_features": { "catalog_management": true } }),
            vec![],
        ),
        (
            json!({ "required_features": { "time_travel": true } }),
            vec![],
        ),
        (
            json!({ "required_features": { "inline_creative_management": true, "catalog_management": false }, "channels": ["olv"] }),
            vec!["video"],
        ),
        (
            json!({ "required_axe_integrations": ["https://exchange.example"] }),
            vec![],
        ),
    ];
    for (filters, expected) in cases {
        assert_eq!(
            found(
                &market,
                json!({ "buying_mode": "wholesale", "filters": filters })
            )
            .await,
            expected,
            "{filters}"
        );
    }
}

#[tokio::test]
async fn filters_that_contradict_themselves_are_refused() {
    let market = sandbox().await;
    for (filters, place) in [
        (
            json!({ "start_date": "2026-05-01", "end_date": "2026-04-30" }),
            "filters.end_date",
        ),
        (
            json!({ "budget_range": { "min": 10, "max": 9.5, "currency": "USD" } }),
            "filters.budget_range.max",
        ),
    ] {
        let request = json!({ "buying_mode": "wholesale", "filters": filters });
        assert_eq!(
            market.refused("get_products", request).await,
            ("INVALID_REQUEST".to_owned(), Some(place.to_owned()))
        );
    }
    let filters = json!({ "start_date": "2026-05-01", "end_date": "2026-05-01", "budget_range": { "min": 9, "max": 9, "currency": "EUR" } });
    let request = json!({ "buying_mode": "wholesale", "filters": filters });
    assert_eq!(found(&market, request).await, ["banner"]);
}

#[tokio::test]
async fn preferences_order_and_policies_exclude() {
    let market = sandbox().await;
    let request = json!({ "buying_mode": "wholesale", "preferred_delivery_types": ["guaranteed", "non_guaranteed"] });
    assert_eq!(
        found(&market, request).await,
        ["sponsorship", "banner", "video", "sold_out"]
    );
    let request = json!({ "buying_mode": "wholesale", "required_policies": ["us_coppa"] });
    assert_eq!(found(&market, request).await, ["video"]);
}

#[tokio::test]
async fn a_projection_keeps_what_a_product_can_not_be_without() {
    let market = sandbox().await;
    let answer = market
        .call(
            "get_products",
            json!({ "buying_mode": "wholesale", "fields": ["product_id", "placements"] }),
        )
        .await;
    let video = &answer["products"][1];
    assert!(video.get("placements").is_some() && video.get("pricing_options").is_some());
    assert!(video.get("channels").is_none() && video.get("measurement_terms").is_none());
}

#[tokio::test]
async fn each_entry_of_a_refinement_is_answered() {
    let market = sandbox().await;
    let refine = json!([
        { "scope": "request", "ask": "cheaper" },
        { "scope": "product", "product_id": "banner", "action": "omit" },
        { "scope": "product", "product_id": "video", "ask": "longer" },
        { "scope": "product", "product_id": "nobody" },
        { "scope": "proposal", "proposal_id": "prop_1" },
    ]);
    let answer = market
        .call(
            "get_products",
            json!({ "buying_mode": "refine", "refine": refine }),
        )
        .await;
    let applied: Vec<(&str, &str)> = answer["refinement_applied"]
        .as_array()
        .expect("an entry for each")
        .iter()
        .map(|entry| {
            (
                entry["scope"].as_str().expect("a scope"),
                entry["status"].as_str().expect("a status"),
            )
        })
        .collect();
    assert_eq!(
        applied,
        [
            ("request", "unable"),
            ("product", "applied"),
            ("product", "partial"),
            ("product", "unable"),
            ("proposal", "unable")
        ]
    );
    assert_eq!(
        (
            &answer["refinement_applied"][3]["product_id"],
            &answer["refinement_applied"][4]["proposal_id"]
        ),
        (&json!("nobody"), &json!("prop_1"))
    );
    let ids: Vec<&str> = answer["products"]
        .as_array()
        .expect("products")
        .iter()
        .filter_map(|product| product["product_id"].as_str())
        .collect();
    assert_eq!(ids, ["video", "sold_out", "sponsorship"]);
}

#[tokio::test]
async fn what_others_should_be_like_stays_listed() {
    let market = sandbox().await;
    let entry = json!({ "scope": "product", "product_id": "video", "action": "more_like_this" });
    let request = json!({ "buying_mode": "refine", "refine": [entry] });
    let answer = market.call("get_products", request.clone()).await;
    assert_eq!(answer["refinement_applied"][0]["status"], "partial");
    assert!(found(&market, request).await.contains(&"video".to_owned()));
}

#[tokio::test]
async fn each_mode_takes_its_own_members() {
    let market = sandbox().await;
    for (request, field) in [
        (json!({ "buying_mode": "brief" }), "brief"),
        (json!({ "buying_mode": "wholesale", "brief": "x" }), "brief"),
        (
            json!({ "buying_mode": "brief", "brief": "x", "refine": [{ "scope": "request", "ask": "x" }] }),
            "refine",
        ),
        (json!({ "buying_mode": "refine" }), "refine"),
    ] {
        assert_eq!(
            market.refused("get_products", request.clone()).await,
            ("INVALID_REQUEST".to_owned(), Some(field.to_owned())),
            "{request}"
        );
    }
}

#[tokio::test]
async fn formats_are_filtered_by_what_they_are() {
    let market = sandbox().await;
    let cases = [
        (
            json!({ "max_width": 728, "max_height": 90 }),
            vec!["leaderboard"],
        ),
        (json!({ "min_width": 1000 }), vec!["spot"]),
        (json!({ "name_search": "LEADER" }), vec!["leaderboard"]),
        (json!({ "asset_types": ["video"] }), vec!["spot"]),
        (json!({ "is_responsive": true }), vec![]),
        (
            json!({ "type": "display" }),
            vec!["rectangle", "leaderboard"],
        ),
        (
            json!({ "format_ids": [{ "agent_url": AGENT_URL, "id": "spot" }, { "agent_url": "https://elsewhere.example", "id": "rectangle" }] }),
            vec!["spot"],
        ),
    ];
    for (request, expected) in cases {
        let answer = market.call("list_creative_formats", request.clone()).await;
        let ids: Vec<&str> = answer["formats"]
            .as_array()
            .expect("formats")
            .iter()
            .filter_map(|format| format["format_id"]["id"].as_str())
            .collect();
        assert_eq!(ids, expected, "{request}");
        assert_eq!(answer["pagination"]["total_count"], expected.len());
    }
}

#[tokio::test]
async fn capabilities_say_what_is_so() {
    let market = in_earnest().await;
    let all = market.call("get_adcp_capabilities", json!({})).await;
    assert_eq!(
        (&all["adcp"]["major_versions"], &all["supported_protocols"]),
        (&json!([3]), &json!(["media_buy"]))
    );
    assert_eq!(all["specialisms"], json!(["sales-non-guaranteed"]));
    assert_eq!(
        all["media_buy"]["portfolio"],
        json!({ "publisher_domains": ["press.example"], "primary_channels": ["display", "olv"] })
    );
    let other = market
        .call("get_adcp_capabilities", json!({ "protocols": ["signals"] }))
        .await;
    assert!(other.get("media_buy").is_none());
}
