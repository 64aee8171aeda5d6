//! The catalogue as a sandbox caller sees it: the seller's own under what tests have seeded.
//!
//! What is seeded lies in the store. Because every `get_products` needs it, the finished catalogue
//! is kept in the process for a moment: a seed in this process is seen at once, one from another
//! process after [`FRESH`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::Services;
use super::records::{self, SeededFormat, SeededProduct};
use crate::catalog::{Catalog, CatalogFormat, CatalogProduct};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::identity::{Principal, Scope, TenantId};

/// How long a catalogue is used without looking into the store again.
const FRESH: TimeDelta = TimeDelta::seconds(1);
/// So many callers' catalogues are kept. A sandbox has few callers.
const MOST: usize = 64;

/// The catalogues that sandbox callers see.
#[derive(Debug, Default)]
pub struct Overlays(Mutex<HashMap<Scope, (Timestamp, Arc<Catalog>)>>);

impl Overlays {
    fn get(&self, scope: &Scope, now: Timestamp) -> Option<Arc<Catalog>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(scope)
            .filter(|(since, _)| now - *since < FRESH)
            .map(|(_, catalog)| Arc::clone(catalog))
    }

    fn keep(&self, scope: Scope, now: Timestamp, catalog: Arc<Catalog>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(scope, (now, catalog));
    }

    /// Forgets a caller's catalogue, because something is about to be seeded.
    pub(super) fn forget(&self, scope: &Scope) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(scope);
    }
}

/// The catalogue that a caller sees.
///
/// # Errors
///
/// When the store can't be read.
pub async fn visible_catalog(
    services: &Services,
    tenant: &TenantId,
    principal: &Principal,
) -> Result<Arc<Catalog>> {
    if !services.sandbox {
        return Ok(Arc::clone(&services.catalog));
    }
    let scope = seeds(tenant, principal);
    let now = services.clock.now();
    if let Some(catalog) = services.overlays.get(&scope, now) {
        return Ok(catalog);
    }
    let products = records::all::<SeededProduct>(&services.store, &scope).await?;
    let formats = records::all::<SeededFormat>(&services.store, &scope).await?;
    let catalog = if products.is_empty() && formats.is_empty() {
        Arc::clone(&services.catalog)
    } else {
        let products = products.into_iter().map(|stored| {
            let kept = services.catalog.private_of_seeded(&stored.value.product_id);
            let product = CatalogProduct::new(stored.value.product, &services.schemas)?;
            Ok(Arc::new(product.with_private(kept)))
        });
        let formats = formats.into_iter().map(|stored| {
            let format = CatalogFormat::new(stored.value.format, &services.schemas)?;
            Ok(Arc::new(CatalogFormat {
                seeded: true,
                ..format
            }))
        });
        let products = products
            .collect::<Result<_, _>>()
            .map_err(|error: crate::catalog::CatalogError| Error::internal(error))?;
        let formats = formats
            .collect::<Result<_, _>>()
            .map_err(|error: crate::catalog::CatalogError| Error::internal(error))?;
        Arc::new(
            services
                .catalog
                .overlaid(products, formats, &services.schemas),
        )
    };
    services.overlays.keep(scope, now, Arc::clone(&catalog));
    Ok(catalog)
}

/// Where a caller's seeded products and formats lie.
pub(super) fn seeds(tenant: &TenantId, principal: &Principal) -> Scope {
    Scope::principal(tenant, principal)
}
