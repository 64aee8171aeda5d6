//! `sync_creatives`: brings the library up to date and assigns creatives to packages.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::records::{self, Stored};
use super::super::request::{Fill, Members};
use super::super::scope::View;
use super::super::{Call, Outcome};
use super::library::{Library, Taken, checked_assignment};
use super::traffic::Traffic;
use crate::domain::{Creative, CreativeStatus, MediaBuy, MediaBuyStatus};
use crate::error::{Error, Result};
use crate::status::{self, Moved};
use crate::store::Batch;

/// What became of one creative of the request, beyond taking it in.
#[derive(Default)]
struct Line {
    creative_id: String,
    error: Option<Error>,
    assigned_to: Vec<String>,
    assignment_errors: BTreeMap<String, String>,
}

pub(in crate::ops) async fn sync(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let strict = request.text("validation_mode") != Some("lenient");
    let dry_run = request.truth("dry_run").unwrap_or(false);
    let delete_missing = request.truth("delete_missing").unwrap_or(false);
    let only: Vec<&str> = request.texts("creative_ids").collect();
    if delete_missing && !only.is_empty() {
        return Err(Error::invalid_request(
            "delete_missing covers the whole library, so it can't be combined with creative_ids",
        )
        .at("delete_missing"));
    }
    let account = call
        .context
        .account
        .as_ref()
        .ok_or_else(|| Error::invalid_request("an account is required").at("account"))?;
    let mut library = Library::new(call, &account.account_id);

    let mut lines = Vec::new();
    for (at, asset) in request.list("creatives").iter().enumerate() {
        let creative_id = asset.text("creative_id").unwrap_or_default();
        if !only.is_empty() && !only.contains(&creative_id) {
            continue;
        }
        let error = library
            .take_in(asset, &format!("creatives[{at}]"))
            .await
            .err();
        if strict && let Some(error) = error {
            return Err(error);
        }
        lines.push(Line {
            creative_id: creative_id.to_owned(),
            error,
            ..Line::default()
        });
    }
    if !dry_run {
        let fresh = library.for_review();
        if !fresh.is_empty() {
            let reviews = call
                .services
                .platform
                .sync_creatives(call.context, request.clone(), &fresh)
                .await?;
            library.reviewed(reviews);
        }
    }

    let mut traffic = Traffic::new(call);
    let mut buys: BTreeMap<String, Stored<MediaBuy>> = BTreeMap::new();
    for (at, assignment) in request.list("assignments").iter().enumerate() {
        let creative_id = assignment.text("creative_id").unwrap_or_default();
        let package_id = assignment.text("package_id").unwrap_or_default();
        let done = assign(
            call,
            &library,
            &mut traffic,
            &mut buys,
            assignment,
            &format!("assignments[{at}]"),
        )
        .await;
        let line = match lines
            .iter_mut()
            .position(|line| line.creative_id == creative_id)
        {
            Some(at) => at,
            None => {
                lines.push(Line {
                    creative_id: creative_id.to_owned(),
                    ..Line::default()
                });
                lines.len() - 1
            }
        };
        let line = &mut lines[line];
        match done {
            Ok(()) => line.assigned_to.push(package_id.to_owned()),
            Err(error) if strict => return Err(error),
            Err(error) if error.code == "CREATIVE_NOT_FOUND" => line.error = Some(error),
            Err(error) => {
                line.assignment_errors
                    .insert(package_id.to_owned(), error.message);
            }
        }
    }

    let mut batch = Batch::new();
    library.save(&mut batch)?;
    let gone = if delete_missing {
        drop_missing(call, &library, &account.account_id, &mut batch).await?
    } else {
        Vec::new()
    };
    for taken in library
        .taken()
        .iter()
        .filter(|taken| taken.action != "unchanged")
    {
        let waiting = records::tagged::<MediaBuy>(
            &call.services.store,
            library.scope(),
            Some(records::of_creative(&taken.creative.creative_id)),
        )
        .await?;
        for stored in waiting {
            buys.entry(stored.value.media_buy_id.clone())
                .or_insert(stored);
        }
    }
    let mut moved = Vec::new();
    for mut stored in buys.into_values() {
        let (known, woken) = wake(call, &library, &mut stored).await?;
        if woken {
            moved.push(Moved::buy(library.scope(), &stored.value));
        }
        if let Some(mut known) = known.clone().filter(|_| !dry_run) {
            known.settle(call.context.now);
            traffic.follow(&known, &mut stored.value).await?;
        }
        if known.is_none_or(|known| known != stored.value) {
            stored.save(&mut batch)?;
        }
    }

    let taken = library.taken().iter();
    let taken = taken.map(|taken| taken.creative.creative_id.as_str());
    let asked = (call.tool.name, request);
    let (services, context) = (call.services, call.context);
    status::follow::<Creative>(services, context, asked, library.scope(), taken, &mut batch)?;
    status::note_holder(&services.store, context, &account.account_id, &mut batch).await?;
    status::tell(services, moved, context.now, &mut batch).await?;

    let mut results = Vec::new();
    for line in &lines {
        results.push(Value::Object(describe(call, &library, line).await?));
    }
    results.extend(gone);
    let mut body = Map::new();
    if dry_run {
        body.put("dry_run", true);
        batch = Batch::new();
    }
    body.put("creatives", results);
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    Ok(Outcome::write(body, batch))
}

