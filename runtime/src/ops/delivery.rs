//! `get_media_buy_delivery`: what the ad server reports, added up and put into words.
//!
//! Sums are made here from the packages, so that totals always equal their parts. In a sandbox a
//! buy for which a test has simulated deliveries reports exactly those.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde_json::{Map, Value, json};

use super::records::{self, SimulatedDelivery};
use super::request::{Fill, Members};
use super::{Call, Outcome, media_buys, scope};
use crate::clock::{self, Timestamp};
use crate::domain::money::{Micros, number};
use crate::domain::{
    BuyDelivery, DateRange, DeliveryQuery, MediaBuy, MediaBuyStatus, Metrics, Package,
    PackageDelivery,
};
use crate::error::{Error, Result};

/// So many buys are reported on at most, as the response has no pages.
const MOST_BUYS: usize = 1000;

pub(super) async fn get(call: &Call<'_>) -> Result<Outcome> {
    let found = media_buys::selected(call, None, MOST_BUYS).await?;
    if !found.is_complete() {
        let message = format!("more than {MOST_BUYS} media buys match; name those to report on");
        return Err(Error::invalid_request(message).at("media_buy_ids"));
    }
    let buys = &found.buys;
    let (period, from, to) = period(call, buys)?;
    check_date_range(call, buys)?;
    let daily = call
        .request
        .truth("include_package_daily_breakdown")
        .unwrap_or(false);
    let deliveries = report(call, buys, period, daily).await?;

    let mut totals = Vec::new();
    let mut wire = Vec::new();
    for (buy, delivery) in buys.iter().zip(&deliveries) {
        let total = Metrics::total(delivery.packages.iter().map(|package| &package.totals));
        wire.push(Value::Object(describe(call, buy, delivery, &total, daily)));
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
        let mut aggregated = metrics(&Metrics::total(&totals));
        aggregated.retain(|name, _| !matches!(name.as_str(), "ctr" | "cost_per_click"));
        aggregated.put("media_buy_count", buys.len());
        body.put("aggregated_totals", aggregated);
    }
    body.put("media_buy_deliveries", wire);
    let errors = found.errors(call);
    if !errors.is_empty() {
        body.put("errors", errors);
    }
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    Ok(Outcome::read(body))
}

/// The days to report on, and the instants that the response gives for them. Without dates these
/// are the lives of the buys so far.
fn period(call: &Call<'_>, buys: &[MediaBuy]) -> Result<(DateRange, Timestamp, Timestamp)> {
    let now = call.context.now;
    let born = buys
        .iter()
        .map(|buy| buy.created_at.min(buy.start_time))
        .min()
        .unwrap_or(now);
    let ended = buys
        .iter()
        .map(|buy| buy.end_time)
        .max()
        .unwrap_or(now)
        .min(now)
        .max(born);
    let day = |name: &str| -> Result<Option<NaiveDate>> {
        let text = call.request.text(name);
        text.map(|text| {
            text.parse().map_err(|_| {
                Error::invalid_request(format!("{name} is not a day of the calendar")).at(name)
            })
        })
        .transpose()
    };
    let (start, end) = (day("start_date")?, day("end_date")?);
    let range = DateRange {
        start: start.unwrap_or(born.date_naive()),
        end: end.unwrap_or(ended.date_naive().max(start.unwrap_or(NaiveDate::MIN))),
    };
    if start.is_none() && range.end < range.start {
        return Err(Error::invalid_request(format!(
            "end_date lies before {}, the first day that there is to report on",
            range.start
        ))
        .at("end_date")
        .suggest("send a later end_date, or a start_date as well"));
    }
    if range.end < range.start {
        return Err(
            Error::invalid_request("end_date has to be no earlier than start_date").at("end_date"),
        );
    }
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let from = start.map_or(born, midnight);
    let to = end.map_or(ended.max(from), |end| {
        midnight(end) + TimeDelta::seconds(86_399)
    });
    Ok((range, from, to))
}

