//! Insertion orders, and terms that a proposal was made under.

use serde_json::{Value, json};

use super::{Shop, accept, at, shop, with};
use crate::support::line;
use crate::support::planner::plan;

async fn ordered(shop: &Shop, name: &str, requires_signature: bool) -> String {
    let mut draft = plan(name, 60.0);
    draft.proposal["insertion_order"] =
        json!({ "io_id": "io-7", "requires_signature": requires_signature });
    shop.firm(draft).await
}

fn accepting(io_id: &str) -> Value {
    json!({ "io_acceptance": { "io_id": io_id, "accepted_at": "2026-03-10T11:00:00Z", "signatory": "agent of nova" } })
}

#[tokio::test]
async fn an_insertion_order_that_has_to_be_signed_is_accepted_under_its_id() {
    let shop = shop(&line::PROPOSALS).await;
    let id = ordered(&shop, "signed", true).await;
    let error = shop
        .market
        .error("create_media_buy", accept(&id, 1000.0))
        .await;
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("IO_REQUIRED"),
            &json!("io_acceptance"),
            &json!("correctable")
        )
    );
    assert_eq!(
        shop.refused(with(accept(&id, 1000.0), accepting("io-8")))
            .await,
        at("VALIDATION_ERROR", "io_acceptance.io_id")
    );
    shop.buy(with(accept(&id, 1000.0), accepting("io-7"))).await;
}

#[tokio::test]
async fn an_insertion_order_that_needs_no_signature_may_be_left_alone() {
    let shop = shop(&line::PROPOSALS).await;
    let id = ordered(&shop, "unsigned", false).await;
    assert_eq!(
        shop.refused(with(accept(&id, 1000.0), accepting("io-8")))
            .await,
        at("VALIDATION_ERROR", "io_acceptance.io_id")
    );
    shop.buy(accept(&id, 1000.0)).await;
    let id = shop.firm(plan("without", 60.0)).await;
    assert_eq!(
        shop.refused(with(accept(&id, 1000.0), accepting("io-7")))
            .await,
        at("VALIDATION_ERROR", "io_acceptance.io_id"),
        "there is nothing to accept"
    );
}
