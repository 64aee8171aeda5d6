//! Lists, cursors and tags.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Subject;
use super::fixtures::{commit, draft, everything, ids, key};
use crate::store::{Batch, Change, Expect, Query, Record, Store};

/// Walks through a list in pages.
async fn walk(store: &dyn Store, mut query: Query) -> Vec<Record> {
    let mut met = Vec::new();
    loop {
        let page = store.list(&query).await.expect("the store can be listed");
        assert!(
            page.len() <= query.limit,
            "a page is longer than was asked for"
        );
        let Some(last) = page.last() else { return met };
        query.after = Some((last.sort.clone(), last.key.id.clone()));
        met.extend(page);
    }
}

fn tagged(tag: &str) -> Query {
    Query {
        tag: Some(tag.into()),
        ..everything()
    }
}

pub(super) async fn lists_are_in_order_of_sort_then_id(subject: Subject) {
    let store = subject.store.as_ref();
    for (id, sort) in [("c", "1"), ("a", "2"), ("b", "1"), ("d", ""), ("e", "10")] {
        commit(store, |batch| {
            _ = batch.insert(key(id), draft(id).sorted(sort).tagged("all"))
        })
        .await;
    }
    for query in [everything(), tagged("all")] {
        assert_eq!(ids(store, &query).await, ["d", "b", "c", "e", "a"]);
    }
    commit(store, |batch| {
        _ = batch.put(key("d"), draft("d").sorted("3").tagged("all"))
    })
    .await;
    for query in [everything(), tagged("all")] {
        assert_eq!(
            ids(store, &query).await,
            ["b", "c", "e", "a", "d"],
            "a record moves when its sort changes"
        );
    }
}

pub(super) async fn order_is_that_of_the_bytes(subject: Subject) {
    let store = subject.store.as_ref();
    let mut names = [
        "b", "B", "a", "ä", "z", "Z", "_", "-", "10", "9", "漢", "🦀", "\u{ffff}", " ",
    ];
    for name in names {
        commit(store, |batch| {
            _ = batch.insert(key(name), draft(name).tagged("all"))
        })
        .await;
    }
    names.sort_unstable();
    assert_eq!(ids(store, &everything()).await, names);
    assert_eq!(ids(store, &tagged("all")).await, names);
}

pub(super) async fn a_walk_with_a_cursor_meets_every_record_once(subject: Subject) {
    let store = subject.store.as_ref();
    let mut expected = Vec::new();
    let mut batch = Batch::new();
    for number in 0..103 {
        // Many records share a sort, so that pages end in the middle of them.
        let (sort, id) = (format!("{}", number / 10), format!("id{number:03}"));
        let tag = if number % 2 == 0 { "even" } else { "odd" };
        batch.insert(key(&id), draft(number).sorted(sort.clone()).tagged(tag));
        expected.push((sort, id));
    }
    store
        .commit(batch)
        .await
        .expect("nothing stands against this commit");
    expected.sort();
    for limit in [1, 2, 7, 10, 103, 1000] {
        let met: Vec<_> = walk(
            store,
            Query {
                limit,
                ..everything()
            },
        )
        .await
        .into_iter()
        .map(|record| (record.sort, record.key.id))
        .collect();
        assert_eq!(met, expected, "in pages of {limit}");
        let odd = walk(
            store,
            Query {
                limit,
                ..tagged("odd")
            },
        )
        .await;
        assert_eq!(odd.len(), 51, "in pages of {limit}");
    }
}

