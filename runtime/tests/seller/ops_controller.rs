//! The test controller: what it steers, what it refuses, and that it is not there in earnest.

use serde_json::{Value, json};

use crate::market::{account, banner, creative, in_earnest, order, sandbox};
use crate::support::OTHER_TOKEN;

#[tokio::test]
async fn refusals_have_the_controllers_own_shape() {
    let market = sandbox().await;
    let cases = [
        ("nonexistent", json!({}), "UNKNOWN_SCENARIO"),
        ("seed_plan", json!({ "plan_id": "p" }), "UNKNOWN_SCENARIO"),
        (
            "force_task_completion",
            json!({ "task_id": "t", "result": {} }),
            "NOT_FOUND",
        ),
        (
            "force_task_completion",
            json!({ "task_id": "t" }),
            "INVALID_PARAMS",
        ),
        (
            "force_session_status",
            json!({ "session_id": "s", "status": "terminated" }),
            "UNKNOWN_SCENARIO",
        ),
        // How a product is booked is nobody's to see.
        (
            "seed_product",
            json!({ "product_id": "p", "fixture": { "recipe": { "line_item": "LI-1" } } }),
            "INVALID_PARAMS",
        ),
        (
            "seed_product",
            json!({ "product_id": "p", "fixture": { "recipe_kind": "gam" } }),
            "INVALID_PARAMS",
        ),
        (
            "seed_product",
            json!({ "product_id": "p", "fixture": { "ext": { "implementation_config": {} } } }),
            "INVALID_PARAMS",
        ),
        ("force_creative_status", json!({}), "INVALID_PARAMS"),
        (
            "force_creative_status",
            json!({ "creative_id": "x", "status": "splendid" }),
            "INVALID_PARAMS",
        ),
        (
            "force_creative_status",
            json!({ "creative_id": "x", "status": "approved" }),
            "NOT_FOUND",
        ),
        (
            "force_account_status",
            json!({ "account_id": "x", "status": "active" }),
            "NOT_FOUND",
        ),
        (
            "force_media_buy_status",
            json!({ "media_buy_id": "x", "status": "active" }),
            "NOT_FOUND",
        ),
        (
            "force_create_media_buy_arm",
            json!({ "arm": "submitted" }),
            "INVALID_PARAMS",
        ),
        (
            "force_create_media_buy_arm",
            json!({ "arm": "completed" }),
            "INVALID_PARAMS",
        ),
        (
            "force_create_media_buy_arm",
            json!({ "arm": "submitted", "task_id": "t".repeat(129) }),
            "INVALID_PARAMS",
        ),
        (
            "simulate_delivery",
            json!({ "media_buy_id": "x", "impressions": -1 }),
            "INVALID_PARAMS",
        ),
        (
            "simulate_delivery",
            json!({ "media_buy_id": "x" }),
            "NOT_FOUND",
        ),
        (
            "simulate_budget_spend",
            json!({ "media_buy_id": "x", "spend_percentage": 101 }),
            "INVALID_PARAMS",
        ),
        (
            "simulate_budget_spend",
            json!({ "spend_percentage": 10 }),
            "INVALID_PARAMS",
        ),
        (
            "seed_pricing_option",
            json!({ "product_id": "x", "pricing_option_id": "y" }),
            "NOT_FOUND",
        ),
        (
            "seed_product",
            json!({ "product_id": "x", "fixture": { "delivery_type": "sometimes" } }),
            "INVALID_PARAMS",
        ),
        (
            "seed_media_buy",
            json!({ "media_buy_id": "x", "fixture": { "status": "dormant" } }),
            "INVALID_PARAMS",
        ),
    ];
    for (scenario, params, code) in cases {
        let answer = market.controller(scenario, params.clone()).await;
        assert_eq!(
            (&answer["success"], &answer["error"]),
            (&json!(false), &json!(code)),
            "{scenario} {params}: {answer}"
        );
        assert!(answer["error_detail"].is_string());
    }
}

