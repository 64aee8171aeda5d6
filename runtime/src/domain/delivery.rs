//! What was delivered (`media-buy/get-media-buy-delivery-response.json`).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::MediaBuy;
use super::money::Micros;

/// Counts and money, each in total over some period. Absent means not measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Money spent, in the buy's currency.
    pub spend: f64,
    /// Ads shown.
    pub impressions: f64,
    /// Ads clicked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clicks: Option<f64>,
    /// Video or audio ads begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<f64>,
    /// Video or audio ads played to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_views: Option<f64>,
    /// Conversions counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversions: Option<f64>,
}

impl std::ops::AddAssign<&Metrics> for Metrics {
    /// Adds counts and money. What neither side measured stays unmeasured.
    fn add_assign(&mut self, other: &Metrics) {
        let sum = |one: Option<f64>, other: Option<f64>| {
            one.or(other)
                .map(|_| one.unwrap_or_default() + other.unwrap_or_default())
        };
        self.spend += other.spend;
        self.impressions += other.impressions;
        self.clicks = sum(self.clicks, other.clicks);
        self.views = sum(self.views, other.views);
        self.completed_views = sum(self.completed_views, other.completed_views);
        self.conversions = sum(self.conversions, other.conversions);
    }
}

impl Metrics {
    /// Adds another period or part. A count that only one of both has measured is kept.
    pub fn add(&mut self, other: &Metrics) {
        fn sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
            match (one, other) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            }
        }
        self.spend = [self.spend, other.spend]
            .map(Micros::from_wire)
            .into_iter()
            .sum::<Micros>()
            .to_wire();
        self.impressions += other.impressions;
        self.clicks = sum(self.clicks, other.clicks);
        self.views = sum(self.views, other.views);
        self.completed_views = sum(self.completed_views, other.completed_views);
        self.conversions = sum(self.conversions, other.conversions);
    }

    /// Everything added up.
    pub fn total<'a>(parts: impl IntoIterator<Item = &'a Metrics>) -> Metrics {
        let mut total = Metrics::default();
        for part in parts {
            total.add(part);
        }
        total
    }

    /// How many units a pricing model charges for: thousands of impressions for `cpm`, clicks for
    /// `cpc`. `None` for a model whose unit is not counted here, such as `flat_rate`.
    pub fn units(&self, pricing_model: &str) -> Option<f64> {
        match pricing_model {
            // Viewable impressions are not counted apart, so vcpm is judged by all of them.
            "cpm" | "vcpm" => Some(self.impressions / 1000.0),
            "cpc" => self.clicks,
            "cpcv" => self.completed_views,
            "cpv" => self.views,
            "cpa" => self.conversions,
            _ => None,
        }
    }
}

/// Calendar days, both included, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
}

/// What an ad server is asked to report.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryQuery {
    /// The buys, with the ad server's own ids in them.
    pub media_buys: Vec<MediaBuy>,
    /// Over which days.
    pub period: DateRange,
    /// Whether the numbers are wanted day by day as well.
    pub daily: bool,
}

/// What one media buy delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct BuyDelivery {
    /// Which buy.
    pub media_buy_id: String,
    /// Package by package.
    pub packages: Vec<PackageDelivery>,
}

/// What one package delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackageDelivery {
    /// Which package.
    pub package_id: String,
    /// Over the whole period.
    pub totals: Metrics,
    /// Day by day, if that was asked for.
    pub daily: BTreeMap<NaiveDate, Metrics>,
}
