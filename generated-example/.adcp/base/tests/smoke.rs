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

/// Gives the package of a buy by [`book`] something to show: without that nothing is delivered.
fn assign_creative(seller: &Seller, buy: &Value) {
    let found = seller.call("get_products", json!({ "buying_mode": "wholesale" }));
    let format = &found["products"][0]["format_ids"][0];
    let is_video = format["id"]
        .as_str()
        .is_some_and(|id| id.starts_with("video"));
    let assets = if is_video {
        json!({ "video": { "asset_type": "video", "url": "https://cdn.advertiser.example/spot.mp4", "width": 1920, "height": 1080 } })
    } else {
        json!({ "image": { "asset_type": "image", "url": "https://cdn.advertiser.example/banner.png", "width": 300, "height": 250 } })
    };
    let synced = seller.call(
        "sync_creatives",
        json!({
            "idempotency_key": "smoke-test-creative-1",
            "account": account(),
            "creatives": [{
                "creative_id": "smoke-test",
                "name": "Smoke test",
                "format_id": format,
                "assets": assets,
            }],
            "assignments": [{
                "creative_id": "smoke-test",
                "package_id": buy["packages"][0]["package_id"],
            }],
        }),
    );
    assert_eq!(synced["creatives"][0]["action"], "created", "{synced}");
}

#[test]
fn lists_its_tools() {
    let tools = Seller::start().tools();
    for name in ["get_adcp_capabilities", "get_products", "create_media_buy"] {
        assert!(tools.iter().any(|tool| tool == name), "{name} is missing");
    }
}

#[test]
fn finds_products_for_a_brief() {
    let brief = json!({ "buying_mode": "brief", "brief": "Reach sports fans with our new shoes" });
    let found = Seller::start().call("get_products", brief);
    assert!(found["products"][0]["product_id"].is_string(), "{found}");
}

#[test]
fn a_proposal_lives_from_brief_to_media_buy() {
    let seller = Seller::start();
    let brief = json!({
        "account": account(),
        "buying_mode": "brief",
        "brief": "Reach sports fans with our new shoes",
    });
    let found = seller.call("get_products", brief);
    let id = &found["proposals"][0]["proposal_id"];
    assert!(id.is_string(), "{found}");

    let wish = json!([{ "scope": "proposal", "proposal_id": id, "ask": "split it evenly" }]);
    let refine = json!({ "account": account(), "buying_mode": "refine", "refine": wish });
    let refined = seller.call("get_products", refine);
    assert_eq!(&refined["proposals"][0]["proposal_id"], id, "{refined}");
    let applied = &refined["refinement_applied"][0]["status"];
    assert_eq!(applied, "applied", "{refined}");

    let firm = json!([{ "scope": "proposal", "proposal_id": id, "action": "finalize" }]);
    let firm = json!({ "account": account(), "buying_mode": "refine", "refine": firm });
    let firm = seller.call("get_products", firm);
    let proposal = &firm["proposals"][0];
    assert_eq!(proposal["proposal_status"], "committed", "{firm}");
    assert!(proposal["expires_at"].is_string(), "{firm}");

    let accept = |key: &str| {
        seller.call(
            "create_media_buy",
            json!({
                "idempotency_key": key,
                "account": account(),
                "brand": { "domain": "advertiser.example" },
                "proposal_id": id,
                "total_budget": { "amount": 50000, "currency": "USD" },
                "start_time": "asap",
                "end_time": "2099-12-31T00:00:00Z",
            }),
        )
    };
    let bought = accept("smoke-test-acceptance-1");
    assert!(bought["media_buy_id"].is_string(), "{bought}");
    let packages = bought["packages"].as_array().expect("packages");
    let budget: f64 = packages.iter().filter_map(|it| it["budget"].as_f64()).sum();
    assert!((budget - 50000.0).abs() < 0.01, "{bought}");

    let again = accept("smoke-test-acceptance-2");
    let code = &again["adcp_error"]["code"];
    assert_eq!(code, "PROPOSAL_NOT_COMMITTED", "bought already: {again}");
}

#[test]
fn a_buy_that_somebody_has_to_agree_to_waits_for_that() {
    let seller = Seller::start();
    let found = seller.call("get_products", json!({ "buying_mode": "wholesale" }));
    let mut products = found["products"].as_array().expect("products").iter();
    let product = products.find(|product| product["product_id"] == "front_page_day");
    let product = product.expect("the catalogue has a product of that kind");
    let asked = seller.call(
        "create_media_buy",
        json!({
            "idempotency_key": "smoke-test-approval-1",
            "account": account(),
            "brand": { "domain": "advertiser.example" },
            "start_time": "asap",
            "end_time": "2099-12-31T00:00:00Z",
            "packages": [{
                "product_id": product["product_id"],
                "pricing_option_id": product["pricing_options"][0]["pricing_option_id"],
                "budget": 5000,
            }],
        }),
    );
    assert_eq!(asked["status"], "submitted", "{asked}");
    assert!(asked["media_buy_id"].is_null(), "{asked}");
    let bought = seller.settled(asked);
    assert!(bought["media_buy_id"].is_string(), "{bought}");
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
    // Sellers may share a target folder, and their tests run at once.
    let store = concat!(
        env!("CARGO_TARGET_TMPDIR"),
        "/",
        env!("CARGO_PKG_NAME"),
        "-delivery.db"
    );
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
    assign_creative(&seller, &buy);
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