#[tokio::test]
async fn states_change_along_their_edges_only() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let id = &booked["media_buy_id"];
    market.sync(json!([creative("a", "rectangle")])).await;
    let force = |scenario: &'static str, name: &'static str, id: Value, status: &'static str| {
        let market = &market;
        async move {
            market
                .controller(scenario, json!({ name: id, "status": status }))
                .await
        }
    };
    let steps = [
        (
            "force_media_buy_status",
            "media_buy_id",
            id.clone(),
            "active",
            "pending_creatives",
        ),
        (
            "force_media_buy_status",
            "media_buy_id",
            id.clone(),
            "active",
            "active",
        ),
        (
            "force_media_buy_status",
            "media_buy_id",
            id.clone(),
            "completed",
            "active",
        ),
        (
            "force_creative_status",
            "creative_id",
            json!("a"),
            "approved",
            "pending_review",
        ),
        (
            "force_creative_status",
            "creative_id",
            json!("a"),
            "archived",
            "approved",
        ),
    ];
    for (scenario, name, id, status, before) in steps {
        let answer = force(scenario, name, id, status).await;
        assert_eq!(
            answer,
            json!({ "success": true, "previous_state": before, "current_state": status })
        );
    }
    for (scenario, name, id, status, state) in [
        (
            "force_media_buy_status",
            "media_buy_id",
            id.clone(),
            "active",
            "completed",
        ),
        (
            "force_creative_status",
            "creative_id",
            json!("a"),
            "processing",
            "archived",
        ),
    ] {
        let answer = force(scenario, name, id, status).await;
        assert_eq!(
            (&answer["error"], &answer["current_state"]),
            (&json!("INVALID_TRANSITION"), &json!(state))
        );
    }
}

#[tokio::test]
async fn an_approval_moves_a_waiting_buy_on() {
    let market = sandbox().await;
    market.sync(json!([creative("a", "rectangle")])).await;
    let booked = market.book(json!([banner(10.0)])).await;
    let (id, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    market.change(id, json!({ "packages": [{ "package_id": package, "creative_assignments": [{ "creative_id": "a" }] }] })).await;
    assert_eq!(market.read(id).await["status"], "pending_start");
    // Archived, it shows nothing to a buy that is only booked afterwards.
    for status in ["approved", "archived"] {
        market
            .steer(
                "force_creative_status",
                json!({ "creative_id": "a", "status": status }),
            )
            .await;
    }
    let mut package = banner(10.0);
    package["creative_assignments"] = json!([{ "creative_id": "a" }]);
    let waiting = market.book(json!([package])).await;
    assert_eq!(waiting["status"], "pending_creatives");
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "a", "status": "approved" }),
        )
        .await;
    assert_eq!(
        market.read(&waiting["media_buy_id"]).await["status"],
        "pending_start"
    );
}

#[tokio::test]
async fn a_forced_answer_is_given_once() {
    let market = sandbox().await;
    let forced = market.steer("force_create_media_buy_arm", json!({ "arm": "submitted", "task_id": "task-1", "message": "an order has to be signed" })).await;
    assert_eq!(
        forced["forced"],
        json!({ "arm": "submitted", "task_id": "task-1" })
    );
    let request = order(json!([banner(10.0)]));
    let answer = market.call("create_media_buy", request.clone()).await;
    assert_eq!(
        (&answer["status"], &answer["task_id"], &answer["message"]),
        (
            &json!("submitted"),
            &json!("task-1"),
            &json!("an order has to be signed")
        )
    );
    assert!(answer.get("media_buy_id").is_none() && answer.get("packages").is_none());
    assert!(market.ad_server.orders().is_empty(), "nothing was booked");
    assert!(market.call("create_media_buy", request.clone()).await["media_buy_id"].is_string());
    market
        .steer(
            "force_create_media_buy_arm",
            json!({ "arm": "input-required" }),
        )
        .await;
    let answer = market.call("create_media_buy", request).await;
    assert_eq!(answer["errors"][0]["code"], "INPUT_REQUIRED");
}

