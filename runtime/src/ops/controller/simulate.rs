//! `simulate_*`: what a buy is to have delivered or spent.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::records::{self, SimulatedDelivery, Stored};
use super::super::request::{Fill, Members};
use super::super::{Call, scope};
use super::{Answer, Failure, Params, Refusal};
use crate::domain::money::{self, Micros, number};
use crate::domain::{MediaBuy, Metrics};
use crate::identity::Scope;
use crate::store::Batch;

/// A buy's simulated deliveries so far, and whether there is a record of them.
async fn so_far(
    call: &Call<'_>,
    scope: &Scope,
    media_buy_id: &str,
) -> Result<(SimulatedDelivery, Option<Stored<SimulatedDelivery>>), Failure> {
    let stored =
        records::find::<SimulatedDelivery>(&call.services.store, scope, media_buy_id).await?;
    let value = stored.as_ref().map(|stored| stored.value.clone());
    Ok((
        value.unwrap_or_else(|| SimulatedDelivery {
            media_buy_id: media_buy_id.to_owned(),
            days: BTreeMap::new(),
        }),
        stored,
    ))
}

fn save(
    batch: &mut Batch,
    scope: &Scope,
    stored: Option<Stored<SimulatedDelivery>>,
    value: SimulatedDelivery,
) -> Result<(), Failure> {
    match stored {
        Some(stored) => Stored { value, ..stored }.save(batch)?,
        None => records::insert(batch, scope, &value)?,
    }
    Ok(())
}

/// Adds to what the buy has delivered today.
pub(super) async fn delivery(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let scope = scope::shared(call.context);
    let media_buy_id = params.text("media_buy_id")?;
    let (impressions, clicks, conversions) = (
        params.count("impressions")?,
        params.count("clicks")?,
        params.count("conversions")?,
    );
    let buy = records::find::<MediaBuy>(&call.services.store, &scope, media_buy_id)
        .await?
        .ok_or_else(|| Refusal::missing("media buy"))?
        .value;
    let spend = reported_spend(params, &buy)?;
    let (mut simulated, stored) = so_far(call, &scope, media_buy_id).await?;
    let added = Metrics {
        spend: spend.unwrap_or(0.0),
        impressions: impressions.unwrap_or(0.0),
        clicks,
        conversions,
        ..Metrics::default()
    };
    simulated
        .days
        .entry(call.context.now.date_naive())
        .or_default()
        .add(&added);
    let cumulative = Metrics::total(simulated.days.values());
    let mut batch = Batch::new();
    save(&mut batch, &scope, stored, simulated)?;
    let mut body = Map::new();
    body.put("simulated", describe(&added, &buy.currency));
    body.put("cumulative", describe(&cumulative, &buy.currency));
    Ok((body, batch))
}

fn reported_spend(params: &Params<'_>, buy: &MediaBuy) -> Result<Option<f64>, Failure> {
    let Some(spend) = params
        .members
        .get("reported_spend")
        .filter(|spend| !spend.is_null())
    else {
        return Ok(None);
    };
    let amount = spend
        .number("amount")
        .filter(|amount| (0.0..=money::MOST).contains(amount));
    match (amount, spend.text("currency")) {
        (Some(amount), Some(currency)) if currency == buy.currency => Ok(Some(amount)),
        (Some(_), Some(currency)) => Err(Refusal::params(format!(
            "`reported_spend` is in {currency}, the media buy in {}",
            buy.currency
        ))),
        _ => Err(Refusal::params(format!(
            "`reported_spend` has a currency and an amount from 0 to {}",
            number(money::MOST)
        ))),
    }
}

fn describe(metrics: &Metrics, currency: &str) -> Value {
    let mut wire = Map::new();
    wire.put("impressions", number(metrics.impressions));
    wire.put_some("clicks", metrics.clicks.map(number));
    wire.put_some("conversions", metrics.conversions.map(number));
    wire.put(
        "reported_spend",
        json!({ "amount": number(metrics.spend), "currency": currency }),
    );
    Value::Object(wire)
}

/// Brings what a buy, or every buy of an account, has spent to a share of its budget.
pub(super) async fn spend(call: &Call<'_>, params: &Params<'_>) -> Answer {
    let percentage = params
        .members
        .number("spend_percentage")
        .filter(|percentage| (0.0..=100.0).contains(percentage));
    let percentage = percentage
        .ok_or_else(|| Refusal::params("`spend_percentage` is required: a number from 0 to 100"))?;
    let scope = scope::shared(call.context);
    let buys: Vec<MediaBuy> = match (
        params.optional("media_buy_id")?,
        params.optional("account_id")?,
    ) {
        (Some(media_buy_id), _) => {
            let stored = records::find::<MediaBuy>(&call.services.store, &scope, media_buy_id)
                .await?
                .ok_or_else(|| Refusal::missing("media buy"))?;
            vec![stored.value]
        }
        (None, Some(account_id)) => {
            let stored = records::all::<MediaBuy>(&call.services.store, &scope).await?;
            let buys: Vec<MediaBuy> = stored
                .into_iter()
                .map(|stored| stored.value)
                .filter(|buy| buy.account_id == account_id)
                .collect();
            if buys.is_empty() {
                return Err(Refusal::missing("account with a media buy"));
            }
            buys
        }
        (None, None) => {
            return Err(Refusal::params(
                "one of `media_buy_id` and `account_id` is required",
            ));
        }
    };
    let mut batch = Batch::new();
    let (mut spent, mut budget) = (Micros(0), Micros(0));
    for buy in &buys {
        let whole: Micros = buy
            .live_packages()
            .map(|package| Micros::from_wire(package.budget))
            .sum();
        let target = Micros::from_wire(whole.to_wire() * percentage / 100.0);
        let (mut simulated, stored) = so_far(call, &scope, &buy.media_buy_id).await?;
        let before = Micros::from_wire(Metrics::total(simulated.days.values()).spend);
        let today = call.context.now.date_naive();
        if target < before {
            // Money that was spent on earlier days can't be unspent day by day: all of it moves.
            simulated.days.values_mut().for_each(|day| day.spend = 0.0);
            simulated.days.entry(today).or_default().spend = target.to_wire();
        } else {
            simulated.days.entry(today).or_default().add(&Metrics {
                spend: Micros(target.0 - before.0).to_wire(),
                ..Metrics::default()
            });
        }
        save(&mut batch, &scope, stored, simulated)?;
        (spent, budget) = (
            [spent, target].into_iter().sum(),
            [budget, whole].into_iter().sum(),
        );
    }
    let currency = buys.first().map_or("USD", |buy| buy.currency.as_str());
    let mut body = Map::new();
    body.put(
        "simulated",
        json!({
            "spend_percentage": number(percentage),
            "computed_spend": { "amount": number(spent.to_wire()), "currency": currency },
            "budget": { "amount": number(budget.to_wire()), "currency": currency },
        }),
    );
    Ok((body, batch))
}
