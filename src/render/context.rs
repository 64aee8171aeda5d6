//! What a template can say: every name of [`Context`], and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use super::RenderError;
use super::hooks::{self, Answer, Given, Needs};
use super::recipe::Recipe;
use super::vendor;
use crate::keys::Purpose;
use crate::plan::{
    AccountMode, ApprovalPlan, DigestPolicy, EntryPlan, Plan, ProposalsPlan, RatePlan,
    RuntimeSource, SigningPlan, Store, Transport, duration,
};
use crate::spec::SpecLine;
use crate::wire::ToolTypes;

/// The names that templates use.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    /// The seller's name, which is also its crate's: `acme-media`.
    name: String,
    /// The package name of the generated crate: `acme-media-wire`.
    wire_crate: String,
    /// The oldest compiler that the emitted crates promise to work with.
    rust_version: &'static str,
    versions: Versions,
    spec: Spec,
    /// Where buyers reach the seller; empty when the manifest does not say.
    url: Option<String>,
    transports: Vec<&'static str>,
    /// Which of them are served.
    serves: Serves,
    specialisms: Vec<String>,
    protocols: Vec<String>,
    pricing_models: Vec<String>,
    /// Whether products may carry floor prices.
    auction: bool,
    /// A variant of the runtime's `AccountMode`.
    accounts: &'static str,
    /// As the seller's `--store` takes it.
    store_url: String,
    /// Whether the store outlives the process.
    store_is_durable: bool,
    idempotency_ttl_seconds: u64,
    sells: Sells,
    /// How proposals are made; null when the seller makes none.
    proposals: Option<Proposals>,
    approval: Approval,
    entry: Entry,
    signing: Signing,
    webhooks: Webhooks,
    /// What buyers never see of a product; null when there is nothing.
    recipe: Option<Recipe>,
    runtime: Runtime,
    families: Vec<Family>,
    /// The families' traits, as a `use` names them.
    traits: String,
    /// What the router is made of, in the order in which it takes them.
    parts: Vec<Part>,
}

/// Something of the adopter's that the router is put in front of.
#[derive(Debug, Serialize)]
struct Part {
    /// The router's name for it: `sales`.
    name: &'static str,
    /// The router's type parameter for it: `S`.
    parameter: &'static str,
    /// The trait: `SalesPlatform`.
    bound: &'static str,
}

#[derive(Debug, Serialize)]
struct Versions {
    tool: &'static str,
    runtime: String,
}

#[derive(Debug, Serialize)]
struct Spec {
    /// `3.0`
    line: String,
    /// `3.0.18`
    version: String,
}

/// How the emitted crates depend on the runtime, each as the right-hand side in a `Cargo.toml`.
#[derive(Debug, Serialize)]
struct Runtime {
    vendored: bool,
    from_root: String,
    from_wire: String,
}

/// What the sandbox's catalogue holds.
#[derive(Debug, Serialize)]
struct Sells {
    /// Products whose delivery is promised.
    guaranteed: bool,
    /// Products that are delivered as far as there is room.
    non_guaranteed: bool,
}

/// As [`ProposalsPlan`].
#[derive(Debug, Serialize)]
struct Proposals {
    refine: bool,
    finalize: bool,
    hold_seconds: u64,
    grace_seconds: u64,
    draft_ttl_seconds: u64,
    expired_ttl_seconds: u64,
}

/// As [`ApprovalPlan`].
#[derive(Debug, Serialize)]
struct Approval {
    /// Whether anything waits for a person.
    needed: bool,
    finalize: bool,
    create_media_buy: bool,
    within_seconds: u64,
}

/// Which transports are served.
#[derive(Debug, Serialize)]
struct Serves {
    mcp: bool,
    a2a: bool,
}

/// As [`EntryPlan`].
#[derive(Debug, Serialize)]
struct Entry {
    oauth: Option<OAuth>,
    rate: Option<Rate>,
    fresh_keys: Rate,
    largest_request: u64,
}

#[derive(Debug, Serialize)]
struct OAuth {
    issuer: String,
    audience: Option<String>,
    scopes: Vec<Scope>,
}

