//! What remains of an accept that fails: nothing, and the proposal can be bought again.

use std::sync::atomic::{AtomicUsize, Ordering};

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use chrono::TimeDelta;
use serde_json::json;

use super::{accept, at, shop, with};
use crate::market::{account, creative};
use crate::support::line;
use crate::support::planner::{Asked, plan};

#[tokio::test]
async fn a_refusal_by_the_adapter_leaves_no_trace() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.planner
        .on_booking(|_, _| Err(Error::new("PRODUCT_UNAVAILABLE", "sold out by now")));
    let packages = json!([
        { "product_id": "banner", "pricing_option_id": "fixed", "budget": 600, "creatives": [creative("c1", "rectangle")] },
        { "product_id": "video", "pricing_option_id": "fixed", "budget": 400 },
    ]);
    let request = with(accept(&id, 1000.0), json!({ "packages": packages }));
    assert_eq!(
        shop.refused(request.clone()).await,
        ("PRODUCT_UNAVAILABLE".to_owned(), None)
    );
    let ours = json!({ "account": account("nova") });
    let bought = shop
        .market
        .call(
            "get_media_buys",
            with(
                ours.clone(),
                json!({ "status_filter": ["pending_creatives", "pending_start", "active"] }),
            ),
        )
        .await;
    assert_eq!(bought["media_buys"], json!([]));
    let library = shop.market.call("list_creatives", ours).await;
    assert_eq!(library["creatives"], json!([]));

    let server = shop.planner.ad_server.clone();
    shop.planner.on_booking(move |_, _| {
        assert!(server.orders().is_empty());
        Ok(Outcome::Done(Booking::default()))
    });
    shop.buy(request).await;
}

#[tokio::test]
async fn an_accept_whose_outcome_is_unknown_is_settled() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let server = shop.planner.ad_server.clone();
    let times = AtomicUsize::new(0);
    shop.planner.on_booking(move |_, _| {
        assert!(server.orders().is_empty());
        if times.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(Error::unavailable(
                "the ad server took the order and hung up",
            ));
        }
        Ok(Outcome::Done(Booking::default()))
    });
    let request = with(
        accept(&id, 1000.0),
        json!({ "idempotency_key": "the-key-of-this-buy" }),
    );
    assert_eq!(shop.refused(request.clone()).await.0, "SERVICE_UNAVAILABLE");
    assert_eq!(
        shop.kept(&id).await["state"],
        "consuming",
        "perhaps it is booked, so nobody else may have it"
    );
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id")
    );
    let mut answer = json!(null);
    for _ in 0..200 {
        shop.market.clock.advance(TimeDelta::seconds(5));
        let result = shop
            .market
            .answer("create_media_buy", request.clone())
            .await;
        if result["isError"] == false {
            answer = result["structuredContent"].clone();
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(answer["proposal_id"], json!(id), "{answer}");
    assert_eq!(shop.kept(&id).await["state"], "consumed");
    let mut operations: Vec<String> = shop
        .planner
        .asked()
        .into_iter()
        .filter_map(|asked| match asked {
            Asked::Booking(operation_id) => Some(operation_id),
            _ => None,
        })
        .collect();
    operations.dedup();
    assert_eq!(operations.len(), 1, "one operation: {operations:?}");
}
