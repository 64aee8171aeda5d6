//! The answer to `get_products`.

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::CatalogProduct;
use crate::codec::Wire;
use crate::domain::{Applied, Draft};

/// The products that answer a brief, best first, and the proposals made of them. The runtime pages,
/// projects and validates them.
///
/// As with [`Draft`], `P` and `R` are the types of proposals and recipes.
#[derive(Clone, Debug)]
pub struct Products<P = Value, R = Value> {
    /// The products.
    pub products: Vec<WireProduct>,
    /// Media plans made of them, best first. Only a seller with `[proposals]` makes any.
    pub proposals: Vec<Draft<P, R>>,
    /// What became of each wish of a refinement, by its position. What is missing, the runtime
    /// works out.
    pub applied: Vec<Option<Applied>>,
    /// Further members of the response (`get-products-response.json`), such as `incomplete`.
    pub extra: serde_json::Map<String, Value>,
}

impl<P, R> Default for Products<P, R> {
    fn default() -> Self {
        Products {
            products: Vec::new(),
            proposals: Vec::new(),
            applied: Vec::new(),
            extra: serde_json::Map::new(),
        }
    }
}

impl<P: Wire, R: Wire> Products<P, R> {
    /// The same as raw JSON, for the generated router.
    pub fn write(self) -> Products {
        Products {
            products: self.products,
            proposals: self.proposals.into_iter().map(Draft::write).collect(),
            applied: self.applied,
            extra: self.extra,
        }
    }
}

/// One product on its way to the buyer.
#[derive(Clone, Debug)]
pub enum WireProduct {
    /// From the catalogue: already valid, already serialised.
    Catalog(Arc<CatalogProduct>),
    /// Made for this call: validated before it leaves.
    Made(Value),
}
