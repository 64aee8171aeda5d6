//! Whether a type in a recipe's schema is all there: a list has items, an object has members or is a
//! map, values have a type in common, what is required is described. What is left open is closed.

use serde_json::{Map, Value, json};

use super::error::RecipeError;
use super::possible;

/// Keywords that say which values a type does not have, and not which type that is.
const CONDITIONS: [&str; 5] = ["not", "if", "then", "else", "dependencies"];

/// Whether a schema describes members of an object.
pub(super) fn has_members(members: &Map<String, Value>) -> bool {
    ["properties", "patternProperties", "additionalProperties"]
        .iter()
        .any(|keyword| members.contains_key(*keyword))
}

/// Whether a type is all there; closes what is open.
pub(super) fn complete(copy: &mut Map<String, Value>, pointer: &str) -> Result<(), RecipeError> {
    if has_members(copy) && !copy.contains_key("type") {
        copy.insert("type".to_owned(), json!("object"));
    }
    let is_union = ["oneOf", "anyOf", "allOf"]
        .iter()
        .any(|keyword| copy.contains_key(*keyword));
    let is_one_of = |kind: &str| match copy.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|known| known == kind),
        Some(known) => known == kind,
        None => false,
    };
    let constant = copy.contains_key("const") || copy.contains_key("enum");
    if !copy.contains_key("type") && !constant && !is_union {
        let condition = CONDITIONS.iter().find(|word| copy.contains_key(**word));
        return Err(condition.map_or_else(
            || untyped(pointer),
            |word| {
                RecipeError::new(
                    format!("{pointer}/{word}"),
                    format!("{word} alone makes no type: this would take any value"),
                    "say beside it which type it has",
                )
            },
        ));
    }
    check_values(copy, pointer)?;
    possible::check_values(copy, pointer)?;
    if is_one_of("array") && !copy.contains_key("items") {
        return Err(RecipeError::new(
            pointer,
            "a list of which the items have no type",
            "add \"items\" with a schema",
        ));
    }
    if !is_one_of("object") {
        return Ok(());
    }
    let has_properties = copy
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty());
    let is_map = copy
        .get("additionalProperties")
        .is_some_and(Value::is_object)
        || copy.contains_key("patternProperties");
    match (has_properties, is_map) {
        (true, true) => Err(RecipeError::new(
            pointer,
            "an object with members of its own that is a map besides has no type here",
            "make the map a member",
        )),
        // Nothing in it, and nothing else let in: that is known.
        (false, false) if copy.get("additionalProperties") == Some(&json!(false)) => Ok(()),
        (false, false) if !(is_union || constant) => Err(RecipeError::new(
            pointer,
            "an object of which nothing is known",
            "describe its \"properties\", or give it \"additionalProperties\" with a schema to make it a map",
        )),
        (false, false) => Ok(()),
        _ => {
            copy.entry("additionalProperties").or_insert(json!(false));
            check_required(copy, pointer, is_map)
        }
    }
}

/// Constants that a type can hold: words, numbers and truth values, all of one kind.
fn check_values(copy: &Map<String, Value>, pointer: &str) -> Result<(), RecipeError> {
    let listed = copy.get("enum").and_then(Value::as_array);
    let values = listed.into_iter().flatten().chain(copy.get("const"));
    let kinds: Vec<u8> = values
        .filter(|value| !value.is_null())
        .map(|value| match value {
            Value::String(_) => 0,
            Value::Bool(_) => 1,
            Value::Number(number) if number.is_f64() => 2,
            Value::Number(_) => 3,
            _ => 4,
        })
        .collect();
    let constant = copy.contains_key("const") || listed.is_some();
    let mixed = kinds.windows(2).any(|pair| pair[0] != pair[1]);
    if constant && (kinds.is_empty() || mixed || kinds.contains(&4)) {
        return Err(RecipeError::new(
            pointer,
            "these values have no type in common",
            "list words only, or numbers only",
        ));
    }
    Ok(())
}

/// What is required must be described.
fn check_required(
    copy: &Map<String, Value>,
    pointer: &str,
    is_map: bool,
) -> Result<(), RecipeError> {
    let required = copy.get("required").and_then(Value::as_array);
    let known = copy.get("properties").and_then(Value::as_object);
    for (at, name) in required.into_iter().flatten().enumerate() {
        let name = name.as_str().unwrap_or_default();
        if !is_map && !known.is_some_and(|known| known.contains_key(name)) {
            return Err(RecipeError::new(
                format!("{pointer}/required/{at}"),
                format!("{name} is required and not described"),
                "add it to \"properties\"",
            ));
        }
    }
    Ok(())
}

/// The refusal of a schema that says too little.
pub(super) fn untyped(pointer: &str) -> RecipeError {
    RecipeError::new(
        pointer,
        "this would take any value",
        "say which type it has",
    )
}
