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
    /// How proposals are made, where the seller makes any.
    pub proposals: Option<Proposals>,
    /// What a person has to agree to.
    pub approval: Approval,
    /// What the seller keeps about its products that buyers never see.
    pub recipe: Option<Recipe>,
    /// How buyers come in, and how much the seller takes from one of them.
    pub entry: Entry,
    /// Signatures on the requests of buyers.
    pub request_signing: RequestSigning,
    /// How buyers are told of what happens.
    pub webhooks: Webhooks,
}

/// How buyers come in, and how much the seller takes from one of them (`seller.toml`, `transports`,
/// `[auth]`, `[limits]`, `[idempotency]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether MCP is served.
    pub mcp: bool,
    /// Whether A2A is served.
    pub a2a: bool,
    /// Where access tokens come from, beside API keys.
    pub oauth: Option<OAuth>,
    /// How many calls one principal may make; `None` for no limit.
    pub rate: Option<Rate>,
    /// The largest request that is kept for replays, in bytes of its canonical JSON.
    pub largest_request: usize,
    /// How many new idempotency keys one principal may use for one account (`seller.toml`,
    /// `[limits]`). Each is kept for as long as answers are, so this bounds what is kept.
    pub fresh_keys: Rate,
}

impl Entry {
    /// MCP, API keys, no limit, and requests as large as a body may be.
    pub const PLAIN: Entry = Entry {
        mcp: true,
        a2a: false,
        oauth: None,
        rate: None,
        largest_request: crate::http::LARGEST_BODY,
        fresh_keys: Rate::FRESH_KEYS,
    };
}

/// Where access tokens come from (RFC 6750, RFC 9068).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OAuth {
    /// The issuer, as the `iss` of its tokens has it: `https://login.acme.example`.
    pub issuer: &'static str,
    /// What the `aud` of a token must hold; the endpoint's own URL when `None`.
    pub audience: Option<&'static str>,
    /// What each scope lets a caller do, by the names of tools; everything when there is none.
    pub scopes: &'static [(&'static str, &'static [&'static str])],
}

/// How many calls one principal may make (`seller.toml`, `[limits]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls a minute, evenly spread.
    pub per_minute: u32,
    /// Calls at once beyond that.
    pub burst: u32,
}

impl Rate {
    /// What the specification recommends for new idempotency keys: 3600 a minute, and 300 a second
    /// for ten seconds (security implementation guide, idempotency, cache growth).
    pub const FRESH_KEYS: Rate = Rate {
        per_minute: 3600,
        burst: 3000,
    };
}

/// Signatures on the requests of buyers (`seller.toml`, `[signing]`; `request_signing` in
/// `protocol/get-adcp-capabilities-response.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestSigning {
    /// Whether signatures are verified at all.
    pub supported: bool,
    /// Whether a signature has to cover the body.
    pub digest: DigestPolicy,
    /// The tools that an unsigned request is refused for.
    pub required_for: &'static [&'static str],
    /// The tools for which a bad signature is logged and let pass.
    pub warn_for: &'static [&'static str],
}

impl RequestSigning {
    /// No signature is looked at.
    pub const NONE: RequestSigning = RequestSigning {
        supported: false,
        digest: DigestPolicy::Either,
        required_for: &[],
        warn_for: &[],
    };
}

/// Whether a signature covers the body, by `content-digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestPolicy {
    /// It must.
    Required,
    /// It must not.
    Forbidden,
    /// The signer chooses.
    Either,
}

/// How buyers are told of what happens (`seller.toml`, `[webhooks]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// How long a notification is tried before it is set aside, in seconds.
    pub retry_seconds: u64,
}

impl Webhooks {
    /// A day.
    pub const PLAIN: Webhooks = Webhooks {
        retry_seconds: 24 * 60 * 60,
    };
}

/// How proposals are made (`seller.toml`, `[proposals]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposals {
    /// Whether buyers may have a proposal changed.
    pub refine: bool,
    /// Whether a proposal has to be finalized before it can be bought. Without it a proposal is
    /// ready to buy as it is made.
    pub finalize: bool,
    /// How long a finalized proposal holds its inventory when the manager names no instant, in
    /// seconds.
    pub hold_seconds: u64,
    /// How long after `expires_at` a proposal is still taken, in seconds.
    pub grace_seconds: u64,
    /// How long a draft is kept, counted from when it was first made, in seconds.
    pub draft_ttl_seconds: u64,
    /// How long a finalized proposal that nobody bought is kept after it expired, in seconds.
    pub expired_ttl_seconds: u64,
}

/// What a person has to agree to before it takes effect (`seller.toml`, `[approval]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Finalizing a proposal.
    pub finalize: bool,
    /// Buying a product, unless the catalogue exempts it.
    pub create_media_buy: bool,
    /// How long an operation waits for its decision, in seconds; after that it is rejected.
    pub within_seconds: u64,
}

impl Approval {
    /// Nothing waits for a person.
    pub const NONE: Approval = Approval {
        finalize: false,
        create_media_buy: false,
        within_seconds: 0,
    };

    /// Everything that a person may have to agree to, by the words of `seller.toml`.
    pub const OPERATIONS: [&'static str; 2] = ["finalize", "create_media_buy"];

    /// What a person has to agree to.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> {
        let asked = [self.finalize, self.create_media_buy];
        Self::OPERATIONS
            .into_iter()
            .zip(asked)
            .filter_map(|(operation, asked)| asked.then_some(operation))
    }

    /// Whether anything ever waits for a person.
    pub fn is_needed(&self) -> bool {
        self.finalize || self.create_media_buy
    }
}

/// What the seller keeps about its products that buyers never see (`seller.toml`, `[recipe]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The value of `recipe_kind` in every recipe: `gam`.
    pub kind: &'static str,
    /// The definition in [`crate::spec::Spec::schemas`] that every recipe must satisfy.
    pub definition: &'static str,
    /// Who keeps recipes.
    pub owner: RecipeOwner,
    /// Members of `capability_overlap` beyond the framework's own: axes that the adopter judges.
    pub axes: &'static [&'static str],
}

/// Who keeps recipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipeOwner {
    /// The runtime: in the catalogue, in the proposal and in the media buy.
    Framework,
    /// The adopter, whose `RecipeSource` is asked on every call. The runtime stores none.
    Adopter,
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
