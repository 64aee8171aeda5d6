//! The manifest says that proposals are finalized, and nobody makes them firm.

use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{Offer, ProposalManager, Wish, types};

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

    async fn refine(
        &self,
        context: &Context,
        _request: types::GetProductsRequest,
        _wishes: Vec<Wish>,
    ) -> Result<Outcome<Offer>> {
        Ok(Outcome::Done(context.catalog.matching(None, None)))
    }
}

fn main() {}
