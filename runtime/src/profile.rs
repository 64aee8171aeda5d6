//! What the seller's manifest says, as data that the generated `wire` crate hands over.

/// One seller, as its `seller.toml` describes it.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The seller's name, also the name of its crate: `acme-media`.
    pub name: &'static str,
    /// Where buyers reach it, without the transport's path; `None` until it has a home.
    pub url: Option<&'static str>,
    /// The claimed specialisms, in the spec's kebab-case: `sales-non-guaranteed`.
    pub specialisms: &'static [&'static str],
    /// The protocols that the specialisms belong to: `media_buy`.
    pub protocols: &'static [&'static str],
    /// The pricing models that products may use: `cpm`.
    pub pricing_models: &'static [&'static str],
    /// How a call names the account that it acts for.
    pub accounts: AccountMode,
    /// The store that is opened when nothing else is said at start-up: `sqlite:seller.db`.
    pub store: &'static str,
    /// How long an answer to an idempotency key is kept, in seconds.
    pub idempotency_ttl_seconds: u64,
}

/// How a call names the account that it acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountMode {
    /// The buyer names an account that it has synced or was given.
    Explicit,
    /// The principal is the account.
    FromAuth,
    /// The seller has one account for everybody.
    Singleton,
}
