//! A store in the process's own memory, for development and tests.
//!
//! Also the plainest statement of the contract: one map, two indexes, one lock that is never held
//! across an await. Everything is gone when the process ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::wake::{self, Bells};
use super::{
    Batch, Change, Expect, Key, LeaseRequest, MAX_LIST, Query, Record, Store, StoreError,
    StoreFuture, limits,
};
use crate::clock::Timestamp;
use crate::identity::Scope;

/// A store that forgets everything when the process ends.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    bells: Bells,
}

#[derive(Debug, Default)]
struct State {
    records: HashMap<Key, Record>,
    /// Every record once without a tag and once for each of its tags, in list order.
    order: BTreeSet<Place>,
    /// Every record with a due instant.
    due: BTreeSet<(&'static str, Timestamp, Key)>,
    leases: BTreeMap<Key, Timestamp>,
}

/// Scope, kind, tag, sort, id: a record's place in one list.
type Place = (Scope, &'static str, Option<String>, String, String);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below panics between two changes of the state, so a poisoned lock is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_now(&self, batch: Batch) -> Result<(), StoreError> {
        limits::check(&batch)?;
        for (key, _, change) in &batch.writes {
            if let Change::Put(draft) = change {
                limits::serialise(key, &draft.body)?;
            }
        }
        let kinds = wake::kinds(&batch);
        let mut state = self.state();
        for (key, expect, _) in &batch.writes {
            let revision = state.records.get(key).map(|record| record.revision);
            let holds = match expect {
                Expect::Anything => true,
                Expect::Absent => revision.is_none(),
                Expect::Revision(expected) => revision == Some(*expected),
            };
            if !holds {
                return Err(StoreError::Conflict(Box::new(key.clone())));
            }
        }
        for (key, _, change) in batch.writes {
            match change {
                Change::Keep => {}
                Change::Delete => {
                    state.remove(&key);
                }
                Change::Put(draft) => {
                    let revision = state.remove(&key).map_or(1, |old| old.revision + 1);
                    state.insert(Record {
                        key,
                        revision,
                        body: Arc::new(draft.body),
                        sort: draft.sort,
                        tags: draft.tags,
                        due: draft.due.map(to_microseconds),
                    });
                }
            }
        }
        drop(state);
        self.bells.ring(&kinds);
        Ok(())
    }
}

impl State {
    fn insert(&mut self, record: Record) {
        self.order.extend(places(&record));
        if let Some(due) = record.due {
            self.due.insert((record.key.kind, due, record.key.clone()));
        }
        self.records.insert(record.key.clone(), record);
    }

    fn remove(&mut self, key: &Key) -> Option<Record> {
        let record = self.records.remove(key)?;
        for place in places(&record) {
            self.order.remove(&place);
        }
        if let Some(due) = record.due {
            self.due.remove(&(key.kind, due, key.clone()));
        }
        self.leases.remove(key);
        Some(record)
    }

    fn list(&self, query: &Query) -> Vec<Record> {
        let start = |sort: &str, id: &str| {
            (
                query.scope.clone(),
                query.kind,
                query.tag.clone(),
                sort.to_owned(),
                id.to_owned(),
            )
        };
        let from = match &query.after {
            Some((sort, id)) => Bound::Excluded(start(sort, id)),
            None => Bound::Included(start("", "")),
        };
        self.order
            .range((from, Bound::Unbounded))
            .take_while(|(scope, kind, tag, ..)| {
                *scope == query.scope && *kind == query.kind && *tag == query.tag
            })
            .filter_map(|(scope, kind, _, _, id)| {
                self.records.get(&Key::new(scope.clone(), kind, id.clone()))
            })
            .take(query.limit.min(MAX_LIST))
            .cloned()
            .collect()
    }

    fn lease(&mut self, request: &LeaseRequest) -> Vec<Record> {
        let now = to_microseconds(request.now);
        let leased: Vec<Record> = self
            .due
            .iter()
            .skip_while(|(kind, ..)| *kind < request.kind)
            .take_while(|(kind, due, _)| *kind == request.kind && *due <= now)
            .filter(|(_, _, key)| self.leases.get(key).is_none_or(|until| *until <= now))
            .filter_map(|(_, _, key)| self.records.get(key))
            .take(request.limit.min(MAX_LIST))
            .cloned()
            .collect();
        for record in &leased {
            self.leases
                .insert(record.key.clone(), to_microseconds(request.until));
        }
        leased
    }
}

fn places(record: &Record) -> impl Iterator<Item = Place> {
    let tags = std::iter::once(None).chain(record.tags.iter().cloned().map(Some));
    tags.map(|tag| {
        (
            record.key.scope.clone(),
            record.key.kind,
            tag,
            record.sort.clone(),
            record.key.id.clone(),
        )
    })
}

fn to_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move { Ok(self.state().records.get(key).cloned()) })
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move { Ok(self.state().list(query)) })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.commit_now(batch) })
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move { Ok(self.state().lease(request)) })
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(self.bells.wait(kind))
    }

    fn is_durable(&self) -> bool {
        false
    }
}
