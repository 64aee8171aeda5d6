//! Names the branches of a union and hoists the inline ones.
//!
//! A branch is named, in this order: by `names.toml`; as `One` and `Many`; by the value of the one constant in which all
//! branches differ; by its title; by several constants together; by the type that it refers to; by
//! the members that only it requires; by its JSON type. A union with a branch that none of these
//! names is kept as a JSON value.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;
use serde_json::{Value, json};

use super::hoist::Hoist;
use super::walk::strings;
use super::{BRANCHES, Defs, deref};
use crate::spec::definitions::target;
use crate::spec::names::camel;
use crate::wire::error::WireError;

/// Names and hoists the branches of `schema`, the definition `owner`, if it is a union.
pub fn hoist(
    schema: &mut Value,
    owner: &str,
    place: &str,
    hoist: &mut Hoist<'_>,
) -> Result<(), WireError> {
    let Value::Object(members) = schema else {
        return Ok(());
    };
    let Some(Value::Array(branches)) = members.get_mut("oneOf") else {
        return Ok(());
    };
    if members_are_strings(branches, &hoist.defs) {
        return Ok(());
    }
    let names = match hoist.names.variants.get(owner) {
        Some(names) if names.len() == branches.len() => {
            hoist.report.names_used.insert(owner.to_owned());
            Some(names.clone())
        }
        Some(names) => {
            return Err(WireError::Undigestible {
                place: place.to_owned(),
                reason: format!(
                    "{owner} has {} branches, names.toml names {}",
                    branches.len(),
                    names.len()
                ),
                remedy: "correct its entry under [variants]".into(),
            });
        }
        None => branch_names(branches, owner, &hoist.defs),
    };
    let Some(names) = names else {
        hoist.report.kept_as_json.insert(
            owner.to_owned(),
            "a branch has nothing to name it by".into(),
        );
        members.clear();
        return Ok(());
    };
    for (at, (branch, name)) in branches.iter_mut().zip(&names).enumerate() {
        hoist.hoist(
            branch,
            &format!("{owner}{name}"),
            &format!("{place}{}oneOf/{at}", separator(place)),
        )?;
    }
    members.insert(BRANCHES.into(), json!(names));
    Ok(())
}

fn separator(place: &str) -> &'static str {
    if place.contains('#') { "/" } else { "#/" }
}

/// A union of strings only is one enum, not a Rust union.
pub fn members_are_strings(branches: &[Value], defs: &Defs) -> bool {
    branches.iter().all(|branch| {
        let branch = deref(branch, defs);
        branch.get("type").and_then(Value::as_str) == Some("string")
            || branch
                .get("oneOf")
                .and_then(Value::as_array)
                .is_some_and(|branches| members_are_strings(branches, defs))
    })
}

fn branch_names(branches: &[Value], owner: &str, defs: &Defs) -> Option<Vec<String>> {
    let by = |name: &dyn Fn(&Value) -> Option<String>| {
        let names: Option<Vec<String>> = branches.iter().map(name).collect();
        names.filter(|names| distinct(names))
    };
    let title = |branch: &Value| branch.get("title").and_then(Value::as_str).map(camel);
    let reference = |branch: &Value| target(branch).map(str::to_owned);
    one_or_many(branches)
        .or_else(|| single_constant(branches, defs))
        .or_else(|| by(&title).map(shortened).filter(|names| distinct(names)))
        .or_else(|| several_constants(branches, defs))
        .or_else(|| {
            by(&reference)
                .map(shortened)
                .filter(|names| distinct(names))
        })
        .or_else(|| {
            let own = |branch: &Value| {
                title(branch)
                    .or_else(|| own_name(branch, branches, defs))
                    .or_else(|| reference(branch))
            };
            by(&own).map(|names| {
                let without = |name: String| name.strip_prefix(owner).unwrap_or(&name).to_owned();
                names.into_iter().map(without).collect()
            })
        })
        .filter(|names: &Vec<String>| {
            let is_name =
                |name: &String| name.starts_with(|first: char| first.is_ascii_uppercase());
            distinct(names) && names.iter().all(is_name)
        })
}

