//! Which products answer a brief.
//!
//! Relevance is plain counting of shared words: good enough to sell from a short list, and the
//! seam at which an adopter puts something better (`get_products` in the adapter).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::filters::Filters;
use super::{Catalog, CatalogProduct};
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
    pub fn matching<P, R>(&self, brief: Option<&str>, filters: Option<&Value>) -> Products<P, R> {
        let filters = Filters::of(filters);
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

/// How many of these words are in the name or among the channels of a product with that index.
pub(super) fn named(index: &HashMap<String, u32>, spoken: &[&str]) -> u32 {
    let named = spoken
        .iter()
        .flat_map(|spoken| words(spoken))
        .filter(|word| index.get(word).is_some_and(|weight| *weight >= NAMED));
    u32::try_from(named.count()).unwrap_or(u32::MAX)
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
