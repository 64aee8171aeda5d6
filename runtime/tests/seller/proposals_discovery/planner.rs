//! The planner of sandboxes, as a seeded manager calls it.

use std::fs;

use adcp_seller::domain::Subject;
use adcp_seller::platform::Outcome;
use adcp_seller::simulation::planner;
use serde_json::{Value, json};

use super::{applied, brief, change, finalize, open_accounts, refinement, shares};
use crate::market::{Market, Parts, catalogue};
use crate::support::line;
use crate::support::planner::Planner;

const PLANS: &str = r#"
[[proposals]]
proposal_id = "season"
name = "The season"
total_budget_guidance = { min = 1000, recommended = 50000, currency = "USD" }
allocations = [
  { product_id = "banner", allocation_percentage = 60, pricing_option_id = "fixed" },
  { product_id = "video", allocation_percentage = 40 },
]

[[proposals]]
proposal_id = "takeover"
name = "Takeover"
allocations = [{ product_id = "sponsorship", allocation_percentage = 100 }]
"#;

/// A seller whose manager is the planner.
async fn planned() -> Market {
    let folder = tempfile::tempdir().expect("a folder");
    catalogue(folder.path(), |_| String::new());
    fs::write(folder.path().join("proposals.toml"), PLANS).expect("a file");
    let manager = Planner::default();
    manager.on_brief(|context, request| {
        let filters = request.get("filters");
        let mut found = context.catalog.matching(request["brief"].as_str(), filters);
        found.proposals = planner::propose(context, &found, filters)?;
        Ok(Outcome::Done(found))
    });
    manager.on_refine(|context, request, wishes| {
        let mut found = context.catalog.matching(None, request.get("filters"));
        for wish in wishes {
            found.applied.push(match wish.subject {
                Subject::Proposal(mut draft) => {
                    let applied = planner::refine(context, &mut draft, wish.ask.as_deref())?;
                    found.proposals.push(draft);
                    Some(applied)
                }
                Subject::Request | Subject::Product { .. } => None,
            });
        }
        Ok(Outcome::Done(found))
    });
    manager.on_finalize(|_, draft| Ok(Outcome::Done(planner::firm(draft))));
    let parts = Parts {
        catalog: folder.path().to_owned(),
        ..Parts::of(&line::PROPOSALS)
    };
    let market = parts.open(manager.clone(), manager.ad_server.clone()).await;
    open_accounts(&market).await;
    market
}

