//! From normalised definitions to the model of types.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::WireError;
use super::model::{Choice, Definition, Field, Model, Object, Shape, TypeRef, Union, Variant};
use super::passes::branches::members_are_strings;
use super::passes::walk::{is_empty, properties, strings};
use super::passes::{BRANCHES, DENIES, Defs, LACKS, NULLABLE, Normal, deref};
use crate::spec::definitions::target;

/// Lowers everything that `roots` reach.
///
/// # Errors
/// A form that the passes should have removed.
pub fn lower(normal: &Normal, roots: &[&str]) -> Result<Model, WireError> {
    let mut model = BTreeMap::new();
    let mut open: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
    while let Some(name) = open.pop() {
        if model.contains_key(&name) {
            continue;
        }
        let definition = definition(&name, normal)?;
        open.extend(definition.uses().into_iter().map(str::to_owned));
        model.insert(name, definition);
    }
    Ok(model)
}

fn definition(name: &str, normal: &Normal) -> Result<Definition, WireError> {
    let source = normal.sources.get(name).cloned().unwrap_or_default();
    let Some(schema) = normal.defs.get(name) else {
        return Err(WireError::Undigestible {
            place: source,
            reason: format!("the definition {name} is missing after normalisation"),
            remedy: "please report this line and bundle".into(),
        });
    };
    let shape = match schema {
        Value::Object(members) => shape(members, &normal.defs),
        _ => Shape::Alias(TypeRef::Anything),
    };
    let description = schema
        .get("description")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Ok(Definition {
        source,
        description,
        shape,
    })
}

fn shape(members: &Map<String, Value>, defs: &Defs) -> Shape {
    let nullable = members.contains_key(NULLABLE);
    if let Some(Value::Array(branches)) = members.get("oneOf") {
        if members_are_strings(branches, defs) {
            return text_shape(branches, defs);
        }
        return union(branches, &strings(members, BRANCHES), defs);
    }
    if members.contains_key("enum") && !nullable {
        let values = strings(members, "enum")
            .into_iter()
            .map(str::to_owned)
            .collect();
        return Shape::Choice(Choice {
            values,
            open: false,
        });
    }
    if properties(members).is_some() || is_empty(members) {
        return Shape::Object(object(members, defs));
    }
    Shape::Alias(type_ref(&Value::Object(members.clone()), defs))
}

/// A union of strings: a closed enum, an open one, or just a string.
fn text_shape(branches: &[Value], defs: &Defs) -> Shape {
    let mut values = Vec::new();
    let mut open = false;
    collect_texts(branches, defs, &mut values, &mut open);
    if values.is_empty() {
        return Shape::Alias(TypeRef::Text);
    }
    Shape::Choice(Choice { values, open })
}

fn collect_texts(branches: &[Value], defs: &Defs, values: &mut Vec<String>, open: &mut bool) {
    for branch in branches {
        let Value::Object(branch) = deref(branch, defs) else {
            continue;
        };
        let constant = branch.get("const").and_then(Value::as_str);
        let listed: Vec<&str> = strings(branch, "enum")
            .into_iter()
            .chain(constant)
            .collect();
        match branch.get("oneOf").and_then(Value::as_array) {
            Some(inner) => collect_texts(inner, defs, values, open),
            None if listed.is_empty() => *open = true,
            None => {
                for value in listed {
                    if !values.iter().any(|known| known == value) {
                        values.push(value.to_owned());
                    }
                }
            }
        }
    }
}

fn union(branches: &[Value], names: &[&str], defs: &Defs) -> Shape {
    let mut variants: Vec<Variant> = Vec::new();
    for (at, (branch, name)) in branches.iter().zip(names).enumerate() {
        let kind = type_ref(branch, defs);
        // Branches that differed only in bounds are one type.
        if !variants.iter().any(|known| known.kind == kind) {
            variants.push(Variant {
                name: (*name).to_owned(),
                kind,
                tests: Vec::new(),
                branch: at,
            });
        }
    }
    match variants.as_slice() {
        [only] => Shape::Alias(only.kind.clone()),
        _ => Shape::Union(Union { variants }),
    }
}

fn object(members: &Map<String, Value>, defs: &Defs) -> Object {
    let required = strings(members, "required");
    let mut object = Object {
        lacks: strings(members, LACKS)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        denies: denied(members),
        closed: members.get("additionalProperties") == Some(&json!(false)),
        ..Object::default()
    };
    for (name, schema) in properties(members).into_iter().flatten() {
        if schema == &json!(false) {
            object.lacks.push(name.clone());
            continue;
        }
        let constant = deref(schema, defs)
            .get("const")
            .filter(|value| is_simple(value))
            .cloned();
        let required = required.contains(&name.as_str());
        if let Some(value) = constant.as_ref().filter(|_| required) {
            object.constants.push((name.clone(), value.clone()));
            continue;
        }
        object.fields.push(Field {
            name: name.clone(),
            kind: type_ref(schema, defs),
            required,
            constant,
            description: schema
                .get("description")
                .and_then(Value::as_str)
                .map(str::to_owned),
        });
    }
    for name in required {
        let known = object.fields.iter().any(|field| field.name == name)
            || object
                .constants
                .iter()
                .any(|(constant, _)| constant == name);
        if !known {
            object.fields.push(Field {
                name: name.to_owned(),
                kind: TypeRef::Anything,
                required: true,
                constant: None,
                description: None,
            });
        }
    }
    object
}

fn denied(members: &Map<String, Value>) -> Vec<(String, Value)> {
    let pairs = members
        .get(DENIES)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let pair = |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.clone()));
    pairs
        .filter_map(pair)
        .filter(|(_, value)| is_simple(value))
        .collect()
}

/// Constants that the codec can hold.
fn is_simple(value: &Value) -> bool {
    value.is_string() || value.is_boolean() || value.is_i64()
}

/// How a schema is referred to.
fn type_ref(schema: &Value, defs: &Defs) -> TypeRef {
    let Value::Object(members) = schema else {
        return TypeRef::Anything;
    };
    let plain = match target(schema) {
        Some(name) => TypeRef::Named(name.to_owned()),
        None => match members.get("type").and_then(Value::as_str) {
            Some("string") => TypeRef::Text,
            Some("integer") => TypeRef::Integer,
            Some("number") => TypeRef::Number,
            Some("boolean") => TypeRef::Flag,
            Some("array") => list(members, defs),
            Some("object") => map(members, defs),
            Some(_) => TypeRef::Anything,
            None if members.contains_key("items") => list(members, defs),
            None if members.contains_key("additionalProperties") => map(members, defs),
            None => TypeRef::Anything,
        },
    };
    if members.contains_key(NULLABLE) && plain != TypeRef::Anything {
        return TypeRef::Nullable(Box::new(plain));
    }
    plain
}

fn list(members: &Map<String, Value>, defs: &Defs) -> TypeRef {
    let item = members
        .get("items")
        .map_or(TypeRef::Anything, |items| type_ref(items, defs));
    TypeRef::List(Box::new(item))
}

fn map(members: &Map<String, Value>, defs: &Defs) -> TypeRef {
    match members.get("additionalProperties") {
        Some(value @ Value::Object(inner)) if !inner.is_empty() => match type_ref(value, defs) {
            TypeRef::Anything => TypeRef::AnyObject,
            kind => TypeRef::Map(Box::new(kind)),
        },
        _ => TypeRef::AnyObject,
    }
}
