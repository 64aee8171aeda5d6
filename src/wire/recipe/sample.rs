//! The least that a schema asks for: an instance with what has to be there and nothing else.
//!
//! It gives an adopter something to fill in. Bounds, steps, lengths and unlike items are met, and
//! `default` and `examples` are taken where there are some; a pattern or a condition between members
//! is not understood, so the instance is held against the schema and what it lacks is said.

use serde_json::{Map, Value, json};

use super::RecipeSchema;
use super::possible::validator;
use crate::spec::Definitions;
use crate::spec::definitions::target;

/// No schema that makes sense nests deeper; one that refers to itself without end stops here.
const DEEPEST: usize = 32;
/// The most items or members that are made up.
const MOST: usize = 100;

/// The least that a recipe may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// An object without `null`, which TOML does not have.
    pub value: Value,
    /// What the schema refuses of it, if it does: a pointer into the value, and why.
    pub refused: Option<(String, String)>,
}

/// The least recipe of a schema.
pub(super) fn of(definitions: &Definitions) -> Sample {
    let root = json!({ "$ref": format!("#/definitions/{}", RecipeSchema::TYPE) });
    let sampler = Sampler {
        definitions,
        depth: 0,
        variation: 0,
    };
    let mut value = least(&root, &sampler);
    drop_nulls(&mut value);
    let refused = validator(&root, Some(definitions)).ok().and_then(|judge| {
        let error = judge.iter_errors(&value).next()?;
        Some((error.instance_path().to_string(), error.to_string()))
    });
    Sample { value, refused }
}

#[derive(Clone, Copy)]
struct Sampler<'a> {
    definitions: &'a Definitions,
    depth: usize,
    /// Which of several unlike values is wanted; 0 is the plainest.
    variation: usize,
}

fn least(schema: &Value, sampler: &Sampler<'_>) -> Value {
    if sampler.depth > DEEPEST {
        return Value::Null;
    }
    let inside = Sampler {
        depth: sampler.depth + 1,
        ..*sampler
    };
    if let Some(name) = target(schema) {
        let definition = sampler.definitions.schemas.get(name);
        return definition.map_or(Value::Null, |schema| least(schema, &inside));
    }
    let listed = |word: &str| schema[word].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(value) = schema.get("default").filter(|_| sampler.variation == 0) {
        return value.clone();
    }
    if let Some(value) = listed("examples").get(sampler.variation) {
        return value.clone();
    }
    let values: Vec<&Value> = listed("enum")
        .iter()
        .filter(|value| !value.is_null())
        .collect();
    if !values.is_empty() {
        return values[sampler.variation % values.len()].clone();
    }
    let kind = schema["type"].as_str().or_else(|| {
        let mut kinds = listed("type").iter().filter_map(Value::as_str);
        kinds.rfind(|kind| *kind != "null")
    });
    match kind {
        Some("object") => object(schema, &inside),
        Some("array") => list(schema, &inside),
        Some("string") => text(schema, sampler.variation),
        Some("integer") => number(schema, true, sampler.variation),
        Some("number") => number(schema, false, sampler.variation),
        Some("boolean") => Value::Bool(sampler.variation % 2 == 1),
        _ => {
            let mut unions = ["oneOf", "anyOf", "allOf"].into_iter();
            match unions.find_map(|word| listed(word).first()) {
                Some(branch) => least(branch, &inside),
                None => Value::Null,
            }
        }
    }
}

/// Items, unlike each other where they have to be.
fn list(schema: &Value, sampler: &Sampler<'_>) -> Value {
    let unlike = schema["uniqueItems"] == json!(true);
    let count = bounded(&schema["minItems"]);
    let item = |at: usize| {
        let variation = if unlike {
            sampler.variation + at
        } else {
            sampler.variation
        };
        least(
            &schema["items"],
            &Sampler {
                variation,
                ..*sampler
            },
        )
    };
    (0..count).map(item).collect()
}

/// Members that have to be there, also those that the first of several branches asks for, and as
/// many more as there have to be.
fn object(schema: &Value, sampler: &Sampler<'_>) -> Value {
    let branch = ["oneOf", "anyOf"]
        .iter()
        .find_map(|word| schema[*word].as_array()?.first());
    let all = schema["allOf"].as_array().into_iter().flatten();
    let mut members = Map::new();
    for part in std::iter::once(schema).chain(all).chain(branch) {
        let required = part["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            let described = schema["properties"]
                .get(name)
                .or_else(|| part["properties"].get(name));
            if let (Some(member), false) = (described, members.contains_key(name)) {
                members.insert(name.to_owned(), least(member, sampler));
            }
        }
    }
    let wanted = bounded(&schema["minProperties"]);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if members.len() < wanted && !members.contains_key(name) {
            members.insert(name.clone(), least(member, sampler));
        }
    }
    let patterns = schema["patternProperties"].as_object();
    let value = patterns
        .and_then(|patterns| patterns.values().next())
        .or_else(|| schema.get("additionalProperties"))
        .filter(|value| value.is_object());
    while let (Some(value), true) = (value, members.len() < wanted) {
        let name = format!("fill-in-{}", members.len() + 1);
        members.insert(name, least(value, sampler));
    }
    Value::Object(members)
}

