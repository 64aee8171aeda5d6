//! `update_media_buy`: all of an update, or nothing of it.

use super::super::creatives::Library;
use super::super::records::{self, Stored};
use super::super::request::Members;
use super::super::{Call, Outcome, overlap, recipes, scope};
use super::changes::{Note, add_packages, cancellation, change_packages};
use super::create::{
    check_invoice_recipient, derived_id, refuse_unsupported, review, take_references,
};
use super::{flight, permitted, wire};
use crate::domain::{MediaBuy, MediaBuyChange, MediaBuyStatus, Package, PackageChange, Recipes};
use crate::error::{Error, Result};
use crate::store::Batch;

pub(in crate::ops) async fn update(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let now = call.context.now;
    let mut stored = find(call).await?;
    stored.value.settle(now);
    let before = stored.value.clone();
    permitted::revision(request, &before)?;
    permitted::state(request, &before)?;
    if request.member("proposal_id").is_some() {
        return Err(Error::unsupported(
            "a proposal is bought with create_media_buy, as a buy of its own",
        )
        .at("proposal_id"));
    }
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
    let stops = only_stops(&before, &after, &changes);
    let recipes = check_recipes(call, &mut after, stops).await?;
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
        .update_media_buy(
            &call.context.with_recipes(recipes),
            request.clone(),
            &change,
        )
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

/// Whether an update calls off or pauses, and does nothing else.
fn only_stops(before: &MediaBuy, after: &MediaBuy, changes: &[PackageChange]) -> bool {
    let stops = |change: &PackageChange| {
        matches!(
            change,
            PackageChange::Canceled(_) | PackageChange::Paused(_)
        )
    };
    let terms = |buy: &MediaBuy| (buy.start_time, buy.end_time, buy.extra.clone());
    changes.iter().all(stops) && terms(before) == terms(after)
}

/// The recipes of the buy, after its packages have been judged by them: those that the request names,
/// whatever it changes about them, and those that it adds. What is added is kept with the buy, as
/// what was there from the beginning.
///
/// A buyer must always be able to stop. What is stopped is therefore not judged, and an update that
/// only `stops` goes on with the recipes that can be had.
async fn check_recipes(call: &Call<'_>, buy: &mut MediaBuy, stops: bool) -> Result<Recipes> {
    let named = call.request.list("packages").iter().enumerate();
    let named = named.filter_map(|(at, update)| {
        let package_id = update.text("package_id")?.to_owned();
        Some((package_id, update, format!("packages[{at}]")))
    });
    let added = call.request.list("new_packages").iter().enumerate();
    let added = added.map(|(at, package)| {
        let package_id = derived_id("pkg", &call.context.operation_id, at);
        (package_id, package, format!("new_packages[{at}]"))
    });
    let added: Vec<_> = added.collect();
    let product_ids: Vec<String> = added
        .iter()
        .filter_map(|(package_id, ..)| Some(buy.package(package_id)?.product_id.clone()))
        .collect();
    if !product_ids.is_empty() {
        let new = recipes::of_products(call, call.context, &product_ids, &buy.recipes).await?;
        buy.recipes.extend(recipes::kept(call, new));
    }
    let recipes = match recipes::of_buys(call, &[buy]).await {
        Err(error) if stops => {
            tracing::warn!(media_buy_id = buy.media_buy_id, %error, cause = error.cause, "a buyer stops a media buy without its recipes");
            Recipes::default()
        }
        found => found?,
    };
    for (package_id, request, field) in named.chain(added) {
        let goes_on = |package: &&Package| !overlap::stops(package, request);
        let Some(package) = buy.package(&package_id).filter(goes_on) else {
            continue;
        };
        if let Some(recipe) = recipes::of_package(call, &recipes, buy, package)? {
            let product = call.context.catalog.product(&package.product_id);
            let product = product.map(|product| &product.value);
            overlap::check_package(call, recipe, package, product, request, &field)?;
        }
    }
    Ok(recipes)
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
