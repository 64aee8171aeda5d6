//! The expected sources of `tests/wire/cases/`, compiled against the runtime and used.
#![deny(warnings)]

use serde_json::{Value, json};

/// Reads a value as a type, writes it, and hands the type's value back.
fn through<T>(value: Value) -> T
where
    T: serde::de::DeserializeOwned + serde::Serialize,
{
    let read: T = serde_json::from_value(value.clone()).expect("a value of the type");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), value);
    read
}

#[path = "../../wire/cases/composition.rs"]
pub mod composition;
#[path = "../../wire/cases/enums.rs"]
pub mod enums;
#[path = "../../wire/cases/presence.rs"]
pub mod presence;
#[path = "../../wire/cases/recursion.rs"]
pub mod recursion;
#[path = "../../wire/cases/unions.rs"]
pub mod unions;

fn main() {
    let root: composition::Root = through(json!({
        "shared": "s", "inner": {"x": 1, "more": null}, "next": {"next": {}}, "bare": {},
        "own": "o", "unnamed": [1.50],
    }));
    assert_eq!(root.own, "o");
    assert!(root.extra.contains_key("unnamed"));

    let root: enums::Root = through(json!({
        "closed": "b_c", "open": "invented", "with_null": null, "case": "clickTAG",
        "digits": "16x9",
    }));
    assert_eq!(root.closed, Some(enums::RootClosed::BC));
    assert_eq!(
        root.open,
        Some(enums::RootOpen::Unlisted("invented".into()))
    );
    assert_eq!((root.with_null, root.joined), (Some(None), None));

    let root: presence::Root = through(json!({
        "kind": "root", "version": 2, "needed": "n", "needed_nullable": null, "nullable": null,
        "type": "t", "extra": "e", "anything": null, "map": {"a": true},
    }));
    assert_eq!((root.nullable, root.maybe), (Some(None), None));
    assert_eq!(root.anything, Some(Value::Null));
    assert_eq!(root.type_.as_deref(), Some("t"));

    let root: unions::Root = through(json!({
        "tagged": {"model": "flat_rate", "currency": "EUR", "amount": 100},
        "keyed": {"content": "c"}, "scalar": {"level": 3}, "many": ["a"],
        "more": {"a": "a", "b": "b"}, "denied": {"errors": []},
    }));
    assert!(matches!(root.tagged, Some(unions::Priced::FlatRate(_))));
    assert!(matches!(root.more, Some(unions::RootMore::Long(_))));
    assert!(matches!(root.denied, Some(unions::RootDenied::Failed(_))));

    let root: recursion::Root = through(json!({
        "parent": {"children": [{}]}, "expression": {"not": {"leaf": "l"}},
    }));
    assert!(matches!(
        root.expression,
        Some(recursion::Expression::Not(_))
    ));
}
