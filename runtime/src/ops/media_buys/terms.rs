//! Terms that a buyer proposes for a package, against what the product offers.
//!
//! The specification leaves what is acceptable to the seller (`core/measurement-terms.json`). The
//! rule here: what the product declares is the seller's limit. Where it declares nothing, common
//! practice is: two parties' counts never agree exactly, and ratings mature within a week.

use serde_json::Value;

use super::super::request::Members;
use crate::catalog::CatalogProduct;
use crate::error::{Error, Result};

/// The closest agreement of two counts that can be promised, in percent, where a product names none.
const CLOSEST_VARIANCE: f64 = 1.0;
/// The measurement windows that can be billed on, where a product names none.
const COMMON_WINDOWS: [&str; 7] = [
    "live",
    "c3",
    "c7",
    "tentative",
    "final",
    "post_ivt",
    "post_sivt",
];

/// Refuses terms that the product can't be sold under.
pub(super) fn check(package: &Value, product: &CatalogProduct, field: &str) -> Result<()> {
    if let Some(proposed) = package.get("measurement_terms") {
        let declared = product.value.get("measurement_terms");
        let field = format!("{field}.measurement_terms");
        let billing = proposed.get("billing_measurement");
        if let Some(window) = billing.and_then(|billing| billing.text("measurement_window")) {
            check_window(
                window,
                product,
                &format!("{field}.billing_measurement.measurement_window"),
            )?;
        }
        if let Some(variance) = billing.and_then(|billing| billing.number("max_variance_percent")) {
            let least = declared
                .and_then(|terms| terms.pointer("/billing_measurement/max_variance_percent"))
                .and_then(Value::as_f64)
                .unwrap_or(CLOSEST_VARIANCE);
            if variance < least {
                return Err(rejected(format!("counts can't be promised to agree within {variance} percent; at least {least} is needed"))
                    .at(format!("{field}.billing_measurement.max_variance_percent"))
                    .detail("minimum_variance_percent", least));
            }
        }
        let offered =
            declared.and_then(|terms| terms.pointer("/makegood_policy/available_remedies"));
        let wanted = proposed
            .pointer("/makegood_policy/available_remedies")
            .and_then(Value::as_array);
        if let (Some(offered), Some(wanted)) = (offered.and_then(Value::as_array), wanted)
            && !wanted.iter().any(|remedy| offered.contains(remedy))
        {
            return Err(rejected(
                "none of the proposed remedies is offered for this product".to_owned(),
            )
            .at(format!("{field}.makegood_policy.available_remedies"))
            .detail("available_remedies", offered.clone()));
        }
    }
    for (at, standard) in package.list("performance_standards").iter().enumerate() {
        check_standard(
            standard,
            product,
            &format!("{field}.performance_standards[{at}]"),
        )?;
    }
    Ok(())
}

fn check_window(window: &str, product: &CatalogProduct, field: &str) -> Result<()> {
    let declared = product
        .value
        .pointer("/reporting_capabilities/measurement_windows")
        .and_then(Value::as_array);
    let windows: Vec<&str> = match declared {
        Some(declared) => declared
            .iter()
            .filter_map(|window| window.text("window_id"))
            .collect(),
        None => COMMON_WINDOWS.to_vec(),
    };
    if windows.contains(&window) {
        return Ok(());
    }
    Err(rejected(format!(
        "this product can't be billed on the window {window}; it offers {}",
        windows.join(", ")
    ))
    .at(field)
    .detail("available_windows", windows))
}

/// A standard is agreed to where the product offers the same metric at least as well.
fn check_standard(standard: &Value, product: &CatalogProduct, field: &str) -> Result<()> {
    let metric = standard.text("metric").unwrap_or_default();
    let offered = product
        .value
        .list("performance_standards")
        .iter()
        .find(|offered| offered.text("metric") == Some(metric));
    match (offered, standard.number("threshold")) {
        (Some(offered), Some(threshold)) => match offered.number("threshold") {
            Some(promised) if threshold > promised => Err(rejected(format!(
                "{metric} is promised at {promised}, not at {threshold}"
            ))
            .at(format!("{field}.threshold"))
            .detail("maximum_threshold", promised)),
            _ => Ok(()),
        },
        (Some(_), None) => Ok(()),
        (None, _) => Err(rejected(format!(
            "this product is sold without a standard for {metric}"
        ))
        .at(format!("{field}.metric"))),
    }
}

fn rejected(message: String) -> Error {
    Error::new("TERMS_REJECTED", message)
        .suggest("adjust the proposed terms, or leave them out to take the product's own")
}
