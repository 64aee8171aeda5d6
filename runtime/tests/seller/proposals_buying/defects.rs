//! Defects of an earlier framework in the buying of proposals, each by its number
//! (lifecycle, 1.9): a test fails when the defect is put back.

use adcp_seller::domain::Booking;
use adcp_seller::error::Error;
use adcp_seller::platform::Outcome;
use chrono::TimeDelta;
use serde_json::json;

use super::booker::shop_with_recipes;
use super::{accept, at, shop, with};
use crate::market::{account, banner, creative, order};
use crate::support::line;
use crate::support::planner::plan;

/// 4: recipes that come as plain JSON are not stored.
#[tokio::test]
async fn defect_04_recipes_given_as_plain_json_are_kept_and_read_typed() {
    let (shop, booker) = shop_with_recipes().await;
    let own = json!({ "recipe_kind": "press", "line_item": "li-plain" });
    let id = shop
        .firm(plan("plan", 60.0).with_recipe("banner", own.clone()))
        .await;
    let kept = shop.kept(&id).await;
    assert_eq!(kept["recipes"]["banner"], own);
    assert_eq!(kept["recipes"]["video"]["line_item"], "li-video");
    shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(
        booker.read("create_media_buy")[0],
        ("banner".to_owned(), "li-plain".to_owned())
    );
}

/// 5: the pricing axis never fires, because packages on the wire name an option and no model; nor do
/// the axes of delivery and signals.
#[tokio::test]
async fn defect_05_every_axis_is_judged_on_packages_as_they_come_from_the_wire() {
    let (shop, _) = shop_with_recipes().await;
    let cases = [
        (
            with(banner(100.0), json!({ "pricing_option_id": "euro" })),
            "packages[0].pricing_option_id",
        ),
        (
            json!({ "product_id": "sponsorship", "pricing_option_id": "fixed", "budget": 30_000 }),
            "packages[0].product_id",
        ),
        (
            json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 100, "targeting_overlay": { "axe_include_segment": "s" } }),
            "packages[0].targeting_overlay.axe_include_segment",
        ),
    ];
    for (package, field) in cases {
        assert_eq!(
            shop.refused(order(json!([package]))).await,
            at("INVALID_REQUEST", field)
        );
    }
}

/// 6: an update names packages and no products, so it is not judged at all.
#[tokio::test]
async fn defect_06_an_update_by_package_id_is_judged_by_the_recipe() {
    let (shop, _) = shop_with_recipes().await;
    let bought = shop.buy(order(json!([banner(100.0)]))).await;
    let package = json!({
        "package_id": bought["packages"][0]["package_id"],
        "targeting_overlay": { "device_type": ["mobile"] },
    });
    let update = json!({ "media_buy_id": bought["media_buy_id"], "account": account("nova"), "packages": [package] });
    assert_eq!(
        shop.market.refused("update_media_buy", update).await,
        at(
            "INVALID_REQUEST",
            "packages[0].targeting_overlay.device_type"
        )
    );
    assert!(shop.planner.ad_server.changes().is_empty());
}

/// 7: an answer that says no without failing leaves the proposal reserved for good.
#[tokio::test]
async fn defect_07_a_refusal_gives_the_proposal_back() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    for code in [
        "PRODUCT_UNAVAILABLE",
        "POLICY_VIOLATION",
        "ACCOUNT_SUSPENDED",
    ] {
        shop.planner
            .on_booking(move |_, _| Err(Error::new(code, "not today")));
        assert_eq!(shop.refused(accept(&id, 1000.0)).await.0, code);
        let kept = shop.kept(&id).await;
        assert_eq!(kept["state"], "committed", "{code}");
        assert!(kept.get("reservation").is_none(), "{kept}");
    }
}

/// 8: a booking that is handed to a workflow never settles its proposal.
#[tokio::test]
async fn defect_08_a_handed_off_accept_settles_its_proposal() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.planner.on_booking(|context, _| {
        Ok(match &context.work {
            None => context.hand_off("the desk is looking").into(),
            Some(_) => Outcome::Done(Booking::default()),
        })
    });
    let submitted = shop.buy(accept(&id, 1000.0)).await;
    assert_eq!(submitted["status"], "submitted");
    shop.progress(&submitted["task_id"], "completed").await;
    assert_eq!(shop.kept(&id).await["state"], "consumed");
}