/// A word as long as it has to be, or something of the format that is asked for.
fn text(schema: &Value, variation: usize) -> Value {
    let day = variation % 28 + 1;
    let number = match variation {
        0 => String::new(),
        other => format!("-{}", other + 1),
    };
    let mut word = match schema["format"].as_str() {
        Some("date") => format!("2026-01-{day:02}"),
        Some("time") => format!("{:02}:00:00Z", variation % 24),
        Some("date-time") => format!("2026-01-{day:02}T00:00:00Z"),
        Some("uri" | "url" | "iri") => format!("https://ads{number}.example/"),
        Some("email") => format!("ads{number}@example.com"),
        Some("hostname") => format!("ads{number}.example"),
        Some("uuid") => format!("00000000-0000-4000-8000-{variation:012}"),
        _ => format!("fill-in{number}"),
    };
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    if word.len() as u64 > most {
        // What tells words apart stands at their end.
        let kept = usize::try_from(most).unwrap_or(0);
        word = match variation {
            0 => word.chars().take(kept).collect(),
            other => format!("{other:0kept$}"),
        };
    }
    let least = schema["minLength"].as_u64().unwrap_or(0).min(1000);
    while (word.len() as u64) < least {
        word.push('-');
    }
    word.into()
}

/// The smallest number that is allowed, from 0 on, in the steps that are.
fn number(schema: &Value, whole: bool, variation: usize) -> Value {
    let bound = |keyword: &str| schema[keyword].as_f64();
    let step = bound("multipleOf").filter(|step| *step > 0.0);
    let high = bound("maximum").or(bound("exclusiveMaximum"));
    let above = bound("exclusiveMinimum").map(|bound| match (step, high) {
        (Some(step), _) => bound + step,
        (None, Some(high)) if !whole && bound.floor() + 1.0 >= high => (bound + high) / 2.0,
        _ => bound.floor() + 1.0,
    });
    let from = bound("minimum").or(above);
    // All that is allowed may lie below 0.
    let below = bound("maximum").filter(|most| *most < 0.0);
    let below = below.or(bound("exclusiveMaximum")
        .filter(|most| *most <= 0.0)
        .map(|most| most.ceil() - 1.0));
    let step_up = step.unwrap_or(1.0);
    let mut value = from.or(below).unwrap_or(0.0);
    if let Some(step) = step {
        value = if from.is_none() && below.is_some() {
            (value / step).floor() * step
        } else {
            (value / step).ceil() * step
        };
    }
    value += step_up * variation as f64;
    if whole {
        json!(value.ceil() as i64)
    } else {
        json!(value)
    }
}

/// A lower bound, or 0, as far as anything is made up.
fn bounded(least: &Value) -> usize {
    let least = least.as_u64().unwrap_or(0);
    usize::try_from(least).unwrap_or(MOST).min(MOST)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, inner| !inner.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => {
            items.retain(|inner| !inner.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::wire::recipe::from_schema;

    /// The sample of a recipe with one member that has to be there.
    fn of_member(schema: Value) -> Sample {
        let schema = json!({
            "type": "object", "properties": { "a": schema }, "required": ["a"],
        });
        from_schema("acme", &schema).unwrap().sample().clone()
    }

    #[test]
    fn bounds_steps_lengths_and_unlike_items_are_met() {
        for (schema, least) in [
            (
                json!({ "type": "integer", "minimum": 7, "multipleOf": 5 }),
                json!(10),
            ),
            (
                json!({ "type": "integer", "exclusiveMinimum": 10, "multipleOf": 5 }),
                json!(15),
            ),
            (
                json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
                json!(0.5),
            ),
            (json!({ "type": "integer", "maximum": -3 }), json!(-3)),
            (
                json!({ "type": "integer", "exclusiveMaximum": 0 }),
                json!(-1),
            ),
            (
                json!({ "type": ["null", "string"], "minLength": 9 }),
                json!("fill-in--"),
            ),
            (
                json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true, "minItems": 2 }),
                json!(["fill-in", "fill-in-2"]),
            ),
            (
                json!({ "type": "array", "items": { "type": "string", "maxLength": 1 }, "uniqueItems": true, "minItems": 2 }),
                json!(["f", "1"]),
            ),
            (
                json!({ "type": "array", "items": { "enum": ["x", "y"] }, "uniqueItems": true, "minItems": 2 }),
                json!(["x", "y"]),
            ),
            (
                json!({ "type": "array", "items": { "type": "integer", "multipleOf": 3 }, "uniqueItems": true, "minItems": 2 }),
                json!([0, 3]),
            ),
            (
                json!({ "type": "object", "properties": { "b": { "type": "boolean" }, "c": { "type": "integer" } }, "minProperties": 2 }),
                json!({ "b": false, "c": 0 }),
            ),
            (
                json!({ "type": "object", "additionalProperties": { "type": "integer" }, "minProperties": 1 }),
                json!({ "fill-in-1": 0 }),
            ),
            (
                json!({ "type": "string", "pattern": "^[A-Z]{2}$", "examples": ["AB"] }),
                json!("AB"),
            ),
        ] {
            let sample = of_member(schema.clone());
            assert_eq!(sample.refused, None, "{schema}");
            assert_eq!(sample.value["a"], least, "{schema}");
        }
    }

    #[test]
    fn what_cannot_be_made_up_is_said_with_its_place() {
        let (place, why) = of_member(json!({ "type": "string", "pattern": "^[A-Z]{2}$" }))
            .refused
            .unwrap();
        assert_eq!(place, "/a");
        assert!(why.contains("^[A-Z]{2}$"), "{why}");
    }
}
