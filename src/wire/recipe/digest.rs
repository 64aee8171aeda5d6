//! From a recipe's schema to definitions: judged, closed, and in the words of draft-07.
//!
//! Every schema in it is either a type, which must be complete ([`Digest::typed`]), or an assertion
//! about values whose type stands elsewhere ([`super::assertion`]).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::complete::{complete, has_members, untyped};
use super::error::RecipeError;
use super::{RecipeSchema, assertion};
use crate::spec::Definitions;
use crate::spec::names::camel;
use crate::wire::passes::hoist::escaped;

/// The places where definitions may stand.
const SHELVES: [&str; 2] = ["definitions", "$defs"];

/// Keywords that only the top of the file may have.
const TOP: [&str; 4] = ["$schema", "$id", "definitions", "$defs"];

/// Keywords that say something to readers only.
pub(super) const NOTES: [&str; 10] = [
    "title",
    "description",
    "$comment",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
];

/// Keywords about a value that need no look inside. Bounds of every kind among them.
pub(super) const PLAIN: [&str; 17] = [
    "type",
    "enum",
    "const",
    "required",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// Judges a schema and makes it definitions, of which `Recipe` is the root.
pub(super) fn digest(schema: &Value) -> Result<Definitions, RecipeError> {
    let Value::Object(root) = schema else {
        return Err(RecipeError::new(
            "",
            "a JSON Schema is an object",
            "start with {\"type\": \"object\", \"properties\": {…}}",
        ));
    };
    check_draft(root, schema)?;
    let names = names(root)?;
    let digest = Digest { names: &names };
    let mut definitions = Definitions::default();
    let mut add = |name: &str, place: &str, schema: Value| {
        definitions.schemas.insert(name.to_owned(), schema);
        let source = if place.is_empty() {
            "recipe".to_owned()
        } else {
            format!("recipe#{place}")
        };
        definitions.sources.insert(name.to_owned(), source);
    };
    if !is_object(root) {
        return Err(RecipeError::new(
            "",
            "a recipe is an object with members",
            "give the schema \"type\": \"object\" and \"properties\"",
        ));
    }
    add(RecipeSchema::TYPE, "", digest.typed(schema, "", false)?);
    for shelf in SHELVES {
        for (key, schema) in root
            .get(shelf)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let pointer = format!("/{shelf}/{}", escaped(key));
            let name = names.get(&pointer).map_or(key.as_str(), String::as_str);
            add(name, &pointer, digest.typed(schema, &pointer, false)?);
        }
    }
    if let Some((start, through)) = definitions.circle() {
        let place = definitions.sources.get(start).map_or("", String::as_str);
        return Err(RecipeError::new(
            super::error::pointer_of(place),
            format!("the references from here run in a circle through {through}"),
            "make one of them a schema of its own",
        ));
    }
    Ok(definitions)
}

/// Only the two drafts that people write, and only schemas that are valid in theirs.
fn check_draft(root: &Map<String, Value>, schema: &Value) -> Result<(), RecipeError> {
    let said = root.get("$schema").map(|draft| {
        draft
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('#')
            .trim_start_matches("https")
            .trim_start_matches("http")
    });
    let judged = match said {
        None | Some("://json-schema.org/draft/2020-12/schema") => {
            jsonschema::draft202012::meta::validate(schema)
        }
        Some("://json-schema.org/draft-07/schema") => jsonschema::draft7::meta::validate(schema),
        Some(_) => {
            return Err(RecipeError::new(
                "/$schema",
                "a recipe's schema is written in draft-07 or 2020-12",
                "use one of these drafts",
            ));
        }
    };
    judged.map_err(|error| {
        RecipeError::new(
            error.instance_path().as_str(),
            format!("this is no valid JSON Schema: {error}"),
            "correct the schema",
        )
    })
}

