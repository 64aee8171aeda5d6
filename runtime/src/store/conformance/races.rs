//! Many at once, and through two handles where the backend has them.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::Subject;
use super::fixtures::{assert_conflict, commit, draft, key, read, revision, said, try_commit};
use crate::store::{Batch, Change, Expect, SharedStore, StoreError};

/// How many race.
const RACERS: usize = 64;

/// Starts all racers at the same moment and gives what each came to.
async fn race(
    handles: &[SharedStore],
    fill: impl Fn(usize, &mut Batch),
) -> Vec<Result<(), StoreError>> {
    let start = Arc::new(Barrier::new(RACERS));
    let mut racers = Vec::new();
    for (number, store) in (0..RACERS).zip(handles.iter().cycle()) {
        let mut batch = Batch::new();
        fill(number, &mut batch);
        let (store, start) = (store.clone(), start.clone());
        racers.push(tokio::spawn(async move {
            start.wait().await;
            store.commit(batch).await
        }));
    }
    let mut results = Vec::new();
    for racer in racers {
        results.push(racer.await.expect("the racer came to its end"));
    }
    results
}

/// The number of the only racer that won; all others met a conflict on the key.
fn only_winner(results: Vec<Result<(), StoreError>>) -> usize {
    let mut winners = Vec::new();
    for (number, result) in results.into_iter().enumerate() {
        match result {
            Ok(()) => winners.push(number),
            conflict => assert_conflict(conflict, &key("a")),
        }
    }
    assert_eq!(winners.len(), 1, "these won: {winners:?}");
    winners.remove(0)
}

pub(super) async fn one_of_many_replacements_wins(subject: Subject) {
    let handles = subject.handles().await;
    let store = subject.store.as_ref();
    commit(store, |batch| _ = batch.insert(key("a"), draft("start"))).await;
    for round in 1..=5 {
        let winner = only_winner(
            race(&handles, |number, batch| {
                _ = batch.replace(key("a"), round, draft(number))
            })
            .await,
        );
        assert_eq!(said(store, &key("a")).await, Some(winner.into()));
        assert_eq!(revision(store, &key("a")).await, Some(round + 1));
    }
}

pub(super) async fn one_of_many_insertions_wins(subject: Subject) {
    let handles = subject.handles().await;
    let store = subject.store.as_ref();
    let results = race(&handles, |number, batch| {
        // The loser's other write must not be there either.
        batch
            .put(key(&format!("of {number}")), draft(number))
            .insert(key("a"), draft(number));
    })
    .await;
    let winner = only_winner(results);
    for number in 0..RACERS {
        let written = read(store, &key(&format!("of {number}"))).await.is_some();
        assert_eq!(
            written,
            number == winner,
            "racer {number} of winner {winner}"
        );
    }
}

pub(super) async fn counting_loses_nothing(subject: Subject) {
    const EACH: u64 = 8;
    const COUNTERS: u64 = 12;
    let handles = subject.handles().await;
    commit(subject.store.as_ref(), |batch| {
        _ = batch.insert(key("a"), draft(0))
    })
    .await;
    let mut counters = Vec::new();
    for (_, store) in (0..COUNTERS).zip(handles.iter().cycle()) {
        let store = store.clone();
        counters.push(tokio::spawn(async move {
            let mut done = 0;
            while done < EACH {
                let record = read(store.as_ref(), &key("a"))
                    .await
                    .expect("the counter is there");
                let count = record
                    .body
                    .get("said")
                    .and_then(serde_json::Value::as_u64)
                    .expect("it is a number");
                match try_commit(store.as_ref(), |batch| {
                    _ = batch.replace(key("a"), record.revision, draft(count + 1))
                })
                .await
                {
                    Ok(()) => done += 1,
                    conflict => assert_conflict(conflict, &key("a")),
                }
            }
        }));
    }
    for counter in counters {
        counter.await.expect("the counter came to its end");
    }
    assert_eq!(
        said(subject.store.as_ref(), &key("a")).await,
        Some((EACH * COUNTERS).into())
    );
    assert_eq!(
        revision(subject.store.as_ref(), &key("a")).await,
        Some(EACH * COUNTERS + 1)
    );
}

pub(super) async fn batches_that_exclude_each_other_do_not_both_happen(subject: Subject) {
    let handles = subject.handles().await;
    let store = subject.store.as_ref();
    for round in 0..10 {
        let (left, right) = (
            key(&format!("left {round}")),
            key(&format!("right {round}")),
        );
        // Each writes one side and expects the other to be empty: no key is written twice.
        let results = race(&handles, |number, batch| {
            let (mine, other) = if number % 2 == 0 {
                (&left, &right)
            } else {
                (&right, &left)
            };
            batch.put(mine.clone(), draft(number)).push(
                other.clone(),
                Expect::Absent,
                Change::Keep,
            );
        })
        .await;
        let won = |side: usize| {
            results
                .iter()
                .skip(side)
                .step_by(2)
                .filter(|result| result.is_ok())
                .count()
        };
        assert!(won(0) == 0 || won(1) == 0, "both sides were written");
        assert!(won(0) + won(1) > 0, "nobody won");
        assert_ne!(
            read(store, &left).await.is_some(),
            read(store, &right).await.is_some()
        );
    }
}

pub(super) async fn a_commit_is_seen_by_every_read_after_it(subject: Subject) {
    let handles = subject.handles().await;
    for (round, writer) in (0_u64..50).zip(handles.iter().cycle()) {
        commit(writer.as_ref(), |batch| {
            _ = batch.put(key("a"), draft(round).tagged("x"))
        })
        .await;
        for reader in &handles {
            assert_eq!(said(reader.as_ref(), &key("a")).await, Some(round.into()));
            let query = crate::store::Query {
                tag: Some("x".into()),
                ..super::fixtures::everything()
            };
            let listed = reader.list(&query).await.expect("the store can be listed");
            assert_eq!(
                listed.first().map(|record| record.revision),
                Some(round + 1)
            );
        }
    }
}
