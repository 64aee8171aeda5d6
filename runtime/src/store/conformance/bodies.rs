//! What is written comes back, to the last digit.

use serde_json::{Value, json};

use super::Subject;
use super::fixtures::{at, commit, draft, everything, key, read};
use crate::clock::Timestamp;
use crate::store::{Draft, Record};

pub(super) async fn a_record_comes_back_as_it_was_written(subject: Subject) {
    let store = subject.store.as_ref();
    let body = json!({
        "z": 1, "a": 2, "m": { "y": [], "b": {} },
        "numbers": [0, -1, 1.0, 10000.0, 0.1, 1e300, -0.5, 5e-324, u64::MAX, i64::MIN, 9_007_199_254_740_993_u64],
        "texts": ["", "ü 漢 🦀 \u{202e}", "line\nbreak\ttab", "quote \" back \\", "\u{0}\u{1f}", "%_'"],
        "none": null, "yes": true,
    });
    let draft = Draft::new(body.clone())
        .sorted("s 1")
        .tagged("one")
        .tagged("zwei ü")
        .due(at(5));
    commit(store, |batch| _ = batch.insert(key("a"), draft)).await;
    let expected = Record {
        key: key("a"),
        revision: 1,
        body: body.clone().into(),
        sort: "s 1".into(),
        tags: vec!["one".into(), "zwei ü".into()],
        due: Some(at(5)),
    };
    assert_eq!(read(store, &key("a")).await.as_ref(), Some(&expected));
    assert_eq!(
        store
            .list(&everything())
            .await
            .expect("the store can be listed"),
        [expected]
    );
    let text = read(store, &key("a"))
        .await
        .map(|record| record.body.to_string());
    assert_eq!(
        text,
        Some(body.to_string()),
        "members keep their order and numbers their form"
    );
    for scalar in [
        Value::Null,
        json!(false),
        json!(0),
        json!("text"),
        json!([]),
    ] {
        commit(store, |batch| {
            _ = batch.put(key("scalar"), Draft::new(scalar.clone()))
        })
        .await;
        assert_eq!(
            read(store, &key("scalar"))
                .await
                .map(|record| (*record.body).clone()),
            Some(scalar)
        );
    }
}

pub(super) async fn large_bodies_are_kept(subject: Subject) {
    let store = subject.store.as_ref();
    let whole = Value::String("x".repeat(Draft::MAX_BODY - 2));
    commit(store, |batch| {
        _ = batch.put(key("one"), Draft::new(whole.clone()))
    })
    .await;
    let record = read(store, &key("one")).await.expect("it was just written");
    assert!(
        *record.body == whole,
        "a body of the greatest size came back changed"
    );
    let many = json!(
        (0..100_000)
            .map(|number| json!({ "number": number }))
            .collect::<Vec<_>>()
    );
    commit(store, |batch| {
        _ = batch.put(key("two"), Draft::new(many.clone()))
    })
    .await;
    let record = read(store, &key("two")).await.expect("it was just written");
    assert!(
        *record.body == many,
        "a body of many members came back changed"
    );
}

pub(super) async fn names_are_compared_byte_by_byte(subject: Subject) {
    let store = subject.store.as_ref();
    // Case, trailing blanks, Unicode forms that look alike, and what other languages escape.
    let names = [
        "a",
        "A",
        "a ",
        " a",
        "e\u{301}",
        "\u{e9}",
        "ß",
        "ss",
        "1",
        "01",
        "1.0",
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "\n",
        "\u{feff}a",
        "🦀",
        "null",
    ];
    for name in names {
        commit(store, |batch| {
            _ = batch.insert(key(name), draft(name).tagged(name))
        })
        .await;
    }
    for name in names {
        let record = read(store, &key(name))
            .await
            .unwrap_or_else(|| panic!("{name:?} is gone"));
        assert_eq!(record.body.get("said"), Some(&name.into()));
        let mut query = everything();
        query.tag = Some(name.into());
        assert_eq!(super::fixtures::ids(store, &query).await, [name]);
    }
}

pub(super) async fn instants_are_kept_to_the_microsecond(subject: Subject) {
    let store = subject.store.as_ref();
    for (written, kept) in [
        ("1969-12-31T23:59:59.999999Z", None),
        ("9999-12-31T23:59:59.999999Z", None),
        (
            "2026-04-01T10:00:00.123456789Z",
            Some("2026-04-01T10:00:00.123456Z"),
        ),
    ] {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        commit(store, |batch| {
            _ = batch.put(key("a"), draft(1).due(instant(written)))
        })
        .await;
        let due = read(store, &key("a")).await.and_then(|record| record.due);
        assert_eq!(due, Some(instant(kept.unwrap_or(written))));
    }
}
