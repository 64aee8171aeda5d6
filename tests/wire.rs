//! The emitted wire types of AdCP 3.0: nothing is lost, no wrong branch is taken, and the source is
//! what rustfmt and clippy want.
#![allow(clippy::unwrap_used)]

#[path = "wire/harness.rs"]
mod harness;
#[path = "wire/instance.rs"]
mod instance;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use adcp_scaffold::spec::{self, SpecLine};
use adcp_scaffold::wire::model::Shape;
use adcp_scaffold::wire::{self, Wire};
use serde_json::{Value, json};

static LINE: LazyLock<SpecLine> = LazyLock::new(|| spec::embedded("3.0").unwrap());
static ALL: LazyLock<Wire> = LazyLock::new(|| {
    let tools: Vec<String> = LINE.facts.tools.keys().cloned().collect();
    wire::emit(&LINE, &tools).unwrap()
});

/// Types of every schema of the line, also of those that no tool reaches: each is made the request
/// and the response of a tool.
static EVERY: LazyLock<Wire> = LazyLock::new(|| {
    let mut line = LINE.clone();
    let some = LINE.facts.tools["get_products"].clone();
    line.facts.tools = LINE
        .definitions
        .schemas
        .keys()
        .map(|name| {
            let facts = spec::ToolFacts { request: name.clone(), response: name.clone(), ..some.clone() };
            (name.clone(), facts)
        })
        .collect();
    let tools: Vec<String> = line.facts.tools.keys().cloned().collect();
    wire::emit(&line, &tools).unwrap()
});

/// The crate of all types and its program, written once.
const CRATE: &str = "adcp-wire-round-trip";
static PROGRAM: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    let folder = harness::write(CRATE, &EVERY);
    harness::add_program(&folder, "adcp_wire_round_trip", &EVERY);
    folder
});

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The whole schemas, to judge a value as the runtime does.
struct Judge(BTreeMap<String, jsonschema::Validator>);

