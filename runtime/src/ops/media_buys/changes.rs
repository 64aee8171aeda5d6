//! What an update does to packages: to those that it names, and those that it adds.

use serde_json::Value;

use super::super::Call;
use super::super::creatives::Library;
use super::super::request::Members;
use super::create::derived_id;
use super::package::{self, Frame};
use super::{approval, flight, keywords, targeting};
use crate::domain::{Cancellation, MediaBuy, Package, PackageChange};
use crate::error::{Error, Result};

/// Members of a package update that replace what is kept.
const REPLACED: [&str; 4] = ["pacing", "impressions", "catalogs", "optimization_goals"];

/// One change as the history tells it: action, package, summary.
pub(super) type Note = (&'static str, Option<String>, Option<String>);

/// Changes the packages that the request names.
pub(super) async fn change_packages(
    call: &Call<'_>,
    library: &mut Library<'_>,
    buy: &mut MediaBuy,
    changes: &mut Vec<PackageChange>,
    notes: &mut Vec<Note>,
) -> Result<()> {
    for (at, update) in call.request.list("packages").iter().enumerate() {
        let field = format!("packages[{at}]");
        let package_id = update.text("package_id").unwrap_or_default();
        let Some(place) = buy
            .packages
            .iter()
            .position(|package| package.package_id == package_id)
        else {
            return Err(
                Error::new("PACKAGE_NOT_FOUND", "the media buy has no such package")
                    .at(format!("{field}.package_id")),
            );
        };
        if changes.iter().any(|known| known.package_id() == package_id) {
            return Err(
                Error::invalid_request("the request names this package twice")
                    .at(format!("{field}.package_id")),
            );
        }
        let change = change_package(call, library, buy, place, update, &field).await?;
        if let Some((change, action)) = change {
            notes.push((action, Some(package_id.to_owned()), None));
            changes.push(change);
        }
    }
    Ok(())
}

async fn change_package(
    call: &Call<'_>,
    library: &mut Library<'_>,
    buy: &mut MediaBuy,
    place: usize,
    update: &Value,
    field: &str,
) -> Result<Option<(PackageChange, &'static str)>> {
    let before = buy.packages[place].clone();
    let canceling = update.truth("canceled").unwrap_or(false);
    if before.cancellation.is_some() {
        return Err(if canceling {
            Error::new("NOT_CANCELLABLE", "the package is canceled already")
                .at(format!("{field}.canceled"))
        } else {
            Error::new(
                "INVALID_STATE",
                "the package is canceled and can't be changed any more",
            )
            .at(format!("{field}.package_id"))
        });
    }
    let currency = buy.currency.clone();
    let package = &mut buy.packages[place];
    let product = call.context.catalog.product(&package.product_id);
    let product = product.map(AsRef::as_ref);
    if canceling {
        package.cancellation = Some(cancellation(call, update));
        return Ok(Some((
            PackageChange::Canceled(package.package_id.clone()),
            "package_canceled",
        )));
    }
    package.paused = update.truth("paused").unwrap_or(package.paused);
    if let Some(budget) = update.number("budget") {
        package.budget = budget;
        package::check_money(package, &currency, field)?;
        approval::check_budget(call, &before, package, field)?;
    }
    if let Some(bid) = update.number("bid_price") {
        package.bid_price = Some(bid);
        package::check_bid(package, field)?;
    }
    package.start_time = update.instant("start_time").or(package.start_time);
    package.end_time = update.instant("end_time").or(package.end_time);
    package::check_catalogs(update, field)?;
    package.extra.extend(update.pick(&REPLACED));
    if let Some(overlay) = keywords::merged(update, package.extra.get("targeting_overlay"), field)?
    {
        package
            .extra
            .insert("targeting_overlay".to_owned(), overlay);
    }
    const AIMED: [&str; 6] = [
        "targeting_overlay",
        "keyword_targets_add",
        "keyword_targets_remove",
        "negative_keywords_add",
        "negative_keywords_remove",
        "optimization_goals",
    ];
    if AIMED.iter().any(|name| update.member(name).is_some()) {
        targeting::check(call.services.spec, &package.extra, product, field)?;
    }
    if update.get("creative_assignments").is_some() {
        let since = std::mem::take(&mut package.assigned_at);
        package.clear_assignments();
        package::assign_all(
            call,
            library,
            &Value::Object(update.pick(&["creative_assignments"])),
            package,
            product,
            true,
            field,
        )
        .await?;
        for (creative_id, at) in since {
            package
                .assigned_at
                .entry(creative_id)
                .and_modify(|assigned| *assigned = at);
        }
    }
    if update.get("creatives").is_some() {
        package::assign_all(
            call,
            library,
            &Value::Object(update.pick(&["creatives"])),
            package,
            product,
            true,
            field,
        )
        .await?;
    }
    flight::check_inside(
        package.start_time,
        package.end_time,
        (buy.start_time, buy.end_time),
        field,
    )?;
    Ok(told(&before, package))
}

/// What a package update amounts to.
fn told(before: &Package, after: &Package) -> Option<(PackageChange, &'static str)> {
    let id = after.package_id.clone();
    if before == after {
        return None;
    }
    let only_held = Package {
        paused: before.paused,
        ..after.clone()
    } == *before;
    Some(match (only_held, after.paused) {
        (true, true) => (PackageChange::Paused(id), "package_paused"),
        (true, false) => (PackageChange::Resumed(id), "package_resumed"),
        (false, _) if before.budget != after.budget => {
            (PackageChange::Changed(id), "updated_budget")
        }
        (false, _) => (PackageChange::Changed(id), "updated_packages"),
    })
}

/// Adds the packages that the request brings.
pub(super) async fn add_packages(
    call: &Call<'_>,
    library: &mut Library<'_>,
    buy: &mut MediaBuy,
    changes: &mut Vec<PackageChange>,
    notes: &mut Vec<Note>,
) -> Result<()> {
    let frame = Frame {
        starts: buy.start_time,
        ends: buy.end_time,
        currency: Some(buy.currency.clone()),
        offered: None,
        waited: false,
        now: call.context.now,
    };
    for (at, requested) in call.request.list("new_packages").iter().enumerate() {
        let package_id = derived_id("pkg", &call.context.operation_id, at);
        let field = format!("new_packages[{at}]");
        let id = package_id.clone();
        let (package, _) = package::build(call, library, requested, id, &frame, &field).await?;
        approval::check_addition(call, &package, &field)?;
        buy.packages.push(package);
        changes.push(PackageChange::Added(package_id.clone()));
        notes.push(("package_added", Some(package_id), None));
    }
    Ok(())
}

/// Who calls something off, and why.
pub(super) fn cancellation(call: &Call<'_>, members: &impl Members) -> Cancellation {
    Cancellation {
        canceled_at: call.context.now,
        canceled_by: "buyer".to_owned(),
        reason: members.text("cancellation_reason").map(str::to_owned),
    }
}
