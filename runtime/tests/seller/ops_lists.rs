//! Walking through lists page by page: everything once, nothing twice, no cursor but the seller's.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{Market, account, banner, creative, in_earnest, order, sandbox};

/// Every id that a walk through a list meets, in order, and how many pages it took.
async fn walk(
    market: &Market,
    tool: &str,
    request: &Value,
    list: &str,
    id: &str,
    size: usize,
) -> (Vec<String>, usize) {
    let (mut met, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let mut request = request.clone();
        request["pagination"] = match &cursor {
            Some(cursor) => json!({ "max_results": size, "cursor": cursor }),
            None => json!({ "max_results": size }),
        };
        let page = market.call(tool, request).await;
        let items = page[list].as_array().expect("a list");
        assert!(items.len() <= size);
        met.extend(items.iter().map(|item| {
            item.pointer(id)
                .and_then(Value::as_str)
                .expect("an id")
                .to_owned()
        }));
        pages += 1;
        cursor = page["pagination"].get("cursor").cloned();
        assert_eq!(
            page["pagination"]["has_more"],
            cursor.is_some(),
            "a cursor means more"
        );
        if cursor.is_none() {
            return (met, pages);
        }
        assert!(pages < 50, "the walk does not end");
    }
}

#[tokio::test]
async fn walks_are_complete_and_repeat_nothing() {
    let market = sandbox().await;
    let mut buys = Vec::new();
    for at in 0..7 {
        buys.push(
            market.book(json!([banner(10.0)])).await["media_buy_id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        );
        if at % 2 == 0 {
            market.clock.advance(TimeDelta::seconds(1));
        }
    }
    let names: Vec<String> = (0..5).map(|at| format!("creative-{at}")).collect();
    market
        .sync(
            names
                .iter()
                .map(|name| creative(name, "rectangle"))
                .collect(),
        )
        .await;
    let accounts: Vec<Value> = ["a", "b", "c"]
        .iter()
        .map(|brand| {
            let mut account = account(brand);
            account["billing"] = json!("operator");
            account
        })
        .collect();
    market
        .call("sync_accounts", json!({ "accounts": accounts }))
        .await;

    let everything = json!({ "account": account("nova"), "status_filter": ["pending_creatives"] });
    for size in [1, 2, 3, 7, 100] {
        let (mut met, pages) = walk(
            &market,
            "get_media_buys",
            &everything,
            "media_buys",
            "/media_buy_id",
            size,
        )
        .await;
        assert_eq!(pages, 7_usize.div_ceil(size).max(1), "pages of {size}");
        let (mut by_id, _) = walk(
            &market,
            "get_media_buys",
            &json!({ "media_buy_ids": buys }),
            "media_buys",
            "/media_buy_id",
            size,
        )
        .await;
        assert_eq!(by_id, buys);
        met.sort_unstable();
        by_id.sort_unstable();
        assert_eq!(met, by_id);
        let (mut met, _) = walk(
            &market,
            "list_creatives",
            &json!({ "account": account("nova") }),
            "creatives",
            "/creative_id",
            size,
        )
        .await;
        met.sort_unstable();
        assert_eq!(met, names);
        let (met, _) = walk(
            &market,
            "list_accounts",
            &json!({}),
            "accounts",
            "/account_id",
            size,
        )
        .await;
        assert_eq!(met.len(), 3);
        let (met, _) = walk(
            &market,
            "list_creative_formats",
            &json!({}),
            "formats",
            "/format_id/id",
            size,
        )
        .await;
        assert_eq!(met, ["rectangle", "leaderboard", "spot"]);
        let (met, _) = walk(
            &market,
            "get_products",
            &json!({ "buying_mode": "wholesale" }),
            "products",
            "/product_id",
            size,
        )
        .await;
        assert_eq!(met, ["banner", "video", "sold_out", "sponsorship"]);
    }
}

#[tokio::test]
async fn a_walk_without_an_account_covers_every_account_of_the_caller() {
    let market = in_earnest().await;
    let mut buys = Vec::new();
    for brand in ["nova", "acme", "zeta"] {
        let mut wanted = account(brand);
        wanted["billing"] = json!("operator");
        market
            .call("sync_accounts", json!({ "accounts": [wanted] }))
            .await;
        for _ in 0..3 {
            let mut request = order(json!([banner(10.0)]));
            request["account"] = account(brand);
            buys.push(
                market.call("create_media_buy", request).await["media_buy_id"]
                    .as_str()
                    .expect("an id")
                    .to_owned(),
            );
        }
    }
    buys.sort_unstable();
    let everything = json!({ "status_filter": "pending_creatives" });
    for size in [1, 2, 4, 9] {
        let (mut met, _) = walk(
            &market,
            "get_media_buys",
            &everything,
            "media_buys",
            "/media_buy_id",
            size,
        )
        .await;
        met.sort_unstable();
        assert_eq!(met, buys, "pages of {size}");
    }
    let mut one = everything.clone();
    one["account"] = account("acme");
    let (met, _) = walk(
        &market,
        "get_media_buys",
        &one,
        "media_buys",
        "/media_buy_id",
        2,
    )
    .await;
    assert_eq!(met.len(), 3);
}

#[tokio::test]
async fn creatives_of_one_id_in_two_accounts_are_two() {
    let market = in_earnest().await;
    for brand in ["nova", "acme"] {
        let mut wanted = account(brand);
        wanted["billing"] = json!("operator");
        market
            .call("sync_accounts", json!({ "accounts": [wanted] }))
            .await;
        let request =
            json!({ "account": account(brand), "creatives": [creative("same", "rectangle")] });
        market.call("sync_creatives", request).await;
    }
    for size in [1, 2] {
        let (met, pages) = walk(
            &market,
            "list_creatives",
            &json!({}),
            "creatives",
            "/creative_id",
            size,
        )
        .await;
        assert_eq!((met.len(), pages), (2, 2 / size), "pages of {size}");
    }
    let own = json!({ "filters": { "accounts": [account("acme")] } });
    let listed = market.call("list_creatives", own).await;
    assert_eq!(listed["query_summary"]["total_matching"], 1);
}

#[tokio::test]
async fn a_tampered_cursor_is_refused_in_every_list() {
    let market = sandbox().await;
    for _ in 0..2 {
        market.book(json!([banner(10.0)])).await;
    }
    market
        .sync(json!([
            creative("a", "rectangle"),
            creative("b", "rectangle")
        ]))
        .await;
    let requests = [
        (
            "get_media_buys",
            json!({ "account": account("nova"), "status_filter": ["pending_creatives"] }),
        ),
        ("list_creatives", json!({ "account": account("nova") })),
        ("list_creative_formats", json!({})),
        ("get_products", json!({ "buying_mode": "wholesale" })),
    ];
    for (tool, mut request) in requests {
        request["pagination"] = json!({ "max_results": 1 });
        let cursor = market.call(tool, request.clone()).await["pagination"]["cursor"]
            .as_str()
            .expect("a cursor")
            .to_owned();
        let (last, rest) = (
            cursor.chars().last().expect("a letter"),
            &cursor[..cursor.len() - 1],
        );
        let forged = format!("{rest}{}", if last == 'A' { 'Q' } else { 'A' });
        for cursor in [forged.as_str(), "", "not a cursor"] {
            request["pagination"]["cursor"] = json!(cursor);
            let refused = market.refused(tool, request.clone()).await;
            assert_eq!(
                refused,
                (
                    "INVALID_REQUEST".to_owned(),
                    Some("pagination.cursor".to_owned())
                ),
                "{tool} with {cursor:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_cursor_continues_only_the_question_that_it_answers() {
    let market = sandbox().await;
    for _ in 0..3 {
        market.book(json!([banner(10.0)])).await;
    }
    market
        .sync(json!([
            creative("a", "rectangle"),
            creative("b", "rectangle"),
            creative("c", "rectangle")
        ]))
        .await;
    // Each list as it is asked for, what may change from page to page, and what may not.
    let cases = [
        (
            "get_media_buys",
            json!({ "account": account("nova"), "status_filter": ["pending_creatives"] }),
            json!({ "include_history": 5 }),
            json!({ "status_filter": ["pending_creatives", "active"] }),
        ),
        (
            "list_creatives",
            json!({ "account": account("nova") }),
            json!({ "fields": ["creative_id"], "include_assignments": false }),
            json!({ "filters": { "name_contains": "Creative" } }),
        ),
        (
            "list_creatives",
            json!({ "account": account("nova") }),
            json!({ "context": { "page": "2" } }),
            json!({ "sort": { "field": "name", "direction": "asc" } }),
        ),
        (
            "list_creative_formats",
            json!({}),
            json!({ "ext": { "page": "2" } }),
            json!({ "asset_types": ["image"] }),
        ),
        (
            "get_products",
            json!({ "buying_mode": "wholesale" }),
            json!({ "fields": ["product_id"] }),
            json!({ "filters": { "delivery_type": "non_guaranteed" } }),
        ),
    ];
    for (tool, mut request, harmless, other) in cases {
        request["pagination"] = json!({ "max_results": 1 });
        let first = market.call(tool, request.clone()).await;
        request["pagination"]["cursor"] = first["pagination"]["cursor"].clone();
        let with = |members: &Value| {
            let mut request = request.clone();
            for (name, value) in members.as_object().expect("members") {
                request[name] = value.clone();
            }
            request
        };
        market.call(tool, with(&harmless)).await;
        assert_eq!(
            market.refused(tool, with(&other)).await,
            (
                "INVALID_REQUEST".to_owned(),
                Some("pagination.cursor".to_owned())
            ),
            "{tool} with {other}"
        );
    }
}
