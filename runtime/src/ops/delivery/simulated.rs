//! What a test made a buy deliver, spread over its packages.

use super::super::records::SimulatedDelivery;
use crate::domain::money::{self, Micros};
use crate::domain::{BuyDelivery, DateRange, MediaBuy, Metrics, PackageDelivery};

/// Spreads what was simulated for a buy over its packages by their budgets. Rounding goes to the
/// last one, so that the parts add up.
pub(super) fn split(
    buy: &MediaBuy,
    simulated: &SimulatedDelivery,
    period: DateRange,
) -> BuyDelivery {
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
    let whole: Micros = shares.iter().copied().sum();
    let money = |amount: f64| {
        money::split(Micros::from_wire(amount), shares, whole)
            .into_iter()
            .map(Micros::to_wire)
    };
    let counts = |count: f64| {
        money::split(Micros(count.round() as i128), shares, whole)
            .into_iter()
            .map(|part| part.0 as f64)
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

#[cfg(test)]
mod tests {
    use super::*;

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
