//! How the flights of buys and packages move.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::with;
use crate::market::{banner, creative, order, sandbox};

#[tokio::test]
async fn the_flight_of_a_package_moves_only_ahead() {
    let market = sandbox().await;
    let booked = market
        .book(json!([
            banner(10.0),
            with(
                banner(10.0),
                json!({ "start_time": "2026-04-20T00:00:00Z" })
            )
        ]))
        .await;
    let id = &booked["media_buy_id"];
    let update = |at: usize, members: Value| {
        let package = &booked["packages"][at]["package_id"];
        json!({ "packages": [with(json!({ "package_id": package }), members)] })
    };
    // The second package is held back in the request that lets the buy begin at once.
    let mut at_once = update(0, json!({ "start_time": "2026-04-02T00:00:00Z" }));
    at_once["start_time"] = json!("asap");
    market.change(id, at_once).await;
    market.clock.advance(TimeDelta::days(30));
    for (at, members, code, field) in [
        (
            0,
            json!({ "start_time": "2026-04-15T00:00:00Z" }),
            "INVALID_STATE",
            "start_time",
        ),
        (
            0,
            json!({ "end_time": "2026-04-05T00:00:00Z" }),
            "INVALID_REQUEST",
            "end_time",
        ),
        (
            1,
            json!({ "start_time": "2026-04-05T00:00:00Z" }),
            "INVALID_REQUEST",
            "start_time",
        ),
    ] {
        assert_eq!(
            market.change_refused(id, update(at, members)).await,
            (code.to_owned(), Some(format!("packages[0].{field}")))
        );
    }
    let late = with(
        banner(10.0),
        json!({ "start_time": "2026-04-05T00:00:00Z" }),
    );
    assert_eq!(
        market
            .change_refused(id, json!({ "new_packages": [late] }))
            .await,
        (
            "INVALID_REQUEST".to_owned(),
            Some("new_packages[0].start_time".to_owned())
        )
    );
    let same = json!({ "start_time": "2026-04-02T00:00:00Z", "end_time": "2026-04-28T00:00:00Z" });
    let changed = market.change(id, update(0, same)).await;
    assert_eq!(
        changed["affected_packages"][0]["end_time"], "2026-04-28T00:00:00Z",
        "a start that is repeated is no change"
    );
    market
        .change(
            id,
            update(1, json!({ "start_time": "2026-04-25T00:00:00Z" })),
        )
        .await;
}

#[tokio::test]
async fn a_flight_is_moved_as_a_whole_or_not_at_all() {
    let market = sandbox().await;
    let booked = market
        .book(json!([with(
            banner(10.0),
            json!({ "end_time": "2026-04-30T00:00:00Z" })
        )]))
        .await;
    let id = &booked["media_buy_id"];
    let (code, field) = market
        .change_refused(id, json!({ "end_time": "2026-04-20T00:00:00Z" }))
        .await;
    assert_eq!(
        (code.as_str(), field.as_deref()),
        ("VALIDATION_ERROR", Some("packages")),
        "the package would stick out"
    );
    market
        .change(
            id,
            json!({ "start_time": "2026-03-20T00:00:00Z", "end_time": "2026-06-01T00:00:00Z" }),
        )
        .await;
    let read = market.read(id).await;
    assert_eq!(
        (&read["start_time"], &read["end_time"]),
        (
            &json!("2026-03-20T00:00:00Z"),
            &json!("2026-06-01T00:00:00Z")
        )
    );
    market.clock.advance(TimeDelta::days(20));
    assert_eq!(
        market
            .change_refused(id, json!({ "start_time": "2026-05-01T00:00:00Z" }))
            .await,
        ("INVALID_STATE".to_owned(), Some("start_time".to_owned()))
    );
    market
        .change(
            id,
            json!({ "start_time": "2026-03-20T00:00:00Z", "end_time": "2026-06-02T00:00:00Z" }),
        )
        .await;
}

#[tokio::test]
async fn a_start_that_is_brought_forward_to_now_begins_the_flight() {
    let market = sandbox().await;
    let package = with(
        banner(10.0),
        json!({ "creatives": [creative("a", "rectangle")] }),
    );
    let booked = market.book(json!([package])).await;
    assert_eq!(booked["status"], "pending_start");
    let changed = market
        .change(&booked["media_buy_id"], json!({ "start_time": "asap" }))
        .await;
    assert_eq!(changed["status"], "active");
    let read = market.read(&booked["media_buy_id"]).await;
    assert_eq!(read["start_time"], "2026-03-10T12:00:00Z");
}

#[tokio::test]
async fn a_buy_that_only_waited_for_creatives_keeps_its_flight() {
    let market = sandbox().await;
    let mut request = order(json!([banner(10.0)]));
    request["start_time"] = json!("asap");
    let booked = market.call("create_media_buy", request).await;
    assert_eq!(booked["status"], "pending_creatives");
    market.clock.advance(TimeDelta::days(3));
    market.sync(json!([creative("a", "rectangle")])).await;
    let package = json!({ "package_id": booked["packages"][0]["package_id"], "creative_assignments": [{ "creative_id": "a" }] });
    let changed = market
        .change(&booked["media_buy_id"], json!({ "packages": [package] }))
        .await;
    assert_eq!(changed["status"], "active");
}
