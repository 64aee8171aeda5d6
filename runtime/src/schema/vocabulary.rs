//! Which members a definition names, and what in a value is none of them.
//!
//! AdCP's schemas let objects have further members, so that none of this is a violation. But what a
//! seller writes into its own files and no schema names is a slip, or something that was not meant
//! for buyers. All forms that a schema allows at a place count together: whether they fit each other
//! is for the validator to say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A member that no schema names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    /// Where, as an RFC 6901 pointer.
    pub(crate) pointer: String,
    /// Its name.
    pub(crate) member: String,
    /// The members that can stand there, in the order of the alphabet.
    pub(crate) known: Vec<String>,
}

/// What schemas say together about one place.
#[derive(Default)]
struct Said<'s> {
    properties: BTreeMap<&'s str, Vec<&'s Value>>,
    items: Vec<&'s Value>,
    /// Whether members may have names of the writer's own.
    open: bool,
    followed: BTreeSet<&'s str>,
}

/// The members that a definition names at its top.
pub(super) fn members<'s>(definitions: &'s Value, definition: &str) -> Vec<&'s str> {
    let schema = definitions.get(definition);
    let said = Said::of(definitions, schema);
    said.properties.into_keys().collect()
}

/// The first member of a value, at whatever depth, that the definition does not name.
pub(super) fn stranger(definitions: &Value, definition: &str, value: &Value) -> Option<Stranger> {
    walk(definitions, definitions.get(definition), value, "")
}

fn walk<'s>(
    definitions: &'s Value,
    schemas: impl IntoIterator<Item = &'s Value>,
    value: &Value,
    pointer: &str,
) -> Option<Stranger> {
    let said = Said::of(definitions, schemas);
    match value {
        // Of what says nothing about its members, such as `ext`, nothing is strange.
        Value::Object(members) if !said.properties.is_empty() => {
            members.iter().find_map(|(name, member)| {
                let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                match said.properties.get(name.as_str()) {
                    Some(schemas) => walk(definitions, schemas.iter().copied(), member, &place),
                    None if said.open => None,
                    None => Some(Stranger {
                        pointer: place,
                        member: name.clone(),
                        known: said
                            .properties
                            .keys()
                            .map(|name| (*name).to_owned())
                            .collect(),
                    }),
                }
            })
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            let place = format!("{pointer}/{at}");
            walk(definitions, said.items.iter().copied(), item, &place)
        }),
        _ => None,
    }
}

impl<'s> Said<'s> {
    fn of(definitions: &'s Value, schemas: impl IntoIterator<Item = &'s Value>) -> Self {
        let mut said = Said::default();
        for schema in schemas {
            said.gather(definitions, schema);
        }
        said
    }

    fn gather(&mut self, definitions: &'s Value, schema: &'s Value) {
        if let Some(name) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.rsplit('/').next())
            && self.followed.insert(name)
            && let Some(definition) = definitions.get(name)
        {
            self.gather(definitions, definition);
        }
        for form in ["allOf", "anyOf", "oneOf"] {
            let forms = schema.get(form).and_then(Value::as_array);
            for form in forms.into_iter().flatten() {
                self.gather(definitions, form);
            }
        }
        for case in ["then", "else"] {
            if let Some(case) = schema.get(case) {
                self.gather(definitions, case);
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            self.properties.entry(name).or_default().push(property);
        }
        match schema.get("items") {
            Some(Value::Array(items)) => self.items.extend(items),
            Some(items) => self.items.push(items),
            None => {}
        }
        self.open |= schema.get("patternProperties").is_some()
            || schema
                .get("additionalProperties")
                .is_some_and(Value::is_object);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(value: Value) -> Option<String> {
        let definitions = json!({
            "Product": { "properties": {
                "name": { "type": "string" },
                "prices": { "type": "array", "items": { "oneOf": [
                    { "$ref": "#/definitions/Fixed" },
                    { "properties": { "floor": { "type": "number" } } },
                ] } },
                "labels": { "properties": { "en": {} }, "additionalProperties": { "type": "string" } },
                "ext": { "type": "object", "additionalProperties": true },
            }, "additionalProperties": true },
            "Fixed": { "allOf": [{ "properties": { "price": { "type": "number" } } }] },
        });
        stranger(&definitions, "Product", &value).map(|stranger| stranger.pointer)
    }

    #[test]
    fn whatever_no_schema_names_is_found_with_its_place() {
        for (value, found) in [
            (
                json!({ "name": "a", "ext": { "any": 1 }, "labels": { "de": "b" } }),
                None,
            ),
            (json!({ "prices": [{ "price": 1 }, { "floor": 2 }] }), None),
            (json!({ "nmae": "a" }), Some("/nmae")),
            (
                json!({ "prices": [{ "price": 1 }, { "cost": 2 }] }),
                Some("/prices/1/cost"),
            ),
        ] {
            assert_eq!(place(value.clone()).as_deref(), found, "{value}");
        }
    }
}
