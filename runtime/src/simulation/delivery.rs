//! Delivery that is made up, for sandboxes and for sellers whose ad server is not connected yet.
//!
//! A [`SimulatedLine`] spends its budget evenly over what is left of its flight; a change, a hold
//! or a cancellation takes effect from the moment at which it is told. What happened to a real line
//! item is never mixed into it.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::clock::Timestamp;
use crate::domain::{DeliveryQuery, MediaBuy, MediaBuyStatus, Metrics, Package, PackageDelivery};

/// Clicks for each impression.
const CLICK_RATE: f64 = 0.002;
/// Viewable impressions for each impression.
const VIEWABLE_RATE: f64 = 0.7;
/// Videos played to the end for each one begun.
const COMPLETION_RATE: f64 = 0.75;
/// What an auction costs on average, as a share of the bid.
const CLEARING_RATE: f64 = 0.85;
/// No unit is cheaper, so that counts stay finite.
const LEAST_PRICE: f64 = 0.001;

/// A line item that delivers on paper.
#[derive(Clone, Debug, Default)]
pub struct SimulatedLine {
    /// In order and without overlap.
    stretches: Vec<Stretch>,
}

/// A time in which a line item spends evenly.
#[derive(Clone, Debug)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
    spend: f64,
}

impl SimulatedLine {
    /// A line item that has run as `package` says since the buy was created.
    pub fn booked(buy: &MediaBuy, package: &Package) -> Self {
        let mut line = SimulatedLine::default();
        line.follow(buy.created_at, buy, package);
        line
    }

    /// Keeps what was spent until `now` and plans the rest of the flight as `package` says.
    pub fn follow(&mut self, now: Timestamp, buy: &MediaBuy, package: &Package) {
        for stretch in &mut self.stretches {
            stretch.spend = stretch.spend_between(stretch.from, now);
            stretch.until = stretch.until.min(now);
        }
        self.stretches
            .retain(|stretch| stretch.from < stretch.until);
        let spent: f64 = self.stretches.iter().map(|stretch| stretch.spend).sum();
        // Nothing runs before there is something to show.
        let shown = package.assigned_at.values().min().copied();
        let from = package.starts(buy).max(now).max(shown.unwrap_or(now));
        let until = package.end_time.unwrap_or(buy.end_time);
        let held = buy.holds(package);
        let ended = package.cancellation.is_some() || buy.cancellation.is_some();
        let bare = shown.is_none() && buy.status == MediaBuyStatus::PendingCreatives;
        if from < until && !held && !ended && !bare {
            self.stretches.push(Stretch {
                from,
                until,
                spend: (package.budget - spent).max(0.0),
            });
        }
    }

