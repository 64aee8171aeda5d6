//! An ad server that exists only in this process, to try the seller out.
//!
//! A line item spends its budget evenly over what is left of its flight; a change, a pause or a
//! cancellation takes effect from that moment on. The same calls at the same times always give the
//! same report. It remembers nothing after a restart: a line item that it does not know is taken
//! to have run unchanged since it was created.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use adcp_seller::clock::Timestamp;
use adcp_seller::domain::{
    Booking, BuyDelivery, DeliveryQuery, MediaBuy, MediaBuyStatus, Metrics, Package,
    PackageDelivery,
};
use adcp_seller::error::Result;
use adcp_seller::platform::Context;
use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::AdServer;

/// How far reports lag behind, as the catalogue's `expected_delay_minutes` tells buyers.
const REPORTING_LAG: TimeDelta = TimeDelta::minutes(60);
/// Clicks for each impression.
const CLICK_RATE: f64 = 0.002;
/// Viewable impressions for each impression.
const VIEWABLE_RATE: f64 = 0.7;
/// Videos played to the end for each one begun.
const COMPLETION_RATE: f64 = 0.75;
/// What an auction costs on average, as a share of the bid.
const CLEARING_RATE: f64 = 0.85;

/// An ad server that makes delivery up.
#[derive(Debug, Default)]
pub struct SimulatedAdServer {
    lines: Mutex<HashMap<String, Line>>,
}

/// The schedule of one line item: stretches in which it spends evenly, in order.
#[derive(Debug, Default)]
struct Line(Vec<Stretch>);

#[derive(Debug)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
    spend: f64,
}

impl AdServer for SimulatedAdServer {
    async fn book(&self, context: &Context, buy: &MediaBuy) -> Result<Booking> {
        let mut booking = Booking {
            order_ref: Some(format!("order-{}", buy.media_buy_id)),
            ..Booking::default()
        };
        for package in &buy.packages {
            let line_ref = self.change(context, buy, package).await?;
            booking
                .line_refs
                .insert(package.package_id.clone(), line_ref);
        }
        Ok(booking)
    }

    async fn change(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<String> {
        let line_ref = line_ref(package);
        let mut lines = self.lines();
        lines
            .entry(line_ref.clone())
            .or_default()
            .plan(context.now, buy, package);
        Ok(line_ref)
    }

    async fn pause(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<()> {
        self.change(context, buy, package).await.map(drop)
    }

    async fn cancel(&self, context: &Context, buy: &MediaBuy, package: &Package) -> Result<()> {
        self.change(context, buy, package).await.map(drop)
    }

    async fn report(
        &self,
        context: &Context,
        buy: &MediaBuy,
        query: &DeliveryQuery,
    ) -> Result<BuyDelivery> {
        let mut lines = self.lines();
        let packages = buy.packages.iter().map(|package| {
            let line = lines
                .entry(line_ref(package))
                .or_insert_with(|| Line::new(buy, package));
            line.report(package, query, context.now - REPORTING_LAG)
        });
        let packages = packages.collect();
        Ok(BuyDelivery {
            media_buy_id: buy.media_buy_id.clone(),
            packages,
        })
    }
}

impl SimulatedAdServer {
    /// The line items. A thread that died holding them left them whole.
    fn lines(&self) -> MutexGuard<'_, HashMap<String, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line_ref(package: &Package) -> String {
    format!("line-{}", package.package_id)
}

impl Line {
    fn new(buy: &MediaBuy, package: &Package) -> Self {
        let mut line = Line::default();
        line.plan(buy.created_at, buy, package);
        line
    }

    /// Keeps what was spent until `now` and plans the rest of the flight anew.
    fn plan(&mut self, now: Timestamp, buy: &MediaBuy, package: &Package) {
        for stretch in &mut self.0 {
            stretch.spend = stretch.spend_between(stretch.from, now);
            stretch.until = stretch.until.min(now);
        }
        self.0.retain(|stretch| stretch.from < stretch.until);
        let spent: f64 = self.0.iter().map(|stretch| stretch.spend).sum();
        let from = package.start_time.unwrap_or(buy.start_time).max(now);
        let until = package.end_time.unwrap_or(buy.end_time);
        let held = package.paused || buy.status == MediaBuyStatus::Paused;
        let ended = package.cancellation.is_some() || buy.cancellation.is_some();
        if from < until && !held && !ended {
            self.0.push(Stretch {
                from,
                until,
                spend: (package.budget - spent).max(0.0),
            });
        }
    }

    /// What was delivered on the days of the query, as far as is known at `known`.
    fn report(
        &self,
        package: &Package,
        query: &DeliveryQuery,
        known: Timestamp,
    ) -> PackageDelivery {
        let mut delivery = PackageDelivery {
            package_id: package.package_id.clone(),
            ..PackageDelivery::default()
        };
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else {
            return delivery;
        };
        let begin = query.period.start.max(first.from.date_naive());
        let end = query.period.end.min(last.until.min(known).date_naive());
        for day in begin.iter_days().take_while(|day| *day <= end) {
            let until = (midnight(day) + TimeDelta::days(1)).min(known);
            let spends = self
                .0
                .iter()
                .map(|stretch| stretch.spend_between(midnight(day), until));
            let metrics = metrics(package, spends.sum());
            delivery.totals += &metrics;
            if query.daily {
                delivery.daily.insert(day, metrics);
            }
        }
        delivery
    }
}

impl Stretch {
    fn spend_between(&self, from: Timestamp, until: Timestamp) -> f64 {
        let seconds = |from: Timestamp, until: Timestamp| (until - from).as_seconds_f64().max(0.0);
        let overlap = seconds(self.from.max(from), self.until.min(until));
        self.spend * overlap / seconds(self.from, self.until)
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What `spend` buys at the price of a package.
fn metrics(package: &Package, spend: f64) -> Metrics {
    let clearing = package.bid_price.map(|bid| bid * CLEARING_RATE);
    let price = package.fixed_price.or(clearing).unwrap_or_default();
    let price = price
        .max(package.floor_price.unwrap_or_default())
        .max(0.001);
    let units = spend / price;
    let impressions = match package.pricing_model.as_str() {
        "vcpm" => units * 1000.0 / VIEWABLE_RATE,
        "cpc" => units / CLICK_RATE,
        "cpcv" => units / COMPLETION_RATE,
        _ => units * 1000.0,
    };
    let video = package.pricing_model == "cpcv";
    Metrics {
        spend: (spend * 100.0).floor() / 100.0,
        impressions: impressions.floor(),
        clicks: Some((impressions * CLICK_RATE).floor()),
        views: video.then_some(impressions.floor()),
        completed_views: video.then_some((impressions * COMPLETION_RATE).floor()),
        conversions: None,
    }
}
