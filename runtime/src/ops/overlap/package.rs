//! A buyer's package against the recipe of its product.

use serde_json::{Map, Value};

use super::super::Call;
use super::super::request::{Fill, Members};
use super::{
    DELIVERY_TYPES, OVERLAP, PRICING_MODELS, SIGNAL_TYPES, TARGETING_DIMENSIONS, allowed, listed,
    signals,
};
use crate::domain::Package;
use crate::error::{Error, Result};

/// Members of an update that change keywords without naming the overlay, with the dimension that
/// they change (`media-buy/package-update.json`).
const KEYWORDS: [(&str, &str); 2] = [
    ("keyword_targets", "keyword_targets_add"),
    ("negative_keywords", "negative_keywords_add"),
];

/// Members of an update that leave the package as it is sold.
const STANDING: [&str; 6] = [
    "package_id",
    "paused",
    "canceled",
    "cancellation_reason",
    "context",
    "ext",
];

/// Checks that a package, as it will be, asks for nothing that its recipe rules out.
///
/// `request` is the buyer's own package at the path `field`: a new one, or an update that names it
/// by `package_id`, in which case what the update does not mention is reported at its `package_id`.
/// A package that nobody wrote, because it comes from a proposal, is reported at `field` itself.
/// What only [`stops`] is not to be judged.
///
/// # Errors
///
/// `INVALID_REQUEST` that says what is allowed on the axis; `INTERNAL_ERROR` when the adopter can't
/// say what the package asks for on an axis of its own.
pub(in super::super) fn check_package(
    call: &Call<'_>,
    recipe: &Value,
    package: &Package,
    product: Option<&Value>,
    request: &Value,
    field: &str,
) -> Result<()> {
    if recipe.object(OVERLAP).is_none() {
        return Ok(());
    }
    let asked = Asked { request, field };
    let judged = [
        priced(recipe, package, &asked),
        delivered(recipe, product, &asked),
        targeted(recipe, package, &asked),
        signalled(recipe, package, &asked),
    ];
    judged.into_iter().collect::<Result<()>>()?;
    on_own_axes(call, recipe, package, &asked)
}

/// Whether the buyer only stops the package, as it will be.
pub(in super::super) fn stops(package: &Package, request: &Value) -> bool {
    let only_standing = request
        .as_object()
        .is_some_and(|members| members.keys().all(|name| STANDING.contains(&name.as_str())));
    package.cancellation.is_some() || (only_standing && request.truth("paused") == Some(true))
}

/// What the buyer wrote, and where.
struct Asked<'a> {
    request: &'a Value,
    field: &'a str,
}

impl Asked<'_> {
    /// The path of a place below the package: of the member itself where the buyer wrote it, else
    /// of what names the package.
    fn at(&self, place: &str) -> String {
        let end = place.find(['.', '[']).unwrap_or(place.len());
        if self.request.get(&place[..end]).is_some() {
            format!("{}.{place}", self.field)
        } else {
            self.at_name()
        }
    }

    /// The path of what names the package.
    fn at_name(&self) -> String {
        ["package_id", "product_id"]
            .into_iter()
            .find(|name| self.request.get(*name).is_some())
            .map_or_else(
                || self.field.to_owned(),
                |name| format!("{}.{name}", self.field),
            )
    }
}

fn priced(recipe: &Value, package: &Package, asked: &Asked<'_>) -> Result<()> {
    match allowed(recipe, PRICING_MODELS) {
        Some(models) if !models.contains(&package.pricing_model.as_str()) => Err(refused(
            format!("this product can't be bought by {}", package.pricing_model),
            "pricing models",
            &models,
            asked.at("pricing_option_id"),
        )),
        _ => Ok(()),
    }
}

fn delivered(recipe: &Value, product: Option<&Value>, asked: &Asked<'_>) -> Result<()> {
    let delivery_type = product.and_then(|product| product.text("delivery_type"));
    match (allowed(recipe, DELIVERY_TYPES), delivery_type) {
        (Some(types), Some(delivery_type)) if !types.contains(&delivery_type) => Err(refused(
            format!("this product can't be delivered as {delivery_type}"),
            "delivery types",
            &types,
            asked.at_name(),
        )),
        _ => Ok(()),
    }
}

