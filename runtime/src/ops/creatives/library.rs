//! Taking creatives in, and looking them up while one call is at work.

use serde_json::{Map, Value};

use super::super::records::{self, Stored};
use super::super::request::Members;
use super::super::scope::View;
use super::super::{Call, scope};
use super::specification;
use crate::catalog::CatalogProduct;
use crate::domain::{Creative, CreativeReview, CreativeStatus, Package};
use crate::error::{Error, Result};
use crate::identity::Scope;
use crate::store::Batch;

/// Members of a creative that have a place of their own, or belong to its assignment.
const APART: [&str; 6] = [
    "creative_id",
    "name",
    "format_id",
    "status",
    "weight",
    "placement_ids",
];

/// Members that say how a creative is filed. All others are what it shows, or where that comes
/// from, so a review of the old ones says nothing about the new ones.
const LABELS: [&str; 5] = [
    "name",
    "tags",
    "concept_id",
    "concept_name",
    "industry_identifiers",
];

/// The longest creative id that is taken in, in bytes. The schema sets no limit; stores do.
const LONGEST_ID: usize = 500;

/// The creatives of one account, as a call finds and leaves them.
pub(in crate::ops) struct Library<'a> {
    call: &'a Call<'a>,
    scope: Scope,
    account_id: String,
    taken: Vec<Taken>,
}

/// A creative that the call took in.
pub(in crate::ops) struct Taken {
    pub(in crate::ops) creative: Creative,
    /// `created`, `updated` or `unchanged` (`enums/creative-action.json`).
    pub(in crate::ops) action: &'static str,
    /// Which members changed.
    pub(in crate::ops) changes: Vec<String>,
    stored: Option<Stored<Creative>>,
}

impl<'a> Library<'a> {
    pub(in crate::ops) fn new(call: &'a Call<'a>, account_id: &str) -> Self {
        Library {
            call,
            scope: scope::of_account(call.context, account_id),
            account_id: account_id.to_owned(),
            taken: Vec::new(),
        }
    }

    pub(in crate::ops) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(in crate::ops) fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// The creative of that id, with what this call changes about it.
    pub(in crate::ops) async fn find(&self, creative_id: &str) -> Result<Option<Creative>> {
        if let Some(taken) = self
            .taken
            .iter()
            .find(|taken| taken.creative.creative_id == creative_id)
        {
            return Ok(Some(taken.creative.clone()));
        }
        Ok(
            records::find::<Creative>(&self.call.services.store, &self.scope, creative_id)
                .await?
                .map(|stored| stored.value),
        )
    }

    /// The creative of that id, if it is the account's own or has been seeded. Only a sandbox tells
    /// these apart from the others in its scope: there, a new buy that names a creative of another
    /// account names one that is yet to come.
    pub(in crate::ops) async fn find_own(&self, creative_id: &str) -> Result<Option<Creative>> {
        if let Some(taken) = self
            .taken
            .iter()
            .find(|taken| taken.creative.creative_id == creative_id)
        {
            return Ok(Some(taken.creative.clone()));
        }
        let view = View::of(self.call.context);
        let stored =
            records::find::<Creative>(&self.call.services.store, &self.scope, creative_id).await?;
        Ok(stored
            .filter(|stored| view.shows(&stored.value.account_id, stored.seeded))
            .map(|stored| stored.value))
    }

