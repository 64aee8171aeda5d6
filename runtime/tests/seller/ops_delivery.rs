//! Delivery: totals equal their parts, and what a test simulates is what is reported.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::market::{Market, account, banner, sandbox};

async fn delivery(market: &Market, id: &Value, members: Value) -> Value {
    let mut request = json!({ "account": account("nova"), "media_buy_ids": [id] });
    for (name, value) in members.as_object().expect("members") {
        request[name] = value.clone();
    }
    market.call("get_media_buy_delivery", request).await
}

/// The sum of a member over a list, in cents so that sums are exact.
fn sum(list: &Value, member: &str) -> i64 {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|item| cents(&item[member]))
        .sum()
}

fn cents(value: &Value) -> i64 {
    (value.as_f64().expect("a number") * 100.0).round() as i64
}

#[tokio::test]
async fn totals_are_what_the_packages_and_days_add_up_to() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(100.0), banner(50.0), { "product_id": "video", "pricing_option_id": "fixed", "budget": 70 }])).await;
    market.clock.advance(TimeDelta::days(25));
    let answer = delivery(
        &market,
        &booked["media_buy_id"],
        json!({ "include_package_daily_breakdown": true }),
    )
    .await;
    let buy = &answer["media_buy_deliveries"][0];
    for member in ["spend", "impressions", "clicks"] {
        assert_eq!(
            sum(&buy["by_package"], member),
            cents(&buy["totals"][member]),
            "{member}"
        );
        assert_eq!(
            cents(&answer["aggregated_totals"][member]),
            cents(&buy["totals"][member]),
            "{member}"
        );
    }
    assert_eq!(
        sum(&buy["daily_breakdown"], "spend"),
        cents(&buy["totals"]["spend"])
    );
    for package in buy["by_package"].as_array().expect("packages") {
        assert_eq!(
            sum(&package["daily_breakdown"], "spend"),
            cents(&package["spend"])
        );
    }
    assert_eq!(cents(&buy["totals"]["spend"]), 9 * 1010);
    let order: Vec<&Value> = buy["by_package"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| &package["package_id"])
        .collect();
    let booked_order: Vec<&Value> = booked["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| &package["package_id"])
        .collect();
    assert_eq!(order, booked_order, "whatever order the ad server keeps");
    assert_eq!(
        (
            &buy["by_package"][0]["rate"],
            &buy["by_package"][2]["pricing_model"]
        ),
        (&json!(5), &json!("cpcv"))
    );
    assert!(
        buy.get("pricing_model").is_none(),
        "two models have no common one"
    );
}

#[tokio::test]
async fn periods_are_days_of_the_calendar_in_order() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(100.0)])).await;
    let whole = market
        .book(
            json!([{ "product_id": "sponsorship", "pricing_option_id": "fixed", "budget": 20000 }]),
        )
        .await;
    market.clock.advance(TimeDelta::days(30));
    let id = &booked["media_buy_id"];
    let answer = delivery(
        &market,
        id,
        json!({ "start_date": "2026-04-02", "end_date": "2026-04-03" }),
    )
    .await;
    assert_eq!(
        answer["reporting_period"],
        json!({ "start": "2026-04-02T00:00:00Z", "end": "2026-04-03T23:59:59Z" })
    );
    assert_eq!(cents(&answer["aggregated_totals"]["spend"]), 2 * 1010);
    for (members, field) in [
        (
            json!({ "start_date": "2026-04-03", "end_date": "2026-04-02" }),
            "end_date",
        ),
        (json!({ "start_date": "2026-02-30" }), "start_date"),
    ] {
        let mut request = json!({ "account": account("nova"), "media_buy_ids": [id] });
        for (name, value) in members.as_object().expect("members") {
            request[name] = value.clone();
        }
        assert_eq!(
            market.refused("get_media_buy_delivery", request).await,
            ("INVALID_REQUEST".to_owned(), Some(field.to_owned()))
        );
    }
    let request = json!({ "account": account("nova"), "media_buy_ids": [whole["media_buy_id"]], "start_date": "2026-04-10" });
    assert_eq!(
        market.refused("get_media_buy_delivery", request).await,
        (
            "UNSUPPORTED_FEATURE".to_owned(),
            Some("start_date".to_owned())
        )
    );
}

#[tokio::test]
async fn simulated_deliveries_add_up_and_stand_in_for_the_ad_server() {
    let market = sandbox().await;
    let booked = market
        .book(json!([banner(100.0), banner(50.0), banner(33.0)]))
        .await;
    let id = &booked["media_buy_id"];
    let params = |impressions: u64, spend: f64| json!({ "media_buy_id": id, "impressions": impressions, "clicks": 7, "reported_spend": { "amount": spend, "currency": "USD" } });
    market.steer("simulate_delivery", params(5000, 25.01)).await;
    market.clock.advance(TimeDelta::days(1));
    let second = market.steer("simulate_delivery", params(1001, 4.99)).await;
    assert_eq!(second["simulated"]["impressions"], 1001);
    assert_eq!(
        second["cumulative"],
        json!({ "impressions": 6001, "clicks": 14, "reported_spend": { "amount": 30, "currency": "USD" } })
    );
    let answer = delivery(
        &market,
        id,
        json!({ "include_package_daily_breakdown": true }),
    )
    .await;
    let buy = &answer["media_buy_deliveries"][0];
    assert_eq!(
        (
            &buy["totals"]["impressions"],
            &buy["totals"]["spend"],
            &buy["totals"]["clicks"]
        ),
        (&json!(6001), &json!(30), &json!(14))
    );
    for member in ["spend", "impressions", "clicks"] {
        assert_eq!(
            sum(&buy["by_package"], member),
            cents(&buy["totals"][member]),
            "{member}"
        );
    }
    assert_eq!(buy["daily_breakdown"][0]["date"], "2026-03-10");
    assert_eq!(buy["daily_breakdown"][1]["impressions"], 1001);
    let first_day = delivery(
        &market,
        id,
        json!({ "start_date": "2026-03-10", "end_date": "2026-03-10" }),
    )
    .await;
    assert_eq!(first_day["aggregated_totals"]["impressions"], 5000);
    let snapshot = market
        .call(
            "get_media_buys",
            json!({ "account": account("nova"), "media_buy_ids": [id], "include_snapshot": true }),
        )
        .await;
    let snapshots: Vec<i64> = (0..3)
        .map(|at| cents(&snapshot["media_buys"][0]["packages"][at]["snapshot"]["spend"]))
        .collect();
    assert_eq!(snapshots.iter().sum::<i64>(), 3000);
}

