//! One product, with the facts that checks need taken out once.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::load::CatalogError;
use super::matching;
use super::private::Private;
use crate::clock::Timestamp;
use crate::domain::{FormatId, RecipeType};
use crate::error::{Error, Result};
use crate::schema::Schemas;

/// The definition that a product must satisfy.
pub const PRODUCT: &str = "Product";
/// Members that a product can't be without (`core/product.json`, `required`).
pub(crate) const REQUIRED: [&str; 8] = [
    "product_id",
    "name",
    "description",
    "publisher_properties",
    "format_ids",
    "delivery_type",
    "pricing_options",
    "reporting_capabilities",
];

/// A product that is valid and serialised.
#[derive(Clone, Debug)]
pub struct CatalogProduct {
    /// Its id.
    pub product_id: String,
    /// The whole product (`core/product.json`).
    pub value: Value,
    /// The same as JSON text.
    pub raw: Bytes,
    /// `guaranteed` or `non_guaranteed`.
    pub delivery_type: String,
    /// The channels it is sold as.
    pub channels: Vec<String>,
    /// The formats that its creatives may have.
    pub format_ids: Vec<FormatId>,
    /// What it costs.
    pub pricing_options: Vec<PricingOption>,
    /// When it goes off sale, if ever.
    pub expires_at: Option<Timestamp>,
    /// How it is booked, where the runtime keeps recipes. Never in [`CatalogProduct::value`].
    pub(crate) recipe: Option<Value>,
    /// Whether a person has to agree to a buy of it, in a seller whose manifest asks for that;
    /// `None` where the entry says nothing.
    pub(crate) approval: Option<bool>,
    /// The words it is found by, each with its weight.
    pub(super) words: HashMap<String, u32>,
}

/// One price of a product, with the members that every pricing model shares.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PricingOption {
    /// Its id within the product.
    pub pricing_option_id: String,
    /// What the price is based on: `cpm`.
    pub pricing_model: String,
    /// ISO 4217 code of every amount in it.
    pub currency: String,
    /// The price per unit. Absent: the price is an auction.
    pub fixed_price: Option<f64>,
    /// The lowest bid per unit in an auction.
    pub floor_price: Option<f64>,
    /// The least budget of a package at this price.
    pub min_spend_per_package: Option<f64>,
}

#[derive(Deserialize)]
struct Facts {
    product_id: String,
    delivery_type: String,
    #[serde(default)]
    channels: Vec<String>,
    format_ids: Vec<FormatId>,
    pricing_options: Vec<PricingOption>,
    expires_at: Option<Timestamp>,
}

impl CatalogProduct {
    /// A product from its wire form.
    ///
    /// # Errors
    ///
    /// When it breaks its schema or a rule that the schema states in words: an option has at most
    /// one of `fixed_price` and `floor_price`, and option ids are unique within the product.
    pub fn new(value: Value, schemas: &Schemas) -> std::result::Result<Self, CatalogError> {
        let name = value
            .get("product_id")
            .and_then(Value::as_str)
            .unwrap_or("without a product_id")
            .to_owned();
        let wrong = |pointer: String, message: String| {
            CatalogError::entry("product", &name, pointer, message)
        };
        schemas
            .check(PRODUCT, &value)
            .map_err(|violations| CatalogError::violations("product", &name, &violations))?;
        let facts =
            Facts::deserialize(&value).map_err(|error| wrong(String::new(), error.to_string()))?;
        for (at, option) in facts.pricing_options.iter().enumerate() {
            if option.fixed_price.is_some() && option.floor_price.is_some() {
                let message = "fixed_price and floor_price exclude each other: the first is a price, the second the least bid in an auction; keep one";
                return Err(wrong(format!("/pricing_options/{at}"), message.to_owned()));
            }
            if facts.pricing_options[..at]
                .iter()
                .any(|earlier| earlier.pricing_option_id == option.pricing_option_id)
            {
                let message = format!(
                    "another pricing option of this product is already called {}; rename one",
                    option.pricing_option_id
                );
                return Err(wrong(
                    format!("/pricing_options/{at}/pricing_option_id"),
                    message,
                ));
            }
        }
        let words = matching::index(&value, &facts.channels);
        let raw =
            serde_json::to_vec(&value).map_err(|error| wrong(String::new(), error.to_string()))?;
        Ok(CatalogProduct {
            product_id: facts.product_id,
            raw: Bytes::from(raw),
            delivery_type: facts.delivery_type,
            channels: facts.channels,
            format_ids: facts.format_ids,
            pricing_options: facts.pricing_options,
            expires_at: facts.expires_at,
            recipe: None,
            approval: None,
            words,
            value,
        })
    }

    /// The same product with what the seller keeps to itself about it.
    pub(crate) fn with_private(mut self, private: Private) -> Self {
        self.recipe = private.recipe;
        self.approval = private.approval;
        self
    }

    /// How it is booked by default: what the catalogue says, for a draft that changes some of it.
    /// `None` in a seller that keeps its recipes itself, and of a seeded product without one.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when it does not fit the type, which the generated `Recipe` never meets: the
    /// catalogue was checked against the same schema at start-up.
    pub fn recipe<R: RecipeType>(&self) -> Result<Option<R>> {
        let read = |recipe: &Value| {
            R::read(recipe.clone()).map_err(|mismatch| {
                Error::internal(format!(
                    "the recipe of the product {}: {mismatch}",
                    self.product_id
                ))
            })
        };
        self.recipe.as_ref().map(read).transpose()
    }

    /// The pricing option of that id.
    pub fn pricing_option(&self, pricing_option_id: &str) -> Option<&PricingOption> {
        self.pricing_options
            .iter()
            .find(|option| option.pricing_option_id == pricing_option_id)
    }

    /// How well words name this product: 0 when none of them is in its name or among its channels.
    /// What only its description shares with them counts for nothing.
    pub fn named_by(&self, words: &[&str]) -> u32 {
        matching::named(&self.words, words)
    }

    /// Whether creatives of that format may run in it.
    pub fn accepts(&self, format_id: &FormatId) -> bool {
        self.format_ids
            .iter()
            .any(|accepted| accepted.names_same(format_id))
    }
}
