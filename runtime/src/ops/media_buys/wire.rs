//! Media buys and packages in the forms of the responses.

use serde_json::{Map, Value, json};

use super::super::accounts::without_bank;
use super::super::request::{Fill, Members};
use super::super::{Call, Services};
use crate::catalog::CatalogProduct;
use crate::clock;
use crate::domain::money::{Micros, number};
use crate::domain::{Cancellation, Creative, CreativeStatus, FormatId, MediaBuy, Package};
use crate::platform::Account;

/// The answer to `create_media_buy`.
pub(super) fn created(call: &Call<'_>, buy: &MediaBuy) -> Map<String, Value> {
    let mut body = standing(call.services, buy);
    body.put_some("account", account(call, buy));
    body
}

/// The answer to `create_media_buy` as the buy stands, without its account.
pub(in crate::ops) fn standing(services: &Services, buy: &MediaBuy) -> Map<String, Value> {
    let mut body = Map::new();
    body.put("media_buy_id", buy.media_buy_id.as_str());
    body.put_some("proposal_id", buy.proposal_id.as_deref());
    body.put_some(
        "invoice_recipient",
        buy.extra.get("invoice_recipient").map(without_bank),
    );
    body.put("status", buy.status.as_str());
    body.put_some("confirmed_at", buy.confirmed_at.map(clock::to_wire));
    body.put("revision", buy.revision);
    body.put("valid_actions", buy.valid_actions().to_vec());
    body.put(
        "packages",
        buy.packages
            .iter()
            .map(|package| Value::Object(self::package(buy, package)))
            .collect::<Vec<_>>(),
    );
    if services.sandbox {
        body.put("sandbox", true);
    }
    body
}

/// The answer to `update_media_buy`.
pub(super) fn updated(call: &Call<'_>, buy: &MediaBuy, affected: &[&str]) -> Map<String, Value> {
    let mut body = Map::new();
    body.put("media_buy_id", buy.media_buy_id.as_str());
    body.put("status", buy.status.as_str());
    body.put("revision", buy.revision);
    body.put("implementation_date", clock::to_wire(call.context.now));
    body.put_some(
        "invoice_recipient",
        call.request.member("invoice_recipient").map(without_bank),
    );
    let affected = buy
        .packages
        .iter()
        .filter(|package| affected.contains(&package.package_id.as_str()));
    body.put(
        "affected_packages",
        affected
            .map(|package| Value::Object(self::package(buy, package)))
            .collect::<Vec<_>>(),
    );
    body.put("valid_actions", buy.valid_actions().to_vec());
    if call.services.sandbox {
        body.put("sandbox", true);
    }
    body
}

/// A buy as `get_media_buys` shows it, without its packages.
pub(super) fn buy(buy: &MediaBuy, history: usize) -> Map<String, Value> {
    let mut wire = Map::new();
    wire.put("media_buy_id", buy.media_buy_id.as_str());
    wire.put_some("proposal_id", buy.proposal_id.as_deref());
    wire.put_some(
        "invoice_recipient",
        buy.extra.get("invoice_recipient").map(without_bank),
    );
    wire.put("status", buy.status.as_str());
    wire.put("currency", buy.currency.as_str());
    let total: Micros = buy
        .packages
        .iter()
        .map(|package| Micros::from_wire(package.budget))
        .sum();
    wire.put("total_budget", number(total.to_wire()));
    wire.put("start_time", clock::to_wire(buy.start_time));
    wire.put("end_time", clock::to_wire(buy.end_time));
    wire.put_some("confirmed_at", buy.confirmed_at.map(clock::to_wire));
    wire.put_some(
        "cancellation",
        buy.cancellation.as_ref().map(self::cancellation),
    );
    wire.put("revision", buy.revision);
    wire.put("created_at", clock::to_wire(buy.created_at));
    wire.put("updated_at", clock::to_wire(buy.updated_at));
    wire.put("valid_actions", buy.valid_actions().to_vec());
    if history > 0 {
        wire.put(
            "history",
            buy.history
                .iter()
                .rev()
                .take(history)
                .map(|entry| entry.to_wire())
                .collect::<Vec<_>>(),
        );
    }
    wire.put_some("ext", buy.extra.get("ext").cloned());
    wire
}

