//! What is on sale: products and creative formats.
//!
//! A catalogue is read once, at start-up, from `catalog/products.toml`, `catalog/formats.toml` and
//! `catalog/proposals.toml`, whose tables mirror the wire member by member. Every entry is checked against the line's own
//! schema and serialised then, so that answering a brief only places finished bytes. A catalogue
//! never changes; a sandbox lays seeded entries over it with [`Catalog::overlaid`].

mod format;
mod load;
mod filters;
mod matching;
mod private;
mod words;
mod product;
mod proposal;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::{FormatId, same_agent};
use crate::schema::Schemas;

pub use format::{CatalogFormat, FORMAT};
pub use load::CatalogError;
use private::SeededRule;
pub(crate) use private::{Private, private_member};
pub(crate) use product::REQUIRED;
pub use product::{CatalogProduct, PRODUCT, PricingOption};
pub use proposal::PROPOSAL;

/// The products and formats on sale.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    agent_url: String,
    products: Vec<Arc<CatalogProduct>>,
    products_by_id: HashMap<String, usize>,
    formats: Vec<Arc<CatalogFormat>>,
    proposals: Arc<[Value]>,
    seeded: Arc<[SeededRule]>,
}

impl Catalog {
    /// A catalogue of these entries.
    ///
    /// # Errors
    ///
    /// When two products or two formats have the same id.
    pub fn new(
        agent_url: impl Into<String>,
        products: Vec<Arc<CatalogProduct>>,
        formats: Vec<Arc<CatalogFormat>>,
    ) -> Result<Self, CatalogError> {
        let mut products_by_id = HashMap::with_capacity(products.len());
        for (at, product) in products.iter().enumerate() {
            if products_by_id
                .insert(product.product_id.clone(), at)
                .is_some()
            {
                return Err(CatalogError::duplicate("product", &product.product_id));
            }
        }
        for (at, format) in formats.iter().enumerate() {
            if formats[..at]
                .iter()
                .any(|earlier| earlier.format_id.names_same(&format.format_id))
            {
                return Err(CatalogError::duplicate("format", &format.format_id.id));
            }
        }
        Ok(Catalog {
            agent_url: agent_url.into(),
            products,
            products_by_id,
            formats,
            proposals: Arc::default(),
            seeded: Arc::default(),
        })
    }

    /// The seller's own URL, which its own formats carry as `agent_url`.
    pub fn agent_url(&self) -> &str {
        &self.agent_url
    }

    /// The products, in the order of the file.
    pub fn products(&self) -> &[Arc<CatalogProduct>] {
        &self.products
    }

    /// The product of that id.
    pub fn product(&self, product_id: &str) -> Option<&Arc<CatalogProduct>> {
        self.products_by_id
            .get(product_id)
            .and_then(|at| self.products.get(*at))
    }

    /// The media plans to start from (`core/proposal.json`), in the order of the file.
    pub fn proposals(&self) -> &[Value] {
        &self.proposals
    }

    /// The formats, in the order of the file.
    pub fn formats(&self) -> &[Arc<CatalogFormat>] {
        &self.formats
    }

    /// The format of that name, whatever its parameters.
    pub fn format(&self, format_id: &FormatId) -> Option<&Arc<CatalogFormat>> {
        self.formats
            .iter()
            .find(|format| format.format_id.names_same(format_id))
    }

    /// Whether a format is one of this seller's own, rather than another agent's.
    pub fn is_own(&self, format_id: &FormatId) -> bool {
        same_agent(&format_id.agent_url, &self.agent_url)
    }

    /// What the seller keeps to itself about a product that a test seeded.
    pub(crate) fn private_of_seeded(&self, product_id: &str) -> Private {
        private::of_seeded(&self.seeded, product_id)
    }

    /// The same catalogue with further entries in front, each in place of an entry of the same id.
    ///
    /// A product may name a format of this seller that nobody described; such a format is added
    /// with nothing but its name, so that every format a buyer reads in a product can be listed.
    pub fn overlaid(
        &self,
        products: Vec<Arc<CatalogProduct>>,
        formats: Vec<Arc<CatalogFormat>>,
        schemas: &Schemas,
    ) -> Self {
        let mut overlaid = Catalog {
            agent_url: self.agent_url.clone(),
            proposals: Arc::clone(&self.proposals),
            seeded: Arc::clone(&self.seeded),
            ..Catalog::default()
        };
        overlaid.formats = formats;
        for format in &self.formats {
            if overlaid.format(&format.format_id).is_none() {
                overlaid.formats.push(Arc::clone(format));
            }
        }
        for product in products.iter().chain(&self.products) {
            if !overlaid.products_by_id.contains_key(&product.product_id) {
                overlaid
                    .products_by_id
                    .insert(product.product_id.clone(), overlaid.products.len());
                overlaid.products.push(Arc::clone(product));
            }
        }
        let named: Vec<FormatId> = overlaid
            .products
            .iter()
            .flat_map(|product| product.format_ids.clone())
            .collect();
        for format_id in named {
            if overlaid.is_own(&format_id) && overlaid.format(&format_id).is_none() {
                let bare = json!({ "format_id": { "agent_url": self.agent_url, "id": format_id.id }, "name": title(&format_id.id) });
                // A product with that format id passed its schema, which holds the same rules.
                overlaid
                    .formats
                    .extend(CatalogFormat::new(bare, schemas).ok().map(Arc::new));
            }
        }
        overlaid
    }
}

/// Fills in the seller's own URL where a format id names no agent.
pub(crate) fn own_format_ids(value: &mut Value, agent_url: &str) {
    let fill = |format_id: &mut Value| {
        if let Some(members) = format_id.as_object_mut()
            && !members.contains_key("agent_url")
        {
            members.shift_insert(0, "agent_url".to_owned(), Value::from(agent_url));
        }
    };
    for name in [
        "format_id",
        "format_ids",
        "input_format_ids",
        "output_format_ids",
    ] {
        match value.get_mut(name) {
            Some(Value::Array(ids)) => ids.iter_mut().for_each(fill),
            Some(id) => fill(id),
            None => {}
        }
    }
    for placement in value
        .get_mut("placements")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        own_format_ids(placement, agent_url);
    }
}

/// An id as a name for people: `homepage_takeover` becomes `Homepage takeover`.
pub(crate) fn title(id: &str) -> String {
    let spaced = id.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
