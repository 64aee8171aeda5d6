//! Which products pass a filter (`core/product-filters.json`).
//!
//! Only what a product says about itself is compared here. What holds for the whole seller, such as
//! `required_features`, is answered where `get_products` begins. Availability in time and place
//! (`countries`, `regions`, `metros`, `postal_areas`, `geo_proximity`, `start_date`, `end_date`,
//! `min_exposures`, `keywords`, `required_geo_targeting`, `standard_formats_only`) is in no product,
//! so it is the adapter's to answer.

use serde::Deserialize;
use serde_json::Value;

use super::CatalogProduct;
use crate::domain::money::Micros;
use crate::domain::{FormatId, same_agent};

/// The filters that a catalogue can answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filters {
    delivery_type: Option<String>,
    exclusivity: Option<String>,
    is_fixed_price: Option<bool>,
    format_ids: Option<Vec<FormatId>>,
    channels: Option<Vec<String>>,
    budget_range: Option<BudgetRange>,
    #[serde(default)]
    required_performance_standards: Vec<Standard>,
    #[serde(default)]
    signal_targeting: Vec<Signal>,
    trusted_match: Option<TrustedMatch>,
}

#[derive(Debug, Deserialize)]
struct BudgetRange {
    max: Option<f64>,
    currency: String,
}

/// A performance standard (`core/performance-standard.json`).
#[derive(Debug, Deserialize)]
struct Standard {
    metric: String,
    threshold: f64,
    standard: Option<String>,
    vendor: Brand,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Brand {
    domain: String,
    brand_id: Option<String>,
}

/// A signal that a package is to be targeted by (`core/signal-targeting.json`).
#[derive(Debug, Deserialize)]
struct Signal {
    signal_id: SignalId,
}

/// Only signals from a data provider's catalogue have a domain (`core/signal-id.json`).
#[derive(Debug, PartialEq, Deserialize)]
struct SignalId {
    data_provider_domain: Option<String>,
    id: String,
}

#[derive(Debug, Deserialize)]
struct TrustedMatch {
    providers: Option<Vec<Provider>>,
    response_types: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Provider {
    agent_url: String,
    #[serde(default)]
    context_match: bool,
    #[serde(default)]
    identity_match: bool,
}

impl Filters {
    /// The filters of a request, which have passed their schema by now.
    pub(super) fn of(filters: Option<&Value>) -> Self {
        filters
            .and_then(|filters| Filters::deserialize(filters).ok())
            .unwrap_or_default()
    }

    /// Whether a product passes all of them.
    pub(super) fn pass(&self, product: &CatalogProduct) -> bool {
        let exclusivity = product
            .value
            .get("exclusivity")
            .and_then(Value::as_str)
            .unwrap_or("none");
        self.delivery_type
            .as_ref()
            .is_none_or(|wanted| *wanted == product.delivery_type)
            && self
                .exclusivity
                .as_ref()
                .is_none_or(|wanted| wanted == exclusivity)
            && self.is_fixed_price.is_none_or(|fixed| {
                product
                    .pricing_options
                    .iter()
                    .any(|option| option.fixed_price.is_some() == fixed)
            })
            && self
                .format_ids
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|format_id| product.accepts(format_id)))
            && self.channels.as_ref().is_none_or(|wanted| {
                wanted
                    .iter()
                    .any(|channel| product.channels.contains(channel))
            })
            && self
                .budget_range
                .as_ref()
                .is_none_or(|range| range.affords(product))
            && self
                .required_performance_standards
                .iter()
                .all(|wanted| wanted.is_met_by(&product.value))
            && (self.signal_targeting.is_empty() || self.targets_signals_of(&product.value))
            && self
                .trusted_match
                .as_ref()
                .is_none_or(|wanted| wanted.is_supported_by(&product.value))
    }

    /// Whether the product has every signal that is asked for, and lets a buyer choose among its
    /// signals or has no others. Which signals a tag stands for is the data provider's to say, so
    /// those are not found here.
    fn targets_signals_of(&self, product: &Value) -> bool {
        let mut asked = self.signal_targeting.iter().map(|wanted| &wanted.signal_id);
        let offered = list(product, "data_provider_signals");
        let offers = |signal: &SignalId| {
            offered.iter().any(|selector| {
                let ids = list(selector, "signal_ids");
                text(selector, "data_provider_domain") == signal.data_provider_domain.as_deref()
                    && (text(selector, "selection_type") == Some("all")
                        || ids.iter().any(|id| id.as_str() == Some(&signal.id)))
            })
        };
        let choosable = product.get("signal_targeting_allowed") == Some(&Value::Bool(true));
        let nothing_else = || {
            offered.iter().all(|selector| {
                let domain = text(selector, "data_provider_domain");
                text(selector, "selection_type") == Some("by_id")
                    && list(selector, "signal_ids").iter().all(|id| {
                        self.signal_targeting.iter().any(|wanted| {
                            wanted.signal_id.data_provider_domain.as_deref() == domain
                                && id.as_str() == Some(&wanted.signal_id.id)
                        })
                    })
            })
        };
        asked.all(offers) && (choosable || nothing_else())
    }
}

impl Standard {
    /// Whether the product promises as much, measured by the same vendor in the same way. The rate
    /// of invalid traffic is a ceiling, every other one a floor.
    fn is_met_by(&self, product: &Value) -> bool {
        list(product, "performance_standards")
            .iter()
            .filter_map(|promise| Standard::deserialize(promise).ok())
            .any(|promise| {
                promise.metric == self.metric
                    && promise.vendor == self.vendor
                    && (self.standard.is_none() || promise.standard == self.standard)
                    && if self.metric == "ivt" {
                        promise.threshold <= self.threshold
                    } else {
                        promise.threshold >= self.threshold
                    }
            })
    }
}

