//! A recipe against the product that buyers are shown: it must not promise what the offer lacks.

use serde_json::{Map, Value};

use super::super::request::Members;
use super::{
    DELIVERY_TYPES, PRICING_MODELS, SIGNAL_TYPES, TARGETING_DIMENSIONS, allowed, listed, signals,
};
use crate::error::{Error, Result};

/// Targeting dimensions that a product has to allow by a flag whose default is no
/// (`core/product.json`).
const FLAGGED: [(&str, &[&str]); 3] = [
    (
        "property_targeting_allowed",
        &["property_list", "property_list_exclude"],
    ),
    (
        "collection_targeting_allowed",
        &["collection_list", "collection_list_exclude"],
    ),
    (
        "signal_targeting_allowed",
        &["signal_targeting", "signal_targeting_groups"],
    ),
];

/// Dimensions that the runtime judges on every line, whether or not the line's own
/// `core/targeting.json` has them already.
pub(crate) fn judged_dimensions() -> Vec<&'static str> {
    FLAGGED
        .into_iter()
        .flat_map(|(_, dimensions)| dimensions.iter().copied())
        .collect()
}

/// A promise of a recipe that its product does not keep.
#[derive(Debug)]
pub(crate) struct Contradiction {
    /// The axis of `capability_overlap`.
    pub(crate) axis: &'static str,
    /// What is promised on it.
    pub(crate) word: String,
    /// What the product says instead.
    pub(crate) why: String,
}

impl Contradiction {
    fn new(axis: &'static str, word: &str, why: String) -> Self {
        Contradiction {
            axis,
            word: word.to_owned(),
            why,
        }
    }
}

/// Checks that a recipe promises nothing that its product (`core/product.json`) does not offer.
///
/// # Errors
///
/// `INTERNAL_ERROR`, with what contradicts what as its cause: only the seller can mend it.
pub(in super::super) fn check_offer(recipe: &Value, product: &Value) -> Result<()> {
    let Some(Contradiction { axis, word, why }) = contradiction(recipe, product) else {
        return Ok(());
    };
    Err(Error::internal(format!(
        "the recipe of the product {} promises {word} in capability_overlap.{axis}, but {why}; correct the recipe or the product",
        product.text("product_id").unwrap_or("without an id")
    )))
}

/// The first promise of a recipe that its product does not keep.
pub(crate) fn contradiction(recipe: &Value, product: &Value) -> Option<Contradiction> {
    let priced: Vec<&str> = product
        .list("pricing_options")
        .iter()
        .filter_map(|option| option.text("pricing_model"))
        .collect();
    within(recipe, PRICING_MODELS, &priced)
        .or_else(|| within(recipe, DELIVERY_TYPES, &[product.text("delivery_type")?]))
        .or_else(|| within(recipe, SIGNAL_TYPES, &signals::offered_by(product)?))
        .or_else(|| targeted(recipe, product))
}

/// A word that the recipe lists on an axis and that is not offered.
fn within(recipe: &Value, axis: &'static str, offered: &[&str]) -> Option<Contradiction> {
    let promised = allowed(recipe, axis).unwrap_or_default();
    let word = promised.iter().find(|word| !offered.contains(word))?;
    let why = format!("the product offers: {}", listed(offered));
    Some(Contradiction::new(axis, word, why))
}

fn targeted(recipe: &Value, product: &Value) -> Option<Contradiction> {
    let promised = allowed(recipe, TARGETING_DIMENSIONS).unwrap_or_default();
    let contradicted =
        |word: &str, why: String| Some(Contradiction::new(TARGETING_DIMENSIONS, word, why));
    for (flag, dimensions) in FLAGGED {
        if product.truth(flag) == Some(true) {
            continue;
        }
        if let Some(word) = promised.iter().find(|word| dimensions.contains(word)) {
            return contradicted(word, format!("the product's {flag} is not true"));
        }
    }
    // From AdCP 3.2 on a product lists what packages may set.
    let supported = product.object("overlay_support")?;
    let word = promised.iter().find(|word| !supports(supported, word))?;
    contradicted(
        word,
        "the product's overlay_support does not have it".to_owned(),
    )
}

