//! The seam between the runtime and what the adopter wrote.
//!
//! The generated `wire` crate implements [`Platform`]: it turns each raw request into its wire
//! type and calls the adopter's method on a typed trait. Everything around the call (accounts,
//! idempotency, state, storage, envelopes) has happened before it or happens after it.

mod bounded;
mod context;
mod outcome;
mod products;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use crate::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, Finalized, MediaBuy,
    MediaBuyChange, ToFinalize, Wish,
};
use crate::error::{Error, Result};

pub(crate) use bounded::Bounded;
pub use bounded::{IN_TASK, INLINE};
pub use context::{Account, Context, Work};
pub use outcome::{HandOff, Outcome, Progress};
pub use products::{Products, WireProduct};

/// What an adapter's method returns.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Something that a package asks for on one axis of capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// The value, as recipes list it.
    pub value: String,
    /// Its place below the package: `targeting_overlay.daypart_targets[0]`.
    pub field: String,
}

/// What a seller does itself. Each method stands for one AdCP task and receives the request as it
/// came, already valid against its schema. What the seller does not offer keeps its default.
///
/// Every method has a deadline: [`INLINE`] (60 seconds) while the buyer waits for the answer,
/// [`IN_TASK`] (5 minutes) where [`Context::work`] is set. The future of a method that takes longer
/// is dropped, and the call counts as one whose outcome nobody knows, as if it had returned
/// `SERVICE_UNAVAILABLE`: of a booking or a finalize a worker asks again, under the same operation
/// id; any other call fails. Work that takes longer is handed off; see [`HandOff`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't answer requests as they come from the wire",
    label = "needs the wire crate's `Router` around it",
    note = "write `Router::new(…)` around your platform, as the seeded `src/main.rs` does"
)]
pub trait Platform: Send + Sync + 'static {
    /// `get_products`: which products answer the buyer's brief or filters, and which proposals.
    fn get_products<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        unsupported("get_products")
    }

    /// `get_products` in the mode `refine`, of a seller whose proposals can be refined: the
    /// selection and the proposals as the buyer's wishes change them.
    fn refine<'a>(
        &'a self,
        _context: &'a Context,
        _request: Value,
        _wishes: Vec<Wish>,
    ) -> Answer<'a, Outcome<Products>> {
        unsupported("refine")
    }

    /// `get_products` with the action `finalize`: makes a draft firm and holds its inventory.
    ///
    /// Concurrent requests and retries lead to one call at a time, all with the same
    /// [`Context::operation_id`], so that an inventory system that takes a client-side id never
    /// holds twice.
    fn finalize<'a>(
        &'a self,
        _context: &'a Context,
        _draft: ToFinalize,
    ) -> Answer<'a, Outcome<Finalized>> {
        unsupported("finalize")
    }

    /// The recipes of these products, of a seller that keeps recipes itself. What is missing in
    /// the answer has none.
    fn recipes<'a>(
        &'a self,
        _context: &'a Context,
        _product_ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Value>> {
        unsupported("recipes")
    }

    /// What a package asks for on an axis of the adopter's own (`capability_overlap` in the
    /// recipe's schema): each value with its place below the package.
    ///
    /// The package is as it will be if the call succeeds, also for an update that mentions little of
    /// it, in the form of `media-buy/package-request.json`.
    ///
    /// # Errors
    ///
    /// When the package can't be read.
    fn requested(&self, axis: &str, _package: &Value) -> Result<Vec<Requested>> {
        Err(Error::internal(format!(
            "nobody says what a package asks for on the axis {axis}"
        )))
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
    ) -> Answer<'a, Outcome<Booking>> {
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
