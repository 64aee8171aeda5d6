//! Random operations, against a model that is too plain to be wrong.

use std::sync::Arc;

use adcp_seller::clock::Timestamp;
use adcp_seller::identity::{Scope, TenantId};
use adcp_seller::store::{
    Batch, Change, Draft, Expect, Key, LeaseRequest, Query, Record, SharedStore, StoreError,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const KINDS: [&str; 2] = ["one", "two"];

/// Records in no order, each with the end of its lease.
#[derive(Clone, Debug, Default)]
struct Model(Vec<(Record, Option<Timestamp>)>);

impl Model {
    fn find(&self, key: &Key) -> Option<&Record> {
        self.0
            .iter()
            .map(|(record, _)| record)
            .find(|record| record.key == *key)
    }

    /// The key that stands in the way, if one does.
    fn commit(&mut self, batch: &Batch) -> Result<(), Key> {
        for (key, expect, _) in &batch.writes {
            let revision = self.find(key).map(|record| record.revision);
            let holds = match expect {
                Expect::Anything => true,
                Expect::Absent => revision.is_none(),
                Expect::Revision(expected) => revision == Some(*expected),
            };
            if !holds {
                return Err(key.clone());
            }
        }
        for (key, _, change) in &batch.writes {
            let revision = self.find(key).map_or(1, |record| record.revision + 1);
            if !matches!(change, Change::Keep) {
                self.0.retain(|(record, _)| record.key != *key);
            }
            if let Change::Put(draft) = change.clone() {
                let record = Record {
                    key: key.clone(),
                    revision,
                    body: Arc::new(draft.body),
                    sort: draft.sort,
                    tags: draft.tags,
                    due: draft.due,
                };
                self.0.push((record, None));
            }
        }
        Ok(())
    }

    fn list(&self, query: &Query) -> Vec<Record> {
        let place = |record: &Record| (record.sort.clone(), record.key.id.clone());
        let mut found: Vec<Record> = self
            .0
            .iter()
            .map(|(record, _)| record)
            .filter(|record| record.key.scope == query.scope && record.key.kind == query.kind)
            .filter(|record| {
                query
                    .tag
                    .as_ref()
                    .is_none_or(|tag| record.tags.contains(tag))
            })
            .filter(|record| {
                query
                    .after
                    .as_ref()
                    .is_none_or(|after| place(record) > *after)
            })
            .cloned()
            .collect();
        found.sort_by_key(place);
        found.truncate(query.limit);
        found
    }

    /// Checks what was handed out and remembers it. Which of several records with the same due
    /// instant come first is the store's own affair.
    fn leased(&mut self, request: &LeaseRequest, handed: &[Record]) {
        let free = |(record, lease): &(Record, Option<Timestamp>)| {
            record.key.kind == request.kind
                && record.due.is_some_and(|due| due <= request.now)
                && lease.is_none_or(|until| until <= request.now)
        };
        let mut dues: Vec<_> = self
            .0
            .iter()
            .filter(|entry| free(entry))
            .map(|(record, _)| record.due)
            .collect();
        dues.sort();
        dues.truncate(request.limit);
        assert_eq!(
            handed.iter().map(|record| record.due).collect::<Vec<_>>(),
            dues
        );
        for record in handed {
            let entry = self
                .0
                .iter_mut()
                .find(|(known, _)| known == record)
                .expect("what is handed out is in the store");
            assert!(
                free(entry),
                "handed out although it was not free: {record:?}"
            );
            entry.1 = Some(request.until);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(Key, ExpectAs, Change)>),
    List(Query),
    Lease(LeaseRequest),
}

/// Expectations as they are drawn: most should hold, or nothing would ever be written.
#[derive(Clone, Copy, Debug)]
enum ExpectAs {
    Exactly(Expect),
    Whatever,
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_780_000_000 + second, 0).unwrap()
}

fn scopes() -> impl Strategy<Value = Scope> {
    select(vec!["a", "b"]).prop_map(|account| Scope::account(&TenantId("tenant".into()), account))
}

fn keys() -> impl Strategy<Value = Key> {
    (scopes(), select(&KINDS), select(vec!["1", "2", "10", "ü"]))
        .prop_map(|(scope, kind, id)| Key::new(scope, kind, id))
}

fn drafts() -> impl Strategy<Value = Draft> {
    let tags = proptest::collection::vec(select(vec!["x", "y", "z"]), 0..3);
    (
        any::<u8>(),
        select(vec!["", "a", "b"]),
        tags,
        proptest::option::of(0_i64..20),
    )
        .prop_map(|(said, sort, tags, due)| {
            let draft = tags.into_iter().fold(
                Draft::new(json!({ "said": said })).sorted(sort),
                Draft::tagged,
            );
            due.into_iter()
                .fold(draft, |draft, due| draft.due(instant(due)))
        })
}

fn expectations() -> impl Strategy<Value = ExpectAs> {
    prop_oneof![
        6 => Just(ExpectAs::Whatever),
        1 => Just(ExpectAs::Exactly(Expect::Absent)),
        1 => (0_u64..4).prop_map(|revision| ExpectAs::Exactly(Expect::Revision(revision))),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![5 => drafts().prop_map(Change::Put), 2 => Just(Change::Delete), 1 => Just(Change::Keep)]
}

fn steps() -> impl Strategy<Value = Step> {
    let after = (select(vec!["", "a", "b"]), select(vec!["", "1", "2", "z"]))
        .prop_map(|(sort, id)| (sort.to_owned(), id.to_owned()));
    let tag = proptest::option::of(select(vec!["x", "y"]).prop_map(str::to_owned));
    let list = (
        scopes(),
        select(&KINDS),
        tag,
        proptest::option::of(after),
        0_usize..6,
    )
        .prop_map(|(scope, kind, tag, after, limit)| {
            Step::List(Query {
                scope,
                kind,
                tag,
                after,
                limit,
            })
        });
    let lease =
        (select(&KINDS), 0_i64..25, 0_i64..10, 0_usize..4).prop_map(|(kind, now, span, limit)| {
            Step::Lease(LeaseRequest {
                kind,
                now: instant(now),
                until: instant(now + span),
                limit,
            })
        });
    prop_oneof![4 => proptest::collection::vec((keys(), expectations(), changes()), 1..4).prop_map(Step::Commit), 2 => list, 1 => lease]
}

async fn agree(store: SharedStore, steps: Vec<Step>) {
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Commit(mut writes) => {
                writes.sort_by(|(left, ..), (right, ..)| left.cmp(right));
                writes.dedup_by(|(left, ..), (right, ..)| left == right);
                let batch = Batch {
                    writes: writes
                        .into_iter()
                        .map(|(key, expect, change)| {
                            (key.clone(), decide(&model, &key, expect), change)
                        })
                        .collect(),
                };
                let expected = model.commit(&batch);
                match (store.commit(batch).await, expected) {
                    (Ok(()), Ok(())) => {}
                    (Err(StoreError::Conflict(key)), Err(expected)) => assert_eq!(*key, expected),
                    (came, expected) => panic!("{came:?} came, {expected:?} was due"),
                }
            }
            Step::List(query) => assert_eq!(store.list(&query).await.unwrap(), model.list(&query)),
            Step::Lease(request) => model.leased(&request, &store.lease(&request).await.unwrap()),
        }
        for (record, _) in &model.0 {
            assert_eq!(store.get(&record.key).await.unwrap().as_ref(), Some(record));
        }
    }
    for kind in KINDS {
        for account in ["a", "b"] {
            let query = Query {
                scope: Scope::account(&TenantId("tenant".into()), account),
                kind,
                tag: None,
                after: None,
                limit: 1000,
            };
            assert_eq!(store.list(&query).await.unwrap(), model.list(&query));
        }
    }
}

fn decide(model: &Model, key: &Key, expect: ExpectAs) -> Expect {
    match (expect, model.find(key)) {
        (ExpectAs::Exactly(expect), _) => expect,
        (ExpectAs::Whatever, None) => Expect::Absent,
        (ExpectAs::Whatever, Some(record)) if record.revision % 3 == 0 => Expect::Anything,
        (ExpectAs::Whatever, Some(record)) => Expect::Revision(record.revision),
    }
}

fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_agrees_with_the_model(steps in proptest::collection::vec(steps(), 1..60)) {
        run(agree(Arc::new(adcp_seller::store::memory::MemoryStore::new()), steps));
    }
}

#[cfg(feature = "sqlite")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_agrees_with_the_model(steps in proptest::collection::vec(steps(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let store = adcp_seller::store::sqlite::SqliteStore::open(folder.path().join("seller.db")).unwrap();
        run(agree(Arc::new(store), steps));
    }
}
