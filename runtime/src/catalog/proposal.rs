//! The media plans that a catalogue holds: what a planner starts from.

use std::collections::HashSet;

use serde_json::Value;

use super::Catalog;
use super::load::CatalogError;
use super::words;
use crate::domain::allocation;
use crate::schema::Schemas;

/// The definition that a proposal must satisfy.
pub const PROPOSAL: &str = "Proposal";

/// Checks a plan against its schema and the products on sale, and completes it.
pub(super) fn read(
    mut proposal: Value,
    catalog: &Catalog,
    schemas: &Schemas,
    earlier: &mut HashSet<String>,
) -> Result<Value, CatalogError> {
    let name = proposal
        .get("proposal_id")
        .and_then(Value::as_str)
        .unwrap_or("without a proposal_id")
        .to_owned();
    schemas
        .check(PROPOSAL, &proposal)
        .map_err(|violations| CatalogError::violations("proposal", &name, &violations))?;
    words::check_members("proposal", &name, (PROPOSAL, &[]), &proposal, schemas)?;
    if proposal.get("proposal_status").is_some() {
        return Err(CatalogError::entry(
            "proposal",
            &name,
            "/proposal_status".to_owned(),
            "where a proposal stands is not for the catalogue to say; remove this".to_owned(),
        ));
    }
    if !earlier.insert(name.clone()) {
        return Err(CatalogError::duplicate("proposal", &name));
    }
    let product = |id: &str| catalog.product(id).map(|product| &product.value);
    allocation::check(&proposal, product)
        .map_err(|flaw| CatalogError::entry("proposal", &name, flaw.pointer, flaw.message))?;
    allocation::fill_in_prices(&mut proposal, product);
    Ok(proposal)
}
