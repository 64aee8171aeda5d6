//! Due work, one holder at a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Subject;
use super::fixtures::{
    KIND, assert_conflict, at, commit, draft, key, lease, leased, read, try_commit,
};
use crate::store::{Batch, Change, Expect, LeaseRequest, Store};

/// Twice as long as a store may take to wake, plus what a loaded machine adds.
const WAKING: Duration = Duration::from_secs(3);

async fn add_work(store: &dyn Store, id: &str, due: i64) {
    commit(store, |batch| {
        _ = batch.put(key(id), draft(id).due(at(due)))
    })
    .await;
}

pub(super) async fn work_is_handed_out_when_it_is_due(subject: Subject) {
    let store = subject.store.as_ref();
    add_work(store, "a", 10).await;
    commit(store, |batch| _ = batch.insert(key("never"), draft(0))).await;
    assert!(leased(store, &lease(9, 100, 10)).await.is_empty());
    let other = LeaseRequest {
        kind: "other",
        ..lease(10, 100, 10)
    };
    assert!(
        leased(store, &other).await.is_empty(),
        "work of another kind was handed out"
    );
    let before = read(store, &key("a")).await;
    let handed = store
        .lease(&lease(10, 100, 10))
        .await
        .expect("work can be leased");
    assert_eq!(
        handed.first(),
        before.as_ref(),
        "the record is handed out as it stands"
    );
    assert_eq!(read(store, &key("a")).await, before, "a lease is no write");
}

pub(super) async fn a_lease_keeps_others_away_until_it_runs_out(subject: Subject) {
    let store = subject.store.as_ref();
    add_work(store, "a", 0).await;
    assert_eq!(leased(store, &lease(0, 30, 10)).await, ["a"]);
    assert!(leased(store, &lease(0, 30, 10)).await.is_empty());
    assert!(leased(store, &lease(29, 60, 10)).await.is_empty());
    assert_eq!(leased(store, &lease(30, 60, 10)).await, ["a"]);
    assert!(
        leased(store, &lease(59, 90, 10)).await.is_empty(),
        "the second lease counts from its own end"
    );
    assert_eq!(leased(store, &lease(60, 90, 10)).await, ["a"]);
}

pub(super) async fn writing_ends_a_lease(subject: Subject) {
    let store = subject.store.as_ref();
    add_work(store, "again", 0).await;
    assert_eq!(leased(store, &lease(0, 1000, 10)).await, ["again"]);
    add_work(store, "again", 1).await;
    assert_eq!(leased(store, &lease(1, 1000, 10)).await, ["again"]);
    commit(store, |batch| _ = batch.put(key("again"), draft("done"))).await;
    assert!(
        leased(store, &lease(2000, 3000, 10)).await.is_empty(),
        "a record without a due instant is no work"
    );
    add_work(store, "gone", 0).await;
    assert_eq!(leased(store, &lease(0, 1000, 10)).await, ["gone"]);
    commit(store, |batch| {
        _ = batch.push(key("gone"), Expect::Anything, Change::Delete)
    })
    .await;
    assert!(leased(store, &lease(2000, 3000, 10)).await.is_empty());
    add_work(store, "gone", 0).await;
    assert_eq!(
        leased(store, &lease(0, 1000, 10)).await,
        ["gone"],
        "the lease went with the record"
    );
    let checked =
        |batch: &mut Batch| _ = batch.push(key("gone"), Expect::Revision(1), Change::Keep);
    commit(store, checked).await;
    assert!(
        leased(store, &lease(0, 1000, 10)).await.is_empty(),
        "an expectation is no write"
    );
}

pub(super) async fn writing_a_later_due_keeps_the_work_away(subject: Subject) {
    let store = subject.store.as_ref();
    add_work(store, "a", 0).await;
    assert_eq!(leased(store, &lease(0, 30, 10)).await, ["a"]);
    // The holder needs longer than it thought.
    commit(store, |batch| {
        _ = batch.replace(key("a"), 1, draft("a").due(at(50)))
    })
    .await;
    assert!(leased(store, &lease(49, 80, 10)).await.is_empty());
    assert_eq!(leased(store, &lease(50, 80, 10)).await, ["a"]);
}

pub(super) async fn a_holder_that_was_too_slow_can_not_overwrite_the_next(subject: Subject) {
    let store = subject.store.as_ref();
    add_work(store, "a", 0).await;
    let slow = store
        .lease(&lease(0, 30, 1))
        .await
        .expect("work can be leased")
        .remove(0);
    let next = store
        .lease(&lease(30, 60, 1))
        .await
        .expect("work can be leased")
        .remove(0);
    commit(store, |batch| {
        _ = batch.replace(key("a"), next.revision, draft("next"))
    })
    .await;
    assert_conflict(
        try_commit(store, |batch| {
            _ = batch.replace(key("a"), slow.revision, draft("slow"))
        })
        .await,
        &key("a"),
    );
}

pub(super) async fn the_longest_due_comes_first_and_the_limit_is_kept(subject: Subject) {
    let store = subject.store.as_ref();
    for (id, due) in [("c", 3), ("a", 5), ("e", 1), ("b", 4), ("d", 2)] {
        add_work(store, id, due).await;
    }
    assert!(leased(store, &lease(5, 100, 0)).await.is_empty());
    assert_eq!(leased(store, &lease(5, 100, 2)).await, ["e", "d"]);
    assert_eq!(leased(store, &lease(4, 100, 10)).await, ["c", "b"]);
    assert_eq!(leased(store, &lease(5, 100, 10)).await, ["a"]);
}

pub(super) async fn every_record_is_handed_to_one_caller(subject: Subject) {
    const RECORDS: usize = 60;
    let mut batch = Batch::new();
    for number in 0..RECORDS {
        batch.insert(key(&format!("{number}")), draft(number).due(at(0)));
    }
    subject
        .store
        .commit(batch)
        .await
        .expect("nothing stands against this commit");
    let mut callers = Vec::new();
    for store in subject.handles().await {
        for _ in 0..8 {
            let store = store.clone();
            callers.push(tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let some = leased(store.as_ref(), &lease(0, 1000, 3)).await;
                    if some.is_empty() {
                        return mine;
                    }
                    mine.extend(some);
                }
            }));
        }
    }
    let mut handed = BTreeMap::new();
    for caller in callers {
        for id in caller.await.expect("the caller came to its end") {
            *handed.entry(id).or_insert(0) += 1;
        }
    }
    assert_eq!(handed.len(), RECORDS);
    assert!(
        handed.values().all(|times| *times == 1),
        "handed out more than once: {handed:?}"
    );
}

pub(super) async fn waiting_for_work_ends_by_itself(subject: Subject) {
    let begun = Instant::now();
    subject.store.wake(KIND).await;
    assert!(
        begun.elapsed() < WAKING,
        "a wait took {:?}",
        begun.elapsed()
    );
}

pub(super) async fn work_wakes_whoever_waits(subject: Subject) {
    let store = subject.store;
    let worker = tokio::spawn({
        let store = store.clone();
        async move {
            while leased(store.as_ref(), &lease(0, 1000, 1)).await.is_empty() {
                store.wake(KIND).await;
            }
        }
    });
    tokio::task::yield_now().await;
    add_work(store.as_ref(), "a", 0).await;
    tokio::time::timeout(WAKING, worker)
        .await
        .expect("the worker was not woken")
        .expect("the worker came to its end");
}
