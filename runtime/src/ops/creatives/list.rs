//! `list_creatives`: the library, filtered, sorted and paged.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::super::page::Page;
use super::super::records::{self, Stored};
use super::super::request::{Fill, Members};
use super::super::scope::View;
use super::super::{Call, Outcome, accounts, media_buys};
use crate::clock::{self, Timestamp};
use crate::domain::{Creative, CreativeStatus, MediaBuy};
use crate::error::{Error, Result};
use crate::identity::Scope;

/// Members that are there whatever `fields` asks for (`list-creatives-response.json`).
const REQUIRED: [&str; 6] = [
    "creative_id",
    "name",
    "format_id",
    "status",
    "created_date",
    "updated_date",
];
/// Members of a synced creative that the response has a place for.
const SHOWN: [&str; 4] = ["assets", "tags", "concept_id", "concept_name"];

/// The filter that asks what no library knows: whether an ad server has shown a creative.
const UNANSWERABLE: &str = "has_served";

/// A package that shows a creative.
struct Shown {
    media_buy_id: String,
    package_id: String,
    since: Timestamp,
}

/// How the request wants the list sorted.
struct Sorting<'a> {
    field: &'a str,
    direction: &'static str,
}

impl<'a> Sorting<'a> {
    fn of(request: &'a Value) -> Self {
        let sort = request.object("sort");
        let ascending = sort.and_then(|sort| sort.text("direction")) == Some("asc");
        Sorting {
            field: sort
                .and_then(|sort| sort.text("field"))
                .unwrap_or("created_date"),
            direction: if ascending { "asc" } else { "desc" },
        }
    }

    fn order(&self, one: &Position, other: &Position) -> Ordering {
        if self.direction == "asc" {
            one.cmp(other)
        } else {
            other.cmp(one)
        }
    }
}

/// A place in the sorted list: what is sorted by, then what is unique to the creative.
type Position = (String, String);

/// A creative with its place and the packages that show it.
struct Found {
    at: Position,
    creative: Creative,
    packages: Vec<Shown>,
}

pub(in crate::ops) async fn list(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let empty = Map::new();
    let filters = request.object("filters").unwrap_or(&empty);
    if filters.member(UNANSWERABLE).is_some() {
        return Err(Error::unsupported(
            "this seller's library does not know which creatives have been served",
        )
        .at(format!("filters.{UNANSWERABLE}"))
        .suggest("leave the filter out, and ask get_media_buy_delivery what was delivered"));
    }
    let sorting = Sorting::of(request);
    let page = Page::of(call, "creatives")?;

    let mut found = find(call, filters, sorting.field).await?;
    found.sort_by(|one, other| sorting.order(&one.at, &other.at));
    let total = found.len();
    let mut by_format: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
    for Found { creative, .. } in &found {
        *by_format.entry(creative.format_id.id.clone()).or_default() += 1;
        *by_status.entry(creative.status.as_str()).or_default() += 1;
    }
    if let Some(after) = &page.after {
        found.retain(|found| sorting.order(&found.at, after) == Ordering::Greater);
    }
    let more = found.len() > page.size;
    found.truncate(page.size);
    let resume = found.last().filter(|_| more).map(|found| found.at.clone());

    let fields: Vec<&str> = request.texts("fields").collect();
    let creatives: Vec<Value> = found
        .iter()
        .map(|found| Value::Object(to_wire(call, &found.creative, &found.packages, &fields)))
        .collect();
    let mut body = Map::new();
    body.put(
        "query_summary",
        json!({
            "total_matching": total,
            "returned": creatives.len(),
            "filters_applied": filters.keys().collect::<Vec<_>>(),
            "sort_applied": { "field": sorting.field, "direction": sorting.direction },
        }),
    );
    body.put("pagination", page.answer(call, resume, Some(total)));
    body.put("creatives", creatives);
    body.put("format_summary", json!(by_format));
    body.put("status_summary", json!(by_status));
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    Ok(Outcome::read(body))
}

/// The creatives that the call may see and the filters let through, in no order.
async fn find(call: &Call<'_>, filters: &Map<String, Value>, sort: &str) -> Result<Vec<Found>> {
    let view = View::of(call.context);
    // Who asks for creatives by their ids means exactly those, under whatever account.
    let by_id = filters.member("creative_ids").is_some();
    let references = filters.list("accounts").iter().filter_map(Value::as_object);
    let owners: Vec<String> = references
        .map(|reference| accounts::named(call, reference))
        .collect();
    let mut found = Vec::new();
    for scope in media_buys::scopes(call).await? {
        let mut shown = shown_in(call, &scope).await?;
        for stored in records::all::<Creative>(&call.services.store, &scope).await? {
            let Stored {
                seeded,
                value: creative,
                ..
            } = stored;
            let packages = shown.remove(&creative.creative_id).unwrap_or_default();
            let visible = by_id || view.shows(&creative.account_id, seeded);
            let owned = owners.is_empty() || owners.contains(&creative.account_id);
            if visible && owned && passes(&creative, filters, &packages) {
                let unique = format!("{}\u{1f}{}", creative.creative_id, creative.account_id);
                found.push(Found {
                    at: (sort_key(&creative, sort, packages.len()), unique),
                    creative,
                    packages,
                });
            }
        }
    }
    Ok(found)
}

