//! The least that a seller of media has to write.

use adcp_seller::Seller;
use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Products};
use wire::{SalesPlatform, types};

struct Desk;

impl SalesPlatform for Desk {
    async fn get_products(
        &self,
        context: &Context,
        request: types::GetProductsRequest,
    ) -> Result<Products> {
        Ok(context.catalog.matching(request.brief.as_deref(), None))
    }

    async fn create_media_buy(
        &self,
        _context: &Context,
        _request: types::CreateMediaBuyRequest,
        _buy: &MediaBuy,
    ) -> Result<Booking> {
        Ok(Booking::default())
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

fn main() {
    let _ = Seller::new(&wire::SPEC, &wire::PROFILE, wire::Router::new(Desk));
}