async fn assign(
    call: &Call<'_>,
    library: &Library<'_>,
    traffic: &mut Traffic<'_>,
    buys: &mut BTreeMap<String, Stored<MediaBuy>>,
    assignment: &Value,
    field: &str,
) -> Result<()> {
    let creative_id = assignment.text("creative_id").unwrap_or_default();
    let package_id = assignment.text("package_id").unwrap_or_default();
    let creative = library.find(creative_id).await?.ok_or_else(|| {
        Error::new("CREATIVE_NOT_FOUND", "the library has no such creative")
            .at(format!("{field}.creative_id"))
            .suggest("sync the creative first, or in the same request")
    })?;
    let missing = || {
        Error::new("PACKAGE_NOT_FOUND", "there is no such package")
            .at(format!("{field}.package_id"))
    };
    let media_buy_id = match buys
        .values()
        .find(|stored| stored.value.package(package_id).is_some())
    {
        Some(stored) => stored.value.media_buy_id.clone(),
        None => {
            let found = records::tagged::<MediaBuy>(
                &call.services.store,
                library.scope(),
                Some(records::of_package(package_id)),
            )
            .await?;
            let stored = found
                .into_iter()
                .find(|stored| stored.value.package(package_id).is_some())
                .ok_or_else(missing)?;
            let media_buy_id = stored.value.media_buy_id.clone();
            buys.entry(media_buy_id.clone()).or_insert(stored);
            media_buy_id
        }
    };
    let stored = buys.get_mut(&media_buy_id).ok_or_else(missing)?;
    stored.value.settle(call.context.now);
    let buy = &mut stored.value;
    let closed = buy.status.is_terminal();
    let place = buy
        .packages
        .iter()
        .position(|package| package.package_id == package_id)
        .ok_or_else(missing)?;
    let mut package = buy.packages[place].clone();
    if closed || package.cancellation.is_some() {
        return Err(Error::new(
            "INVALID_STATE",
            "the package is no longer running, so nothing can be assigned to it",
        )
        .at(format!("{field}.package_id")));
    }
    let catalog = &call.context.catalog;
    let product = catalog.product(&package.product_id).map(AsRef::as_ref);
    let kept = checked_assignment(
        creative_id,
        Some(&creative),
        assignment,
        &package,
        product,
        |format_id| catalog.is_own(format_id),
        field,
    )?;
    if package.assign(creative_id, kept, call.context.now) {
        traffic.check(buy, &package, assignment, field).await?;
        buy.packages[place] = package;
        buy.record(
            call.context.now,
            Some(&call.context.principal.0),
            "updated_packages",
            Some(package_id),
            Some(format!("creative {creative_id} assigned")),
        );
    }
    Ok(())
}

