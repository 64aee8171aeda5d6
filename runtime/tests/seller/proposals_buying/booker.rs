//! An adapter that reads the recipe of every package that it is told about.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use adcp_seller::codec::{Mismatch, Wire};
use adcp_seller::domain::{
    Booking, BuyDelivery, Creative, CreativeReview, DeliveryQuery, Finalized, MediaBuy,
    MediaBuyChange, RecipeType, ToFinalize, Wish,
};
use adcp_seller::error::Result;
use adcp_seller::platform::{Answer, Context, Outcome, Platform, Products};
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

/// A planner whose ad server knows line items.
#[derive(Clone, Default)]
pub(super) struct Booker {
    planner: Planner,
    read: Arc<Mutex<BTreeMap<&'static str, Read>>>,
}

impl Booker {
    /// What the adapter read in the last call of that tool.
    pub(super) fn read(&self, tool: &str) -> Read {
        let read = self.read.lock().expect("a lock");
        read.get(tool).cloned().unwrap_or_default()
    }

    /// Reads the recipes of some buys.
    fn look<'a>(
        &self,
        tool: &'static str,
        context: &Context,
        buys: impl IntoIterator<Item = &'a MediaBuy>,
    ) -> Result<()> {
        let mut read = Read::new();
        for buy in buys {
            for package in &buy.packages {
                let LineItem(name) = context.recipe(buy, package)?;
                read.push((package.product_id.clone(), name));
            }
        }
        self.read.lock().expect("a lock").insert(tool, read);
        Ok(())
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
    let booker = Booker::default();
    let parts = Parts {
        spec: line::spec_with_recipes(),
        catalog: folder.path().to_owned(),
        ..Parts::of(&line::PROPOSALS_WITH_RECIPES)
    };
    let store = parts.store.clone();
    let planner = booker.planner.clone();
    let market = parts.open(booker.clone(), planner.ad_server.clone()).await;
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

impl Platform for Booker {
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

    fn create_media_buy<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        buy: &'a MediaBuy,
    ) -> Answer<'a, Outcome<Booking>> {
        Box::pin(async move {
            self.look("create_media_buy", context, [buy])?;
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
            self.look("update_media_buy", context, [&change.after])?;
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
            self.look("get_media_buy_delivery", context, &query.media_buys)?;
            self.planner
                .get_media_buy_delivery(context, request, query)
                .await
        })
    }

    fn sync_creatives<'a>(
        &'a self,
        context: &'a Context,
        request: Value,
        creatives: &'a [Creative],
    ) -> Answer<'a, Vec<CreativeReview>> {
        self.planner.sync_creatives(context, request, creatives)
    }
}