fn supports(supported: &Map<String, Value>, dimension: &str) -> bool {
    let says_yes = |name: &str| {
        supported
            .member(name)
            .is_some_and(|support| *support != Value::Bool(false))
    };
    says_yes(dimension) || (dimension == "frequency_cap" && says_yes("frequency_cap_support"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// The contradiction between an overlap and a product, for the log.
    fn cause(overlap: Value, product: Value) -> Option<String> {
        let recipe = json!({ "line_item": "hidden", "capability_overlap": overlap });
        let mut offered = json!({
            "product_id": "banner",
            "delivery_type": "guaranteed",
            "pricing_options": [{ "pricing_model": "cpm" }, { "pricing_model": "cpc" }],
        });
        let members = offered.as_object_mut().unwrap();
        members.extend(product.as_object().unwrap().clone());
        let error = check_offer(&recipe, &offered).err()?;
        assert_eq!(error.code, "INTERNAL_ERROR");
        assert!(!error.message.contains("banner"));
        let cause = error.cause.unwrap().to_string();
        assert!(!cause.contains("hidden"));
        Some(cause)
    }

    #[test]
    fn a_recipe_promises_no_more_than_the_offer_on_any_axis() {
        for (overlap, product, said) in [
            (
                json!({ "pricing_models": ["cpm", "cpcv"] }),
                json!({}),
                "promises cpcv in capability_overlap.pricing_models, but the product offers: cpm, cpc",
            ),
            (
                json!({ "delivery_types": ["guaranteed", "non_guaranteed"] }),
                json!({}),
                "promises non_guaranteed in capability_overlap.delivery_types",
            ),
            (
                json!({ "targeting_dimensions": ["language", "property_list"] }),
                json!({ "property_targeting_allowed": false }),
                "the product's property_targeting_allowed is not true",
            ),
            (
                json!({ "targeting_dimensions": ["collection_list_exclude"] }),
                json!({}),
                "the product's collection_targeting_allowed is not true",
            ),
            (
                json!({ "signal_types": ["owned"] }),
                json!({}),
                "promises owned in capability_overlap.signal_types, but the product offers: none",
            ),
            (
                json!({ "signal_types": ["owned"] }),
                json!({ "signal_targeting_allowed": true, "data_provider_signals": [{ "selection_type": "all" }] }),
                "but the product offers: marketplace",
            ),
            (
                json!({ "targeting_dimensions": ["browser"] }),
                json!({ "overlay_support": { "browser": false, "language": true } }),
                "the product's overlay_support does not have it",
            ),
        ] {
            let cause = cause(overlap, product).unwrap();
            assert!(
                cause.starts_with("the recipe of the product banner promises "),
                "{cause}"
            );
            assert!(cause.contains(said), "{cause}");
        }
    }

    #[test]
    fn what_is_offered_may_be_promised_and_what_is_not_said_is_not_judged() {
        for (overlap, product) in [
            (json!({}), json!({})),
            (
                json!({ "pricing_models": [], "delivery_types": [], "targeting_dimensions": [], "signal_types": [] }),
                json!({}),
            ),
            (
                json!({ "pricing_models": ["cpc"], "delivery_types": ["guaranteed"], "targeting_dimensions": ["language"] }),
                json!({}),
            ),
            // Without options of its own the product leaves the choice to get_signals.
            (
                json!({ "signal_types": ["custom"] }),
                json!({ "signal_targeting_allowed": true }),
            ),
            (
                json!({ "signal_types": ["custom"], "targeting_dimensions": ["signal_targeting_groups"] }),
                json!({ "signal_targeting_allowed": true, "signal_targeting_options": [
                    { "signal_ref": { "scope": "signal_source", "signal_id": "a" } },
                ] }),
            ),
            (
                json!({ "targeting_dimensions": ["frequency_cap", "browser"] }),
                json!({ "overlay_support": { "frequency_cap_support": { "max": 3 }, "browser": { "values": ["x"] } } }),
            ),
        ] {
            assert_eq!(cause(overlap.clone(), product), None, "{overlap}");
        }
    }
}
