//! A store that works in its own time, under a clock that jumps.
//!
//! A paused clock jumps to the next timer as soon as no task can go on, also when the tasks only wait
//! for SQLite's thread. Days would pass during one read. Here the clock stands still while the store
//! is at work: a blocking task of the runtime's holds it.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;

use adcp_seller::store::{
    Batch, Key, LeaseRequest, Query, Record, SharedStore, Store, StoreFuture,
};

/// A store during whose work no time passes.
pub(super) struct Unhurried(pub(super) SharedStore);

async fn unhurried<T>(work: impl Future<Output = T>) -> T {
    let (done, working) = mpsc::channel::<()>();
    let held = tokio::task::spawn_blocking(move || working.recv());
    let result = work.await;
    drop(done);
    // It ends by an error: nothing is ever sent.
    let _ = held.await;
    result
}

impl Store for Unhurried {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        Box::pin(unhurried(self.0.get(key)))
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(unhurried(self.0.list(query)))
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(unhurried(self.0.commit(batch)))
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(unhurried(self.0.lease(request)))
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.wake(kind)
    }

    fn is_durable(&self) -> bool {
        self.0.is_durable()
    }
}
