//! An adapter that reads the recipe of every package that it is told about.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use adcp_seller::codec::{Mismatch, Wire};
use adcp_seller::domain::RecipeType;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Shop, open_account};
use crate::market::Parts;
use crate::market::altered::catalogue;
use crate::support::line;
use crate::support::planner::Planner;

/// The recipe of these tests, as a generated crate would have it.
#[derive(Debug)]
struct LineItem(String);

impl RecipeType for LineItem {
    const KIND: &'static str = "press";
}

impl Wire for LineItem {
    fn read(value: Value) -> Result<Self, Mismatch> {
        match value["line_item"].as_str() {
            Some(name) => Ok(LineItem(name.to_owned())),
            None => Err(Mismatch::new("a line item is needed")),
        }
    }

    fn write(&self) -> Value {
        json!({ "recipe_kind": LineItem::KIND, "line_item": self.0 })
    }
}

/// The line items that a call was about, as the adapter read them: product and line item.
pub(super) type Read = Vec<(String, String)>;

/// What the adapter has read, by the tool that it was asked for.
#[derive(Clone, Default)]
pub(super) struct Booker {
    read: Arc<Mutex<BTreeMap<&'static str, Read>>>,
}

impl Booker {
    /// Reads the recipe of every package that a planner's ad server is told about.
    fn over(planner: &Planner) -> Self {
        let booker = Booker::default();
        let read = Arc::clone(&booker.read);
        planner.watches(move |tool, context, buys| {
            let mut seen = Read::new();
            for (buy, package) in buys
                .iter()
                .flat_map(|buy| buy.packages.iter().map(move |package| (buy, package)))
            {
                let LineItem(name) = context.recipe(buy, package)?;
                seen.push((package.product_id.clone(), name));
            }
            read.lock().expect("a lock").insert(tool, seen);
            Ok(())
        });
        booker
    }

    /// What the adapter read in the last call of that tool.
    pub(super) fn read(&self, tool: &str) -> Read {
        let read = self.read.lock().expect("a lock");
        read.get(tool).cloned().unwrap_or_default()
    }
}

/// A shop whose products all have recipes.
///
/// Banners are sold by `cpm` and targeted by country only, video by no signal, and the front page
/// not at all: its recipe allows no way of delivery.
pub(super) async fn shop_with_recipes() -> (Shop, Booker) {
    let overlap = |product: &str| match product {
        "banner" => r#"{ pricing_models = ["cpm"], targeting_dimensions = ["geo_countries"] }"#,
        "video" => "{ signal_types = [] }",
        "sponsorship" => "{ delivery_types = [] }",
        _ => "{}",
    };
    let folder = catalogue(|product| {
        let overlap = overlap(product);
        format!(
            "recipe = {{ recipe_kind = \"press\", line_item = \"li-{product}\", capability_overlap = {overlap} }}\n"
        )
    });
    let planner = Planner::default();
    let booker = Booker::over(&planner);
    let parts = Parts {
        spec: line::spec_with_recipes(),
        catalog: folder.path().to_owned(),
        ..Parts::of(&line::PROPOSALS_WITH_RECIPES)
    };
    let store = parts.store.clone();
    let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
    let account_id = open_account(&market, "nova").await;
    let shop = Shop {
        market,
        planner,
        store,
        account_id,
    };
    (shop, booker)
}

/// The market's catalogue with a line of TOML added to one product.
pub(super) fn catalogue_with(product: &str, member: &str) -> TempDir {
    catalogue(|known| {
        if known == product {
            format!("{member}\n")
        } else {
            String::new()
        }
    })
}
