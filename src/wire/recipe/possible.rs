//! Whether a schema can be met at all. One that can't would be found when the first product is to be
//! sold; what is plain from the schema alone is said now.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::{RecipeError, pointer_of};
use crate::spec::Definitions;
use crate::spec::definitions::target;
use crate::wire::passes::hoist::escaped;

/// Lower bounds with the upper ones that they must not pass, and whether the two may be equal.
const BOUNDS: [(&str, &str, bool); 7] = [
    ("minimum", "maximum", true),
    ("minimum", "exclusiveMaximum", false),
    ("exclusiveMinimum", "maximum", false),
    ("exclusiveMinimum", "exclusiveMaximum", false),
    ("minLength", "maxLength", true),
    ("minItems", "maxItems", true),
    ("minProperties", "maxProperties", true),
];

/// Whether a type's own bounds and constants leave any value.
///
/// # Errors
/// At the bound or the constants that leave none.
pub(super) fn check_values(copy: &Map<String, Value>, pointer: &str) -> Result<(), RecipeError> {
    let bound = |keyword: &str| copy.get(keyword).and_then(Value::as_f64);
    for (least, most, may_equal) in BOUNDS {
        let (Some(low), Some(high)) = (bound(least), bound(most)) else {
            continue;
        };
        if low > high || (low == high && !may_equal) {
            return Err(RecipeError::new(
                format!("{pointer}/{least}"),
                format!("no value is allowed: {least} is {low} and {most} is {high}"),
                "change one of the two",
            ));
        }
    }
    let closed = copy.contains_key("properties")
        && !copy
            .get("additionalProperties")
            .is_some_and(Value::is_object)
        && !copy.contains_key("patternProperties");
    let members = copy.get("properties").and_then(Value::as_object);
    let described = members.map_or(0, Map::len);
    if closed && bound("minProperties").is_some_and(|least| least > described as f64) {
        return Err(RecipeError::new(
            format!("{pointer}/minProperties"),
            format!("no object is allowed: {described} members are described"),
            "lower it, or describe more members",
        ));
    }
    let listed = copy.get("enum").and_then(Value::as_array);
    let constants: Vec<&Value> = match copy.get("const") {
        Some(constant) => vec![constant],
        None => listed.into_iter().flatten().collect(),
    };
    // Assertions may refer to definitions, which aren't here; then it is left to the validator.
    let Ok(validator) = validator(&Value::Object(copy.clone()), None) else {
        return Ok(());
    };
    if !constants.is_empty() && !constants.iter().any(|value| validator.is_valid(value)) {
        return Err(RecipeError::new(
            pointer,
            "no value is allowed: what stands beside the constants refuses each of them",
            "change one of the two",
        ));
    }
    Ok(())
}

/// A validator as the runtime compiles it.
///
/// # Errors
/// What can't be compiled.
pub(super) fn validator(
    schema: &Value,
    definitions: Option<&Definitions>,
) -> Result<jsonschema::Validator, Box<jsonschema::ValidationError<'static>>> {
    let definitions: Map<String, Value> = definitions
        .map(|known| known.schemas.clone().into_iter().collect())
        .unwrap_or_default();
    let document = serde_json::json!({ "allOf": [schema], "definitions": definitions });
    jsonschema::draft7::options()
        .offline()
        .should_validate_formats(true)
        .build(&document)
        .map_err(Box::new)
}

/// Whether every definition can be met by a value that ends. One that requires itself can't.
///
/// # Errors
/// At the member whose requirement leads back to it.
pub(super) fn check_ends(definitions: &Definitions) -> Result<(), RecipeError> {
    let mut ending: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = ending.len();
        for (name, schema) in &definitions.schemas {
            if endless(schema, &ending).is_none() {
                ending.insert(name);
            }
        }
        if ending.len() == before {
            break;
        }
    }
    let lost = |(name, schema): (&String, &Value)| {
        let inside = endless(schema, &ending)?;
        let source = definitions.sources.get(name)?;
        Some(RecipeError::new(
            format!("{}{inside}", pointer_of(source)),
            "this has to be there and requires itself again, for ever",
            "take it out of \"required\", or let it be null or an empty list",
        ))
    };
    // A definition below `$defs` says it more closely than the whole, which may only use it.
    let found: Vec<RecipeError> = definitions.schemas.iter().filter_map(lost).collect();
    match found.into_iter().max_by_key(|error| {
        let own = error.pointer.starts_with("/$defs") || error.pointer.starts_with("/definitions");
        (own, std::cmp::Reverse(error.pointer.clone()))
    }) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Where a schema requires what has no end, if it does; `ending` are definitions that end.
fn endless(schema: &Value, ending: &BTreeSet<&str>) -> Option<String> {
    if let Some(name) = target(schema) {
        return (!ending.contains(name)).then(String::new);
    }
    let members = schema.as_object()?;
    let is_only = |kind: &str| members.get("type").is_some_and(|known| known == kind);
    for keyword in ["oneOf", "anyOf"] {
        let branches = members.get(keyword).and_then(Value::as_array);
        let lost: Option<Vec<String>> = branches
            .map(|branches| {
                branches
                    .iter()
                    .map(|branch| endless(branch, ending))
                    .collect()
            })
            .unwrap_or_default();
        if lost.is_some_and(|lost| !lost.is_empty()) {
            return Some(format!("/{keyword}"));
        }
    }
    let parts = members.get("allOf").and_then(Value::as_array);
    for (at, part) in parts.into_iter().flatten().enumerate() {
        if let Some(inside) = endless(part, ending) {
            return Some(format!("/allOf/{at}{inside}"));
        }
    }
    if is_only("array") && members.get("minItems").and_then(Value::as_u64) > Some(0) {
        let inside = members
            .get("items")
            .and_then(|items| endless(items, ending))?;
        return Some(format!("/items{inside}"));
    }
    if !is_only("object") {
        return None;
    }
    let required = members.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    for name in names {
        let member = members.get("properties").and_then(|known| known.get(name));
        if let Some(inside) = member.and_then(|schema| endless(schema, ending)) {
            return Some(format!("/properties/{}{inside}", escaped(name)));
        }
    }
    None
}
