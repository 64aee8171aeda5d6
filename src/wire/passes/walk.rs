//! Visiting every schema inside a schema.

use serde_json::{Map, Value};

/// Calls `visit` on every object schema inside `schema`, innermost first, itself last.
pub fn each(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else {
        return;
    };
    for (keyword, inner) in members.iter_mut() {
        match (keyword.as_str(), inner) {
            ("properties" | "patternProperties", Value::Object(schemas)) => {
                schemas.values_mut().for_each(|inner| each(inner, visit));
            }
            ("oneOf" | "anyOf" | "allOf" | "items", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|inner| each(inner, visit));
            }
            ("items" | "additionalProperties", inner) => each(inner, visit),
            _ => {}
        }
    }
    visit(members);
}

/// The members of `properties`, if there are any.
pub fn properties(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|properties| !properties.is_empty())
}

/// Whether the schema is that of an object which has no members at all.
pub fn is_empty(schema: &Map<String, Value>) -> bool {
    properties(schema).is_none()
        && schema.get("type").is_some_and(|kind| kind == "object")
        && schema.get("additionalProperties") == Some(&Value::Bool(false))
        && !["patternProperties", "oneOf", "anyOf", "allOf"]
            .iter()
            .any(|keyword| schema.contains_key(*keyword))
}

/// The strings of an array member.
pub fn strings<'a>(schema: &'a Map<String, Value>, keyword: &str) -> Vec<&'a str> {
    let items = schema
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    items.filter_map(Value::as_str).collect()
}

/// Whether the schema says nothing at all.
pub fn is_anything(schema: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
