//! What a seller keeps to itself about a product: how it is booked, and whether a person has to agree
//! to a buy of it.
//!
//! In the catalogue these stand in the product's own entry, as `recipe` and `approval`. They are taken
//! out before the entry becomes a product of the wire, so that no answer can ever show them. Products
//! that a test seeds have no entry; `[[seeded]]` in `sandbox.toml` says what the seller would keep
//! about them.

use serde_json::{Map, Value};

use super::load::CatalogError;
use super::words;
use crate::profile::{Profile, RecipeOwner};
use crate::schema::Schemas;

/// The members of a product's entry that the catalogue takes out.
pub(super) const ENTRY_MEMBERS: [&str; 2] = ["approval", "recipe"];

/// Members that can only be a recipe's, or that of another framework, which keeps how a product is
/// booked in the product itself. Nothing that a buyer sees may have one, at any depth.
const RECIPE_MEMBERS: [&str; 2] = ["recipe_kind", "implementation_config"];
/// Members under which the runtime and its adapters speak of recipes. No buyer may see one, but
/// deeper down a buyer's own words may be called so.
const PRIVATE: [&str; 2] = ["recipe", "recipes"];

/// The first member of what buyers are to see that would show them how something is booked.
pub(crate) fn private_member(shown: &Value) -> Option<&'static str> {
    let given = |value: &Value| PRIVATE.into_iter().find(|name| value.get(name).is_some());
    let allocations = shown.get("allocations").and_then(Value::as_array);
    given(shown)
        .or_else(|| allocations.into_iter().flatten().find_map(given))
        .or_else(|| recipe_member(shown))
}

/// A member at any depth that can only be a recipe's. What is shown to buyers is shallow enough to
/// be walked: it has to fit the wire's types.
fn recipe_member(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(members) => RECIPE_MEMBERS
            .into_iter()
            .find(|name| members.contains_key(*name))
            .or_else(|| members.values().find_map(recipe_member)),
        Value::Array(items) => items.iter().find_map(recipe_member),
        _ => None,
    }
}

/// What a seller keeps to itself about a product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Private {
    /// How it is booked, where the runtime keeps recipes.
    pub(crate) recipe: Option<Value>,
    /// Whether a person has to agree to a buy of it, in a seller whose manifest asks for that;
    /// `None` where the entry says nothing.
    pub(crate) approval: Option<bool>,
}

/// What the seller keeps about products that tests seed.
#[derive(Clone, Debug)]
pub(super) struct SeededRule {
    /// Which product; every one that no other rule names, when it is absent.
    product_id: Option<String>,
    private: Private,
}

/// Reads the private members of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) profile: &'a Profile,
    pub(super) schemas: &'a Schemas,
}

