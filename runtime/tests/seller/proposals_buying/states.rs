//! Which proposals can be bought, and by whom.

use chrono::TimeDelta;
use serde_json::json;

use super::{accept, at, brief, open_account, shop, with};
use crate::market::{account, in_earnest, order};
use crate::support::planner::plan;
use crate::support::{NOW, OTHER_TOKEN, line};

#[tokio::test]
async fn a_draft_is_bought_only_where_nothing_is_finalized() {
    let shop_with = shop(&line::PROPOSALS).await;
    let id = shop_with.draft(plan("plan", 60.0)).await;
    let error = shop_with
        .market
        .error("create_media_buy", accept(&id, 1000.0))
        .await;
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("PROPOSAL_NOT_COMMITTED"),
            &json!("proposal_id"),
            &json!("correctable")
        )
    );
    shop_with.finalize(&id).await;
    shop_with.buy(accept(&id, 1000.0)).await;

    let shop = shop(&line::PROPOSALS_WITHOUT_FINALIZE).await;
    let id = shop.draft(plan("plan", 60.0)).await;
    shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id"),
        "it is bought once"
    );
}

#[tokio::test]
async fn what_is_not_the_accounts_own_is_unknown() {
    let shop = shop(&line::PROPOSALS).await;
    open_account(&shop.market, "acme").await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let unknown = shop
        .market
        .error("create_media_buy", accept("no-such-plan", 1000.0))
        .await;
    assert_eq!(
        (&unknown["code"], &unknown["field"], &unknown["recovery"]),
        (
            &json!("PROPOSAL_NOT_FOUND"),
            &json!("proposal_id"),
            &json!("correctable")
        )
    );
    let others = with(accept(&id, 1000.0), json!({ "account": account("acme") }));
    let others = shop.market.error("create_media_buy", others).await;
    assert_eq!(others, unknown, "another account's looks unknown");
    let mut wanted = account("nova");
    wanted["billing"] = json!("operator");
    let accounts = json!({ "accounts": [wanted] });
    shop.market
        .call_as(OTHER_TOKEN, "sync_accounts", accounts)
        .await;
    assert_eq!(
        shop.market
            .refused_as(OTHER_TOKEN, "create_media_buy", accept(&id, 1000.0))
            .await,
        at("PROPOSAL_NOT_FOUND", "proposal_id"),
        "another buyer's looks unknown"
    );
    for name in ["a".repeat(10_000), "nul\0inside".to_owned(), String::new()] {
        let error = shop
            .market
            .error("create_media_buy", accept(&name, 1000.0))
            .await;
        assert_eq!(error["code"], "PROPOSAL_NOT_FOUND", "{} bytes", name.len());
        assert!(
            error.to_string().len() < 1000,
            "the id is not sent back: {error}"
        );
    }
    shop.buy(accept(&id, 1000.0)).await;
}

#[tokio::test]
async fn a_proposal_can_be_bought_up_to_the_end_of_its_grace() {
    let shop = shop(&line::PROPOSALS).await;
    // Held for a day; the manifest gives a minute more.
    let last = TimeDelta::seconds(86_400 + 60);
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.market.clock.advance(last);
    shop.buy(accept(&id, 1000.0)).await;

    let id = shop.firm(plan("plan", 60.0)).await;
    shop.market.clock.advance(last + TimeDelta::microseconds(1));
    let error = shop
        .market
        .error("create_media_buy", accept(&id, 1000.0))
        .await;
    assert_eq!(
        (&error["code"], &error["field"], &error["recovery"]),
        (
            &json!("PROPOSAL_EXPIRED"),
            &json!("proposal_id"),
            &json!("correctable")
        )
    );
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_EXPIRED", "proposal_id"),
        "it was not reserved either"
    );
    assert_eq!(shop.kept(&id).await["state"], "committed");
    assert_eq!(shop.planner.ad_server.orders().len(), 1);
}

#[tokio::test]
async fn a_proposal_is_bought_once() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let request = with(
        accept(&id, 1000.0),
        json!({ "idempotency_key": "the-key-of-this-buy" }),
    );
    let first = shop.buy(request.clone()).await;
    let again = shop.buy(request).await;
    assert_eq!(again["media_buy_id"], first["media_buy_id"]);
    assert_eq!(again["replayed"], true);
    assert_eq!(
        shop.refused(accept(&id, 1000.0)).await,
        at("PROPOSAL_NOT_COMMITTED", "proposal_id")
    );
    assert_eq!(shop.planner.ad_server.orders().len(), 1);
}

#[tokio::test]
async fn what_somebody_else_works_on_can_not_be_bought() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    for state in ["finalizing", "consuming"] {
        let reserved = json!({
            "state": state,
            "reservation": { "operation_id": "another", "from": "committed", "since": NOW },
        });
        shop.write(shop.key(&id), reserved).await;
        assert_eq!(
            shop.refused(accept(&id, 1000.0)).await,
            at("PROPOSAL_NOT_COMMITTED", "proposal_id"),
            "{state}"
        );
        assert_eq!(shop.kept(&id).await["state"], state, "it is left alone");
    }
}

#[tokio::test]
async fn of_a_hundred_accepts_at_once_one_wins() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.planner.takes(std::time::Duration::from_millis(5));
    let accepts = (0..100).map(|_| shop.market.answer("create_media_buy", accept(&id, 1000.0)));
    let answers = futures_util::future::join_all(accepts).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer["isError"] == false);
    assert_eq!((won.len(), lost.len()), (1, 99));
    for answer in lost {
        let error = &answer["structuredContent"]["adcp_error"];
        assert_eq!(error["code"], "PROPOSAL_NOT_COMMITTED", "{error}");
        assert_eq!(error["field"], "proposal_id");
    }
    assert_eq!(shop.planner.ad_server.orders().len(), 1);
}

#[tokio::test]
async fn a_seller_without_proposals_sells_none() {
    let market = in_earnest().await;
    open_account(&market, "nova").await;
    assert_eq!(
        market
            .refused("create_media_buy", accept("plan", 1000.0))
            .await,
        at("UNSUPPORTED_FEATURE", "proposal_id")
    );
}

#[tokio::test]
async fn a_buy_needs_packages_or_a_proposal() {
    let shop = shop(&line::PROPOSALS).await;
    shop.market.call("get_products", brief()).await;
    let mut neither = order(json!([]));
    neither
        .as_object_mut()
        .expect("an object")
        .remove("packages");
    assert_eq!(shop.refused(neither).await.0, "INVALID_REQUEST");
}
