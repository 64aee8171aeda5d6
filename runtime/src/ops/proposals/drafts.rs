//! Drafts: what of an adapter's proposals is kept, and what is checked before.
//!
//! A draft is kept with the products of its allocations as they are offered now and the recipes to
//! book them by, so that what is bought later is what was proposed, whatever becomes of the catalogue
//! meanwhile. Whatever is wrong with a draft is the adapter's doing, and is answered as such.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::super::{Call, overlap, products, recipes, records};
use super::Event;
use super::ledger::{self, Place};
use super::record::{Content, Making, Proposal, Redrafted};
use crate::catalog::PROPOSAL;
use crate::domain::{Draft, allocation};
use crate::error::{Error, Result};
use crate::platform::Context;
use crate::schema::first_of;
use crate::store::Batch;

/// Proposals that an answer makes, and what has to be written for it to be true.
#[derive(Debug, Default)]
pub(in super::super) struct Drafted {
    /// In the order of the answer.
    pub(in super::super) proposals: Vec<Proposal>,
    /// The ids that the adapter wanted them to have, in the same order.
    pub(in super::super) wished: Vec<String>,
    /// The ids of those drafts that say something new.
    pub(in super::super) changed: BTreeSet<String>,
    /// The drafts that are new or changed.
    pub(in super::super) batch: Batch,
    /// What is logged then.
    pub(in super::super) events: Vec<Event>,
}

impl Drafted {
    /// Adds a proposal that stands as it was.
    pub(in super::super) fn add(&mut self, proposal: &Proposal) {
        let known = |known: &Proposal| known.proposal_id == proposal.proposal_id;
        if !self.proposals.iter().any(known) {
            self.proposals.push(proposal.clone());
        }
    }
}

/// Keeps drafts under the account of the call, each over the draft of its id. `listed` are the
/// products of the answer; `admits` says which products the request lets into a proposal. A proposal
/// with another one is left out. `making` says of an id whether the buyer has had that draft changed.
///
/// # Errors
///
/// `INTERNAL_ERROR` for a draft that breaks a rule.
pub(in super::super) async fn keep(
    call: &Call<'_>,
    listed: &HashMap<&str, &Value>,
    admits: impl Fn(&Value) -> bool,
    making: impl Fn(&str) -> Making,
    drafts: Vec<Draft>,
) -> Result<Drafted> {
    let mut kept = Drafted::default();
    let Some(rules) = &call.services.profile.proposals else {
        return Ok(kept);
    };
    let (store, scope) = (&call.services.store, ledger::scope_of(call.context));
    let now = call.context.now;
    for draft in drafts {
        let product = |id: &str| {
            listed
                .get(id)
                .copied()
                .or_else(|| Some(&call.context.catalog.product(id)?.value))
        };
        let mut content = content(call, call.context, draft, product).await?;
        if !content.products.values().all(&admits) {
            continue;
        }
        let wish = content.proposal["proposal_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if kept.wished.contains(&wish) {
            return Err(Error::internal(format!(
                "the adapter's answer has two proposals named {wish:?}"
            )));
        }
        let making = making(&wish);
        let place = ledger::place_of(store, rules, call.context, &wish, making).await?;
        let proposal = match place {
            Place::Over(mut found) => {
                let draft = &mut found.record.value;
                draft.account_id = owner(call.context).to_owned();
                content.proposal["proposal_id"] = Value::from(draft.proposal_id.as_str());
                let redrafted = draft.redraft(content, making, rules, now)?;
                if redrafted == Redrafted::Content {
                    kept.note(draft);
                }
                if redrafted != Redrafted::Nothing || found.is_copy() {
                    found.save(&mut kept.batch)?;
                }
                found.record.value
            }
            Place::New(id) => {
                content.proposal["proposal_id"] = Value::from(id.as_str());
                let owner = owner(call.context);
                let draft = Proposal::draft(id, owner, content, making, rules, now);
                records::insert(&mut kept.batch, &scope, &draft)?;
                kept.note(&draft);
                draft
            }
        };
        if kept
            .proposals
            .iter()
            .any(|known| known.proposal_id == proposal.proposal_id)
        {
            return Err(Error::internal(format!(
                "two proposals of the adapter's answer come to be named {:?}",
                proposal.proposal_id
            )));
        }
        kept.wished.push(wish);
        kept.proposals.push(proposal);
    }
    Ok(kept)
}

impl Drafted {
    fn note(&mut self, proposal: &Proposal) {
        self.changed.insert(proposal.proposal_id.clone());
        self.events.push(Event::draft_persisted(proposal));
    }
}

/// What a proposal says, complete and checked. `product` finds the products that it may name.
///
/// # Errors
///
/// `INTERNAL_ERROR` when it breaks its schema or a rule of allocations, when a recipe is missing or
/// breaks its own schema, or when one promises what its product does not offer.
pub(super) async fn content<'a>(
    call: &Call<'_>,
    context: &Context,
    draft: Draft,
    product: impl Fn(&str) -> Option<&'a Value>,
) -> Result<Content> {
    let Draft {
        mut proposal,
        recipes: own,
    } = draft;
    if let Some(members) = proposal.as_object_mut() {
        // Where a proposal stands is not for its maker to say.
        members.shift_remove("proposal_status");
    }
    let name = proposal["proposal_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let wrong = |what: String| Error::internal(format!("the proposal {name:?}: {what}"));
    call.services
        .schemas
        .check(PROPOSAL, &proposal)
        .map_err(|violations| wrong(first_of(&violations)))?;
    products::refuse_private("proposal", &proposal)?;
    allocation::check(&proposal, &product)
        .map_err(|flaw| wrong(format!("{}: {}", flaw.pointer, flaw.message)))?;
    allocation::fill_in_prices(&mut proposal, &product);
    let offered: BTreeMap<String, Value> = allocation::allocated(&proposal)
        .filter_map(|id| Some((id.to_owned(), product(id)?.clone())))
        .collect();
    let ids: Vec<String> = offered.keys().cloned().collect();
    let recipes = recipes::of_products(call, context, &ids, &own).await?;
    for (id, recipe) in &recipes {
        if let Some(product) = offered.get(id) {
            overlap::check_offer(recipe, product)?;
        }
    }
    Ok(Content {
        proposal,
        products: offered,
        recipes: recipes::kept(call, recipes),
    })
}

/// Whose a draft is: the account's, or the caller's where the call names none.
fn owner(context: &Context) -> &str {
    match &context.account {
        Some(account) => &account.account_id,
        None => &context.principal.0,
    }
}
