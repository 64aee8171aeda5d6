//! Folds `allOf` into one schema and bases into the branches of their union, then hoists the
//! branches.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::hoist::Hoist;
use super::walk::{is_anything, properties, strings};
use super::{BRANCHES, DENIES, Defs, LACKS, NULLABLE, branches, deref};
use crate::spec::definitions::target;
use crate::wire::error::WireError;
use crate::wire::report::PassReport;

/// Folds every definition, those that it hoists on the way included.
pub fn fold(hoist: &mut Hoist<'_>) -> Result<(), WireError> {
    let mut folded = BTreeSet::new();
    let mut open: Vec<String> = hoist.defs.keys().cloned().collect();
    for name in &open {
        fold_definition(name, &mut hoist.defs, &mut folded, &mut hoist.report);
    }
    while let Some(name) = open.pop() {
        fold_definition(&name, &mut hoist.defs, &mut folded, &mut hoist.report);
        let Some(mut schema) = hoist.defs.get(&name).cloned() else {
            continue;
        };
        let place = hoist.sources.get(&name).cloned().unwrap_or_default();
        push_base(&mut schema, hoist);
        branches::hoist(&mut schema, &name, &place, hoist)?;
        hoist.children(&mut schema, &name, &place)?;
        hoist.defs.insert(name, schema);
        open.append(&mut hoist.fresh);
    }
    Ok(())
}

/// Folds one definition, those that its parts refer to first.
fn fold_definition(
    name: &str,
    defs: &mut Defs,
    folded: &mut BTreeSet<String>,
    report: &mut PassReport,
) {
    if !folded.insert(name.to_owned()) {
        return;
    }
    let Some(mut schema) = defs.get(name).cloned() else {
        return;
    };
    fold_schema(&mut schema, defs, folded, report);
    defs.insert(name.to_owned(), schema);
}

fn fold_schema(
    schema: &mut Value,
    defs: &mut Defs,
    folded: &mut BTreeSet<String>,
    report: &mut PassReport,
) {
    let Value::Object(members) = schema else {
        return;
    };
    if let Some(Value::Array(branches)) = members.get_mut("oneOf") {
        branches
            .iter_mut()
            .for_each(|branch| fold_schema(branch, defs, folded, report));
    }
    let Some(Value::Array(parts)) = members.remove("allOf") else {
        return;
    };
    report.hit("allOf folded");
    for mut part in parts {
        if let Some(name) = target(&part).map(str::to_owned) {
            fold_definition(&name, defs, folded, report);
            part = deref(&part, defs).clone();
        } else {
            fold_schema(&mut part, defs, folded, report);
        }
        if let Value::Object(part) = part {
            merge(members, &part, defs, report);
        }
    }
}

/// Adds to `base` what `part` says. Where both describe a property, the narrower one stays.
fn merge(
    base: &mut Map<String, Value>,
    part: &Map<String, Value>,
    defs: &Defs,
    report: &mut PassReport,
) {
    let base_has_shape = properties(base).is_some() || base.contains_key("oneOf");
    let both_closed = is_closed(base) && is_closed(part);
    for (keyword, value) in part {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(new)) => {
                let known = base.entry("properties").or_insert_with(|| json!({}));
                let Value::Object(known) = known else {
                    continue;
                };
                for (name, schema) in new {
                    if known
                        .get(name)
                        .is_none_or(|old| is_narrower(schema, old, defs))
                    {
                        known.insert(name.clone(), schema.clone());
                    }
                }
            }
            ("required" | LACKS | DENIES, Value::Array(new)) => {
                let known = base.entry(keyword.clone()).or_insert_with(|| json!([]));
                let Value::Array(known) = known else { continue };
                new.iter().for_each(|name| {
                    if !known.contains(name) {
                        known.push(name.clone());
                    }
                });
            }
            ("oneOf", Value::Array(_)) if base.contains_key("oneOf") => {
                report.hit("second union beside a union dropped");
            }
            ("additionalProperties", more) if !base_has_shape => {
                base.insert(keyword.clone(), more.clone());
            }
            ("additionalProperties" | "title" | "description", _) => {}
            _ => {
                base.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    if base_has_shape && !both_closed && is_closed(base) {
        base.remove("additionalProperties");
    }
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    schema.get("additionalProperties") == Some(&json!(false))
}

fn is_narrower(new: &Value, old: &Value, defs: &Defs) -> bool {
    if is_anything(new) || new.is_boolean() {
        return false;
    }
    if is_anything(old) || old.is_boolean() {
        return true;
    }
    let (new, old) = (deref(new, defs), deref(old, defs));
    new.get("const").is_some() || (new.get("enum").is_some() && old.get("const").is_none())
}

/// A base object beside a union is part of each branch.
fn push_base(schema: &mut Value, hoist: &mut Hoist<'_>) {
    let Value::Object(members) = schema else {
        return;
    };
    let has_base = properties(members).is_some() || !strings(members, "required").is_empty();
    if !has_base || !members.contains_key("oneOf") {
        return;
    }
    let Some(Value::Array(old)) = members.remove("oneOf") else {
        return;
    };
    hoist
        .report
        .hit("base folded into the branches of its union");
    let outside = ["description", NULLABLE, BRANCHES];
    let mut base = members.clone();
    base.retain(|keyword, _| !outside.contains(&keyword.as_str()));
    members.retain(|keyword, _| outside.contains(&keyword.as_str()));
    let mut new = Vec::new();
    for branch in old {
        let mut whole = deref(&branch, &hoist.defs).clone();
        if let Value::Object(whole) = &mut whole {
            if let (Some(name), None) = (target(&branch), whole.get("title")) {
                whole.insert("title".into(), name.into());
            }
            merge_base(whole, &base, hoist);
        }
        new.push(whole);
    }
    members.insert("oneOf".into(), Value::Array(new));
}

/// The base comes first, so that members keep the order of the schema; the branch is narrower.
fn merge_base(branch: &mut Map<String, Value>, base: &Map<String, Value>, hoist: &mut Hoist<'_>) {
    let mut whole = base.clone();
    let title = branch.get("title").cloned();
    merge(&mut whole, branch, &hoist.defs, &mut hoist.report);
    if let Some(title) = title {
        whole.insert("title".into(), title);
    }
    *branch = whole;
}
