//! What a task is about, in few words: enough for a list, however large the request is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// So many packages, and so many proposals, are named.
const MOST: usize = 10;
/// How much of a text is kept, in characters. What this seller sells by has shorter names; a buyer
/// may send anything.
const LONGEST_TEXT: usize = 200;

/// What a task is about, as far as its request says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The proposals to be made firm, or the one to be bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposal_ids: Vec<String>,
    /// What is bought, package by package: the first ten packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<AboutPackage>,
    /// How many further packages there are.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub more_packages: usize,
    /// What the whole is to cost (`{amount, currency}`), where the request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_budget: Option<Value>,
    /// When it is to start: an instant, or `asap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
}

/// One package of a media buy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AboutPackage {
    /// The product.
    pub product_id: String,
    /// At which price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing_option_id: Option<String>,
    /// How much, in the currency of the pricing option.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
}

impl About {
    /// What a request is about. It has passed its schema, but nothing here relies on that.
    pub(crate) fn of(request: &Value) -> Self {
        let items = |member: &str| request.get(member).and_then(Value::as_array);
        let finalized = items("refine")
            .into_iter()
            .flatten()
            .filter(|entry| {
                entry
                    .get("action")
                    .is_some_and(|action| action == "finalize")
            })
            .filter_map(|entry| text(entry, "proposal_id"));
        let bought = items("packages")
            .into_iter()
            .flatten()
            .filter(|package| package.get("product_id").is_some_and(Value::is_string));
        About {
            proposal_ids: text(request, "proposal_id")
                .into_iter()
                .chain(finalized)
                .take(MOST)
                .collect(),
            packages: bought
                .clone()
                .take(MOST)
                .filter_map(AboutPackage::of)
                .collect(),
            more_packages: bought.count().saturating_sub(MOST),
            total_budget: request.get("total_budget").and_then(money),
            start_time: text(request, "start_time"),
            end_time: text(request, "end_time"),
        }
    }
}

impl AboutPackage {
    fn of(package: &Value) -> Option<Self> {
        Some(AboutPackage {
            product_id: text(package, "product_id")?,
            pricing_option_id: text(package, "pricing_option_id"),
            budget: package.get("budget").and_then(Value::as_f64),
        })
    }
}

fn text(value: &Value, member: &str) -> Option<String> {
    let text = value.get(member)?.as_str()?;
    Some(text.chars().take(LONGEST_TEXT).collect())
}

fn money(value: &Value) -> Option<Value> {
    let mut money = Map::new();
    let amount = value.get("amount").filter(|amount| amount.is_number())?;
    money.insert("amount".to_owned(), amount.clone());
    money.insert("currency".to_owned(), text(value, "currency")?.into());
    Some(Value::Object(money))
}

fn is_nought(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_says_what_is_bought_or_made_firm() {
        let buy = About::of(&json!({
            "proposal_id": "plan",
            "total_budget": { "amount": 5000, "currency": "EUR", "ext": { "large": "x" } },
            "start_time": "asap",
            "end_time": "2026-05-01T00:00:00Z",
            "packages": [
                { "product_id": "banner", "pricing_option_id": "fixed", "budget": 12.5 },
                { "budget": 3 },
            ],
        }));
        assert_eq!(buy.proposal_ids, ["plan"]);
        assert_eq!(buy.start_time.as_deref(), Some("asap"));
        assert_eq!(
            buy.total_budget,
            Some(json!({ "amount": 5000, "currency": "EUR" }))
        );
        assert_eq!(
            buy.packages,
            [AboutPackage {
                product_id: "banner".into(),
                pricing_option_id: Some("fixed".into()),
                budget: Some(12.5)
            }]
        );
        let finalize = About::of(&json!({
            "refine": [
                { "scope": "proposal", "proposal_id": "a", "action": "finalize" },
                { "scope": "proposal", "proposal_id": "b", "ask": "more" },
            ],
        }));
        assert_eq!(finalize.proposal_ids, ["a"]);
        assert_eq!(About::of(&json!([])), About::default());
    }

    #[test]
    fn it_is_small_whatever_the_request_is() {
        let long = "x".repeat(100_000);
        let package = json!({ "product_id": long, "pricing_option_id": long, "budget": 1 });
        let entry = json!({ "proposal_id": long, "action": "finalize" });
        let about = About::of(&json!({
            "packages": vec![package; 500],
            "refine": vec![entry; 500],
            "start_time": long,
            "total_budget": { "amount": 1, "currency": long },
        }));
        assert_eq!((about.packages.len(), about.more_packages), (MOST, 490));
        let size = serde_json::to_string(&about).expect("JSON").len();
        assert!(size < 10_000, "{size}");
    }
}
