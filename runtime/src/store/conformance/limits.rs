//! What a store must take, and what it must refuse.

use serde_json::{Value, json};

use super::Subject;
use super::fixtures::{KIND, assert_limit, commit, draft, everything, ids, key, read, try_commit};
use crate::identity::{Owner, Principal, Scope, TenantId};
use crate::store::{Batch, Change, Draft, Expect, Key};

pub(super) async fn a_key_twice_in_a_batch_is_refused(subject: Subject) {
    let store = subject.store.as_ref();
    assert_limit(
        try_commit(store, |batch| {
            _ = batch.put(key("a"), draft(1)).put(key("a"), draft(2))
        })
        .await,
        "the same key twice",
    );
    let check_and_put = |batch: &mut Batch| {
        _ = batch
            .push(key("a"), Expect::Absent, Change::Keep)
            .put(key("a"), draft(1))
    };
    assert_limit(try_commit(store, check_and_put).await, "the same key twice");
    assert_eq!(read(store, &key("a")).await, None);
}

pub(super) async fn names_of_the_greatest_length_are_kept(subject: Subject) {
    let store = subject.store.as_ref();
    let long = "n".repeat(Key::MAX_ID);
    let scope = Scope::account(&TenantId(long.clone()), long.clone());
    let key = Key::new(scope, KIND, long.clone());
    commit(store, |batch| {
        _ = batch.insert(
            key.clone(),
            draft(1).sorted(long.clone()).tagged(long.clone()),
        )
    })
    .await;
    let record = read(store, &key).await.expect("it was just written");
    assert_eq!(
        (record.key, record.sort, record.tags),
        (key, long.clone(), vec![long])
    );
}

pub(super) async fn names_that_are_too_long_or_hold_nul_are_refused(subject: Subject) {
    let store = subject.store.as_ref();
    for bad in ["n".repeat(Key::MAX_ID + 1), "a\0b".into(), "\0".into()] {
        let tenant = TenantId(bad.clone());
        let fine = TenantId("tenant".into());
        let keys = [
            key(&bad),
            Key::new(Scope::seller(&tenant), KIND, "a"),
            Key::new(Scope::account(&fine, bad.clone()), KIND, "a"),
            Key::new(Scope::principal(&fine, &Principal(bad.clone())), KIND, "a"),
        ];
        for key in keys {
            assert_limit(
                try_commit(store, |batch| _ = batch.put(key.clone(), draft(1))).await,
                "a bad name",
            );
            assert_eq!(
                read(store, &key).await,
                None,
                "a name that can't be written is not found"
            );
        }
        assert_limit(
            try_commit(store, |batch| {
                _ = batch.put(key("a"), draft(1).tagged(bad.clone()))
            })
            .await,
            "a bad tag",
        );
        assert_limit(
            try_commit(store, |batch| {
                _ = batch.put(key("a"), draft(1).sorted(bad.clone()))
            })
            .await,
            "a bad sort",
        );
    }
    assert_limit(
        try_commit(store, |batch| _ = batch.put(key(""), draft(1))).await,
        "an empty id",
    );
    let nobody = Scope {
        tenant: TenantId("tenant".into()),
        owner: Owner::Account(String::new()),
    };
    assert_limit(
        try_commit(store, |batch| {
            _ = batch.put(Key::new(nobody, KIND, "a"), draft(1))
        })
        .await,
        "an empty owner",
    );
    assert!(ids(store, &everything()).await.is_empty());
}

pub(super) async fn bodies_that_are_too_large_or_too_deep_are_refused(subject: Subject) {
    let store = subject.store.as_ref();
    // Two quotes around it make it two bytes too long.
    let large = Value::String("x".repeat(Draft::MAX_BODY - 1));
    assert_limit(
        try_commit(store, |batch| _ = batch.put(key("a"), Draft::new(large))).await,
        "a body that is too large",
    );
    assert_limit(
        try_commit(store, |batch| {
            _ = batch.put(key("a"), Draft::new(nested(Draft::MAX_DEPTH + 1)))
        })
        .await,
        "a body that is too deep",
    );
    let deepest = nested(Draft::MAX_DEPTH);
    commit(store, |batch| {
        _ = batch.put(key("b"), Draft::new(deepest.clone()))
    })
    .await;
    assert_eq!(
        *read(store, &key("b"))
            .await
            .expect("it was just written")
            .body,
        deepest
    );
    assert_eq!(ids(store, &everything()).await, ["b"]);
}

pub(super) async fn what_is_refused_writes_nothing(subject: Subject) {
    let store = subject.store.as_ref();
    let good_then_bad =
        |batch: &mut Batch| _ = batch.put(key("good"), draft(1)).put(key("a\0b"), draft(1));
    assert_limit(
        try_commit(store, good_then_bad).await,
        "a bad name beside a good one",
    );
    assert_eq!(read(store, &key("good")).await, None);
}

/// An array in an array in an object in an array and so on.
fn nested(depth: usize) -> Value {
    (1..depth).fold(json!([]), |inner, level| {
        if level % 3 == 0 {
            json!({ "in": inner })
        } else {
            json!([inner])
        }
    })
}
