//! Which products answer a brief, and which pass a filter.
//!
//! Relevance is plain counting of shared words: good enough to sell from a short list, and the
//! seam at which an adopter puts something better (`get_products` in the adapter). Filters are
//! not a matter of taste: each follows `core/product-filters.json`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{Catalog, CatalogProduct};
use crate::domain::FormatId;
use crate::domain::money::Micros;
use crate::platform::{Products, WireProduct};

/// A word in a product's name or channel says more than one in its description.
const NAMED: u32 = 3;
const DESCRIBED: u32 = 1;

/// Words that say nothing about what is wanted.
const EMPTY_WORDS: [&str; 24] = [
    "about",
    "across",
    "advertising",
    "all",
    "and",
    "any",
    "available",
    "budget",
    "campaign",
    "flight",
    "for",
    "from",
    "inventory",
    "into",
    "looking",
    "media",
    "our",
    "products",
    "show",
    "that",
    "the",
    "with",
    "your",
    "want",
];

impl Catalog {
    /// The products that pass the filters (`core/product-filters.json`), best first.
    ///
    /// With a brief, products that share words with it come first, those that share most before
    /// the others; when none shares any, the whole list stands, because an empty answer helps
    /// nobody who asked in other words. Without a brief the order is that of the catalogue.
    pub fn matching(&self, brief: Option<&str>, filters: Option<&Value>) -> Products {
        // Filters have passed their schema by now; what this can't read, it can't filter by.
        let filters = filters
            .and_then(|filters| Filters::deserialize(filters).ok())
            .unwrap_or_default();
        let mut found: Vec<&Arc<CatalogProduct>> = self
            .products()
            .iter()
            .filter(|product| filters.pass(product))
            .collect();
        if let Some(brief) = brief {
            let wanted: HashSet<String> = words(brief).collect();
            let score = |product: &CatalogProduct| -> u32 {
                wanted
                    .iter()
                    .filter_map(|word| product.words.get(word))
                    .sum()
            };
            let mut scored: Vec<(u32, &Arc<CatalogProduct>)> = found
                .iter()
                .map(|product| (score(product), *product))
                .collect();
            if scored.iter().any(|(score, _)| *score > 0) {
                scored.retain(|(score, _)| *score > 0);
                scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
                found = scored.into_iter().map(|(_, product)| product).collect();
            }
        }
        Products {
            products: found
                .into_iter()
                .map(|product| WireProduct::Catalog(Arc::clone(product)))
                .collect(),
            ..Products::default()
        }
    }
}

/// The words under which a product is found.
pub(super) fn index(product: &Value, channels: &[String]) -> HashMap<String, u32> {
    let text = |name: &str| {
        product
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let mut index = HashMap::new();
    for word in words(text("description")) {
        index.insert(word, DESCRIBED);
    }
    let channels = channels.iter().map(String::as_str);
    for word in words(text("name")).chain(channels.flat_map(words)) {
        index.insert(word, NAMED);
    }
    index
}

/// The words of a text that may tell one product from another, in lower case and without a
/// plural's ending.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.len() >= 3)
        .map(str::to_lowercase)
        .filter_map(|word| {
            let singular = word
                .strip_suffix('s')
                .filter(|stem| stem.len() > 3 && !stem.ends_with('s'))
                .unwrap_or(&word);
            (!EMPTY_WORDS.contains(&word.as_str())).then(|| singular.to_owned())
        })
}

/// The filters that a catalogue can answer. Geography, signals and agents' integrations are not in
/// a product, so filters on them are the adapter's to answer.
#[derive(Debug, Default, Deserialize)]
struct Filters {
    delivery_type: Option<String>,
    exclusivity: Option<String>,
    is_fixed_price: Option<bool>,
    format_ids: Option<Vec<FormatId>>,
    channels: Option<Vec<String>>,
    budget_range: Option<BudgetRange>,
}

#[derive(Debug, Deserialize)]
struct BudgetRange {
    max: Option<f64>,
    currency: String,
}

impl Filters {
    fn pass(&self, product: &CatalogProduct) -> bool {
        let exclusivity = product
            .value
            .get("exclusivity")
            .and_then(Value::as_str)
            .unwrap_or("none");
        self.delivery_type
            .as_ref()
            .is_none_or(|wanted| *wanted == product.delivery_type)
            && self
                .exclusivity
                .as_ref()
                .is_none_or(|wanted| wanted == exclusivity)
            && self.is_fixed_price.is_none_or(|fixed| {
                product
                    .pricing_options
                    .iter()
                    .any(|option| option.fixed_price.is_some() == fixed)
            })
            && self
                .format_ids
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|format_id| product.accepts(format_id)))
            && self.channels.as_ref().is_none_or(|wanted| {
                wanted
                    .iter()
                    .any(|channel| product.channels.contains(channel))
            })
            && self
                .budget_range
                .as_ref()
                .is_none_or(|range| range.affords(product))
    }
}

impl BudgetRange {
    /// Whether the largest budget reaches the least that some option in its currency asks for.
    fn affords(&self, product: &CatalogProduct) -> bool {
        let mut options = product
            .pricing_options
            .iter()
            .filter(|option| option.currency == self.currency);
        options.any(|option| match (self.max, option.min_spend_per_package) {
            (Some(max), Some(least)) => Micros::from_wire(max) >= Micros::from_wire(least),
            _ => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_drop_what_says_nothing() {
        let found: Vec<String> =
            words("All the Sports sites, and news-homepages for Q2!").collect();
        assert_eq!(found, ["sport", "site", "news", "homepage"]);
    }

    #[test]
    fn a_name_weighs_more_than_a_description() {
        let product =
            serde_json::json!({"name": "Sports display", "description": "display on news pages"});
        let index = index(&product, &["olv".to_owned()]);
        assert_eq!(
            (index.get("display"), index.get("news"), index.get("olv")),
            (Some(&NAMED), Some(&DESCRIBED), Some(&NAMED))
        );
    }
}
