//! The manifest's keys: one struct per table, each value with its span.
//!
//! These structs are the only list of keys. The JSON Schema, the check for unknown keys and the
//! check of types are all derived from them. Words stay strings here, because a word that is
//! not generated yet, or mistyped, deserves a better answer than serde's.
//!
//! Required keys are `Option` as well: their absence is found by [`super::shape`] together with
//! everything else, instead of ending the reading.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::plan::support::{self, defaults};

/// A text with its place.
pub type Text = Spanned<String>;
/// A list of texts with its place and theirs.
pub type Texts = Spanned<Vec<Spanned<String>>>;
/// A whole number with its place.
pub type Count = Spanned<i64>;

/// One AdCP seller: what it is called, what it sells and how it runs.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "seller.toml")]
pub struct Manifest {
    /// The seller's name in kebab-case. The generated crate is called the same.
    #[schemars(with = "String", regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    #[schemars(length(max = 64), example = &"acme-media")]
    pub name: Option<Text>,

    /// The AdCP line that the seller speaks: major and minor, no patch.
    #[schemars(with = "String", regex(pattern = r"^[0-9]+\.[0-9]+$"), example = &"3.0")]
    pub adcp: Option<Text>,

    /// Where buyers reach the seller: scheme and host, no path. Leave it out until it has a home.
    #[serde(default)]
    #[schemars(with = "String", url, example = &"https://ads.acme.example")]
    pub url: Option<Text>,

    /// The protocols over which buyers call.
    #[serde(default)]
    #[schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true))]
    #[schemars(extend("items" = word_of(support::TRANSPORTS), "default" = defaults::TRANSPORTS), example = ["mcp", "a2a"])]
    pub transports: Option<Texts>,

    /// What the seller claims to do, in the spec's own words. Decides which tools it offers and
    /// which storyboards it has to pass.
    #[schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true))]
    #[schemars(extend("items" = word_of(support::SPECIALISMS)), example = ["sales-non-guaranteed"])]
    pub specialisms: Option<Texts>,

    /// How a call names the account it acts for: `explicit` (the buyer names one that it synced),
    /// `from_auth` (the credential is the account), `singleton` (one account for everybody).
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = support::ACCOUNTS, "default" = defaults::ACCOUNTS), example = &"explicit")]
    pub accounts: Option<Text>,

    /// Where state is kept: `sqlite` (a file called `seller.db`), `sqlite:PATH`, or `memory`,
    /// which forgets everything and is for development only.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^(memory|sqlite|sqlite:.+)$"))]
    #[schemars(extend("default" = defaults::STORE), example = &"sqlite", example = &"sqlite:data/seller.db", example = &"memory")]
    pub store: Option<Text>,

    /// What products may cost.
    #[serde(default)]
    #[schemars(with = "Pricing")]
    pub pricing: Option<Pricing>,

    /// Replay protection of mutating calls.
    #[serde(default)]
    #[schemars(with = "Idempotency")]
    pub idempotency: Option<Idempotency>,

    /// Access tokens (OAuth 2.0). Without it buyers have API keys, which they may have beside it.
    #[serde(default)]
    #[schemars(with = "Auth")]
    pub auth: Option<Auth>,

    /// How much one buyer may call. Without it there is no limit on calls.
    #[serde(default)]
    #[schemars(with = "Limits")]
    pub limits: Option<Limits>,

    /// Signatures on the requests of buyers (RFC 9421). Without it they are verified where there
    /// are any, and none is required.
    #[serde(default)]
    #[schemars(with = "Signing")]
    pub signing: Option<Signing>,

    /// How buyers are told of what happens.
    #[serde(default)]
    #[schemars(with = "Webhooks")]
    pub webhooks: Option<Webhooks>,

    /// How proposals are made. Without it the seller makes none, unless it claims
    /// `sales-proposal-mode`, which implies the defaults.
    #[serde(default)]
    #[schemars(with = "Proposals")]
    pub proposals: Option<Proposals>,

    /// What waits for a person. Without it nothing does.
    #[serde(default)]
    #[schemars(with = "Approval")]
    pub approval: Option<Approval>,

    /// What the seller keeps about its products that buyers never see. Without it nothing.
    #[serde(default)]
    #[schemars(with = "Recipe")]
    pub recipe: Option<Spanned<Recipe>>,

    /// Where the runtime crate `adcp-seller` comes from.
    #[serde(default)]
    #[schemars(with = "Runtime")]
    pub runtime: Option<Runtime>,
}

