//! The answer to `get_products`.

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::CatalogProduct;

/// The products that answer a brief, best first. The runtime pages, projects and validates them.
#[derive(Clone, Debug, Default)]
pub struct Products {
    /// The products.
    pub products: Vec<WireProduct>,
    /// Further members of the response (`get-products-response.json`), such as `proposals`.
    pub extra: serde_json::Map<String, Value>,
}

/// One product on its way to the buyer.
#[derive(Clone, Debug)]
pub enum WireProduct {
    /// From the catalogue: already valid, already serialised.
    Catalog(Arc<CatalogProduct>),
    /// Made for this call: validated before it leaves.
    Made(Value),
}
