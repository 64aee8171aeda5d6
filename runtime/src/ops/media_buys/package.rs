//! One package of a request, judged and turned into a line item.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::Call;
use super::super::creatives::{Library, checked_assignment};
use super::super::request::Members;
use super::{flight, targeting, terms};
use crate::catalog::{CatalogProduct, PricingOption};
use crate::clock::Timestamp;
use crate::domain::Package;
use crate::domain::money::{self, Micros};
use crate::error::{Error, Result};

/// Members of a package request that are kept and echoed (`core/package.json`).
pub(in crate::ops) const PACKAGE_KEPT: [&str; 11] = [
    "format_ids",
    "pacing",
    "impressions",
    "catalogs",
    "optimization_goals",
    "targeting_overlay",
    "measurement_terms",
    "performance_standards",
    "agency_estimate_number",
    "context",
    "ext",
];

/// What a package is bought into.
pub(super) struct Frame<'a> {
    pub(super) starts: Timestamp,
    pub(super) ends: Timestamp,
    /// The currency of the packages before it.
    pub(super) currency: Option<String>,
    /// The products of the proposal that is bought, as they were offered. Otherwise what is on sale
    /// today counts.
    pub(super) offered: Option<&'a BTreeMap<String, CatalogProduct>>,
    /// Whether the request has waited as a task, so that its flight may have begun meanwhile.
    pub(super) waited: bool,
    /// The instant by which its dates are judged.
    pub(super) now: Timestamp,
}

impl Frame<'_> {
    /// The product of that id: that of the proposal, or the one that is on sale.
    pub(super) fn product<'a>(
        &'a self,
        call: &'a Call<'_>,
        product_id: &str,
    ) -> Option<&'a CatalogProduct> {
        match self.offered {
            Some(offered) => offered.get(product_id),
            None => call.context.catalog.product(product_id).map(AsRef::as_ref),
        }
    }
}

/// Judges a package request (`media-buy/package-request.json`) and makes it a package, with the
/// currency that its price is in.
pub(super) async fn build(
    call: &Call<'_>,
    library: &mut Library<'_>,
    request: &Value,
    package_id: String,
    frame: &Frame<'_>,
    field: &str,
) -> Result<(Package, String)> {
    let (product, option) = chosen(call, frame, request, field)?;
    if let Some(currency) = frame
        .currency
        .as_ref()
        .filter(|currency| **currency != option.currency)
    {
        return Err(Error::validation(format!("this price is in {}, those of the other packages in {currency}; a media buy has one currency", option.currency))
            .at(format!("{field}.pricing_option_id")));
    }
    let mut package = priced(package_id, &product.product_id, option);
    package.budget = request.number("budget").unwrap_or(0.0);
    package.bid_price = request
        .number("bid_price")
        .or(option.floor_price.filter(|_| option.fixed_price.is_none()));
    package.paused = request.truth("paused").unwrap_or(false);
    package.start_time = request.instant("start_time");
    package.end_time = request.instant("end_time");
    package.extra = request.pick(&PACKAGE_KEPT);
    check_money(&package, &option.currency, field)?;
    check_bid(&package, field)?;
    check_formats(request, product, field)?;
    check_catalogs(request, field)?;
    flight::check_inside(
        package.start_time,
        package.end_time,
        (frame.starts, frame.ends),
        field,
    )?;
    flight::check_ahead(
        package.start_time.filter(|_| !frame.waited),
        package.end_time,
        frame.now,
        field,
    )?;
    terms::check(request, product, field)?;
    targeting::check(call.services.spec, &package.extra, Some(product), field)?;
    let currency = option.currency.clone();
    assign_all(
        call,
        library,
        request,
        &mut package,
        Some(product),
        false,
        field,
    )
    .await?;
    Ok((package, currency))
}

/// The product and the price that a package names.
fn chosen<'a>(
    call: &'a Call<'_>,
    frame: &'a Frame<'_>,
    request: &Value,
    field: &str,
) -> Result<(&'a CatalogProduct, &'a PricingOption)> {
    let product_id = request.text("product_id").unwrap_or_default();
    let product = frame.product(call, product_id).ok_or_else(|| {
        Error::new("PRODUCT_NOT_FOUND", "there is no such product")
            .at(format!("{field}.product_id"))
            .suggest("call get_products to see what is on sale")
    })?;
    // A proposal is firm for as long as it says itself.
    if frame.offered.is_none()
        && product
            .expires_at
            .is_some_and(|expires_at| expires_at <= frame.now)
    {
        return Err(
            Error::new("PRODUCT_EXPIRED", "the product is no longer on sale")
                .at(format!("{field}.product_id")),
        );
    }
    let option = product
        .pricing_option(request.text("pricing_option_id").unwrap_or_default())
        .ok_or_else(|| {
            let offered: Vec<&str> = product
                .pricing_options
                .iter()
                .map(|option| option.pricing_option_id.as_str())
                .collect();
            Error::new(
                "REFERENCE_NOT_FOUND",
                "the product has no such pricing option",
            )
            .at(format!("{field}.pricing_option_id"))
            .suggest(format!("choose one of {}", offered.join(", ")))
        })?;
    Ok((product, option))
}

/// A package without a budget at a price, which is locked from here on.
pub(in crate::ops) fn priced(
    package_id: String,
    product_id: &str,
    option: &PricingOption,
) -> Package {
    Package {
        package_id,
        product_id: product_id.to_owned(),
        pricing_option_id: option.pricing_option_id.clone(),
        pricing_model: option.pricing_model.clone(),
        budget: 0.0,
        fixed_price: option.fixed_price,
        floor_price: option.floor_price,
        min_spend: option.min_spend_per_package,
        bid_price: None,
        start_time: None,
        end_time: None,
        paused: false,
        cancellation: None,
        creative_ids: Vec::new(),
        assigned_at: BTreeMap::new(),
        line_ref: None,
        extra: serde_json::Map::new(),
    }
}

