//! The recipe of a seller: what it knows about a product that no buyer may see, as a type.
//!
//! A recipe is described by a JSON Schema, one that comes with the tool ([`preset`]) or the
//! adopter's own ([`from_schema`]). It takes the same way as the schemas of an AdCP line, through the
//! same passes, into a module of its own, so that no name of its can meet one of the line's. What a
//! line's schemas may say and a recipe's may not is refused beforehand: anything that would leave a
//! value without a type, or let a member through that nobody has described.

mod error;
mod complete;
mod digest;
mod assertion;
mod own;
mod possible;
mod spelled;
mod typed;
mod sample;
mod read;

use serde_json::{Map, Value};

pub use error::RecipeError;
pub use read::read;
pub use sample::Sample;

use super::model::Model;
use crate::spec::Definitions;

/// The kinds that come with the tool, sorted.
pub const PRESETS: &[&str] = &["broadcast", "gam", "generic", "kevel", "social"];

/// What stands before a recipe's definitions in `schemas.json`. Definitions of a line are named
/// like types and have no full stop.
const PREFIX: &str = "recipe.";

/// A recipe that can be emitted.
#[derive(Clone, Debug)]
pub struct RecipeSchema {
    kind: String,
    axes: Vec<String>,
    definitions: Definitions,
    model: Model,
    source: String,
    sample: Sample,
}

impl RecipeSchema {
    /// The file of the wire crate with the types, among them [`RecipeSchema::TYPE`].
    pub const FILE: &'static str = "src/recipe.rs";
    /// The Rust type, in the wire crate's module `recipe`.
    pub const TYPE: &'static str = "Recipe";
    /// The Rust enum of [`RecipeSchema::axes`], beside the type, where there are any.
    pub const AXIS: &'static str = "Axis";
    /// The definition in `schemas.json` that every recipe satisfies.
    pub const DEFINITION: &'static str = "recipe.Recipe";

    /// The value of `recipe_kind`: `gam`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The members of `capability_overlap` beyond the framework's own, sorted: axes that the adopter
    /// judges. Each is a word of lower-case letters, digits and `_`.
    pub fn axes(&self) -> &[String] {
        &self.axes
    }

    /// The least that a recipe may be, for people to fill in.
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The words to which the schema limits an axis of the framework, such as `pricing_models`, each
    /// with its pointer into the schema. None where it lists none.
    pub fn words(&self, axis: &str) -> Vec<(String, String)> {
        own::words(&self.definitions, axis)
    }

    /// The types themselves, for tests and reports.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text of [`RecipeSchema::FILE`].
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The definitions as they stand in `schemas.json`, by name.
    pub fn definitions(&self) -> Map<String, Value> {
        let schemas = self.definitions.schemas.iter();
        schemas
            .map(|(name, schema)| {
                let mut schema = schema.clone();
                prefix_references(&mut schema);
                (format!("{PREFIX}{name}"), schema)
            })
            .collect()
    }
}

/// The recipe of that name that comes with the tool; its name is its kind.
///
/// # Errors
/// When what is built in is damaged, which would be our fault; a test reads every preset.
pub fn preset(name: &str) -> Option<Result<RecipeSchema, RecipeError>> {
    let text = match name {
        "broadcast" => include_str!("../../../schemas/recipes/broadcast.json"),
        "gam" => include_str!("../../../schemas/recipes/gam.json"),
        "generic" => include_str!("../../../schemas/recipes/generic.json"),
        "kevel" => include_str!("../../../schemas/recipes/kevel.json"),
        "social" => include_str!("../../../schemas/recipes/social.json"),
        _ => return None,
    };
    let schema = serde_json::from_str(text).map_err(|error| {
        RecipeError::new(
            "",
            format!("the preset {name} is no JSON: {error}"),
            "please report this",
        )
    });
    Some(schema.and_then(|schema| from_schema(name, &schema)))
}

/// The recipe of the kind `kind` that a JSON Schema describes, draft-07 or 2020-12.
///
/// Added where it is missing: `recipe_kind` with `kind` as its only value, `capability_overlap` with
/// the four axes of the framework, and `additionalProperties: false`.
///
/// # Errors
/// What is no schema, and what would leave something in a recipe without a type: see the messages.
pub fn from_schema(kind: &str, schema: &Value) -> Result<RecipeSchema, RecipeError> {
    let mut definitions = digest::digest(schema)?;
    own::add_kind(&mut definitions, kind)?;
    let axes = own::add_overlap(&mut definitions)?;
    definitions = typed::reached(&definitions);
    typed::check_validator(&definitions)?;
    possible::check_ends(&definitions)?;
    let typed::Types { model, source } = typed::types(&definitions, kind, &axes)?;
    let sample = sample::of(&definitions);
    Ok(RecipeSchema {
        kind: kind.to_owned(),
        axes,
        definitions,
        model,
        source,
        sample,
    })
}

/// The kind that a schema says itself, where it leaves no choice.
pub fn declared_kind(schema: &Value) -> Option<&str> {
    own::declared_kind(schema)
}

fn prefix_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/definitions/")
            {
                *reference = format!("#/definitions/{PREFIX}{name}");
            }
            members.values_mut().for_each(prefix_references);
        }
        Value::Array(items) => items.iter_mut().for_each(prefix_references),
        _ => {}
    }
}