/// What products may cost.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// The pricing models that products may use.
    #[serde(default)]
    #[schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true))]
    #[schemars(extend("items" = word_of(support::PRICING_MODELS), "default" = defaults::PRICING_MODELS), example = ["cpm", "vcpm"])]
    pub models: Option<Texts>,

    /// Whether products may be sold by auction, with a floor price instead of a fixed one. The
    /// default is `true`, and `false` when all specialisms are guaranteed.
    #[serde(default)]
    #[schemars(with = "bool", example = true)]
    pub auction: Option<Spanned<bool>>,
}

/// Replay protection of mutating calls.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// How long the answer to an idempotency key is kept: a number and `s`, `m`, `h` or `d`,
    /// from `1h` to `7d`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::RETENTION), example = &"24h")]
    pub retention: Option<Text>,

    /// The largest request that is kept for replays, in bytes of JSON: a number and `KiB` or
    /// `MiB`, from `64KiB` to `4MiB`. A larger one that changes something is refused.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(KiB|MiB)$"))]
    #[schemars(extend("default" = defaults::LARGEST), example = &"4MiB")]
    pub largest: Option<Text>,
}

/// Access tokens (OAuth 2.0): JWTs that an authorization server issues (RFC 9068).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The authorization server's issuer identifier, exactly as the `iss` of its tokens has it.
    #[schemars(with = "String", url, example = &"https://login.acme.example")]
    pub issuer: Option<Text>,

    /// What the `aud` of a token has to hold. The default is the URL that buyers call.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1), example = &"https://ads.acme.example/mcp")]
    pub audience: Option<Text>,

    /// Which tools each scope lets a buyer call. Without it a token is good for all of them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    #[schemars(extend("additionalProperties" = list_of_tools("get_products")))]
    pub scopes: Option<Spanned<BTreeMap<Text, Texts>>>,
}

/// How much one buyer may call.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Calls a minute, evenly spread: 1 to 1000000. The default is no limit.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1, max = 1_000_000), example = 600)]
    pub per_minute: Option<Count>,

    /// Calls at once beyond that: 1 to 1000000. The default is a tenth of `per_minute`.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1, max = 1_000_000), example = 60)]
    pub burst: Option<Count>,

    /// New idempotency keys a minute, for each of the buyer's accounts: 1 to 1000000. Five sixths of
    /// them may come at once. Each is kept for as long as answers are.
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1, max = 1_000_000))]
    #[schemars(extend("default" = defaults::FRESH_KEYS), example = 3600)]
    pub fresh_keys: Option<Count>,
}

/// Signatures on the requests of buyers (RFC 9421).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Whether signatures are verified. With `false` they are not looked at.
    #[serde(default)]
    #[schemars(with = "bool", extend("default" = defaults::VERIFY), example = true)]
    pub verify: Option<Spanned<bool>>,

    /// The operations that are refused unless the request is signed.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("uniqueItems" = true), example = ["create_media_buy"])]
    pub required: Option<Texts>,

    /// The operations for which a signature that fails is logged and the request let in.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("uniqueItems" = true), example = ["update_media_buy"])]
    pub warn: Option<Texts>,

    /// Whether a signature covers the body by its digest: it must (`required`), it must not
    /// (`forbidden`), the signer chooses (`either`). The default is what the AdCP line asks for:
    /// `either` up to 3.1, `required` from 3.2 on.
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = support::DIGESTS), example = &"required")]
    pub digest: Option<Text>,
}

/// How buyers are told of what happens.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// How long a notification is tried before it is set aside: a number and `s`, `m`, `h` or
    /// `d`, from `1h` to `7d`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::RETRY), example = &"24h")]
    pub retry: Option<Text>,
}