impl TrustedMatch {
    /// Whether the product supports one of the providers and one of the response types.
    fn is_supported_by(&self, product: &Value) -> bool {
        let Some(supported) = product.get("trusted_match") else {
            return false;
        };
        let does = |provider: &Value, name: &str| provider.get(name) == Some(&Value::Bool(true));
        let answers = |wanted: &Provider| {
            list(supported, "providers").iter().any(|provider| {
                text(provider, "agent_url").is_some_and(|url| same_agent(url, &wanted.agent_url))
                    && (!wanted.context_match || does(provider, "context_match"))
                    && (!wanted.identity_match || does(provider, "identity_match"))
            })
        };
        let types = list(supported, "response_types");
        let has_type = |wanted: &String| {
            types.iter().any(|kind| kind.as_str() == Some(wanted))
                // The schema's default.
                || (types.is_empty() && wanted == "activation")
        };
        self.providers
            .as_ref()
            .is_none_or(|providers| providers.iter().any(answers))
            && self
                .response_types
                .as_ref()
                .is_none_or(|types| types.iter().any(has_type))
    }
}

impl BudgetRange {
    /// Whether the largest budget reaches the least that some option in its currency asks for.
    fn affords(&self, product: &CatalogProduct) -> bool {
        let mut options = product
            .pricing_options
            .iter()
            .filter(|option| option.currency == self.currency);
        options.any(|option| match (self.max, option.min_spend_per_package) {
            (Some(max), Some(least)) => Micros::from_wire(max) >= Micros::from_wire(least),
            _ => true,
        })
    }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_standard_is_met_by_one_that_is_as_strict() {
        let product = json!({ "performance_standards": [
            { "metric": "viewability", "threshold": 0.7, "standard": "mrc", "vendor": { "domain": "counts.example" } },
            { "metric": "ivt", "threshold": 0.03, "vendor": { "domain": "counts.example" } },
        ] });
        for (metric, threshold, standard, vendor, met) in [
            ("viewability", 0.7, Some("mrc"), "counts.example", true),
            ("viewability", 0.71, Some("mrc"), "counts.example", false),
            ("viewability", 0.5, Some("groupm"), "counts.example", false),
            ("viewability", 0.5, Some("mrc"), "other.example", false),
            ("ivt", 0.03, None, "counts.example", true),
            ("ivt", 0.02, None, "counts.example", false),
            ("attention_score", 0.1, None, "counts.example", false),
        ] {
            let wanted = Standard {
                metric: metric.to_owned(),
                threshold,
                standard: standard.map(str::to_owned),
                vendor: Brand {
                    domain: vendor.to_owned(),
                    brand_id: None,
                },
            };
            assert_eq!(wanted.is_met_by(&product), met, "{wanted:?}");
        }
    }

    #[test]
    fn signals_are_targeted_one_by_one_or_as_a_bundle() {
        let product = |choosable: bool| {
            json!({ "signal_targeting_allowed": choosable, "data_provider_signals": [
                { "data_provider_domain": "data.example", "selection_type": "by_id", "signal_ids": ["cyclists", "runners"] },
            ] })
        };
        let asked = |ids: &[&str]| {
            let entry = |id: &&str| json!({ "signal_id": { "source": "catalog", "data_provider_domain": "data.example", "id": id }, "value_type": "binary", "value": true });
            let filters = json!({ "signal_targeting": ids.iter().map(entry).collect::<Vec<_>>() });
            Filters::of(Some(&filters))
        };
        for (ids, alone, bundled) in [
            (&["cyclists"][..], true, false),
            (&["cyclists", "runners"], true, true),
            (&["cyclists", "rowers"], false, false),
        ] {
            let asked = asked(ids);
            assert_eq!(asked.targets_signals_of(&product(true)), alone, "{ids:?}");
            assert_eq!(
                asked.targets_signals_of(&product(false)),
                bundled,
                "{ids:?}"
            );
        }
        assert!(
            !asked(&["cyclists"]).targets_signals_of(&json!({ "signal_targeting_allowed": true }))
        );
    }

    #[test]
    fn trusted_match_asks_for_a_provider_and_a_response_type() {
        let product = json!({ "trusted_match": { "providers": [{ "agent_url": "https://match.example/", "identity_match": true }] } });
        for (wanted, supported) in [
            (json!({}), true),
            (
                json!({ "providers": [{ "agent_url": "https://match.example" }] }),
                true,
            ),
            (
                json!({ "providers": [{ "agent_url": "https://match.example", "identity_match": true }] }),
                true,
            ),
            (
                json!({ "providers": [{ "agent_url": "https://match.example", "context_match": true }] }),
                false,
            ),
            (
                json!({ "providers": [{ "agent_url": "https://other.example" }] }),
                false,
            ),
            (
                json!({ "response_types": ["creative", "activation"] }),
                true,
            ),
            (json!({ "response_types": ["creative"] }), false),
        ] {
            let wanted = TrustedMatch::deserialize(&wanted).expect("a filter");
            assert_eq!(wanted.is_supported_by(&product), supported, "{wanted:?}");
            assert!(!wanted.is_supported_by(&json!({})));
        }
    }
}