/// Dates can be asked for only where every product reports by date
/// (`get-media-buy-delivery-request.json`, `start_date`).
fn check_date_range(call: &Call<'_>, buys: &[MediaBuy]) -> Result<()> {
    let Some(asked) = ["start_date", "end_date"]
        .into_iter()
        .find(|name| call.request.member(name).is_some())
    else {
        return Ok(());
    };
    let lifetime_only = |package: &Package| {
        let product = call.context.catalog.product(&package.product_id);
        product
            .and_then(|product| {
                product
                    .value
                    .pointer("/reporting_capabilities/date_range_support")
            })
            .is_some_and(|support| support == "lifetime_only")
    };
    match buys
        .iter()
        .flat_map(|buy| &buy.packages)
        .find(|package| lifetime_only(package))
    {
        Some(package) => {
            let message = format!(
                "the product {} reports only on the whole flight; leave the dates out",
                package.product_id
            );
            Err(Error::unsupported(message).at(asked))
        }
        None => Ok(()),
    }
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

/// What each buy delivered, in the order of the buys.
async fn report(
    call: &Call<'_>,
    buys: &[MediaBuy],
    period: DateRange,
    daily: bool,
) -> Result<Vec<BuyDelivery>> {
    let mut simulated: HashMap<&str, SimulatedDelivery> = HashMap::new();
    if call.services.sandbox {
        let scope = scope::shared(call.context);
        for buy in buys {
            if let Some(stored) =
                records::find::<SimulatedDelivery>(&call.services.store, &scope, &buy.media_buy_id)
                    .await?
            {
                simulated.insert(&buy.media_buy_id, stored.value);
            }
        }
    }
    let asked: Vec<MediaBuy> = buys
        .iter()
        .filter(|buy| !simulated.contains_key(buy.media_buy_id.as_str()))
        .cloned()
        .collect();
    let mut reported: HashMap<String, BuyDelivery> = HashMap::new();
    if !asked.is_empty() {
        let query = DeliveryQuery {
            media_buys: asked,
            period,
            daily,
        };
        let answer = call
            .services
            .platform
            .get_media_buy_delivery(call.context, call.request.clone(), &query)
            .await?;
        reported.extend(
            answer
                .into_iter()
                .map(|delivery| (delivery.media_buy_id.clone(), delivery)),
        );
    }
    let deliveries = buys.iter().map(|buy| {
        let mut delivery = match simulated.get(buy.media_buy_id.as_str()) {
            Some(simulated) => split(buy, simulated, period),
            None => reported
                .remove(&buy.media_buy_id)
                .unwrap_or_else(|| BuyDelivery {
                    media_buy_id: buy.media_buy_id.clone(),
                    packages: Vec::new(),
                }),
        };
        // Every package is reported on, in the order of the buy, whatever order the ad server keeps.
        let mut parts: HashMap<String, PackageDelivery> = delivery
            .packages
            .drain(..)
            .map(|part| (part.package_id.clone(), part))
            .collect();
        delivery.packages = buy
            .packages
            .iter()
            .map(|package| {
                let nothing = PackageDelivery {
                    package_id: package.package_id.clone(),
                    ..PackageDelivery::default()
                };
                parts.remove(&package.package_id).unwrap_or(nothing)
            })
            .collect();
        delivery
    });
    Ok(deliveries.collect())
}

/// Spreads what was simulated for a buy over its packages by their budgets. Rounding goes to the
/// last one, so that the parts add up.
fn split(buy: &MediaBuy, simulated: &SimulatedDelivery, period: DateRange) -> BuyDelivery {
    let shares: Vec<Micros> = if buy.live_packages().next().is_some() {
        buy.packages
            .iter()
            .map(|package| {
                if package.cancellation.is_none() {
                    Micros::from_wire(package.budget)
                } else {
                    Micros(0)
                }
            })
            .collect()
    } else {
        buy.packages
            .iter()
            .map(|package| Micros::from_wire(package.budget))
            .collect()
    };
    let mut packages: Vec<PackageDelivery> = buy
        .packages
        .iter()
        .map(|package| PackageDelivery {
            package_id: package.package_id.clone(),
            ..PackageDelivery::default()
        })
        .collect();
    for (day, total) in simulated.days.range(period.start..=period.end) {
        for (package, part) in packages.iter_mut().zip(split_metrics(total, &shares)) {
            package.totals.add(&part);
            package.daily.insert(*day, part);
        }
    }
    BuyDelivery {
        media_buy_id: buy.media_buy_id.clone(),
        packages,
    }
}

fn split_metrics(total: &Metrics, shares: &[Micros]) -> Vec<Metrics> {
    let money = |amount: f64| {
        split_amount(Micros::from_wire(amount).0, shares)
            .into_iter()
            .map(|part| Micros(part).to_wire())
    };
    let counts = |count: f64| {
        split_amount(count.round() as i128, shares)
            .into_iter()
            .map(|part| part as f64)
    };
    let mut parts: Vec<Metrics> = money(total.spend)
        .zip(counts(total.impressions))
        .map(|(spend, impressions)| Metrics {
            spend,
            impressions,
            ..Metrics::default()
        })
        .collect();
    type Field = fn(&mut Metrics) -> &mut Option<f64>;
    let fields: [(Option<f64>, Field); 4] = [
        (total.clicks, |part| &mut part.clicks),
        (total.views, |part| &mut part.views),
        (total.completed_views, |part| &mut part.completed_views),
        (total.conversions, |part| &mut part.conversions),
    ];
    for (count, field) in fields {
        for (part, count) in parts
            .iter_mut()
            .zip(count.map(counts).into_iter().flatten())
        {
            *field(part) = Some(count);
        }
    }
    parts
}

fn split_amount(amount: i128, shares: &[Micros]) -> Vec<i128> {
    let whole: Micros = shares.iter().copied().sum();
    let mut parts: Vec<i128> = shares
        .iter()
        .map(|share| Micros(amount).share(*share, whole).0)
        .collect();
    let rest = amount - parts.iter().sum::<i128>();
    if let Some(last) = parts
        .iter_mut()
        .zip(shares)
        .rev()
        .find(|(_, share)| share.0 > 0 || whole.0 == 0)
        .map(|(part, _)| part)
    {
        *last += rest;
    }
    parts
}

fn describe(
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
        .map(|(package, part)| Value::Object(describe_package(call, buy, package, part, daily)));
    wire.put("by_package", by_package.collect::<Vec<_>>());
    if daily {
        let mut days: BTreeMap<NaiveDate, Metrics> = BTreeMap::new();
        for (day, part) in delivery.packages.iter().flat_map(|package| &package.daily) {
            days.entry(*day).or_default().add(part);
        }
        wire.put(
            "daily_breakdown",
            days.iter()
                .map(|(day, metrics)| describe_day(*day, metrics))
                .collect::<Vec<_>>(),
        );
    }
    wire
}

fn describe_package(
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
                .map(|(day, metrics)| describe_day(*day, metrics))
                .collect::<Vec<_>>(),
        );
    }
    wire
}

