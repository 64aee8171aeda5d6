//! `get_media_buys`, and finding the buys that a read asks for.

use serde_json::{Map, Value, json};

use super::super::page::Page;
use super::super::records::{self, Stored};
use super::super::request::{Fill, Members};
use super::super::scope::{self, View};
use super::super::{Call, Outcome, delivery};
use super::wire;
use crate::domain::{AccountRecord, Creative, MediaBuy, MediaBuyStatus};
use crate::error::Result;
use crate::identity::Scope;

/// Separates a scope from a place in it, within a page position. No scope has it in its name.
const SEPARATOR: char = '\u{1f}';

/// The parts of the store that a read covers: that of the account it names, or those of every
/// account of the caller's (`get-media-buys-request.json`, `account`).
pub(in crate::ops) async fn scopes(call: &Call<'_>) -> Result<Vec<Scope>> {
    if call.context.sandbox {
        return Ok(vec![scope::shared(call.context)]);
    }
    if let Some(account) = &call.context.account {
        return Ok(vec![scope::of_account(call.context, &account.account_id)]);
    }
    let accounts =
        records::all::<AccountRecord>(&call.services.store, &scope::of_principal(call.context))
            .await?;
    Ok(accounts
        .iter()
        .map(|stored| scope::of_account(call.context, &stored.value.account_id))
        .collect())
}

/// Which buys a read asks for.
pub(in crate::ops) struct Selection<'a> {
    ids: Vec<&'a str>,
    statuses: Vec<MediaBuyStatus>,
    view: View,
}

impl<'a> Selection<'a> {
    fn of(call: &'a Call<'_>) -> Self {
        let request = &call.request;
        let ids: Vec<&str> = request.texts("media_buy_ids").collect();
        let mut statuses: Vec<MediaBuyStatus> = match request.member("status_filter") {
            Some(Value::String(one)) => MediaBuyStatus::from_wire(one).into_iter().collect(),
            Some(_) => request
                .texts("status_filter")
                .filter_map(MediaBuyStatus::from_wire)
                .collect(),
            None => Vec::new(),
        };
        if ids.is_empty() && request.member("status_filter").is_none() {
            statuses.push(MediaBuyStatus::Active);
        }
        Selection {
            ids,
            statuses,
            view: View::of(call.context),
        }
    }

    fn passes(&self, stored: &Stored<MediaBuy>) -> bool {
        // Who asks by id means exactly those, under whatever account of the sandbox.
        (!self.ids.is_empty() || self.view.shows(&stored.value.account_id, stored.seeded))
            && (self.statuses.is_empty() || self.statuses.contains(&stored.value.status))
    }
}

/// The buys that a read asks for, settled, in the order in which they were created; the position
/// of the last one when more follow; and the ids that lead nowhere.
pub(in crate::ops) struct Selected {
    pub(in crate::ops) buys: Vec<MediaBuy>,
    resume: Option<(String, String)>,
    missing: Vec<String>,
}

impl Selected {
    /// Whether nothing more matches.
    pub(in crate::ops) fn is_complete(&self) -> bool {
        self.resume.is_none()
    }

    /// What is wrong with the ids that were asked for (`errors` of the response).
    pub(in crate::ops) fn errors(&self, call: &Call<'_>) -> Vec<Value> {
        let code = "MEDIA_BUY_NOT_FOUND";
        let describe = |media_buy_id: &String| {
            let at = call
                .request
                .texts("media_buy_ids")
                .position(|id| id == media_buy_id)
                .unwrap_or(0);
            json!({
                "code": code,
                "message": "there is no such media buy",
                "field": format!("media_buy_ids[{at}]"),
                "recovery": call.services.spec.recovery(code).as_str(),
            })
        };
        self.missing.iter().map(describe).collect()
    }
}

