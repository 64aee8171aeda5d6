//! The recipes that a call needs, from whoever keeps them.
//!
//! Where the runtime keeps recipes, they lie in the catalogue until something is drafted or bought,
//! and from then on beside it; where the adopter does, it is asked on every call and nothing is
//! stored. Either way a recipe has passed the seller's recipe schema before anything else sees it.
//! A recipe never reaches a buyer, nor does what is wrong with one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Call;
use crate::domain::{MediaBuy, Package, Recipes};
use crate::error::{Error, Recovery, Result};
use crate::platform::Context;
use crate::profile::{Recipe, RecipeOwner};
use crate::schema::in_a_row;

/// What of some recipes is kept with what is made by them: all, unless the adopter keeps them.
pub(super) fn kept(call: &Call<'_>, recipes: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    match call.services.profile.recipe {
        Some(recipe) if recipe.owner == RecipeOwner::Framework => recipes,
        _ => BTreeMap::new(),
    }
}

/// The recipe of each of these products, of what is about to be drafted, finalized or bought.
///
/// `known` are recipes that somebody has given already (a manager's draft, a stored proposal); the
/// rest comes from the catalogue or the adopter. Empty in a seller without recipes.
///
/// # Errors
///
/// `INTERNAL_ERROR` when one is missing or breaks its schema: without it the product can't be
/// booked. What the adopter's own source fails with, transient or not, is not the buyer's to mend
/// and becomes `SERVICE_UNAVAILABLE` or `INTERNAL_ERROR`.
pub(super) async fn of_products(
    call: &Call<'_>,
    context: &Context,
    product_ids: &[String],
    known: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>> {
    let Some(profile) = call.services.profile.recipe else {
        return Ok(BTreeMap::new());
    };
    let wanted: BTreeSet<&String> = product_ids.iter().collect();
    let mut recipes = known.clone();
    recipes.retain(|product_id, _| wanted.contains(product_id));
    let unknown: Vec<String> = wanted
        .into_iter()
        .filter(|product_id| !recipes.contains_key(*product_id))
        .cloned()
        .collect();
    match profile.owner {
        RecipeOwner::Framework => recipes.extend(from_catalogue(context, unknown)?),
        RecipeOwner::Adopter if unknown.is_empty() => {}
        RecipeOwner::Adopter => {
            let mut found = ask(call, context, &unknown).await?;
            for product_id in unknown {
                let recipe = found.remove(&product_id).ok_or_else(|| {
                    Error::internal(format!("the recipe source has no recipe for the product {product_id}; give it one where RecipeSource is implemented, or take the product off sale"))
                })?;
                recipes.insert(product_id, recipe);
            }
        }
    }
    for (product_id, recipe) in &recipes {
        check(call, profile, product_id, recipe)?;
    }
    Ok(recipes)
}

/// The recipes by which these media buys were sold, for what happens to them later.
///
/// A media buy keeps its recipes as long as it lives. One that has none, because it is older than
/// the seller's recipes or was seeded by a test, gets the catalogue's. A recipe that nobody has, or
/// that is wrong, is left out: [`of_package`] and [`Context::recipe`] complain where it is needed, so
/// that one product does not take the report on every other with it.
///
/// # Errors
///
/// What the adopter's own source fails with, as in [`of_products`].
pub(super) async fn of_buys(call: &Call<'_>, buys: &[&MediaBuy]) -> Result<Recipes> {
    let mut recipes = Recipes::default();
    let Some(profile) = call.services.profile.recipe else {
        return Ok(recipes);
    };
    let found = match profile.owner {
        RecipeOwner::Framework => BTreeMap::new(),
        RecipeOwner::Adopter => {
            let sold: BTreeSet<&String> = buys
                .iter()
                .flat_map(|buy| &buy.packages)
                .map(|package| &package.product_id)
                .collect();
            let sold: Vec<String> = sold.into_iter().cloned().collect();
            if sold.is_empty() {
                return Ok(recipes);
            }
            let mut found = ask(call, call.context, &sold).await?;
            found.retain(|product_id, recipe| is_right(call, profile, product_id, recipe));
            found
        }
    };
    for buy in buys {
        let of_buy = buy.packages.iter().filter_map(|package| {
            let product_id = &package.product_id;
            let recipe = match profile.owner {
                RecipeOwner::Framework => buy
                    .recipes
                    .get(product_id)
                    .or_else(|| catalogued(call.context, product_id)),
                RecipeOwner::Adopter => found.get(product_id),
            };
            Some((product_id.clone(), recipe?.clone()))
        });
        recipes.add(&buy.media_buy_id, of_buy.collect());
    }
    Ok(recipes)
}

/// The recipe by which a package was sold; `None` only in a seller without recipes.
///
/// # Errors
///
/// `INTERNAL_ERROR` when the product's recipe is gone.
pub(super) fn of_package<'a>(
    call: &Call<'_>,
    recipes: &'a Recipes,
    buy: &MediaBuy,
    package: &Package,
) -> Result<Option<&'a Value>> {
    match (call.services.profile.recipe, recipes.of(buy, package)) {
        (Some(_), None) => Err(Error::internal(format!(
            "the product {} of the media buy {} has no recipe any more",
            package.product_id, buy.media_buy_id
        ))),
        (_, recipe) => Ok(recipe),
    }
}

