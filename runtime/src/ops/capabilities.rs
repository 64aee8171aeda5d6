//! `get_adcp_capabilities`: what this seller can do, taken from its manifest, its catalogue and the
//! runtime itself. Nothing is claimed that the runtime does not see to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::request::{Fill, Members};
use super::{Call, Outcome, accounts, controller};
use crate::catalog::Catalog;
use crate::error::Result;

/// The optional features of media buying (`core/media-buy-features.json`). Property lists are kept
/// and shown on packages, but products are not filtered by them.
pub(super) const FEATURES: [(&str, bool); 3] = [
    ("inline_creative_management", true),
    ("property_list_filtering", false),
    ("catalog_management", false),
];

pub(super) fn get(call: &Call<'_>) -> Result<Outcome> {
    let services = call.services;
    let profile = services.profile;
    let asked: Vec<&str> = call.request.texts("protocols").collect();
    let mut body = Map::new();
    body.put(
        "adcp",
        json!({
            "major_versions": [services.spec.major],
            "idempotency": { "supported": true, "replay_ttl_seconds": profile.idempotency_ttl_seconds },
        }),
    );
    body.put("supported_protocols", profile.protocols.to_vec());
    body.put("specialisms", profile.specialisms.to_vec());
    if profile.protocols.contains(&"media_buy")
        && (asked.is_empty() || asked.contains(&"media_buy"))
    {
        body.put(
            "media_buy",
            media_buy(profile.pricing_models, &services.catalog),
        );
    }
    body.put(
        "account",
        json!({
            "require_operator_auth": false,
            "supported_billing": accounts::BILLING,
            "required_for_products": false,
            "account_financials": false,
            "sandbox": services.sandbox,
        }),
    );
    if services.sandbox && services.spec.tool("comply_test_controller").is_some() {
        body.put(
            "compliance_testing",
            json!({ "scenarios": controller::DECLARED }),
        );
    }
    Ok(Outcome::read(body))
}

fn media_buy(pricing_models: &[&str], catalog: &Catalog) -> Value {
    let mut media_buy = Map::new();
    media_buy.put("supported_pricing_models", pricing_models.to_vec());
    media_buy.put(
        "features",
        FEATURES
            .iter()
            .map(|(name, offered)| ((*name).to_owned(), Value::Bool(*offered)))
            .collect::<Map<_, _>>(),
    );
    let properties = catalog
        .products()
        .iter()
        .flat_map(|product| product.value.list("publisher_properties"));
    let domains: BTreeSet<&str> = properties
        .filter_map(|property| property.text("publisher_domain"))
        .collect();
    let channels: BTreeSet<&str> = catalog
        .products()
        .iter()
        .flat_map(|product| &product.channels)
        .map(String::as_str)
        .collect();
    if !domains.is_empty() {
        media_buy.put(
            "portfolio",
            json!({ "publisher_domains": domains, "primary_channels": channels }),
        );
    }
    Value::Object(media_buy)
}
