//! Sells media: books orders and reports delivery.
//!
//! The runtime has checked every request before it arrives here, and keeps the state of every
//! media buy. What is left is this seller's own judgement, and the calls to its ad server. Finding
//! products and making proposals of them is in `proposals`.

use std::sync::Arc;

use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, CreativeStatus, DeliveryQuery, MediaBuy,
    MediaBuyChange, PackageChange,
};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{SalesPlatform, types};

use crate::ad_server::AdServer;

/// Sells what the catalogue holds and has an ad server deliver it.
pub struct SalesDesk<A> {
    ad_server: Arc<A>,
}

impl<A: AdServer> SalesDesk<A> {
    /// A desk whose orders go to `ad_server`.
    pub fn new(ad_server: A) -> Self {
        SalesDesk {
            ad_server: Arc::new(ad_server),
        }
    }

    /// The ad server, for whoever holds inventory there.
    pub fn ad_server(&self) -> Arc<A> {
        Arc::clone(&self.ad_server)
    }
}

impl<A: AdServer> SalesPlatform for SalesDesk<A> {
    async fn create_media_buy(
        &self,
        context: &Context,
        _request: types::CreateMediaBuyRequest,
        buy: &MediaBuy,
    ) -> Result<Outcome<Booking>> {
        self.ad_server.book(context, buy).await
    }

    /// Sends each package that differs to the ad server, as the kind of change that it is.
    async fn update_media_buy(
        &self,
        context: &Context,
        _request: types::UpdateMediaBuyRequest,
        change: &MediaBuyChange,
    ) -> Result<Booking> {
        let mut booking = Booking::default();
        for changed in &change.packages {
            let Some(package) = change.after.package(changed.package_id()) else {
                continue;
            };
            match changed {
                PackageChange::Added(id) | PackageChange::Changed(id) => {
                    let line_ref = self
                        .ad_server
                        .change(context, &change.after, package)
                        .await?;
                    booking.line_refs.insert(id.clone(), line_ref);
                }
                PackageChange::Paused(_) | PackageChange::Resumed(_) => {
                    self.ad_server
                        .pause(context, &change.after, package)
                        .await?;
                }
                PackageChange::Canceled(_) => {
                    self.ad_server
                        .cancel(context, &change.after, package)
                        .await?;
                }
            }
        }
        Ok(booking)
    }

    /// Puts every creative in the queue for review. A real seller starts its checks here: policy,
    /// malware, specifications. Answer `Approved` at once only if nobody looks at creatives.
    async fn sync_creatives(
        &self,
        _context: &Context,
        _request: types::SyncCreativesRequest,
        creatives: &[Creative],
    ) -> Result<Vec<CreativeReview>> {
        let queued = |creative: &Creative| CreativeReview {
            creative_id: creative.creative_id.clone(),
            status: CreativeStatus::PendingReview,
            rejection_reason: None,
            creative_ref: None,
        };
        Ok(creatives.iter().map(queued).collect())
    }

    async fn get_media_buy_delivery(
        &self,
        context: &Context,
        _request: types::GetMediaBuyDeliveryRequest,
        query: &DeliveryQuery,
    ) -> Result<Vec<BuyDelivery>> {
        let mut deliveries = Vec::with_capacity(query.media_buys.len());
        for buy in &query.media_buys {
            deliveries.push(self.ad_server.report(context, buy, query).await?);
        }
        Ok(deliveries)
    }
}
