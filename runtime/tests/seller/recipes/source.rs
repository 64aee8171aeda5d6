//! Recipes that the adopter keeps: asked for on every call, checked, passed on, never stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use adcp_seller::error::Error;
use adcp_seller::identity::{Principal, Scope, TenantId};
use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::{Query, SharedStore};
use serde_json::{Value, json};

use super::press::{LEAK, OWN, Press, recipe};
use crate::market::{account, banner, order};

#[tokio::test]
async fn the_source_is_asked_on_create_update_and_delivery_for_every_id() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let video = json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 900.0 });
        let booked = market.book(json!([banner(500.0), video])).await;
        ids.push(booked["media_buy_id"].clone());
    }
    // What it says now counts, not what it said then.
    press.keeps(|product_ids| {
        let all = product_ids.iter();
        Ok(all
            .map(|id| (id.clone(), recipe(&format!("leak-new-{id}"))))
            .collect())
    });
    let package = market.read(&ids[1]).await["packages"][0]["package_id"].clone();
    market
        .change(
            &ids[1],
            json!({ "packages": [{ "package_id": package, "budget": 700.0 }] }),
        )
        .await;
    market
        .call(
            "get_media_buy_delivery",
            json!({ "account": account("nova"), "media_buy_ids": ids }),
        )
        .await;
    let both = |what, prefix: &str| {
        [
            (what, format!("{prefix}banner")),
            (what, format!("{prefix}video")),
        ]
    };
    let expected: Vec<(&str, String)> = [
        both("create_media_buy", "leak-own-"),
        both("create_media_buy", "leak-own-"),
        both("update_media_buy", "leak-new-"),
        both("get_media_buy_delivery", "leak-new-"),
        both("get_media_buy_delivery", "leak-new-"),
    ]
    .concat();
    assert_eq!(press.used(), expected);
}

#[tokio::test]
async fn a_source_that_fails_or_answers_wrongly_sells_nothing() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    type Answer = fn(&[String]) -> Result<BTreeMap<String, Value>, Error>;
    let broken: [(Answer, &str); 7] = [
        (
            |_| Err(Error::unavailable("leak-the database is away")),
            "SERVICE_UNAVAILABLE",
        ),
        (|_| Err(Error::internal("leak-a bug")), "INTERNAL_ERROR"),
        (
            |_| Err(Error::validation("leak-this was never the buyer's fault").at("leak-")),
            "INTERNAL_ERROR",
        ),
        (|_| Ok(BTreeMap::new()), "INTERNAL_ERROR"),
        (
            |_| Ok([("strange".to_owned(), recipe("leak-c"))].into()),
            "INTERNAL_ERROR",
        ),
        (
            |_| {
                Ok([(
                    "banner".to_owned(),
                    json!({ "recipe_kind": "press", "line_item": "leak-", "smuggled": 1 }),
                )]
                .into())
            },
            "INTERNAL_ERROR",
        ),
        (
            |_| {
                Ok([(
                    "banner".to_owned(),
                    json!({ "recipe_kind": "other", "line_item": "leak-d" }),
                )]
                .into())
            },
            "INTERNAL_ERROR",
        ),
    ];
    for (answer, code) in broken {
        press.keeps(answer);
        let error = market
            .error("create_media_buy", order(json!([banner(500.0)])))
            .await;
        assert_eq!(error["code"], code, "{error}");
        assert!(!error.to_string().contains(LEAK), "{error}");
    }
    assert!(press.used().is_empty() && press.planner.ad_server.orders().is_empty());
    // What it says beyond the question is passed over.
    press.keeps(|_| {
        let more = [
            ("banner", recipe("leak-e")),
            ("strange", json!({ "no": "recipe" })),
        ];
        Ok(more.map(|(id, recipe)| (id.to_owned(), recipe)).into())
    });
    market.book(json!([banner(500.0)])).await;
    assert_eq!(press.used(), [("create_media_buy", "leak-e".to_owned())]);
}

#[tokio::test]
async fn a_product_whose_recipe_is_gone_can_still_be_stopped() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    let booked = market.book(json!([banner(500.0)])).await;
    let (buy, package) = (
        &booked["media_buy_id"],
        &booked["packages"][0]["package_id"],
    );
    press.keeps(|_| Ok(BTreeMap::new()));
    let budget = json!({ "packages": [{ "package_id": package, "budget": 700.0 }] });
    assert_eq!(market.change_refused(buy, budget).await.0, "INTERNAL_ERROR");
    let pause = json!({ "packages": [{ "package_id": package, "paused": true }] });
    market.change(buy, pause).await;
    market.change(buy, json!({ "canceled": true })).await;
}