impl Reader<'_> {
    /// Takes the private members out of a product's entry.
    pub(super) fn take(self, entry: &mut Value) -> Result<Private, CatalogError> {
        let name = entry
            .get("product_id")
            .and_then(Value::as_str)
            .unwrap_or("without a product_id")
            .to_owned();
        let mut none = Map::new();
        let members = entry.as_object_mut().unwrap_or(&mut none);
        let stray = |name: &&str| members.contains_key(*name);
        if let Some(stray) = RECIPE_MEMBERS.into_iter().find(|name| stray(name)) {
            let message = "buyers would see this; what the seller keeps to itself stands in a table [products.recipe]";
            return Err(CatalogError::entry(
                "product",
                &name,
                format!("/{stray}"),
                message.to_owned(),
            ));
        }
        let private = self.read("product", &name, members)?;
        let kept = self
            .profile
            .recipe
            .filter(|recipe| recipe.owner == RecipeOwner::Framework);
        if let (Some(recipe), None) = (kept, &private.recipe) {
            let message = format!(
                "it says nothing about how the product is booked, and seller.toml declares recipes of the kind {}; give the entry a table [products.recipe]",
                recipe.kind
            );
            return Err(CatalogError::entry(
                "product",
                &name,
                "/recipe".to_owned(),
                message,
            ));
        }
        Ok(private)
    }

    /// Reads a `[[seeded]]` entry.
    pub(super) fn seeded(self, mut entry: Value) -> Result<SeededRule, CatalogError> {
        let mut none = Map::new();
        let members = entry.as_object_mut().unwrap_or(&mut none);
        let product_id = match members.shift_remove("product_id") {
            None => None,
            Some(Value::String(product_id)) => Some(product_id),
            Some(_) => {
                return Err(CatalogError::entry(
                    "seeded",
                    "rule",
                    "/product_id".to_owned(),
                    "it is a text; leave it out for every seeded product".to_owned(),
                ));
            }
        };
        let name = product_id.as_deref().unwrap_or("rule for every product");
        let private = self.read("seeded", name, members)?;
        if let Some(recipe) = &private.recipe {
            words::check_promises("seeded", name, recipe, None, self.schemas)?;
        }
        if let Some(stranger) = members.keys().next() {
            let message = format!(
                "`{stranger}` is not known here; a rule has product_id, approval and recipe"
            );
            return Err(CatalogError::entry("seeded", name, String::new(), message));
        }
        Ok(SeededRule {
            product_id,
            private,
        })
    }

    fn read(
        self,
        kind: &'static str,
        name: &str,
        members: &mut Map<String, Value>,
    ) -> Result<Private, CatalogError> {
        let wrong = |place: &str, message: String| {
            CatalogError::entry(kind, name, place.to_owned(), message)
        };
        let approval = match members.shift_remove("approval") {
            None => None,
            Some(Value::Bool(true)) if !self.profile.approval.create_media_buy => {
                return Err(wrong(
                    "/approval",
                    "seller.toml asks nobody to agree to media buys; add create_media_buy to the operations of [approval] there, or remove this".to_owned(),
                ));
            }
            Some(Value::Bool(approval)) => Some(approval),
            Some(_) => return Err(wrong("/approval", "it is true or false".to_owned())),
        };
        let recipe = match (members.shift_remove("recipe"), self.profile.recipe) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(wrong(
                    "/recipe",
                    "seller.toml declares no recipe; add a table [recipe] there, or remove this"
                        .to_owned(),
                ));
            }
            (Some(_), Some(declared)) if declared.owner == RecipeOwner::Adopter => {
                return Err(wrong(
                    "/recipe",
                    "seller.toml says that the adopter keeps recipes, and your RecipeSource gives them; remove this, or set owner = \"framework\" in [recipe]".to_owned(),
                ));
            }
            (Some(mut recipe), Some(declared)) => {
                // The kind is the same throughout, so an entry need not repeat it.
                if let Some(recipe) = recipe.as_object_mut()
                    && !recipe.contains_key("recipe_kind")
                {
                    recipe.shift_insert(0, "recipe_kind".to_owned(), Value::from(declared.kind));
                }
                self.schemas
                    .check(declared.definition, &recipe)
                    .map_err(|violations| {
                        CatalogError::violations(kind, name, &violations).below("/recipe")
                    })?;
                Some(recipe)
            }
        };
        Ok(Private { recipe, approval })
    }
}

/// What the seller keeps about a product that a test seeded: what its own rule says, else what the
/// rule for all says, else nothing. A person has to agree only where a rule says so.
pub(super) fn of_seeded(rules: &[SeededRule], product_id: &str) -> Private {
    let own = |rule: &&SeededRule| rule.product_id.as_deref() == Some(product_id);
    let general = |rule: &&SeededRule| rule.product_id.is_none();
    let rule = rules
        .iter()
        .find(own)
        .or_else(|| rules.iter().find(general));
    Private {
        recipe: rule.and_then(|rule| rule.private.recipe.clone()),
        approval: Some(rule.and_then(|rule| rule.private.approval).unwrap_or(false)),
    }
}
