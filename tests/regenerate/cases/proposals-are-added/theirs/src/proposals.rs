//! Finds products for a brief, makes proposals of them and makes proposals firm.
//!
//! A proposal is a media plan: products, each with its share of the budget. The runtime checks every
//! proposal that leaves here, keeps it for the account that asked and hands it in again when the
//! buyer speaks of it; accepting one is its work alone. What is left is this seller's own judgement.
//!
//! The simulated planner offers what `catalog/proposals.toml` holds. Yours has forecasts, prices
//! for this buyer, and people who plan.

use std::sync::Arc;

use adcp_seller::codec::Wire;
use adcp_seller::domain::Applied;
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use adcp_seller::simulation::planner;
use wire::{Draft, Finalized, Offer, ProposalManager, Subject, ToFinalize, Wish, types};

use crate::ad_server::AdServer;

/// Plans with the proposals of the catalogue, and holds inventory at an ad server.
pub struct ProposalDesk<A> {
    ad_server: Arc<A>,
}

impl<A: AdServer> ProposalDesk<A> {
    /// A desk that holds inventory at `ad_server`.
    pub fn new(ad_server: Arc<A>) -> Self {
        ProposalDesk { ad_server }
    }
}

impl<A: AdServer> ProposalManager for ProposalDesk<A> {
    /// Ranks the catalogue by the words that brief and product share, and offers the proposals that
    /// are made of what was found. This is the place for your own matching and planning:
    /// availability, forecasts, audiences, prices for this buyer.
    ///
    /// `matching` also applies every filter that a product itself answers. What no catalogue knows
    /// is yours: flight dates, exposures, keywords, places (`countries`, `regions`, `metros`,
    /// `postal_areas`, `geo_proximity`), `required_geo_targeting` and `standard_formats_only` are
    /// not filtered by until you do it here.
    async fn get_products(
        &self,
        context: &Context,
        request: types::GetProductsRequest,
    ) -> Result<Outcome<Offer>> {
        let filters = request.filters.as_ref().map(Wire::write);
        let brief = request.brief.as_deref();
        let mut offer: Offer = context.catalog.matching(brief, filters.as_ref());
        offer.proposals = planner::propose(context, &offer, filters.as_ref())?;
        Ok(Outcome::Done(offer))
    }

    /// Changes the shares of a proposal where the buyer's words are plain enough for a simulation:
    /// "shift 60% to CTV", "drop the display product". A real planner understands the rest too, or
    /// asks a person: `context.hand_off("a planner looks at it")`.
    async fn refine(
        &self,
        context: &Context,
        request: types::GetProductsRequest,
        wishes: Vec<Wish>,
    ) -> Result<Outcome<Offer>> {
        let filters = request.filters.as_ref().map(Wire::write);
        let mut offer: Offer = context.catalog.matching(None, filters.as_ref());
        for wish in wishes {
            let applied = match wish.subject {
                Subject::Proposal(draft) => {
                    let ask = wish.ask.as_deref();
                    Some(refine_one(context, &mut offer.proposals, draft, ask)?)
                }
                // This selection is the catalogue's: the runtime says what that means for the wish.
                Subject::Product { .. } | Subject::Request => None,
            };
            offer.applied.push(applied);
        }
        Ok(Outcome::Done(offer))
    }

    /// Holds the inventory of every product, and lets the drafted prices stand.
    ///
    /// A real one: state the price that this buyer gets, in `Finalized::products` and in the
    /// proposal's words; put the recipes that book it into `Finalized::recipes`; answer an error that
    /// tells the buyer why when the inventory is gone.
    async fn finalize(&self, context: &Context, draft: ToFinalize) -> Result<Outcome<Finalized>> {
        for allocation in &draft.proposal.allocations {
            match self.ad_server.hold(context, &draft, allocation).await {
                Ok(Outcome::Done(())) => {}
                // Called again under the same operation id, the ad server knows what it holds.
                Ok(Outcome::HandedOff(hand_off)) => return Ok(hand_off.into()),
                // Half a plan is of no use to the buyer.
                Err(error) => {
                    self.ad_server.release(context).await?;
                    return Err(error);
                }
            }
        }
        let firm = Finalized::new(draft.proposal, draft.hold_until);
        Ok(Outcome::Done(firm))
    }
}

/// Changes a draft as one wish says; after an earlier wish, the draft as that one left it.
fn refine_one(
    context: &Context,
    drafts: &mut Vec<Draft>,
    mut draft: Draft,
    ask: Option<&str>,
) -> Result<Applied> {
    let id = &draft.proposal.proposal_id;
    let earlier = |earlier: &&mut Draft| earlier.proposal.proposal_id == *id;
    if let Some(earlier) = drafts.iter_mut().find(earlier) {
        return planner::refine(context, earlier, ask);
    }
    let applied = planner::refine(context, &mut draft, ask)?;
    drafts.push(draft);
    Ok(applied)
}
