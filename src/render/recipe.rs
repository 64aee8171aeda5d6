//! The recipe as templates see it, and the recipes of the products that a catalogue is seeded with.
//!
//! A preset comes with recipes for each kind of product, in `templates/recipes/`. Of an adopter's
//! own schema nothing is known but its form, so its products get the least that the form asks for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use toml_edit::DocumentMut;

use super::RenderError;
use super::context::toml_string;
use crate::plan::{RecipeOwner, RecipePlan, RecipeSource};
use crate::wire::{RecipeSchema, recipe};

/// What buyers never see of a product.
#[derive(Debug, Serialize)]
pub(super) struct Recipe {
    /// The value of `recipe_kind`.
    kind: String,
    /// Whether its members are described in a file of the adopter's.
    own_schema: bool,
    /// Whether the adopter keeps recipes.
    adopters: bool,
    /// The definition in `schemas.json`.
    definition: &'static str,
    /// Whether its schema has axes of capability of its own.
    pub(super) axes: bool,
    /// Whether the adopter has something to write about it, in `src/recipes.rs`.
    file: bool,
    /// Lines of TOML for each kind of product: `display`, `video`, `ctv`, and the same as
    /// `reserved_display` and so on where delivery is promised.
    tables: BTreeMap<String, String>,
}

/// The kinds of products that recipes are written for.
const PRODUCTS: [&str; 3] = ["display", "video", "ctv"];
/// The table of a preset with what differs where delivery is promised.
const GUARANTEED: &str = "guaranteed";

/// The types of a plan's recipe.
pub(super) fn schema(plan: &RecipePlan) -> Result<RecipeSchema, RenderError> {
    let schema = match &plan.source {
        RecipeSource::Preset(name) => {
            recipe::preset(name).ok_or_else(|| RenderError::NoPreset { name: name.clone() })?
        }
        RecipeSource::File { schema, .. } => recipe::from_schema(&plan.kind, schema),
    };
    Ok(schema?)
}

impl Recipe {
    pub(super) fn new(plan: &RecipePlan, schema: &RecipeSchema) -> Result<Recipe, RenderError> {
        let adopters = plan.owner == RecipeOwner::Adopter;
        let axes = !schema.axes().is_empty();
        Ok(Recipe {
            kind: plan.kind.clone(),
            own_schema: matches!(plan.source, RecipeSource::File { .. }),
            adopters,
            definition: RecipeSchema::DEFINITION,
            axes,
            file: adopters || axes,
            tables: match &plan.source {
                RecipeSource::Preset(name) => of_preset(name)?,
                RecipeSource::File { .. } => of_schema(schema),
            },
        })
    }
}

/// The recipes that come with a preset.
fn of_preset(name: &str) -> Result<BTreeMap<String, String>, RenderError> {
    let text = match name {
        "broadcast" => include_str!("../../templates/recipes/broadcast.toml"),
        "gam" => include_str!("../../templates/recipes/gam.toml"),
        "generic" => include_str!("../../templates/recipes/generic.toml"),
        "kevel" => include_str!("../../templates/recipes/kevel.toml"),
        "social" => include_str!("../../templates/recipes/social.toml"),
        _ => {
            return Err(RenderError::NoPreset {
                name: name.to_owned(),
            });
        }
    };
    let broken = |message: String| RenderError::Template {
        template: format!("templates/recipes/{name}.toml"),
        message,
    };
    let all: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| broken(error.to_string()))?;
    let members = |of: &str| -> Result<Members, RenderError> {
        let table = all.get(of).and_then(toml_edit::Item::as_table);
        let table = table.ok_or_else(|| broken(format!("it has no table [{of}]")))?;
        let member = |(name, item): (&str, &toml_edit::Item)| {
            (name.to_owned(), item.to_string().trim().to_owned())
        };
        Ok(table.iter().map(member).collect())
    };
    let mut tables = BTreeMap::new();
    for product in PRODUCTS {
        let mut recipe = vec![("recipe_kind".to_owned(), toml_string(name))];
        recipe.extend(members(product)?);
        tables.insert(product.to_owned(), lines(&recipe));
        for (name, value) in members(GUARANTEED)? {
            match recipe.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => recipe.push((name, value)),
            }
        }
        tables.insert(format!("reserved_{product}"), lines(&recipe));
    }
    Ok(tables)
}

