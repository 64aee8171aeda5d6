//! The packages that a `create_media_buy` asks for: those that it lists, or those that follow from
//! the allocations of the proposal that it buys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::request::{Fill, Members};
use crate::catalog::{CatalogProduct, PricingOption};
use crate::domain::money::{self, Micros, number};
use crate::error::{Error, Result};

/// Percentages are counted in trillionths, so that no double of theirs is rounded.
const TRILLIONTHS: f64 = 1e12;
/// A hundred per cent.
const WHOLE: Micros = Micros(100_000_000_000_000);

/// A package that is asked for.
pub(super) struct Wanted<'a> {
    /// The package, as `media-buy/package-request.json` has it.
    pub(super) request: Cow<'a, Value>,
    /// Where the request has it.
    pub(super) field: String,
    /// What of the total it is, where it follows from a proposal instead.
    derived: Option<Share>,
}

/// What of a total a package is.
struct Share {
    part: Micros,
    whole: Micros,
    /// The smallest amount of the total's currency that can be paid.
    unit: Micros,
}

impl Share {
    /// The least total that can be paid and gives the package so much.
    fn total_for(&self, least: Micros) -> Micros {
        let total = (least.0 * self.whole.0 + self.part.0 - 1) / self.part.0;
        Micros((total + self.unit.0 - 1) / self.unit.0 * self.unit.0)
    }
}

/// What a proposal gives a product (`core/product-allocation.json`).
pub(super) struct Allocation<'a> {
    pub(super) product_id: &'a str,
    /// In trillionths of a per cent, more than nothing.
    share: Micros,
    value: &'a Value,
}

impl Allocation<'_> {
    /// Whether a package has the proposed price, where one is proposed.
    fn is_priced_as(&self, package: &Value) -> bool {
        let proposed = self.value.text("pricing_option_id");
        proposed.is_none_or(|proposed| package.text("pricing_option_id") == Some(proposed))
    }
}

/// The allocations of a proposal. One of nought per cent buys nothing and is left out.
pub(super) fn allocations(proposal: &Value) -> impl Iterator<Item = Allocation<'_>> {
    proposal.list("allocations").iter().filter_map(|value| {
        let percentage = value.number("allocation_percentage")?;
        let share = Micros((percentage * TRILLIONTHS).round() as i128);
        (share > Micros(0)).then_some(Allocation {
            product_id: value.text("product_id")?,
            share,
            value,
        })
    })
}

/// The packages that a request lists.
pub(super) fn listed(request: &Value) -> Vec<Wanted<'_>> {
    let packages = request.list("packages").iter().enumerate();
    packages
        .map(|(at, package)| Wanted {
            request: Cow::Borrowed(package),
            field: format!("packages[{at}]"),
            derived: None,
        })
        .collect()
}

/// The packages that follow from allocations: the percentages of the total, in amounts that can be
/// paid, what rounding leaves with the last one.
pub(super) fn derived<'a>(
    allocations: &[Allocation<'_>],
    products: &BTreeMap<String, CatalogProduct>,
    total: Micros,
    currency: &str,
) -> Result<Vec<Wanted<'a>>> {
    let shares = allocations.iter().map(|allocation| allocation.share);
    let whole = WHOLE.max(shares.sum());
    allocations
        .iter()
        .zip(budgets(allocations, total, currency))
        .map(|(allocation, budget)| {
            let mut package = Map::new();
            package.put("product_id", allocation.product_id);
            package.put("budget", number(budget.to_wire()));
            if allocation.value.text("pricing_option_id").is_none() {
                let option = products
                    .get(allocation.product_id)
                    .and_then(|product| usual_option(product, currency));
                package.put_some(
                    "pricing_option_id",
                    option.map(|option| option.pricing_option_id.as_str()),
                );
            }
            Ok(Wanted {
                request: Cow::Owned(complete(package, allocation)),
                field: "packages".to_owned(),
                derived: Some(Share {
                    part: allocation.share,
                    whole,
                    unit: money::smallest_unit(currency),
                }),
            })
        })
        .collect()
}

