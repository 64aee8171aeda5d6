//! The days that are reported on.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::super::Call;
use super::super::request::Members;
use crate::clock::Timestamp;
use crate::domain::{DateRange, MediaBuy, Package};
use crate::error::{Error, Result};

/// The days to report on, and the instants that the response gives for them. Without dates these
/// are the lives of the buys so far.
pub(super) fn asked(
    call: &Call<'_>,
    buys: &[MediaBuy],
) -> Result<(DateRange, Timestamp, Timestamp)> {
    let now = call.context.now;
    let born = born(buys, now);
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

/// When the first of some buys was made, or began.
pub(super) fn born(buys: &[MediaBuy], now: Timestamp) -> Timestamp {
    buys.iter()
        .map(|buy| buy.created_at.min(buy.start_time))
        .min()
        .unwrap_or(now)
}

/// Dates can be asked for only where every product reports by date
/// (`get-media-buy-delivery-request.json`, `start_date`).
pub(super) fn check(call: &Call<'_>, buys: &[MediaBuy]) -> Result<()> {
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