fn targeted(recipe: &Value, package: &Package, asked: &Asked<'_>) -> Result<()> {
    let (Some(dimensions), Some(overlay)) = (
        allowed(recipe, TARGETING_DIMENSIONS),
        package.extra.object("targeting_overlay"),
    ) else {
        return Ok(());
    };
    // An extension object is no targeting, and an empty list targets nothing.
    let used = overlay.iter().find(|(name, value)| {
        *name != "ext" && !is_nothing(value) && !dimensions.contains(&name.as_str())
    });
    let Some((dimension, _)) = used else {
        return Ok(());
    };
    let added = KEYWORDS
        .into_iter()
        .find(|(name, add)| name == dimension && asked.request.member(add).is_some());
    Err(refused(
        format!("this product can't be targeted by {dimension}"),
        "targeting dimensions",
        &dimensions,
        match added {
            Some((_, add)) => asked.at(add),
            None => asked.at(&format!("targeting_overlay.{dimension}")),
        },
    ))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn signalled(recipe: &Value, package: &Package, asked: &Asked<'_>) -> Result<()> {
    let (Some(types), Some(overlay)) = (
        allowed(recipe, SIGNAL_TYPES),
        package.extra.object("targeting_overlay"),
    ) else {
        return Ok(());
    };
    let denied = signals::used_by(overlay)
        .into_iter()
        .find(|used| !used.types.iter().any(|possible| types.contains(possible)));
    match denied {
        Some(used) => Err(refused(
            "this product can't be targeted by such a signal".to_owned(),
            "signal types",
            &types,
            asked.at(&used.field),
        )),
        None => Ok(()),
    }
}

/// The axes of the adopter's own. It is shown the package as it will be, so that an axis is judged
/// whatever an update mentions.
fn on_own_axes(
    call: &Call<'_>,
    recipe: &Value,
    package: &Package,
    asked: &Asked<'_>,
) -> Result<()> {
    let axes = call
        .services
        .profile
        .recipe
        .map_or(&[][..], |recipe| recipe.axes);
    let limited: Vec<(&str, Vec<&str>)> = axes
        .iter()
        .filter_map(|axis| Some((*axis, allowed(recipe, axis)?)))
        .collect();
    if limited.is_empty() {
        return Ok(());
    }
    let wire = as_requested(package, asked.request);
    for (axis, values) in limited {
        let requested = call.services.platform.requested(axis, &wire)?;
        if let Some(denied) = requested
            .iter()
            .find(|requested| !values.contains(&requested.value.as_str()))
        {
            return Err(refused(
                format!(
                    "this product can't be bought with {} as one of its {axis}",
                    denied.value
                ),
                axis,
                &values,
                asked.at(&denied.field),
            ));
        }
    }
    Ok(())
}

/// A package as a buyer would ask for it (`media-buy/package-request.json`).
fn as_requested(package: &Package, request: &Value) -> Value {
    let mut wire: Map<String, Value> = package.extra.clone();
    wire.put("product_id", package.product_id.as_str());
    wire.put("pricing_option_id", package.pricing_option_id.as_str());
    wire.put("budget", package.budget);
    wire.put_some("bid_price", package.bid_price);
    wire.put("paused", package.paused);
    // What the runtime keeps otherwise or not at all is taken as the buyer wrote it.
    for name in ["start_time", "end_time", "creatives", "context", "ext"] {
        if let Some(value) = request.member(name) {
            wire.put(name, value.clone());
        }
    }
    Value::Object(wire)
}

fn refused(what: String, axis: &str, allowed: &[&str], field: String) -> Error {
    Error::invalid_request(format!("{what}; {axis} allowed: {}", listed(allowed)))
        .at(field)
        .detail("allowed", allowed)
}
