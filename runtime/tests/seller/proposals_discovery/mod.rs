//! Proposals as buyers find, change and firm them up with `get_products`.

mod catalog;
mod drafts;
mod finalize;
mod planner;
mod refine;
mod shown;
mod waiting;

use serde_json::{Value, json};

use crate::market::{Market, account, planned};
use crate::support::planner::Planner;
use crate::support::{TOKEN, line};

/// A seller in earnest with the accounts of two brands, and its manager.
async fn seller() -> (Market, Planner) {
    seller_of(&line::PROPOSALS).await
}

/// The same with another manifest.
async fn seller_of(profile: &'static adcp_seller::profile::Profile) -> (Market, Planner) {
    let planner = Planner::default();
    let market = planned(profile, &planner).await;
    open_accounts(&market).await;
    (market, planner)
}

/// Opens the accounts of two brands.
async fn open_accounts(market: &Market) {
    let wanted = |brand: &str| {
        let mut wanted = account(brand);
        wanted["billing"] = json!("operator");
        wanted
    };
    let accounts = json!({ "accounts": [wanted("nova"), wanted("acme")] });
    market.call_as(TOKEN, "sync_accounts", accounts).await;
}

/// A brief of an account.
fn brief(brand: &str) -> Value {
    json!({ "buying_mode": "brief", "brief": "banners and video", "account": account(brand) })
}

/// A refinement of an account.
fn refinement(brand: &str, entries: Value) -> Value {
    json!({ "buying_mode": "refine", "refine": entries, "account": account(brand) })
}

/// The finalize of a proposal.
fn finalize(brand: &str, proposal_id: &str) -> Value {
    let entry = json!({ "scope": "proposal", "proposal_id": proposal_id, "action": "finalize" });
    refinement(brand, json!([entry]))
}

/// An entry about a proposal.
fn change(proposal_id: &str, ask: &str) -> Value {
    json!({ "scope": "proposal", "proposal_id": proposal_id, "ask": ask })
}

/// The shares of a proposal, in order.
fn shares(proposal: &Value) -> Vec<f64> {
    proposal["allocations"]
        .as_array()
        .expect("allocations")
        .iter()
        .map(|allocation| {
            allocation["allocation_percentage"]
                .as_f64()
                .expect("a share")
        })
        .collect()
}

/// Statuses and notes of what became of each entry.
fn applied(answer: &Value) -> Vec<(&str, &str)> {
    answer["refinement_applied"]
        .as_array()
        .expect("an entry for each")
        .iter()
        .map(|entry| {
            (
                entry["scope"].as_str().expect("a scope"),
                entry["status"].as_str().expect("a status"),
            )
        })
        .collect()
}

/// Calls and expects to be refused: code and field.
async fn refused(market: &Market, request: Value) -> (String, String) {
    let (code, field) = market.refused("get_products", request).await;
    (code, field.unwrap_or_default())
}

/// A pair of texts, as [`refused`] has it.
fn refusal(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}
