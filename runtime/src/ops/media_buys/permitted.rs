//! What an update may ask for, given how the buy stands.

use serde_json::Value;

use super::super::Call;
use super::super::request::Members;
use super::flight;
use crate::clock::Timestamp;
use crate::domain::{FormatId, MediaBuy};
use crate::error::{Error, Result};

/// Refuses an update that was decided on an older state of the buy.
pub(super) fn revision(request: &Value, buy: &MediaBuy) -> Result<()> {
    match request.count("revision") {
        Some(expected) if expected != buy.revision => Err(Error::new(
            "CONFLICT",
            format!(
                "the media buy has changed: it is at revision {}, not {expected}",
                buy.revision
            ),
        )
        .at("revision")
        .suggest("read the media buy again and decide anew")
        .detail("resource_type", "media_buy")
        .detail("current_revision", buy.revision)),
        _ => Ok(()),
    }
}

/// What may be done to a buy in its state at all.
pub(super) fn state(request: &Value, buy: &MediaBuy) -> Result<()> {
    let canceling = request.truth("canceled").unwrap_or(false);
    let status = buy.status.as_str();
    if buy.status.is_terminal() {
        return Err(if canceling {
            Error::new(
                "NOT_CANCELLABLE",
                format!("the media buy is {status} and can't be canceled"),
            )
            .at("canceled")
        } else {
            Error::new(
                "INVALID_STATE",
                format!("the media buy is {status} and can't be changed any more"),
            )
            .at("media_buy_id")
        });
    }
    const BESIDES: [&str; 6] = [
        "paused",
        "start_time",
        "end_time",
        "packages",
        "new_packages",
        "invoice_recipient",
    ];
    match BESIDES
        .into_iter()
        .find(|name| canceling && request.member(name).is_some())
    {
        Some(name) => Err(Error::invalid_request(format!(
            "a media buy that is canceled can't be changed in the same request; leave {name} out"
        ))
        .at(name)),
        None => Ok(()),
    }
}

/// What a package was booked with can't be changed (`media-buy/package-update.json`). A member
/// that says what is booked anyway does no harm.
pub(super) fn locked(call: &Call<'_>, update: &Value, buy: &MediaBuy, field: &str) -> Result<()> {
    let Some(package) = buy.package(update.text("package_id").unwrap_or_default()) else {
        return Ok(());
    };
    let differs = |name: &str, booked: &str| {
        update
            .member(name)
            .is_some_and(|asked| asked.as_str() != Some(booked))
    };
    let formats_differ = update.member("format_ids").is_some() && {
        let asked = update.format_ids("format_ids").unwrap_or_default();
        let product = call.context.catalog.product(&package.product_id);
        let booked = package
            .extra
            .format_ids("format_ids")
            .or_else(|| product.map(|product| product.format_ids.clone()))
            .unwrap_or_default();
        let within = |some: &[FormatId], others: &[FormatId]| {
            some.iter()
                .all(|one| others.iter().any(|other| other.names_same(one)))
        };
        !within(&asked, &booked) || !within(&booked, &asked)
    };
    let locked = [
        ("product_id", differs("product_id", &package.product_id)),
        (
            "pricing_option_id",
            differs("pricing_option_id", &package.pricing_option_id),
        ),
        ("format_ids", formats_differ),
    ];
    match locked.into_iter().find(|(_, differs)| *differs) {
        Some((name, _)) => Err(Error::invalid_request(format!(
            "the {name} of a package can't be changed once it is booked"
        ))
        .at(format!("{field}.{name}"))
        .suggest("cancel this package and add another one in new_packages")),
        None => Ok(()),
    }
}

/// The flight of a package moves only ahead: a start that has passed stays, and neither end is
/// moved into the past. `buy` is the buy as it was before the update.
pub(super) fn moved(update: &Value, buy: &MediaBuy, now: Timestamp, field: &str) -> Result<()> {
    let Some(package) = buy.package(update.text("package_id").unwrap_or_default()) else {
        return Ok(());
    };
    let start = update
        .instant("start_time")
        .filter(|start| *start != package.starts(buy));
    let end = update
        .instant("end_time")
        .filter(|end| *end != package.ends(buy));
    if start.is_some() && package.starts(buy) <= now {
        return Err(Error::new(
            "INVALID_STATE",
            "the package's flight has begun, so its start can't be changed",
        )
        .at(format!("{field}.start_time")));
    }
    flight::check_ahead(start, end, now, field)
}

/// Every package still lies within the buy, also those that the update does not name.
pub(super) fn flights(buy: &MediaBuy) -> Result<()> {
    for package in buy.live_packages() {
        if flight::check_inside(
            package.start_time,
            package.end_time,
            (buy.start_time, buy.end_time),
            "",
        )
        .is_err()
        {
            let message = format!(
                "the flight of the package {} would no longer lie within that of the media buy; change both in one request",
                package.package_id
            );
            return Err(Error::validation(message).at("packages"));
        }
    }
    Ok(())
}