/// The names of the definitions, by pointer. All begin like the recipe's own, so that none is a word
/// of Rust's.
fn names(root: &Map<String, Value>) -> Result<BTreeMap<String, String>, RecipeError> {
    let mut names = BTreeMap::from([(String::new(), RecipeSchema::TYPE.to_owned())]);
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for shelf in SHELVES {
        for key in root
            .get(shelf)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::keys)
        {
            let pointer = format!("/{shelf}/{}", escaped(key));
            let name = format!("{}{}", RecipeSchema::TYPE, camel(key));
            let first = taken.insert(name.clone(), pointer.clone());
            if name == RecipeSchema::TYPE {
                return Err(RecipeError::new(
                    pointer,
                    format!("{key:?} has no letter to name a type by"),
                    "rename it",
                ));
            }
            if let Some(first) = first {
                return Err(RecipeError::new(
                    pointer,
                    format!("its type would be called {name}, like that of {first}"),
                    "rename one of the two",
                ));
            }
            names.insert(pointer, name);
        }
    }
    Ok(names)
}

/// Whether a schema describes an object with members and nothing else.
fn is_object(members: &Map<String, Value>) -> bool {
    let has_members = members
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty());
    has_members && members.get("type").is_none_or(|kind| kind == "object")
}

/// A schema on its way to definitions.
pub(super) struct Digest<'a> {
    /// The names of definitions, by pointer.
    pub(super) names: &'a BTreeMap<String, String>,
}

