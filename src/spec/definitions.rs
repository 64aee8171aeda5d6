//! From a bundle of files to one document of definitions.
//!
//! Every schema file, and every schema inside a file that something refers to, becomes a
//! definition under its own name; every reference becomes `#/definitions/<Name>`. What is no
//! structure is left out, see [`Keep`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::SpecError;
use super::names::{self, Names, camel, spelled};
use super::reference::{Place, resolve};

/// Keywords of draft-07 that describe structure.
const STRUCTURE: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "items",
    "additionalItems",
    "enum",
    "const",
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
    "uniqueItems",
    "contains",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "patternProperties",
    "additionalProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "oneOf",
    "anyOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
];
/// Keywords whose value is a map of schemas.
const MAPS: &[&str] = &[
    "properties",
    "patternProperties",
    "dependencies",
    "dependentSchemas",
];
/// Keywords whose value is data, not a schema.
const DATA: &[&str] = &["enum", "const", "required", "type", "dependentRequired"];

/// How much of a schema is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Structure, and titles that serve as names of union branches. For what we ship.
    Structure,
    /// Also descriptions, which become doc comments. For what a user adds for themselves.
    Descriptions,
}

/// One document of definitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    /// The schemas by name. Every `$ref` in them is `#/definitions/<name of another>`.
    pub schemas: BTreeMap<String, Value>,
    /// Where each comes from: `file` or `file#pointer`.
    pub sources: BTreeMap<String, String>,
}

/// Bundles all files.
///
/// # Errors
/// A reference that leads nowhere, a cycle of bare references, a name collision.
pub fn bundle(
    files: &BTreeMap<String, Value>,
    names: &Names,
    keep: Keep,
) -> Result<Definitions, SpecError> {
    let places = places(files)?;
    let names = names::assign(&places, names)?;
    let mut definitions = Definitions::default();
    for (place, name) in &names {
        let (file, pointer) = place;
        let Some(schema) = files.get(file).and_then(|file| file.pointer(pointer)) else {
            continue;
        };
        let copy = Copy {
            file,
            names: &names,
            keep,
        };
        let schema = copy.schema(schema, pointer, false)?;
        definitions.schemas.insert(name.clone(), schema);
        definitions.sources.insert(name.clone(), spelled(place));
    }
    refuse_cycles(&definitions)?;
    Ok(definitions)
}

/// All files, and all places inside files that are referred to.
fn places(files: &BTreeMap<String, Value>) -> Result<BTreeSet<Place>, SpecError> {
    let mut places = BTreeSet::new();
    for (file, schema) in files {
        places.insert((file.clone(), String::new()));
        references(schema, file, "", files, &mut places)?;
    }
    Ok(places)
}

fn references(
    value: &Value,
    file: &str,
    pointer: &str,
    files: &BTreeMap<String, Value>,
    places: &mut BTreeSet<Place>,
) -> Result<(), SpecError> {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let place = resolve(reference, file);
                let target = place
                    .as_ref()
                    .and_then(|(file, pointer)| files.get(file)?.pointer(pointer));
                match (place, target) {
                    (Some(place), Some(_)) => {
                        places.insert(place);
                    }
                    _ => {
                        return Err(SpecError::schema(
                            file,
                            pointer,
                            format!("$ref {reference:?} leads to nothing in this bundle"),
                            "use the complete official bundle, or correct the reference",
                        ));
                    }
                }
            }
            for (key, inner) in members {
                let data =
                    DATA.contains(&key.as_str()) || matches!(key.as_str(), "examples" | "default");
                // A property may well be called `enum`: only skip data where keywords stand.
                if !data || inner.is_object() && pointer.ends_with("/properties") {
                    references(
                        inner,
                        file,
                        &format!("{pointer}/{}", escaped(key)),
                        files,
                        places,
                    )?;
                }
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                references(inner, file, &format!("{pointer}/{at}"), files, places)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Copies schemas of one file, keeping what is to be kept.
struct Copy<'a> {
    file: &'a str,
    names: &'a BTreeMap<Place, String>,
    keep: Keep,
}

