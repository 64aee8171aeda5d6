//! The creative library.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{AGENT_URL, Market, account, banner, creative, sandbox};

async fn listed(market: &Market, filters: Value) -> Vec<String> {
    let answer = market.call("list_creatives", json!({ "account": account("nova"), "filters": filters, "sort": { "field": "name", "direction": "asc" } })).await;
    ids(&answer)
}

fn ids(answer: &Value) -> Vec<String> {
    answer["creatives"]
        .as_array()
        .expect("creatives")
        .iter()
        .map(|creative| creative["creative_id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_creative_is_created_changed_or_left_alone() {
    let market = sandbox().await;
    let first = market.sync(json!([creative("a", "rectangle")])).await;
    assert_eq!(
        first["creatives"],
        json!([{ "creative_id": "a", "action": "created", "status": "pending_review" }])
    );
    let same = market.sync(json!([creative("a", "rectangle")])).await;
    assert_eq!(same["creatives"][0]["action"], "unchanged");
    let mut changed = creative("a", "rectangle");
    changed["name"] = json!("Another name");
    changed["tags"] = json!(["spring"]);
    let changed = market.sync(json!([changed])).await;
    assert_eq!(
        changed["creatives"],
        json!([{ "creative_id": "a", "action": "updated", "status": "pending_review", "changes": ["name", "tags"] }])
    );
    assert_eq!(
        market.ad_server.reviewed(),
        ["a", "a"],
        "what did not change is not reviewed again"
    );
}

#[tokio::test]
async fn strict_refuses_all_lenient_only_what_is_wrong() {
    let market = sandbox().await;
    let creatives = json!([creative("good", "rectangle"), creative("bad", "hologram")]);
    let mut request = json!({ "account": account("nova"), "creatives": creatives });
    let refused = market.refused("sync_creatives", request.clone()).await;
    assert_eq!(
        refused,
        (
            "VALIDATION_ERROR".to_owned(),
            Some("creatives[1].format_id".to_owned())
        )
    );
    assert!(listed(&market, json!({})).await.is_empty());
    request["validation_mode"] = json!("lenient");
    let synced = market.call("sync_creatives", request).await;
    assert_eq!(
        (
            &synced["creatives"][0]["action"],
            &synced["creatives"][1]["action"]
        ),
        (&json!("created"), &json!("failed"))
    );
    assert_eq!(
        synced["creatives"][1]["errors"][0]["code"],
        "VALIDATION_ERROR"
    );
    let mut foreign = creative("foreign", "hologram");
    foreign["format_id"]["agent_url"] = json!("https://formats.example");
    market.sync(json!([foreign])).await;
    assert_eq!(
        listed(&market, json!({})).await,
        ["foreign", "good"],
        "another agent's formats are not this seller's to know"
    );
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let market = sandbox().await;
    let request = json!({ "account": account("nova"), "creatives": [creative("a", "rectangle")], "dry_run": true });
    let preview = market.call("sync_creatives", request).await;
    assert_eq!(
        (&preview["dry_run"], &preview["creatives"][0]["action"]),
        (&json!(true), &json!("created"))
    );
    assert!(listed(&market, json!({})).await.is_empty());
    assert!(market.ad_server.reviewed().is_empty());
}

#[tokio::test]
async fn creatives_are_assigned_across_buys_and_wake_them() {
    let market = sandbox().await;
    let (one, other) = (
        market.book(json!([banner(10.0)])).await,
        market.book(json!([banner(10.0)])).await,
    );
    let package = |booked: &Value| booked["packages"][0]["package_id"].clone();
    let assignments = json!([
        { "creative_id": "a", "package_id": package(&one), "weight": 60 },
        { "creative_id": "a", "package_id": package(&other) },
        { "creative_id": "a", "package_id": "pkg_0" },
    ]);
    let mut request = json!({ "account": account("nova"), "creatives": [creative("a", "rectangle")], "assignments": assignments });
    assert_eq!(
        market.refused("sync_creatives", request.clone()).await,
        (
            "PACKAGE_NOT_FOUND".to_owned(),
            Some("assignments[2].package_id".to_owned())
        )
    );
    request["validation_mode"] = json!("lenient");
    let synced = market.call("sync_creatives", request).await;
    assert_eq!(
        synced["creatives"][0]["assigned_to"],
        json!([package(&one), package(&other)])
    );
    assert!(synced["creatives"][0]["assignment_errors"]["pkg_0"].is_string());
    for booked in [&one, &other] {
        assert_eq!(
            market.read(&booked["media_buy_id"]).await["status"],
            "pending_start"
        );
    }
    let shown = market
        .call("list_creatives", json!({ "account": account("nova") }))
        .await;
    assert_eq!(shown["creatives"][0]["assignments"]["assignment_count"], 2);
    market
        .change(&one["media_buy_id"], json!({ "canceled": true }))
        .await;
    let shown = market
        .call("list_creatives", json!({ "account": account("nova") }))
        .await;
    assert_eq!(
        shown["creatives"][0]["assignments"]["assignment_count"], 1,
        "a canceled buy lets its creatives go"
    );
    assert_eq!(
        shown["creatives"][0]["status"], "pending_review",
        "and they stay as they are"
    );
    let again = json!({ "account": account("nova"), "creatives": [creative("a", "rectangle")], "assignments": [{ "creative_id": "a", "package_id": package(&one) }] });
    assert_eq!(
        market.refused("sync_creatives", again).await.0,
        "INVALID_STATE"
    );
}

#[tokio::test]
async fn what_is_missing_is_archived_or_removed() {
    let market = sandbox().await;
    market
        .sync(json!([
            creative("kept", "rectangle"),
            creative("approved", "rectangle"),
            creative("new", "rectangle")
        ]))
        .await;
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "approved", "status": "approved" }),
        )
        .await;
    let mut request = json!({ "account": account("nova"), "creatives": [creative("kept", "rectangle")], "delete_missing": true });
    let synced = market.call("sync_creatives", request.clone()).await;
    let mut actions: Vec<(&str, &str)> = synced["creatives"]
        .as_array()
        .expect("creatives")
        .iter()
        .map(|line| {
            (
                line["creative_id"].as_str().expect("an id"),
                line["action"].as_str().expect("an action"),
            )
        })
        .collect();
    actions.sort_unstable();
    assert_eq!(
        actions,
        [
            ("approved", "updated"),
            ("kept", "unchanged"),
            ("new", "deleted")
        ]
    );
    assert_eq!(
        listed(&market, json!({})).await,
        ["kept"],
        "what is archived does not show"
    );
    assert_eq!(
        listed(&market, json!({ "statuses": ["archived"] })).await,
        ["approved"]
    );
    request["creative_ids"] = json!(["kept"]);
    assert_eq!(
        market.refused("sync_creatives", request).await,
        (
            "INVALID_REQUEST".to_owned(),
            Some("delete_missing".to_owned())
        )
    );
}

