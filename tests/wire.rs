//! The emitted wire types of AdCP 3.0: nothing is lost, no wrong branch is taken, and the source is
//! what rustfmt and clippy want.
#![allow(clippy::unwrap_used)]

#[path = "wire/cases.rs"]
mod cases;
#[path = "wire/harness.rs"]
mod harness;
#[path = "wire/instance.rs"]
mod instance;
#[path = "wire/judge.rs"]
mod judge;
#[path = "wire/recipes.rs"]
mod recipes;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use adcp_scaffold::spec::{self, SpecLine};
use adcp_scaffold::wire::model::Shape;
use adcp_scaffold::wire::{self, Wire};
use serde_json::{Value, json};

use judge::{Judge, place, sorted, survive};

static LINE: LazyLock<SpecLine> = LazyLock::new(|| spec::embedded("3.0").unwrap());
static ALL: LazyLock<Wire> = LazyLock::new(|| {
    let tools: Vec<String> = LINE.facts.tools.keys().cloned().collect();
    wire::emit(&LINE, &tools, None).unwrap()
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
            let facts = spec::ToolFacts {
                request: name.clone(),
                response: name.clone(),
                ..some.clone()
            };
            (name.clone(), facts)
        })
        .collect();
    let tools: Vec<String> = line.facts.tools.keys().cloned().collect();
    wire::emit(&line, &tools, None).unwrap()
});

