//! An account: who is billed, and who acts for whom (`core/account.json`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Where an account stands (`enums/account-status.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// In use.
    Active,
    /// The seller is still looking at it.
    PendingApproval,
    /// The seller declined it.
    Rejected,
    /// No credit left.
    PaymentRequired,
    /// Held by the seller.
    Suspended,
    /// Given up for good.
    Closed,
}

/// An account as it was synced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The seller's id for it.
    pub account_id: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub status: AccountStatus,
    /// The advertiser (`core/brand-ref.json`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Value>,
    /// The domain of the party that operates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// When it was first synced.
    pub created_at: Timestamp,
    /// Members that are kept and echoed: `billing`, `billing_entity`, `payment_terms`, ….
    #[serde(default)]
    pub extra: Map<String, Value>,
}
