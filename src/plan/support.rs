//! What this version generates, and what it will: the words behind "not generated yet".
//!
//! A value of the spec that is in none of these lists is planned too (every specialism and
//! pricing model of the line); a value that the spec doesn't have is unknown.

use super::{AccountMode, Transport};

/// AdCP lines that are published: those that are not built in can be added.
pub const PUBLISHED_LINES: &[&str] = &["3.0", "3.1", "3.2"];

/// Transports that are generated.
pub const TRANSPORTS: &[&str] = &[Transport::Mcp.word()];

/// Transports that are generated or planned.
pub const KNOWN_TRANSPORTS: &[&str] = &[Transport::Mcp.word(), "a2a"];

/// Specialisms that are generated.
pub const SPECIALISMS: &[&str] = &["sales-non-guaranteed"];

/// Specialisms whose products are all guaranteed, so that an auction price contradicts them
/// (spec: a pricing option with `fixed_price` is fixed, one with `floor_price` an auction).
pub const GUARANTEED_SPECIALISMS: &[&str] = &["sales-guaranteed"];

/// Pricing models that are generated.
pub const PRICING_MODELS: &[&str] = &["cpm", "vcpm", "cpc", "cpcv"];

/// Account modes; all are generated.
pub const ACCOUNTS: &[&str] = &[
    AccountMode::Explicit.word(),
    AccountMode::FromAuth.word(),
    AccountMode::Singleton.word(),
];

/// Stores that are generated; `sqlite` may be followed by `:` and a path.
pub const STORES: &[&str] = &["memory", "sqlite"];

/// Stores that are generated or planned.
pub const KNOWN_STORES: &[&str] = &["memory", "sqlite", "postgres"];

/// Words of `runtime.source`.
pub const RUNTIME_SOURCES: &[&str] = &["vendored"];

/// Keys of the top level that are planned, with what they will do.
pub const PLANNED_KEYS: &[(&str, &str)] = &[
    (
        "auth",
        "API keys and an OAuth issuer; today a seller takes bearer tokens at start-up",
    ),
    ("creative", "creative generation and ad serving"),
    (
        "governance",
        "plans, spend authority and delivery monitoring",
    ),
    ("proposals", "refining, finalizing and holding proposals"),
    ("recipe", "a typed recipe for the ad server's own settings"),
    ("signals", "signals and their activation"),
    ("signing", "request and webhook signatures (RFC 9421)"),
    (
        "tenants",
        "several tenants in one process, told apart by host or path",
    ),
    ("webhooks", "webhooks to buyers"),
];

/// What is taken when the manifest or the command line leaves something out.
pub mod defaults {
    /// The line that `new` writes.
    pub const LINE: &str = "3.0";
    /// The specialisms that `new` writes.
    pub const SPECIALISMS: &[&str] = &["sales-non-guaranteed"];
    /// Transports.
    pub const TRANSPORTS: &[&str] = super::TRANSPORTS;
    /// Pricing models.
    pub const PRICING_MODELS: &[&str] = super::PRICING_MODELS;
    /// Whether products may be sold by auction.
    pub const AUCTION: bool = true;
    /// The account mode.
    pub const ACCOUNTS: &str = super::AccountMode::Explicit.word();
    /// The store.
    pub const STORE: &str = "sqlite";
    /// The file of a `sqlite` store without a path, in the seller's working directory.
    pub const DATABASE: &str = "seller.db";
    /// How long answers to idempotency keys are kept: what AdCP recommends.
    pub const RETENTION: &str = "24h";
}
