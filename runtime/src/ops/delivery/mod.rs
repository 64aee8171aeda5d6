//! `get_media_buy_delivery`: what the ad server reports, added up and put into words.
//!
//! Sums are made here from the packages, so that totals always equal their parts. In a sandbox a
//! buy for which a test has simulated deliveries reports exactly those.

mod period;
mod report;
mod simulated;
mod wire;
mod snapshots;

use serde_json::{Map, Value, json};

use super::request::{Fill, Members};
use super::{Call, Outcome, media_buys};
use crate::clock;
use crate::domain::Metrics;
use crate::error::{Error, Result};

pub(super) use snapshots::snapshots;

/// So many buys are reported on at most, as the response has no pages.
const MOST_BUYS: usize = 1000;

pub(super) async fn get(call: &Call<'_>) -> Result<Outcome> {
    let found = media_buys::selected(call, None, MOST_BUYS).await?;
    if !found.is_complete() {
        let message = format!("more than {MOST_BUYS} media buys match; name those to report on");
        return Err(Error::invalid_request(message).at("media_buy_ids"));
    }
    let buys = &found.buys;
    let (period, from, to) = period::asked(call, buys)?;
    period::check(call, buys)?;
    let daily = call
        .request
        .truth("include_package_daily_breakdown")
        .unwrap_or(false);
    let deliveries = report::of(call, buys, period, daily).await?;

    let mut totals = Vec::new();
    let mut reported = Vec::new();
    for (buy, delivery) in buys.iter().zip(&deliveries) {
        let total = Metrics::total(delivery.packages.iter().map(|package| &package.totals));
        reported.push(Value::Object(wire::buy(call, buy, delivery, &total, daily)));
        totals.push(total);
    }
    let currency = buys.first().map(|buy| buy.currency.clone());
    let one_currency = buys
        .iter()
        .all(|buy| Some(&buy.currency) == currency.as_ref());
    let mut body = Map::new();
    body.put(
        "reporting_period",
        json!({ "start": clock::to_wire(from), "end": clock::to_wire(to) }),
    );
    body.put("currency", currency.unwrap_or_else(|| usual_currency(call)));
    if one_currency {
        let mut aggregated = wire::metrics(&Metrics::total(&totals));
        aggregated.retain(|name, _| !matches!(name.as_str(), "ctr" | "cost_per_click"));
        aggregated.put("media_buy_count", buys.len());
        body.put("aggregated_totals", aggregated);
    }
    body.put("media_buy_deliveries", reported);
    let errors = found.errors(call);
    if !errors.is_empty() {
        body.put("errors", errors);
    }
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    Ok(Outcome::read(body))
}

/// The currency of an answer about nothing.
fn usual_currency(call: &Call<'_>) -> String {
    let options = call
        .context
        .catalog
        .products()
        .iter()
        .flat_map(|product| &product.pricing_options);
    options
        .map(|option| option.currency.clone())
        .next()
        .unwrap_or_else(|| "USD".to_owned())
}