/// Finds what a read asks for: by id all of it, otherwise at most `limit` after a position.
pub(in crate::ops) async fn selected(
    call: &Call<'_>,
    after: Option<&(String, String)>,
    limit: usize,
) -> Result<Selected> {
    let selection = Selection::of(call);
    let scopes = scopes(call).await?;
    if !selection.ids.is_empty() {
        return by_id(call, &selection, &scopes, after, limit).await;
    }
    let mut selected = Selected {
        buys: Vec::new(),
        resume: None,
        missing: Vec::new(),
    };
    let mut last = None;
    let mut from = after.and_then(|(place, id)| {
        let (owner, sort) = place.split_once(SEPARATOR)?;
        Some((owner.to_owned(), (sort.to_owned(), id.clone())))
    });
    for scope in &scopes {
        let owner = scope.owner.to_string();
        let mut position = match &from {
            Some((resumed, _)) if *resumed != owner => continue,
            Some(_) => from.take().map(|(_, position)| position),
            None => None,
        };
        loop {
            let chunk =
                records::chunk::<MediaBuy>(&call.services.store, scope, None, position.take())
                    .await?;
            let end = records::is_last(chunk.len());
            for mut stored in chunk {
                let place = (stored.sort.clone(), stored.key.id.clone());
                stored.value.settle(call.context.now);
                if selection.passes(&stored) {
                    if selected.buys.len() == limit {
                        selected.resume = last;
                        return Ok(selected);
                    }
                    last = Some((format!("{owner}{SEPARATOR}{}", place.0), place.1.clone()));
                    selected.buys.push(stored.value);
                }
                position = Some(place);
            }
            if end {
                break;
            }
        }
    }
    Ok(selected)
}

async fn by_id(
    call: &Call<'_>,
    selection: &Selection<'_>,
    scopes: &[Scope],
    after: Option<&(String, String)>,
    limit: usize,
) -> Result<Selected> {
    let mut selected = Selected {
        buys: Vec::new(),
        resume: None,
        missing: Vec::new(),
    };
    let skip = after
        .and_then(|(at, _)| at.parse::<usize>().ok())
        .unwrap_or(0);
    for (at, id) in selection.ids.iter().enumerate().skip(skip) {
        if selection.ids[..at].contains(id) {
            continue;
        }
        if selected.buys.len() == limit {
            selected.resume = Some((at.to_string(), String::new()));
            break;
        }
        let mut found = None;
        for scope in scopes {
            if found.is_none() {
                found = records::find::<MediaBuy>(&call.services.store, scope, id).await?;
            }
        }
        match found {
            Some(mut stored) => {
                stored.value.settle(call.context.now);
                if selection.passes(&stored) {
                    selected.buys.push(stored.value);
                }
            }
            None => selected.missing.push((*id).to_owned()),
        }
    }
    Ok(selected)
}

pub(in crate::ops) async fn get(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let by_id = request.member("media_buy_ids").is_some();
    let page = Page::of(
        call,
        if by_id {
            "media_buys_by_id"
        } else {
            "media_buys"
        },
    )?;
    let mut found = selected(call, page.after.as_ref(), page.size).await?;
    let history = request.count("include_history").map_or(0, |count| {
        usize::try_from(count).unwrap_or(MediaBuy::MOST_HISTORY)
    });
    let snapshots = if request.truth("include_snapshot").unwrap_or(false) {
        Some(delivery::snapshots(call, &found.buys).await?)
    } else {
        None
    };

    let mut media_buys = Vec::new();
    for buy in &found.buys {
        let creatives = creatives_of(call, buy).await?;
        let packages = buy.packages.iter().map(|package| {
            let product = call.context.catalog.product(&package.product_id);
            let product = product.map(AsRef::as_ref);
            let mut wire = wire::package_state(buy, package, &creatives, product);
            if let Some(snapshots) = &snapshots {
                match snapshots.get(&package.package_id) {
                    Some(snapshot) => wire.put("snapshot", snapshot.clone()),
                    None => wire.put(
                        "snapshot_unavailable_reason",
                        "SNAPSHOT_TEMPORARILY_UNAVAILABLE",
                    ),
                }
            }
            Value::Object(wire)
        });
        let mut wire = wire::buy(buy, history);
        wire.put("packages", packages.collect::<Vec<_>>());
        media_buys.push(Value::Object(wire));
    }
    let mut body = Map::new();
    body.put("media_buys", media_buys);
    let errors = found.errors(call);
    if !errors.is_empty() {
        body.put("errors", errors);
    }
    body.put("pagination", page.answer(call, found.resume.take(), None));
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    Ok(Outcome::read(body))
}

/// The creatives that a buy shows, as far as the library has them.
async fn creatives_of(call: &Call<'_>, buy: &MediaBuy) -> Result<Vec<Creative>> {
    let scope = scope::of_account(call.context, &buy.account_id);
    let mut ids: Vec<&String> = buy
        .packages
        .iter()
        .flat_map(|package| &package.creative_ids)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut creatives = Vec::new();
    for id in ids {
        creatives.extend(
            records::find::<Creative>(&call.services.store, &scope, id)
                .await?
                .map(|stored| stored.value),
        );
    }
    Ok(creatives)
}
