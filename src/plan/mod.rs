//! What a manifest means: validated, defaults filled in, tools derived.
//!
//! [`accept()`] is the only way from a manifest to a [`Plan`]. Whoever holds a plan may rely on
//! everything in it: later stages never look at the manifest's values again.
//!
//! Nothing here reads a file, renders one or prints.

pub mod support;
pub mod facts;
pub mod name;
pub mod address;
pub mod database;
pub mod duration;
pub mod tools;
pub mod runtime;
pub mod proposals;
pub mod recipe;
pub mod size;
pub mod entry;
pub mod signing;
mod accept;

pub use accept::{Accepted, accept, unreadable_schema};
pub use entry::{EntryPlan, OAuthPlan, RatePlan};
pub use facts::{LineFacts, Lines, SpecialismFacts};
pub use proposals::{ApprovalPlan, ProposalsPlan};
pub use recipe::{RecipeOwner, RecipePlan, RecipeSource};
pub use signing::{DigestPolicy, SigningPlan, WebhooksPlan};

/// One seller, ready to be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seller's and its crate's name, in kebab-case: `acme-media`.
    pub name: String,
    /// The AdCP line: `3.0`.
    pub adcp: String,
    /// Scheme and host under which buyers reach it, without a path or a slash at the end.
    pub url: Option<String>,
    /// The protocols over which buyers call; never empty.
    pub transports: Vec<Transport>,
    /// The claimed specialisms, in the spec's kebab-case, in the manifest's order; never empty.
    pub specialisms: Vec<String>,
    /// The protocols that the specialisms belong to, as the wire spells them: `media_buy`.
    /// Sorted.
    pub protocols: Vec<String>,
    /// The pricing models that products may use, as the wire spells them; never empty.
    pub pricing_models: Vec<String>,
    /// Whether products may be sold by auction, with a floor price.
    pub auction: bool,
    /// How a call names the account that it acts for.
    pub accounts: AccountMode,
    /// Where state is kept when nothing else is said at start-up.
    pub store: Store,
    /// How long the answer to an idempotency key is kept, in seconds: 3600 to 604800.
    pub idempotency_ttl_seconds: u64,
    /// How proposals are made; `None` when the seller makes none.
    pub proposals: Option<ProposalsPlan>,
    /// What waits for a person.
    pub approval: ApprovalPlan,
    /// What the seller keeps about its products that buyers never see, if anything.
    pub recipe: Option<RecipePlan>,
    /// How buyers come in, and how much the seller takes from one of them.
    pub entry: EntryPlan,
    /// Signatures on the requests of buyers.
    pub signing: SigningPlan,
    /// How buyers are told of what happens.
    pub webhooks: WebhooksPlan,
    /// Where the runtime crate comes from.
    pub runtime: RuntimeSource,
    /// The wire names of the tools that the seller offers. Sorted.
    pub tools: Vec<String>,
}

/// A protocol over which buyers call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The Model Context Protocol's streamable HTTP.
    Mcp,
    /// The Agent2Agent protocol's JSON-RPC over HTTP.
    A2a,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mcp, Self::A2a];

    /// The manifest's word, which is also the path below the seller's URL.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::A2a => "a2a",
        }
    }

    /// The transport of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|transport| transport.word() == word)
    }
}

/// How a call names the account that it acts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountMode {
    /// The buyer names an account that it has synced or was given.
    Explicit,
    /// The credential is the account.
    FromAuth,
    /// One account for everybody.
    Singleton,
}

impl AccountMode {
    /// The manifest's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::FromAuth => "from_auth",
            Self::Singleton => "singleton",
        }
    }
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// In the process; gone when it ends.
    Memory,
    /// In one SQLite file.
    Sqlite {
        /// Relative to the working directory of the running seller.
        path: String,
    },
}

impl Store {
    /// What the seller's `--store` and `SELLER_STORE` take: `memory:`, `sqlite:seller.db`.
    pub fn address(&self) -> String {
        match self {
            Self::Memory => "memory:".to_owned(),
            Self::Sqlite { path } => format!("sqlite:{path}"),
        }
    }
}

/// Where the runtime crate `adcp-seller` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeSource {
    /// A copy in the seller's folder.
    Vendored,
    /// A folder, relative to the seller's folder.
    Path(String),
    /// A published version, in Cargo's notation.
    Version(String),
    /// A commit of a git repository.
    Git {
        /// The repository.
        url: String,
        /// The commit, as hexadecimal digits.
        rev: String,
    },
}