#[tokio::test]
async fn a_share_of_the_budget_can_be_spent() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(100.0), banner(50.0)])).await;
    let id = &booked["media_buy_id"];
    for (percentage, spent) in [(95.0, 142.5), (100.0, 150.0), (10.0, 15.0)] {
        let answer = market
            .steer(
                "simulate_budget_spend",
                json!({ "media_buy_id": id, "spend_percentage": percentage }),
            )
            .await;
        assert_eq!(
            answer["simulated"]["computed_spend"]["amount"],
            json!(spent)
                .as_f64()
                .map(|spent| if spent.fract() == 0.0 {
                    json!(spent as i64)
                } else {
                    json!(spent)
                })
                .expect("a number")
        );
        let answer = delivery(&market, id, json!({})).await;
        assert_eq!(answer["aggregated_totals"]["spend"].as_f64(), Some(spent));
        let exhausted = answer["media_buy_deliveries"][0]["by_package"][0].get("delivery_status")
            == Some(&json!("budget_exhausted"));
        assert_eq!(exhausted, percentage == 100.0);
    }
    let account_id = &booked["account"]["account_id"];
    let answer = market
        .steer(
            "simulate_budget_spend",
            json!({ "account_id": account_id, "spend_percentage": 50 }),
        )
        .await;
    assert_eq!(answer["simulated"]["computed_spend"]["amount"], 75);
}

#[tokio::test]
async fn nothing_to_report_on_is_an_answer_too() {
    let market = sandbox().await;
    let answer = market
        .call(
            "get_media_buy_delivery",
            json!({ "account": account("nova") }),
        )
        .await;
    assert_eq!(
        (&answer["media_buy_deliveries"], &answer["currency"]),
        (&json!([]), &json!("USD"))
    );
    assert_eq!(answer["aggregated_totals"]["media_buy_count"], 0);
}

#[tokio::test]
async fn an_end_before_there_was_anything_is_told_from_a_reversed_range() {
    let market = sandbox().await;
    let booked = market.book(json!([banner(10.0)])).await;
    let id = &booked["media_buy_id"];
    let ask = |members: Value| {
        let mut request = json!({ "account": account("nova"), "media_buy_ids": [id] });
        for (name, value) in members.as_object().expect("members") {
            request[name] = value.clone();
        }
        request
    };
    let error = market
        .error(
            "get_media_buy_delivery",
            ask(json!({ "end_date": "2026-01-31" })),
        )
        .await;
    assert_eq!(error["field"], "end_date");
    assert_eq!(
        error["message"],
        "end_date lies before 2026-03-10, the first day that there is to report on"
    );
    let answer = market
        .call(
            "get_media_buy_delivery",
            ask(json!({ "start_date": "2026-01-01", "end_date": "2026-01-31" })),
        )
        .await;
    assert_eq!(
        answer["media_buy_deliveries"][0]["media_buy_id"], *id,
        "a range of its own may lie anywhere"
    );
}

#[tokio::test]
async fn the_largest_budgets_are_counted_with() {
    let market = sandbox().await;
    let booked = market
        .book(json!([banner(1e13), banner(1e13), banner(1.0)]))
        .await;
    let id = &booked["media_buy_id"];
    assert_eq!(
        market.read(id).await["total_budget"],
        20_000_000_000_001_i64
    );
    market
        .steer(
            "simulate_budget_spend",
            json!({ "media_buy_id": id, "spend_percentage": 50 }),
        )
        .await;
    let answer = delivery(&market, id, json!({})).await;
    let buy = &answer["media_buy_deliveries"][0];
    assert_eq!(buy["totals"]["spend"], 10_000_000_000_000.5);
    assert_eq!(buy["by_package"][0]["spend"], 5_000_000_000_000_i64);
    let refused = market
        .controller(
            "simulate_delivery",
            json!({ "media_buy_id": id, "reported_spend": { "amount": 1e300, "currency": "USD" } }),
        )
        .await;
    assert_eq!(refused["error"], "INVALID_PARAMS");
    let seed =
        json!({ "media_buy_id": "seeded", "fixture": { "packages": [{ "budget": 1e300 }] } });
    let refused = market.controller("seed_media_buy", seed).await;
    assert_eq!(refused["error"], "INVALID_PARAMS");
}
