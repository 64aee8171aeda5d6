//! What outlives the store.

use super::Subject;
use super::fixtures::{at, commit, draft, everything, ids, key, lease, leased, read};
use crate::store::{Change, Expect, Query};

pub(super) async fn what_was_committed_is_there_after_reopening(subject: Subject) {
    let Subject { store, again } = subject;
    if !store.is_durable() {
        return;
    }
    let again = again.expect("a durable store can be opened again; see Subject::again");
    commit(store.as_ref(), |batch| {
        batch.insert(key("a"), draft(1).sorted("2").tagged("x").due(at(0)));
        batch.insert(key("b"), draft(2).sorted("1").tagged("x"));
        batch.insert(key("c"), draft(3));
    })
    .await;
    commit(store.as_ref(), |batch| {
        _ = batch.put(key("b"), draft(4).sorted("3").tagged("x"))
    })
    .await;
    commit(store.as_ref(), |batch| {
        _ = batch.push(key("c"), Expect::Revision(1), Change::Delete)
    })
    .await;
    assert_eq!(leased(store.as_ref(), &lease(0, 100, 10)).await, ["a"]);
    let before = [
        read(store.as_ref(), &key("a")).await,
        read(store.as_ref(), &key("b")).await,
    ];
    drop(store);
    let store = again().await;
    let after = [
        read(store.as_ref(), &key("a")).await,
        read(store.as_ref(), &key("b")).await,
    ];
    assert_eq!(after, before);
    assert_eq!(read(store.as_ref(), &key("c")).await, None);
    assert_eq!(ids(store.as_ref(), &everything()).await, ["a", "b"]);
    assert_eq!(
        ids(
            store.as_ref(),
            &Query {
                tag: Some("x".into()),
                ..everything()
            }
        )
        .await,
        ["a", "b"]
    );
    assert!(
        leased(store.as_ref(), &lease(99, 200, 10)).await.is_empty(),
        "a lease outlives the process that made it"
    );
    assert_eq!(leased(store.as_ref(), &lease(100, 200, 10)).await, ["a"]);
    commit(store.as_ref(), |batch| {
        _ = batch.replace(key("b"), 2, draft(5))
    })
    .await;
}
