//! What this version generates, and what it will: the words behind "not generated yet".
//!
//! A value of the spec that is in none of these lists is planned too (every specialism and
//! pricing model of the line); a value that the spec doesn't have is unknown.

use super::{AccountMode, DigestPolicy, RecipeOwner, Transport};
use crate::wire::recipe::PRESETS;

/// AdCP lines that are published: those that are not built in can be added.
pub const PUBLISHED_LINES: &[&str] = &["3.0", "3.1", "3.2"];

/// Transports; all are generated.
pub const TRANSPORTS: &[&str] = &[Transport::Mcp.word(), Transport::A2a.word()];

/// Whether signatures cover the body.
pub const DIGESTS: &[&str] = &[
    DigestPolicy::Required.word(),
    DigestPolicy::Forbidden.word(),
    DigestPolicy::Either.word(),
];

/// Specialisms that are generated.
pub const SPECIALISMS: &[&str] = &[
    "sales-non-guaranteed",
    "sales-guaranteed",
    "sales-proposal-mode",
];

/// Specialisms whose products are all guaranteed, so that an auction price contradicts them
/// (spec: a pricing option with `fixed_price` is fixed, one with `floor_price` an auction).
pub const GUARANTEED_SPECIALISMS: &[&str] = &["sales-guaranteed"];

/// Specialisms that say how a sale is agreed, and nothing about whether delivery is guaranteed.
const UNDECIDED_SPECIALISMS: &[&str] = &[PROPOSAL_SPECIALISM];

/// The specialism that promises proposals: it implies `[proposals]`, and its storyboards refine and
/// finalize.
pub const PROPOSAL_SPECIALISM: &str = "sales-proposal-mode";

/// Whether everything that is sold under these specialisms is guaranteed.
pub fn is_all_guaranteed<'a>(specialisms: impl IntoIterator<Item = &'a str>) -> bool {
    let mut decided = specialisms
        .into_iter()
        .filter(|slug| !UNDECIDED_SPECIALISMS.contains(slug))
        .peekable();
    decided.peek().is_some() && decided.all(|slug| GUARANTEED_SPECIALISMS.contains(&slug))
}

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

/// Operations that can wait for a person.
pub const APPROVALS: &[&str] = &["finalize", "create_media_buy"];

/// Recipes that come with this tool, by their kind.
pub const RECIPE_PRESETS: &[&str] = PRESETS;

/// Who may keep recipes.
pub const RECIPE_OWNERS: &[&str] = &[RecipeOwner::Framework.word(), RecipeOwner::Adopter.word()];

/// Words of `runtime.source`.
pub const RUNTIME_SOURCES: &[&str] = &["vendored"];

/// Keys of the top level that are planned, with what they will do.
pub const PLANNED_KEYS: &[(&str, &str)] = &[
    ("creative", "creative generation and ad serving"),
    (
        "governance",
        "plans, spend authority and delivery monitoring",
    ),
    ("signals", "signals and their activation"),
    (
        "tenants",
        "several tenants in one process, told apart by host or path",
    ),
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
    /// Whether products may be sold by auction: unless everything is guaranteed.
    pub fn auction<'a>(specialisms: impl IntoIterator<Item = &'a str>) -> bool {
        !super::is_all_guaranteed(specialisms)
    }
    /// The account mode.
    pub const ACCOUNTS: &str = super::AccountMode::Explicit.word();
    /// The store.
    pub const STORE: &str = "sqlite";
    /// The file of a `sqlite` store without a path, in the seller's working directory.
    pub const DATABASE: &str = "seller.db";
    /// How long answers to idempotency keys are kept: what AdCP recommends.
    pub const RETENTION: &str = "24h";
    /// The largest request that is kept for replays: as large as a request may be at all.
    pub const LARGEST: &str = "4MiB";
    /// New idempotency keys a minute: what AdCP recommends.
    pub const FRESH_KEYS: u32 = 3_600;
    /// Whether signatures of requests are verified.
    pub const VERIFY: bool = true;
    /// How long a notification is tried.
    pub const RETRY: &str = "24h";
    /// Whether buyers may have a proposal changed.
    pub const REFINE: bool = true;
    /// Whether a proposal has to be finalized before it can be bought.
    pub const FINALIZE: bool = true;
    /// How long a finalized proposal holds its inventory.
    pub const HOLD: &str = "24h";
    /// How long after its expiry a proposal is still taken.
    pub const GRACE: &str = "0s";
    /// How long drafts are kept.
    pub const DRAFTS: &str = "24h";
    /// How long finalized proposals are kept after their expiry.
    pub const EXPIRED: &str = "7d";
    /// How long a person may take to decide.
    pub const WITHIN: &str = "72h";
    /// Who keeps recipes.
    pub const RECIPE_OWNER: &str = super::RecipeOwner::Framework.word();
}
