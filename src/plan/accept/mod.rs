//! From a manifest to a plan: every rule is checked, every fault reported.
//!
//! One file per group of keys; each adds methods to [`Check`], which holds the faults so far.

mod identity;
mod offer;
mod state;
mod span;
mod proposals;
mod recipe;
mod tools;
mod entry;
mod signing;
mod origin;
mod vocabulary;

pub use recipe::unreadable_schema;

use self::tools::Offer;
use super::{Lines, Plan, RuntimeSource};
use crate::manifest::written::Manifest;
use crate::manifest::{Companions, Diagnostic, Rejected, Source, diagnostic};

/// A plan, and what its owner should know about it.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What is meant.
    pub plan: Plan,
    /// The manifest that it came from.
    pub source: Source,
    /// Warnings only, in the order of the file.
    pub warnings: Vec<Diagnostic>,
}

/// The plan of a manifest, which may name files beside it.
///
/// # Errors
/// Every fault that was found: one bad value doesn't hide the next.
pub fn accept(
    source: Source,
    lines: &dyn Lines,
    companions: &dyn Companions,
) -> Result<Accepted, Rejected> {
    let (manifest, diagnostics) = crate::manifest::read(&source);
    let mut check = Check { diagnostics };
    let plan = check.plan(&manifest, lines, companions);
    let mut diagnostics = check.diagnostics;
    match plan {
        Some(plan) if !diagnostics.iter().any(Diagnostic::is_error) => {
            diagnostic::sort(&mut diagnostics);
            Ok(Accepted {
                plan,
                source,
                warnings: diagnostics,
            })
        }
        _ => Err(Rejected::new(source, diagnostics)),
    }
}

/// The faults so far. Each method checks one key and gives its value, if it has a usable one.
struct Check {
    diagnostics: Vec<Diagnostic>,
}

impl Check {
    fn plan(
        &mut self,
        manifest: &Manifest,
        lines: &dyn Lines,
        companions: &dyn Companions,
    ) -> Option<Plan> {
        let facts = self.line(manifest.adcp.as_ref(), lines);
        let name = self.name(manifest.name.as_ref());
        let url = self.url(manifest.url.as_ref());
        let transports = self.transports(manifest.transports.as_ref());
        let specialisms = self.specialisms(manifest.specialisms.as_ref(), facts.as_ref());
        let accounts = self.accounts(manifest.accounts.as_ref());
        let store = self.store(manifest.store.as_ref());
        let pricing = manifest.pricing.as_ref();
        let models = pricing.and_then(|pricing| pricing.models.as_ref());
        let pricing_models = self.pricing_models(models, facts.as_ref());
        let auction = self.auction(manifest);
        let idempotency = manifest.idempotency.as_ref();
        let retention = self.retention(idempotency.and_then(|table| table.retention.as_ref()));
        let proposals = self.proposals(manifest);
        let approval = self.approval(manifest, proposals);
        let recipe = self.recipe(manifest.recipe.as_ref(), facts.as_ref(), companions);
        if let (Some(store), Some(proposals)) = (&store, proposals) {
            self.finalize_in_memory(manifest.store.as_ref(), store, proposals);
        }
        let offered = match (&facts, &specialisms) {
            (Some(facts), Some(specialisms)) => Some(super::tools::derive(facts, specialisms)),
            _ => None,
        };
        let offer = match (&facts, &offered) {
            (Some(facts), Some(tools)) => Some(Offer { facts, tools }),
            _ => None,
        };
        let entry = self.entry(manifest, offer.as_ref());
        let signing = self.signing(manifest, facts.as_ref(), offer.as_ref());
        let webhooks = self.webhooks(manifest, facts.as_ref());
        let runtime = match &manifest.runtime {
            Some(written) => self.origin(written),
            None => Some(RuntimeSource::Vendored),
        };
        let (facts, specialisms) = (facts?, specialisms?);
        self.tools(manifest.adcp.as_ref(), &facts, &specialisms);
        Some(Plan {
            name: name?,
            url,
            transports: transports?,
            protocols: super::tools::protocols(&facts, &specialisms),
            tools: offered?,
            specialisms,
            adcp: facts.line,
            pricing_models: pricing_models?,
            auction,
            accounts: accounts?,
            store: store?,
            idempotency_ttl_seconds: retention?,
            proposals: proposals?,
            approval: approval?,
            recipe: recipe?,
            entry: entry?,
            signing: signing?,
            webhooks: webhooks?,
            runtime: runtime?,
        })
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