#[tokio::test]
async fn sparse_seeds_are_completed() {
    let market = sandbox().await;
    market.steer("seed_product", json!({ "product_id": "seeded_pre_roll", "fixture": { "delivery_type": "guaranteed", "channels": ["video"], "format_ids": [{ "id": "bumper" }] } })).await;
    let brief = json!({ "buying_mode": "brief", "brief": "seeded pre roll" });
    let product = market.call("get_products", brief.clone()).await["products"][0].clone();
    assert_eq!(product["product_id"], "seeded_pre_roll");
    assert_eq!(
        product["pricing_options"][0]["pricing_option_id"], "default",
        "a price is made up"
    );
    assert!(
        product.get("channels").is_none(),
        "`video` is no channel of the line"
    );
    let option = |id: &str, price: f64| json!({ "product_id": "seeded_pre_roll", "pricing_option_id": id, "fixture": { "pricing_model": "cpm", "currency": "USD", "fixed_price": price } });
    market
        .steer("seed_pricing_option", option("first", 10.0))
        .await;
    market
        .steer("seed_pricing_option", option("second", 12.0))
        .await;
    market
        .steer("seed_pricing_option", option("first", 11.0))
        .await;
    let product = market.call("get_products", brief).await["products"][0].clone();
    let prices: Vec<(&str, f64)> = product["pricing_options"]
        .as_array()
        .expect("prices")
        .iter()
        .map(|option| {
            (
                option["pricing_option_id"].as_str().expect("an id"),
                option["fixed_price"].as_f64().expect("a price"),
            )
        })
        .collect();
    assert_eq!(
        prices,
        [("second", 12.0), ("first", 11.0)],
        "seeded prices replace the one that was made up"
    );
    let formats = market
        .call(
            "list_creative_formats",
            json!({ "format_ids": [product["format_ids"][0]] }),
        )
        .await;
    assert_eq!(
        formats["formats"][0]["format_id"], product["format_ids"][0],
        "every format that a product names can be listed"
    );
    let booked = market.book(json!([{ "product_id": "seeded_pre_roll", "pricing_option_id": "second", "budget": 5 }])).await;
    assert!(booked["media_buy_id"].is_string());

    market.steer("seed_media_buy", json!({ "media_buy_id": "seeded_buy", "fixture": { "status": "active", "currency": "USD" } })).await;
    let seeded = market.read(&json!("seeded_buy")).await;
    assert_eq!(
        (&seeded["status"], &seeded["currency"]),
        (&json!("active"), &json!("USD"))
    );
    assert_eq!(
        market
            .change(&json!("seeded_buy"), json!({ "paused": true }))
            .await["status"],
        "paused"
    );
    market
        .steer(
            "seed_media_buy",
            json!({ "media_buy_id": "seeded_buy", "fixture": { "status": "active" } }),
        )
        .await;
    assert_eq!(
        market.read(&json!("seeded_buy")).await["status"],
        "active",
        "seeding again starts over"
    );
}

#[tokio::test]
async fn unprovisioned_accounts_see_what_was_seeded_and_nothing_else() {
    let market = sandbox().await;
    market.sync(json!([creative("own", "rectangle")])).await;
    market.steer("seed_creative", json!({ "creative_id": "seeded", "fixture": { "status": "approved", "format_id": { "id": "rectangle" } } })).await;
    for id in ["one", "two"] {
        market
            .steer(
                "seed_creative_format",
                json!({ "format_id": id, "fixture": { "name": id, "type": "display" } }),
            )
            .await;
    }
    let ids = |answer: &Value, list: &str, id: &str| -> Vec<String> {
        let mut ids: Vec<String> = answer[list]
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| {
                item.pointer(id)
                    .and_then(Value::as_str)
                    .expect("an id")
                    .to_owned()
            })
            .collect();
        ids.sort_unstable();
        ids
    };
    for (account, creatives) in [
        (json!({ "account_id": "acct_nobody" }), vec!["seeded"]),
        (account("nova"), vec!["own", "seeded"]),
        (account("acme"), vec!["seeded"]),
    ] {
        let listed = market
            .call("list_creatives", json!({ "account": account }))
            .await;
        assert_eq!(
            ids(&listed, "creatives", "/creative_id"),
            creatives,
            "{account}"
        );
    }
    let formats = market
        .call(
            "list_creative_formats",
            json!({ "account": { "account_id": "acct_nobody" } }),
        )
        .await;
    assert_eq!(ids(&formats, "formats", "/format_id/id"), ["one", "two"]);
    let formats = market.call("list_creative_formats", json!({})).await;
    assert_eq!(ids(&formats, "formats", "/format_id/id").len(), 5);
    let formats = market
        .call_as(OTHER_TOKEN, "list_creative_formats", json!({}))
        .await;
    assert_eq!(
        ids(&formats, "formats", "/format_id/id").len(),
        3,
        "another caller's seeds are its own"
    );
}

