//! Schemas that say something about values whose type stands elsewhere: conditions, exclusions,
//! dependencies. They are checked at run time and choose no type, so they may be partial; but no
//! keyword may be one that draft-07, in which they are checked, would pass over in silence.

use serde_json::{Map, Value, json};

use super::digest::{Digest, NOTES};
use super::error::RecipeError;

/// Keywords that hold one assertion.
const ONE: [&str; 9] = [
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "items",
    "additionalProperties",
    "additionalItems",
];
/// Keywords that hold a list of assertions.
const MANY: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords that hold assertions by member.
const BY_MEMBER: [&str; 2] = ["properties", "patternProperties"];
/// Keywords that draft-07 has under one name, as lists of members or as assertions.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dependentRequired", "dependentSchemas"];

/// Takes an assertion over.
pub(super) fn schema(
    digest: &Digest<'_>,
    schema: &Value,
    pointer: &str,
) -> Result<Value, RecipeError> {
    let Value::Object(members) = schema else {
        return Ok(schema.clone());
    };
    if members.contains_key("$ref") {
        return digest.reference(members, pointer);
    }
    let mut copy = Map::new();
    for (name, inner) in members {
        let place = format!("{pointer}/{name}");
        if MANY.contains(&name.as_str()) {
            copy.insert(name.clone(), list(digest, inner, &place)?);
        } else if BY_MEMBER.contains(&name.as_str()) {
            copy.insert(name.clone(), by_member(digest, inner, &place)?);
        } else {
            digest.say(name, inner, &place, false, &mut copy)?;
        }
    }
    Ok(Value::Object(copy))
}

/// Takes one keyword over that holds assertions.
///
/// # Errors
/// A keyword that nobody here knows.
pub(super) fn keyword(
    digest: &Digest<'_>,
    name: &str,
    inner: &Value,
    place: &str,
    copy: &mut Map<String, Value>,
) -> Result<(), RecipeError> {
    if ONE.contains(&name) && !inner.is_array() {
        copy.insert(name.to_owned(), schema(digest, inner, place)?);
        return Ok(());
    }
    if DEPENDENCIES.contains(&name) {
        let members = by_member(digest, inner, place)?;
        let known = copy.entry("dependencies").or_insert_with(|| json!({}));
        if let (Value::Object(known), Value::Object(members)) = (known, members) {
            for (member, needs) in members {
                if known.insert(member.clone(), needs).is_some() {
                    return Err(RecipeError::new(
                        format!("{place}/{member}"),
                        format!("what {member} depends on is said twice"),
                        "say it once",
                    ));
                }
            }
        }
        return Ok(());
    }
    Err(RecipeError::new(
        place,
        format!("{name} is no keyword that a recipe's schema may have here"),
        "leave it out, or say it with the keywords of draft-07",
    ))
}

fn list(digest: &Digest<'_>, schemas: &Value, pointer: &str) -> Result<Value, RecipeError> {
    let schemas = schemas.as_array().into_iter().flatten().enumerate();
    let copies = schemas.map(|(at, inner)| schema(digest, inner, &format!("{pointer}/{at}")));
    Ok(Value::Array(copies.collect::<Result<_, _>>()?))
}

fn by_member(digest: &Digest<'_>, schemas: &Value, pointer: &str) -> Result<Value, RecipeError> {
    let mut copy = Map::new();
    for (name, inner) in schemas.as_object().into_iter().flatten() {
        let kept = schema(digest, inner, &format!("{pointer}/{name}"))?;
        copy.insert(name.clone(), kept);
    }
    Ok(Value::Object(copy))
}

/// Whether schemas only assert something about the members of the object that they stand in.
pub(super) fn are_assertions(schemas: &[Value], beside: &Map<String, Value>) -> bool {
    let known = beside.get("properties").and_then(Value::as_object);
    let asserts = |schema: &Value| {
        schema.as_object().is_some_and(|members| {
            members.iter().all(|(name, inner)| match name.as_str() {
                "required" | "not" | "if" | "then" | "else" => true,
                "properties" => inner.as_object().is_some_and(|properties| {
                    properties
                        .keys()
                        .all(|name| known.is_some_and(|known| known.contains_key(name)))
                }),
                "oneOf" | "anyOf" | "allOf" => inner
                    .as_array()
                    .is_some_and(|inner| are_assertions(inner, beside)),
                name => NOTES.contains(&name) || DEPENDENCIES.contains(&name),
            })
        })
    };
    known.is_some() && schemas.iter().all(asserts)
}
