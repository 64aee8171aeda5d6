//! A seller with recipes of the kind `press`, one axis of its own (`venues`), and an adapter that
//! notes by which recipe it was asked to book, to change and to report.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use adcp_seller::codec::{Mismatch, Wire};
use adcp_seller::domain::{
    Booking, BuyDelivery, DeliveryQuery, Finalized, MediaBuy, MediaBuyChange, RecipeType,
    ToFinalize, Wish,
};
use adcp_seller::error::{Error, Result};
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products, Requested};
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

/// How the adopter's own recipes are answered.
type Source = dyn Fn(&[String]) -> Result<BTreeMap<String, Value>> + Send + Sync;

/// An adapter that keeps recipes itself, if it is asked.
#[derive(Clone)]
pub(super) struct Press {
    pub(super) planner: Planner,
    source: Arc<Mutex<Arc<Source>>>,
    used: Arc<Mutex<Vec<(&'static str, String)>>>,
}

impl Default for Press {
    fn default() -> Self {
        let press = Press {
            planner: Planner::default(),
            source: Arc::new(Mutex::new(Arc::new(|_: &[String]| Ok(BTreeMap::new())))),
            used: Arc::default(),
        };
        press.keeps(|product_ids| {
            let all = product_ids.iter();
            Ok(all
                .map(|id| (id.clone(), recipe(&format!("{LEAK}own-{id}"))))
                .collect())
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
        *self.source.lock().expect("a lock") = Arc::new(answer);
    }

    /// Whether it was asked to book, change or report, and by which line items, oldest first.
    pub(super) fn used(&self) -> Vec<(&'static str, String)> {
        self.used.lock().expect("a lock").clone()
    }

    fn note(&self, what: &'static str, context: &Context, buy: &MediaBuy) {
        for package in buy.live_packages() {
            // What has no recipe is passed over, as an ad server would that stops or reports.
            if let Ok(LineItem(line_item)) = context.recipe(buy, package) {
                self.used.lock().expect("a lock").push((what, line_item));
            }
        }
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
            .open(self.clone(), self.planner.ad_server.clone())
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

impl Platform for Press {
    fn get_products<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
    ) -> Answer<'a, Outcome<Products>> {
        self.planner.get_products(context, request)
    }

    fn refine<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        wishes: Vec<Wish>,
    ) -> Answer<'a, Outcome<Products>> {
        self.planner.refine(context, request, wishes)
    }

    fn finalize<'a>(
        &'a self,
        context: &'a Context,
        draft: ToFinalize,
    ) -> Answer<'a, Outcome<Finalized>> {
        self.planner.finalize(context, draft)
    }

    fn recipes<'a>(
        &'a self,
        _context: &'a Context,
        product_ids: &'a [String],
    ) -> Answer<'a, BTreeMap<String, Value>> {
        let answer = Arc::clone(&self.source.lock().expect("a lock"));
        Box::pin(async move { answer(product_ids) })
    }

    fn requested(&self, axis: &str, package: &Value) -> Result<Vec<Requested>> {
        if axis != "venues" {
            return Err(Error::internal(format!("no axis {axis}")));
        }
        let named = package["ext"]["press"]["venue"].as_str();
        let named = named.map(|venue| (venue, "ext.press.venue".to_owned()));
        // A creative named `at-bar` is made for bars.
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

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            self.note("create", context, buy);
            self.planner.create_media_buy(context, request, buy).await
        })
    }

    fn update_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        change: &'a MediaBuyChange,
    ) -> Answer<'a, Booking> {
        Box::pin(async move {
            self.note("update", context, &change.after);
            self.planner
                .update_media_buy(context, request, change)
                .await
        })
    }

    fn get_media_buy_delivery<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        query: &'a DeliveryQuery,
    ) -> Answer<'a, Vec<BuyDelivery>> {
        Box::pin(async move {
            for buy in &query.media_buys {
                self.note("delivery", context, buy);
            }
            self.planner
                .get_media_buy_delivery(context, request, query)
                .await
        })
    }

    fn sync_creatives<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        creatives: &'a [adcp_seller::domain::Creative],
    ) -> Answer<'a, Vec<adcp_seller::domain::CreativeReview>> {
        self.planner.sync_creatives(context, request, creatives)
    }
}
