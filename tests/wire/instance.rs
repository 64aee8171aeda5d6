//! The smallest value that satisfies a schema, with a chosen branch of its union.

use serde_json::{Map, Value, json};

/// The schemas of a line, as the validator sees them.
pub(crate) struct Schemas<'a>(pub(crate) &'a std::collections::BTreeMap<String, Value>);

/// Which members an object gets.
#[derive(Clone, Copy, PartialEq)]
enum Members {
    Required,
    All,
}

/// The parts of a schema that hold at once, references and `allOf` followed.
#[derive(Default)]
struct Facets {
    all: Vec<Map<String, Value>>,
    /// The first union met: its branches.
    union: Option<Vec<Value>>,
}

impl Schemas<'_> {
    /// Makes a value of `schema`. `choice` is the branch to take in the outermost union.
    pub(crate) fn value(&self, schema: &Value, choice: Option<usize>) -> Value {
        self.make(schema, choice, Members::Required, 0)
    }

    /// The same with all members of the outermost object that the schema names.
    pub(crate) fn full_value(&self, schema: &Value, choice: Option<usize>) -> Value {
        self.make(schema, choice, Members::All, 0)
    }

    fn make(&self, schema: &Value, choice: Option<usize>, members: Members, depth: usize) -> Value {
        assert!(depth < 40, "the schema only has infinite values: {schema}");
        let mut facets = Facets::default();
        self.collect(schema, choice, &mut facets);
        let find = |keyword: &str| facets.all.iter().find_map(|facet| facet.get(keyword));
        if let Some(constant) = find("const") {
            return constant.clone();
        }
        if let Some(Value::Array(values)) = find("enum") {
            return values.first().cloned().unwrap_or_default();
        }
        let kind = match find("type") {
            Some(Value::Array(kinds)) => kinds.get(choice.unwrap_or(0)).cloned(),
            kind => kind.cloned(),
        };
        let has_members = find("properties").is_some() || find("required").is_some();
        match kind.as_ref().and_then(Value::as_str) {
            Some("string") => text(find("format"), find("pattern"), find("minLength")),
            Some("integer") => find("minimum").cloned().unwrap_or_else(|| json!(1)),
            Some("number") => number(&facets),
            Some("boolean") => json!(true),
            Some("null") => Value::Null,
            Some("array") => {
                let count = find("minItems").and_then(Value::as_u64).unwrap_or(0);
                let item = find("items").cloned().unwrap_or_else(|| json!({}));
                (0..count)
                    .map(|_| self.make(&item, None, Members::Required, depth + 1))
                    .collect()
            }
            Some("object") => self.object(&facets, members, depth),
            None if has_members => self.object(&facets, members, depth),
            _ => json!({}),
        }
    }

    /// Follows references and `allOf`, and takes one branch of a union: the chosen one in the first
    /// union, the first one in any other.
    fn collect(&self, schema: &Value, choice: Option<usize>, facets: &mut Facets) {
        let Value::Object(members) = schema else {
            return;
        };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let name = reference.trim_start_matches("#/definitions/");
            self.collect(&self.0[name], choice, facets);
        }
        facets.all.push(members.clone());
        for part in members
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.collect(part, choice, facets);
        }
        for keyword in ["oneOf", "anyOf"] {
            let Some(Value::Array(branches)) = members.get(keyword) else {
                continue;
            };
            let own = facets.union.is_none();
            facets.union.get_or_insert_with(|| branches.clone());
            let at = if own { choice.unwrap_or(0) } else { 0 };
            let branch = branches.get(at).or_else(|| branches.first());
            if let Some(branch) = branch {
                self.collect(branch, None, facets);
            }
        }
    }

    fn object(&self, facets: &Facets, members: Members, depth: usize) -> Value {
        let mut required: Vec<&str> = Vec::new();
        for facet in &facets.all {
            let names = facet
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            for name in names.filter_map(Value::as_str) {
                if !required.contains(&name) {
                    required.push(name);
                }
            }
        }
        if members == Members::All {
            for facet in &facets.all {
                let known = facet
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten();
                for (name, schema) in known {
                    if schema != &json!(false) && !required.contains(&name.as_str()) {
                        required.push(name);
                    }
                }
            }
        }
        let mut object = Map::new();
        for name in required {
            let described = facets
                .all
                .iter()
                .filter_map(|facet| facet.get("properties")?.get(name))
                .filter(|schema| schema.is_object());
            // Several parts may describe it: all of them hold.
            let parts: Vec<Value> = described.cloned().collect();
            let value = match parts.as_slice() {
                [only] => self.make(only, None, Members::Required, depth + 1),
                parts => self.make(
                    &json!({"allOf": narrowest_first(parts)}),
                    None,
                    Members::Required,
                    depth + 1,
                ),
            };
            object.insert(name.to_owned(), value);
        }
        let find = |keyword: &str| facets.all.iter().find_map(|facet| facet.get(keyword));
        let least = find("minProperties").and_then(Value::as_u64).unwrap_or(0);
        let value = find("additionalProperties").cloned().unwrap_or_default();
        for at in object.len()..least as usize {
            object.insert(
                format!("member{at}"),
                self.make(&value, None, Members::Required, depth + 1),
            );
        }
        Value::Object(object)
    }
}

/// What fixes a value comes before what only lists some.
fn narrowest_first(parts: &[Value]) -> Vec<Value> {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.get("const").is_none());
    parts
}

fn number(facets: &Facets) -> Value {
    let find = |keyword: &str| {
        facets
            .all
            .iter()
            .find_map(|facet| facet.get(keyword)?.as_f64())
    };
    match (find("minimum"), find("exclusiveMinimum"), find("maximum")) {
        (Some(minimum), _, _) => json!(minimum),
        (None, Some(_), Some(maximum)) => json!(maximum),
        (None, Some(minimum), None) => json!(minimum + 1.0),
        _ => json!(1),
    }
}

fn text(format: Option<&Value>, pattern: Option<&Value>, length: Option<&Value>) -> Value {
    if let Some(pattern) = pattern.and_then(Value::as_str) {
        return json!(matching(pattern));
    }
    let text = match format.and_then(Value::as_str) {
        Some("date-time") => "2026-11-21T12:00:00Z".to_owned(),
        Some("date") => "2026-11-21".into(),
        Some("uri" | "uri-template") => "https://example.org/".into(),
        Some("email") => "someone@example.org".into(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".into(),
        _ => "x".repeat(length.and_then(Value::as_u64).unwrap_or(1) as usize),
    };
    json!(text)
}

/// A text for each pattern that the smallest values meet.
fn matching(pattern: &str) -> &'static str {
    const TEXTS: &[&str] = &[
        "example.org",
        "EUR",
        "DE",
        "de",
        "x",
        "image/png",
        "#000000",
        "00:00",
        "2026-11-21",
        "0000000000000000",
        "+4900000000",
        "https://example.org/",
        "a:b",
        "1.0",
    ];
    let pattern = jsonschema::options()
        .build(&json!({"pattern": pattern}))
        .unwrap_or_else(|error| panic!("pattern {pattern}: {error}"));
    let long = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let mut texts = TEXTS.iter().copied().chain([long]);
    // What no text meets is then not valid, which the caller notices.
    texts
        .find(|text| pattern.is_valid(&json!(text)))
        .unwrap_or("")
}