/// An amount that can be counted with.
pub(super) fn check_amount(amount: f64, field: String) -> Result<()> {
    if amount <= money::MOST {
        return Ok(());
    }
    Err(Error::validation(format!(
        "no amount can be more than {}",
        money::number(money::MOST)
    ))
    .at(field))
}

/// A package costs something, and at least what its price asks for.
pub(super) fn check_money(package: &Package, currency: &str, field: &str) -> Result<()> {
    let budget = Micros::from_wire(package.budget);
    if budget < Micros(0) {
        return Err(
            Error::invalid_request("a budget can't be negative").at(format!("{field}.budget"))
        );
    }
    check_amount(package.budget, format!("{field}.budget"))?;
    let least = Micros::from_wire(package.min_spend.unwrap_or(0.0));
    if budget < least || budget == Micros(0) {
        let message = if least > Micros(0) {
            format!(
                "the budget is below the least that this price allows, {} {currency}",
                least.to_wire()
            )
        } else {
            "a budget of nothing buys nothing".to_owned()
        };
        let refused = Error::new("BUDGET_TOO_LOW", message)
            .at(format!("{field}.budget"))
            .detail("currency", currency);
        // Without a minimum any budget will do, and naming nought would read as if nought did.
        return Err(if least > Micros(0) {
            refused.detail("minimum_budget", money::number(least.to_wire()))
        } else {
            refused
        });
    }
    Ok(())
}

/// A bid in an auction reaches the floor. Without a bid the floor is bid; without either there is
/// nothing to bid with. On a fixed price a bid changes nothing and is kept as it came.
pub(super) fn check_bid(package: &Package, field: &str) -> Result<()> {
    if let Some(bid) = package.bid_price {
        check_amount(bid, format!("{field}.bid_price"))?;
    }
    if package.fixed_price.is_some() {
        return Ok(());
    }
    let Some(bid) = package.bid_price else {
        return Err(Error::invalid_request(
            "this price is an auction without a floor, so it needs a bid_price",
        )
        .at(format!("{field}.bid_price")));
    };
    match package.floor_price {
        Some(floor) if Micros::from_wire(bid) < Micros::from_wire(floor) => Err(Error::validation(
            format!("the bid of {bid} is below the floor of {floor}"),
        )
        .at(format!("{field}.bid_price"))
        .detail("floor_price", floor)),
        _ => Ok(()),
    }
}

fn check_formats(request: &Value, product: &CatalogProduct, field: &str) -> Result<()> {
    let wanted = request.format_ids("format_ids").unwrap_or_default();
    match wanted
        .iter()
        .position(|format_id| !product.accepts(format_id))
    {
        Some(at) => Err(Error::validation(format!(
            "the product takes no creatives of the format {}",
            wanted[at].id
        ))
        .at(format!("{field}.format_ids[{at}]"))),
        None => Ok(()),
    }
}

/// At most one catalogue of each type (`media-buy/package-request.json`, `catalogs`).
pub(super) fn check_catalogs(request: &Value, field: &str) -> Result<()> {
    let types: Vec<Option<&str>> = request
        .list("catalogs")
        .iter()
        .map(|catalog| catalog.text("type"))
        .collect();
    match types
        .iter()
        .enumerate()
        .position(|(at, kind)| kind.is_some() && types[..at].contains(kind))
    {
        Some(at) => Err(
            Error::validation("a package promotes at most one catalogue of each type")
                .at(format!("{field}.catalogs[{at}].type")),
        ),
        None => Ok(()),
    }
}

/// Assigns the creatives that a package names, and takes in those that it brings along.
///
/// A new package may name creatives that are synced later: it waits for them. Once a buy exists its
/// assignments are replaced by what is there, so that a slip of the pen does not take a running
/// package off the air (`must_exist`).
pub(super) async fn assign_all(
    call: &Call<'_>,
    library: &mut Library<'_>,
    request: &Value,
    package: &mut Package,
    product: Option<&CatalogProduct>,
    must_exist: bool,
    field: &str,
) -> Result<()> {
    let catalog = &call.context.catalog;
    for (at, assignment) in request.list("creative_assignments").iter().enumerate() {
        let field = format!("{field}.creative_assignments[{at}]");
        let creative_id = assignment.text("creative_id").unwrap_or_default();
        let creative = if must_exist {
            library.find(creative_id).await?
        } else {
            library.find_own(creative_id).await?
        };
        if must_exist && creative.is_none() {
            return Err(
                Error::new("CREATIVE_NOT_FOUND", "the library has no such creative")
                    .at(format!("{field}.creative_id"))
                    .suggest("sync the creative first"),
            );
        }
        let kept = checked_assignment(
            creative_id,
            creative.as_ref(),
            assignment,
            package,
            product,
            |format_id| catalog.is_own(format_id),
            &field,
        )?;
        package.assign(creative_id, kept, call.context.now);
    }
    for (at, asset) in request.list("creatives").iter().enumerate() {
        let field = format!("{field}.creatives[{at}]");
        let taken = library.take_in(asset, &field).await?;
        if taken.action != "created" {
            return Err(
                Error::validation("the library already has a creative of this id")
                    .at(format!("{field}.creative_id"))
                    .suggest("name it in creative_assignments, or change it with sync_creatives"),
            );
        }
        let creative = taken.creative.clone();
        let kept = checked_assignment(
            &creative.creative_id,
            Some(&creative),
            asset,
            package,
            product,
            |format_id| catalog.is_own(format_id),
            &field,
        )?;
        package.assign(&creative.creative_id, kept, call.context.now);
    }
    Ok(())
}
