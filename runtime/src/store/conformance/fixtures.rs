//! Shorthand of the checks.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::identity::{Scope, TenantId};
use crate::store::{Batch, Draft, Key, LeaseRequest, Query, Record, Store, StoreError};

/// The kind that most checks use.
pub(super) const KIND: &str = "thing";

pub(super) fn scope() -> Scope {
    Scope::account(&TenantId("tenant".into()), "account")
}

pub(super) fn key(id: &str) -> Key {
    Key::new(scope(), KIND, id)
}

/// A small body that says which write it came from.
pub(super) fn draft(said: impl Into<Value>) -> Draft {
    Draft::new(json!({ "said": said.into() }))
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_780_000_000 + seconds, 0).expect("a time in this century")
}

pub(super) fn everything() -> Query {
    Query {
        scope: scope(),
        kind: KIND,
        tag: None,
        after: None,
        limit: 1000,
    }
}

pub(super) fn lease(now: i64, until: i64, limit: usize) -> LeaseRequest {
    LeaseRequest {
        kind: KIND,
        now: at(now),
        until: at(until),
        limit,
    }
}

pub(super) async fn read(store: &dyn Store, key: &Key) -> Option<Record> {
    store.get(key).await.expect("the store can be read")
}

pub(super) async fn revision(store: &dyn Store, key: &Key) -> Option<u64> {
    read(store, key).await.map(|record| record.revision)
}

pub(super) async fn said(store: &dyn Store, key: &Key) -> Option<Value> {
    read(store, key)
        .await
        .and_then(|record| record.body.get("said").cloned())
}

pub(super) async fn ids(store: &dyn Store, query: &Query) -> Vec<String> {
    let records = store.list(query).await.expect("the store can be listed");
    records.into_iter().map(|record| record.key.id).collect()
}

pub(super) async fn leased(store: &dyn Store, request: &LeaseRequest) -> Vec<String> {
    let records = store.lease(request).await.expect("work can be leased");
    records.into_iter().map(|record| record.key.id).collect()
}

/// Commits what `fill` puts into a batch.
pub(super) async fn try_commit(
    store: &dyn Store,
    fill: impl FnOnce(&mut Batch),
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    fill(&mut batch);
    store.commit(batch).await
}

/// The same, for what must succeed.
pub(super) async fn commit(store: &dyn Store, fill: impl FnOnce(&mut Batch)) {
    try_commit(store, fill)
        .await
        .expect("nothing stands against this commit");
}

/// Asserts that a commit was refused because of that key.
#[track_caller]
pub(super) fn assert_conflict(result: Result<(), StoreError>, on: &Key) {
    match result {
        Err(StoreError::Conflict(key)) => assert_eq!(*key, *on, "the conflict names another key"),
        other => panic!("a conflict on {on} was due, and this came: {other:?}"),
    }
}

/// Asserts that a commit was refused as outside the limits.
#[track_caller]
pub(super) fn assert_limit(result: Result<(), StoreError>, what: &str) {
    assert!(
        matches!(result, Err(StoreError::Limit(_))),
        "{what} was to be refused, and this came: {result:?}"
    );
}
