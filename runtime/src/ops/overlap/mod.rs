//! What of a product's offer the seller can really deliver: the `capability_overlap` of a recipe.
//!
//! A recipe may say on four axes what its ad server can do with the product; an adopter's recipe may
//! have further axes. On each, a missing list is no gate and an empty one denies everything. A
//! recipe is judged twice: against the product that the buyer is shown ([`check_offer`], where a
//! contradiction is the seller's bug), and against what a buyer asks for ([`check_package`], where
//! it is the buyer's to correct). Nothing here says what else a recipe holds.

mod signals;
mod offer;
mod package;

use serde_json::Value;

pub(super) use offer::check_offer;
pub(crate) use offer::{contradiction, judged_dimensions};
pub(super) use package::{check_package, stops};

/// The member of a recipe that holds the axes.
pub(crate) const OVERLAP: &str = "capability_overlap";

/// How products may be priced: `pricing_model` of a pricing option.
const PRICING_MODELS: &str = "pricing_models";
/// By what packages may be targeted: the names of members of `core/targeting.json`. Each member is a
/// dimension of its own, so that a list can permit `geo_countries` and not `geo_countries_exclude`.
pub(crate) const TARGETING_DIMENSIONS: &str = "targeting_dimensions";
/// How products may be delivered: `enums/delivery-type.json`.
const DELIVERY_TYPES: &str = "delivery_types";
/// Which signals packages may be targeted by: `enums/signal-catalog-type.json`.
const SIGNAL_TYPES: &str = "signal_types";

/// What a recipe allows on an axis; `None` where it says nothing.
pub(crate) fn allowed<'a>(recipe: &'a Value, axis: &str) -> Option<Vec<&'a str>> {
    let words = recipe.get(OVERLAP)?.get(axis)?.as_array()?;
    Some(words.iter().filter_map(Value::as_str).collect())
}

/// Words as a sentence ends with them: `cpm, cpc`, or `none`.
fn listed(words: &[&str]) -> String {
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}