#[derive(Debug, Serialize)]
struct Scope {
    name: String,
    tools: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Rate {
    per_minute: u32,
    burst: u32,
}

/// As [`SigningPlan`].
#[derive(Debug, Serialize)]
struct Signing {
    verify: bool,
    /// A variant of the runtime's `DigestPolicy`.
    digest: &'static str,
    required: Vec<String>,
    warn: Vec<String>,
    /// The `adcp_use` of the key that signs webhooks, as the line names it.
    webhook_key_use: &'static str,
}

#[derive(Debug, Serialize)]
struct Webhooks {
    retry_seconds: u64,
    /// The same as the manifest writes it: `1d`.
    retry: String,
}

/// One typed trait; see [`hooks::Family`].
#[derive(Debug, Serialize)]
struct Family {
    name: &'static str,
    part: &'static str,
    parameter: &'static str,
    file: &'static str,
    about: &'static str,
    lacking: &'static str,
    hooks: Vec<Hook>,
}

#[derive(Debug, Serialize)]
struct Hook {
    method: &'static str,
    /// The Rust name of the request's type, where it is given a request.
    request: Option<String>,
    given: Option<Given>,
    answer: Answer,
    docs: &'static [&'static str],
}

impl Context {
    pub(super) fn new(
        plan: &Plan,
        spec: &SpecLine,
        tools: &[ToolTypes],
        recipe: Option<Recipe>,
    ) -> Result<Context, RenderError> {
        let families = families(plan, tools)?;
        let axes = recipe.as_ref().is_some_and(|recipe| recipe.axes);
        Ok(Context {
            name: plan.name.clone(),
            wire_crate: format!("{}-wire", plan.name),
            rust_version: env!("CARGO_PKG_RUST_VERSION"),
            versions: Versions {
                tool: super::TOOL_VERSION,
                runtime: vendor::version()?,
            },
            spec: Spec {
                line: spec.line.clone(),
                version: spec.version().to_owned(),
            },
            url: plan.url.clone(),
            transports: plan
                .transports
                .iter()
                .map(|transport| transport.word())
                .collect(),
            serves: Serves {
                mcp: plan.transports.contains(&Transport::Mcp),
                a2a: plan.transports.contains(&Transport::A2a),
            },
            specialisms: plan.specialisms.clone(),
            protocols: plan.protocols.clone(),
            pricing_models: plan.pricing_models.clone(),
            auction: plan.auction,
            accounts: match plan.accounts {
                AccountMode::Explicit => "Explicit",
                AccountMode::FromAuth => "FromAuth",
                AccountMode::Singleton => "Singleton",
            },
            store_url: plan.store.address(),
            store_is_durable: plan.store != Store::Memory,
            idempotency_ttl_seconds: plan.idempotency_ttl_seconds,
            sells: Sells::new(plan),
            proposals: plan.proposals.as_ref().map(Proposals::new),
            approval: Approval::new(&plan.approval),
            entry: Entry::new(&plan.entry),
            signing: Signing::new(&plan.signing, Purpose::of_webhooks(&spec.line)),
            webhooks: Webhooks {
                retry_seconds: plan.webhooks.retry_seconds,
                retry: duration::text(plan.webhooks.retry_seconds),
            },
            recipe,
            runtime: Runtime::new(&plan.runtime),
            traits: traits(&families),
            parts: parts(&families, axes),
            families,
        })
    }
}

impl Sells {
    /// A seller that claims proposals only sells what it can promise.
    fn new(plan: &Plan) -> Sells {
        let claims = |slug| plan.specialisms.iter().any(|claimed| claimed == slug);
        let non_guaranteed = claims("sales-non-guaranteed");
        Sells {
            guaranteed: claims("sales-guaranteed") || !non_guaranteed,
            non_guaranteed,
        }
    }
}

impl Proposals {
    fn new(plan: &ProposalsPlan) -> Proposals {
        Proposals {
            refine: plan.refine,
            finalize: plan.finalize,
            hold_seconds: plan.hold_seconds,
            grace_seconds: plan.grace_seconds,
            draft_ttl_seconds: plan.draft_ttl_seconds,
            expired_ttl_seconds: plan.expired_ttl_seconds,
        }
    }
}

