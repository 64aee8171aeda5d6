//! An order is answered with a booking, not with nothing.

use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{SalesPlatform, types};

struct Desk;

impl SalesPlatform for Desk {
    async fn create_media_buy(
        &self,
        _context: &Context,
        _request: types::CreateMediaBuyRequest,
        _buy: &MediaBuy,
    ) -> Result<Outcome<()>> {
        Ok(Outcome::Done(()))
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

fn main() {}
