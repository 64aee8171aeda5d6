//! `update_media_buy`: all of an update, or nothing of it.

use serde_json::Value;

use super::super::creatives::Library;
use super::super::records::{self, Stored};
use super::super::request::Members;
use super::super::{Call, Outcome, scope};
use super::create::{
    check_invoice_recipient, derived_id, refuse_unsupported, review, take_references,
};
use super::package::{self, Frame};
use super::{flight, keywords, permitted, targeting, wire};
use crate::domain::{Cancellation, MediaBuy, MediaBuyChange, MediaBuyStatus, PackageChange};
use crate::error::{Error, Result};
use crate::store::Batch;

/// Members of a package update that replace what is kept.
const REPLACED: [&str; 4] = ["pacing", "impressions", "catalogs", "optimization_goals"];

/// One change as the history tells it: action, package, summary.
type Note = (&'static str, Option<String>, Option<String>);

pub(in crate::ops) async fn update(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let now = call.context.now;
    let mut stored = find(call).await?;
    stored.value.settle(now);
    let before = stored.value.clone();
    permitted::revision(request, &before)?;
    permitted::state(request, &before)?;
    refuse_unsupported(request)?;
    check_invoice_recipient(call).await?;

    let mut after = before.clone();
    let mut changes = Vec::new();
    let mut notes: Vec<Note> = Vec::new();
    let mut library = Library::new(call, &before.account_id);
    if request.truth("canceled").unwrap_or(false) {
        cancel(call, &mut after, &mut changes);
        notes.push((
            "canceled",
            None,
            request.text("cancellation_reason").map(str::to_owned),
        ));
    } else {
        change_dates(call, &mut after, &mut notes)?;
        for (at, named) in request.list("packages").iter().enumerate() {
            let field = format!("packages[{at}]");
            permitted::locked(call, named, &before, &field)?;
            permitted::moved(named, &before, now, &field)?;
        }
        change_packages(call, &mut library, &mut after, &mut changes, &mut notes).await?;
        add_packages(call, &mut library, &mut after, &mut changes, &mut notes).await?;
        permitted::flights(&after)?;
        if let Some(recipient) = request.member("invoice_recipient") {
            after
                .extra
                .insert("invoice_recipient".to_owned(), recipient.clone());
            notes.push(("updated_invoice_recipient", None, None));
        }
        hold(call, &mut after, &mut changes, &mut notes);
        if after.live_packages().next().is_none() && !after.status.is_terminal() {
            // A buy of which nothing is left is called off itself.
            cancel(call, &mut after, &mut Vec::new());
            notes.push((
                "canceled",
                None,
                Some("the last package was canceled".to_owned()),
            ));
        }
    }
    review(call, &mut library).await?;
    let shown: Vec<String> = after
        .live_packages()
        .flat_map(|package| package.creative_ids.clone())
        .collect();
    let ready = match after.status {
        MediaBuyStatus::PendingCreatives => library.any_usable(&shown).await?,
        MediaBuyStatus::PendingStart => true,
        _ => false,
    };
    if ready && after.status != after.ready_status(now) {
        after.status = after.ready_status(now);
        match after.status {
            MediaBuyStatus::Active => notes.push(("activated", None, None)),
            MediaBuyStatus::Paused => notes.push(("paused", None, None)),
            _ => {}
        }
    }
    if notes.is_empty() {
        return Ok(Outcome::read(wire::updated(call, &before, &[])));
    }
    after.revision += 1;
    after.updated_at = now;
    for (action, package_id, summary) in notes {
        after.note(
            now,
            Some(&call.context.principal.0),
            action,
            package_id.as_deref(),
            summary.map(|summary| summary.chars().take(500).collect()),
        );
    }
    let change = MediaBuyChange {
        before,
        after,
        packages: changes,
    };
    let booking = call
        .services
        .platform
        .update_media_buy(call.context, request.clone(), &change)
        .await?;
    let MediaBuyChange {
        mut after,
        packages,
        ..
    } = change;
    take_references(&mut after, booking);
    let affected: Vec<&str> = packages.iter().map(PackageChange::package_id).collect();
    let body = wire::updated(call, &after, &affected);
    let mut batch = Batch::new();
    library.save(&mut batch)?;
    Stored {
        value: after,
        ..stored
    }
    .save(&mut batch)?;
    Ok(Outcome::write(body, batch))
}

/// The buy that the request names.
async fn find(call: &Call<'_>) -> Result<Stored<MediaBuy>> {
    let missing = || {
        Error::new("MEDIA_BUY_NOT_FOUND", "there is no such media buy")
            .at("media_buy_id")
            .suggest("call get_media_buys to see which there are")
    };
    let account = call
        .context
        .account
        .as_ref()
        .ok_or_else(|| Error::invalid_request("an account is required").at("account"))?;
    let scope = scope::of_account(call.context, &account.account_id);
    let media_buy_id = call.request.text("media_buy_id").unwrap_or_default();
    records::find::<MediaBuy>(&call.services.store, &scope, media_buy_id)
        .await?
        .ok_or_else(missing)
}

fn cancellation(call: &Call<'_>, members: &impl Members) -> Cancellation {
    Cancellation {
        canceled_at: call.context.now,
        canceled_by: "buyer".to_owned(),
        reason: members.text("cancellation_reason").map(str::to_owned),
    }
}

fn cancel(call: &Call<'_>, buy: &mut MediaBuy, changes: &mut Vec<PackageChange>) {
    let cancellation = cancellation(call, &call.request);
    buy.status = MediaBuyStatus::Canceled;
    for package in buy
        .packages
        .iter_mut()
        .filter(|package| package.cancellation.is_none())
    {
        package.cancellation = Some(cancellation.clone());
        changes.push(PackageChange::Canceled(package.package_id.clone()));
    }
    buy.cancellation = Some(cancellation);
}

/// Pauses or resumes the whole buy.
fn hold(
    call: &Call<'_>,
    buy: &mut MediaBuy,
    changes: &mut Vec<PackageChange>,
    notes: &mut Vec<Note>,
) {
    let (action, change): (_, fn(String) -> PackageChange) = match call.request.truth("paused") {
        Some(true) if buy.hold() => ("paused", PackageChange::Paused),
        Some(false) if buy.release() => ("resumed", PackageChange::Resumed),
        _ => return,
    };
    notes.push((action, None, None));
    // A package that is held on its own stays held when the buy runs again.
    let held: Vec<String> = buy
        .live_packages()
        .filter(|package| !package.paused)
        .map(|package| package.package_id.clone())
        .collect();
    for package_id in held {
        if !changes.iter().any(|known| known.package_id() == package_id) {
            changes.push(change(package_id));
        }
    }
}

fn change_dates(call: &Call<'_>, buy: &mut MediaBuy, notes: &mut Vec<Note>) -> Result<()> {
    let (request, now) = (&call.request, call.context.now);
    let same_start = request.instant("start_time") == Some(buy.start_time);
    let start = if same_start {
        None
    } else {
        flight::start(request, now)?
    };
    if start.is_some() && buy.start_time <= now {
        return Err(Error::new(
            "INVALID_STATE",
            "the flight has begun, so its start can't be changed",
        )
        .at("start_time"));
    }
    let end = request
        .instant("end_time")
        .filter(|end| *end != buy.end_time);
    if start.is_none() && end.is_none() {
        return Ok(());
    }
    buy.start_time = start.unwrap_or(buy.start_time);
    buy.end_time = end.unwrap_or(buy.end_time);
    flight::check(buy.start_time, buy.end_time, now)?;
    notes.push(("updated_dates", None, None));
    Ok(())
}

async fn change_packages(
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
        let product = call.context.catalog.product(&package.product_id);
        let product = product.map(AsRef::as_ref);
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
fn told(
    before: &crate::domain::Package,
    after: &crate::domain::Package,
) -> Option<(PackageChange, &'static str)> {
    let id = after.package_id.clone();
    if before == after {
        return None;
    }
    let only_held = crate::domain::Package {
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

async fn add_packages(
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
    };
    for (at, requested) in call.request.list("new_packages").iter().enumerate() {
        let package_id = derived_id("pkg", &call.context.operation_id, at);
        let (package, _) = package::build(
            call,
            library,
            requested,
            package_id.clone(),
            &frame,
            &format!("new_packages[{at}]"),
        )
        .await?;
        buy.packages.push(package);
        changes.push(PackageChange::Added(package_id.clone()));
        notes.push(("package_added", Some(package_id), None));
    }
    Ok(())
}
