//! Whose data is whose.

use serde_json::{Value, json};

use crate::market::{account, banner, creative, from_auth, in_earnest, order, sandbox, singleton};
use crate::support::{OTHER_TOKEN, TOKEN};

fn wanted(brand: &str) -> Value {
    let mut wanted = account(brand);
    wanted["billing"] = json!("operator");
    wanted
}

#[tokio::test]
async fn syncing_twice_makes_one_account() {
    let market = in_earnest().await;
    let first = market
        .call(
            "sync_accounts",
            json!({ "accounts": [wanted("nova"), wanted("acme")] }),
        )
        .await;
    assert_eq!(first["accounts"][0]["action"], "created");
    assert_eq!(
        (
            &first["accounts"][0]["brand"],
            &first["accounts"][0]["operator"]
        ),
        (
            &json!({ "domain": "nova.example" }),
            &json!("agency.example")
        )
    );
    let again = market
        .call("sync_accounts", json!({ "accounts": [wanted("nova")] }))
        .await;
    assert_eq!(
        (
            &again["accounts"][0]["action"],
            &again["accounts"][0]["account_id"]
        ),
        (&json!("unchanged"), &first["accounts"][0]["account_id"])
    );
    let mut terms = wanted("nova");
    terms["payment_terms"] = json!("net_30");
    let changed = market
        .call("sync_accounts", json!({ "accounts": [terms] }))
        .await;
    assert_eq!(
        (
            &changed["accounts"][0]["action"],
            &changed["accounts"][0]["payment_terms"]
        ),
        (&json!("updated"), &json!("net_30"))
    );
    let preview = market
        .call(
            "sync_accounts",
            json!({ "accounts": [wanted("late")], "dry_run": true }),
        )
        .await;
    assert_eq!(
        (&preview["dry_run"], &preview["accounts"][0]["action"]),
        (&json!(true), &json!("created"))
    );
    let listed = market.call("list_accounts", json!({})).await;
    assert_eq!(
        listed["accounts"].as_array().map(Vec::len),
        Some(2),
        "a preview sets nothing up"
    );
    let dropped = market
        .call(
            "sync_accounts",
            json!({ "accounts": [wanted("nova")], "delete_missing": true }),
        )
        .await;
    assert_eq!(
        (
            &dropped["accounts"][1]["brand"]["domain"],
            &dropped["accounts"][1]["status"]
        ),
        (&json!("acme.example"), &json!("closed"))
    );
    let open = market
        .call("list_accounts", json!({ "status": "active" }))
        .await;
    assert_eq!(open["accounts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_can_not_be_invoiced_fails_alone() {
    let market = in_earnest().await;
    let mut refused = wanted("acme");
    refused["billing"] = json!("advertiser");
    let synced = market
        .call(
            "sync_accounts",
            json!({ "accounts": [refused, wanted("nova")] }),
        )
        .await;
    assert_eq!(
        (
            &synced["accounts"][0]["action"],
            &synced["accounts"][0]["errors"][0]["code"]
        ),
        (&json!("failed"), &json!("UNSUPPORTED_FEATURE"))
    );
    assert_eq!(synced["accounts"][1]["action"], "created");
}

#[tokio::test]
async fn another_callers_things_are_answered_like_unknown_ones() {
    let market = in_earnest().await;
    for token in [TOKEN, OTHER_TOKEN] {
        market
            .call_as(
                token,
                "sync_accounts",
                json!({ "accounts": [wanted("nova")] }),
            )
            .await;
    }
    let booked = market
        .call("create_media_buy", order(json!([banner(10.0)])))
        .await;
    let id = &booked["media_buy_id"];
    market
        .call(
            "sync_creatives",
            json!({ "account": account("nova"), "creatives": [creative("mine", "rectangle")] }),
        )
        .await;
    let own = market.call("list_accounts", json!({})).await["accounts"][0]["account_id"].clone();

    // The same brand and operator, another caller.
    let change = json!({ "account": account("nova"), "media_buy_id": id, "paused": true });
    let foreign = market
        .refused_as(OTHER_TOKEN, "update_media_buy", change.clone())
        .await;
    let mut unknown = change;
    unknown["media_buy_id"] = json!("mb_00000000000000000000");
    assert_eq!(
        foreign,
        market
            .refused_as(OTHER_TOKEN, "update_media_buy", unknown)
            .await
    );
    let seen = market
        .call_as(
            OTHER_TOKEN,
            "get_media_buys",
            json!({ "media_buy_ids": [id] }),
        )
        .await;
    assert_eq!(
        (&seen["media_buys"], &seen["errors"][0]["code"]),
        (&json!([]), &json!("MEDIA_BUY_NOT_FOUND"))
    );
    let seen = market
        .call_as(
            OTHER_TOKEN,
            "get_media_buy_delivery",
            json!({ "media_buy_ids": [id] }),
        )
        .await;
    assert_eq!(seen["media_buy_deliveries"], json!([]));
    let seen = market
        .call_as(
            OTHER_TOKEN,
            "list_creatives",
            json!({ "filters": { "creative_ids": ["mine"] } }),
        )
        .await;
    assert_eq!(seen["query_summary"]["total_matching"], 0);
    let assignments =
        json!([{ "creative_id": "theirs", "package_id": booked["packages"][0]["package_id"] }]);
    let request = json!({ "account": account("nova"), "creatives": [creative("theirs", "rectangle")], "assignments": assignments });
    assert_eq!(
        market
            .refused_as(OTHER_TOKEN, "sync_creatives", request)
            .await
            .0,
        "PACKAGE_NOT_FOUND"
    );

    // The account's own id in another caller's mouth.
    let by_id = json!({ "account": { "account_id": own }, "media_buy_ids": [id] });
    assert_eq!(
        market
            .refused_as(OTHER_TOKEN, "get_media_buys", by_id.clone())
            .await
            .0,
        "ACCOUNT_NOT_FOUND"
    );
    assert_eq!(
        market.call("get_media_buys", by_id).await["media_buys"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn accounts_of_one_caller_are_apart_too() {
    let market = in_earnest().await;
    market
        .call(
            "sync_accounts",
            json!({ "accounts": [wanted("nova"), wanted("acme")] }),
        )
        .await;
    let booked = market
        .call("create_media_buy", order(json!([banner(10.0)])))
        .await;
    let id = &booked["media_buy_id"];
    let change = json!({ "account": account("acme"), "media_buy_id": id, "paused": true });
    assert_eq!(
        market.refused("update_media_buy", change).await.0,
        "MEDIA_BUY_NOT_FOUND"
    );
    let seen = market
        .call(
            "get_media_buys",
            json!({ "account": account("acme"), "media_buy_ids": [id] }),
        )
        .await;
    assert_eq!(seen["media_buys"], json!([]));
    let seen = market
        .call("get_media_buys", json!({ "media_buy_ids": [id] }))
        .await;
    assert_eq!(
        seen["media_buys"].as_array().map(Vec::len),
        Some(1),
        "who names no account sees all of its own"
    );
}

#[tokio::test]
async fn a_sandbox_books_for_no_account_id_that_nobody_set_up() {
    let market = sandbox().await;
    let mut order = order(json!([banner(10.0)]));
    order["account"] = json!({ "account_id": "acct_unheard_of" });
    assert_eq!(
        market.refused("create_media_buy", order.clone()).await,
        ("ACCOUNT_NOT_FOUND".to_owned(), Some("account".to_owned()))
    );
    let seen = market
        .call("get_media_buys", json!({ "account": order["account"] }))
        .await;
    assert_eq!(seen["media_buys"], json!([]), "looking is possible");
}

#[tokio::test]
async fn cursors_do_not_travel_between_lists_accounts_and_callers() {
    let market = in_earnest().await;
    for token in [TOKEN, OTHER_TOKEN] {
        market
            .call_as(
                token,
                "sync_accounts",
                json!({ "accounts": [wanted("nova"), wanted("acme")] }),
            )
            .await;
    }
    let page = |cursor: &Value| json!({ "pagination": { "max_results": 1, "cursor": cursor } });
    let cursor = market
        .call(
            "list_accounts",
            json!({ "pagination": { "max_results": 1 } }),
        )
        .await["pagination"]["cursor"]
        .clone();
    let refusal = (
        "INVALID_REQUEST".to_owned(),
        Some("pagination.cursor".to_owned()),
    );
    assert_eq!(
        market
            .refused_as(OTHER_TOKEN, "list_accounts", page(&cursor))
            .await,
        refusal
    );
    assert_eq!(
        market.refused("list_creative_formats", page(&cursor)).await,
        refusal
    );
    assert_eq!(
        market.call("list_accounts", page(&cursor)).await["pagination"],
        json!({ "has_more": false })
    );
}

#[tokio::test]
async fn accounts_in_bad_standing_may_read_but_not_book() {
    let market = sandbox().await;
    let account_id = market
        .call("sync_accounts", json!({ "accounts": [wanted("nova")] }))
        .await["accounts"][0]["account_id"]
        .clone();
    let booked = market.book(json!([banner(10.0)])).await;
    for (status, create, update) in [
        (
            "suspended",
            Some("ACCOUNT_SUSPENDED"),
            Some("ACCOUNT_SUSPENDED"),
        ),
        ("payment_required", Some("ACCOUNT_PAYMENT_REQUIRED"), None),
        ("active", None, None),
    ] {
        market
            .steer(
                "force_account_status",
                json!({ "account_id": account_id, "status": status }),
            )
            .await;
        let mut request = order(json!([banner(10.0)]));
        request["idempotency_key"] = json!(market.key());
        match create {
            Some(code) => assert_eq!(
                market.refused("create_media_buy", request).await,
                (code.to_owned(), Some("account".to_owned()))
            ),
            None => {
                assert!(market.call("create_media_buy", request).await["media_buy_id"].is_string())
            }
        }
        let change = json!({ "packages": [{ "package_id": booked["packages"][0]["package_id"], "pacing": "even" }] });
        match update {
            Some(code) => assert_eq!(
                market
                    .change_refused(&booked["media_buy_id"], change)
                    .await
                    .0,
                code
            ),
            None => {
                assert!(market.change(&booked["media_buy_id"], change).await["revision"].is_u64())
            }
        }
        assert_eq!(
            market.read(&booked["media_buy_id"]).await["media_buy_id"],
            booked["media_buy_id"]
        );
    }
}

#[tokio::test]
async fn callers_that_are_their_accounts_need_none() {
    let market = from_auth().await;
    let one = market.call_as(TOKEN, "list_accounts", json!({})).await["accounts"].clone();
    let other = market
        .call_as(OTHER_TOKEN, "list_accounts", json!({}))
        .await["accounts"]
        .clone();
    assert_eq!(
        (one.as_array().map(Vec::len), other.as_array().map(Vec::len)),
        (Some(1), Some(1))
    );
    assert_ne!(one[0]["account_id"], other[0]["account_id"]);
    let booked = market
        .call("create_media_buy", order(json!([banner(10.0)])))
        .await;
    assert_eq!(
        booked["account"]["account_id"], one[0]["account_id"],
        "whatever brand is named"
    );
    let seen = market
        .call_as(
            OTHER_TOKEN,
            "get_media_buys",
            json!({ "media_buy_ids": [booked["media_buy_id"]] }),
        )
        .await;
    assert_eq!(seen["media_buys"], json!([]));
    let foreign =
        json!({ "account": { "account_id": other[0]["account_id"] }, "media_buy_ids": ["x"] });
    assert_eq!(
        market.refused("get_media_buys", foreign).await.0,
        "ACCOUNT_NOT_FOUND"
    );
    let synced = market
        .call(
            "sync_accounts",
            json!({ "accounts": [wanted("nova"), wanted("acme")] }),
        )
        .await;
    assert_eq!(synced["accounts"][0]["account_id"], one[0]["account_id"]);
    assert_eq!(synced["accounts"][1]["account_scope"], "agent");
}

#[tokio::test]
async fn one_account_for_everybody_is_one() {
    let market = singleton().await;
    let one = market.call_as(TOKEN, "list_accounts", json!({})).await["accounts"][0]["account_id"]
        .clone();
    let other = market
        .call_as(OTHER_TOKEN, "list_accounts", json!({}))
        .await["accounts"][0]["account_id"]
        .clone();
    assert_eq!(one, other);
    let booked = market
        .call("create_media_buy", order(json!([banner(10.0)])))
        .await;
    let seen = market
        .call_as(
            OTHER_TOKEN,
            "get_media_buys",
            json!({ "account": account("nova"), "media_buy_ids": [booked["media_buy_id"]] }),
        )
        .await;
    assert_eq!(seen["media_buys"].as_array().map(Vec::len), Some(1));
}