#[tokio::test]
async fn there_is_no_controller_in_earnest() {
    let market = in_earnest().await;
    let answer = market.controller("list_scenarios", json!({})).await;
    assert_ne!(answer["success"], true, "{answer}");
    let capabilities = market.call("get_adcp_capabilities", json!({})).await;
    assert!(capabilities.get("compliance_testing").is_none());
    assert_eq!(capabilities["account"]["sandbox"], false);
}

#[tokio::test]
async fn a_forced_task_does_not_take_the_place_of_a_real_one() {
    use crate::support::{OTHER_TOKEN, TOKEN};
    let planner = crate::support::planner::Planner::default();
    let watched = &crate::support::line::PROPOSALS_WITH_APPROVAL;
    let market = crate::market::planned_sandbox(watched, &planner).await;
    let real = market.book(json!([banner(100.0)])).await;
    assert_eq!(real["status"], "submitted", "{real}");
    let arm = json!({ "arm": "submitted", "task_id": real["task_id"], "message": "mine" });
    for token in [TOKEN, OTHER_TOKEN] {
        let steer = json!({ "scenario": "force_create_media_buy_arm", "params": arm, "account": crate::market::account("nova") });
        let steered = market.send(token, "comply_test_controller", steer).await;
        assert_eq!(steered["structuredContent"]["success"], true, "{steered}");
        let mut request = crate::market::order(json!([banner(200.0)]));
        request["idempotency_key"] = json!(market.key());
        let refused = market.send(token, "create_media_buy", request).await;
        assert_eq!(
            refused["structuredContent"]["adcp_error"]["code"], "INVALID_STATE",
            "{refused}"
        );
    }
    let task = json!({ "task_id": real["task_id"] });
    let task = market.call("tasks/get", task).await;
    assert_eq!(task["message"], real["message"], "it is the real one");
}

#[tokio::test]
async fn a_forced_task_is_a_task_that_ends_when_the_test_says_so() {
    let market = sandbox().await;
    let task_id = json!("a task of the test's");
    let arm =
        json!({ "arm": "submitted", "task_id": task_id, "message": "an order has to be signed" });
    let asked = json!({ "task_id": task_id, "include_result": true });
    for round in 0..2 {
        market
            .steer("force_create_media_buy_arm", arm.clone())
            .await;
        let submitted = market.book(json!([banner(100.0)])).await;
        assert_eq!(submitted["task_id"], task_id, "in round {round}");
        let task = market.call("tasks/get", asked.clone()).await;
        assert_eq!(
            (&task["status"], &task["task_type"], &task["message"]),
            (
                &json!("submitted"),
                &json!("create_media_buy"),
                &json!("an order has to be signed")
            )
        );
        let wrong = json!({ "task_id": task_id, "result": { "media_buy_id": "mb-1" } });
        let refused = market.controller("force_task_completion", wrong).await;
        assert_eq!(refused["error"], "INVALID_PARAMS", "{refused}");
        let large = json!({ "task_id": task_id, "result": { "media_buy_id": "m".repeat(256 * 1024), "packages": [] } });
        let refused = market.controller("force_task_completion", large).await;
        assert_eq!(refused["error"], "INVALID_PARAMS");

        let result = json!({ "media_buy_id": "mb-1", "packages": [] });
        let done = json!({ "task_id": task_id, "result": result });
        let steered = market.steer("force_task_completion", done.clone()).await;
        assert_eq!(
            (&steered["previous_state"], &steered["current_state"]),
            (&json!("submitted"), &json!("completed"))
        );
        let task = market.call("tasks/get", asked.clone()).await;
        assert_eq!(task["status"], "completed");
        assert_eq!(task["result"], result);
        // The same again changes nothing; something else comes too late.
        market.steer("force_task_completion", done).await;
        let other =
            json!({ "task_id": task_id, "result": { "media_buy_id": "mb-2", "packages": [] } });
        let refused = market.controller("force_task_completion", other).await;
        assert_eq!(
            (&refused["error"], &refused["current_state"]),
            (&json!("INVALID_TRANSITION"), &json!("completed"))
        );
    }
}