impl Judge {
    fn accepts(&mut self, pointer: &str, value: &Value) -> bool {
        let validator = self.0.entry(pointer.to_owned()).or_insert_with(|| {
            let root = pointer.split('/').next().unwrap();
            let reached = LINE.definitions.reachable([root]);
            let definitions: BTreeMap<&String, &Value> =
                reached.iter().map(|name| (name, &LINE.definitions.schemas[name])).collect();
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
fn survive(samples: Vec<(String, String, Value)>) -> (usize, usize) {
    let mut judge = Judge(BTreeMap::new());
    let total = samples.len();
    for (from, name, value) in &samples { if !judge.accepts(&place(&EVERY.model[name].source).0, value) { eprintln!("REFUSED {from} {name} {value}"); } }
    let accepted: Vec<_> =
        samples.into_iter().filter(|(_, name, value)| judge.accepts(&place(&EVERY.model[name].source).0, value)).collect();
    let questions: Vec<(String, Value)> =
        accepted.iter().map(|(_, name, value)| (name.clone(), value.clone())).collect();
    let answers = harness::ask(&PROGRAM, CRATE, &questions);
    let mut failures = String::new();
    for ((from, name, value), answer) in accepted.iter().zip(&answers) {
        // Compared as text with sorted members: `10000` and `10000.0` differ there, as they should.
        let same = answer.written.as_ref().is_some_and(|written| sorted(written) == sorted(value));
        if !same {
            let got = answer.error.clone().unwrap_or_else(|| format!("{:?}", answer.written));
            failures.push_str(&format!("{from} as {name}\n  sent {value}\n  got  {got}\n"));
        }
    }
    assert!(failures.is_empty(), "{failures}");
    (accepted.len(), total - accepted.len())
}

/// Canonical text: members sorted, numbers as written.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, String> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        scalar => scalar.to_string(),
    }
}

#[test]
fn every_storyboard_request_survives_its_type() {
    let samples = lines(include_str!("wire/storyboards.jsonl"));
    assert_eq!(samples.len(), 369);
    let known: Vec<_> = samples
        .into_iter()
        .filter_map(|sample| {
            let tool = LINE.facts.tools.get(sample["tool"].as_str()?)?;
            Some((sample["from"].to_string(), tool.request.clone(), sample["value"].clone()))
        })
        .collect();
    // Seven belong to steps whose tool the runner fills in.
    assert_eq!(known.len(), 362);
    // Seven are meant to be refused: negative budgets, missing members, an unknown scenario.
    assert_eq!(survive(known), (355, 7));
}

#[test]
fn every_schema_example_survives_its_type() {
    let samples = lines(include_str!("wire/examples.jsonl"));
    assert_eq!(samples.len(), 302);
    let by_source: BTreeMap<&str, &str> =
        EVERY.model.iter().map(|(name, definition)| (definition.source.as_str(), name.as_str())).collect();
    // The others are examples of single strings and numbers, which have no type of their own.
    let known: Vec<_> = samples
        .into_iter()
        .filter_map(|sample| {
            let name = by_source.get(sample["schema"].as_str()?)?;
            Some((sample["from"].to_string(), (*name).to_owned(), sample["value"].clone()))
        })
        .collect();
    assert_eq!(known.len(), 0);
    assert_eq!(survive(known), (0, 0));
}

#[test]
fn what_no_sample_shows_survives_too() {
    let value = json!({
        "account": {"account_id": "a"}, "brand": {"domain": "example.org"},
        "idempotency_key": "0123456789abcdef", "start_time": "2026-12-01T00:00:00.250+05:30",
        "end_time": "2026-12-31T00:00:00Z", "packages": [], "unheard_of": {"a": null, "b": [1.0, 1, 1e3]},
        "total_budget": {"amount": 10000.0, "currency": "EUR"}, "context": {"x": null},
    });
    let mut whole_number = value.clone();
    whole_number["total_budget"]["amount"] = json!(10000);
    let questions: Vec<(String, Value)> =
        [value, whole_number].into_iter().map(|value| ("CreateMediaBuyRequest".to_owned(), value)).collect();
    for ((_, value), answer) in questions.iter().zip(harness::ask(&PROGRAM, CRATE, &questions)) {
        assert_eq!(sorted(&answer.written.unwrap()), sorted(value));
    }
}

#[test]
fn every_branch_of_every_union_is_read_as_itself() {
    let schemas = instance::Schemas(&LINE.definitions.schemas);
    let mut judge = Judge(BTreeMap::new());
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    let mut unions = 0;
    let mut refused = String::new();
    for (name, definition) in &EVERY.model {
        let Shape::Union(union) = &definition.shape else { continue };
        unions += 1;
        let (pointer, schema) = place(&definition.source);
        for variant in &union.variants {
            let value = schemas.value(schema, Some(variant.branch));
            if !judge.accepts(&pointer, &value) {
                refused.push_str(&format!("{name}::{} {value}\n", variant.name));
            }
            questions.push((name.clone(), value));
            expected.push(variant.name.as_str());
        }
    }
    assert!(refused.is_empty(), "not valid:\n{refused}");
    let mut wrong = String::new();
    for (((name, value), expected), answer) in
        questions.iter().zip(&expected).zip(harness::ask(&PROGRAM, CRATE, &questions))
    {
        if answer.variant.as_deref() != Some(*expected) || answer.written.as_ref() != Some(value) {
            wrong.push_str(&format!("{name}::{expected} {value} became {answer:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!((unions, questions.len()), (75, 0));
}

/// The bundled schema at a source (`file#pointer`): its pointer below `definitions`, and itself.
fn place(source: &str) -> (String, &'static Value) {
    let (file, pointer) = source.split_once('#').unwrap_or((source, ""));
    let mut best: Option<(&str, &str, String)> = None;
    for (name, from) in &LINE.definitions.sources {
        let (its_file, its_pointer) = from.split_once('#').unwrap_or((from, ""));
        if its_file == file
            && pointer.starts_with(its_pointer)
            && best.as_ref().is_none_or(|best| best.1.len() < its_pointer.len())
        {
            best = Some((name, its_pointer, pointer[its_pointer.len()..].to_owned()));
        }
    }
    let (name, _, rest) = best.unwrap();
    let schema = LINE.definitions.schemas[name].pointer(&rest);
    (format!("{name}{rest}"), schema.unwrap_or_else(|| panic!("{source}: no such place")))
}

#[test]
fn no_union_has_numbered_variants() {
    for (name, definition) in &ALL.model {
        if let Shape::Union(union) = &definition.shape {
            for variant in &union.variants {
                let numbered = variant.name.ends_with(|last: char| last.is_ascii_digit());
                assert!(!numbered, "{name}::{}", variant.name);
            }
        }
    }
    // These two can't be told apart by looking at a value, and must not be guessed at.
    let kept: Vec<&str> = ALL.passes.kept_as_json.keys().map(String::as_str).collect();
    assert_eq!(kept, ["AssetRequirements", "AsyncResponseData"]);
}

#[test]
fn every_pass_and_every_chosen_name_is_used() {
    let hits: String = ALL.passes.hits.iter().map(|(pass, hits)| format!("{hits:>5}  {pass}\n")).collect();
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(hits, snapbox::Data::read_from("tests/wire/passes.txt".as_ref(), None));
    let names = &LINE.names;
    for name in names.inline.keys().chain(names.variants.keys()) {
        assert!(ALL.passes.names_used.contains(name), "names.toml: `{name}` is not used");
    }
    for place in names.files.keys() {
        assert!(LINE.definitions.sources.values().any(|source| source == place), "names.toml: no {place}");
    }
}

#[test]
fn emission_is_the_same_every_time_and_does_not_depend_on_the_order_of_tools() {
    let mut tools: Vec<String> = LINE.facts.tools.keys().cloned().collect();
    tools.reverse();
    let again = wire::emit(&spec::embedded("3.0").unwrap(), &tools).unwrap();
    assert_eq!(again.files, ALL.files);
    assert_eq!(again.tools, ALL.tools);
}

#[test]
fn a_type_does_not_depend_on_which_other_tools_are_emitted() {
    let few = wire::emit(&LINE, &["create_media_buy".to_owned(), "get_products".to_owned()]).unwrap();
    assert!(few.types < ALL.types && few.types > 100);
    for (name, definition) in &few.model {
        assert_eq!(ALL.model.get(name), Some(definition), "{name}");
    }
}

#[test]
fn the_source_is_what_rustfmt_and_clippy_want() {
    for file in &ALL.files {
        if file.path.ends_with(".rs") {
            assert!(file.contents.starts_with("// @generated"), "{}", file.path);
            assert!(!file.contents.contains("rustfmt::skip"), "{}", file.path);
        }
    }
    let folder = harness::write("adcp-wire-lint", &ALL);
    for arguments in [["fmt", "--check"].as_slice(), &["clippy", "--quiet", "--", "-D", "warnings"]] {
        let output = harness::cargo(&folder, arguments);
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn the_tool_list_holds_whole_schemas_that_resolve_by_themselves() {
    let text = &ALL.files.iter().find(|file| file.path == "tools.json").unwrap().contents;
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(list.len(), 57);
    for tool in &list {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{}", tool["name"]);
        assert!(schema["properties"].is_object(), "{}", tool["name"]);
        jsonschema::options().build(schema).unwrap_or_else(|error| panic!("{}: {error}", tool["name"]));
    }
    // Both protocols' folders have such a request; clients drop what the list does not name.
    let formats = list.iter().find(|tool| tool["name"] == "list_creative_formats").unwrap();
    for property in ["format_ids", "type", "account", "pagination"] {
        assert!(formats["inputSchema"]["properties"].get(property).is_some(), "{property}");
    }
}
