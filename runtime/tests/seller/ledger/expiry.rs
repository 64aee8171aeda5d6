//! What time does to proposals, on both stores: what is swept away, and what never is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use adcp_seller::store::memory::MemoryStore;
use adcp_seller::store::sqlite::SqliteStore;
use adcp_seller::store::{
    Batch, Draft, Key, LeaseRequest, Query, Record, SharedStore, Store, StoreFuture,
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::process::{accept, brief, finalize, provision};
use super::unhurried::Unhurried;
use crate::market::{Market, Parts};
use crate::support::line;
use crate::support::mirror::Mirror;
use crate::support::planner::{Planner, plan};

/// Of [`line::PROPOSALS`].
const DRAFTS: i64 = 86_400;
const HOLD: i64 = 86_400;
const GRACE: i64 = 60;
const EXPIRED: i64 = 604_800;

/// A seller, its store, and the folder that the store's file lies in.
struct Bench {
    market: Market,
    store: Arc<Mirror>,
    planner: Planner,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn over(store: SharedStore, folder: tempfile::TempDir) -> Self {
        let store = Arc::new(Mirror::new(store));
        let planner = Planner::default();
        let parts = Parts {
            store: store.clone(),
            ..Parts::of(&line::PROPOSALS)
        };
        let market = parts.open(planner.clone(), planner.ad_server.clone()).await;
        provision(&market).await;
        Bench {
            market,
            store,
            planner,
            _folder: folder,
        }
    }

    async fn both() -> [Self; 2] {
        let folder = || tempfile::tempdir().expect("a folder");
        let with_file = folder();
        let file = SqliteStore::open(with_file.path().join("seller.db")).expect("the file opens");
        [
            Bench::over(Arc::new(MemoryStore::new()), folder()).await,
            Bench::over(Arc::new(Unhurried(Arc::new(file))), with_file).await,
        ]
    }

    /// Drafts a proposal of that name.
    async fn draft(&self, name: &str) {
        self.planner.offers(vec![plan(name, 60.0)]);
        self.market.call("get_products", brief("banners")).await;
    }

    async fn firm(&self, name: &str) {
        self.draft(name).await;
        self.market.call("get_products", finalize(name)).await;
    }

    /// Moves the clock and lets the sweeper look. No network: time jumps when nothing is left to do.
    async fn pass(&self, seconds: i64) {
        self.market.clock.advance(TimeDelta::seconds(seconds));
        tokio::time::sleep(Duration::from_secs(130)).await;
    }

    async fn refusal_to_buy(&self, name: &str) -> String {
        let key = self.market.key();
        let request = accept(name, &key);
        self.market.refused("create_media_buy", request).await.0
    }

    /// The states of all proposals, by name.
    fn states(&self) -> Vec<(String, Value)> {
        let contents = self.store.contents().into_iter();
        contents
            .filter(|(key, _)| key.kind == "proposal")
            .map(|(key, body)| (key.id, body["state"].clone()))
            .collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_kept_for_its_time_however_often_it_is_changed() {
    for bench in Bench::both().await {
        bench.draft("plan").await;
        bench.pass(DRAFTS - 1).await;
        let entry = json!({ "scope": "proposal", "proposal_id": "plan", "ask": "more banners" });
        let mut refined = brief("plan");
        refined["buying_mode"] = json!("refine");
        refined["refine"] = json!([entry]);
        bench.market.call("get_products", refined).await;
        assert_eq!(bench.states(), [("plan".to_owned(), json!("draft"))]);
        bench.pass(2).await;
        assert_eq!(bench.states(), []);
        let refused = bench.market.refused("get_products", finalize("plan")).await;
        assert_eq!(refused.0, "PROPOSAL_NOT_FOUND");
    }
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_is_shown_late_is_kept_for_whoever_saw_it() {
    for bench in Bench::both().await {
        bench.draft("plan").await;
        bench.pass(DRAFTS - 1).await;
        bench.draft("plan").await;
        bench.pass(DRAFTS - 1).await;
        assert_eq!(bench.states(), [("plan".to_owned(), json!("draft"))]);
        bench.pass(2).await;
        assert_eq!(bench.states(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_bought_is_refused_at_first_and_then_unknown() {
    for bench in Bench::both().await {
        bench.firm("plan").await;
        bench.pass(HOLD + GRACE + 1).await;
        assert_eq!(bench.refusal_to_buy("plan").await, "PROPOSAL_EXPIRED");
        bench.pass(EXPIRED - 2).await;
        assert_eq!(bench.refusal_to_buy("plan").await, "PROPOSAL_EXPIRED");
        bench.pass(1).await;
        assert_eq!(bench.refusal_to_buy("plan").await, "PROPOSAL_NOT_FOUND");
        assert_eq!(bench.states(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_instant_of_the_grace_still_counts() {
    for bench in Bench::both().await {
        bench.firm("plan").await;
        bench.pass(HOLD + GRACE).await;
        let request = accept("plan", &bench.market.key());
        bench.market.call("create_media_buy", request).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_bought_is_never_swept_away() {
    for bench in Bench::both().await {
        bench.firm("plan").await;
        let request = accept("plan", &bench.market.key());
        bench.market.call("create_media_buy", request).await;
        bench.pass(10 * EXPIRED).await;
        assert_eq!(bench.states(), [("plan".to_owned(), json!("consumed"))]);
    }
}

/// A store in which somebody takes every due proposal up between the sweeper's look and its hand.
struct Meddled(MemoryStore);

impl Store for Meddled {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Record>> {
        self.0.get(key)
    }

    fn list<'a>(&'a self, query: &'a Query) -> StoreFuture<'a, Vec<Record>> {
        self.0.list(query)
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        self.0.commit(batch)
    }

    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> StoreFuture<'a, Vec<Record>> {
        Box::pin(async move {
            let due = self.0.lease(request).await?;
            for record in due.iter().filter(|record| record.key.kind == "proposal") {
                let mut batch = Batch::new();
                let mut draft = Draft::new(record.body.as_ref().clone());
                draft.due = Some(request.now + TimeDelta::days(1));
                batch.replace(record.key.clone(), record.revision, draft);
                self.0.commit(batch).await?;
            }
            Ok(due)
        })
    }

    fn wake<'a>(&'a self, kind: &'static str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.0.wake(kind)
    }

    fn is_durable(&self) -> bool {
        self.0.is_durable()
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_takes_up_at_that_moment_is_kept() {
    let store: SharedStore = Arc::new(Meddled(MemoryStore::new()));
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::over(store, folder).await;
    bench.draft("plan").await;
    bench.pass(DRAFTS + 1).await;
    bench.market.call("get_products", finalize("plan")).await;
}
