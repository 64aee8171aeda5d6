//! What a `create_media_buy` asks for, judged and drawn up as a media buy that nobody has booked yet.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::creatives::Library;
use super::super::records;
use super::super::request::Members;
use super::super::{Call, overlap, recipes, scope};
use super::accept::{self, Acceptance};
use super::create::{check_invoice_recipient, derived_id, refuse_unsupported};
use super::flight;
use super::package::{self, Frame};
use super::wanted::{self, Wanted};
use crate::clock::Timestamp;
use crate::domain::money::Micros;
use crate::domain::{MediaBuy, MediaBuyStatus, Package};
use crate::error::{Error, Result};
use crate::platform::Account;

/// Members of the request that are kept and echoed.
const KEPT: [&str; 8] = [
    "brand",
    "io_acceptance",
    "advertiser_industry",
    "invoice_recipient",
    "po_number",
    "agency_estimate_number",
    "plan_id",
    "ext",
];

/// A media buy as it is asked for, and what belongs to it.
pub(super) struct Order<'a> {
    pub(super) buy: MediaBuy,
    /// The creatives that it shows and brings.
    pub(super) library: Library<'a>,
    /// How its products are booked, by product id.
    pub(super) recipes: BTreeMap<String, Value>,
    /// The proposal that it buys, where it buys one.
    pub(super) acceptance: Option<Acceptance>,
}

/// Judges a request and draws it up.
///
/// # Errors
///
/// The first thing that can't be sold as it is asked for. Nothing has been written or asked of the
/// ad server by then.
pub(super) async fn draw_up<'a>(call: &'a Call<'_>, account: &Account) -> Result<Order<'a>> {
    let (request, now) = (&call.request, call.context.now);
    let acceptance = accept::find(call).await?;
    let (starts, ends) = flight(call)?;
    refuse_unsupported(request)?;
    check_invoice_recipient(call).await?;

    let wanted = match &acceptance {
        Some(acceptance) => acceptance.packages(call)?,
        None => wanted::listed(request),
    };
    let mut library = Library::new(call, &account.account_id);
    let mut frame = Frame {
        starts,
        ends,
        currency: None,
        offered: acceptance.as_ref().map(Acceptance::products),
        waited: call.context.work.is_some(),
        now: call.judged_at(),
    };
    let packages = build(call, &mut library, &mut frame, &wanted).await?;
    let currency = frame
        .currency
        .clone()
        .ok_or_else(|| Error::invalid_request("at least one package is required").at("packages"))?;
    let budgets = packages.iter().map(|package| package.budget);
    check_total(request, &budgets.map(Micros::from_wire).sum(), &currency)?;
    let recipes = booked_as(call, acceptance.as_ref(), &packages).await?;
    for (wanted, package) in wanted.iter().zip(&packages) {
        if let Some(recipe) = recipes.get(&package.product_id) {
            let product = frame.product(call, &package.product_id);
            let product = product.map(|product| &product.value);
            let (request, field) = (&wanted.request, &wanted.field);
            overlap::check_package(call, recipe, package, product, request, field)
                .map_err(|error| wanted.placed(error))?;
        }
    }
    let buy = MediaBuy {
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
        proposal_id: acceptance
            .as_ref()
            .map(|acceptance| acceptance.proposal_id().to_owned()),
        recipes: recipes::kept(call, recipes.clone()),
        history: Vec::new(),
        extra: request.pick(&KEPT),
    };
    let scope = scope::of_account(call.context, &account.account_id);
    if records::find::<MediaBuy>(&call.services.store, &scope, &buy.media_buy_id)
        .await?
        .is_some()
    {
        return Err(Error::new(
            "CONFLICT",
            "the same request has just been carried out; send it again to be given its answer",
        ));
    }
    Ok(Order {
        buy,
        library,
        recipes,
        acceptance,
    })
}

/// The flight that is asked for. What has waited as a task may begin late, but not be over, unless the
/// ad server has been asked for it in time.
fn flight(call: &Call<'_>) -> Result<(Timestamp, Timestamp)> {
    let (request, now) = (&call.request, call.judged_at());
    let starts = if call.context.work.is_some() {
        flight::named_start(request, now)?
    } else {
        flight::start(request, now)?
    };
    let starts =
        starts.ok_or_else(|| Error::invalid_request("start_time is required").at("start_time"))?;
    let ends = request
        .instant("end_time")
        .ok_or_else(|| Error::invalid_request("end_time is required").at("end_time"))?;
    flight::check(starts, ends, now)?;
    Ok((starts, ends))
}

/// Judges the packages one by one. The first one's currency is that of the buy.
async fn build(
    call: &Call<'_>,
    library: &mut Library<'_>,
    frame: &mut Frame<'_>,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for (at, wanted) in wanted.iter().enumerate() {
        let package_id = derived_id("pkg", &call.context.operation_id, at);
        let (request, field) = (&wanted.request, &wanted.field);
        let (package, currency) = package::build(call, library, request, package_id, frame, field)
            .await
            .map_err(|error| wanted.placed(error))?;
        frame.currency = Some(currency);
        packages.push(package);
    }
    Ok(packages)
}

/// How the products of some packages are booked, by product id: as the proposal has it, else as the
/// catalogue or the adopter says. Empty where the seller has no recipes.
async fn booked_as(
    call: &Call<'_>,
    acceptance: Option<&Acceptance>,
    packages: &[Package],
) -> Result<BTreeMap<String, Value>> {
    let mut product_ids: Vec<String> = packages
        .iter()
        .map(|package| package.product_id.clone())
        .collect();
    product_ids.sort_unstable();
    product_ids.dedup();
    let none = BTreeMap::new();
    let known = acceptance.map_or(&none, Acceptance::recipes);
    recipes::of_products(call, call.context, &product_ids, known).await
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