/// 9: the recipes of a bought proposal are swept away while its media buy still runs.
#[tokio::test]
async fn defect_09_recipes_live_as_long_as_the_media_buy() {
    let (shop, booker) = shop_with_recipes().await;
    let own = json!({ "recipe_kind": "press", "line_item": "li-plain" });
    let id = shop
        .firm(plan("plan", 60.0).with_recipe("banner", own))
        .await;
    let flight = json!({ "end_time": "2027-04-01T00:00:00Z" });
    let bought = shop.buy(with(accept(&id, 1000.0), flight)).await;
    let record = shop.store.get(&shop.key(&id)).await.expect("an answer");
    assert_eq!(
        record.expect("it is kept").due,
        None,
        "nothing sweeps a bought proposal away"
    );
    shop.market.clock.advance(TimeDelta::days(300));
    let update = json!({ "media_buy_id": bought["media_buy_id"], "account": account("nova"), "end_time": "2027-05-01T00:00:00Z" });
    shop.market.call("update_media_buy", update).await;
    assert_eq!(
        booker.read("update_media_buy")[0],
        ("banner".to_owned(), "li-plain".to_owned())
    );
}

/// 10: what a buyer can mend is sent as if it could not.
#[tokio::test]
async fn defect_10_what_a_buyer_can_mend_is_correctable() {
    let (shop, _) = shop_with_recipes().await;
    let id = shop.firm(plan("plan", 60.0)).await;
    shop.market.clock.advance(TimeDelta::days(2));
    let euro = with(banner(100.0), json!({ "pricing_option_id": "euro" }));
    let webhook = json!({ "reporting_webhook": { "url": "https://nova.example/hook", "authentication": { "schemes": ["Bearer"], "credentials": "0123456789abcdef0123456789abcdef" }, "reporting_frequency": "daily" } });
    let cases = [
        (accept(&id, 1000.0), "PROPOSAL_EXPIRED"),
        (order(json!([euro])), "INVALID_REQUEST"),
        (
            with(order(json!([banner(100.0)])), webhook),
            "UNSUPPORTED_FEATURE",
        ),
    ];
    for (request, code) in cases {
        let error = shop.market.error("create_media_buy", request).await;
        assert_eq!(
            (&error["code"], &error["recovery"]),
            (&json!(code), &json!("correctable"))
        );
    }
}

/// 11: tools of a later line reach the adapter without reservation, expiry or gate.
#[tokio::test]
async fn defect_11_tools_of_a_later_line_are_refused_not_passed_through() {
    let shop = shop(&line::PROPOSALS).await;
    let id = shop.firm(plan("plan", 60.0)).await;
    let asked = shop.planner.asked().len();
    for tool in ["accept_proposal", "decline_proposals", "request_proposals"] {
        let answer = shop.market.answer(tool, accept(&id, 1000.0)).await;
        assert!(
            answer.is_null(),
            "{tool} is no tool of this seller: {answer}"
        );
    }
    assert_eq!(shop.planner.asked().len(), asked);
    assert_eq!(shop.kept(&id).await["state"], "committed");
}

/// 12: the same key and body on another tool is answered with the first tool's answer.
#[tokio::test]
async fn defect_12_a_key_belongs_to_one_tool() {
    let shop = shop(&line::PROPOSALS).await;
    let bought = shop.buy(order(json!([banner(100.0)]))).await;
    let body = json!({
        "account": account("nova"),
        "media_buy_id": bought["media_buy_id"],
        "creatives": [creative("c1", "rectangle")],
        "paused": true,
        "idempotency_key": "one-key-for-two-tools",
    });
    let synced = shop.market.call("sync_creatives", body.clone()).await;
    assert_eq!(synced["creatives"][0]["action"], "created");
    let updated = shop.market.call("update_media_buy", body.clone()).await;
    assert_eq!(updated["media_buy_id"], bought["media_buy_id"], "{updated}");
    assert!(updated.get("creatives").is_none(), "{updated}");
    assert_ne!(updated["replayed"], true);
    let again = shop.market.call("sync_creatives", body).await;
    assert_eq!(again["replayed"], true);
    assert_eq!(again["creatives"], synced["creatives"]);
}