pub(super) async fn a_walk_beside_writers_meets_every_steady_record_once(subject: Subject) {
    const STEADY: usize = 60;
    const ROUNDS: usize = 40;
    let store = subject.store;
    let mut batch = Batch::new();
    for number in 0..STEADY {
        batch.insert(
            key(&format!("steady{number}")),
            draft(number).sorted(format!("{:02}", number)),
        );
    }
    store
        .commit(batch)
        .await
        .expect("nothing stands against this commit");
    let (rounds, stop) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let writer = tokio::spawn({
        let (store, rounds, stop) = (store.clone(), rounds.clone(), stop.clone());
        async move {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                let id = format!("passing{}", round % 11);
                let at = (round * 17) % STEADY;
                commit(store.as_ref(), |batch| {
                    _ = batch.put(key(&id), draft(round).sorted(format!("{at:02}")))
                })
                .await;
                let gone = key(&format!("passing{}", (round + 5) % 11));
                commit(store.as_ref(), |batch| {
                    _ = batch.push(gone, Expect::Anything, Change::Delete)
                })
                .await;
                round += 1;
                rounds.store(round, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    loop {
        let met = walk(
            store.as_ref(),
            Query {
                limit: 7,
                ..everything()
            },
        )
        .await;
        let places: Vec<_> = met
            .iter()
            .map(|record| (&record.sort, &record.key.id))
            .collect();
        assert!(
            places.windows(2).all(|pair| pair.first() < pair.get(1)),
            "the walk went back or stood still"
        );
        let steady = met
            .iter()
            .filter(|record| record.key.id.starts_with("steady"))
            .count();
        assert_eq!(steady, STEADY);
        if rounds.load(Ordering::Relaxed) >= ROUNDS {
            break;
        }
        // A store that never waits would otherwise keep the writer from its turn.
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.expect("the writer came to its end");
}

pub(super) async fn a_cursor_need_not_name_a_record(subject: Subject) {
    let store = subject.store.as_ref();
    for id in ["b", "d"] {
        commit(store, |batch| {
            _ = batch.insert(key(id), draft(id).sorted("s"))
        })
        .await;
    }
    for (sort, id, expected) in [
        ("s", "a", vec!["b", "d"]),
        ("s", "b", vec!["d"]),
        ("s", "c", vec!["d"]),
        ("s", "d", vec![]),
        ("", "z", vec!["b", "d"]),
        ("t", "", vec![]),
    ] {
        let query = Query {
            after: Some((sort.into(), id.into())),
            ..everything()
        };
        assert_eq!(
            ids(store, &query).await,
            expected,
            "after ({sort:?}, {id:?})"
        );
    }
}

pub(super) async fn tags_find_their_records(subject: Subject) {
    let store = subject.store.as_ref();
    commit(store, |batch| {
        batch.insert(key("a"), draft(1).tagged("red").tagged("round"));
        batch.insert(key("b"), draft(2).tagged("red").tagged("red"));
        batch.insert(key("c"), draft(3));
        batch.insert(key("d"), draft(4).tagged("Red").tagged("").tagged("red "));
    })
    .await;
    assert_eq!(ids(store, &tagged("red")).await, ["a", "b"]);
    assert_eq!(ids(store, &tagged("round")).await, ["a"]);
    assert_eq!(ids(store, &tagged("Red")).await, ["d"]);
    assert_eq!(ids(store, &tagged("")).await, ["d"]);
    assert!(ids(store, &tagged("re")).await.is_empty());
    assert_eq!(ids(store, &everything()).await, ["a", "b", "c", "d"]);
}

pub(super) async fn tags_follow_every_write(subject: Subject) {
    let store = subject.store.as_ref();
    commit(store, |batch| {
        _ = batch.insert(key("a"), draft(1).tagged("x").tagged("y"))
    })
    .await;
    commit(store, |batch| {
        _ = batch.put(key("a"), draft(2).tagged("y").tagged("z"))
    })
    .await;
    assert!(ids(store, &tagged("x")).await.is_empty());
    assert_eq!(ids(store, &tagged("y")).await, ["a"]);
    assert_eq!(ids(store, &tagged("z")).await, ["a"]);
    commit(store, |batch| {
        _ = batch.push(key("a"), Expect::Anything, Change::Delete)
    })
    .await;
    assert!(ids(store, &tagged("y")).await.is_empty());
    commit(store, |batch| _ = batch.insert(key("a"), draft(3))).await;
    assert!(
        ids(store, &tagged("y")).await.is_empty(),
        "a record that is made anew has none of its predecessor's tags"
    );
}

pub(super) async fn limits_of_lists_are_kept(subject: Subject) {
    let store = subject.store.as_ref();
    let mut batch = Batch::new();
    for number in 0..1010 {
        batch.insert(key(&format!("{number:04}")), draft(number));
    }
    store
        .commit(batch)
        .await
        .expect("nothing stands against this commit");
    for (limit, expected) in [(0, 0), (1, 1), (1000, 1000)] {
        assert_eq!(
            ids(
                store,
                &Query {
                    limit,
                    ..everything()
                }
            )
            .await
            .len(),
            expected
        );
    }
    assert!(
        ids(
            store,
            &Query {
                limit: usize::MAX,
                ..everything()
            }
        )
        .await
        .len()
            >= 1000
    );
}
