//! Passes that look at one schema at a time: assertions go, the many spellings of constants,
//! nullability, maps and unions become one each.
//!
//! What is dropped here is not lost: the runtime checks every value against the whole schemas.

use serde_json::{Map, Value, json};

use super::walk::{each, is_anything, properties, strings};
use super::{DENIES, Defs, LACKS, NULLABLE};
use crate::wire::report::PassReport;

/// Assertions that choose no Rust type.
const ASSERTIONS: &[(&str, &str)] = &[
    ("if", "conditions dropped"),
    ("then", "conditions dropped"),
    ("else", "conditions dropped"),
    ("contains", "contains dropped"),
    ("dependencies", "dependencies dropped"),
    ("dependentRequired", "dependencies dropped"),
    ("dependentSchemas", "dependencies dropped"),
    ("propertyNames", "property names dropped"),
    ("minProperties", "bounds dropped"),
    ("maxProperties", "bounds dropped"),
    ("minItems", "bounds dropped"),
    ("maxItems", "bounds dropped"),
    ("uniqueItems", "bounds dropped"),
    ("minLength", "bounds dropped"),
    ("maxLength", "bounds dropped"),
    ("minimum", "bounds dropped"),
    ("maximum", "bounds dropped"),
    ("exclusiveMinimum", "bounds dropped"),
    ("exclusiveMaximum", "bounds dropped"),
    ("multipleOf", "bounds dropped"),
    ("pattern", "patterns dropped"),
    ("format", "formats dropped"),
    ("additionalItems", "bounds dropped"),
];

/// Drops assertions; of `not`, keeps which members an object must not have.
pub fn drop_assertions(defs: &mut Defs, report: &mut PassReport) {
    for schema in defs.values_mut() {
        each(schema, &mut |members| {
            for (keyword, pass) in ASSERTIONS {
                if members.remove(*keyword).is_some() {
                    report.hit(pass);
                }
            }
            if let Some(not) = members.remove("not") {
                let (lacks, denies) = forbidden(&not);
                if lacks.is_empty() && denies.is_empty() {
                    report.hit("not dropped");
                }
                if !lacks.is_empty() {
                    report.hit("not read as forbidden members");
                    members.insert(LACKS.into(), json!(lacks));
                }
                if !denies.is_empty() {
                    report.hit("not read as forbidden values");
                    members.insert(DENIES.into(), json!(denies));
                }
            }
        });
    }
}

/// What `not`, or an `anyOf` in it, forbids: members (`required: [one]`) and values of members
/// (`required: [one]` with its `const`).
fn forbidden(not: &Value) -> (Vec<String>, Vec<(String, Value)>) {
    let alternatives = match not.get("anyOf").and_then(Value::as_array) {
        Some(alternatives) => alternatives.as_slice(),
        None => std::slice::from_ref(not),
    };
    let mut lacks = Vec::new();
    let mut denies = Vec::new();
    for members in alternatives.iter().filter_map(Value::as_object) {
        let required = strings(members, "required");
        let ([name], properties) = (required.as_slice(), properties(members)) else {
            continue;
        };
        match properties {
            None if members.len() == 1 => lacks.push((*name).to_owned()),
            Some(properties) if members.len() == 2 && properties.len() == 1 => {
                let constant = properties.get(*name).and_then(|schema| schema.get("const"));
                denies.extend(constant.map(|value| ((*name).to_owned(), value.clone())));
            }
            _ => {}
        }
    }
    (lacks, denies)
}

