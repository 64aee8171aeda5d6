//! What a bought proposal costs, and how its money is spread.

use adcp_seller::domain::Finalized;
use adcp_seller::platform::Outcome;
use serde_json::{Value, json};

use super::{Shop, accept, at, proposing, shop, with};
use crate::support::line;
use crate::support::planner::plan;

/// The budgets of a buy's packages.
fn budgets(buy: &Value) -> Vec<Value> {
    let packages = buy["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| package["budget"].clone())
        .collect()
}

#[tokio::test]
async fn packages_follow_from_the_allocations() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let bought = shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(bought["proposal_id"], json!(id));
    assert!(bought["confirmed_at"].is_string(), "{bought}");
    assert_eq!(budgets(&bought), [json!(600), json!(400)]);
    let packages = &bought["packages"];
    assert_eq!(
        (&packages[0]["product_id"], &packages[1]["product_id"]),
        (&json!("banner"), &json!("video"))
    );
    assert_eq!(packages[0]["pricing_option_id"], "fixed");

    let read = shop.market.read(&bought["media_buy_id"]).await;
    assert_eq!(read["proposal_id"], json!(id));
    assert_eq!(read["total_budget"], 1000);
    let orders = shop.planner.ad_server.orders();
    assert_eq!(orders.len(), 1, "the ad server was asked once");
    let order = orders.values().next().expect("an order");
    assert_eq!(order.proposal_id.as_deref(), Some(id.as_str()));
    assert_eq!(order.packages[1].budget, 400.0);
}

#[tokio::test]
async fn what_does_not_divide_goes_to_the_last_package() {
    let shop = shop(&line::PROPOSALS).await;
    let third = |product: &str, share: f64| json!({ "product_id": product, "allocation_percentage": share, "pricing_option_id": "fixed" });
    let thirds = json!([
        third("banner", 33.33),
        third("video", 33.33),
        third("banner", 33.34)
    ]);
    let id = shop.firm(proposing("thirds", thirds)).await;
    let bought = shop.buy(accept(&id, 100.01)).await;
    assert_eq!(
        budgets(&bought),
        [json!(33.33), json!(33.33), json!(33.35)],
        "in cents"
    );
    let read = shop.market.read(&bought["media_buy_id"]).await;
    assert_eq!(read["total_budget"], 100.01);

    let fine = json!([third("banner", 12.345678912), third("video", 87.654321088)]);
    let id = shop.firm(proposing("fine", fine)).await;
    let bought = shop.buy(accept(&id, 10_000_000.0)).await;
    assert_eq!(budgets(&bought), [json!(1234567.89), json!(8765432.11)]);

    // What is finer than a cent can't be split in cents.
    let id = shop.firm(plan("finest", 60.0)).await;
    let bought = shop.buy(accept(&id, 1_000.000_005)).await;
    assert_eq!(budgets(&bought), [json!(600.000_003), json!(400.000_002)]);
}

#[tokio::test]
async fn what_is_allocated_nothing_is_not_bought() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 100.0)).await;
    let bought = shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(budgets(&bought), [json!(1000)]);
    assert_eq!(bought["packages"][0]["product_id"], "banner");
}

#[tokio::test]
async fn a_price_that_is_not_proposed_is_the_first_fixed_one_in_the_buyers_currency() {
    let shop = shop(&line::PROPOSALS).await;
    let open = json!([{ "product_id": "banner", "allocation_percentage": 100.0 }]);
    let cases = [("dollars", "USD", "fixed"), ("euros", "EUR", "euro")];
    for (name, currency, option) in cases {
        let id = shop.firm(proposing(name, open.clone())).await;
        let total = json!({ "total_budget": { "amount": 500, "currency": currency } });
        let bought = shop.buy(with(accept(&id, 0.0), total)).await;
        assert_eq!(bought["packages"][0]["pricing_option_id"], option);
    }
    let id = shop.firm(proposing("pounds", open)).await;
    let total = json!({ "total_budget": { "amount": 500, "currency": "GBP" } });
    assert_eq!(
        shop.refused(with(accept(&id, 0.0), total)).await,
        at("VALIDATION_ERROR", "total_budget.currency")
    );
}

#[tokio::test]
async fn the_firm_price_is_booked_not_todays() {
    let shop = shop(&line::PROPOSALS).await;
    shop.planner.on_finalize(|context, draft| {
        let firm = Finalized::new(draft.proposal, draft.hold_until);
        let firm = firm.with_price(&context.catalog, "banner", "fixed", 4.2)?;
        Ok(Outcome::Done(firm))
    });
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.buy(accept(&id, 1000.0)).await;
    let orders = shop.planner.ad_server.orders();
    let order = orders.values().next().expect("an order");
    assert_eq!(order.packages[0].fixed_price, Some(4.2), "firm");
    assert_eq!(
        order.packages[1].fixed_price,
        Some(0.02),
        "as it was offered"
    );
}

async fn guided(shop: &Shop, name: &str) -> String {
    let mut draft = plan(name, 60.0);
    draft.proposal["total_budget_guidance"] =
        json!({ "min": 500, "recommended": 800, "max": 1000, "currency": "USD" });
    shop.firm(draft).await
}

#[tokio::test]
async fn guidance_is_no_limit() {
    let shop = shop(&line::PROPOSALS).await;
    for amount in [499.99, 500.0, 1000.0, 1000.01] {
        let id = guided(&shop, "guided").await;
        let bought = shop.buy(accept(&id, amount)).await;
        let read = shop.market.read(&bought["media_buy_id"]).await;
        assert_eq!(read["total_budget"].as_f64(), Some(amount));
    }
    let id = guided(&shop, "guided").await;
    let euros = json!({ "total_budget": { "amount": 800, "currency": "EUR" } });
    assert_eq!(
        shop.refused(with(accept(&id, 0.0), euros)).await,
        at("VALIDATION_ERROR", "total_budget.currency"),
        "the prices are in dollars"
    );
}

#[tokio::test]
async fn totals_that_can_not_be_spread_are_refused() {
    let shop = shop(&line::PROPOSALS).await;
    let floors = json!([
        { "product_id": "banner", "allocation_percentage": 40.0, "pricing_option_id": "floor" },
        { "product_id": "video", "allocation_percentage": 60.0, "pricing_option_id": "fixed" },
    ]);
    let id = shop.firm(proposing("floors", floors)).await;
    let error = shop
        .market
        .error("create_media_buy", accept(&id, 249.99))
        .await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("BUDGET_TOO_LOW"), &json!("total_budget.amount"))
    );
    assert_eq!(
        error["details"]["minimum_budget"], 250,
        "the total that gives the package its least: {error}"
    );
    assert_eq!(
        shop.refused(accept(&id, 0.0)).await,
        at("BUDGET_TOO_LOW", "total_budget.amount")
    );
    assert_eq!(
        shop.refused(accept(&id, 1e14)).await,
        at("VALIDATION_ERROR", "total_budget.amount")
    );
    let mut without = accept(&id, 0.0);
    without
        .as_object_mut()
        .expect("an object")
        .remove("total_budget");
    assert_eq!(shop.refused(without).await.0, "INVALID_REQUEST");
    let bought = shop.buy(accept(&id, 250.0)).await;
    assert_eq!(budgets(&bought), [json!(100), json!(150)]);
    assert_eq!(
        bought["packages"][0]["bid_price"], 2.5,
        "in an auction the floor is bid"
    );
}
