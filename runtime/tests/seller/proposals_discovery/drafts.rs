//! What of a manager's proposals is kept, and what is refused.

use std::sync::Arc;

use adcp_seller::domain::Draft;
use adcp_seller::platform::{Outcome, WireProduct};
use adcp_seller::store::Store;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};

use super::{
    account, brief, finalize, open_accounts, refinement, refusal, refused, seller, seller_of,
};
use crate::market::{Market, Parts, planned, planned_sandbox, sandbox};
use crate::support::mirror::Mirror;
use crate::support::planner::{Planner, offer, plan};
use crate::support::{OTHER_TOKEN, line};

#[tokio::test]
async fn a_brief_brings_drafts_and_the_products_that_they_name() {
    let (market, planner) = seller().await;
    planner.on_brief(|context, _| {
        // The manager lists one product only, and proposes two.
        let mut found = offer(
            context,
            &json!({ "brief": "sports" }),
            vec![plan("plan", 60.0)],
        );
        found.products.truncate(1);
        Ok(Outcome::Done(found))
    });
    let answer = market.call("get_products", brief("nova")).await;
    let proposal = &answer["proposals"][0];
    assert_eq!(
        (&proposal["proposal_id"], &proposal["proposal_status"]),
        (&json!("plan"), &json!("draft"))
    );
    let products = answer["products"].as_array().expect("products");
    let ids: Vec<&str> = products
        .iter()
        .filter_map(|product| product["product_id"].as_str())
        .collect();
    assert_eq!(
        ids,
        ["video", "banner"],
        "every allocation names a product of the answer"
    );
    assert_eq!(answer["pagination"]["total_count"], 2);
}

#[tokio::test]
async fn a_projection_leaves_proposals_whole() {
    let (market, _) = seller().await;
    let mut request = brief("nova");
    request["fields"] = json!(["name"]);
    let answer = market.call("get_products", request).await;
    assert!(answer["products"][0].get("channels").is_none());
    assert!(answer["proposals"][0]["allocations"][1]["pricing_option_id"].is_string());
}

#[tokio::test]
async fn a_product_of_one_price_gets_it_filled_in() {
    let (market, planner) = seller().await;
    let mut draft = plan("plan", 60.0);
    for allocation in draft.proposal["allocations"]
        .as_array_mut()
        .expect("allocations")
    {
        allocation
            .as_object_mut()
            .expect("an object")
            .remove("pricing_option_id");
    }
    planner.offers(vec![draft]);
    let answer = market.call("get_products", brief("nova")).await;
    let allocations = &answer["proposals"][0]["allocations"];
    assert_eq!(
        allocations[1]["pricing_option_id"], "fixed",
        "video has one price"
    );
    assert!(
        allocations[0].get("pricing_option_id").is_none(),
        "banners have four"
    );
}

#[tokio::test]
async fn the_same_draft_again_writes_nothing() {
    let planner = Planner::default();
    let store = Arc::new(Mirror::new(Arc::new(MemoryStore::new())));
    let parts = Parts {
        store: store.clone(),
        ..Parts::of(&line::PROPOSALS)
    };
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    open_accounts(&market).await;
    market.call("get_products", brief("nova")).await;
    let before = store.contents();
    assert_eq!(store.count("proposal"), 1);
    let mut keys = before.keys();
    let key = keys.find(|key| key.kind == "proposal").expect("a proposal");
    let revision = async || {
        store
            .get(key)
            .await
            .expect("the store")
            .map(|record| record.revision)
    };
    market.clock.advance(chrono::TimeDelta::minutes(5));
    market.call("get_products", brief("nova")).await;
    assert_eq!(store.contents(), before);
    assert_eq!(
        revision().await,
        Some(1),
        "not even the same again is written"
    );
    planner.offers(vec![plan("plan", 30.0)]);
    market.call("get_products", brief("nova")).await;
    assert_ne!(store.contents(), before);
    assert_eq!(revision().await, Some(2));
    assert_eq!(store.count("proposal"), 1, "a draft is written over");
}

