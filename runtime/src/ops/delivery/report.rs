//! What each buy delivered: asked of the ad server, or simulated by a test.

use std::collections::HashMap;

use super::super::records::{self, SimulatedDelivery};
use super::super::{Call, recipes, scope};
use super::simulated;
use crate::domain::{BuyDelivery, DateRange, DeliveryQuery, MediaBuy, PackageDelivery};
use crate::error::Result;

/// What each buy delivered, in the order of the buys.
pub(super) async fn of(
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
        let recipes = recipes::of_buys(call, &asked.iter().collect::<Vec<_>>()).await?;
        let context = call.context.with_recipes(recipes);
        let query = DeliveryQuery {
            media_buys: asked,
            period,
            daily,
        };
        let answer = call
            .services
            .platform
            .get_media_buy_delivery(&context, call.request.clone(), &query)
            .await?;
        reported.extend(
            answer
                .into_iter()
                .map(|delivery| (delivery.media_buy_id.clone(), delivery)),
        );
    }
    let deliveries = buys.iter().map(|buy| {
        let mut delivery = match simulated.get(buy.media_buy_id.as_str()) {
            Some(known) => simulated::split(buy, known, period),
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
