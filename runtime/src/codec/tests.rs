#![allow(
    unreachable_pub,
    reason = "the macros make the items of a type public, and a test's type is private"
)]
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::prelude::*;
use crate::codec::Choice;

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    budget: Option<Number>,
    note: Option<Option<String>>,
    tags: Option<Vec<Colour>>,
    extra: Map<String, Value>,
}

object! { open Sample {
    constant { "kind": Constant::Text("sample"), }
    required { "name": name, }
    optional { "budget": budget, "note": note, "tags": tags, }
} }

#[derive(Clone, Debug, PartialEq)]
enum Colour {
    Red,
    Other(String),
}

choice! { Colour { Red: "red", ..Other } }

#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    Small,
}

choice! { Size { Small: "small", } }

#[derive(Clone, Debug, PartialEq)]
struct Nothing {}

object! { closed Nothing {} }

#[derive(Clone, Debug, PartialEq)]
enum Either {
    Sample(Sample),
    Text(String),
    Empty(Nothing),
}

union! { Either {
    Sample(Sample): [OBJECT, says("kind", &[Constant::Text("sample")])],
    Text(String): [TEXT],
    Empty(Nothing): [OBJECT, lacks("kind")],
} }

#[test]
fn what_is_read_is_written_back() {
    for value in [
        json!({"kind": "sample", "name": "a"}),
        json!({"kind": "sample", "name": "a", "budget": 10000, "note": null, "tags": []}),
        json!({"kind": "sample", "name": "a", "budget": 1e4, "note": "n", "tags": ["red", "blue"], "x": {"y": null}}),
    ] {
        assert_eq!(Sample::read(value.clone()).unwrap().write(), value);
        let through_serde: Sample = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&through_serde).unwrap(), value);
    }
}

#[test]
fn an_error_names_the_place() {
    let cases = [
        (json!({"kind": "sample"}), "", "member `name` is missing"),
        (json!({"name": "a"}), "", "member `kind` is missing"),
        (
            json!({"kind": "x", "name": "a"}),
            "/kind",
            "expected \"sample\", found \"x\"",
        ),
        (
            json!({"kind": "sample", "name": 1}),
            "/name",
            "expected a string, found a number",
        ),
        (
            json!({"kind": "sample", "name": "a", "tags": ["red", 1]}),
            "/tags/1",
            "expected a string, found a number",
        ),
        (json!([]), "", "expected an object, found an array"),
    ];
    for (value, pointer, reason) in cases {
        let mismatch = Sample::read(value).unwrap_err();
        assert_eq!(
            (mismatch.pointer().as_str(), mismatch.reason()),
            (pointer, reason)
        );
    }
}

#[test]
fn an_open_enum_keeps_and_a_closed_one_refuses_what_it_does_not_know() {
    assert_eq!(
        Colour::read(json!("blue")).unwrap(),
        Colour::Other("blue".into())
    );
    assert_eq!(Colour::parse("red"), Some(Colour::Red));
    let refused = Size::read(json!("large")).unwrap_err();
    assert_eq!(refused.to_string(), "\"large\" is not one of Size: small");
}

#[test]
fn a_union_takes_the_branch_that_fits_and_says_why_none_does() {
    let read = |value| Either::read(value).map(|either| either.variant());
    assert_eq!(read(json!({"kind": "sample", "name": "a"})), Ok("Sample"));
    assert_eq!(read(json!("a")), Ok("Text"));
    assert_eq!(read(json!({})), Ok("Empty"));
    assert_eq!(
        read(json!({"kind": 1})).unwrap_err().to_string(),
        "fits no variant of Either; Sample: `kind` is 1, not \"sample\"; \
         Text: expected a string, found an object; Empty: `kind` is present"
    );
    assert_eq!(
        read(json!({"surplus": 1})).unwrap_err().to_string(),
        "/surplus: no such member is allowed here"
    );
}

#[test]
fn whole_floats_are_integers_and_others_are_not() {
    assert_eq!(i64::read(json!(5.0)).unwrap(), 5);
    assert_eq!(i64::read(json!(-7)).unwrap(), -7);
    for value in [json!(5.5), json!(1e300), json!(u64::MAX), json!("5")] {
        assert!(
            i64::read(value.clone()).is_err(),
            "{value} was read as an integer"
        );
    }
}