/// What each allocation is of a total.
fn budgets(allocations: &[Allocation<'_>], total: Micros, currency: &str) -> Vec<Micros> {
    let shares: Vec<Micros> = allocations
        .iter()
        .map(|allocation| allocation.share)
        .collect();
    money::split_to_pay(total, currency, &shares, WHOLE)
}

/// The packages that a request lists beside a proposal. They may say more than the allocations, but
/// nothing else: each product as often as the proposal has it, at the proposed price, for its share
/// of the total. Lines whose schema knows packages and a proposal only apart never get here.
///
/// # Errors
///
/// `INVALID_REQUEST` at what differs.
pub(super) fn matched<'a>(
    allocations: &[Allocation<'_>],
    packages: &'a [Value],
    total: Micros,
    currency: &str,
) -> Result<Vec<Wanted<'a>>> {
    let mut open: Vec<(&Allocation<'_>, Micros)> = allocations
        .iter()
        .zip(budgets(allocations, total, currency))
        .collect();
    let mut wanted = Vec::new();
    for (at, package) in packages.iter().enumerate() {
        let field = format!("packages[{at}]");
        let product_id = package.text("product_id").unwrap_or_default();
        let stated = Micros::from_wire(package.number("budget").unwrap_or(0.0));
        // Of several that a product has, the one that fits, else the first.
        let of_product =
            |(allocation, _): &(&Allocation<'_>, Micros)| allocation.product_id == product_id;
        let fits = |offer: &(&Allocation<'_>, Micros)| {
            of_product(offer) && offer.1 == stated && offer.0.is_priced_as(package)
        };
        let Some(place) = open
            .iter()
            .position(fits)
            .or_else(|| open.iter().position(of_product))
        else {
            let known = allocations
                .iter()
                .any(|allocation| allocation.product_id == product_id);
            let message = if known {
                "the request names this product more often than the proposal"
            } else {
                "the proposal has no such product"
            };
            return Err(Error::invalid_request(message).at(format!("{field}.product_id")));
        };
        let (allocation, budget) = open.remove(place);
        if !allocation.is_priced_as(package) {
            return Err(Error::invalid_request(format!(
                "the proposal has this product at the price {}",
                allocation
                    .value
                    .text("pricing_option_id")
                    .unwrap_or_default()
            ))
            .at(format!("{field}.pricing_option_id")));
        }
        if stated != budget {
            let budget = number(budget.to_wire());
            return Err(Error::invalid_request(format!(
                "the proposal gives this product {}% of the total, which is {budget}",
                number(allocation.value.number("allocation_percentage").unwrap_or(0.0))
            ))
            .at(format!("{field}.budget"))
            .suggest("send that budget, leave packages out, or have the shares changed before the proposal is finalized")
            .detail("budget", budget));
        }
        let members = package.as_object().cloned().unwrap_or_default();
        wanted.push(Wanted {
            request: Cow::Owned(complete(members, allocation)),
            field,
            derived: None,
        });
    }
    match open.first() {
        Some((missing, _)) => Err(Error::invalid_request(format!(
            "the proposal also has the product {}; name all of its products, or leave packages out",
            missing.product_id
        ))
        .at("packages")),
        None => Ok(wanted),
    }
}

/// Adds what the allocation says and the package does not.
fn complete(mut package: Map<String, Value>, allocation: &Allocation<'_>) -> Value {
    for name in ["pricing_option_id", "start_time", "end_time"] {
        if package.member(name).is_none()
            && let Some(proposed) = allocation.value.member(name)
        {
            package.put(name, proposed.clone());
        }
    }
    if let Some(dayparts) = allocation.value.member("daypart_targets") {
        let overlay = package
            .entry("targeting_overlay")
            .or_insert_with(|| json!({}));
        if let Some(overlay) = overlay.as_object_mut() {
            overlay
                .entry("daypart_targets")
                .or_insert_with(|| dayparts.clone());
        }
    }
    Value::Object(package)
}

/// The price of a product that is not named: the only one, else the first fixed one, of those in the
/// buyer's currency where there are any.
fn usual_option<'a>(product: &'a CatalogProduct, currency: &str) -> Option<&'a PricingOption> {
    let options = &product.pricing_options;
    let fitting = |option: &&PricingOption| {
        option.currency == currency || options.iter().all(|other| other.currency != currency)
    };
    let mut candidates = options.iter().filter(fitting);
    candidates
        .clone()
        .find(|option| option.fixed_price.is_some())
        .or_else(|| candidates.next())
}

impl Wanted<'_> {
    /// An error about this package, at a place that the buyer has sent.
    pub(super) fn placed(&self, mut error: Error) -> Error {
        let (Some(share), Some(field)) = (&self.derived, &error.field) else {
            return error;
        };
        let place = match field.rsplit('.').next() {
            Some("budget") => "total_budget.amount",
            Some("start_time") => "start_time",
            Some("end_time") => "end_time",
            _ => "proposal_id",
        };
        error.field = Some(place.to_owned());
        error.message = format!(
            "the package of the product {}: {}",
            self.request.text("product_id").unwrap_or_default(),
            error.message
        );
        // The least budget of the package, as the total that gives it that much.
        if let Some(particulars) = &mut error.particulars
            && let Some(least) = particulars.details.number("minimum_budget")
        {
            let total = share.total_for(Micros::from_wire(least));
            particulars
                .details
                .put("minimum_budget", number(total.to_wire()));
        }
        error
    }
}
