//! Buys that are not booked at once: a person has to agree, or the ad server takes its time.
//!
//! Either way the buyer is answered `submitted`, and the same request comes down the same path again
//! when it is time. Everything about it is judged anew then.

use serde_json::{Map, Value};

use super::super::hold::{self, Purpose, Turn};
use super::super::{Call, Outcome, Submission, submitted};
use crate::domain::money::Micros;
use crate::domain::{MediaBuy, Package};
use crate::error::{Error, Result};
use crate::platform::HandOff;
use crate::store::{Batch, Key};

/// What a buy waits for that needs a person.
const APPROVAL: &str = "the seller has to approve this media buy before it is booked";

/// Whether a person has to agree before this buy is booked.
pub(super) fn is_needed(call: &Call<'_>, buy: &MediaBuy) -> bool {
    call.may_need_approval()
        && buy
            .packages
            .iter()
            .any(|package| concerns(call, &package.product_id))
}

/// Whether buying a product needs a person. What the catalogue says nothing about does, in a seller
/// that asks anybody.
fn concerns(call: &Call<'_>, product_id: &str) -> bool {
    let product = call.context.catalog.product(product_id);
    call.services.profile.approval.create_media_buy
        && product.and_then(|product| product.approval).unwrap_or(true)
}

/// Refuses an update that spends more on a package whose product needs a person. An update is
/// answered at once, so nobody could be asked.
///
/// # Errors
///
/// `REQUOTE_REQUIRED` at the package's `budget`.
pub(super) fn check_budget(
    call: &Call<'_>,
    before: &Package,
    after: &Package,
    field: &str,
) -> Result<()> {
    let grows = Micros::from_wire(after.budget) > Micros::from_wire(before.budget);
    if !grows || !concerns(call, &after.product_id) {
        return Ok(());
    }
    let field = format!("{field}.budget");
    Err(Error::new(
        "REQUOTE_REQUIRED",
        "the seller has to approve what is spent on this product, and has approved no more than the present budget",
    )
    .detail("envelope_field", vec![field.clone()])
    .at(field)
    .suggest("keep the budget or lower it, and buy more of the product with create_media_buy, as a buy of its own"))
}

/// Refuses an update that adds a package whose product needs a person.
///
/// # Errors
///
/// `UNSUPPORTED_FEATURE` at the package's `product_id`.
pub(super) fn check_addition(call: &Call<'_>, package: &Package, field: &str) -> Result<()> {
    if !concerns(call, &package.product_id) {
        return Ok(());
    }
    Err(Error::unsupported(
        "the seller has to approve every buy of this product, so an update can't add it",
    )
    .at(format!("{field}.product_id"))
    .suggest("buy the product with create_media_buy, as a buy of its own"))
}

/// The answer to a request that goes on as a task of which its buyer was told before. It comes before
/// every judgement, since nothing is asked for that was not asked for already.
pub(super) fn announced(call: &Call<'_>) -> Option<Outcome> {
    let task = call.holds.announced()?;
    let waits_for = task.message.as_deref().unwrap_or(APPROVAL);
    Some(Outcome::read(body(call, waits_for)))
}

/// Makes the operation one that is found again, whatever happens from here on, and whose proposals
/// nobody else gets. Where it goes on as a task already, its answer is returned.
///
/// # Errors
///
/// `CONFLICT` when what was read has changed, whereupon dispatch carries the operation out anew;
/// `SERVICE_UNAVAILABLE` while the same operation is carried out elsewhere.
pub(super) async fn hold(
    call: &Call<'_>,
    reservation: Batch,
    proposals: Vec<Key>,
    purpose: Purpose,
) -> Result<Option<Outcome>> {
    match call
        .hold(call.context, reservation, proposals, purpose)
        .await?
    {
        Turn::Run => Ok(None),
        Turn::Announced(task) => {
            let waits_for = task.message.as_deref().unwrap_or(APPROVAL);
            Ok(Some(Outcome::read(body(call, waits_for))))
        }
        Turn::Busy => Err(hold::busy()),
    }
}

/// The answer to a buy that waits for a person.
pub(super) fn awaited(call: &Call<'_>) -> Outcome {
    Outcome::submitted(body(call, APPROVAL), Batch::new(), Submission::Approval)
}

/// The answer to a buy that the ad server goes on with.
pub(super) fn handed_off(call: &Call<'_>, hand_off: HandOff) -> Outcome {
    let body = body(call, &hand_off.message);
    Outcome::submitted(body, Batch::new(), Submission::HandOff(hand_off))
}

fn body(call: &Call<'_>, waits_for: &str) -> Map<String, Value> {
    submitted::body(call, &call.context.operation_id, waits_for)
}
