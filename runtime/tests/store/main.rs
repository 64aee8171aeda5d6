//! The stores that come with the runtime, held to their contract.
#![allow(clippy::unwrap_used)]

mod model;
#[cfg(feature = "sqlite")]
mod opening;
#[cfg(feature = "sqlite")]
mod processes;

use std::pin::Pin;
use std::sync::Arc;

use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::{
    Batch, Expect, Key, LeaseRequest, Query, Record, SharedStore, Store, StoreFuture, conformance,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_conforms() {
    conformance::run(|| async { Arc::new(MemoryStore::new()) as SharedStore }).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_conforms() {
    conformance::run(|| async {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let open = move || {
            let url = format!("sqlite:{}", folder.path().join("seller.db").display());
            async move { adcp_seller::store::open(&url).unwrap() }
        };
        conformance::Subject::with_again(open().await, open)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(
    expected = "an_absent_key_can_be_inserted_once: a conflict on tenant/a:account/thing/a was due"
)]
async fn a_store_that_forgets_its_expectations_fails_the_suite() {
    conformance::run(|| async { Arc::new(Careless(MemoryStore::new())) as SharedStore }).await;
}

/// A store that writes whatever it is asked to, to show that the suite can fail.
struct Careless(MemoryStore);

impl Store for Careless {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        self.0.get(key)
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        self.0.list(query)
    }

    fn commit(&self, mut batch: Batch) -> StoreFuture<'_, ()> {
        for (_, expect, _) in &mut batch.writes {
            *expect = Expect::Anything;
        }
        self.0.commit(batch)
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        self.0.lease(request)
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.wake(kind)
    }

    fn is_durable(&self) -> bool {
        false
    }
}
