//! `create_media_buy`.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::accounts::without_bank;
use super::super::creatives::Library;
use super::super::records::{self, ForcedArm};
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, scope};
use super::package::{self, Frame};
use super::{flight, wire};
use crate::domain::money::Micros;
use crate::domain::{AccountRecord, Booking, BookingState, MediaBuy, MediaBuyStatus};
use crate::error::{Error, Result};
use crate::store::Batch;

/// Members of the request that are kept and echoed.
const KEPT: [&str; 7] = [
    "brand",
    "advertiser_industry",
    "invoice_recipient",
    "po_number",
    "agency_estimate_number",
    "plan_id",
    "ext",
];

pub(in crate::ops) async fn create(call: &Call<'_>) -> Result<Outcome> {
    let request = &call.request;
    let now = call.context.now;
    let account = call
        .context
        .account
        .as_ref()
        .ok_or_else(|| Error::invalid_request("an account is required").at("account"))?;
    let scope = scope::of_account(call.context, &account.account_id);
    if let Some(outcome) = forced(call).await? {
        return Ok(outcome);
    }
    let starts = flight::start(request, now)?
        .ok_or_else(|| Error::invalid_request("start_time is required").at("start_time"))?;
    let ends = request
        .instant("end_time")
        .ok_or_else(|| Error::invalid_request("end_time is required").at("end_time"))?;
    flight::check(starts, ends, now)?;
    refuse_unsupported(request)?;
    check_invoice_recipient(call).await?;

    let mut library = Library::new(call, &account.account_id);
    let mut frame = Frame {
        starts,
        ends,
        currency: None,
    };
    let mut packages = Vec::new();
    for (at, requested) in request.list("packages").iter().enumerate() {
        let package_id = derived_id("pkg", &call.context.operation_id, at);
        let (package, currency) = package::build(
            call,
            &mut library,
            requested,
            package_id,
            &frame,
            &format!("packages[{at}]"),
        )
        .await?;
        frame.currency = Some(currency);
        packages.push(package);
    }
    let currency = frame
        .currency
        .ok_or_else(|| Error::invalid_request("at least one package is required").at("packages"))?;
    check_total(
        request,
        &packages
            .iter()
            .map(|package| Micros::from_wire(package.budget))
            .sum(),
        &currency,
    )?;

    let mut buy = MediaBuy {
        media_buy_id: derived_id("mb", &call.context.operation_id, 0),
        account_id: account.account_id.clone(),
        status: MediaBuyStatus::PendingCreatives,
        currency,
        start_time: starts,
        end_time: ends,
        packages,
        held: false,
        revision: 1,
        confirmed_at: None,
        created_at: now,
        updated_at: now,
        cancellation: None,
        order_ref: None,
        history: Vec::new(),
        extra: request.pick(&KEPT),
    };
    if records::find::<MediaBuy>(&call.services.store, &scope, &buy.media_buy_id)
        .await?
        .is_some()
    {
        return Err(Error::new(
            "CONFLICT",
            "the same request has just been carried out; send it again to be given its answer",
        ));
    }
    review(call, &mut library).await?;
    let shown: Vec<String> = buy
        .packages
        .iter()
        .flat_map(|package| package.creative_ids.clone())
        .collect();
    if library.any_own_usable(&shown).await? {
        buy.status = buy.ready_status(now);
    }
    let booking = call
        .services
        .platform
        .create_media_buy(call.context, request.clone(), &buy)
        .await?;
    if booking.state == BookingState::Confirmed {
        buy.confirmed_at = Some(now);
    }
    take_references(&mut buy, booking);
    buy.note(now, Some(&call.context.principal.0), "created", None, None);

    let mut batch = Batch::new();
    library.save(&mut batch)?;
    records::insert(&mut batch, &scope, &buy)?;
    Ok(Outcome::write(wire::created(call, &buy), batch))
}

/// The answer that a test has asked for in advance, which is then used up.
async fn forced(call: &Call<'_>) -> Result<Option<Outcome>> {
    if !call.services.sandbox {
        return Ok(None);
    }
    let scope = scope::shared(call.context);
    let Some(stored) =
        records::find::<ForcedArm>(&call.services.store, &scope, ForcedArm::ID).await?
    else {
        return Ok(None);
    };
    let ForcedArm {
        arm,
        task_id,
        message,
    } = &stored.value;
    let mut body = Map::new();
    if arm == "submitted" {
        body.put("status", "submitted");
        body.put_some("task_id", task_id.clone());
        body.put_some("message", message.clone());
    } else {
        let message = message
            .as_deref()
            .unwrap_or("the seller needs more from the buyer before it can book");
        body.put(
            "errors",
            json!([{ "code": "INPUT_REQUIRED", "message": message, "recovery": "correctable" }]),
        );
    }
    let mut batch = Batch::new();
    stored.remove(&mut batch);
    Ok(Some(Outcome::write(body, batch)))
}

