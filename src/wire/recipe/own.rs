//! The two members that the framework reads in every recipe: `recipe_kind` and
//! `capability_overlap`.

use serde_json::{Map, Value, json};

use super::RecipeSchema;
use super::error::{RecipeError, pointer_of};
use super::possible::validator;
use crate::spec::Definitions;
use crate::spec::definitions::target;

const KIND: &str = "recipe_kind";
const OVERLAP: &str = "capability_overlap";

/// The axes that the framework judges, with what a reader of the type should know.
const AXES: [(&str, &str); 4] = [
    (
        "pricing_models",
        "Pricing models by which the product can be booked, such as cpm.",
    ),
    (
        "targeting_dimensions",
        "Members of targeting_overlay that can be booked, such as geo_countries.",
    ),
    (
        "delivery_types",
        "How the product can be delivered: guaranteed, non_guaranteed.",
    ),
    (
        "signal_types",
        "Types of signals that can be targeted: marketplace, custom, owned.",
    ),
];

/// Gives every recipe its kind.
///
/// # Errors
/// When the schema says that the kind is something else.
pub(super) fn add_kind(definitions: &mut Definitions, kind: &str) -> Result<(), RecipeError> {
    let declared = member(definitions, KIND).cloned();
    if let Some(declared) = &declared {
        let place = format!("/properties/{KIND}");
        let judge = validator(declared, Some(definitions)).map_err(|error| {
            RecipeError::new(
                &place,
                format!("this can't be checked: {error}"),
                "correct the schema",
            )
        })?;
        if !judge.is_valid(&json!(kind)) {
            return Err(RecipeError::new(
                place,
                format!("{KIND} can't be {kind:?}, which the manifest says"),
                format!("leave {KIND} out, or change one of the two"),
            ));
        }
    }
    let mut schema = Map::from_iter([("const".to_owned(), json!(kind))]);
    if let Some(description) = declared.as_ref().and_then(|known| known.get("description")) {
        schema.insert("description".to_owned(), description.clone());
    }
    let Some(root) = root(definitions) else {
        return Ok(());
    };
    if let Some(properties) = properties(root) {
        properties.shift_insert(0, KIND.to_owned(), Value::Object(schema));
    }
    let required = root.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required
        && !required.iter().any(|name| name == KIND)
    {
        required.insert(0, json!(KIND));
    }
    Ok(())
}

/// Gives every recipe the framework's axes, and finds the adopter's own.
///
/// # Errors
/// When the schema has a `capability_overlap` that is something else than lists of strings.
pub(super) fn add_overlap(definitions: &mut Definitions) -> Result<Vec<String>, RecipeError> {
    let place = format!("/properties/{OVERLAP}");
    // Where it is a reference, the definition that it leads to gets the axes.
    let declared = root_property(definitions, OVERLAP);
    let (name, place) = match declared.and_then(target).map(str::to_owned) {
        Some(name) => {
            let source = definitions.sources.get(&name).map_or("", String::as_str);
            let place = pointer_of(source).to_owned();
            (Some(name), place)
        }
        None => (None, place),
    };
    let mut overlap = match member(definitions, OVERLAP) {
        Some(declared) => declared.as_object().cloned().unwrap_or_default(),
        None => Map::from_iter([
            (
                "description".to_owned(),
                json!(
                    "What of the product's offer can really be booked. A list that is missing is no limit, an empty one allows nothing."
                ),
            ),
            ("type".to_owned(), json!("object")),
            ("properties".to_owned(), json!({})),
            ("additionalProperties".to_owned(), json!(false)),
        ]),
    };
    let plain = overlap.get("type") == Some(&json!("object"))
        && overlap.get("properties").is_some_and(Value::is_object)
        && overlap.get("additionalProperties") == Some(&json!(false));
    if !plain {
        return Err(RecipeError::new(
            place,
            format!("{OVERLAP} is an object of lists of strings"),
            "describe each axis under \"properties\"",
        ));
    }
    let mut axes = Vec::new();
    for (axis, schema) in properties(&mut overlap)
        .iter()
        .flat_map(|known| known.iter())
    {
        let place = format!("{place}/properties/{axis}");
        check_axis(axis, schema, definitions, &place)?;
        if !AXES.iter().any(|(own, _)| own == axis) {
            axes.push(axis.clone());
        }
    }
    axes.sort_unstable();
    for (axis, description) in AXES {
        let own = json!({
            "description": description,
            "type": "array",
            "items": { "type": "string" },
        });
        if let Some(properties) = properties(&mut overlap) {
            properties.entry(axis).or_insert(own);
        }
    }
    let overlap = Value::Object(overlap);
    match name {
        Some(name) => {
            definitions.schemas.insert(name, overlap);
        }
        None => {
            if let Some(properties) = root(definitions).and_then(properties) {
                properties.insert(OVERLAP.to_owned(), overlap);
            }
        }
    }
    Ok(axes)
}