/// The least that a schema asks for, the same for every product.
fn of_schema(schema: &RecipeSchema) -> BTreeMap<String, String> {
    let sample = schema.sample();
    let members = sample.value.as_object().into_iter().flatten();
    let member = |(name, value): (&String, &Value)| Some((key(name), inline(value)?));
    let recipe: Members = members.filter_map(member).collect();
    let names = PRODUCTS
        .iter()
        .flat_map(|product| [(*product).to_owned(), format!("reserved_{product}")]);
    let remark = match &sample.refused {
        Some((place, _)) => format!(
            "# The schema refuses what stands here at {}: fill it in.\n",
            shown(place)
        ),
        None => String::new(),
    };
    let text = format!("{remark}{}", lines(&recipe));
    names.map(|name| (name, text.clone())).collect()
}

/// A pointer into a recipe on one line of TOML, where the empty one means all of it.
fn shown(pointer: &str) -> String {
    match pointer {
        "" => "its top".to_owned(),
        pointer => toml_string(pointer),
    }
}

/// The members of a table, in order: key and value, as TOML has them.
type Members = Vec<(String, String)>;

/// A table without its heading: a line for each member, whatever is in it.
fn lines(members: &Members) -> String {
    let line = |(name, value): &(String, String)| format!("{name} = {value}\n");
    members.iter().map(line).collect()
}

/// A JSON value on one line of TOML, which has no null.
fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => toml_string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                Some(format!("{} = {}", key(name), inline(value)?))
            };
            let members: Vec<String> = members.iter().filter_map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
    })
}

/// A key, quoted where it has to be.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        toml_string(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    /// Compiles the schema of recipes as the runtime does.
    fn validator(schema: &RecipeSchema) -> jsonschema::Validator {
        let document = json!({
            "$ref": format!("#/definitions/{}", RecipeSchema::DEFINITION),
            "definitions": schema.definitions(),
        });
        jsonschema::draft7::options()
            .offline()
            .build(&document)
            .unwrap()
    }

    fn read(lines: &str) -> serde_json::Value {
        let table: toml::Table = lines
            .parse()
            .unwrap_or_else(|error| panic!("{error}: {lines}"));
        serde_json::to_value(table).unwrap()
    }

    #[test]
    fn the_recipes_of_every_preset_satisfy_its_schema() {
        for name in recipe::PRESETS {
            let schema = recipe::preset(name).unwrap().unwrap();
            let validator = validator(&schema);
            let tables = of_preset(name).unwrap();
            assert_eq!(tables.len(), 6, "{name}");
            for (product, lines) in tables {
                let recipe = read(&lines);
                if let Err(error) = validator.validate(&recipe) {
                    panic!("{name}, {product}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_promised_delivery_is_booked_differently() {
        for name in recipe::PRESETS {
            let tables = of_preset(name).unwrap();
            for product in PRODUCTS {
                assert_ne!(
                    tables[product],
                    tables[&format!("reserved_{product}")],
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn the_least_of_an_own_schema_satisfies_it() {
        let schema = json!({
            "type": "object",
            "properties": {
                "line-id": { "type": "string", "minLength": 12 },
                "tier": { "enum": ["gold", "silver"] },
                "weight": { "type": "number", "exclusiveMinimum": 2 },
                "slots": { "type": "array", "minItems": 2, "items": { "$ref": "#/$defs/slot" } },
                "begins": { "type": "string", "format": "date" },
                "note": { "type": "string" },
            },
            "required": ["line-id", "tier", "weight", "slots", "begins"],
            "$defs": { "slot": {
                "type": "object",
                "properties": { "at": { "type": "integer", "minimum": 3 } },
                "required": ["at"],
            } },
        });
        let schema = recipe::from_schema("acme", &schema).unwrap();
        let tables = of_schema(&schema);
        let recipe = read(&tables["video"]);
        assert_eq!(recipe["recipe_kind"], "acme");
        assert_eq!(recipe["note"], json!(null), "only what has to be there");
        validator(&schema).validate(&recipe).unwrap();
        assert!(!tables["video"].contains('#'), "{}", tables["video"]);
    }

    #[test]
    fn what_has_to_be_filled_in_is_said_where_it_stands() {
        let schema = json!({
            "type": "object",
            "properties": { "code": { "type": "string", "pattern": "^[A-Z]{2}$" } },
            "required": ["code"],
        });
        let schema = recipe::from_schema("acme", &schema).unwrap();
        let lines = &of_schema(&schema)["ctv"];
        let remark = "# The schema refuses what stands here at \"/code\": fill it in.\n";
        assert!(lines.starts_with(remark), "{lines}");
        assert_eq!(read(lines)["code"], "fill-in");
    }
}