/// The crate of all types and its program, written once.
const CRATE: &str = "adcp-wire-round-trip";
static PROGRAM: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    let folder = harness::write(CRATE, &EVERY);
    harness::add_program(&folder, "adcp_wire_round_trip", &EVERY);
    folder
});

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_storyboard_request_survives_its_type() {
    let samples = lines(include_str!("wire/storyboards.jsonl"));
    assert_eq!(samples.len(), 369);
    let known: Vec<_> = samples
        .into_iter()
        .filter_map(|sample| {
            let tool = LINE.facts.tools.get(sample["tool"].as_str()?)?;
            Some((
                sample["from"].to_string(),
                tool.request.clone(),
                sample["value"].clone(),
            ))
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
    let by_source: BTreeMap<&str, &str> = EVERY
        .model
        .iter()
        .map(|(name, definition)| (definition.source.as_str(), name.as_str()))
        .collect();
    // The others are examples of single strings and numbers, which have no type of their own.
    let known: Vec<_> = samples
        .into_iter()
        .filter_map(|sample| {
            let name = by_source.get(sample["schema"].as_str()?)?;
            Some((
                sample["from"].to_string(),
                (*name).to_owned(),
                sample["value"].clone(),
            ))
        })
        .collect();
    assert_eq!(survive(known), (180, 0));
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
    let questions: Vec<(String, Value)> = [value, whole_number]
        .into_iter()
        .map(|value| ("CreateMediaBuyRequest".to_owned(), value))
        .collect();
    for ((_, value), answer) in questions
        .iter()
        .zip(harness::ask(&PROGRAM, CRATE, &questions))
    {
        assert_eq!(sorted(&answer.written.unwrap()), sorted(value));
    }
}

#[test]
fn every_branch_of_every_union_is_read_as_itself() {
    let schemas = instance::Schemas(&LINE.definitions.schemas);
    let mut judge = Judge::default();
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    let (mut unions, mut minimal, mut maximal) = (0, 0, 0);
    let mut refused = String::new();
    for (name, definition) in &EVERY.model {
        let Shape::Union(union) = &definition.shape else {
            continue;
        };
        unions += 1;
        let (pointer, schema) = place(&definition.source);
        for variant in &union.variants {
            let value = schemas.value(schema, Some(variant.branch));
            if !judge.accepts(&pointer, &value) {
                refused.push_str(&format!("{name}::{} {value}\n", variant.name));
            }
            minimal += 1;
            questions.push((name.clone(), value));
            expected.push(variant.name.as_str());
            // With every optional member too, so that a branch can't pass for another by having
            // what the other requires. Some such values break a rule between members.
            let value = schemas.full_value(schema, Some(variant.branch));
            if judge.accepts(&pointer, &value) {
                maximal += 1;
                questions.push((name.clone(), value));
                expected.push(variant.name.as_str());
            }
        }
    }
    assert!(refused.is_empty(), "not valid:\n{refused}");
    let mut wrong = String::new();
    for (((name, value), expected), answer) in questions
        .iter()
        .zip(&expected)
        .zip(harness::ask(&PROGRAM, CRATE, &questions))
    {
        if answer.variant.as_deref() != Some(*expected) || answer.written.as_ref() != Some(value) {
            wrong.push_str(&format!("{name}::{expected} {value} became {answer:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!((unions, minimal, maximal), (90, 273, 263));
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
    let hits: String = ALL
        .passes
        .hits
        .iter()
        .map(|(pass, hits)| format!("{hits:>5}  {pass}\n"))
        .collect();
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(
        hits,
        snapbox::Data::read_from("tests/wire/passes.txt".as_ref(), None),
    );
    let names = &LINE.names;
    for name in names.inline.keys().chain(names.variants.keys()) {
        assert!(
            EVERY.passes.names_used.contains(name),
            "names.toml: `{name}` is not used"
        );
    }
    for place in names.files.keys() {
        assert!(
            LINE.definitions
                .sources
                .values()
                .any(|source| source == place),
            "names.toml: no {place}"
        );
    }
}

#[test]
fn emission_is_the_same_every_time_and_does_not_depend_on_the_order_of_tools() {
    let mut tools: Vec<String> = LINE.facts.tools.keys().cloned().collect();
    tools.reverse();
    let again = wire::emit(&spec::embedded("3.0").unwrap(), &tools, None).unwrap();
    assert_eq!(again.files, ALL.files);
    assert_eq!(again.tools, ALL.tools);
}

#[test]
fn a_type_does_not_depend_on_which_other_tools_are_emitted() {
    let few = wire::emit(
        &LINE,
        &["create_media_buy".to_owned(), "get_products".to_owned()],
        None,
    )
    .unwrap();
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
    for arguments in [
        ["fmt", "--check"].as_slice(),
        &["clippy", "--quiet", "--", "-D", "warnings"],
    ] {
        let output = harness::cargo(&folder, arguments);
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&said)
        );
    }
}

#[test]
fn the_tool_list_holds_whole_schemas_that_resolve_by_themselves() {
    let text = &ALL
        .files
        .iter()
        .find(|file| file.path == "tools.json")
        .unwrap()
        .contents;
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(list.len(), 59);
    for tool in &list {
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{}", tool["name"]);
        assert!(schema["properties"].is_object(), "{}", tool["name"]);
        jsonschema::options()
            .build(schema)
            .unwrap_or_else(|error| panic!("{}: {error}", tool["name"]));
    }
    // A buyer's language model chooses by this, and retries safely only with a key.
    for tool in &list {
        let (name, about) = (
            tool["name"].as_str().unwrap(),
            tool["description"].as_str().unwrap(),
        );
        let (ours, effect) = about.rsplit_once(". ").unwrap();
        assert_eq!(format!("{ours}."), LINE.descriptions[name], "{name}");
        let takes_key = tool["inputSchema"]["properties"]
            .get("idempotency_key")
            .is_some();
        assert_eq!(
            effect.contains("idempotency_key"),
            takes_key,
            "{name}: {effect}"
        );
        assert_eq!(
            effect == "Reads only.",
            !LINE.facts.tools[name].mutating,
            "{name}"
        );
    }
    // Both protocols' folders have such a request; clients drop what the list does not name.
    let formats = list
        .iter()
        .find(|tool| tool["name"] == "list_creative_formats")
        .unwrap();
    for property in ["format_ids", "type", "account", "pagination"] {
        assert!(
            formats["inputSchema"]["properties"].get(property).is_some(),
            "{property}"
        );
    }
}

#[test]
fn a_tool_is_described_by_its_line_first_then_by_us_and_else_by_its_facts() {
    let about = |line: &SpecLine| {
        let wire = wire::emit(line, &["get_products".to_owned()], None).unwrap();
        let file = wire.files.iter().find(|file| file.path == "tools.json");
        let list: Value = serde_json::from_str(&file.unwrap().contents).unwrap();
        list[0]["description"].as_str().unwrap().to_owned()
    };
    let mut line = LINE.clone();
    assert!(about(&line).starts_with(&LINE.descriptions["get_products"]));
    line.descriptions.clear();
    assert_eq!(
        about(&line),
        "The media-buy task get_products of AdCP 3.0. Reads only."
    );
    let request = &LINE.facts.tools["get_products"].request;
    line = LINE.clone();
    line.definitions.schemas.get_mut(request).unwrap()["description"] = json!("Their words.");
    assert_eq!(about(&line), "Their words. Reads only.");
}

#[test]
fn small_schemas_become_the_source_that_is_expected() {
    let cases = cases::all();
    assert_eq!(cases.len(), 5);
    let users = include_str!("compile/pass/golden_cases.rs");
    for (name, wire, expected) in &cases {
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(
            cases::module(wire),
            snapbox::Data::read_from(expected, None),
        );
        harness::formatted(expected);
        assert!(
            users.contains(&format!("pub mod {name};")),
            "tests/compile/pass/golden_cases.rs does not compile {name}.rs"
        );
    }
}
