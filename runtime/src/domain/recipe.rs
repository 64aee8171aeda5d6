//! Recipes: what a seller knows about a product and no buyer may see.
//!
//! A recipe tells the adapter how to book a product at the ad server. It is typed by the manifest's
//! recipe schema, travels beside the wire's product and never in it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{MediaBuy, Package};
use crate::codec::Wire;

/// The recipe type of a seller. Only the generated `Recipe` implements it, so that no adapter can
/// ask for untyped JSON.
pub trait RecipeType: Wire + Send + Sync + 'static {
    /// The value of `recipe_kind`: `gam`.
    const KIND: &'static str;
}

/// Stands where a recipe would, in a seller that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRecipe {}

impl Wire for NoRecipe {
    fn read(_: Value) -> Result<Self, crate::codec::Mismatch> {
        Err(crate::codec::Mismatch::new("this seller has no recipes"))
    }

    fn write(&self) -> Value {
        match *self {}
    }
}

/// The recipes that a call may need, by media buy and product. They have passed the recipe's schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipes {
    of_buys: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Recipes {
    /// The recipes of one media buy, by product id.
    pub(crate) fn of_buy(media_buy_id: &str, recipes: BTreeMap<String, Value>) -> Self {
        let mut of_one = Recipes::default();
        of_one.add(media_buy_id, recipes);
        of_one
    }

    /// Adds the recipes of one media buy, by product id.
    pub(crate) fn add(&mut self, media_buy_id: &str, recipes: BTreeMap<String, Value>) {
        self.of_buys.insert(media_buy_id.to_owned(), recipes);
    }

    /// The recipe by which a package was sold.
    pub(crate) fn of(&self, buy: &MediaBuy, package: &Package) -> Option<&Value> {
        self.of_buys
            .get(&buy.media_buy_id)?
            .get(&package.product_id)
    }
}
