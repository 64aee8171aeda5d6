//! What a template can say: every name of [`Context`], and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use super::RenderError;
use super::hooks::{self, Given};
use super::vendor;
use crate::plan::{AccountMode, Plan, RuntimeSource, Store};
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
    runtime: Runtime,
    families: Vec<Family>,
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

/// One typed trait; see [`hooks::Family`].
#[derive(Debug, Serialize)]
struct Family {
    name: &'static str,
    module: &'static str,
    sells: &'static str,
    hooks: Vec<Hook>,
}

#[derive(Debug, Serialize)]
struct Hook {
    tool: &'static str,
    /// The Rust name of the request's type.
    request: String,
    given: Option<Given>,
    answer: &'static str,
    docs: &'static [&'static str],
}

impl Context {
    pub(super) fn new(
        plan: &Plan,
        spec: &SpecLine,
        tools: &[ToolTypes],
    ) -> Result<Context, RenderError> {
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
            runtime: Runtime::new(&plan.runtime),
            families: families(plan, tools)?,
        })
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

/// The traits that these tools need, with the names of their requests.
fn families(plan: &Plan, tools: &[ToolTypes]) -> Result<Vec<Family>, RenderError> {
    let requests: BTreeMap<&str, &str> = tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.request.as_str()))
        .collect();
    let hook = |hook: &hooks::Hook| {
        let request = requests
            .get(hook.tool)
            .ok_or(RenderError::NoRequestType { tool: hook.tool })?;
        Ok(Hook {
            tool: hook.tool,
            request: (*request).to_owned(),
            given: hook.given,
            answer: hook.answer,
            docs: hook.docs,
        })
    };
    hooks::needed(&plan.tools)
        .map(|(family, needed)| {
            Ok(Family {
                name: family.name,
                module: family.module,
                sells: family.sells,
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
