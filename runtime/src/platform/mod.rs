//! The seam between the runtime and what the adopter wrote.
//!
//! The generated `wire` crate implements [`Platform`]: it turns each raw request into its wire
//! type and calls the adopter's method on a typed trait. Everything around the call (accounts,
//! idempotency, state, storage, envelopes) has happened before it or happens after it.

mod context;
mod products;

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, MediaBuy, MediaBuyChange,
};
use crate::error::{Error, Result};

pub use context::{Account, Context};
pub use products::{Products, WireProduct};

/// What an adapter's method returns.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// What a seller does itself. Each method stands for one AdCP task and receives the request as it
/// came, already valid against its schema. What the seller does not offer keeps its default.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't answer requests as they come from the wire",
    label = "needs the wire crate's `Router` around it",
    note = "write `Router::new(…)` around your platform, as the seeded `src/main.rs` does"
)]
pub trait Platform: Send + Sync + 'static {
    /// `get_products`: which products answer the buyer's brief or filters.
    fn get_products<'a>(&'a self, _context: &'a Context, _request: Value) -> Answer<'a, Products> {
        unsupported("get_products")
    }

    /// `create_media_buy`: books `buy`, which the runtime has checked against the catalogue and
    /// will store once this returns.
    ///
    /// [`Context::operation_id`] is the same on every attempt at the same call, so that an ad
    /// server that takes a client-side id never books twice.
    fn create_media_buy<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _buy: &'a MediaBuy,
    ) -> Answer<'a, Booking> {
        unsupported("create_media_buy")
    }

    /// `update_media_buy`: makes the ad server follow a change that the runtime has checked.
    ///
    /// It is also called for each media buy whose packages a `sync_creatives` assigns creatives to,
    /// with the request that would have made the same change and an operation id of its own.
    fn update_media_buy<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        unsupported("update_media_buy")
    }

    /// `get_media_buy_delivery`: what the buys delivered in the period.
    fn get_media_buy_delivery<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        unsupported("get_media_buy_delivery")
    }

    /// `sync_creatives`: hands new and changed creatives over for review. What the request assigns
    /// to packages arrives afterwards, as [`Platform::update_media_buy`].
    fn sync_creatives<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        unsupported("sync_creatives")
    }

    /// Every other task: the whole response, without `context` and other envelope members.
    fn call<'a>(
        &'a self,
        _context: &'a Context,
        tool: &'a str,
        _request: Value,
    ) -> Answer<'a, Value> {
        unsupported(tool)
    }
}

fn unsupported<'a, T: Send + 'a>(tool: &str) -> Answer<'a, T> {
    let error = Error::unsupported(format!("this seller does not offer `{tool}`"));
    Box::pin(std::future::ready(Err(error)))
}