/// One spelling each for constants, enums and nullability.
pub fn unify_values(defs: &mut Defs, report: &mut PassReport) {
    for schema in defs.values_mut() {
        each(schema, &mut |members| {
            nullable_enum(members, report);
            if let Some([only]) = members
                .get("enum")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                let only = only.clone();
                report.hit("one-value enum to const");
                members.remove("enum");
                members.insert("const".into(), only);
            }
            if let Some(constant) = members.get("const") {
                let kind = kind_name(constant);
                members.insert("type".into(), kind.into());
            }
            if let Some(Value::Array(values)) = members.get("enum") {
                if values.iter().all(Value::is_string) {
                    members.insert("type".into(), "string".into());
                } else {
                    report.hit("enum of other than strings to its type");
                    let kind = values.first().map_or("null", kind_name);
                    let same = values.iter().all(|value| kind_name(value) == kind);
                    members.remove("enum");
                    if same {
                        members.insert("type".into(), kind.into());
                    }
                }
            }
            type_list(members, report);
        });
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn nullable_enum(members: &mut Map<String, Value>, report: &mut PassReport) {
    let Some(Value::Array(values)) = members.get_mut("enum") else {
        return;
    };
    let before = values.len();
    values.retain(|value| !value.is_null());
    if values.len() < before {
        report.hit("null in an enum to nullable");
        members.insert(NULLABLE.into(), true.into());
    }
}

/// `type: [T, null]` is a nullable `T`; more types are a union of them.
fn type_list(members: &mut Map<String, Value>, report: &mut PassReport) {
    let Some(Value::Array(types)) = members.get("type") else {
        return;
    };
    let mut types: Vec<Value> = types.clone();
    let before = types.len();
    types.retain(|kind| kind != "null");
    if types.len() < before {
        report.hit("null among types to nullable");
        members.insert(NULLABLE.into(), true.into());
    }
    if let [only] = types.as_slice() {
        members.insert("type".into(), only.clone());
        return;
    }
    report.hit("several types to a union");
    let nullable = members.remove(NULLABLE);
    let whole = std::mem::take(members);
    let branch = |kind: Value| {
        let mut branch = Map::new();
        let own: &[&str] = match kind.as_str() {
            Some("object") => &[
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
            ],
            Some("array") => &["items"],
            Some("string") => &["enum"],
            _ => &[],
        };
        for keyword in own {
            if let Some(value) = whole.get(*keyword) {
                branch.insert((*keyword).into(), value.clone());
            }
        }
        branch.insert("type".into(), kind);
        Value::Object(branch)
    };
    members.insert("oneOf".into(), types.into_iter().map(branch).collect());
    if let Some(nullable) = nullable {
        members.insert(NULLABLE.into(), nullable);
    }
}

/// `patternProperties` is a map whatever its keys look like.
pub fn unify_maps(defs: &mut Defs, report: &mut PassReport) {
    for schema in defs.values_mut() {
        each(schema, &mut |members| {
            let Some(Value::Object(patterns)) = members.remove("patternProperties") else {
                return;
            };
            report.hit("pattern properties to a map");
            let closed = members
                .get("additionalProperties")
                .is_none_or(|more| more == &json!(false));
            if closed && properties(members).is_none() && patterns.len() == 1 {
                members.extend(
                    patterns
                        .into_values()
                        .map(|value| ("additionalProperties".into(), value)),
                );
            } else {
                members.insert("additionalProperties".into(), true.into());
            }
        });
    }
}

/// Unions: `anyOf` becomes `oneOf`; branches that only constrain go; `null` becomes nullability;
/// a single branch is no union.
pub fn unify_unions(defs: &mut Defs, report: &mut PassReport) {
    for schema in defs.values_mut() {
        each(schema, &mut |members| {
            drop_constraints(members, report);
            if let Some(branches) = members.remove("anyOf") {
                report.hit("anyOf to oneOf");
                match members.get_mut("oneOf") {
                    None => {
                        members.insert("oneOf".into(), branches);
                    }
                    // Two choices at once: each is one part that must hold.
                    Some(_) => {
                        let part = json!({"oneOf": branches});
                        push_part(members, part);
                    }
                }
            }
            null_branch(members, report);
            single_part(members, report);
        });
    }
}

fn push_part(members: &mut Map<String, Value>, part: Value) {
    match members.get_mut("allOf") {
        Some(Value::Array(parts)) => parts.push(part),
        _ => {
            members.insert("allOf".into(), Value::Array(vec![part]));
        }
    }
}

fn drop_constraints(members: &mut Map<String, Value>, report: &mut PassReport) {
    let base = properties(members).cloned().unwrap_or_default();
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(branches)) = members.get(keyword) else {
            continue;
        };
        if branches.iter().all(|branch| only_constrains(branch, &base)) {
            report.hit("union of constraints dropped");
            members.remove(keyword);
        }
    }
    if let Some(Value::Array(parts)) = members.get_mut("allOf") {
        let before = parts.len();
        parts.retain(|part| !only_constrains(part, &base));
        if parts.len() < before {
            report.hit("allOf of constraints dropped");
        }
        if parts.is_empty() {
            members.remove("allOf");
        }
    }
}

/// Whether a schema adds nothing to the shape of an object that has the properties of `base`.
fn only_constrains(schema: &Value, base: &Map<String, Value>) -> bool {
    let Value::Object(members) = schema else {
        return schema.is_boolean();
    };
    members
        .iter()
        .all(|(keyword, value)| match keyword.as_str() {
            "required" | "title" | "description" | LACKS | DENIES => true,
            "properties" => value.as_object().is_some_and(|properties| {
                properties.iter().all(|(name, value)| {
                    value.is_boolean()
                        || is_anything(value)
                        || base.get(name).is_some_and(|known| !is_anything(known))
                })
            }),
            "oneOf" | "anyOf" | "allOf" => value.as_array().is_some_and(|branches| {
                branches.iter().all(|branch| only_constrains(branch, base))
            }),
            _ => false,
        })
}

fn null_branch(members: &mut Map<String, Value>, report: &mut PassReport) {
    let Some(Value::Array(branches)) = members.get_mut("oneOf") else {
        return;
    };
    let before = branches.len();
    branches.retain(|branch| branch.get("type") != Some(&json!("null")));
    if branches.len() < before {
        report.hit("null branch to nullable");
        members.insert(NULLABLE.into(), true.into());
    }
}

/// A union of one branch is that branch, and so is an `allOf` of one where nothing stands beside.
fn single_part(members: &mut Map<String, Value>, report: &mut PassReport) {
    if members
        .get("oneOf")
        .and_then(Value::as_array)
        .is_some_and(|branches| branches.len() == 1)
        && let Some(Value::Array(branches)) = members.remove("oneOf")
    {
        report.hit("union of one branch");
        branches
            .into_iter()
            .for_each(|branch| push_part(members, branch));
    }
    let beside = |keyword: &str| {
        !matches!(
            keyword,
            "allOf" | "description" | "title" | "type" | NULLABLE
        )
    };
    if members.keys().any(|keyword| beside(keyword)) {
        return;
    }
    let Some([only]) = members
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return;
    };
    let Value::Object(only) = only.clone() else {
        return;
    };
    report.hit("allOf of one part");
    members.remove("allOf");
    if only.contains_key("$ref") {
        members.remove("type");
    }
    for (keyword, value) in only {
        members.entry(keyword).or_insert(value);
    }
}