/// The kind that a schema says itself, as its only one.
pub(super) fn declared_kind(schema: &Value) -> Option<&str> {
    let declared = schema.get("properties")?.get(KIND)?;
    match (declared.get("const"), declared.get("enum")) {
        (Some(constant), _) => constant.as_str(),
        (None, Some(Value::Array(values))) if values.len() == 1 => values[0].as_str(),
        _ => None,
    }
}

/// The words to which a schema limits an axis of the framework, each with its pointer.
pub(super) fn words(definitions: &Definitions, axis: &str) -> Vec<(String, String)> {
    let mut schema = definitions.schemas.get(RecipeSchema::TYPE);
    let mut pointer = String::new();
    for step in ["properties", OVERLAP, "properties", axis, "items"] {
        schema = schema.and_then(|schema| schema.get(step));
        pointer = format!("{pointer}/{step}");
        while let Some(name) = schema.and_then(target) {
            schema = definitions.schemas.get(name);
            pointer =
                pointer_of(definitions.sources.get(name).map_or("", String::as_str)).to_owned();
        }
    }
    let Some(schema) = schema else {
        return Vec::new();
    };
    let listed = schema.get("enum").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().enumerate();
    let listed = listed.map(|(at, word)| (format!("{pointer}/enum/{at}"), word));
    let constant = schema
        .get("const")
        .map(|word| (format!("{pointer}/const"), word));
    listed
        .chain(constant)
        .filter_map(|(pointer, word)| Some((pointer, word.as_str()?.to_owned())))
        .collect()
}

/// An axis is a list of strings with a name that a Rust method can have.
fn check_axis(
    axis: &str,
    schema: &Value,
    definitions: &Definitions,
    place: &str,
) -> Result<(), RecipeError> {
    let is_word = axis.starts_with(|first: char| first.is_ascii_lowercase())
        && axis
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_word {
        return Err(RecipeError::new(
            place,
            format!("{axis:?} can't be the name of an axis"),
            "use lower-case letters, digits and underscores, such as dayparts",
        ));
    }
    let list = followed(schema, definitions);
    let is_list = list.get("type") == Some(&json!("array"));
    let items = list.get("items").map(|items| followed(items, definitions));
    let of_strings = items.is_some_and(|items| {
        items.get("type") == Some(&json!("string"))
            || items
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|words| words.iter().all(Value::is_string))
            || items.get("const").is_some_and(Value::is_string)
    });
    if is_list && of_strings {
        return Ok(());
    }
    Err(RecipeError::new(
        place,
        format!("the axis {axis} of {OVERLAP} is no list of strings"),
        "write \"type\": \"array\" and \"items\": {\"type\": \"string\"}",
    ))
}

fn root(definitions: &mut Definitions) -> Option<&mut Map<String, Value>> {
    definitions
        .schemas
        .get_mut(RecipeSchema::TYPE)
        .and_then(Value::as_object_mut)
}

fn root_property<'a>(definitions: &'a Definitions, name: &str) -> Option<&'a Value> {
    definitions
        .schemas
        .get(RecipeSchema::TYPE)?
        .get("properties")?
        .get(name)
}

/// A member of the recipe as the schema describes it, wherever that stands.
fn member<'a>(definitions: &'a Definitions, name: &str) -> Option<&'a Value> {
    root_property(definitions, name).map(|schema| followed(schema, definitions))
}

/// The schema to which references lead; circles have been refused.
fn followed<'a>(schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    let mut schema = schema;
    while let Some(next) = target(schema).and_then(|name| definitions.schemas.get(name)) {
        schema = next;
    }
    schema
}

/// The members of an object that a schema describes, added where there are none.
fn properties(schema: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    properties.as_object_mut()
}
