//! Finalizes and curations that go on as tasks.

use adcp_seller::platform::Outcome;
use serde_json::json;

use super::{applied, brief, change, finalize, refinement, seller, seller_of};
use crate::support::line;

/// The ids of the products of an answer.
fn offered(answer: &serde_json::Value) -> Vec<&str> {
    let products = answer["products"].as_array().expect("products");
    let ids = products.iter().map(|product| &product["product_id"]);
    ids.map(|id| id.as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_finalize_that_waits_for_a_person_is_submitted_once() {
    let (market, planner) = seller_of(&line::PROPOSALS_WITH_APPROVAL).await;
    market.call("get_products", brief("nova")).await;
    let first = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(first["status"], "submitted");
    assert_eq!(first["proposals"][0]["proposal_status"], "draft");
    assert_eq!(offered(&first), ["banner", "video"]);
    assert_eq!(applied(&first), [("proposal", "partial")]);
    let again = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(first, again, "one task, one answer");
    let mut brief_of_it = finalize("nova", "plan");
    brief_of_it["fields"] = json!(["product_id"]);
    let narrow = market.call("get_products", brief_of_it).await;
    assert!(first["products"][0].get("channels").is_some());
    assert!(narrow["products"][0].get("channels").is_none(), "{narrow}");
    assert!(planner.finalized().is_empty(), "nobody has agreed");
    let refined = market
        .call(
            "get_products",
            refinement("nova", json!([change("plan", "x")])),
        )
        .await;
    assert_eq!(
        applied(&refined),
        [("proposal", "unable")],
        "what waits is not changed"
    );
}

#[tokio::test]
async fn a_finalize_that_is_handed_off_is_submitted_once() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    planner.on_finalize(|context, _| {
        Ok(Outcome::HandedOff(
            context.hand_off("Holding the inventory."),
        ))
    });
    let first = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(first["status"], "submitted");
    let message = first["message"].as_str().expect("a message");
    assert!(
        message.starts_with("Holding the inventory; ") && message.contains("tasks/get"),
        "{message}"
    );
    assert_eq!(first["proposals"][0]["proposal_id"], "plan");
    let again = market.call("get_products", finalize("nova", "plan")).await;
    assert_eq!(first["task_id"], again["task_id"]);
    assert_eq!(planner.finalized().len(), 1);
}

#[tokio::test]
async fn a_curation_that_takes_time_is_submitted() {
    let (market, planner) = seller().await;
    planner.on_brief(|context, _| Ok(Outcome::HandedOff(context.hand_off("A person is planning"))));
    let answer = market.call("get_products", brief("nova")).await;
    assert_eq!(
        (&answer["status"], &answer["products"]),
        (&json!("submitted"), &json!([]))
    );
    assert!(answer["task_id"].is_string() && answer.get("proposals").is_none());
}

#[tokio::test]
async fn a_refinement_that_takes_time_shows_what_it_is_about() {
    let (market, planner) = seller().await;
    market.call("get_products", brief("nova")).await;
    planner.on_refine(|context, _, _| {
        Ok(Outcome::HandedOff(context.hand_off("A person is planning")))
    });
    let request = refinement(
        "nova",
        json!([change("plan", "x"), { "scope": "request", "ask": "y" }]),
    );
    let answer = market.call("get_products", request).await;
    assert_eq!(answer["status"], "submitted");
    assert_eq!(answer["proposals"][0]["proposal_id"], "plan");
    assert_eq!(offered(&answer), ["banner", "video"]);
    assert_eq!(
        applied(&answer),
        [("proposal", "partial"), ("request", "partial")]
    );
}
