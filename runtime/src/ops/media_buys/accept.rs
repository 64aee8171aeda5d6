//! Buying a proposal: `create_media_buy` with `proposal_id`.
//!
//! A proposal is found and judged before anything else, and expiry before any reservation. It is
//! reserved before the ad server is asked and consumed in the batch that stores the media buy, so
//! that of a hundred buyers one gets it. What it costs is what it was offered at: the products are
//! those of the proposal, not those of today's catalogue. What becomes of a reservation whose
//! operation fails is not decided here; see [`super::super::hold`].

use std::collections::BTreeMap;

use super::super::hold::Purpose;
use super::super::proposals::ledger::{self, Found};
use super::super::proposals::{Event, events};
use super::super::request::Members;
use super::super::{Call, Outcome};
use super::wanted::{Allocation, Wanted};
use super::{approval, package, wanted};
use crate::catalog::CatalogProduct;
use crate::domain::MediaBuy;
use crate::domain::money::Micros;
use crate::error::{Error, Result};
use crate::profile::Proposals;
use crate::store::Batch;

/// A proposal on its way to a media buy.
pub(super) struct Acceptance {
    /// The proposal, reserved in memory for this operation.
    found: Found,
    /// Whether the store does not know of the reservation yet.
    unwritten: bool,
    /// Its products, as they were offered.
    products: BTreeMap<String, CatalogProduct>,
}

/// The proposal that the request names, if it names one and it can be bought.
///
/// # Errors
///
/// `PROPOSAL_NOT_FOUND`, also for another account's, `PROPOSAL_NOT_COMMITTED` and
/// `PROPOSAL_EXPIRED` at `proposal_id`; `IO_REQUIRED` at `io_acceptance`.
pub(super) async fn find(call: &Call<'_>) -> Result<Option<Acceptance>> {
    let Some(proposal_id) = call.request.text("proposal_id") else {
        return Ok(None);
    };
    let rules = rules(call)?;
    let (found, unwritten) = begin(call, &rules, proposal_id).await?;
    let content = &found.record.value.content;
    check_insertion_order(call, &content.proposal)?;
    let products = wanted::allocations(&content.proposal)
        .map(|allocation| {
            let product_id = allocation.product_id.to_owned();
            let product = content.products.get(&product_id).ok_or_else(|| {
                Error::internal(format!(
                    "the proposal {proposal_id} was kept without its product {product_id}"
                ))
            })?;
            let product = CatalogProduct::new(product.clone(), &call.services.schemas)
                .map_err(Error::internal)?;
            Ok((product_id, product))
        })
        .collect::<Result<_>>()?;
    Ok(Some(Acceptance {
        found,
        unwritten,
        products,
    }))
}

fn rules(call: &Call<'_>) -> Result<Proposals> {
    call.services.profile.proposals.ok_or_else(|| {
        Error::unsupported("this seller makes no proposals; send packages instead")
            .at("proposal_id")
    })
}

/// Reads the proposal and reserves it in memory. Says whether the reservation has to be written.
async fn begin(call: &Call<'_>, rules: &Proposals, proposal_id: &str) -> Result<(Found, bool)> {
    let context = call.context;
    let mut found = ledger::find(&call.services.store, Some(rules), context, proposal_id)
        .await?
        .ok_or_else(|| ledger::not_found("proposal_id"))?;
    let proposal = &mut found.record.value;
    if proposal.is_held_by(&context.operation_id) {
        return Ok((found, false));
    }
    if let Err(refusal) = proposal.begin_consume(&context.operation_id, rules, context.now) {
        if refusal.code == "PROPOSAL_EXPIRED" {
            events::expired(proposal, rules, context);
        }
        return Err(refusal);
    }
    Ok((found, true))
}

impl Acceptance {
    /// The proposal's id.
    pub(super) fn proposal_id(&self) -> &str {
        &self.found.record.value.proposal_id
    }

    /// Its products, as they were offered.
    pub(super) fn products(&self) -> &BTreeMap<String, CatalogProduct> {
        &self.products
    }

    /// How they are booked, where the runtime keeps recipes.
    pub(super) fn recipes(&self) -> &BTreeMap<String, serde_json::Value> {
        &self.found.record.value.content.recipes
    }

    /// The packages that the proposal is bought as.
    ///
    /// # Errors
    ///
    /// When the total or a package of the request does not fit the proposal.
    pub(super) fn packages<'a>(&self, call: &'a Call<'_>) -> Result<Vec<Wanted<'a>>> {
        let request = &call.request;
        let total = request.object("total_budget").ok_or_else(|| {
            Error::invalid_request("a proposal is bought with a total_budget").at("total_budget")
        })?;
        let amount = total.number("amount").unwrap_or(0.0);
        let currency = total.text("currency").unwrap_or_default();
        let proposal = &self.found.record.value.content.proposal;
        package::check_amount(amount, "total_budget.amount".to_owned())?;
        let allocations: Vec<Allocation<'_>> = wanted::allocations(proposal).collect();
        let total = Micros::from_wire(amount);
        match request.list("packages") {
            [] => wanted::derived(&allocations, &self.products, total, currency),
            packages => wanted::matched(&allocations, packages, total, currency),
        }
    }

    /// Reserves the proposal for this operation, together with the operation's journal. Where the
    /// operation goes on as a task already, its answer is returned.
    ///
    /// # Errors
    ///
    /// As [`approval::hold`].
    pub(super) async fn reserve(
        &mut self,
        call: &Call<'_>,
        purpose: Purpose,
    ) -> Result<Option<Outcome>> {
        let mut reservation = Batch::new();
        if self.unwritten {
            self.found.save(&mut reservation)?;
        } else {
            self.found.record.unchanged(&mut reservation);
        }
        let proposals = vec![self.found.record.key.clone()];
        let answer = approval::hold(call, reservation, proposals, purpose).await?;
        if std::mem::take(&mut self.unwritten) {
            self.found.written();
        }
        Ok(answer)
    }

    /// Makes it the media buy, which keeps its recipes from here on. What is to be logged once that
    /// is true is returned.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when it is not reserved for this operation.
    pub(super) fn consume(
        mut self,
        call: &Call<'_>,
        buy: &mut MediaBuy,
        batch: &mut Batch,
    ) -> Result<Event> {
        let proposal = &mut self.found.record.value;
        proposal.account_id.clone_from(&buy.account_id);
        let recipes = proposal.consume(
            &call.context.operation_id,
            &buy.media_buy_id,
            call.context.now,
        )?;
        for (product_id, recipe) in recipes {
            buy.recipes.entry(product_id).or_insert(recipe);
        }
        self.found.save(batch)?;
        Ok(Event::consumed(&self.found.record.value))
    }
}

/// An insertion order that has to be signed is accepted under its own id (`core/proposal.json`,
/// `insertion_order`).
fn check_insertion_order(call: &Call<'_>, proposal: &serde_json::Value) -> Result<()> {
    let order = proposal.object("insertion_order");
    let accepted = call.request.object("io_acceptance");
    match (order, accepted) {
        (Some(order), None) if order.truth("requires_signature") == Some(true) => Err(Error::new(
            "IO_REQUIRED",
            "the proposal comes with an insertion order that has to be accepted",
        )
        .at("io_acceptance")
        .suggest("read the proposal's insertion_order and send io_acceptance with its io_id")),
        (order, Some(accepted))
            if order.and_then(|order| order.text("io_id")) != accepted.text("io_id") =>
        {
            Err(
                Error::validation("this is not the insertion order of the proposal")
                    .at("io_acceptance.io_id"),
            )
        }
        _ => Ok(()),
    }
}