impl Copy<'_> {
    fn schema(&self, value: &Value, pointer: &str, branch: bool) -> Result<Value, SpecError> {
        let Value::Object(members) = value else {
            return match value {
                Value::Bool(_) => Ok(value.clone()),
                _ => Err(SpecError::schema(
                    self.file,
                    pointer,
                    format!("a schema must be an object or a boolean, not {value}"),
                    "correct the schema",
                )),
            };
        };
        let mut copy = Map::new();
        for (key, inner) in members {
            let pointer = format!("{pointer}/{}", escaped(key));
            let kept = match key.as_str() {
                "$ref" => self.reference(inner, &pointer)?,
                "title" if branch => match inner.as_str() {
                    Some(title) => Value::from(camel(title)),
                    None => continue,
                },
                "description" if self.keep == Keep::Descriptions => inner.clone(),
                key if !STRUCTURE.contains(&key) => continue,
                key if DATA.contains(&key) => inner.clone(),
                key if MAPS.contains(&key) => self.map(inner, &pointer)?,
                "oneOf" | "anyOf" => self.list(inner, &pointer, true)?,
                "allOf" => self.list(inner, &pointer, false)?,
                _ => match inner {
                    Value::Object(_) => self.schema(inner, &pointer, false)?,
                    Value::Array(_) => self.list(inner, &pointer, false)?,
                    scalar => scalar.clone(),
                },
            };
            copy.insert(key.clone(), kept);
        }
        Ok(Value::Object(copy))
    }

    fn reference(&self, value: &Value, pointer: &str) -> Result<Value, SpecError> {
        let name = value
            .as_str()
            .and_then(|reference| resolve(reference, self.file))
            .and_then(|place| self.names.get(&place));
        match name {
            Some(name) => Ok(Value::from(format!("#/definitions/{name}"))),
            None => Err(SpecError::schema(
                self.file,
                pointer,
                format!("$ref {value} leads to nothing in this bundle"),
                "use the complete official bundle, or correct the reference",
            )),
        }
    }

    fn map(&self, value: &Value, pointer: &str) -> Result<Value, SpecError> {
        let Value::Object(members) = value else {
            return Err(SpecError::schema(
                self.file,
                pointer,
                "expected an object of schemas",
                "correct the schema",
            ));
        };
        let mut copy = Map::new();
        for (key, inner) in members {
            let pointer = format!("{pointer}/{}", escaped(key));
            // `dependencies` may list property names instead of a schema.
            let kept = if inner.is_array() {
                inner.clone()
            } else {
                self.schema(inner, &pointer, false)?
            };
            copy.insert(key.clone(), kept);
        }
        Ok(Value::Object(copy))
    }

    fn list(&self, value: &Value, pointer: &str, branch: bool) -> Result<Value, SpecError> {
        let Value::Array(items) = value else {
            return Err(SpecError::schema(
                self.file,
                pointer,
                "expected an array of schemas",
                "correct the schema",
            ));
        };
        let copies = items
            .iter()
            .enumerate()
            .map(|(at, item)| self.schema(item, &format!("{pointer}/{at}"), branch));
        Ok(Value::Array(copies.collect::<Result<_, _>>()?))
    }
}

/// A definition that is nothing but a reference to itself, over however many steps, has no meaning.
fn refuse_cycles(definitions: &Definitions) -> Result<(), SpecError> {
    let Some((start, through)) = definitions.circle() else {
        return Ok(());
    };
    let source = definitions.sources.get(start).map_or(start, String::as_str);
    let (file, pointer) = source.split_once('#').unwrap_or((source, ""));
    Err(SpecError::schema(
        file,
        pointer,
        format!("the references from here run in a circle through {through}"),
        "one of them must be a schema of its own",
    ))
}

/// The name that a schema refers to, if it says nothing else.
fn bare_reference(schema: &Value) -> Option<&str> {
    let schema = match schema
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([only]) => only,
        _ => schema,
    };
    target(schema)
}

/// The name that a bundled schema's `$ref` leads to.
pub fn target(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/definitions/")
}

impl Definitions {
    /// A definition from which references run in a circle, and one that they run through.
    pub fn circle(&self) -> Option<(&str, &str)> {
        self.schemas.keys().find_map(|start| {
            let mut seen = BTreeSet::from([start.as_str()]);
            let mut at = start.as_str();
            while let Some(next) = self.schemas.get(at).and_then(bare_reference) {
                if !seen.insert(next) {
                    return Some((start.as_str(), next));
                }
                at = next;
            }
            None
        })
    }

    /// The names of all definitions that `roots` reach, themselves included.
    pub fn reachable<'a>(&self, roots: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<String> = roots.into_iter().map(str::to_owned).collect();
        while let Some(name) = open.pop() {
            let Some(schema) = self.schemas.get(&name) else {
                continue;
            };
            if reached.insert(name) {
                collect(schema, &mut open);
            }
        }
        reached
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(target(value).map(str::to_owned));
            members.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}
