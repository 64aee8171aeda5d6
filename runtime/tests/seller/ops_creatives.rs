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
    let told = market.ad_server.changes();
    assert_eq!(
        told.len(),
        2,
        "the ad server hears of each buy, and of no refused request"
    );
    for change in &told {
        assert_eq!(change.packages.len(), 1);
        let package_id = change.packages[0].package_id();
        let shown = |buy: &adcp_seller::domain::MediaBuy| {
            buy.package(package_id)
                .expect("a package")
                .creative_ids
                .clone()
        };
        assert_eq!(
            (shown(&change.before), shown(&change.after)),
            (vec![], vec!["a".to_owned()])
        );
    }
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
async fn what_a_format_asks_of_assets_holds() {
    let market = sandbox().await;
    let with = |asset: &str, value: Value| {
        let mut creative = creative("a", "rectangle");
        creative["assets"][asset] = value;
        creative
    };
    let image = |width: u32, format: &str| {
        let url = "https://cdn.nova.example/a.png";
        json!({ "asset_type": "image", "url": url, "width": width, "height": 250, "format": format })
    };
    let url = |url: &str| json!({ "asset_type": "url", "url": url });
    let text = |content: &str| json!({ "asset_type": "text", "content": content });
    let video = |member: &str, value: Value| {
        let mut creative = creative("a", "spot");
        creative["assets"]["video"][member] = value;
        creative
    };
    let mut bare = creative("a", "rectangle");
    bare["assets"] = json!({});
    for (wrong, place) in [
        (bare, "image"),
        (with("image", image(301, "png")), "image.width"),
        (with("image", image(300, "image/gif")), "image.format"),
        (
            with("image", url("https://nova.example")),
            "image.asset_type",
        ),
        (
            with("click_url", url("http://nova.example")),
            "click_url.url",
        ),
        (
            with("click_url", url("https://other.example")),
            "click_url.url",
        ),
        (
            with("click_url", url("https://u@badnova.example")),
            "click_url.url",
        ),
        (
            with(
                "click_url",
                url("https://nova.example/a/path/that/is/too/long"),
            ),
            "click_url.url",
        ),
        (with("headline", text("ab")), "headline.content"),
        (
            with("headline", text("too long a text")),
            "headline.content",
        ),
        (with("headline", text("FREE now")), "headline.content"),
        (with("extra", text("unknown")), "extra"),
        (video("duration_ms", json!(30_001)), "video.duration_ms"),
        (
            video("container_format", json!("webm")),
            "video.container_format",
        ),
        (video("video_codec", json!("vp9")), "video.video_codec"),
        (
            video("file_size_bytes", json!(1_024_001)),
            "video.file_size_bytes",
        ),
        (video("width", json!(1080)), "video.width"),
    ] {
        let request = json!({ "account": account("nova"), "creatives": [wrong] });
        assert_eq!(
            market.refused("sync_creatives", request.clone()).await,
            (
                "VALIDATION_ERROR".to_owned(),
                Some(format!("creatives[0].assets.{place}"))
            ),
            "{request}"
        );
    }
    assert!(listed(&market, json!({})).await.is_empty());
    let mut right = with("image", image(300, "image/jpeg"));
    right["assets"]["click_url"] = url("HTTPS://www.nova.example:443/?a=b");
    right["assets"]["headline"] = text("Hello");
    market.sync(json!([right])).await;
    let mut spot = video("video_codec", json!("H.264"));
    spot["creative_id"] = json!("b");
    spot["assets"]["video"]["duration_ms"] = json!(30_000);
    market.sync(json!([spot])).await;
    assert_eq!(listed(&market, json!({})).await, ["a", "b"]);
}

#[tokio::test]
async fn what_a_creative_shows_is_reviewed_whenever_it_changes() {
    let market = sandbox().await;
    let approve = || {
        market.steer(
            "force_creative_status",
            json!({ "creative_id": "a", "status": "approved" }),
        )
    };
    let mut asset = creative("a", "rectangle");
    market.sync(json!([asset])).await;
    approve().await;
    asset["name"] = json!("Renamed");
    asset["tags"] = json!(["spring"]);
    let renamed = market.sync(json!([asset])).await;
    assert_eq!(renamed["creatives"][0]["status"], "approved");
    asset["assets"]["image"]["url"] = json!("https://cdn.nova.example/other.png");
    let swapped = market.sync(json!([asset])).await;
    assert_eq!(
        swapped["creatives"][0],
        json!({ "creative_id": "a", "action": "updated", "status": "pending_review", "changes": ["assets", "status"] })
    );
    approve().await;
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "a", "status": "archived" }),
        )
        .await;
    let back = market.sync(json!([asset])).await;
    assert_eq!(
        back["creatives"][0],
        json!({ "creative_id": "a", "action": "updated", "status": "approved", "changes": ["status"] }),
        "what was approved comes back approved"
    );
    market
        .steer(
            "force_creative_status",
            json!({ "creative_id": "a", "status": "archived" }),
        )
        .await;
    asset["assets"]["image"]["url"] = json!("https://cdn.nova.example/third.png");
    let back = market.sync(json!([asset])).await;
    assert_eq!(back["creatives"][0]["status"], "pending_review");
}

#[tokio::test]
async fn what_is_missing_is_archived_and_comes_back_as_it_was() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
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
    let package = booked["packages"][0]["package_id"].clone();
    let shown =
        json!([{ "package_id": package, "creative_assignments": [{ "creative_id": "new" }] }]);
    market
        .change(&booked["media_buy_id"], json!({ "packages": shown }))
        .await;
    let mut request = json!({ "account": account("nova"), "creatives": [creative("kept", "rectangle")], "delete_missing": true });
    let synced = market.call("sync_creatives", request.clone()).await;
    let mut lines: Vec<(&str, &str, &str)> = synced["creatives"]
        .as_array()
        .expect("creatives")
        .iter()
        .map(|line| {
            (
                line["creative_id"].as_str().expect("an id"),
                line["action"].as_str().expect("an action"),
                line["status"].as_str().expect("a status"),
            )
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            ("approved", "updated", "archived"),
            ("kept", "unchanged", "pending_review"),
            ("new", "updated", "archived")
        ]
    );
    assert_eq!(
        listed(&market, json!({})).await,
        ["kept"],
        "what is archived does not show"
    );
    assert_eq!(
        listed(
            &market,
            json!({ "statuses": ["archived"], "assigned_to_packages": [package] })
        )
        .await,
        ["new"],
        "a package never names a creative that is not there"
    );
    let back = market
        .sync(json!([
            creative("approved", "rectangle"),
            creative("new", "rectangle")
        ]))
        .await;
    assert_eq!(
        (
            &back["creatives"][0]["status"],
            &back["creatives"][1]["status"]
        ),
        (&json!("approved"), &json!("pending_review")),
        "no way through the archive leads past the review"
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
async fn what_the_library_cannot_know_is_not_answered() {
    let market = sandbox().await;
    for served in [true, false] {
        let request = json!({ "account": account("nova"), "filters": { "has_served": served } });
        assert_eq!(
            market.refused("list_creatives", request).await,
            (
                "UNSUPPORTED_FEATURE".to_owned(),
                Some("filters.has_served".to_owned())
            )
        );
    }
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
