//! Delivery in the forms of the response (`core/delivery-metrics.json`).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::super::Call;
use super::super::request::Fill;
use crate::clock::Timestamp;
use crate::domain::money::{Micros, number};
use crate::domain::{BuyDelivery, MediaBuy, MediaBuyStatus, Metrics, Package, PackageDelivery};

/// One buy.
pub(super) fn buy(
    call: &Call<'_>,
    buy: &MediaBuy,
    delivery: &BuyDelivery,
    total: &Metrics,
    daily: bool,
) -> Map<String, Value> {
    let mut wire = Map::new();
    wire.put("media_buy_id", buy.media_buy_id.as_str());
    wire.put("status", buy.status.as_str());
    let model = buy
        .packages
        .first()
        .map(|package| package.pricing_model.as_str());
    let one_model = model.filter(|model| {
        buy.packages
            .iter()
            .all(|package| package.pricing_model == *model)
    });
    wire.put_some("pricing_model", one_model);
    let mut totals = metrics(total);
    if let Some(units) = one_model
        .and_then(|model| total.units(model))
        .filter(|units| *units > 0.0)
    {
        totals.put("effective_rate", number(round(total.spend / units)));
    }
    wire.put("totals", totals);
    let by_package = buy
        .packages
        .iter()
        .zip(&delivery.packages)
        .map(|(package, part)| Value::Object(self::package(call, buy, package, part, daily)));
    wire.put("by_package", by_package.collect::<Vec<_>>());
    if daily {
        let mut days: BTreeMap<NaiveDate, Metrics> = BTreeMap::new();
        for (day, part) in delivery.packages.iter().flat_map(|package| &package.daily) {
            days.entry(*day).or_default().add(part);
        }
        wire.put(
            "daily_breakdown",
            days.iter()
                .map(|(at, metrics)| day(*at, metrics))
                .collect::<Vec<_>>(),
        );
    }
    wire
}

fn package(
    call: &Call<'_>,
    buy: &MediaBuy,
    package: &Package,
    part: &PackageDelivery,
    daily: bool,
) -> Map<String, Value> {
    let mut wire = metrics(&part.totals);
    wire.put("package_id", package.package_id.as_str());
    wire.put_some(
        "pacing_index",
        pacing(buy, package, part.totals.spend, call.context.now).map(number),
    );
    wire.put("pricing_model", package.pricing_model.as_str());
    wire.put("rate", number(rate(package, &part.totals)));
    wire.put("currency", buy.currency.as_str());
    wire.put_some(
        "delivery_status",
        delivery_status(buy, package, part.totals.spend, call.context.now),
    );
    wire.put("paused", buy.holds(package));
    if daily {
        wire.put(
            "daily_breakdown",
            part.daily
                .iter()
                .map(|(at, metrics)| day(*at, metrics))
                .collect::<Vec<_>>(),
        );
    }
    wire
}

fn day(at: NaiveDate, metrics: &Metrics) -> Value {
    let mut wire = Map::new();
    wire.put("date", at.to_string());
    wire.put("impressions", number(metrics.impressions));
    wire.put("spend", number(metrics.spend));
    wire.put_some("conversions", metrics.conversions.map(number));
    Value::Object(wire)
}

/// What was counted, and the rates that follow from it (`core/delivery-metrics.json`).
pub(super) fn metrics(metrics: &Metrics) -> Map<String, Value> {
    let mut wire = Map::new();
    wire.put("impressions", number(metrics.impressions));
    wire.put("spend", number(metrics.spend));
    for (name, count) in [
        ("clicks", metrics.clicks),
        ("views", metrics.views),
        ("completed_views", metrics.completed_views),
        ("conversions", metrics.conversions),
    ] {
        wire.put_some(name, count.map(number));
    }
    let share = |part: f64| {
        (metrics.impressions > 0.0 && part <= metrics.impressions)
            .then(|| number(round(part / metrics.impressions)))
    };
    let cost = |count: f64| (count > 0.0).then(|| number(round(metrics.spend / count)));
    wire.put_some("ctr", metrics.clicks.and_then(share));
    wire.put_some("completion_rate", metrics.completed_views.and_then(share));
    wire.put_some("cost_per_click", metrics.clicks.and_then(cost));
    wire.put_some("cost_per_acquisition", metrics.conversions.and_then(cost));
    wire
}

fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// The agreed price; in an auction what was paid on average, and before anything was paid the bid.
fn rate(package: &Package, totals: &Metrics) -> f64 {
    let paid = totals
        .units(&package.pricing_model)
        .filter(|units| *units > 0.0)
        .map(|units| round(totals.spend / units));
    package
        .fixed_price
        .or(paid)
        .or(package.bid_price)
        .or(package.floor_price)
        .unwrap_or(0.0)
}

/// The share of the budget that is spent, against the share of the flight that is over.
pub(super) fn pacing(buy: &MediaBuy, package: &Package, spend: f64, now: Timestamp) -> Option<f64> {
    let (start, end) = (package.starts(buy), package.ends(buy));
    let elapsed = (now.min(end) - start).num_seconds() as f64 / (end - start).num_seconds() as f64;
    (elapsed > 0.0 && package.budget > 0.0).then(|| round(spend / package.budget / elapsed))
}

/// Whether it delivers, and if not, why.
pub(super) fn delivery_status(
    buy: &MediaBuy,
    package: &Package,
    spend: f64,
    now: Timestamp,
) -> Option<&'static str> {
    if Micros::from_wire(package.budget) > Micros(0)
        && Micros::from_wire(spend) >= Micros::from_wire(package.budget)
    {
        return Some("budget_exhausted");
    }
    match buy.status {
        MediaBuyStatus::Completed => Some("completed"),
        _ if package.ends(buy) <= now => Some("flight_ended"),
        MediaBuyStatus::Active
            if !buy.holds(package)
                && package.cancellation.is_none()
                && package.starts(buy) <= now =>
        {
            Some("delivering")
        }
        _ => None,
    }
}
