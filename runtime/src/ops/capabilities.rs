//! `get_adcp_capabilities`: what this seller can do, taken from its manifest, its catalogue and the
//! runtime itself. Nothing is claimed that the runtime does not see to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::request::{Fill, Members};
use super::{Call, Outcome, Services, accounts, controller};
use crate::catalog::Catalog;
use crate::dispatch::CONTROLLER;
use crate::error::Result;
use crate::http::brand_url;
use crate::profile::DigestPolicy;
use crate::signing::{Edition, Terms};
use crate::webhooks;

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
    if profile.request_signing.supported {
        request_signing(services, &mut body);
    }
    body.put("webhook_signing", webhooks::signing_declared(services));
    if services.sandbox && services.spec.tool(CONTROLLER).is_some() {
        body.put(
            "compliance_testing",
            json!({ "scenarios": controller::DECLARED }),
        );
    }
    Ok(Outcome::read(body))
}

/// How requests are signed (`protocol/get-adcp-capabilities-response.json`, `request_signing`).
///
/// From 3.1 on, whoever names tools must say where its own keys are found (`identity.brand_json_url`);
/// a seller without an https address can't, and names only those that it demands.
fn request_signing(services: &Services, body: &mut Map<String, Value>) {
    let policy = &services.profile.request_signing;
    let edition = Edition::of(services.spec.line);
    let brand = brand_url(services.profile);
    let terms = Terms::request(edition, policy.digest, services.clock.now());
    let digest = match terms.digest {
        DigestPolicy::Required => "required",
        DigestPolicy::Forbidden => "forbidden",
        DigestPolicy::Either => "either",
    };
    // An operation that is demanded is not one that is only looked at.
    let warn: Vec<&str> = policy
        .warn_for
        .iter()
        .copied()
        .filter(|tool| !policy.required_for.contains(tool))
        .collect();
    let changes = services
        .spec
        .tools
        .iter()
        .filter(|tool| tool.mutating && tool.name != CONTROLLER)
        .map(|tool| tool.name);
    let mut supported: BTreeSet<&str> = policy.required_for.iter().copied().collect();
    supported.extend(&warn);
    if edition < Edition::V3_1 || brand.is_some() {
        supported.extend(changes);
    }
    body.put(
        "request_signing",
        json!({
            "supported": true,
            "covers_content_digest": digest,
            "required_for": policy.required_for,
            "warn_for": warn,
            "supported_for": supported,
        }),
    );
    if edition >= Edition::V3_1
        && let Some(brand) = brand
    {
        body.put("identity", json!({ "brand_json_url": brand }));
    }
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