fn catalogued<'a>(context: &'a Context, product_id: &str) -> Option<&'a Value> {
    context.catalog.product(product_id)?.recipe.as_ref()
}

fn from_catalogue(context: &Context, unknown: Vec<String>) -> Result<Vec<(String, Value)>> {
    unknown
        .into_iter()
        .map(|product_id| match catalogued(context, &product_id) {
            Some(recipe) => Ok((product_id, recipe.clone())),
            None => Err(Error::internal(format!(
                "the catalogue has no recipe for the product {product_id}; give its entry a table `recipe`"
            ))),
        })
        .collect()
}

/// Asks the adopter, and forgets what it answers beyond the question.
async fn ask(
    call: &Call<'_>,
    context: &Context,
    product_ids: &[String],
) -> Result<BTreeMap<String, Value>> {
    let answer = call.services.platform.recipes(context, product_ids).await;
    let mut recipes = answer.map_err(|error| {
        let recovery = call.services.spec.recovery(error.code);
        let cause = format!("the recipe source failed: {error}");
        match recovery {
            Recovery::Transient => Error::unavailable(cause),
            Recovery::Correctable | Recovery::Terminal => Error::internal(cause),
        }
    })?;
    recipes.retain(|product_id, _| product_ids.contains(product_id));
    Ok(recipes)
}

/// The same as [`check`]; what is wrong is only logged.
fn is_right(call: &Call<'_>, profile: Recipe, product_id: &str, recipe: &Value) -> bool {
    match check(call, profile, product_id, recipe) {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(product_id, %error, cause = error.cause, "a recipe is left out");
            false
        }
    }
}

/// Whether a recipe satisfies the seller's recipe schema, `recipe_kind` included.
///
/// # Errors
///
/// `INTERNAL_ERROR` that says what is wrong.
fn check(call: &Call<'_>, profile: Recipe, product_id: &str, recipe: &Value) -> Result<()> {
    let wrong = |what: String| {
        Error::internal(format!(
            "the recipe of the product {product_id} is wrong: {what}"
        ))
    };
    if let Err(violations) = call.services.schemas.check(profile.definition, recipe) {
        return Err(wrong(in_a_row(&violations)));
    }
    if recipe.get("recipe_kind").and_then(Value::as_str) == Some(profile.kind) {
        Ok(())
    } else {
        Err(wrong(format!(
            "its recipe_kind is not {}, which the manifest says",
            profile.kind
        )))
    }
}
