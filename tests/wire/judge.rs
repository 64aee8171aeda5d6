//! Sends values through their types, and judges first which of them the whole schemas accept, as
//! the runtime does.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{CRATE, EVERY, LINE, PROGRAM, harness};

/// The whole schemas, to judge a value as the runtime does.
#[derive(Default)]
pub(crate) struct Judge(BTreeMap<String, jsonschema::Validator>);

impl Judge {
    /// Whether the schema at `pointer`, below the definitions, accepts `value`.
    pub(crate) fn accepts(&mut self, pointer: &str, value: &Value) -> bool {
        let validator = self.0.entry(pointer.to_owned()).or_insert_with(|| {
            let root = pointer.split('/').next().unwrap();
            let reached = LINE.definitions.reachable([root]);
            let definitions: BTreeMap<&String, &Value> = reached
                .iter()
                .map(|name| (name, &LINE.definitions.schemas[name]))
                .collect();
            let document = json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "definitions": definitions,
                "allOf": [{"$ref": format!("#/definitions/{pointer}")}],
            });
            jsonschema::options().build(&document).unwrap()
        });
        validator.is_valid(value)
    }
}

/// Sends every accepted sample through its type and compares. Returns (accepted, refused).
pub(crate) fn survive(samples: Vec<(String, String, Value)>) -> (usize, usize) {
    let mut judge = Judge::default();
    let total = samples.len();
    for (from, name, value) in &samples {
        if !judge.accepts(&place(&EVERY.model[name].source).0, value) {
            eprintln!("REFUSED {from} {name} {value}");
        }
    }
    let accepted: Vec<_> = samples
        .into_iter()
        .filter(|(_, name, value)| judge.accepts(&place(&EVERY.model[name].source).0, value))
        .collect();
    let questions: Vec<(String, Value)> = accepted
        .iter()
        .map(|(_, name, value)| (name.clone(), value.clone()))
        .collect();
    let answers = harness::ask(&PROGRAM, CRATE, &questions);
    let mut failures = String::new();
    for ((from, name, value), answer) in accepted.iter().zip(&answers) {
        // Compared as text with sorted members: `10000` and `10000.0` differ there, as they should.
        let same = answer
            .written
            .as_ref()
            .is_some_and(|written| sorted(written) == sorted(value));
        if !same {
            let got = answer
                .error
                .clone()
                .unwrap_or_else(|| format!("{:?}", answer.written));
            failures.push_str(&format!("{from} as {name}\n  sent {value}\n  got  {got}\n"));
        }
    }
    assert!(failures.is_empty(), "{failures}");
    (accepted.len(), total - accepted.len())
}

/// Canonical text: members sorted, numbers as written.
pub(crate) fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, String> = members
                .iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        scalar => scalar.to_string(),
    }
}

/// The bundled schema at a source (`file#pointer`): its pointer below `definitions`, and itself.
pub(crate) fn place(source: &str) -> (String, &'static Value) {
    let (file, pointer) = source.split_once('#').unwrap_or((source, ""));
    let mut best: Option<(&str, &str, String)> = None;
    for (name, from) in &LINE.definitions.sources {
        let (its_file, its_pointer) = from.split_once('#').unwrap_or((from, ""));
        if its_file == file
            && pointer.starts_with(its_pointer)
            && best
                .as_ref()
                .is_none_or(|best| best.1.len() < its_pointer.len())
        {
            best = Some((name, its_pointer, pointer[its_pointer.len()..].to_owned()));
        }
    }
    let (name, _, rest) = best.unwrap();
    let schema = LINE.definitions.schemas[name].pointer(&rest);
    (
        format!("{name}{rest}"),
        schema.unwrap_or_else(|| panic!("{source}: no such place")),
    )
}
