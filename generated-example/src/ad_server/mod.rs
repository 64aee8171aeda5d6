//! The ad server: the one system that this seller can't do without.
//!
//! [`AdServer`] has the seven calls that every ad server has under some name. Implement it for
//! yours (GAM, Kevel, Xandr, an own one) and put that in `main`; [`SimulatedAdServer`] is there so
//! that the seller runs before you have.

mod simulated;

use std::future::Future;

use adcp_seller::domain::{Booking, BuyDelivery, DeliveryQuery, MediaBuy, Package};
use adcp_seller::error::Result;
use adcp_seller::platform::{Context, Outcome};
use wire::{ToFinalize, types};

pub use simulated::SimulatedAdServer;

/// What the seller asks of an ad server.
///
/// Every call may be repeated: after a timeout, or after a crash between the ad server's answer
/// and the moment at which the runtime stored it. `context.operation_id` is then the same, so
/// derive the ad server's client-side ids from it and look an id up before creating it anew.
///
/// When the ad server can't be reached, answer `Error::unavailable(cause)`: the buyer is told to
/// try again, and the cause goes to the log only. When it refuses, answer an error whose message
/// tells the buyer what to change.
///
/// How a product is booked is in its recipe: `context.recipe::<Recipe>(buy, package)?`, in every call
/// that gets a media buy. Buyers never see it.
pub trait AdServer: Send + Sync + 'static {
    /// Holds inventory for one product of a proposal that is being finalized, until
    /// `draft.hold_until`.
    ///
    /// A real one: look for a reservation of this product under the client-side id
    /// `context.operation_id`; if there is none, check what is available and reserve the share that
    /// `allocation` has of the budget, as the product's recipe (`draft.recipes`) has it booked.
    /// Give the reservation an end, so that it lapses when nobody buys. While the ad server
    /// works on it, answer `Ok(context.hand_off("…").again_in(Duration::from_secs(30)).into())`, and
    /// this is called again; when there is nothing left, an error that tells the buyer so.
    fn hold(
        &self,
        context: &Context,
        draft: &ToFinalize,
        allocation: &types::ProductAllocation,
    ) -> impl Future<Output = Result<Outcome<()>>> + Send;

    /// Lets go of everything that was held under `context.operation_id`.
    ///
    /// A real one: delete the reservations of that id. There may be none.
    fn release(&self, context: &Context) -> impl Future<Output = Result<()>> + Send;

    /// Creates the order with one line item for each package, and approves it.
    ///
    /// A real one: look up or create the advertiser; create the order in draft under the client-side
    /// id `context.operation_id`; create a line item for each package (flight, budget, price,
    /// targeting out of `package.extra`, creative placeholders by format); approve the order.
    /// Answer its ids: they come back as `order_ref` and `line_ref` in every later call. What takes
    /// long is handed off: `Ok(context.hand_off("the order is being approved").into())`, and this is
    /// called again. An order that only the ad server's owner can approve is answered
    /// `BookingState::Unconfirmed`.
    ///
    /// `buy.proposal_id` names the proposal that was bought, where it was one: turn what is held for it
    /// into the order, since its inventory is spoken for already.
    ///
    /// The runtime refuses targeting and goals that need a tool this seller does not have, or that
    /// the product does not offer. The rest is yours to judge: refuse what yours can't honour, here
    /// and in `change`, because a buyer relies on what was accepted. With the place of what is refused,
    /// such as `packages[0].targeting_overlay.daypart_targets`, as `place`:
    /// `Err(Error::unsupported("hours can't be targeted").at(place))`
    fn book(
        &self,
        context: &Context,
        buy: &MediaBuy,
    ) -> impl Future<Output = Result<Outcome<Booking>>> + Send;

    /// Makes a line item look like `package`, creates it if there is none yet, and answers its id.
    ///
    /// A real one: update budget, bid, flight, targeting and creative associations of
    /// `package.line_ref` in one request; many ad servers want the order unlocked or approved
    /// again afterwards.
    fn change(
        &self,
        context: &Context,
        buy: &MediaBuy,
        package: &Package,
    ) -> impl Future<Output = Result<String>> + Send;

    /// Holds a line item, or lets it run again, as `buy.holds(package)` says.
    ///
    /// A real one: set the line item's trafficking state. Delivery stops within minutes, not at
    /// once, so a report may still grow a little.
    fn pause(
        &self,
        context: &Context,
        buy: &MediaBuy,
        package: &Package,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Ends a line item for good. What it delivered stays due.
    ///
    /// A real one: archive the line item, never delete it, or its reports go with it.
    fn cancel(
        &self,
        context: &Context,
        buy: &MediaBuy,
        package: &Package,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Reports what each package of `buy` delivered in `query.period`, and day by day if
    /// `query.daily`.
    ///
    /// A real one: reports are jobs that take minutes, so keep fetching them in the background and
    /// answer from what you have. Numbers lag by an hour to a day and are corrected later; the
    /// products' `reporting_capabilities` should say by how much.
    fn report(
        &self,
        context: &Context,
        buy: &MediaBuy,
        query: &DeliveryQuery,
    ) -> impl Future<Output = Result<BuyDelivery>> + Send;
}
