//! What buyers who were shown a proposal may count on: its products are there, it stays for a while,
//! and nobody else's brief writes over what they have had changed.

use std::sync::Arc;

use adcp_seller::platform::{Outcome, WireProduct};
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};

use super::{brief, change, finalize, open_accounts, refinement, seller, shares};
use crate::market::Parts;
use crate::support::line;
use crate::support::mirror::Mirror;
use crate::support::planner::{Planner, offer, plan};

/// The ids of the products of an answer.
fn listed(answer: &Value) -> Vec<String> {
    let products = answer["products"].as_array().expect("products").iter();
    let ids = products.map(|product| product["product_id"].as_str().expect("an id").to_owned());
    ids.collect()
}

#[tokio::test]
async fn the_first_page_has_the_proposals_and_all_of_their_products() {
    let (market, planner) = seller().await;
    let offers = |banner: f64| {
        planner.on_brief(move |context, _| {
            let mut found = offer(context, &json!({}), vec![plan("plan", banner)]);
            // The proposed products come last.
            let proposed = |id: Option<&str>| matches!(id, Some("banner" | "video"));
            found.products.sort_by_key(|product| match product {
                WireProduct::Catalog(product) => proposed(Some(&product.product_id)),
                WireProduct::Made(product) => proposed(product["product_id"].as_str()),
            });
            Ok(Outcome::Done(found))
        });
    };
    offers(60.0);
    let whole = market.call("get_products", brief("nova")).await;
    assert!(!["banner", "video"].contains(&listed(&whole)[0].as_str()));
    let mut request = brief("nova");
    request["pagination"] = json!({ "max_results": 1 });
    let first = market.call("get_products", request.clone()).await;
    let mut seen = listed(&first);
    assert_eq!(seen[0], listed(&whole)[0], "the best one is first");
    let mut raised = seen[1..].to_vec();
    raised.sort_unstable();
    assert_eq!(raised, ["banner", "video"]);
    assert_eq!(first["proposals"], whole["proposals"]);

    // Further pages list the rest, and change no draft.
    offers(10.0);
    request["pagination"] = json!({ "max_results": 2 });
    let mut last = first;
    while last["pagination"]["has_more"] == true {
        request["pagination"]["cursor"] = last["pagination"]["cursor"].clone();
        last = market.call("get_products", request.clone()).await;
        assert!(last.get("proposals").is_none(), "{last}");
        assert_eq!(last["pagination"]["total_count"], listed(&whole).len());
        seen.extend(listed(&last));
    }
    let mut all = listed(&whole);
    all.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, all, "each product once");
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(shares(&firm["proposals"][0]), [60.0, 40.0]);

    let mut request = finalize("nova", "plan");
    request["pagination"] = json!({ "max_results": 1 });
    let firm = market.call("get_products", request).await;
    assert_eq!(listed(&firm), ["banner", "video"]);
    assert_eq!(firm["pagination"]["has_more"], false);
}

#[tokio::test]
async fn what_a_brief_shows_is_kept_for_a_while() {
    let planner = Planner::default();
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let parts = Parts {
        store: store.clone(),
        ..Parts::of(&line::PROPOSALS)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    open_accounts(&market).await;
    let kept = || {
        let contents = store.contents();
        let mut proposals = contents.iter().filter(|(key, _)| key.kind == "proposal");
        let (_, proposal) = proposals.next().expect("a proposal");
        (
            proposal["created_at"].clone(),
            proposal["keep_until"].clone(),
        )
    };
    let (first, again) = (
        (json!("2026-03-10T12:00:00Z"), json!("2026-03-11T12:00:00Z")),
        (json!("2026-03-11T01:00:00Z"), json!("2026-03-12T01:00:00Z")),
    );
    market.call("get_products", brief("nova")).await;
    market.clock.advance(chrono::TimeDelta::hours(12));
    market.call("get_products", brief("nova")).await;
    assert_eq!(kept(), first, "half of its time is left");
    market.clock.advance(chrono::TimeDelta::hours(1));
    market.call("get_products", brief("nova")).await;
    assert_eq!(kept(), again);
    market.clock.advance(chrono::TimeDelta::hours(20));
    let refined = refinement("nova", json!([change("plan", "more banners")]));
    market.call("get_products", refined).await;
    assert_eq!(kept(), again, "a refinement keeps nothing longer");
}

#[tokio::test]
async fn what_one_buyer_has_had_changed_no_other_buyers_brief_writes_over() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    let refined = refinement("nova", json!([change("plan", "more banners")]));
    market.call("get_products", refined.clone()).await;
    for _ in 0..2 {
        let fresh = market.call("get_products", brief("nova")).await;
        assert_eq!(fresh["proposals"][0]["proposal_id"], "plan_2");
        assert_eq!(shares(&fresh["proposals"][0]), [60.0, 40.0]);
    }
    // Nor does a wish that is not about it.
    planner.on_refine(|context, request, _| {
        Ok(Outcome::Done(offer(
            context,
            request,
            vec![plan("plan", 10.0)],
        )))
    });
    let wish = json!([{ "scope": "request", "ask": "cheaper" }]);
    let answer = market.call("get_products", refinement("nova", wish)).await;
    assert_eq!(answer["proposals"][0]["proposal_id"], "plan_2");
    assert_eq!(shares(&answer["proposals"][0]), [10.0, 90.0]);
    // It can be changed further, and made firm, under its own id.
    let answer = market.call("get_products", refined).await;
    assert_eq!(answer["proposals"][0]["proposal_id"], "plan");
    assert_eq!(shares(&answer["proposals"][0]), [10.0, 90.0]);
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(firm["proposals"][0]["proposal_id"], "plan");
    assert_eq!(shares(&firm["proposals"][0]), [10.0, 90.0]);
}
