//! One campaign from brief to cancellation, over the wire.

mod support;

use serde_json::{Value, json};

use support::Seller;

fn account() -> Value {
    json!({ "brand": { "domain": "advertiser.example" }, "operator": "agency.example", "sandbox": true })
}

/// Books the first product for its first price from `start` to `end`, and answers the media buy.
fn book(seller: &Seller, key: &str, start: &str, end: &str) -> Value {
    let found = seller.call("get_products", json!({ "buying_mode": "wholesale" }));
    let product = &found["products"][0];
    seller.call(
        "create_media_buy",
        json!({
            "idempotency_key": key,
            "account": account(),
            "brand": { "domain": "advertiser.example" },
            "start_time": start,
            "end_time": end,
            "packages": [{
                "product_id": product["product_id"],
                "pricing_option_id": product["pricing_options"][0]["pricing_option_id"],
                "budget": 5000,
            }],
        }),
    )
}

#[test]
fn lists_its_tools() {
    let listed = Seller::start().request("tools/list", json!({}));
    let tools = listed["tools"].as_array().expect("a list of tools");
    for name in ["get_adcp_capabilities", "get_products", "create_media_buy"] {
        assert!(
            tools.iter().any(|tool| tool["name"] == name),
            "{name} is missing"
        );
    }
}

#[test]
fn finds_products_for_a_brief() {
    let brief = json!({ "buying_mode": "brief", "brief": "Reach sports fans with our new shoes" });
    let found = Seller::start().call("get_products", brief);
    assert!(found["products"][0]["product_id"].is_string(), "{found}");
}

#[test]
fn a_media_buy_lives_from_booking_to_cancellation() {
    let seller = Seller::start();
    let created = book(
        &seller,
        "smoke-test-booking-1",
        "asap",
        "2099-12-31T00:00:00Z",
    );
    let id = &created["media_buy_id"];
    assert!(id.is_string(), "{created}");

    let listed = seller.call(
        "get_media_buys",
        json!({ "account": account(), "media_buy_ids": [id] }),
    );
    assert_eq!(
        listed["media_buys"][0]["packages"][0]["budget"], 5000,
        "{listed}"
    );

    let package = json!({ "package_id": created["packages"][0]["package_id"], "budget": 8000 });
    let updated = seller.call(
        "update_media_buy",
        json!({
            "idempotency_key": "smoke-test-change-1",
            "account": account(),
            "media_buy_id": id,
            "packages": [package],
        }),
    );
    assert_eq!(&updated["media_buy_id"], id, "{updated}");
    let listed = seller.call(
        "get_media_buys",
        json!({ "account": account(), "media_buy_ids": [id] }),
    );
    assert_eq!(
        listed["media_buys"][0]["packages"][0]["budget"], 8000,
        "{listed}"
    );

    let delivery = seller.call(
        "get_media_buy_delivery",
        json!({ "account": account(), "media_buy_ids": [id] }),
    );
    assert_eq!(
        &delivery["media_buy_deliveries"][0]["media_buy_id"], id,
        "{delivery}"
    );

    let canceled = seller.call(
        "update_media_buy",
        json!({
            "idempotency_key": "smoke-test-cancellation-1",
            "account": account(),
            "media_buy_id": id,
            "canceled": true,
        }),
    );
    assert_eq!(canceled["status"], "canceled", "{canceled}");
}

#[test]
fn delivery_follows_the_flight_and_outlives_the_process() {
    let store = concat!(env!("CARGO_TARGET_TMPDIR"), "/delivery.db");
    for file in [
        store.to_owned(),
        format!("{store}-wal"),
        format!("{store}-shm"),
    ] {
        let _ = std::fs::remove_file(file);
    }
    let store = format!("sqlite:{store}");
    let start_at =
        |instant| Seller::start_with(&[("SELLER_STORE", &store), ("SELLER_CLOCK", instant)]);

    let seller = start_at("2026-03-01T00:00:00Z");
    let flight = ("2026-03-02T00:00:00Z", "2026-03-12T00:00:00Z");
    let buy = book(&seller, "smoke-test-delivery-1", flight.0, flight.1);
    drop(seller);

    let seller = start_at("2026-03-07T01:00:00Z");
    let query = json!({ "account": account(), "media_buy_ids": [buy["media_buy_id"]] });
    let delivery = seller.call("get_media_buy_delivery", query);
    let spend = &delivery["media_buy_deliveries"][0]["totals"]["spend"];
    let spend = spend.as_f64().expect("an amount");
    assert!(
        (2400.0..=2600.0).contains(&spend),
        "half the flight, half the budget: {delivery}"
    );
}

#[test]
fn a_repeated_booking_is_the_same_booking() {
    let seller = Seller::start();
    let first = book(
        &seller,
        "smoke-test-booking-2",
        "asap",
        "2099-12-31T00:00:00Z",
    );
    let second = book(
        &seller,
        "smoke-test-booking-2",
        "asap",
        "2099-12-31T00:00:00Z",
    );
    assert_eq!(first["media_buy_id"], second["media_buy_id"]);
    assert_eq!(second["replayed"], true, "{second}");
}

#[test]
fn an_unknown_media_buy_is_an_error_with_a_code() {
    let answer = Seller::start().call(
        "update_media_buy",
        json!({
            "idempotency_key": "smoke-test-unknown-1",
            "account": account(),
            "media_buy_id": "no-such-buy",
            "paused": true,
        }),
    );
    assert_eq!(
        answer["adcp_error"]["code"], "MEDIA_BUY_NOT_FOUND",
        "{answer}"
    );
}
