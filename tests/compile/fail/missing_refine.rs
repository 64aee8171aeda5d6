//! The manifest says that proposals can be refined, and nobody does.

use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{Finalized, Offer, ProposalManager, ToFinalize, types};

struct Plans;

impl ProposalManager for Plans {
    async fn get_products(
        &self,
        context: &Context,
        request: types::GetProductsRequest,
    ) -> Result<Outcome<Offer>> {
        let offer = context.catalog.matching(request.brief.as_deref(), None);
        Ok(Outcome::Done(offer))
    }

    async fn finalize(&self, _context: &Context, draft: ToFinalize) -> Result<Outcome<Finalized>> {
        let firm = Finalized::new(draft.proposal, draft.hold_until);
        Ok(Outcome::Done(firm))
    }
}

fn main() {}
