//! Gives every inline object, enum and union a definition of its own.
//!
//! The name is where it stands: the type that holds it plus the property, and `Item` or `Value`
//! for what an array or a map holds. So a name does not depend on which tools are emitted.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::walk::{is_empty, properties};
use super::{Defs, NULLABLE, Normal, chosen};
use crate::spec::Names;
use crate::spec::names::camel;
use crate::wire::error::WireError;
use crate::wire::report::PassReport;

/// Definitions that still grow.
pub struct Hoist<'a> {
    pub(super) defs: Defs,
    pub(super) sources: BTreeMap<String, String>,
    pub(super) names: &'a Names,
    pub(super) report: PassReport,
    /// Hoisted definitions that no pass has looked at yet.
    pub(super) fresh: Vec<String>,
}

impl<'a> Hoist<'a> {
    pub(super) fn new(
        defs: Defs,
        sources: BTreeMap<String, String>,
        names: &'a Names,
        report: PassReport,
    ) -> Self {
        Self {
            defs,
            sources,
            names,
            report,
            fresh: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Normal {
        Normal {
            defs: self.defs,
            sources: self.sources,
            report: self.report,
        }
    }

    /// Hoists what stands in properties, array items and map values of every definition, also in
    /// the parts of an `allOf`. Branches of unions wait until bases are folded into them.
    pub(super) fn properties(&mut self) -> Result<(), WireError> {
        let mut open: Vec<String> = self.defs.keys().cloned().collect();
        while let Some(name) = open.pop() {
            let Some(mut schema) = self.defs.get(&name).cloned() else {
                continue;
            };
            let place = self.sources.get(&name).cloned().unwrap_or_default();
            self.children(&mut schema, &name, &place)?;
            self.defs.insert(name, schema);
            open.append(&mut self.fresh);
        }
        Ok(())
    }

    /// Hoists the inline children of one schema, which belongs to the type `owner`.
    pub(super) fn children(
        &mut self,
        schema: &mut Value,
        owner: &str,
        place: &str,
    ) -> Result<(), WireError> {
        let Value::Object(members) = schema else {
            return Ok(());
        };
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            for (property, inner) in properties.iter_mut() {
                let name = format!("{owner}{}", camel(property));
                self.hoist(
                    inner,
                    &name,
                    &inside(place, &format!("properties/{}", escaped(property))),
                )?;
            }
        }
        if let Some(inner) = members.get_mut("items") {
            self.hoist(inner, &format!("{owner}Item"), &inside(place, "items"))?;
        }
        if let Some(inner) = members.get_mut("additionalProperties") {
            self.hoist(
                inner,
                &format!("{owner}Value"),
                &inside(place, "additionalProperties"),
            )?;
        }
        if let Some(Value::Array(parts)) = members.get_mut("allOf") {
            for (at, part) in parts.iter_mut().enumerate() {
                self.children(part, owner, &inside(place, &format!("allOf/{at}")))?;
            }
        }
        Ok(())
    }

    /// Replaces an inline schema by a reference, if it needs a type of its own.
    pub(super) fn hoist(
        &mut self,
        schema: &mut Value,
        derived: &str,
        place: &str,
    ) -> Result<(), WireError> {
        if !needs_a_type(schema) {
            return self.children(schema, derived, place);
        }
        let name = chosen(self.names, derived, &mut self.report);
        let mut body = std::mem::take(schema);
        let mut reference =
            Map::from_iter([("$ref".to_owned(), json!(format!("#/definitions/{name}")))]);
        if let Value::Object(members) = &mut body {
            for keyword in [NULLABLE, "description"] {
                if let Some(value) = members.get(keyword) {
                    reference.insert(keyword.into(), value.clone());
                }
            }
            members.remove(NULLABLE);
            members.remove("title");
        }
        *schema = Value::Object(reference);
        // The same part of a base, folded into several places, is one type.
        if let Some(known) = self.sources.get(&name) {
            if known == place {
                return Ok(());
            }
            return Err(WireError::Collision {
                name,
                first: known.clone(),
                second: place.to_owned(),
                section: "inline",
            });
        }
        self.report.hit("inline schema hoisted");
        self.sources.insert(name.clone(), place.to_owned());
        self.defs.insert(name.clone(), body);
        self.fresh.push(name);
        Ok(())
    }
}

/// A member as a step of a JSON Pointer.
pub fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// A place inside a place.
fn inside(place: &str, step: &str) -> String {
    let separator = if place.contains('#') { "/" } else { "#/" };
    format!("{place}{separator}{step}")
}

/// Whether a schema becomes a type with a name: an object with members, an enum or a union.
fn needs_a_type(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    if members.contains_key("$ref") {
        return false;
    }
    members.contains_key("oneOf")
        || members.contains_key("enum")
        || members.contains_key("allOf")
        || properties(members).is_some()
        || is_empty(members)
}