#[tokio::test]
async fn wholesale_and_ruled_out_requests_bring_no_proposals() {
    let (market, _) = seller().await;
    for request in [
        json!({ "buying_mode": "wholesale", "account": account("nova") }),
        json!({ "buying_mode": "brief", "brief": "x", "account": account("nova"), "filters": { "required_features": { "time_travel": true } } }),
        // Banners are not sold under that policy, so no plan with banners may be offered.
        json!({ "buying_mode": "brief", "brief": "x", "account": account("nova"), "required_policies": ["us_coppa"] }),
    ] {
        let answer = market.call("get_products", request.clone()).await;
        assert!(answer.get("proposals").is_none(), "{request}");
        assert_eq!(
            refused(&market, finalize("nova", "plan")).await,
            refusal("PROPOSAL_NOT_FOUND", "refine[0].proposal_id"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn an_id_that_is_taken_by_no_draft_gets_a_number() {
    let (market, _) = seller().await;
    market.call("get_products", brief("nova")).await;
    market.call("get_products", finalize("nova", "plan")).await;
    for _ in 0..2 {
        let answer = market.call("get_products", brief("nova")).await;
        let proposal = &answer["proposals"][0];
        assert_eq!(
            (&proposal["proposal_id"], &proposal["proposal_status"]),
            (&json!("plan_2"), &json!("draft"))
        );
    }
    let other = market.call("get_products", brief("acme")).await;
    assert_eq!(
        other["proposals"][0]["proposal_id"], "plan",
        "another account has its own"
    );
}

#[tokio::test]
async fn a_sellers_proposals_without_finalize_are_ready_as_they_are() {
    let (market, _) = seller_of(&line::PROPOSALS_WITHOUT_FINALIZE).await;
    let answer = market.call("get_products", brief("nova")).await;
    assert!(answer["proposals"][0].get("proposal_status").is_none());
}

#[tokio::test]
async fn a_status_that_a_manager_states_is_not_believed() {
    let (market, planner) = seller().await;
    let mut draft = plan("plan", 60.0);
    draft.proposal["proposal_status"] = json!("committed");
    planner.offers(vec![draft]);
    let answer = market.call("get_products", brief("nova")).await;
    assert_eq!(answer["proposals"][0]["proposal_status"], "draft");
}

#[tokio::test]
async fn another_account_and_another_caller_do_not_see_a_draft() {
    let (market, _) = seller().await;
    market.call("get_products", brief("nova")).await;
    let unknown = refusal("PROPOSAL_NOT_FOUND", "refine[0].proposal_id");
    assert_eq!(refused(&market, finalize("acme", "plan")).await, unknown);
    let request = json!({ "buying_mode": "refine", "refine": [{ "scope": "proposal", "proposal_id": "plan" }] });
    assert_eq!(
        market
            .refused_as(OTHER_TOKEN, "get_products", request)
            .await
            .0,
        "PROPOSAL_NOT_FOUND"
    );
}

#[tokio::test]
async fn a_draft_made_without_an_account_is_found_from_the_callers_accounts() {
    let (market, _) = seller().await;
    let anonymous = json!({ "buying_mode": "brief", "brief": "video" });
    market.call("get_products", anonymous).await;
    let firm = market.call("get_products", finalize("acme", "plan")).await;
    assert_eq!(firm["proposals"][0]["proposal_status"], "committed");
}

#[tokio::test]
async fn in_a_sandbox_the_accounts_of_a_caller_share_their_drafts() {
    let planner = Planner::default();
    let market = planned_sandbox(&line::PROPOSALS, &planner).await;
    market.call("get_products", brief("nova")).await;
    market.call("get_products", finalize("acme", "plan")).await;
    let unknown = market
        .refused_as(OTHER_TOKEN, "get_products", finalize("nova", "plan"))
        .await;
    assert_eq!(unknown.0, "PROPOSAL_NOT_FOUND");
}

/// What a manager must not offer: each is an internal error, and nothing of it is kept.
#[tokio::test]
async fn drafts_that_break_a_rule_are_the_sellers_fault() {
    let (market, planner) = seller().await;
    let broken = |change: fn(&mut Value)| {
        let mut draft = plan("plan", 60.0);
        change(&mut draft.proposal);
        vec![draft]
    };
    let cases: [(&str, Vec<Draft>); 12] = [
        (
            "an unknown product",
            broken(|plan| plan["allocations"][0]["product_id"] = json!("nobody")),
        ),
        (
            "an unknown price",
            broken(|plan| plan["allocations"][0]["pricing_option_id"] = json!("dear")),
        ),
        (
            "shares below 100",
            broken(|plan| plan["allocations"][0]["allocation_percentage"] = json!(59.9)),
        ),
        (
            "shares above 100",
            broken(|plan| plan["allocations"][0]["allocation_percentage"] = json!(60.1)),
        ),
        (
            "a share below nought",
            broken(|plan| plan["allocations"][0]["allocation_percentage"] = json!(-1)),
        ),
        (
            "no allocations",
            broken(|plan| plan["allocations"] = json!([])),
        ),
        (
            "no name",
            broken(|plan| {
                plan.as_object_mut().expect("an object").remove("name");
            }),
        ),
        (
            "an id beyond the limit",
            broken(|plan| plan["proposal_id"] = json!("x".repeat(10_000))),
        ),
        (
            "an empty id",
            broken(|plan| plan["proposal_id"] = json!("")),
        ),
        ("no object", vec![Draft::new(json!("plan"))]),
        (
            "a recipe on the wire",
            broken(|plan| plan["allocations"][1]["recipe"] = json!({ "line_item": "LI-1" })),
        ),
        (
            "two of one id",
            vec![plan("plan", 60.0), plan("plan", 40.0)],
        ),
    ];
    for (what, drafts) in cases {
        planner.offers(drafts);
        let error = market.error("get_products", brief("nova")).await;
        assert_eq!(error["code"], "INTERNAL_ERROR", "{what}");
        assert!(
            !error.to_string().contains("LI-1") && !error.to_string().contains("nobody"),
            "{what}: {error}"
        );
        assert_eq!(
            refused(&market, finalize("nova", "plan")).await.0,
            "PROPOSAL_NOT_FOUND",
            "{what}"
        );
    }
}

#[tokio::test]
async fn what_buyers_must_not_see_never_leaves_in_a_product() {
    let (market, planner) = seller().await;
    let secrets = [
        ("recipe", json!({ "line_item": "LI-1" })),
        ("recipe_kind", json!("press")),
        ("implementation_config", json!({ "line_item": "LI-1" })),
        (
            "ext",
            json!({ "vendor": [{ "implementation_config": {} }] }),
        ),
    ];
    for (name, secret) in secrets {
        planner.on_brief(move |context, request| {
            let mut found = offer(context, request, Vec::new());
            let banner = context.catalog.product("banner").expect("a product");
            let mut made = banner.value.clone();
            made["product_id"] = json!("made");
            made[name] = secret.clone();
            found.products.push(WireProduct::Made(made));
            Ok(Outcome::Done(found))
        });
        let error = market.error("get_products", brief("nova")).await;
        assert_eq!(error["code"], "INTERNAL_ERROR", "{name}");
        assert!(!error.to_string().contains("LI-1"));
    }
    // Nor in what the adapter adds to the answer.
    for (name, member) in [
        ("notes", json!([{ "recipe_kind": "press" }])),
        ("proposals", json!([])),
        ("products", json!([])),
        ("status", json!("completed")),
    ] {
        planner.on_brief(move |context, request| {
            let mut found = offer(context, request, Vec::new());
            found.extra.insert(name.to_owned(), member.clone());
            Ok(Outcome::Done(found))
        });
        assert_eq!(
            market.error("get_products", brief("nova")).await["code"],
            "INTERNAL_ERROR",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_product_made_for_the_call_is_kept_with_its_proposal() {
    let (market, planner) = seller().await;
    planner.on_brief(|context, request| {
        let mut draft = plan("plan", 60.0);
        draft.proposal["allocations"][0]["product_id"] = json!("made");
        let mut found = offer(context, request, vec![draft]);
        let banner = context.catalog.product("banner").expect("a product");
        let mut made = banner.value.clone();
        made["product_id"] = json!("made");
        found.products.push(WireProduct::Made(made));
        Ok(Outcome::Done(found))
    });
    market.call("get_products", brief("nova")).await;
    let firm = market.call("get_products", finalize("nova", "plan")).await;
    let ids: Vec<&str> = firm["products"]
        .as_array()
        .expect("products")
        .iter()
        .filter_map(|product| product["product_id"].as_str())
        .collect();
    assert_eq!(ids, ["made", "video"]);
}

#[tokio::test]
async fn proposals_of_a_seller_without_any_are_refused() {
    static NONE: adcp_seller::profile::Profile = adcp_seller::profile::Profile {
        proposals: None,
        ..line::PROPOSALS
    };
    let planner = Planner::default();
    let market = planned(&NONE, &planner).await;
    let request = json!({ "buying_mode": "brief", "brief": "video" });
    assert_eq!(
        market.error("get_products", request).await["code"],
        "INTERNAL_ERROR"
    );
}

#[tokio::test]
async fn sellers_without_proposals_answer_about_them_as_before() {
    let market: Market = sandbox().await;
    let entry =
        |action: &str| json!({ "scope": "proposal", "proposal_id": "plan", "action": action });
    let answer = market
        .call(
            "get_products",
            refinement("nova", json!([entry("include")])),
        )
        .await;
    assert_eq!(answer["refinement_applied"][0]["status"], "unable");
    assert_eq!(
        refused(&market, refinement("nova", json!([entry("finalize")]))).await,
        refusal("UNSUPPORTED_FEATURE", "refine[0].action")
    );
}
