//! A seller with recipes of the kind `press`, one axis of its own (`venues`), and an adapter that
//! notes by which recipe it was asked to book, to change and to report.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use adcp_seller::codec::{Mismatch, Wire};
use adcp_seller::domain::RecipeType;
use adcp_seller::error::{Error, Result};
use adcp_seller::platform::Requested;
use adcp_seller::profile::{Profile, Recipe, RecipeOwner};
use adcp_seller::spec::Spec;
use adcp_seller::store::SharedStore;
use adcp_seller::store::memory::MemoryStore;
use serde_json::{Value, json};

use crate::market::{Market, Parts};
use crate::support::line;
use crate::support::planner::Planner;

/// What stands in every recipe of these tests and in no answer.
pub(super) const LEAK: &str = "leak-";

/// A seller whose recipes the runtime keeps.
pub(super) static KEPT: Profile = Profile {
    recipe: Some(Recipe {
        kind: "press",
        definition: "recipe.Recipe",
        owner: RecipeOwner::Framework,
        axes: &["venues"],
    }),
    ..line::PROPOSALS
};

/// A seller that keeps them itself.
pub(super) static OWN: Profile = Profile {
    recipe: Some(Recipe {
        kind: "press",
        definition: "recipe.Recipe",
        owner: RecipeOwner::Adopter,
        axes: &["venues"],
    }),
    ..line::PROPOSALS
};

/// The line with the definition of such a recipe.
pub(super) fn spec() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(|| {
        let mut document: Value = serde_json::from_str(line::spec().schemas).expect("JSON");
        let words = json!({ "type": "array", "items": { "type": "string" } });
        document["definitions"]["recipe.Recipe"] = json!({
            "type": "object",
            "properties": {
                "recipe_kind": { "type": "string" },
                "line_item": { "type": "string", "pattern": "^leak-" },
                "capability_overlap": {
                    "type": "object",
                    "properties": {
                        "pricing_models": words,
                        "targeting_dimensions": words,
                        "delivery_types": words,
                        "signal_types": words,
                        "venues": words,
                    },
                    "additionalProperties": false,
                },
            },
            "required": ["recipe_kind", "line_item"],
            "additionalProperties": false,
        });
        Spec {
            schemas: String::leak(document.to_string()),
            ..*line::spec()
        }
    });
    &SPEC
}

/// A recipe with that line item.
pub(super) fn recipe(line_item: &str) -> Value {
    json!({ "recipe_kind": "press", "line_item": line_item })
}

/// A recipe as an adapter types it: only the line item.
pub(super) struct LineItem(String);

impl Wire for LineItem {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value["line_item"].as_str() {
            Some(line_item) => Ok(LineItem(line_item.to_owned())),
            None => Err(Mismatch::new("no line item")),
        }
    }

    fn write(&self) -> Value {
        recipe(&self.0)
    }
}

impl RecipeType for LineItem {
    const KIND: &'static str = "press";
}

/// An adapter that keeps recipes itself, if it is asked.
#[derive(Clone)]
pub(super) struct Press {
    pub(super) planner: Planner,
    used: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Default for Press {
    fn default() -> Self {
        let press = Press {
            planner: Planner::default(),
            used: Arc::default(),
        };
        press.keeps(|product_ids| {
            let all = product_ids.iter();
            Ok(all
                .map(|id| (id.clone(), recipe(&format!("{LEAK}own-{id}"))))
                .collect())
        });
        press.planner.on_axis(venues);
        let used = Arc::clone(&press.used);
        press.planner.watches(move |tool, context, buys| {
            let mut used = used.lock().expect("a lock");
            for buy in buys {
                for package in buy.live_packages() {
                    // What has no recipe is passed over, as an ad server would that stops or reports.
                    if let Ok(LineItem(line_item)) = context.recipe(buy, package) {
                        used.push((tool, line_item));
                    }
                }
            }
            Ok(())
        });
        press
    }
}

impl Press {
    /// Answers questions for recipes so.
    pub(super) fn keeps(
        &self,
        answer: impl Fn(&[String]) -> Result<BTreeMap<String, Value>> + Send + Sync + 'static,
    ) {
        self.planner.keeps(answer);
    }

    /// Which tools asked to book, change or report, and by which line items, oldest first.
    pub(super) fn used(&self) -> Vec<(&'static str, String)> {
        self.used.lock().expect("a lock").clone()
    }

    /// A seller in earnest with this adapter and the catalogue of these tests.
    pub(super) async fn open(&self, profile: &'static Profile) -> Market {
        self.open_over(profile, Arc::new(MemoryStore::new())).await
    }

    /// The same over a store.
    pub(super) async fn open_over(&self, profile: &'static Profile, store: SharedStore) -> Market {
        let folder = match profile.recipe {
            Some(recipe) if recipe.owner == RecipeOwner::Framework => "recipes/catalog",
            _ => "market/catalog",
        };
        let parts = Parts {
            spec: spec(),
            store,
            catalog: format!("{}/tests/seller/{folder}", env!("CARGO_MANIFEST_DIR")).into(),
            ..Parts::of(profile)
        };
        let market = parts
            .open(self.planner.clone(), self.planner.ad_server.clone())
            .await;
        sync_account(&market).await;
        market
    }
}

/// Provisions the usual account.
async fn sync_account(market: &Market) {
    market
        .call(
            "sync_accounts",
            json!({ "accounts": [{
                "brand": { "domain": "nova.example" },
                "operator": "agency.example",
                "billing": "operator",
            }] }),
        )
        .await;
}

/// The venues that a package names, itself and by creatives: one named `at-bar` is made for bars.
fn venues(axis: &str, package: &Value) -> Result<Vec<Requested>> {
    if axis != "venues" {
        return Err(Error::internal(format!("no axis {axis}")));
    }
    let named = package["ext"]["press"]["venue"].as_str();
    let named = named.map(|venue| (venue, "ext.press.venue".to_owned()));
    let shown = package["creative_assignments"].as_array();
    let shown = shown.into_iter().flatten().enumerate();
    let made_for = shown.filter_map(|(at, shown)| {
        let venue = shown["creative_id"].as_str()?.strip_prefix("at-")?;
        Some((venue, format!("creative_assignments[{at}].creative_id")))
    });
    let requested = named.into_iter().chain(made_for);
    let requested = requested.map(|(value, field)| Requested {
        value: value.to_owned(),
        field,
    });
    Ok(requested.collect())
}
