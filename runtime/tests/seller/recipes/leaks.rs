//! No answer to a buyer ever carries a recipe: every tool is called, right and wrong, and every byte
//! that comes back is searched for words that stand in recipes only.

use adcp_seller::domain::Finalized;
use adcp_seller::platform::Outcome;
use serde_json::{Value, json};

use super::press::{KEPT, LEAK, Press, recipe, spec};
use crate::market::{Market, account, creative, order};
use crate::support::TOKEN;
use crate::support::planner::plan;

/// Calls a tool, searches the answer, and says whether it succeeded.
async fn calls(market: &Market, called: &mut Vec<String>, tool: &str, arguments: Value) -> Value {
    let answer = market.send(TOKEN, tool, arguments).await;
    assert!(!answer.to_string().contains(LEAK), "{tool}: {answer}");
    if answer["isError"] == json!(false) {
        called.push(tool.to_owned());
    }
    answer["structuredContent"].clone()
}

#[tokio::test]
async fn no_answer_of_any_tool_carries_a_recipe() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    press.planner.offers(vec![drafted("plan")]);
    press.planner.on_finalize(|_, draft| {
        let mut firm = Finalized::new(draft.proposal, draft.hold_until);
        firm.recipes.insert("open".to_owned(), recipe("leak-firm"));
        Ok(Outcome::Done(firm))
    });
    let mut called = Vec::new();
    let seen = &mut called;
    calls(&market, seen, "get_adcp_capabilities", json!({})).await;
    calls(&market, seen, "sync_accounts", json!({ "accounts": [{ "brand": { "domain": "nova.example" }, "operator": "agency.example", "billing": "operator" }] })).await;
    calls(&market, seen, "list_accounts", json!({})).await;
    calls(&market, seen, "list_creative_formats", json!({})).await;
    calls(
        &market,
        seen,
        "get_products",
        json!({ "buying_mode": "wholesale", "account": account("nova") }),
    )
    .await;
    let brief = calls(
        &market,
        seen,
        "get_products",
        json!({ "buying_mode": "brief", "brief": "banner", "account": account("nova") }),
    )
    .await;
    assert_eq!(brief["proposals"][0]["proposal_id"], "plan", "{brief}");
    let refine = |entry: Value| json!({ "buying_mode": "refine", "account": account("nova"), "refine": [entry] });
    calls(
        &market,
        seen,
        "get_products",
        refine(json!({ "scope": "proposal", "proposal_id": "plan", "ask": "cheaper" })),
    )
    .await;
    let firm = calls(
        &market,
        seen,
        "get_products",
        refine(json!({ "scope": "proposal", "proposal_id": "plan", "action": "finalize" })),
    )
    .await;
    assert_eq!(
        firm["proposals"][0]["proposal_status"], "committed",
        "{firm}"
    );
    let mut accept = order(json!([]));
    accept
        .as_object_mut()
        .expect("an object")
        .shift_remove("packages");
    accept["proposal_id"] = json!("plan");
    accept["total_budget"] = json!({ "amount": 10_000.0, "currency": "USD" });
    let bought = calls(&market, seen, "create_media_buy", accept).await;
    let buy = &bought["media_buy_id"];
    assert!(buy.is_string(), "{bought}");
    let package = &bought["packages"][0]["package_id"];
    calls(&market, seen, "update_media_buy", json!({ "account": account("nova"), "media_buy_id": buy, "packages": [{ "package_id": package, "paused": true }] })).await;
    calls(&market, seen, "sync_creatives", json!({ "account": account("nova"), "creatives": [creative("c1", "rectangle")], "assignments": [{ "creative_id": "c1", "package_id": package }] })).await;
    calls(
        &market,
        seen,
        "list_creatives",
        json!({ "account": account("nova") }),
    )
    .await;
    calls(
        &market,
        seen,
        "get_media_buys",
        json!({ "account": account("nova"), "media_buy_ids": [buy], "include_history": 100 }),
    )
    .await;
    calls(
        &market,
        seen,
        "get_media_buy_delivery",
        json!({ "account": account("nova"), "media_buy_ids": [buy] }),
    )
    .await;
    let tasks = calls(&market, seen, "tasks/list", json!({})).await;
    for task in tasks["tasks"].as_array().into_iter().flatten() {
        calls(
            &market,
            seen,
            "tasks/get",
            json!({ "task_id": task["task_id"] }),
        )
        .await;
    }
    // Refusals quote what is allowed and nothing more.
    for (product, more) in [
        ("limited", json!({ "pricing_option_id": "click" })),
        (
            "closed",
            json!({ "targeting_overlay": { "language": ["en"] } }),
        ),
        ("undelivered", json!({})),
    ] {
        let mut package =
            json!({ "product_id": product, "pricing_option_id": "fixed", "budget": 500.0 });
        package
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let refused = calls(&market, seen, "create_media_buy", order(json!([package]))).await;
        assert_eq!(
            refused["adcp_error"]["code"], "INVALID_REQUEST",
            "{refused}"
        );
    }
    // Faults of the seller's own are logged with their cause and answered without.
    let contradiction = json!({ "recipe_kind": "press", "line_item": "leak-x", "capability_overlap": { "pricing_models": ["leak-model"] } });
    for broken in [
        recipe("broken leak-y"),
        json!({ "leak-z": 1 }),
        contradiction,
    ] {
        press
            .planner
            .offers(vec![drafted("broken").with_recipe("open", broken)]);
        let answer = calls(
            &market,
            seen,
            "get_products",
            json!({ "buying_mode": "brief", "brief": "banner", "account": account("nova") }),
        )
        .await;
        assert_eq!(answer["adcp_error"]["code"], "INTERNAL_ERROR", "{answer}");
    }
    called.sort_unstable();
    called.dedup();
    let mut expected: Vec<&str> = spec().tools.iter().map(|tool| tool.name).collect();
    // There is no task to get, and outside of a sandbox the test controller does nothing.
    expected.retain(|tool| !["comply_test_controller", "tasks/get"].contains(tool));
    assert_eq!(called, expected);
    assert!(!spec().tool_list.contains(LEAK));
}

/// A plan of two products of these tests, one with a recipe of its own.
fn drafted(proposal_id: &str) -> adcp_seller::domain::Draft {
    let mut draft = plan(proposal_id, 60.0).with_recipe("open", recipe("leak-drafted"));
    draft.proposal["allocations"][0]["product_id"] = json!("open");
    draft.proposal["allocations"][1]["product_id"] = json!("limited");
    draft
}