/// The account of a buy that has just been booked.
fn account(call: &Call<'_>, buy: &MediaBuy) -> Option<Value> {
    let Account {
        account_id,
        brand,
        operator,
        ..
    } = call
        .context
        .account
        .as_ref()
        .filter(|account| account.account_id == buy.account_id)?;
    let mut wire = Map::new();
    wire.put("account_id", account_id.as_str());
    let domain = brand.as_ref().and_then(|brand| brand.text("domain"));
    wire.put("name", domain.unwrap_or(account_id));
    // Only an account in good standing gets as far as booking.
    wire.put("status", "active");
    wire.put_some("brand", brand.clone());
    wire.put_some("operator", operator.clone());
    if call.services.sandbox {
        wire.put("sandbox", true);
    }
    Some(Value::Object(wire))
}

/// A package with everything that is known about it (`core/package.json`).
pub(super) fn package(buy: &MediaBuy, package: &Package) -> Map<String, Value> {
    let mut wire = Map::new();
    wire.put("package_id", package.package_id.as_str());
    wire.put("product_id", package.product_id.as_str());
    wire.put("pricing_option_id", package.pricing_option_id.as_str());
    wire.put("budget", number(package.budget));
    wire.put_some("bid_price", package.bid_price.map(number));
    wire.put("start_time", clock::to_wire(package.starts(buy)));
    wire.put("end_time", clock::to_wire(package.ends(buy)));
    wire.put("paused", buy.holds(package));
    wire.put("canceled", package.cancellation.is_some());
    wire.put_some(
        "cancellation",
        package.cancellation.as_ref().map(cancellation),
    );
    wire.extend(package.extra.clone());
    wire
}

/// A package as `get_media_buys` shows it, with the state of its creatives.
///
/// When the last creative of a running buy is rejected or put away, the buy keeps its status, since
/// no edge leads back to `pending_creatives`: `creative_approvals` and `format_ids_pending` say what
/// has become of it.
pub(super) fn package_state(
    buy: &MediaBuy,
    package: &Package,
    creatives: &[Creative],
    product: Option<&CatalogProduct>,
) -> Map<String, Value> {
    let mut wire = self::package(buy, package);
    wire.put("currency", buy.currency.as_str());
    let assigned = || {
        package.creative_ids.iter().filter_map(|creative_id| {
            creatives
                .iter()
                .find(|creative| creative.creative_id == *creative_id)
        })
    };
    if !buy.status.is_terminal() && package.cancellation.is_none() {
        let usable: Vec<&FormatId> = assigned()
            .filter(|creative| creative.status.is_usable())
            .map(|creative| &creative.format_id)
            .collect();
        let pending = formats_pending(package, &usable, product);
        if !pending.is_empty() {
            wire.put("format_ids_pending", json!(pending));
        }
    }
    let approvals: Vec<Value> = assigned()
        .map(|creative| {
            // An archived creative was approved; one being ingested is not reviewed yet
            // (`enums/creative-approval-status.json` has three words for the five states).
            let status = match creative.status {
                CreativeStatus::Approved | CreativeStatus::Archived => "approved",
                CreativeStatus::Rejected => "rejected",
                CreativeStatus::Processing | CreativeStatus::PendingReview => "pending_review",
            };
            let mut approval =
                json!({ "creative_id": creative.creative_id, "approval_status": status });
            if let Some(reason) = &creative.rejection_reason {
                approval["rejection_reason"] = json!(reason);
            }
            approval
        })
        .collect();
    if !approvals.is_empty() {
        wire.put("creative_approvals", approvals);
    }
    wire
}

/// The formats that a package still needs creatives in. Those that it names are needed each; of
/// those that its product takes any one will do (`media-buy/package-request.json`, `format_ids`).
fn formats_pending(
    package: &Package,
    usable: &[&FormatId],
    product: Option<&CatalogProduct>,
) -> Vec<FormatId> {
    match package.extra.format_ids("format_ids") {
        Some(mut named) => {
            named.retain(|format_id| !usable.iter().any(|known| known.names_same(format_id)));
            named
        }
        None if usable.is_empty() => {
            product.map_or_else(Vec::new, |product| product.format_ids.clone())
        }
        None => Vec::new(),
    }
}

pub(in crate::ops) fn cancellation(cancellation: &Cancellation) -> Value {
    let mut wire = Map::new();
    wire.put("canceled_at", clock::to_wire(cancellation.canceled_at));
    wire.put("canceled_by", cancellation.canceled_by.as_str());
    wire.put_some("reason", cancellation.reason.clone());
    Value::Object(wire)
}
