//! A draft that starts from how the catalogue books a product, and changes some of it.

use std::sync::{Arc, Mutex};

use adcp_seller::codec::Wire;
use adcp_seller::platform::{Outcome, Products};
use serde_json::json;

use super::press::{KEPT, LineItem, OWN, Press};
use crate::market::{account, order};
use crate::support::planner::plan;

#[tokio::test]
async fn a_draft_starts_from_the_catalogues_own_recipe() {
    let press = Press::default();
    let market = press.open(&KEPT).await;
    press.planner.on_brief(|context, _| {
        let mut draft = plan("plan", 60.0);
        for (at, product_id) in ["open", "limited"].into_iter().enumerate() {
            draft.proposal["allocations"][at]["product_id"] = json!(product_id);
        }
        let product = context.catalog.product("open").expect("on sale");
        let recipe = product
            .recipe::<LineItem>()?
            .expect("the catalogue keeps recipes");
        let mut recipe = recipe.write();
        assert_eq!(recipe["line_item"], "leak-open");
        recipe["line_item"] = json!("leak-open-by-night");
        let mut products = Products::default();
        products.proposals.push(draft.with_recipe("open", recipe));
        Ok(Outcome::Done(products))
    });
    let brief = json!({ "buying_mode": "brief", "brief": "x", "account": account("nova") });
    market.call("get_products", brief).await;
    let finalize = json!({ "scope": "proposal", "proposal_id": "plan", "action": "finalize" });
    let firm = json!({ "buying_mode": "refine", "account": account("nova"), "refine": [finalize] });
    market.call("get_products", firm).await;
    let mut accept = order(json!([]));
    let members = accept.as_object_mut().expect("an object");
    members.shift_remove("packages");
    members.insert("proposal_id".to_owned(), json!("plan"));
    let budget = json!({ "amount": 10_000.0, "currency": "USD" });
    members.insert("total_budget".to_owned(), budget);
    market.call("create_media_buy", accept).await;
    let booked = [
        ("create_media_buy", "leak-open-by-night"),
        ("create_media_buy", "leak-limited"),
    ];
    assert_eq!(
        press.used(),
        booked.map(|(what, line)| (what, line.to_owned()))
    );
}

#[tokio::test]
async fn a_catalogue_without_recipes_hands_none_out() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    let seen = Arc::new(Mutex::new(None));
    let note = Arc::clone(&seen);
    press.planner.on_brief(move |context, _| {
        let product = context.catalog.product("banner").expect("on sale");
        let has_one = product.recipe::<LineItem>()?.is_some();
        *note.lock().expect("a lock") = Some(has_one);
        Ok(Outcome::Done(Products::default()))
    });
    let brief = json!({ "buying_mode": "brief", "brief": "x", "account": account("nova") });
    market.call("get_products", brief).await;
    assert_eq!(*seen.lock().expect("a lock"), Some(false));
}