fn proposed(answer: &Value) -> Vec<&str> {
    let proposals = answer["proposals"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    proposals
        .iter()
        .map(|proposal| proposal["proposal_id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn plans_are_offered_that_suit_the_brief() {
    let market = planned().await;
    let cases = [
        (json!({ "brief": "sports video" }), vec!["season"]),
        (json!({ "brief": "a takeover" }), vec!["takeover"]),
        (json!({ "brief": "zzz" }), vec!["season", "takeover"]),
        (
            json!({ "brief": "zzz", "filters": { "delivery_type": "guaranteed" } }),
            vec!["takeover"],
        ),
        (
            json!({ "brief": "zzz", "filters": { "channels": ["olv"] } }),
            vec![],
        ),
    ];
    for (asked, expected) in cases {
        let mut request = brief("nova");
        for (name, value) in asked.as_object().expect("members") {
            request[name] = value.clone();
        }
        let answer = market.call("get_products", request).await;
        assert_eq!(proposed(&answer), expected, "{asked}");
    }
}

/// Asks for proposals; the id of the season as nobody has had it changed yet.
async fn fresh_season(market: &Market) -> String {
    let answer = market.call("get_products", brief("nova")).await;
    proposed(&answer)[0].to_owned()
}

#[tokio::test]
async fn plain_words_move_the_budget() {
    let market = planned().await;
    let cases = [
        (
            "Shift 75% of budget to video",
            "applied",
            vec![("banner", 25.0), ("video", 75.0)],
        ),
        (
            "Drop the display product and redistribute that budget to video.",
            "applied",
            vec![("video", 100.0)],
        ),
        (
            "move 10% from banner to sports video",
            "applied",
            vec![("banner", 50.0), ("video", 50.0)],
        ),
        (
            "33.33% banner",
            "applied",
            vec![("banner", 33.33), ("video", 66.67)],
        ),
        (
            "split evenly",
            "applied",
            vec![("banner", 50.0), ("video", 50.0)],
        ),
        (
            "20% front page",
            "applied",
            vec![("banner", 48.0), ("video", 32.0), ("sponsorship", 20.0)],
        ),
        (
            "more video",
            "partial",
            vec![("banner", 50.0), ("video", 50.0)],
        ),
        (
            "60% video. And make it pretty.",
            "partial",
            vec![("banner", 40.0), ("video", 60.0)],
        ),
        (
            "make it pretty",
            "unable",
            vec![("banner", 60.0), ("video", 40.0)],
        ),
        (
            "drop podcasts",
            "unable",
            vec![("banner", 60.0), ("video", 40.0)],
        ),
        (
            "drop banner and video",
            "unable",
            vec![("banner", 60.0), ("video", 40.0)],
        ),
    ];
    for (ask, status, expected) in cases {
        let id = fresh_season(&market).await;
        let request = refinement("nova", json!([change(&id, ask)]));
        let answer = market.call("get_products", request).await;
        let said = applied(&answer);
        assert_eq!(
            said,
            [("proposal", status)],
            "{ask}: {}",
            answer["refinement_applied"]
        );
        let proposal = &answer["proposals"][0];
        let ids = proposal["allocations"]
            .as_array()
            .expect("allocations")
            .iter();
        let ids = ids.map(|allocation| allocation["product_id"].as_str().expect("an id"));
        let found: Vec<(&str, f64)> = ids.zip(shares(proposal)).collect();
        assert_eq!(found, expected, "{ask}");
    }
}

#[tokio::test]
async fn the_total_is_scaled_and_prices_stay() {
    let market = planned().await;
    let drafted = market.call("get_products", brief("nova")).await;
    let request = refinement("nova", json!([change("season", "reduce total by 10%")]));
    let answer = market.call("get_products", request).await;
    assert_eq!(
        answer["proposals"][0]["total_budget_guidance"],
        json!({ "min": 1000, "recommended": 45000.0, "currency": "USD" })
    );
    let firm = market
        .call("get_products", finalize("nova", "season"))
        .await;
    assert_eq!(
        shares(&firm["proposals"][0]),
        shares(&drafted["proposals"][0])
    );
    let price = |answer: &Value, id: &str| {
        let products = answer["products"].as_array().expect("products").clone();
        let product = products
            .into_iter()
            .find(|product| product["product_id"] == id);
        product.expect("a product")["pricing_options"].clone()
    };
    assert_eq!(price(&firm, "video"), price(&drafted, "video"));
}

#[tokio::test]
async fn no_words_move_the_sellers_own_bounds() {
    let market = planned().await;
    let bounded = json!({ "min": 1000, "recommended": 1000.0, "currency": "USD" });
    let id = fresh_season(&market).await;
    let refined = async |ask: &str| {
        let request = refinement("nova", json!([change(&id, ask)]));
        let answer = market.call("get_products", request).await;
        let verdict = answer["refinement_applied"][0].clone();
        let guidance = answer["proposals"][0]["total_budget_guidance"].clone();
        (
            verdict["status"].clone(),
            verdict["notes"].clone(),
            guidance,
        )
    };
    let (status, notes, guidance) = refined("reduce total by 100%").await;
    assert_eq!((status, &guidance), (json!("partial"), &bounded));
    assert_eq!(notes, "the total can't be less than 1000");
    let (status, _, guidance) = refined("reduce total by 1%").await;
    assert_eq!((status, guidance), (json!("unable"), bounded));

    let ask = "increase total by 100%. ".repeat(20);
    for _ in 0..60 {
        refined(&ask).await;
    }
    let (status, notes, guidance) = refined("increase total by 100%").await;
    assert_eq!(status, "unable", "{notes}");
    assert_eq!(guidance["recommended"], 1e13);
}

#[tokio::test]
async fn no_ask_breaks_a_proposal() {
    let market = planned().await;
    let asks = [
        "x".repeat(100_000),
        "60% video ".repeat(5_000),
        "drop banner. drop video. drop banner.".to_owned(),
        "100% banner, 100% video, 0% banner, 0% video".to_owned(),
        "move 100% from video to video".to_owned(),
        "\u{202e}60% \u{fe0f}video\u{0301}".to_owned(),
        "increase video by 100%; reduce total by 100%".to_owned(),
        "é".repeat(1_500),
    ];
    for ask in asks {
        let id = fresh_season(&market).await;
        let request = refinement("nova", json!([change(&id, &ask)]));
        let answer = market.call("get_products", request).await;
        let sum: f64 = shares(&answer["proposals"][0]).iter().sum();
        assert!((sum - 100.0).abs() < 1e-9, "{sum}");
        let notes = answer["refinement_applied"][0]["notes"]
            .as_str()
            .unwrap_or_default();
        assert!(notes.len() < 2_000, "{}", notes.len());
    }
}