impl Approval {
    fn new(plan: &ApprovalPlan) -> Approval {
        Approval {
            needed: plan.is_needed(),
            finalize: plan.finalize,
            create_media_buy: plan.create_media_buy,
            within_seconds: plan.within_seconds,
        }
    }
}

impl Entry {
    fn new(plan: &EntryPlan) -> Entry {
        let rate = |plan: RatePlan| Rate {
            per_minute: plan.per_minute,
            burst: plan.burst,
        };
        let scope = |(name, tools): &(String, Vec<String>)| Scope {
            name: name.clone(),
            tools: tools.clone(),
        };
        Entry {
            oauth: plan.oauth.as_ref().map(|oauth| OAuth {
                issuer: oauth.issuer.clone(),
                audience: oauth.audience.clone(),
                scopes: oauth.scopes.iter().map(scope).collect(),
            }),
            rate: plan.rate.map(rate),
            fresh_keys: rate(plan.fresh_keys),
            largest_request: plan.largest_request,
        }
    }
}

impl Signing {
    fn new(plan: &SigningPlan, webhooks: Purpose) -> Signing {
        Signing {
            verify: plan.verify,
            digest: match plan.digest {
                DigestPolicy::Required => "Required",
                DigestPolicy::Forbidden => "Forbidden",
                DigestPolicy::Either => "Either",
            },
            required: plan.required.clone(),
            warn: plan.warn.clone(),
            webhook_key_use: webhooks.word(),
        }
    }
}

impl Runtime {
    fn new(source: &RuntimeSource) -> Runtime {
        let below = |path: &str| format!("{{ path = {} }}", toml_string(path));
        let (from_root, from_wire) = match source {
            RuntimeSource::Vendored => (
                below(vendor::FOLDER),
                below(&format!("../{}", vendor::FOLDER)),
            ),
            RuntimeSource::Path(path) if std::path::Path::new(path).is_absolute() => {
                (below(path), below(path))
            }
            RuntimeSource::Path(path) => (below(path), below(&format!("../{path}"))),
            RuntimeSource::Version(version) => (toml_string(version), toml_string(version)),
            RuntimeSource::Git { url, rev } => {
                let pinned = format!(
                    "{{ git = {}, rev = {} }}",
                    toml_string(url),
                    toml_string(rev)
                );
                (pinned.clone(), pinned)
            }
        };
        Runtime {
            vendored: *source == RuntimeSource::Vendored,
            from_root,
            from_wire,
        }
    }
}

/// Traits as a `use` names them, sorted as rustfmt sorts.
fn traits(families: &[Family]) -> String {
    let mut names: Vec<&str> = families.iter().map(|family| family.name).collect();
    names.sort_unstable();
    match names.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("{{{}}}", several.join(", ")),
    }
}

/// What the router is made of. Who judges axes of capability comes last.
fn parts(families: &[Family], axes: bool) -> Vec<Part> {
    let of = |family: &Family| Part {
        name: family.part,
        parameter: family.parameter,
        bound: family.name,
    };
    let judge = axes.then_some(Part {
        name: "axes",
        parameter: "A",
        bound: "CapabilityAxes",
    });
    families.iter().map(of).chain(judge).collect()
}

/// The traits that these tools need, with the names of their requests.
fn families(plan: &Plan, tools: &[ToolTypes]) -> Result<Vec<Family>, RenderError> {
    let requests: BTreeMap<&str, &str> = tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.request.as_str()))
        .collect();
    let hook = |hook: &hooks::Hook| {
        let request = match hook.tool {
            Some(tool) => {
                let request = requests.get(tool);
                Some((*request.ok_or(RenderError::NoRequestType { tool })?).to_owned())
            }
            None => None,
        };
        Ok(Hook {
            method: hook.method,
            request,
            given: hook.given,
            answer: hook.answer,
            docs: hook.docs,
        })
    };
    Needs::of(plan)
        .families()
        .map(|(family, needed)| {
            Ok(Family {
                name: family.name,
                part: family.part,
                parameter: family.parameter,
                file: family.file,
                about: family.about,
                lacking: family.lacking,
                hooks: needed
                    .into_iter()
                    .map(hook)
                    .collect::<Result<_, RenderError>>()?,
            })
        })
        .collect()
}

/// A TOML basic string.
pub(super) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
