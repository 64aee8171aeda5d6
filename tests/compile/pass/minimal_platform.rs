//! The least that a seller of media has to write when it makes proposals, has them changed and
//! finalizes them.

use adcp_seller::Seller;
use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{Finalized, Offer, ProposalManager, SalesPlatform, ToFinalize, Wish, types};

struct Desk;

impl SalesPlatform for Desk {
    async fn create_media_buy(
        &self,
        _context: &Context,
        _request: types::CreateMediaBuyRequest,
        _buy: &MediaBuy,
    ) -> Result<Outcome<Booking>> {
        Ok(Outcome::Done(Booking::default()))
    }

    async fn update_media_buy(
        &self,
        _context: &Context,
        _request: types::UpdateMediaBuyRequest,
        _change: &MediaBuyChange,
    ) -> Result<Booking> {
        Ok(Booking::default())
    }

    async fn sync_creatives(
        &self,
        _context: &Context,
        _request: types::SyncCreativesRequest,
        _creatives: &[Creative],
    ) -> Result<Vec<CreativeReview>> {
        Ok(Vec::new())
    }

    async fn get_media_buy_delivery(
        &self,
        _context: &Context,
        _request: types::GetMediaBuyDeliveryRequest,
        _query: &DeliveryQuery,
    ) -> Result<Vec<BuyDelivery>> {
        Ok(Vec::new())
    }
}

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
        wishes: Vec<Wish>,
    ) -> Result<Outcome<Offer>> {
        let mut offer: Offer = context.catalog.matching(None, None);
        offer.applied = vec![None; wishes.len()];
        Ok(Outcome::Done(offer))
    }

    async fn finalize(&self, context: &Context, draft: ToFinalize) -> Result<Outcome<Finalized>> {
        if context.work.is_none() {
            return Ok(context.hand_off("a planner looks at it").into());
        }
        let firm = Finalized::new(draft.proposal, draft.hold_until);
        Ok(Outcome::Done(firm))
    }
}

fn main() {
    let router = wire::Router::new(Desk, Plans);
    let _ = Seller::new(&wire::SPEC, &wire::PROFILE, router);
}
