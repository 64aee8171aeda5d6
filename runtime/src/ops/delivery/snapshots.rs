//! How far packages are, for `get_media_buys`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::Call;
use super::super::request::Fill;
use super::wire::{delivery_status, pacing};
use super::{period, report};
use crate::clock;
use crate::domain::money::number;
use crate::domain::{DateRange, MediaBuy, Package};
use crate::error::Result;

/// Lifetime figures of every package of some buys, by package id
/// (`get-media-buys-response.json`, `snapshot`).
pub(in crate::ops) async fn snapshots(
    call: &Call<'_>,
    buys: &[MediaBuy],
) -> Result<HashMap<String, Value>> {
    let now = call.context.now;
    let born = period::born(buys, now);
    let period = DateRange {
        start: born.date_naive(),
        end: now.date_naive().max(born.date_naive()),
    };
    let deliveries = report::of(call, buys, period, false).await?;
    let mut snapshots = HashMap::new();
    for (buy, delivery) in buys.iter().zip(&deliveries) {
        for (package, part) in buy.packages.iter().zip(&delivery.packages) {
            let mut snapshot = Map::new();
            snapshot.put("as_of", clock::to_wire(now));
            snapshot.put("staleness_seconds", staleness(call, package));
            snapshot.put("impressions", number(part.totals.impressions));
            snapshot.put("spend", number(part.totals.spend));
            snapshot.put("currency", buy.currency.as_str());
            snapshot.put_some("clicks", part.totals.clicks.map(number));
            snapshot.put_some(
                "pacing_index",
                pacing(buy, package, part.totals.spend, now).map(number),
            );
            snapshot.put_some(
                "delivery_status",
                delivery_status(buy, package, part.totals.spend, now),
            );
            snapshots.insert(package.package_id.clone(), Value::Object(snapshot));
        }
    }
    Ok(snapshots)
}

/// How old a product's figures may be, as it declares.
fn staleness(call: &Call<'_>, package: &Package) -> u64 {
    let product = call.context.catalog.product(&package.product_id);
    let minutes = product
        .and_then(|product| {
            product
                .value
                .pointer("/reporting_capabilities/expected_delay_minutes")
        })
        .and_then(Value::as_u64);
    minutes.unwrap_or(0) * 60
}