fn describe_day(day: NaiveDate, metrics: &Metrics) -> Value {
    let mut wire = Map::new();
    wire.put("date", day.to_string());
    wire.put("impressions", number(metrics.impressions));
    wire.put("spend", number(metrics.spend));
    wire.put_some("conversions", metrics.conversions.map(number));
    Value::Object(wire)
}

/// What was counted, and the rates that follow from it (`core/delivery-metrics.json`).
fn metrics(metrics: &Metrics) -> Map<String, Value> {
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
fn pacing(buy: &MediaBuy, package: &Package, spend: f64, now: Timestamp) -> Option<f64> {
    let (start, end) = (package.starts(buy), package.ends(buy));
    let elapsed = (now.min(end) - start).num_seconds() as f64 / (end - start).num_seconds() as f64;
    (elapsed > 0.0 && package.budget > 0.0).then(|| round(spend / package.budget / elapsed))
}

fn delivery_status(
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

/// Lifetime figures of every package of some buys, by package id
/// (`get-media-buys-response.json`, `snapshot`).
pub(super) async fn snapshots(
    call: &Call<'_>,
    buys: &[MediaBuy],
) -> Result<HashMap<String, Value>> {
    let now = call.context.now;
    let born = buys
        .iter()
        .map(|buy| buy.created_at.min(buy.start_time))
        .min()
        .unwrap_or(now);
    let period = DateRange {
        start: born.date_naive(),
        end: now.date_naive().max(born.date_naive()),
    };
    let deliveries = report(call, buys, period, false).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_what_was_split() {
        let shares = [Micros(10_000), Micros(0), Micros(15_000), Micros(1)];
        for amount in [0, 1, 2, 7, 100, 5000, 250_000_001] {
            let parts = split_amount(amount, &shares);
            assert_eq!(parts.iter().sum::<i128>(), amount);
            assert_eq!(parts[1], 0, "a package without a share gets nothing");
        }
        assert_eq!(split_amount(5, &[Micros(0), Micros(0)]), [0, 5]);
    }

    #[test]
    fn metrics_split_and_add_up() {
        let total = Metrics {
            spend: 250.01,
            impressions: 5001.0,
            clicks: Some(151.0),
            conversions: None,
            ..Metrics::default()
        };
        let parts = split_metrics(&total, &[Micros(3), Micros(3), Micros(1)]);
        assert_eq!(Metrics::total(&parts), total);
    }
}