    /// Whether something could be shown with one of these creatives.
    pub(in crate::ops) async fn any_usable(
        &self,
        creative_ids: impl IntoIterator<Item = &String>,
    ) -> Result<bool> {
        for creative_id in creative_ids {
            if self
                .find(creative_id)
                .await?
                .is_some_and(|creative| creative.status.is_usable())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same, of the account's own creatives.
    pub(in crate::ops) async fn any_own_usable(
        &self,
        creative_ids: impl IntoIterator<Item = &String>,
    ) -> Result<bool> {
        for creative_id in creative_ids {
            if self
                .find_own(creative_id)
                .await?
                .is_some_and(|creative| creative.status.is_usable())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes a creative in (`core/creative-asset.json`). A new one waits for review, and so does one
    /// that shows something else than before: "re-reviewed by the seller" is the way that
    /// `enums/creative-status.json` has for an approved one. A rejected one comes back with any
    /// change; one that had been put away comes back by being named, as what it was.
    pub(in crate::ops) async fn take_in(&mut self, asset: &Value, field: &str) -> Result<&Taken> {
        let creative_id = asset.text("creative_id").unwrap_or_default();
        if self
            .taken
            .iter()
            .any(|taken| taken.creative.creative_id == creative_id)
        {
            return Err(
                Error::invalid_request("the request names this creative twice")
                    .at(format!("{field}.creative_id")),
            );
        }
        if creative_id.is_empty() || creative_id.len() > LONGEST_ID {
            return Err(Error::invalid_request(format!(
                "creative_id has from 1 to {LONGEST_ID} bytes"
            ))
            .at(format!("{field}.creative_id")));
        }
        let format_id = asset.format_id("format_id").ok_or_else(|| {
            Error::invalid_request("the creative's format can't be read")
                .at(format!("{field}.format_id"))
        })?;
        let catalog = &self.call.context.catalog;
        if catalog.is_own(&format_id) {
            let format = catalog.format(&format_id).ok_or_else(|| {
                Error::validation("this seller has no such creative format")
                    .at(format!("{field}.format_id"))
                    .suggest("call list_creative_formats to see which formats there are")
            })?;
            let empty = Map::new();
            let assets = asset.object("assets").unwrap_or(&empty);
            specification::check(format, assets, &format!("{field}.assets"))?;
        }
        let name = asset.text("name").unwrap_or(creative_id).to_owned();
        let mut extra = asset.as_object().cloned().unwrap_or_default();
        extra.retain(|member, _| !APART.contains(&member.as_str()));
        let now = self.call.context.now;
        let taken =
            match records::find::<Creative>(&self.call.services.store, &self.scope, creative_id)
                .await?
            {
                None => {
                    let creative = Creative {
                        creative_id: creative_id.to_owned(),
                        account_id: self.account_id.clone(),
                        name,
                        format_id,
                        status: CreativeStatus::PendingReview,
                        archived_from: None,
                        rejection_reason: None,
                        created_at: now,
                        updated_at: now,
                        creative_ref: None,
                        extra,
                    };
                    Taken {
                        creative,
                        action: "created",
                        changes: Vec::new(),
                        stored: None,
                    }
                }
                Some(stored) => {
                    let mut changes = changes(&stored.value, &name, &format_id, &extra);
                    let mut creative = stored.value.clone();
                    (creative.name, creative.format_id, creative.extra) = (name, format_id, extra);
                    creative.restore();
                    let shows_else = changes.iter().any(|name| !LABELS.contains(&name.as_str()));
                    let corrected =
                        creative.status == CreativeStatus::Rejected && !changes.is_empty();
                    if corrected || (shows_else && creative.status != CreativeStatus::Processing) {
                        creative.status = CreativeStatus::PendingReview;
                        creative.rejection_reason = None;
                    }
                    if creative.status != stored.value.status {
                        changes.push("status".to_owned());
                    }
                    if !changes.is_empty() {
                        creative.updated_at = now;
                    }
                    let action = if changes.is_empty() {
                        "unchanged"
                    } else {
                        "updated"
                    };
                    Taken {
                        creative,
                        action,
                        changes,
                        stored: Some(stored),
                    }
                }
            };
        self.taken.push(taken);
        // The vector is not empty: the line above has filled it.
        self.taken
            .last()
            .ok_or_else(|| Error::internal("a creative was lost"))
    }

    /// What is new or changed, to be handed to the adapter.
    pub(in crate::ops) fn for_review(&self) -> Vec<Creative> {
        self.taken
            .iter()
            .filter(|taken| taken.action != "unchanged")
            .map(|taken| taken.creative.clone())
            .collect()
    }

    /// Takes over what the adapter decided. A decision that no edge leads to is left aside.
    pub(in crate::ops) fn reviewed(&mut self, reviews: Vec<CreativeReview>) {
        for review in reviews {
            if let Some(taken) = self
                .taken
                .iter_mut()
                .find(|taken| taken.creative.creative_id == review.creative_id)
            {
                let creative = &mut taken.creative;
                if creative.status.may_become(review.status) {
                    creative.status = review.status;
                    creative.rejection_reason = review
                        .rejection_reason
                        .filter(|_| review.status == CreativeStatus::Rejected);
                }
                creative.creative_ref =
                    review.creative_ref.or_else(|| creative.creative_ref.take());
            }
        }
    }

    /// Writes what is new or changed.
    pub(in crate::ops) fn save(&self, batch: &mut Batch) -> Result<()> {
        for taken in &self.taken {
            match &taken.stored {
                None => records::insert(batch, &self.scope, &taken.creative)?,
                Some(stored) if stored.value != taken.creative => Stored {
                    value: taken.creative.clone(),
                    ..stored.clone()
                }
                .save(batch)?,
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn changes(
    known: &Creative,
    name: &str,
    format_id: &crate::domain::FormatId,
    extra: &Map<String, Value>,
) -> Vec<String> {
    let mut changes = Vec::new();
    if known.name != name {
        changes.push("name".to_owned());
    }
    if known.format_id != *format_id {
        changes.push("format_id".to_owned());
    }
    let names = extra
        .keys()
        .chain(known.extra.keys().filter(|name| !extra.contains_key(*name)));
    changes.extend(
        names
            .filter(|name| extra.get(*name) != known.extra.get(*name))
            .cloned(),
    );
    changes
}

/// One assignment of a creative to a package, as the package keeps it
/// (`core/creative-assignment.json`).
///
/// `creative` is `None` when the library does not have it yet. A format of another agent is that
/// agent's and the ad server's to judge; one of this seller's own has to be among those that the
/// package takes.
pub(in crate::ops) fn checked_assignment(
    creative_id: &str,
    creative: Option<&Creative>,
    assignment: &Value,
    package: &Package,
    product: Option<&CatalogProduct>,
    is_own: impl Fn(&crate::domain::FormatId) -> bool,
    field: &str,
) -> Result<Value> {
    if let Some(creative) = creative {
        if creative.status == CreativeStatus::Rejected {
            return Err(Error::new(
                "CREATIVE_REJECTED",
                "the creative was rejected; sync a corrected one first",
            )
            .at(format!("{field}.creative_id")));
        }
        let listed = package.extra.format_ids("format_ids");
        let accepted = match (&listed, product) {
            (Some(listed), _) => listed
                .iter()
                .any(|format_id| format_id.names_same(&creative.format_id)),
            (None, Some(product)) => product.accepts(&creative.format_id),
            (None, None) => true,
        };
        if is_own(&creative.format_id) && !accepted {
            return Err(Error::validation(format!(
                "the package takes no creatives of the format {}",
                creative.format_id.id
            ))
            .at(format!("{field}.creative_id")));
        }
    }
    if let Some(product) = product
        && let Some(stranger) = assignment.texts("placement_ids").find(|id| {
            !product
                .value
                .list("placements")
                .iter()
                .any(|placement| placement.text("placement_id") == Some(id))
        })
    {
        return Err(
            Error::validation(format!("the product has no placement {stranger}"))
                .at(format!("{field}.placement_ids")),
        );
    }
    let mut kept = assignment.pick(&["weight", "placement_ids"]);
    kept.shift_insert(0, "creative_id".to_owned(), Value::from(creative_id));
    Ok(Value::Object(kept))
}