/// Moves a buy on if it waited for a creative and now has one. Returns it as the store has it, and
/// whether it moved.
async fn wake(
    call: &Call<'_>,
    library: &Library<'_>,
    stored: &mut Stored<MediaBuy>,
) -> Result<(Option<MediaBuy>, bool)> {
    let media_buy_id = &stored.value.media_buy_id;
    let known =
        records::find::<MediaBuy>(&call.services.store, library.scope(), media_buy_id).await?;
    stored.value.settle(call.context.now);
    let shown: Vec<String> = stored
        .value
        .live_packages()
        .flat_map(|package| package.creative_ids.clone())
        .collect();
    let woken = stored.value.status == MediaBuyStatus::PendingCreatives
        && library.any_usable(&shown).await?;
    if woken {
        stored.value.has_creatives(call.context.now);
    }
    Ok((known.map(|known| known.value), woken))
}

/// Archives what the request left out, in whatever state it is
/// (`creative/sync-creatives-request.json`, `delete_missing`). Nothing is removed, so that no
/// package keeps the name of a creative that nobody knows.
async fn drop_missing(
    call: &Call<'_>,
    library: &Library<'_>,
    account_id: &str,
    batch: &mut Batch,
) -> Result<Vec<Value>> {
    let mut gone = Vec::new();
    let view = View::Account(account_id.to_owned());
    for mut stored in records::all::<Creative>(&call.services.store, library.scope()).await? {
        let named = library
            .taken()
            .iter()
            .any(|taken| taken.creative.creative_id == stored.value.creative_id);
        if named
            || stored.seeded
            || !view.shows(&stored.value.account_id, false)
            || stored.value.status == CreativeStatus::Archived
        {
            continue;
        }
        stored.value.archive();
        stored.value.updated_at = call.context.now;
        stored.save(batch)?;
        gone.push(json!({ "creative_id": stored.value.creative_id, "action": "updated", "status": "archived", "changes": ["status"] }));
    }
    Ok(gone)
}

async fn describe(
    call: &Call<'_>,
    library: &Library<'_>,
    line: &Line,
) -> Result<Map<String, Value>> {
    let mut result = Map::new();
    result.put("creative_id", line.creative_id.as_str());
    let taken = library
        .taken()
        .iter()
        .find(|taken| taken.creative.creative_id == line.creative_id);
    match (taken, &line.error) {
        (
            Some(Taken {
                creative,
                action,
                changes,
                ..
            }),
            None,
        ) => {
            result.put("action", *action);
            result.put("status", creative.status.as_str());
            result.put_some("platform_id", creative.creative_ref.clone());
            if *action == "updated" {
                result.put("changes", changes.clone());
            }
            if let Some(reason) = &creative.rejection_reason {
                result.put("warnings", vec![format!("rejected: {reason}")]);
            }
        }
        (_, Some(error)) => {
            result.put("action", "failed");
            let mut described = json!({ "code": error.code, "message": error.message, "recovery": call.services.spec.recovery(error.code).as_str() });
            if let Some(field) = &error.field {
                described["field"] = json!(field);
            }
            result.put("errors", vec![described]);
        }
        (None, None) => {
            result.put("action", "unchanged");
            result.put_some(
                "status",
                library
                    .find(&line.creative_id)
                    .await?
                    .map(|creative| creative.status.as_str()),
            );
        }
    }
    if !line.assigned_to.is_empty() {
        result.put("assigned_to", line.assigned_to.clone());
    }
    if !line.assignment_errors.is_empty() {
        result.put("assignment_errors", json!(line.assignment_errors));
    }
    Ok(result)
}