#[tokio::test]
async fn filters_and_sorting_follow_the_request() {
    let market = sandbox().await;
    let tagged = |id: &str, format: &str, tags: Value| {
        let mut creative = creative(id, format);
        creative["tags"] = tags;
        creative
    };
    market
        .sync(json!([tagged("a", "rectangle", json!(["spring", "sale"]))]))
        .await;
    market.clock.advance(TimeDelta::hours(1));
    market
        .sync(json!([
            tagged("b", "leaderboard", json!(["spring"])),
            tagged("c", "rectangle", json!([]))
        ]))
        .await;
    let cases = [
        (json!({ "tags": ["spring", "sale"] }), vec!["a"]),
        (json!({ "tags_any": ["sale", "spring"] }), vec!["a", "b"]),
        (json!({ "name_contains": "CREATIVE B" }), vec!["b"]),
        (json!({ "creative_ids": ["a", "c", "z"] }), vec!["a", "c"]),
        (
            json!({ "created_after": "2026-03-10T12:30:00Z" }),
            vec!["b", "c"],
        ),
        (
            json!({ "created_before": "2026-03-10T12:30:00Z" }),
            vec!["a"],
        ),
        (json!({ "unassigned": true }), vec!["a", "b", "c"]),
        (json!({ "unassigned": false }), vec![]),
        (
            json!({ "accounts": [account("nova"), account("acme")] }),
            vec!["a", "b", "c"],
        ),
        (json!({ "accounts": [account("acme")] }), vec![]),
        (json!({ "statuses": ["approved"] }), vec![]),
        (
            json!({ "format_ids": [{ "agent_url": AGENT_URL, "id": "leaderboard" }] }),
            vec!["b"],
        ),
    ];
    for (filters, expected) in cases {
        assert_eq!(
            listed(&market, filters.clone()).await,
            expected,
            "{filters}"
        );
    }
    let newest = market
        .call(
            "list_creatives",
            json!({ "account": account("nova"), "fields": ["creative_id", "tags"] }),
        )
        .await;
    assert_eq!(
        ids(&newest),
        ["c", "b", "a"],
        "newest first unless asked otherwise"
    );
    assert!(
        newest["creatives"][0].get("assets").is_none()
            && newest["creatives"][1].get("tags").is_some()
    );
    assert_eq!(
        newest["format_summary"],
        json!({ "leaderboard": 1, "rectangle": 2 })
    );
}
