//! Whether a `get_products` makes sense, beyond what its schema says.

use serde_json::{Map, Value};

use super::super::capabilities::FEATURES;
use super::super::request::Members;
use crate::error::{Error, Result};

/// Each mode needs its member, and wholesale takes neither (`get-products-request.json`,
/// descriptions of `brief` and `refine`). A brief beside a refinement is let through, although the
/// description rules it out: buyers' tools send the brief along with everything.
pub(super) fn check_mode(request: &Value, mode: &str) -> Result<()> {
    let given = |name: &str| request.member(name).is_some();
    match mode {
        "brief" if !given("brief") => {
            Err(Error::invalid_request("`brief` is required when buying_mode is brief").at("brief"))
        }
        "refine" if !given("refine") => Err(Error::invalid_request(
            "`refine` is required when buying_mode is refine",
        )
        .at("refine")),
        "wholesale" if given("brief") => Err(Error::invalid_request(
            "`brief` is not allowed when buying_mode is wholesale",
        )
        .at("brief")),
        "brief" | "wholesale" if given("refine") => Err(Error::invalid_request(format!(
            "`refine` is not allowed when buying_mode is {mode}"
        ))
        .at("refine")),
        _ => Ok(()),
    }
}

/// Refuses filters that contradict themselves.
pub(super) fn check_filters(filters: &Map<String, Value>) -> Result<()> {
    if let (Some(start), Some(end)) = (filters.text("start_date"), filters.text("end_date"))
        // Dates as `YYYY-MM-DD` sort as text.
        && end < start
    {
        return Err(
            Error::invalid_request("end_date lies before start_date").at("filters.end_date")
        );
    }
    if let Some(range) = filters.object("budget_range")
        && let (Some(least), Some(most)) = (range.number("min"), range.number("max"))
        && most < least
    {
        return Err(
            Error::invalid_request("the largest budget is below the least")
                .at("filters.budget_range.max"),
        );
    }
    Ok(())
}

/// Whether a filter asks for what this seller as a whole does not have
/// (`core/product-filters.json`): a feature that its capabilities don't declare, or an agentic
/// exchange, of which they declare none. No product can pass then, whatever the adapter finds.
pub(super) fn rules_out_the_seller(filters: &Map<String, Value>) -> bool {
    let lacking = |name: &str| !FEATURES.contains(&(name, true));
    let features = filters.object("required_features").into_iter().flatten();
    let mut required = features.filter(|(_, wanted)| **wanted == Value::Bool(true));
    required.any(|(name, _)| lacking(name)) || !filters.list("required_axe_integrations").is_empty()
}