/// The packages of a scope that run or will run, by the creatives that they show.
async fn shown_in(call: &Call<'_>, scope: &Scope) -> Result<HashMap<String, Vec<Shown>>> {
    let mut shown: HashMap<String, Vec<Shown>> = HashMap::new();
    for stored in records::all::<MediaBuy>(&call.services.store, scope).await? {
        let mut buy = stored.value;
        buy.settle(call.context.now);
        for package in buy.live_packages().filter(|_| !buy.status.is_terminal()) {
            for creative_id in &package.creative_ids {
                let since = package.assigned_at.get(creative_id).copied();
                shown.entry(creative_id.clone()).or_default().push(Shown {
                    media_buy_id: buy.media_buy_id.clone(),
                    package_id: package.package_id.clone(),
                    since: since.unwrap_or(buy.created_at),
                });
            }
        }
    }
    Ok(shown)
}

fn sort_key(creative: &Creative, field: &str, assignments: usize) -> String {
    let instant = |at: Timestamp| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    match field {
        "updated_date" => instant(creative.updated_at),
        "name" => creative.name.clone(),
        "status" => creative.status.as_str().to_owned(),
        "assignment_count" => format!("{assignments:09}"),
        _ => instant(creative.created_at),
    }
}

/// Each filter of `core/creative-filters.json`. Archived creatives show only when asked for.
fn passes(creative: &Creative, filters: &Map<String, Value>, packages: &[Shown]) -> bool {
    let any_text = |name: &str, test: &dyn Fn(&str) -> bool| {
        filters.member(name).is_none() || filters.texts(name).any(test)
    };
    let tags: Vec<&str> = creative.extra.texts("tags").collect();
    let within = |after: &str, before: &str, at: Timestamp| {
        filters.instant(after).is_none_or(|after| at > after)
            && filters.instant(before).is_none_or(|before| at < before)
    };
    let status_fits = match filters.member("statuses") {
        Some(_) => filters
            .texts("statuses")
            .any(|status| status == creative.status.as_str()),
        None => creative.status != CreativeStatus::Archived,
    };
    status_fits
        && filters.texts("tags").all(|tag| tags.contains(&tag))
        && any_text("tags_any", &|tag| tags.contains(&tag))
        && filters
            .text("name_contains")
            .is_none_or(|part| creative.name.to_lowercase().contains(&part.to_lowercase()))
        && any_text("creative_ids", &|id| id == creative.creative_id)
        && within("created_after", "created_before", creative.created_at)
        && within("updated_after", "updated_before", creative.updated_at)
        && any_text("assigned_to_packages", &|id| {
            packages.iter().any(|shown| shown.package_id == id)
        })
        && any_text("media_buy_ids", &|id| {
            packages.iter().any(|shown| shown.media_buy_id == id)
        })
        && filters
            .truth("unassigned")
            .is_none_or(|wanted| wanted == packages.is_empty())
        && any_text("concept_ids", &|id| {
            creative.extra.text("concept_id") == Some(id)
        })
        && filters.format_ids("format_ids").is_none_or(|wanted| {
            wanted
                .iter()
                .any(|format_id| format_id.names_same(&creative.format_id))
        })
        && filters
            .truth("has_variables")
            .is_none_or(|wanted| wanted != creative.extra.list("variables").is_empty())
}

fn to_wire(
    call: &Call<'_>,
    creative: &Creative,
    packages: &[Shown],
    fields: &[&str],
) -> Map<String, Value> {
    let request = &call.request;
    let mut wire = Map::new();
    wire.put("creative_id", creative.creative_id.as_str());
    wire.put("name", creative.name.as_str());
    wire.put("format_id", json!(creative.format_id));
    wire.put("status", creative.status.as_str());
    wire.put("created_date", clock::to_wire(creative.created_at));
    wire.put("updated_date", clock::to_wire(creative.updated_at));
    wire.extend(creative.extra.pick(&SHOWN));
    if request.truth("include_items").unwrap_or(false) {
        wire.extend(creative.extra.pick(&["items"]));
    }
    if request.truth("include_variables").unwrap_or(false) {
        wire.extend(creative.extra.pick(&["variables"]));
    }
    if request.truth("include_assignments").unwrap_or(true) {
        let assigned = packages.iter().map(|shown| json!({ "package_id": shown.package_id, "assigned_date": clock::to_wire(shown.since) }));
        let mut assignments = Map::new();
        assignments.put("assignment_count", packages.len());
        if !packages.is_empty() {
            assignments.put("assigned_packages", assigned.collect::<Vec<_>>());
        }
        wire.put("assignments", assignments);
    }
    if request.truth("include_snapshot").unwrap_or(false) {
        wire.put("snapshot_unavailable_reason", "SNAPSHOT_UNSUPPORTED");
    }
    if !fields.is_empty() {
        let concept = fields.contains(&"concept");
        wire.retain(|name, _| {
            REQUIRED.contains(&name.as_str())
                || fields.contains(&name.as_str())
                || (concept && matches!(name.as_str(), "concept_id" | "concept_name"))
        });
    }
    wire
}