/// How proposals are made. Spans of time are a number and `s`, `m`, `h` or `d`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposals {
    /// Whether buyers may have a proposal changed.
    #[serde(default)]
    #[schemars(with = "bool", extend("default" = defaults::REFINE), example = true)]
    pub refine: Option<Spanned<bool>>,

    /// Whether a proposal has to be finalized (a firm price, inventory held) before it can be
    /// bought. Without it a proposal is ready to buy as it is made.
    #[serde(default)]
    #[schemars(with = "bool", extend("default" = defaults::FINALIZE), example = true)]
    pub finalize: Option<Spanned<bool>>,

    /// How long a finalized proposal holds its inventory when the seller's code names no instant:
    /// `1m` to `90d`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::HOLD), example = &"24h")]
    pub hold: Option<Text>,

    /// How long after its expiry a proposal is still taken: up to `1h`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::GRACE), example = &"30s")]
    pub grace: Option<Text>,

    /// How long drafts are kept: `1m` to `365d`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::DRAFTS), example = &"24h")]
    pub drafts: Option<Text>,

    /// How long a finalized proposal that nobody bought is kept after it expired: `1m` to `365d`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::EXPIRED), example = &"7d")]
    pub expired: Option<Text>,
}

/// What waits for a person.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The operations that wait: `finalize` (every one), `create_media_buy` (unless the catalogue
    /// exempts the product).
    #[schemars(with = "Vec<String>", length(min = 1), extend("uniqueItems" = true))]
    #[schemars(extend("items" = word_of(support::APPROVALS)), example = ["finalize"])]
    pub operations: Option<Texts>,

    /// How long a person may take, `1m` to `30d`; after that the operation is rejected.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9]+(s|m|h|d)$"))]
    #[schemars(extend("default" = defaults::WITHIN), example = &"72h")]
    pub within: Option<Text>,
}

/// What the seller keeps about its products that buyers never see: a `preset`, or a `schema` with
/// its `kind`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// A recipe that comes with this tool.
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = support::RECIPE_PRESETS), example = &"gam")]
    pub preset: Option<Text>,

    /// A JSON Schema (draft-07 or 2020-12) of the recipe: a `.json` file below the folder of
    /// `seller.toml`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[^/\\].*\.json$"), example = &"recipe.schema.json")]
    pub schema: Option<Text>,

    /// What `recipe_kind` says in every recipe; goes with `schema`.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$"))]
    #[schemars(length(max = 64), example = &"acme")]
    pub kind: Option<Text>,

    /// Who keeps recipes: `framework` (in catalogue, proposals and media buys), or `adopter`, who
    /// is asked on every call.
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = support::RECIPE_OWNERS, "default" = defaults::RECIPE_OWNER), example = &"framework")]
    pub owner: Option<Text>,
}

/// Where the runtime crate comes from: one of `source`, `path`, `version`, or `git` with `rev`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// `vendored`: a copy in the seller's folder, so that nothing needs publishing. The default.
    #[serde(default)]
    #[schemars(with = "String", extend("enum" = support::RUNTIME_SOURCES), example = &"vendored")]
    pub source: Option<Text>,

    /// A folder that holds the crate, relative to the seller's folder.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1), example = &"../adcp-seller")]
    pub path: Option<Text>,

    /// A published version, in Cargo's notation.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1), example = &"0.1")]
    pub version: Option<Text>,

    /// A git repository that holds the crate; needs `rev`.
    #[serde(default)]
    #[schemars(with = "String", url, example = &"https://git.example/adcp-scaffold.git")]
    pub git: Option<Text>,

    /// The commit to take from `git`, as 7 to 40 hexadecimal digits.
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^[0-9a-f]{7,40}$"), example = &"0123abc")]
    pub rev: Option<Text>,
}

/// The schema of a list of tools that says an example.
fn list_of_tools(example: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "array",
        "items": { "type": "string" },
        "minItems": 1,
        "uniqueItems": true,
        "examples": [[example]],
    })
}

/// The schema of one word of a list.
fn word_of(words: &[&str]) -> serde_json::Value {
    serde_json::json!({ "type": "string", "enum": words })
}
