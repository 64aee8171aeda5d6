//! A proposal as the people see it who agree to it: what is sold in which shares at which prices.
//!
//! It shows what the buyer sees, and nothing of how it is booked: recipes have no place here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::domain::allocation;
use crate::error::Result;
use crate::ops::Services;
use crate::ops::proposals::{Proposal, State};
use crate::ops::records;
use crate::tasks::Task;

/// What of a pricing option (`core/pricing-option.json`) says what something costs.
const PRICE: [&str; 5] = [
    "pricing_model",
    "currency",
    "fixed_price",
    "floor_price",
    "min_spend_per_package",
];

/// One proposal that is reserved for a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProposalView {
    /// Its id.
    pub(crate) proposal_id: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Where it stands.
    pub(crate) state: State,
    /// Until when it can be bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    /// What the buyer wants to pay in all (`{amount, currency}`), where the request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total_budget: Option<Value>,
    /// What budget it was made for (`core/proposal.json`, `total_budget_guidance`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total_budget_guidance: Option<Value>,
    /// What it is made of.
    pub(crate) allocations: Vec<AllocationView>,
}

/// One part of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AllocationView {
    /// The product.
    pub(crate) product_id: String,
    /// What the product is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<String>,
    /// Its share of the budget, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percentage: Option<f64>,
    /// Which of the product's prices it is sold at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pricing_option_id: Option<String>,
    /// That price: `pricing_model`, `currency`, `fixed_price` and the like.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) price: Map<String, Value>,
}

/// The proposals that are reserved for a task, as they stand now.
///
/// # Errors
///
/// `SERVICE_UNAVAILABLE` when the store can't be read.
pub(super) async fn reserved_for(services: &Services, task: &Task) -> Result<Vec<ProposalView>> {
    let mut views = Vec::with_capacity(task.proposals.len());
    let keys = task
        .proposals
        .iter()
        .filter_map(|reserved| reserved.key(&super::tenant()));
    for key in keys {
        let found = records::find::<Proposal>(&services.store, &key.scope, &key.id).await?;
        views.extend(found.map(|stored| ProposalView::of(&stored.value, task)));
    }
    Ok(views)
}

impl ProposalView {
    fn of(proposal: &Proposal, task: &Task) -> Self {
        let shown = &proposal.content.proposal;
        let allocations = shown["allocations"].as_array().into_iter().flatten();
        ProposalView {
            proposal_id: proposal.proposal_id.clone(),
            name: text(shown, "name"),
            state: proposal.state,
            expires_at: proposal.expires_at,
            total_budget: task.request.get("total_budget").cloned(),
            total_budget_guidance: shown.get("total_budget_guidance").cloned(),
            allocations: allocations
                .filter_map(|part| AllocationView::of(part, proposal))
                .collect(),
        }
    }
}

impl AllocationView {
    fn of(part: &Value, proposal: &Proposal) -> Option<Self> {
        let product_id = text(part, "product_id")?;
        let product = proposal.content.products.get(&product_id);
        let pricing_option_id = text(part, "pricing_option_id");
        let price = product
            .zip(pricing_option_id.as_deref())
            .and_then(|(product, id)| allocation::price(product, id));
        Some(AllocationView {
            product: product.and_then(|product| text(product, "name")),
            percentage: part.get("allocation_percentage").and_then(Value::as_f64),
            price: price
                .map(|option| shown(option, &PRICE))
                .unwrap_or_default(),
            product_id,
            pricing_option_id,
        })
    }
}

fn shown(value: &Value, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), value.get(*name)?.clone()));
    names.iter().filter_map(member).collect()
}

fn text(value: &Value, member: &str) -> Option<String> {
    value.get(member)?.as_str().map(str::to_owned)
}