/// A value or an array of such values.
fn one_or_many(branches: &[Value]) -> Option<Vec<String>> {
    let [one, many] = branches else { return None };
    (many.get("items") == Some(one)).then(|| vec!["One".into(), "Many".into()])
}

fn distinct(names: &[String]) -> bool {
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

/// The constant strings that a branch requires, by member.
fn constants<'a>(branch: &'a Value, defs: &'a Defs) -> Vec<(&'a str, &'a str)> {
    let Some(members) = deref(branch, defs).as_object() else {
        return Vec::new();
    };
    let required = strings(members, "required");
    let properties = members.get("properties").and_then(Value::as_object);
    let constant = |(name, schema): (&'a String, &'a Value)| {
        let value = deref(schema, defs).get("const")?.as_str()?;
        required
            .contains(&name.as_str())
            .then_some((name.as_str(), value))
    };
    properties
        .into_iter()
        .flatten()
        .filter_map(constant)
        .collect()
}

fn single_constant(branches: &[Value], defs: &Defs) -> Option<Vec<String>> {
    let first = constants(branches.first()?, defs);
    first.iter().find_map(|(key, _)| {
        let value = |branch: &Value| {
            let constants = constants(branch, defs);
            constants
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| camel(value))
        };
        let names: Option<Vec<String>> = branches.iter().map(value).collect();
        names.filter(|names| distinct(names))
    })
}

fn several_constants(branches: &[Value], defs: &Defs) -> Option<Vec<String>> {
    let joined = |branch: &Value| {
        let name: String = constants(branch, defs)
            .iter()
            .map(|(_, value)| camel(value))
            .collect();
        (!name.is_empty()).then_some(name)
    };
    let names: Option<Vec<String>> = branches.iter().map(joined).collect();
    names.filter(|names| distinct(names))
}

/// Names without the words that all of them begin or end with.
fn shortened(names: Vec<String>) -> Vec<String> {
    let words: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let shortest = words.iter().map(Vec::len).min().unwrap_or_default();
    let Some(first) = words.first().filter(|_| words.len() > 1) else {
        return names;
    };
    let common = |same: &dyn Fn(&Vec<String>, usize) -> bool| {
        (0..shortest)
            .take_while(|at| words.iter().all(|other| same(other, *at)))
            .count()
    };
    let before =
        common(&|other, at| other.get(at) == first.get(at)).min(shortest.saturating_sub(1));
    let after = common(&|other, at| other.iter().rev().nth(at) == first.iter().rev().nth(at));
    let after = after.min(shortest.saturating_sub(before + 1));
    words
        .iter()
        .map(|words| words[before..words.len() - after].concat())
        .collect()
}

fn words(name: &str) -> Vec<String> {
    use heck::ToSnakeCase;
    name.to_snake_case()
        .split('_')
        .map(ToUpperCamelCase::to_upper_camel_case)
        .collect()
}

/// What only this branch requires, or its JSON type.
fn own_name(branch: &Value, all: &[Value], defs: &Defs) -> Option<String> {
    let schema = deref(branch, defs);
    let required = |schema: &Value| {
        let names = schema
            .as_object()
            .map(|members| strings(members, "required"))
            .unwrap_or_default();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let others: Vec<Vec<String>> = all
        .iter()
        .filter(|other| *other != branch)
        .map(|other| required(deref(other, defs)))
        .collect();
    let mine = required(schema);
    let own = mine
        .iter()
        .find(|name| !others.iter().any(|other| other.contains(name)));
    if let Some(own) = own.filter(|_| target(branch).is_none()) {
        return Some(camel(own));
    }
    let kind = schema.get("type").and_then(Value::as_str)?;
    let alone = all
        .iter()
        .filter(|other| deref(other, defs).get("type") == Some(&json!(kind)))
        .count()
        == 1;
    match kind {
        _ if !alone => None,
        "string" => Some("Text".into()),
        "array" => Some("List".into()),
        "boolean" => Some("Flag".into()),
        "number" => Some("Number".into()),
        "integer" => Some("Integer".into()),
        "object" => Some("Object".into()),
        _ => None,
    }
}
