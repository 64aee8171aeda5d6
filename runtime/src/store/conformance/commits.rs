//! What a batch does, and when it does nothing.

use super::Subject;
use super::fixtures::{
    assert_conflict, commit, draft, everything, ids, key, read, revision, said, try_commit,
};
use crate::store::{Batch, Change, Expect};

pub(super) async fn an_absent_key_can_be_inserted_once(subject: Subject) {
    let store = subject.store.as_ref();
    assert_eq!(read(store, &key("a")).await, None);
    commit(store, |batch| _ = batch.insert(key("a"), draft(1))).await;
    assert_conflict(
        try_commit(store, |batch| _ = batch.insert(key("a"), draft(2))).await,
        &key("a"),
    );
    assert_eq!(said(store, &key("a")).await, Some(1.into()));
}

pub(super) async fn a_replacement_needs_the_revision_it_was_made_from(subject: Subject) {
    let store = subject.store.as_ref();
    assert_conflict(
        try_commit(store, |batch| _ = batch.replace(key("a"), 1, draft(0))).await,
        &key("a"),
    );
    commit(store, |batch| _ = batch.insert(key("a"), draft(1))).await;
    for wrong in [0, 2, u64::MAX] {
        assert_conflict(
            try_commit(store, |batch| _ = batch.replace(key("a"), wrong, draft(0))).await,
            &key("a"),
        );
    }
    commit(store, |batch| _ = batch.replace(key("a"), 1, draft(2))).await;
    assert_conflict(
        try_commit(store, |batch| _ = batch.replace(key("a"), 1, draft(0))).await,
        &key("a"),
    );
    assert_eq!(said(store, &key("a")).await, Some(2.into()));
}

pub(super) async fn an_unconditional_write_always_lands(subject: Subject) {
    let store = subject.store.as_ref();
    commit(store, |batch| _ = batch.put(key("a"), draft(1))).await;
    commit(store, |batch| _ = batch.put(key("a"), draft(2))).await;
    assert_eq!(said(store, &key("a")).await, Some(2.into()));
}

pub(super) async fn an_expectation_alone_changes_nothing(subject: Subject) {
    let store = subject.store.as_ref();
    let keep = |batch: &mut Batch, id, expect| _ = batch.push(key(id), expect, Change::Keep);
    commit(store, |batch| _ = batch.insert(key("a"), draft(1))).await;
    commit(store, |batch| {
        keep(batch, "a", Expect::Revision(1));
        keep(batch, "b", Expect::Absent);
        keep(batch, "c", Expect::Anything);
    })
    .await;
    assert_eq!(revision(store, &key("a")).await, Some(1));
    assert_eq!(ids(store, &everything()).await, ["a"]);
    assert_conflict(
        try_commit(store, |batch| keep(batch, "a", Expect::Absent)).await,
        &key("a"),
    );
    assert_conflict(
        try_commit(store, |batch| keep(batch, "a", Expect::Revision(2))).await,
        &key("a"),
    );
    assert_conflict(
        try_commit(store, |batch| keep(batch, "b", Expect::Revision(1))).await,
        &key("b"),
    );
}

pub(super) async fn a_batch_happens_whole_or_not_at_all(subject: Subject) {
    let store = subject.store.as_ref();
    commit(store, |batch| {
        _ = batch
            .insert(key("old"), draft(1))
            .insert(key("goes"), draft(1))
    })
    .await;
    let mixed = |last: u64| {
        move |batch: &mut Batch| {
            batch.insert(
                key("new"),
                draft(2).tagged("tag").due(super::fixtures::at(0)),
            );
            batch.push(key("goes"), Expect::Anything, Change::Delete);
            batch.replace(key("old"), last, draft(2));
        }
    };
    // The key that fails comes last, after everything else could have been written.
    assert_conflict(try_commit(store, mixed(7)).await, &key("old"));
    assert_eq!(ids(store, &everything()).await, ["goes", "old"]);
    assert_eq!(revision(store, &key("old")).await, Some(1));
    commit(store, mixed(1)).await;
    assert_eq!(ids(store, &everything()).await, ["new", "old"]);
    assert_eq!(revision(store, &key("old")).await, Some(2));
}

pub(super) async fn a_conflict_names_the_first_key_that_failed(subject: Subject) {
    let store = subject.store.as_ref();
    commit(store, |batch| {
        _ = batch.insert(key("z"), draft(1)).insert(key("a"), draft(1))
    })
    .await;
    let both = |batch: &mut Batch| {
        _ = batch
            .insert(key("m"), draft(2))
            .insert(key("z"), draft(2))
            .insert(key("a"), draft(2))
    };
    assert_conflict(try_commit(store, both).await, &key("z"));
}

pub(super) async fn revisions_grow_by_one_with_every_write(subject: Subject) {
    let store = subject.store.as_ref();
    for expected in 1..=5 {
        commit(store, |batch| _ = batch.put(key("a"), draft(0))).await;
        assert_eq!(
            revision(store, &key("a")).await,
            Some(expected),
            "also when the body stays the same"
        );
    }
    commit(store, |batch| _ = batch.put(key("b"), draft(0))).await;
    assert_eq!(revision(store, &key("a")).await, Some(5));
}

pub(super) async fn a_deleted_record_is_gone_and_starts_anew(subject: Subject) {
    let store = subject.store.as_ref();
    let delete = |expect| move |batch: &mut Batch| _ = batch.push(key("a"), expect, Change::Delete);
    commit(store, delete(Expect::Anything)).await;
    commit(store, delete(Expect::Absent)).await;
    assert_conflict(
        try_commit(store, delete(Expect::Revision(1))).await,
        &key("a"),
    );
    commit(store, |batch| _ = batch.put(key("a"), draft(1))).await;
    commit(store, |batch| _ = batch.put(key("a"), draft(2))).await;
    assert_conflict(try_commit(store, delete(Expect::Absent)).await, &key("a"));
    assert_conflict(
        try_commit(store, delete(Expect::Revision(1))).await,
        &key("a"),
    );
    commit(store, delete(Expect::Revision(2))).await;
    assert_eq!(read(store, &key("a")).await, None);
    assert!(ids(store, &everything()).await.is_empty());
    commit(store, |batch| _ = batch.insert(key("a"), draft(3))).await;
    assert_eq!(revision(store, &key("a")).await, Some(1));
}

pub(super) async fn an_empty_batch_is_fine(subject: Subject) {
    commit(subject.store.as_ref(), |_| ()).await;
}
