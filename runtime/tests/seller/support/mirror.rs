//! A store that can show everything it holds, whatever store is behind it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use adcp_seller::store::{
    Batch, Change, Key, LeaseRequest, Query, Record, SharedStore, Store, StoreFuture,
};
use serde_json::Value;

/// Everything a store holds.
pub(crate) type Contents = BTreeMap<Key, Value>;

/// A store and a copy of what it holds.
pub(crate) struct Mirror {
    behind: SharedStore,
    contents: Mutex<Contents>,
    read: Mutex<BTreeMap<&'static str, usize>>,
    commits: Mutex<Vec<Vec<Key>>>,
}

impl Mirror {
    pub(crate) fn new(behind: SharedStore) -> Self {
        Mirror {
            behind,
            contents: Mutex::default(),
            read: Mutex::default(),
            commits: Mutex::default(),
        }
    }

    /// Everything that is in the store now.
    pub(crate) fn contents(&self) -> Contents {
        self.contents.lock().expect("a lock").clone()
    }

    /// What has been written together so far, commit by commit.
    pub(crate) fn commits(&self) -> Vec<Vec<Key>> {
        self.commits.lock().expect("a lock").clone()
    }

    /// How many records of a sort have been read so far.
    pub(crate) fn reads(&self, kind: &str) -> usize {
        let read = self.read.lock().expect("a lock");
        read.get(kind).copied().unwrap_or_default()
    }

    fn note<'r>(&self, records: impl IntoIterator<Item = &'r Record>) {
        let mut read = self.read.lock().expect("a lock");
        for record in records {
            *read.entry(record.key.kind).or_default() += 1;
        }
    }

    /// How many records of a sort there are.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.contents()
            .keys()
            .filter(|key| key.kind == kind)
            .count()
    }
}

impl Store for Mirror {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            let record = self.behind.get(key).await?;
            self.note(&record);
            Ok(record)
        })
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let records = self.behind.list(query).await?;
            self.note(&records);
            Ok(records)
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.behind.commit(batch.clone()).await?;
            let mut contents = self.contents.lock().expect("a lock");
            let keys = batch.writes.iter().map(|(key, _, _)| key.clone());
            let mut commits = self.commits.lock().expect("a lock");
            commits.push(keys.collect());
            for (key, _, change) in batch.writes {
                match change {
                    Change::Keep => {}
                    Change::Put(draft) => {
                        contents.insert(key, draft.body);
                    }
                    Change::Delete => {
                        contents.remove(&key);
                    }
                }
            }
            Ok(())
        })
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        self.behind.lease(request)
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.behind.wake(kind)
    }

    fn is_durable(&self) -> bool {
        self.behind.is_durable()
    }
}
