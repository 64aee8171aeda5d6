//! The two JSON files of a wire crate: the validator's schemas and the answer to `tools/list`.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::WireError;
use super::recipe::RecipeSchema;
use crate::spec::{SpecLine, ToolFacts};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// `schemas.json`: every definition that `roots` reach, whole, and those of the recipe.
///
/// # Errors
/// When serde_json can't write it.
pub fn schemas(
    line: &SpecLine,
    roots: &[&str],
    recipe: Option<&RecipeSchema>,
) -> Result<String, WireError> {
    let mut definitions = definitions(line, roots);
    definitions.extend(recipe.into_iter().flat_map(RecipeSchema::definitions));
    let document = json!({"$schema": DRAFT, "definitions": definitions});
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    document
        .serialize(&mut serde_json::Serializer::with_formatter(
            &mut bytes, formatter,
        ))
        .map_err(|source| WireError::Json {
            file: "schemas.json",
            source,
        })?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn definitions(line: &SpecLine, roots: &[&str]) -> Map<String, Value> {
    let reached = line.definitions.reachable(roots.iter().copied());
    let schema = |name: String| {
        line.definitions
            .schemas
            .get(&name)
            .cloned()
            .map(|schema| (name, schema))
    };
    reached.into_iter().filter_map(schema).collect()
}

/// `tools.json`: the array that answers MCP `tools/list`, without a space too many, since it is
/// sent as it is.
///
/// # Errors
/// When serde_json can't write it.
pub fn tool_list(line: &SpecLine, tools: &[(&str, &ToolFacts)]) -> Result<String, WireError> {
    let list: Vec<Value> = tools
        .iter()
        .map(|(name, facts)| {
            json!({
                "name": name,
                "description": description(name, facts, line),
                "inputSchema": input_schema(facts, line),
            })
        })
        .collect();
    serde_json::to_string(&list).map_err(|source| WireError::Json {
        file: "tools.json",
        source,
    })
}

/// What a buyer's language model reads to choose a tool: the request's own description if the line
/// has one, else ours, else only where the tool belongs; and what a call does to the seller.
fn description(name: &str, facts: &ToolFacts, line: &SpecLine) -> String {
    let request = line.definitions.schemas.get(&facts.request);
    let member = |name: &str| request.and_then(|request| request.get(name));
    let about = match member("description").and_then(Value::as_str) {
        Some(theirs) => theirs.to_owned(),
        None => match line.descriptions.get(name) {
            Some(ours) => ours.clone(),
            None => format!("The {} task {name} of AdCP {}.", facts.protocol, line.line),
        },
    };
    let takes_key = member("required")
        .and_then(Value::as_array)
        .is_some_and(|required| required.iter().any(|name| name == "idempotency_key"));
    let effect = match (facts.mutating, takes_key) {
        (_, true) => "Changes state; send an idempotency_key.",
        (true, false) => "Changes state.",
        (false, false) => "Reads only.",
    };
    format!("{about} {effect}")
}

/// The request schema with everything that it refers to inside, so that a client that knows
/// nothing but this one schema can resolve it. Where the same tool has requests in the folders of
/// several protocols, with the properties of all of them: clients leave out what is not listed.
fn input_schema(facts: &ToolFacts, line: &SpecLine) -> Value {
    let mut whole = Map::from_iter([
        ("$schema".to_owned(), json!(DRAFT)),
        ("type".to_owned(), json!("object")),
    ]);
    let request = line
        .definitions
        .schemas
        .get(&facts.request)
        .and_then(Value::as_object);
    for (keyword, value) in request.into_iter().flatten() {
        whole.insert(keyword.clone(), value.clone());
    }
    let properties = whole.entry("properties").or_insert_with(|| json!({}));
    for other in &facts.other_requests {
        let other = line
            .definitions
            .schemas
            .get(other)
            .and_then(|schema| schema.get("properties"));
        if let (Value::Object(properties), Some(Value::Object(more))) = (&mut *properties, other) {
            for (name, schema) in more {
                properties.entry(name).or_insert_with(|| schema.clone());
            }
        }
    }
    let roots: Vec<&str> = std::iter::once(&facts.request)
        .chain(&facts.other_requests)
        .map(String::as_str)
        .collect();
    let mut definitions = definitions(line, &roots);
    for root in &roots {
        if !refers_to(&definitions, root) {
            definitions.remove(*root);
        }
    }
    if !definitions.is_empty() {
        whole.insert("definitions".into(), Value::Object(definitions));
    }
    Value::Object(whole)
}

/// Whether any definition refers to `name`.
fn refers_to(definitions: &Map<String, Value>, name: &str) -> bool {
    fn inside(value: &Value, reference: &str) -> bool {
        match value {
            Value::Object(members) => {
                members.get("$ref").and_then(Value::as_str) == Some(reference)
                    || members.values().any(|value| inside(value, reference))
            }
            Value::Array(items) => items.iter().any(|item| inside(item, reference)),
            _ => false,
        }
    }
    let reference = format!("#/definitions/{name}");
    definitions
        .values()
        .any(|schema| inside(schema, &reference))
}