#[tokio::test]
async fn a_buyer_can_stop_while_the_source_is_down() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    for (stop, down) in [
        (json!({ "canceled": true }), true),
        (json!({ "paused": true }), true),
        (json!({ "packages": [{ "paused": true }] }), true),
        (json!({ "packages": [{ "canceled": true }] }), true),
        (json!({ "packages": [{ "budget": 700.0 }] }), false),
        (
            json!({ "paused": true, "end_time": "2026-04-20T00:00:00Z" }),
            false,
        ),
    ] {
        press.keeps(|_| Ok([("banner".to_owned(), recipe("leak-f"))].into()));
        let booked = market.book(json!([banner(500.0)])).await;
        press.keeps(|_| Err(Error::unavailable("the database is away")));
        let buy = &booked["media_buy_id"];
        let mut change = stop.clone();
        if let Some(package) = change.pointer_mut("/packages/0") {
            package["package_id"] = booked["packages"][0]["package_id"].clone();
        }
        if down {
            market.change(buy, change).await;
        } else {
            let refused = market.change_refused(buy, change).await;
            assert_eq!(refused.0, "SERVICE_UNAVAILABLE", "{stop}");
        }
    }
}

#[tokio::test]
async fn one_wrong_recipe_stops_neither_reports_nor_changes_of_the_others() {
    let press = Press::default();
    let market = press.open(&OWN).await;
    let video = json!({ "product_id": "video", "pricing_option_id": "fixed", "budget": 900.0 });
    let booked = market.book(json!([banner(500.0), video])).await;
    let buy = &booked["media_buy_id"];
    press.keeps(|_| {
        let found = [
            ("banner", recipe("leak-g")),
            ("video", recipe("off schema")),
        ];
        Ok(found.map(|(id, recipe)| (id.to_owned(), recipe)).into())
    });
    let report = json!({ "account": account("nova"), "media_buy_ids": [buy] });
    market.call("get_media_buy_delivery", report).await;
    let more = |at: usize| {
        let package = &booked["packages"][at]["package_id"];
        json!({ "packages": [{ "package_id": package, "budget": 950.0 }] })
    };
    market.change(buy, more(0)).await;
    assert_eq!(
        press.used()[2..],
        [
            ("get_media_buy_delivery", "leak-g".to_owned()),
            ("update_media_buy", "leak-g".to_owned())
        ]
    );
    let refused = market.change_refused(buy, more(1)).await;
    assert_eq!(refused.0, "INTERNAL_ERROR");
}

#[tokio::test]
async fn nothing_of_the_adopters_recipes_is_stored() {
    let press = Press::default();
    let store: SharedStore = Arc::new(MemoryStore::new());
    let market = press.open_over(&OWN, Arc::clone(&store)).await;
    market
        .call(
            "get_products",
            json!({ "buying_mode": "brief", "brief": "sports", "account": account("nova") }),
        )
        .await;
    let mut finalize = json!({ "buying_mode": "refine", "account": account("nova") });
    finalize["refine"] =
        json!([{ "scope": "proposal", "proposal_id": "plan", "action": "finalize" }]);
    market.call("get_products", finalize).await;
    let mut accept = order(json!([]));
    accept
        .as_object_mut()
        .expect("an object")
        .shift_remove("packages");
    accept["proposal_id"] = json!("plan");
    accept["total_budget"] = json!({ "amount": 10_000.0, "currency": "USD" });
    let bought = market.call("create_media_buy", accept).await;
    assert!(!press.used().is_empty(), "{bought}");
    let tenant = TenantId(TenantId::SINGLE.to_owned());
    let accounts = market.call("list_accounts", json!({})).await;
    let account_id = accounts["accounts"][0]["account_id"]
        .as_str()
        .expect("an id");
    let scopes = [
        Scope::account(&tenant, account_id),
        Scope::principal(&tenant, &Principal("first".into())),
        Scope::seller(&tenant),
    ];
    let mut seen = Vec::new();
    for scope in scopes {
        for kind in ["proposal", "media_buy", "task", "task_index", "idempotency"] {
            let page = store
                .list(&Query {
                    scope: scope.clone(),
                    kind,
                    tag: None,
                    after: None,
                    limit: 1000,
                })
                .await
                .expect("the store answers");
            for record in page {
                assert!(
                    !record.body.to_string().contains(LEAK),
                    "{kind}: {}",
                    record.body
                );
                seen.push(kind);
            }
        }
    }
    assert!(
        seen.contains(&"proposal") && seen.contains(&"media_buy"),
        "{seen:?}"
    );
}
