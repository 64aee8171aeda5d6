//! What judging a manifest needs to know about an AdCP line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::spec::{self, SpecLine};

/// The AdCP lines at hand.
pub trait Lines {
    /// Their names, oldest first: `3.0`.
    fn names(&self) -> Vec<String>;

    /// The facts of one; `None` when there is no such line.
    fn facts(&self, line: &str) -> Option<LineFacts>;
}

/// The vocabulary of one line.
#[derive(Clone, Debug, Default)]
pub struct LineFacts {
    /// The line: `3.0`.
    pub line: String,
    /// Every specialism slug of the line (`enums/specialism.json`), in kebab-case.
    pub specialisms: BTreeMap<String, SpecialismFacts>,
    /// The pricing models (`enums/pricing-model.json`), in the spec's order.
    pub pricing_models: Vec<String>,
    /// How a product is delivered (`enums/delivery-type.json`), in the spec's order.
    pub delivery_types: Vec<String>,
    /// The wire names of the line's tools (`manifest.json`).
    pub tools: BTreeSet<String>,
    /// How long a notification may be tried, in seconds, where the line has bounds
    /// (`webhook_signing.delivery_retry_horizon_seconds` of the capabilities).
    pub retry: Option<RangeInclusive<u64>>,
    /// Whether every signature has to cover the body. Only the prose of a line says so.
    pub digest_is_required: bool,
}

/// One specialism of a line. A slug that the line's `manifest.json` doesn't describe has neither
/// a protocol nor tools.
#[derive(Clone, Debug, Default)]
pub struct SpecialismFacts {
    /// The protocol it belongs to, in the wire's snake_case: `media_buy`.
    pub protocol: Option<String>,
    /// What its storyboards call: tools, and steps of the runner's own harness among them.
    pub exercised: Vec<String>,
}

impl LineFacts {
    /// The vocabulary of a line as the spec's own files give it.
    pub fn of(line: &SpecLine) -> Self {
        let described = &line.facts.specialisms;
        let specialisms = line
            .specialisms()
            .into_iter()
            .map(|slug| {
                let facts = described.get(&slug).map(|facts| SpecialismFacts {
                    // The spec's manifest writes `media-buy`, its wire `media_buy`.
                    protocol: Some(facts.protocol.replace('-', "_")),
                    exercised: facts.exercised_tools.clone(),
                });
                (slug, facts.unwrap_or_default())
            })
            .collect();
        Self {
            line: line.line.clone(),
            specialisms,
            pricing_models: line.words("enums/pricing-model.json"),
            delivery_types: line.words("enums/delivery-type.json"),
            tools: line.facts.tools.keys().cloned().collect(),
            retry: retry(line),
            digest_is_required: spec::is_from(&line.line, DIGEST_REQUIRED_FROM),
        }
    }
}

/// The first line whose signatures have to cover the body (description of
/// `request_signing.covers_content_digest` in `protocol/get-adcp-capabilities-response.json`).
const DIGEST_REQUIRED_FROM: &str = "3.2";

/// The bounds of the line for how long a notification is tried.
fn retry(line: &SpecLine) -> Option<RangeInclusive<u64>> {
    let capabilities = line.schema("protocol/get-adcp-capabilities-response.json")?;
    let horizon = capabilities
        .pointer("/properties/webhook_signing/properties/delivery_retry_horizon_seconds")?;
    Some(horizon["minimum"].as_u64()?..=horizon["maximum"].as_u64()?)
}
