//! `create_media_buy`.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::accounts::without_bank;
use super::super::creatives::Library;
use super::super::hold::Purpose;
use super::super::records;
use super::super::request::{Fill, Members};
use super::super::{Call, Outcome, scope};
use super::forced::forced;
use super::order::{self, Order};
use super::{approval, wire};
use crate::domain::{AccountRecord, Booking, BookingState, MediaBuy, Recipes};
use crate::error::{Error, Result};
use crate::jcs;
use crate::platform;
use crate::status;
use crate::store::Batch;

/// Draws an order up and has it booked, unless a person has to agree first.
pub(in crate::ops) async fn create(call: &Call<'_>) -> Result<Outcome> {
    let (request, now) = (&call.request, call.context.now);
    let account = call
        .context
        .account
        .as_ref()
        .ok_or_else(|| Error::invalid_request("an account is required").at("account"))?;
    if let Some(answer) = approval::announced(call) {
        return Ok(answer);
    }
    if let Some(outcome) = forced(call).await? {
        return Ok(outcome);
    }
    let Order {
        mut buy,
        mut library,
        recipes,
        mut acceptance,
    } = order::draw_up(call, account).await?;
    let awaited = approval::is_needed(call, &buy);
    let purpose = if awaited { Purpose::Wait } else { Purpose::Ask };
    let answered = match &mut acceptance {
        Some(acceptance) => acceptance.reserve(call, purpose).await?,
        None if awaited || call.holds.held().is_some() => {
            approval::hold(call, Batch::new(), Vec::new(), purpose).await?
        }
        None => None,
    };
    if let Some(answer) = answered {
        return Ok(answer);
    }
    if awaited {
        return Ok(approval::awaited(call));
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
    let context = call
        .context
        .with_recipes(Recipes::of_buy(&buy.media_buy_id, recipes));
    let platform = &call.services.platform;
    let booking = call
        .ask(platform.create_media_buy(&context, request.clone(), &buy))
        .await?;
    let booking = match booking {
        platform::Outcome::Done(booking) => booking,
        platform::Outcome::HandedOff(hand_off) => return Ok(approval::handed_off(call, hand_off)),
    };
    if booking.state == BookingState::Confirmed {
        buy.confirmed_at = Some(now);
    }
    take_references(&mut buy, booking);
    buy.note(now, Some(&call.context.principal.0), "created", None, None);

    let mut batch = Batch::new();
    library.save(&mut batch)?;
    let consumed = acceptance
        .map(|acceptance| acceptance.consume(call, &mut buy, &mut batch))
        .transpose()?;
    let scope = scope::of_account(call.context, &account.account_id);
    records::insert(&mut batch, &scope, &buy)?;
    status::note_holder(
        &call.services.store,
        call.context,
        &account.account_id,
        &mut batch,
    )
    .await?;
    let asked = (call.tool.name, request);
    let made = [buy.media_buy_id.as_str()];
    status::follow::<MediaBuy>(call.services, call.context, asked, &scope, made, &mut batch)?;
    Ok(Outcome::write(wire::created(call, &buy), batch).logged(consumed))
}

/// What the request asks for beyond packages, and this seller does not do.
pub(super) fn refuse_unsupported(request: &Value) -> Result<()> {
    let unsupported = |name: &str, why: &str| Err(Error::unsupported(why).at(name));
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
    format!("{prefix}_{}", jcs::hex(&hash.finalize()[..10]))
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
}