    /// What was delivered on the days of the query, as far as that is known at `known`. Days add
    /// up to the totals.
    pub fn report(
        &self,
        package: &Package,
        query: &DeliveryQuery,
        known: Timestamp,
    ) -> PackageDelivery {
        let mut delivery = PackageDelivery {
            package_id: package.package_id.clone(),
            ..PackageDelivery::default()
        };
        let (Some(first), Some(last)) = (self.stretches.first(), self.stretches.last()) else {
            return delivery;
        };
        let begin = query.period.start.max(first.from.date_naive());
        let end = query.period.end.min(last.until.min(known).date_naive());
        for day in begin.iter_days().take_while(|day| *day <= end) {
            let until = (midnight(day) + TimeDelta::days(1)).min(known);
            let spend = self
                .stretches
                .iter()
                .map(|stretch| stretch.spend_between(midnight(day), until))
                .sum();
            let metrics = metrics(package, spend);
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
        self.spend * seconds(self.from.max(from), self.until.min(until))
            / seconds(self.from, self.until)
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What `spend` buys at the price of a package.
fn metrics(package: &Package, spend: f64) -> Metrics {
    let clearing = package.bid_price.map(|bid| bid * CLEARING_RATE);
    let price = package.fixed_price.or(clearing).unwrap_or_default();
    let units = spend
        / price
            .max(package.floor_price.unwrap_or_default())
            .max(LEAST_PRICE);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::DateRange;

    /// Ten days from the first of March, 1000 a package, at a CPM of 10.
    fn buy() -> MediaBuy {
        serde_json::from_value(json!({
            "media_buy_id": "buy", "account_id": "account", "status": "active", "currency": "USD",
            "start_time": "2026-03-01T00:00:00Z", "end_time": "2026-03-11T00:00:00Z",
            "created_at": "2026-02-20T00:00:00Z", "updated_at": "2026-02-20T00:00:00Z", "revision": 1,
            "packages": [{
                "package_id": "package", "product_id": "product", "pricing_option_id": "option",
                "pricing_model": "cpm", "budget": 1000.0, "fixed_price": 10.0,
            }],
        }))
        .expect("a media buy")
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().expect("an instant")
    }

    fn day(day: &str) -> NaiveDate {
        day.parse().expect("a day")
    }

    fn march(daily: bool) -> DeliveryQuery {
        let period = DateRange {
            start: day("2026-03-01"),
            end: day("2026-03-31"),
        };
        DeliveryQuery {
            media_buys: Vec::new(),
            period,
            daily,
        }
    }

    fn spend(line: &SimulatedLine, buy: &MediaBuy, known: &str) -> f64 {
        line.report(&buy.packages[0], &march(false), at(known))
            .totals
            .spend
    }

    #[test]
    fn a_budget_is_spent_evenly_over_the_flight_and_no_more() {
        let buy = buy();
        let line = SimulatedLine::booked(&buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-02-25T00:00:00Z"), 0.0);
        assert_eq!(spend(&line, &buy, "2026-03-04T12:00:00Z"), 350.0);
        assert_eq!(spend(&line, &buy, "2026-06-01T00:00:00Z"), 1000.0);
    }

    #[test]
    fn days_add_up_to_the_totals() {
        let buy = buy();
        let line = SimulatedLine::booked(&buy, &buy.packages[0]);
        let delivery = line.report(&buy.packages[0], &march(true), at("2026-03-03T00:00:01Z"));
        assert_eq!(delivery.daily.len(), 3);
        assert_eq!(delivery.daily[&day("2026-03-02")].impressions, 10_000.0);
        let mut sum = Metrics::default();
        delivery.daily.values().for_each(|day| sum += day);
        assert_eq!(sum, delivery.totals);
    }

    #[test]
    fn a_held_line_item_spends_nothing_and_catches_up_afterwards() {
        let mut buy = buy();
        let mut line = SimulatedLine::booked(&buy, &buy.packages[0]);
        buy.packages[0].paused = true;
        line.follow(at("2026-03-03T00:00:00Z"), &buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-07T00:00:00Z"), 200.0);
        buy.packages[0].paused = false;
        line.follow(at("2026-03-07T00:00:00Z"), &buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-09T00:00:00Z"), 600.0);
        assert_eq!(spend(&line, &buy, "2026-03-12T00:00:00Z"), 1000.0);
    }

    #[test]
    fn nothing_runs_before_there_is_something_to_show() {
        let mut buy = buy();
        buy.status = MediaBuyStatus::PendingCreatives;
        let line = SimulatedLine::booked(&buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-07T00:00:00Z"), 0.0);
        buy.packages[0].assign("creative", json!({}), at("2026-03-06T00:00:00Z"));
        buy.status = MediaBuyStatus::Active;
        // As another process sees it that begins afterwards.
        let line = SimulatedLine::booked(&buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-06T00:00:00Z"), 0.0);
        assert_eq!(spend(&line, &buy, "2026-03-08T12:00:00Z"), 500.0);
        assert_eq!(spend(&line, &buy, "2026-03-12T00:00:00Z"), 1000.0);
    }

    #[test]
    fn a_smaller_budget_takes_nothing_back() {
        let mut buy = buy();
        let mut line = SimulatedLine::booked(&buy, &buy.packages[0]);
        buy.packages[0].budget = 100.0;
        line.follow(at("2026-03-03T00:00:00Z"), &buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-12T00:00:00Z"), 200.0);
    }

    #[test]
    fn a_canceled_buy_ends_at_once() {
        let mut buy = buy();
        let mut line = SimulatedLine::booked(&buy, &buy.packages[0]);
        buy.cancellation = serde_json::from_value(
            json!({"canceled_at": "2026-03-02T00:00:00Z", "canceled_by": "buyer"}),
        )
        .expect("a cancellation");
        line.follow(at("2026-03-02T00:00:00Z"), &buy, &buy.packages[0]);
        assert_eq!(spend(&line, &buy, "2026-03-12T00:00:00Z"), 100.0);
    }

    #[test]
    fn each_pricing_model_counts_its_own_unit() {
        let mut package = buy().packages[0].clone();
        let mut counted = |model: &str, price: f64| {
            package.pricing_model = model.to_owned();
            package.fixed_price = Some(price);
            metrics(&package, 700.0)
        };
        assert_eq!(counted("cpm", 7.0).impressions, 100_000.0);
        assert_eq!(counted("vcpm", 10.0).impressions, 100_000.0);
        assert_eq!(counted("cpc", 0.5).clicks, Some(1400.0));
        assert_eq!(counted("cpcv", 0.05).completed_views, Some(14_000.0));
    }

    #[test]
    fn an_auction_clears_below_the_bid_but_not_below_the_floor() {
        let mut package = buy().packages[0].clone();
        package.fixed_price = None;
        package.bid_price = Some(10.0);
        package.floor_price = Some(5.0);
        assert_eq!(metrics(&package, 850.0).impressions, 100_000.0);
        package.floor_price = Some(10.0);
        assert_eq!(metrics(&package, 850.0).impressions, 85_000.0);
    }
}