impl Digest<'_> {
    /// A schema that is a type. `branch` says whether it is one of a union's, whose title names it.
    fn typed(&self, schema: &Value, pointer: &str, branch: bool) -> Result<Value, RecipeError> {
        let Value::Object(members) = schema else {
            return Err(untyped(pointer));
        };
        if members.contains_key("$ref") {
            return self.reference(members, pointer);
        }
        let mut copy = Map::new();
        for (keyword, inner) in members {
            let place = format!("{pointer}/{}", escaped(keyword));
            match keyword.as_str() {
                // Values that their author thought of are the best to fill in.
                "description" | "default" | "examples" => {
                    copy.insert(keyword.clone(), inner.clone());
                }
                "title" if branch => {
                    copy.insert(keyword.clone(), inner.clone());
                }
                "properties" => {
                    copy.insert(keyword.clone(), self.each(inner, &place)?);
                }
                "patternProperties" => {
                    copy.insert(keyword.clone(), self.map(inner, &place)?);
                }
                "additionalProperties" if *inner == json!(false) => {
                    copy.insert(keyword.clone(), json!(false));
                }
                "additionalProperties" | "items" => {
                    if inner.is_array() {
                        return Err(RecipeError::new(
                            place,
                            "a list whose items differ by position has no type here",
                            "use an object with a member for each",
                        ));
                    }
                    copy.insert(keyword.clone(), self.typed(inner, &place, false)?);
                }
                "oneOf" | "anyOf" => {
                    let branches = self.branches(members, inner, &place)?;
                    copy.insert(keyword.clone(), branches);
                }
                "allOf" => {
                    copy.insert(keyword.clone(), self.parts(members, inner, &place)?);
                }
                _ => self.say(keyword, inner, &place, pointer.is_empty(), &mut copy)?,
            }
        }
        complete(&mut copy, pointer)?;
        Ok(Value::Object(copy))
    }

    /// A reference, beside which draft-07 reads nothing.
    pub(super) fn reference(
        &self,
        members: &Map<String, Value>,
        pointer: &str,
    ) -> Result<Value, RecipeError> {
        let reference = members
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let place = format!("{pointer}/$ref");
        let Some(inner) = reference.strip_prefix('#') else {
            return Err(RecipeError::new(
                place,
                format!("{reference} leads out of the file"),
                "copy what it refers to below $defs",
            ));
        };
        let Some(name) = self.names.get(inner) else {
            return Err(RecipeError::new(
                place,
                format!("{reference} leads to no definition"),
                "refer to one below $defs, such as #/$defs/size",
            ));
        };
        let beside = members
            .keys()
            .find(|keyword| *keyword != "$ref" && !NOTES.contains(&keyword.as_str()));
        if let Some(keyword) = beside {
            return Err(RecipeError::new(
                format!("{pointer}/{}", escaped(keyword)),
                format!("beside a $ref {keyword} is read by some and ignored by others"),
                "say it in the definition, or copy the definition here",
            ));
        }
        let mut copy =
            Map::from_iter([("$ref".to_owned(), json!(format!("#/definitions/{name}")))]);
        if let Some(description) = members.get("description") {
            copy.insert("description".to_owned(), description.clone());
        }
        Ok(Value::Object(copy))
    }

    /// A keyword that no type depends on.
    pub(super) fn say(
        &self,
        keyword: &str,
        inner: &Value,
        place: &str,
        top: bool,
        copy: &mut Map<String, Value>,
    ) -> Result<(), RecipeError> {
        if PLAIN.contains(&keyword) || keyword == "uniqueItems" {
            copy.insert(keyword.to_owned(), inner.clone());
            return Ok(());
        }
        if NOTES.contains(&keyword) || keyword.starts_with("x-") || (top && TOP.contains(&keyword))
        {
            return Ok(());
        }
        assertion::keyword(self, keyword, inner, place, copy)
    }

    fn each(&self, schemas: &Value, pointer: &str) -> Result<Value, RecipeError> {
        let mut copy = Map::new();
        for (name, schema) in schemas.as_object().into_iter().flatten() {
            let place = format!("{pointer}/{}", escaped(name));
            copy.insert(name.clone(), self.typed(schema, &place, false)?);
        }
        Ok(Value::Object(copy))
    }

    /// Members by pattern are a map, if there is one pattern.
    fn map(&self, patterns: &Value, pointer: &str) -> Result<Value, RecipeError> {
        if patterns
            .as_object()
            .is_none_or(|patterns| patterns.len() != 1)
        {
            return Err(RecipeError::new(
                pointer,
                "members by several patterns have no type here",
                "use one pattern, or additionalProperties with a schema",
            ));
        }
        self.each(patterns, pointer)
    }

    /// The branches of a union; or of a choice between assertions about members that stand beside.
    fn branches(
        &self,
        beside: &Map<String, Value>,
        branches: &Value,
        pointer: &str,
    ) -> Result<Value, RecipeError> {
        let branches = branches.as_array().map_or(&[][..], Vec::as_slice);
        let asserting = assertion::are_assertions(branches, beside);
        if !asserting && has_members(beside) {
            return Err(RecipeError::new(
                pointer,
                "a union beside members has no type here",
                "give each branch all of its members, or make the union a member",
            ));
        }
        let copies = branches.iter().enumerate().map(|(at, branch)| {
            let place = format!("{pointer}/{at}");
            if asserting {
                assertion::schema(self, branch, &place)
            } else {
                self.typed(branch, &place, true)
            }
        });
        Ok(Value::Array(copies.collect::<Result<_, _>>()?))
    }

    /// What must hold together: assertions only, since closed types can't be added up; or one type
    /// that stands alone.
    fn parts(
        &self,
        beside: &Map<String, Value>,
        parts: &Value,
        pointer: &str,
    ) -> Result<Value, RecipeError> {
        let parts = parts.as_array().map_or(&[][..], Vec::as_slice);
        let alone = parts.len() == 1
            && beside
                .keys()
                .all(|keyword| keyword == "allOf" || NOTES.contains(&keyword.as_str()));
        let copies = parts.iter().enumerate().map(|(at, part)| {
            let place = format!("{pointer}/{at}");
            if alone {
                self.typed(part, &place, false)
            } else if assertion::are_assertions(std::slice::from_ref(part), beside) {
                assertion::schema(self, part, &place)
            } else {
                Err(RecipeError::new(
                    place,
                    "types can't be put together from parts here, since each part would refuse the members of the others",
                    "write all members in one object",
                ))
            }
        });
        Ok(Value::Array(copies.collect::<Result<_, _>>()?))
    }
}