/// What the request asks for beyond packages, and this seller does not do.
pub(super) fn refuse_unsupported(request: &Value) -> Result<()> {
    let unsupported = |name: &str, why: &str| Err(Error::unsupported(why).at(name));
    if request.member("proposal_id").is_some() {
        return unsupported(
            "proposal_id",
            "this seller makes no proposals; send packages instead",
        );
    }
    if request.member("reporting_webhook").is_some() {
        return unsupported(
            "reporting_webhook",
            "this seller does not push reports; call get_media_buy_delivery instead",
        );
    }
    if request.member("artifact_webhook").is_some() {
        return unsupported(
            "artifact_webhook",
            "this seller does not deliver content artifacts",
        );
    }
    Ok(())
}

/// The seller must know that the invoice may go to whom the request names
/// (`create-media-buy-request.json`, `invoice_recipient`): it knows so only of the entity that the
/// account was synced with.
pub(super) async fn check_invoice_recipient(call: &Call<'_>) -> Result<()> {
    let (Some(recipient), Some(account)) = (
        call.request.member("invoice_recipient"),
        &call.context.account,
    ) else {
        return Ok(());
    };
    let known = records::find::<AccountRecord>(
        &call.services.store,
        &scope::of_principal(call.context),
        &account.account_id,
    )
    .await?;
    let billed = known
        .as_ref()
        .and_then(|known| known.value.extra.get("billing_entity"));
    if billed.is_some_and(|billed| without_bank(billed) == without_bank(recipient)) {
        return Ok(());
    }
    Err(
        Error::validation("the account is not known to be invoiced through this entity")
            .at("invoice_recipient")
            .suggest("sync the account with this billing_entity, or leave invoice_recipient out"),
    )
}

/// A stated total has to be what the packages add up to.
fn check_total(request: &Value, sum: &Micros, currency: &str) -> Result<()> {
    let Some(total) = request.object("total_budget") else {
        return Ok(());
    };
    if total
        .text("currency")
        .is_some_and(|stated| stated != currency)
    {
        return Err(
            Error::validation(format!("the packages are priced in {currency}"))
                .at("total_budget.currency"),
        );
    }
    if total
        .number("amount")
        .is_some_and(|amount| Micros::from_wire(amount) != *sum)
    {
        return Err(Error::validation(format!(
            "the packages' budgets add up to {}",
            sum.to_wire()
        ))
        .at("total_budget.amount"));
    }
    Ok(())
}

/// Hands creatives that came with the request to the adapter.
pub(super) async fn review(call: &Call<'_>, library: &mut Library<'_>) -> Result<()> {
    let fresh = library.for_review();
    if fresh.is_empty() {
        return Ok(());
    }
    let mut request = call.request.pick(&["account", "idempotency_key"]);
    let brought = ["packages", "new_packages"]
        .into_iter()
        .flat_map(|name| call.request.list(name))
        .flat_map(|package| package.list("creatives"));
    request.put("creatives", brought.cloned().collect::<Vec<_>>());
    let reviews = call
        .services
        .platform
        .sync_creatives(call.context, Value::Object(request), &fresh)
        .await?;
    library.reviewed(reviews);
    Ok(())
}

/// Keeps the ad server's own names for what it booked.
pub(in crate::ops) fn take_references(buy: &mut MediaBuy, booking: Booking) {
    let Booking {
        order_ref,
        mut line_refs,
        ..
    } = booking;
    buy.order_ref = order_ref.or_else(|| buy.order_ref.take());
    for package in &mut buy.packages {
        package.line_ref = line_refs
            .remove(&package.package_id)
            .or_else(|| package.line_ref.take());
    }
}

/// An id that is the same on every attempt at one operation, and tells nothing about it.
pub(super) fn derived_id(prefix: &str, operation_id: &str, at: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(prefix.as_bytes());
    hash.update([0]);
    hash.update(operation_id.as_bytes());
    hash.update((at as u64).to_be_bytes());
    let digest = hash.finalize();
    format!(
        "{prefix}_{}",
        digest
            .iter()
            .take(10)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_operation_alone() {
        assert_eq!(derived_id("mb", "op-1", 0), derived_id("mb", "op-1", 0));
        assert_ne!(derived_id("mb", "op-1", 0), derived_id("mb", "op-2", 0));
        assert_ne!(derived_id("pkg", "op-1", 0), derived_id("pkg", "op-1", 1));
    }

    #[test]
    fn a_stated_total_is_what_the_packages_add_up_to() {
        let sum = Micros::from_wire(0.3);
        let checked = |total: Value| {
            check_total(&json!({ "total_budget": total }), &sum, "USD")
                .err()
                .and_then(|error| error.field)
        };
        assert_eq!(
            checked(json!({"amount": 0.1 + 0.2, "currency": "USD"})),
            None
        );
        assert_eq!(
            checked(json!({"amount": 0.31, "currency": "USD"})).as_deref(),
            Some("total_budget.amount")
        );
        assert_eq!(
            checked(json!({"amount": 0.3, "currency": "EUR"})).as_deref(),
            Some("total_budget.currency")
        );
    }
}
